//! Reading specs and the files they name: the only input of the compiler.

use super::failure::{Failure, Outcome};
use sbi_model::{LARGEST_DATA, ReadError, World};
use sbi_syntax::{FILE_EMPTY, FILE_TOO_LARGE, FILE_UNREADABLE, LARGEST_FILE, NOT_TEXT, Source, suggest};
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// No spec is longer; what is longer is data.
const LARGEST_SPEC: u64 = LARGEST_FILE as u64;

/// What to paste into an empty file.
const FIRST_FILE: &str = "paste this to begin:\n
edition 2026

model first {
    param theta ~ uniform(-1, 1)
    data  x ~ normal(mean = theta, sd = 0.1)
}

query posterior {
    given x = 0.3
    infer theta
}";

/// Reads a spec, with a failure in words for everything that is not one.
pub fn read_spec(path: &Path) -> Outcome<Source> {
    let bytes = read_at_most(path, LARGEST_SPEC).map_err(|e| unreadable(path, &e).code(FILE_UNREADABLE))?;
    spec_of(path.display().to_string(), bytes)
}

/// Reads standard input as a spec.
pub fn read_standard_input() -> Outcome<Source> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(LARGEST_SPEC + 1).read_to_end(&mut bytes).map_err(|e| {
        Failure::failed(format!("standard input cannot be read: {e}")).help("name a file in place of `-`")
    })?;
    spec_of("standard input".into(), (bytes.len() as u64 <= LARGEST_SPEC).then_some(bytes))
}

/// The bytes of a spec as text; there are none where there are too many.
fn spec_of(shown: String, bytes: Option<Vec<u8>>) -> Outcome<Source> {
    let Some(bytes) = bytes else {
        return Err(Failure::wrong(format!("`{shown}` is larger than 1 MiB, the most a spec may have"))
            .code(FILE_TOO_LARGE)
            .help("data belong into files of their own, read by `given x from \"file.csv\"`"));
    };
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::wrong(format!("`{shown}` is not text: its byte {at} is not UTF-8"))
            .code(NOT_TEXT)
            .help("name an .sbi file; if this is one, save it in the encoding UTF-8")
    })?;
    // The mark that some editors put first is no part of the text.
    let text = text.strip_prefix('\u{feff}').map(String::from).unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Failure::wrong(format!("`{shown}` is empty")).code(FILE_EMPTY).help(FIRST_FILE));
    }
    Ok(Source::new(shown, text))
}

/// The bytes of a file, or none if there are more than `most`: never more than that are read.
fn read_at_most(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            let failure = Failure::wrong(format!("there is no file `{shown}`"));
            match offer(path) {
                Some(help) => failure.help(help),
                None => failure,
            }
        }
        io::ErrorKind::IsADirectory => {
            let failure = Failure::wrong(format!("`{shown}` is a folder, not an .sbi file"));
            match specs_in(path).as_slice() {
                [] => failure.help("name a file"),
                specs => failure.help(format!("name a file in it: {}", listed(specs))),
            }
        }
        io::ErrorKind::PermissionDenied => {
            Failure::wrong(format!("`{shown}` may not be read: permission denied"))
                .help("ask its owner, or copy it to a folder of yours")
        }
        _ => Failure::wrong(format!("`{shown}` cannot be read: {error}"))
            .help("copy it to a folder on another disk"),
    }
}

/// What might have been meant by a path that is not there.
fn offer(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Some(format!("there is no folder `{}` either", folder.display()));
    }
    let name = path.file_name()?.to_string_lossy().into_owned();
    let specs = specs_in(folder);
    let full = |name: &str| path.with_file_name(name).display().to_string();
    // A forgotten ending is not a misspelling, so it is asked for first.
    let ended = format!("{name}.sbi");
    let meant = specs.iter().find(|s| **s == ended).map(String::as_str);
    match meant.or_else(|| suggest(&name, specs.iter().map(String::as_str))) {
        Some(meant) => Some(format!("did you mean `{}`?", full(meant))),
        None if specs.is_empty() => Some(format!("`{}` holds no .sbi file", folder.display())),
        None => Some(format!("`{}` holds {}", folder.display(), listed(&specs))),
    }
}

fn specs_in(folder: &Path) -> Vec<String> {
    let mut names = names_in(folder);
    names.retain(|name| Path::new(name).extension().is_some_and(|e| e == "sbi"));
    names
}

/// The names in a folder, sorted; none where it cannot be read.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 8;
    let mut text: Vec<String> = names.iter().take(MOST).map(|n| format!("`{n}`")).collect();
    if names.len() > MOST {
        text.push(format!("and {} more", names.len() - MOST));
    }
    text.join(", ")
}

/// The folder of a spec: what it names is relative to it, and the store lies in it.
pub fn folder_of(spec: &Path) -> PathBuf {
    spec.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).into()
}

/// The files that a spec names, relative to its folder.
pub struct Disk {
    folder: PathBuf,
    read: RefCell<Vec<PathBuf>>,
}

impl Disk {
    /// The files seen from `folder`.
    pub fn new(folder: PathBuf) -> Disk {
        Disk { folder, read: RefCell::default() }
    }

    /// The files that were read.
    pub fn into_read(self) -> Vec<PathBuf> {
        self.read.into_inner()
    }
}

impl World for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let path = self.folder.join(path);
        self.read.borrow_mut().push(path.clone());
        match read_at_most(&path, LARGEST_DATA) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => {
                Err(ReadError::TooLarge(fs::metadata(&path).map_or(LARGEST_DATA + 1, |file| file.len())))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(ReadError::Missing),
            Err(e) if e.kind() == io::ErrorKind::IsADirectory => {
                Err(ReadError::Other("it is a folder".into()))
            }
            Err(e) => Err(ReadError::Other(e.to_string())),
        }
    }

    fn names(&self, folder: &str) -> Vec<String> {
        names_in(&self.folder.join(folder))
    }
}
