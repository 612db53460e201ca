//! Temporary.
use sbi_model::{ReadError, World, compile};
struct F;
impl World for F {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        std::fs::read(std::path::Path::new("tests/bad").join(path)).map_err(|_| ReadError::Missing)
    }
}
fn main() {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap();
        println!("== {path}");
        let source = sbi_syntax::Source::new("x", text.clone());
        for told in compile(&text, &F).diagnostics {
            let at = source.position(told.span.start);
            let line = text.lines().nth(at.line - 1).unwrap_or("");
            println!("  {}", line.trim());
            println!("{}:{} {}: {}", at.line, at.column, told.code, told.message);
            for (span, label) in &told.labels {
                let piece = text.get(span.start as usize..span.end as usize).unwrap_or("?");
                println!("      [{piece}] {label}");
            }
            println!("    {}", told.help.unwrap_or_default());
        }
    }
}
