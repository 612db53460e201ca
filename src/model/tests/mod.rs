//! Tests of the crate, one file for each concern.

mod examples;
mod probe;

use crate::{Checked, File, ReadError, World, compile};
use sbi_syntax::Source;
use std::collections::BTreeMap;

/// Files that exist only in a test.
#[derive(Default)]
struct Files(BTreeMap<&'static str, Vec<u8>>);

impl World for Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.0.get(path).cloned().ok_or(ReadError::Missing)
    }
}

/// The diagnostics of a text, one a line: `4:12 code: message | help`.
fn told(text: &str, world: &dyn World) -> String {
    show(text, &compile(text, world))
}

fn show(text: &str, checked: &Checked) -> String {
    let source = Source::new("test.sbi", text);
    let lines = checked.diagnostics.iter().map(|told| {
        let at = source.position(told.span.start);
        let help = told.help.as_deref().unwrap_or("NO HELP");
        format!("{}:{} {}: {} | {help}", at.line, at.column, told.code, told.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The checked file of a text that has nothing wrong.
#[track_caller]
fn sound(text: &str) -> File {
    let checked = compile(text, &());
    assert_eq!(show(text, &checked), "");
    checked.file.expect("a file without errors")
}
