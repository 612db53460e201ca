//! Pages on the diagnostics: why each is told, with a spec that is wrong and the same spec mended.
//!
//! The pages stand in `docs/explain/*.md`, several in a file, under a heading that is the code. A page is a text, then
//! blocks of code: ```` ```sbi wrong ````, ```` ```sbi mended ````, and ```` ```csv NAME ```` or
//! ```` ```sbi NAME ```` for each file that these read.
//! A spec that does not begin with its edition is a piece of a model.

use crate::{CODES, LARGEST_DATA, ReadError, World};
use sbi_syntax::Code;

/// The files with the pages, by the matter of their codes.
const FILES: [&str; 9] = [
    include_str!("../../docs/explain/text.md"),
    include_str!("../../docs/explain/names.md"),
    include_str!("../../docs/explain/axes.md"),
    include_str!("../../docs/explain/expressions.md"),
    include_str!("../../docs/explain/dynamics.md"),
    include_str!("../../docs/explain/approximators.md"),
    include_str!("../../docs/explain/queries.md"),
    include_str!("../../docs/explain/data.md"),
    include_str!("../../docs/explain/advice.md"),
];

/// A page on one diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The code that it explains.
    pub code: &'static str,
    /// Why it is told.
    pub text: &'static str,
    /// A spec that gives this code; none where text cannot show one.
    pub wrong: Option<Spec>,
    /// The same without the mistake.
    pub mended: Option<Spec>,
    /// The files that these read.
    pub files: Vec<Beside>,
}

/// A file that stands beside the specs of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Its name.
    pub name: &'static str,
    /// What is in it, or in words what it is.
    pub shown: &'static str,
    /// What it is, where text cannot hold it: `folder`, `large`, `archive`.
    strange: Option<&'static str>,
}

/// A spec as a page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What is shown.
    pub shown: &'static str,
    /// Whether it is a file as it stands, with or without an edition: ```` ```sbi wrong whole ````.
    alone: bool,
}

impl Spec {
    /// It as a file.
    pub fn text(&self) -> String {
        if self.alone { self.shown.to_owned() } else { whole(self.shown) }
    }
}

/// The codes of the language: those about the text, then those about its meaning.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    sbi_syntax::CODES.iter().chain(CODES)
}

/// All pages, in the order of their files.
pub fn pages() -> Vec<Page> {
    FILES.iter().flat_map(|file| chapters(file)).map(|(code, body)| Page::read(code, body)).collect()
}

/// The spec as a whole file: a piece of a model is put into one.
pub fn whole(spec: &str) -> String {
    match spec.starts_with("edition") {
        true => spec.to_owned(),
        false => format!("edition 2026\nmodel m {{\n{spec}}}\n"),
    }
}

/// Headings with what stands under them. A `#` in a block of code is no heading.
fn chapters(file: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut starts = Vec::new();
    let (mut at, mut fenced) = (0, false);
    for line in file.split_inclusive('\n') {
        fenced ^= line.starts_with("```");
        if let Some(code) = line.strip_prefix("# ").filter(|_| !fenced) {
            starts.push((code.trim(), at, at + line.len()));
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).map(|(_, start, _)| *start).chain([file.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|((code, _, body), end)| Some((*code, file.get(*body..end)?)))
        .collect()
}

impl Page {
    fn read(code: &'static str, body: &'static str) -> Page {
        let mut parts = body.split("```");
        let text = parts.next().unwrap_or_default().trim();
        let mut page = Page { code, text, wrong: None, mended: None, files: Vec::new() };
        // Behind the text, blocks and what stands between them take turns.
        for (fence, content) in parts.step_by(2).filter_map(|block| block.split_once('\n')) {
            let mut words = fence.split_whitespace();
            let (kind, name) = (words.next(), words.next());
            let third = words.next();
            let spec = Spec { shown: content, alone: third == Some("whole") };
            match (kind, name) {
                (Some("sbi"), Some("wrong")) => page.wrong = Some(spec),
                (Some("sbi"), Some("mended")) => page.mended = Some(spec),
                (Some("sbi" | "csv"), Some(name)) => {
                    page.files.push(Beside { name, shown: content, strange: third });
                }
                _ => {}
            }
        }
        page
    }
}

impl World for Page {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let file = self.files.iter().find(|file| file.name == path).ok_or(ReadError::Missing)?;
        match file.strange {
            Some("folder") => Err(ReadError::Other("it is a folder".to_owned())),
            Some("large") => Err(ReadError::TooLarge(LARGEST_DATA + 1)),
            Some("archive") => Ok(b"PK\x03\x04".to_vec()),
            _ => Ok(file.shown.as_bytes().to_vec()),
        }
    }
}
