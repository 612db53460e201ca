//! What the studies of the language share: the specs of the project, and texts made of them by accident.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::path::{Path, PathBuf};

/// Texts longer than this are cut: what breaks a compiler is seldom long, and long ones take the time of many.
const LONGEST: usize = 4_000;

/// Pieces that are put in: words, signs and numbers of the language, and what has broken compilers before.
const PIECES: &[&str] = &[
    "model ",
    "param ",
    "latent ",
    "data ",
    "let ",
    "const ",
    "fn ",
    "axis ",
    "query ",
    "train ",
    "approximator ",
    "dynamics ",
    "modality ",
    "missing ",
    "depends ",
    "external ",
    "simulator ",
    "use ",
    "return ",
    "given ",
    "infer ",
    "where ",
    "at ",
    "init ",
    "next ",
    "noise ",
    "stop when ",
    "when ",
    "jump at ",
    "fuse ",
    "encode ",
    "joint with ",
    "posterior with ",
    "extends ",
    "edition 2026\n",
    "over ",
    "from ",
    "if ",
    " then ",
    " else ",
    " in ",
    " and ",
    "not ",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "~",
    "=",
    "..",
    "->",
    "|>",
    "::",
    ":",
    ",",
    "'",
    "\"",
    "%",
    "^",
    "+",
    "-",
    "*",
    "/",
    "==",
    "<",
    ">=",
    "//",
    "///",
    "\n",
    "\r\n",
    "\t",
    " ",
    "0",
    "1",
    "1e308",
    "1e999",
    "-0.0",
    "999999999999999999999",
    "0.1",
    "5 ms",
    "x",
    "x[i]",
    "theta[1]",
    "x[1 .. 3]",
    "sum over i (x[i])",
    "normal(0, 1)",
    "uniform(-1, 1)",
    "index(1000000000)",
    "set(size = 1 .. 9)",
    "time(scattered(n = 9, over = 0 .. 1))",
    "mixture(",
    "é",
    "θ",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "((((((((",
    "[[[[[[[[",
    "-------",
    "not not not ",
    ";",
    "#",
    "**",
    ".5",
    "“",
    "”",
    "²",
    "−",
    "≤",
    "β",
    "/*",
    "*/",
    "\"\"\"",
    "```",
    "\n<<<<<<< a\n",
    "\n=======\n",
    "\n>>>>>>> b\n",
    "&quot;",
];

/// The specs of the project: examples, library, those of the tests, and the wrong ones.
///
/// # Errors
/// A folder that cannot be read, or none of the specs in it.
pub fn specs() -> anyhow::Result<Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["examples", "stdlib", "src/syntax/tests/specs", "tests/bad"] {
        for entry in std::fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "sbi") {
                let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
                found.push((path, text));
            }
        }
    }
    anyhow::ensure!(!found.is_empty(), "no specs under {}", root.display());
    found.sort();
    Ok(found)
}

/// Text number `number`: a spec with a few accidents. The same number always gives the same text.
pub fn accident(corpus: &[String], number: u64) -> String {
    let mut rng = StdRng::seed_from_u64(number);
    let mut text = pick(corpus, &mut rng).to_owned();
    if text.len() > LONGEST {
        text = piece(&text, LONGEST, &mut rng).to_owned();
    }
    for _ in 0..rng.random_range(1..=6) {
        text = mishap(&text, corpus, &mut rng);
    }
    text
}

/// One accident: something is lost, doubled, moved, put in, or comes from another file.
fn mishap(text: &str, corpus: &[String], rng: &mut StdRng) -> String {
    let (from, to) = (boundary(text, rng), boundary(text, rng));
    let (from, to) = (from.min(to), from.max(to));
    let (before, behind) = (text.get(..from).unwrap_or(""), text.get(from..).unwrap_or(""));
    match rng.random_range(0..8) {
        0 => before.to_owned() + text.get(to.min(from + 40).max(from)..).unwrap_or(behind),
        1 => format!("{before}{}{behind}", pick(PIECES, rng)),
        2 => format!("{before}{}{behind}", piece(pick(corpus, rng), 120, rng)),
        3 => format!("{before}{}{behind}", piece(text, 200, rng)),
        4 => before.to_owned(),
        5 => swap_lines(text, rng),
        6 => format!("{before}{}{behind}", pick(PIECES, rng).repeat(rng.random_range(2..60))),
        _ => behind.to_owned(),
    }
}

fn swap_lines(text: &str, rng: &mut StdRng) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if let Some(most) = lines.len().checked_sub(1) {
        lines.swap(rng.random_range(0..=most), rng.random_range(0..=most));
    }
    lines.concat()
}

/// A piece of a text of at most so many bytes.
fn piece<'t>(text: &'t str, most: usize, rng: &mut StdRng) -> &'t str {
    let from = boundary(text, rng);
    let behind = text.get(from..).unwrap_or("");
    let mut length = rng.random_range(0..=most.min(behind.len()));
    while !behind.is_char_boundary(length) {
        length -= 1;
    }
    behind.get(..length).unwrap_or("")
}

/// A place between two characters.
fn boundary(text: &str, rng: &mut StdRng) -> usize {
    let mut at = rng.random_range(0..=text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn pick<'c, T: AsRef<str>>(all: &'c [T], rng: &mut StdRng) -> &'c str {
    all.get(rng.random_range(0..all.len())).map_or("", AsRef::as_ref)
}

/// What is wrong with the compiler, if a text shows anything: what is sound formats, and formatting is done once.
///
/// # Panics
/// Where the compiler does; callers catch it.
pub fn flaw(text: &str) -> Option<String> {
    let parsed = sbi_syntax::parse(0, text);
    let checked = sbi_model::compile(text, &());
    let spans = checked.diagnostics.iter().filter(|told| told.span.file == 0);
    for told in spans {
        if text.get(told.span.range()).is_none() {
            return Some(format!("`{}` points outside the text", told.code));
        }
    }
    if let Some(file) = &checked.file {
        sbi_model::advice(file);
    }
    match sbi_syntax::format(text) {
        Err(_) if parsed.diagnostics.iter().any(sbi_syntax::Diagnostic::is_error) => None,
        Err(_) => Some("what parses does not format".to_owned()),
        Ok(once) => match sbi_syntax::format(&once) {
            Ok(twice) if twice == once => sbi_syntax::outline(text).err().map(|_| "no outline".to_owned()),
            Ok(_) => Some("formatting twice is not formatting once".to_owned()),
            Err(_) => Some("what is formatted does not parse".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_accident_breaks_the_compiler() {
        let corpus: Vec<String> = specs().unwrap().into_iter().map(|(_, text)| text).collect();
        for number in 0..3_000 {
            let text = accident(&corpus, number);
            assert_eq!(flaw(&text), None, "accident {number}:\n{text}");
        }
    }
}
