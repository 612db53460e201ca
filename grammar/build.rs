//! Compiles the parser that tree-sitter made of `tree-sitter/grammar.js`, with its scanner.

fn main() {
    let folder = "tree-sitter/src";
    let files = ["parser.c", "scanner.c"].map(|name| format!("{folder}/{name}"));
    for file in &files {
        println!("cargo::rerun-if-changed={file}");
    }
    cc::Build::new().std("c11").include(folder).files(&files).warnings(false).compile("tree-sitter-sbi");
}
