//! The store: what was computed, kept under the key of everything that decides it.
//!
//! ```text
//! .sbi/<kind>/<key>/manifest.jsonl   which files, how long, their blake3; the last line is the first one's own blake3
//!                   lock             held by the process that writes here
//!                   …                files, written once under their names and never changed
//! ```
//!
//! A file counts once the manifest lists it, and the manifest is replaced in one step; so a kill at any moment
//! leaves the last whole state. Readers take no lock. What does not match its checksum is told and made anew.

use super::failure::{Failure, Outcome};
use super::world::folder_of;
use super::{files, interrupt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const MANIFEST: &str = "manifest.jsonl";
const LOCK: &str = "lock";
const WAIT: Duration = Duration::from_millis(100);

/// A folder with one entry for each key of each kind.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Joint draws of a model.
    Simulations,
    /// A trained network, or a checkpoint of one in training.
    Weights,
    /// The answer to a query.
    Draws,
    /// How good the answers of a network are.
    Scores,
}

impl Kind {
    /// Its folder in the store, and its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Simulations => "simulations",
            Kind::Weights => "weights",
            Kind::Draws => "draws",
            Kind::Scores => "scores",
        }
    }
}

/// The place of one key in the store; nothing need be there.
#[derive(Clone, Debug)]
pub struct Entry {
    kind: Kind,
    folder: PathBuf,
}

/// The files of an entry and notes about how they came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    files: BTreeMap<String, Checksum>,
    /// What the stage that wrote the entry wants to know later.
    pub notes: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Checksum {
    bytes: u64,
    blake3: String,
}

#[derive(Serialize, Deserialize)]
struct Seal {
    blake3: String,
}

/// Something in the store is not what was put there. Says where and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage(pub String);

/// An entry that this process may write to; others wait.
pub struct Held<'a> {
    entry: &'a Entry,
    manifest: Manifest,
    _lock: File,
}

impl Store {
    /// The store in the folder that was named, or else `.sbi` beside the spec.
    pub fn of(named: Option<&Path>, spec: &Path) -> Store {
        Store::at(named.map_or_else(|| folder_of(spec).join(".sbi"), Path::to_path_buf))
    }

    /// The store in `root`, which need not exist.
    pub fn at(root: impl Into<PathBuf>) -> Store {
        Store { root: root.into() }
    }

    /// The place of `key`.
    pub fn entry(&self, kind: Kind, key: &str) -> Entry {
        Entry { kind, folder: self.root.join(kind.name()).join(key) }
    }

    /// Fails where nothing can be kept: to be asked before any long work.
    pub fn ensure_writable(&self) -> Outcome {
        files::probe(&self.root).map_err(|e| unwritable(&self.root, &e))
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    files::unwritable(path, error, "name a folder that can be written: `--store DIR`")
}

impl Manifest {
    /// The names of its files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether a file is listed.
    pub fn lists(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The notes in the form of `T`; none where they have another form.
    pub fn notes<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.notes.clone()).ok()
    }
}

impl Entry {
    /// Which kind of thing it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What is there: none where nothing was finished yet.
    pub fn manifest(&self) -> Result<Option<Manifest>, Damage> {
        let path = self.folder.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            // A file in a folder's place has nothing to read either; writing will say so.
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(e) => return Err(Damage(format!("`{}` cannot be read: {e}", path.display()))),
            Ok(text) => text,
        };
        match unseal(&text) {
            Some(manifest) => Ok(Some(manifest)),
            None => Err(Damage(format!("`{}` is damaged", path.display()))),
        }
    }

    /// The bytes of a listed file, checked.
    pub fn read(&self, manifest: &Manifest, name: &str) -> Result<Vec<u8>, Damage> {
        let path = self.folder.join(name);
        let damage = |what: String| Damage(format!("`{}` {what}", path.display()));
        let Some(expected) = manifest.files.get(name) else { return Err(damage("is missing".into())) };
        let bytes = fs::read(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => damage("is missing".into()),
            _ => damage(format!("cannot be read: {e}")),
        })?;
        if checksum(&bytes) == *expected { Ok(bytes) } else { Err(damage("is damaged".into())) }
    }

    /// Fails where a file is there and cannot be read, because of rights or of the disk: what it holds may be sound, and must
    /// not be taken for damaged and made anew in its place.
    pub fn ensure_readable(&self, name: &str) -> Outcome {
        let path = self.folder.join(name);
        match fs::read(&path) {
            Err(e) if !matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Err(Failure::failed(format!("`{}` cannot be read: {e}", path.display()))
                    .help("make it readable, or keep results elsewhere: `--store DIR`"))
            }
            _ => Ok(()),
        }
    }

    /// Waits until no other process writes here, then takes the entry. `waiting` is called once if it has to wait.
    pub fn hold(&self, waiting: &mut dyn FnMut()) -> Outcome<Held<'_>> {
        let failed = |e: &io::Error| unwritable(&self.folder, e);
        fs::create_dir_all(&self.folder).map_err(|e| failed(&e))?;
        let path = self.folder.join(LOCK);
        let lock = File::options().create(true).append(true).open(path).map_err(|e| failed(&e))?;
        let mut told = false;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    if !told {
                        waiting();
                        told = true;
                    }
                    interrupt::check()?;
                    std::thread::sleep(WAIT);
                }
                Err(TryLockError::Error(e)) => {
                    let message = format!("`{}` cannot be locked: {e}", self.folder.display());
                    return Err(Failure::failed(message)
                        .help("keep results on a file system that has locks: `--store DIR`"));
                }
            }
        }
        self.ensure_readable(MANIFEST)?;
        Ok(Held { entry: self, manifest: self.manifest().ok().flatten().unwrap_or_default(), _lock: lock })
    }
}

impl Held<'_> {
    /// What is there now.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Makes `change`: puts new files under new names, drops others, sets the notes, all in one step.
    pub fn commit(&mut self, change: Change) -> Outcome {
        let failed = |path: &Path, e: &io::Error| unwritable(path, e);
        let mut manifest = self.manifest.clone();
        for name in &change.drop {
            manifest.files.remove(name);
        }
        for (name, bytes) in &change.put {
            assert!(!self.manifest.lists(name), "a file of the store is written once: {name}");
            let path = self.entry.folder.join(name);
            files::replace(&path, bytes).map_err(|e| failed(&path, &e))?;
            manifest.files.insert(name.clone(), checksum(bytes));
        }
        manifest.notes = change.notes;
        let path = self.entry.folder.join(MANIFEST);
        files::replace(&path, seal(&manifest).as_bytes()).map_err(|e| failed(&path, &e))?;
        self.manifest = manifest;
        self.sweep();
        Ok(())
    }

    /// Lists those files of the folder, the last of their names first, that `whole` takes for what was written there, by
    /// name and bytes: for files that say so themselves, after the manifest was lost.
    pub fn adopt(&mut self, whole: &mut dyn FnMut(&str, &[u8]) -> bool) -> Outcome {
        let entries = fs::read_dir(&self.entry.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        for name in names.into_iter().rev() {
            self.entry.ensure_readable(&name)?;
            let bytes = fs::read(self.entry.folder.join(&name)).unwrap_or_default();
            if whole(&name, &bytes) {
                self.manifest.files.insert(name, checksum(&bytes));
            }
        }
        match self.manifest.files.is_empty() {
            true => Ok(()),
            false => self.commit(Change { notes: self.manifest.notes.clone(), ..Change::default() }),
        }
    }

    /// Forgets everything here.
    pub fn clear(&mut self) -> Outcome {
        let drop = self.manifest.files.keys().cloned().collect();
        self.commit(Change { drop, ..Change::default() })
    }

    /// Removes what the manifest does not list: dropped files, and leftovers of killed writers.
    /// What cannot be removed does no harm.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.entry.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let kept = name.to_str().is_some_and(|n| n == MANIFEST || n == LOCK || self.manifest.lists(n));
            if !kept {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// One step from one state of an entry to the next.
#[derive(Debug, Default)]
pub struct Change {
    /// New files.
    pub put: Vec<(String, Vec<u8>)>,
    /// Files to go.
    pub drop: Vec<String>,
    /// The notes from now on.
    pub notes: serde_json::Value,
}

fn checksum(bytes: &[u8]) -> Checksum {
    Checksum { bytes: bytes.len() as u64, blake3: blake3::hash(bytes).to_hex().to_string() }
}

fn seal(manifest: &Manifest) -> String {
    let line = serde_json::to_string(manifest).expect("a manifest holds nothing that JSON cannot");
    let seal = Seal { blake3: blake3::hash(line.as_bytes()).to_hex().to_string() };
    let seal = serde_json::to_string(&seal).expect("a seal is a string");
    format!("{line}\n{seal}\n")
}

fn unseal(text: &str) -> Option<Manifest> {
    let (line, seal) = text.split_once('\n')?;
    let seal: Seal = serde_json::from_str(seal).ok()?;
    (blake3::hash(line.as_bytes()).to_hex().as_str() == seal.blake3).then_some(())?;
    serde_json::from_str(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn put(held: &mut Held, name: &str, bytes: &[u8]) {
        let change =
            Change { put: vec![(name.into(), bytes.into())], notes: json!({"n": 1.5}), ..Change::default() };
        held.commit(change).unwrap();
    }

    fn entry(root: &Path) -> Entry {
        Store::at(root).entry(Kind::Weights, "00ff")
    }

    #[test]
    fn what_was_put_comes_back_with_its_notes() {
        let root = tempfile::tempdir().unwrap();
        let entry = entry(root.path());
        assert_eq!(entry.manifest(), Ok(None));
        put(&mut entry.hold(&mut || ()).unwrap(), "a", b"abc");
        let manifest = entry.manifest().unwrap().unwrap();
        assert_eq!(entry.read(&manifest, "a").unwrap(), b"abc");
        assert_eq!(manifest.notes::<BTreeMap<String, f64>>().unwrap()["n"], 1.5);
    }

    #[test]
    fn any_single_changed_byte_is_noticed() {
        let root = tempfile::tempdir().unwrap();
        let entry = entry(root.path());
        put(&mut entry.hold(&mut || ()).unwrap(), "a", b"abc");
        let manifest = entry.manifest().unwrap().unwrap();
        let path = entry.folder.join(MANIFEST);
        let whole = fs::read(&path).unwrap();
        for i in 0..whole.len() - 1 {
            let mut changed = whole.clone();
            changed[i] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(entry.manifest().is_err(), "byte {i} of the manifest");
        }
        for bytes in [&b"abd"[..], b"ab", b"abcd", b""] {
            fs::write(entry.folder.join("a"), bytes).unwrap();
            assert!(entry.read(&manifest, "a").is_err());
        }
        fs::remove_file(entry.folder.join("a")).unwrap();
        assert!(entry.read(&manifest, "a").unwrap_err().0.contains("missing"));
    }

    #[test]
    fn files_that_no_manifest_lists_are_nothing_and_go() {
        let root = tempfile::tempdir().unwrap();
        let entry = entry(root.path());
        let mut held = entry.hold(&mut || ()).unwrap();
        fs::write(entry.folder.join("checkpoint-7"), b"killed before its manifest").unwrap();
        put(&mut held, "a", b"abc");
        assert!(!entry.folder.join("checkpoint-7").exists());
        held.clear().unwrap();
        assert!(!entry.folder.join("a").exists());
    }

    #[test]
    fn a_second_writer_waits() {
        let root = tempfile::tempdir().unwrap();
        let entry = entry(root.path());
        let held = entry.hold(&mut || ()).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                let mut waited = false;
                let _held = entry.hold(&mut || waited = true).unwrap();
                waited
            });
            std::thread::sleep(WAIT * 2);
            drop(held);
            assert!(second.join().unwrap());
        });
    }
}
