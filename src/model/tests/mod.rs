//! Tests of the crate, one file for each concern.

mod accepted;
mod bad;
mod docs;
mod drawn;
mod driven;
mod examples;
mod explain;
mod goldens;
mod graph;
mod hostile;
mod inverse;
mod key;
mod linear;
mod mechanism;
mod messages;
mod pages;
mod placement;
mod places;
mod priors;
mod reach;
mod remedies;
mod silent;
mod specs;
mod units;
mod values;
mod words;

use crate::{Checked, File, Model, ReadError, World, compile};
use sbi_syntax::Source;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Files that exist only in a test.
#[derive(Default)]
struct Files(BTreeMap<&'static str, Vec<u8>>);

impl World for Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.0.get(path).cloned().ok_or(ReadError::Missing)
    }
}

/// The files of a folder of the project.
struct Folder(PathBuf);

impl World for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let path = self.0.join(path);
        match path.is_dir() {
            true => Err(ReadError::Other("it is a folder".to_owned())),
            false => std::fs::read(path).map_err(|_| ReadError::Missing),
        }
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

/// The diagnostics as text, two lines each: `4:12 code: message` and the help under it.
fn show(text: &str, checked: &Checked) -> String {
    let source = Source::new("test.sbi", text);
    let lines = checked.diagnostics.iter().map(|told| {
        let at = source.position(told.span.start);
        let help = told.help.as_deref().unwrap_or("NO HELP");
        format!("{}:{} {}: {}\n    {help}\n", at.line, at.column, told.code, told.message)
    });
    lines.collect()
}

/// The checked file of a text that has nothing wrong.
#[track_caller]
fn sound(text: &str) -> File {
    let checked = compile(text, &());
    assert_eq!(show(text, &checked), "", "{text}");
    checked.file.expect("a file without errors")
}

/// A model with this body, which has nothing wrong.
#[track_caller]
fn model(body: &str) -> Model {
    sound(&format!("edition 2026\nmodel m {{\n{body}\n}}\n")).models.remove(0)
}

/// Numbers that are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// Whether something of this probability happens.
    fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}
