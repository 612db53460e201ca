//! Writing so that nothing half-written ever stands under a final name: a file is written beside it, synced, renamed.

use super::failure::{Failure, Outcome};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const PART: &str = ".part";

/// A file on its way to its final name. Dropped unfinished, it leaves nothing.
pub struct Beside {
    target: PathBuf,
    part: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl Beside {
    /// Starts a file that shall become `target`. Leftovers of killed writers of the same target are removed.
    pub fn create(target: &Path) -> io::Result<Beside> {
        let name = target.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
        sweep(target, name);
        for attempt in 0.. {
            let part = target.with_file_name(part_name(name, attempt));
            let file = match File::options().write(true).create_new(true).open(&part) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => continue,
                other => other?,
            };
            // The lock tells others that this is no leftover. File systems without locks go without sweeping.
            let _ = file.lock();
            // Another sweep may have come between creation and lock.
            if part.exists() {
                return Ok(Beside { target: target.into(), part, writer: Some(BufWriter::new(file)) });
            }
        }
        unreachable!("the loop ends by returning a file or an error")
    }

    /// Gives the file its name. What stood there before is replaced in one step.
    pub fn finish(mut self) -> io::Result<()> {
        let writer = self.writer.take().expect("a file beside is finished once");
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.part, &self.target)?;
        sync_folder(&self.target)
    }
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().expect("an unfinished file has its writer").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().expect("an unfinished file has its writer").flush()
    }
}

impl Seek for Beside {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.writer.as_mut().expect("an unfinished file has its writer").seek(to)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After a rename there is nothing under this name, and the error says only that.
        let _ = fs::remove_file(&self.part);
    }
}

/// Writes a whole file by way of [`Beside`].
pub fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = Beside::create(target)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Makes `folder` and finds out whether files can be made in it, by making one.
pub fn probe(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    Beside::create(&folder.join("probe")).map(drop)
}

/// A failure to write `path`, with what to do about it.
pub fn unwritable(path: &Path, error: &io::Error, help: &str) -> Failure {
    let reason = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_string(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "a file is in the way".to_string(),
        io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_string(),
        _ => error.to_string(),
    };
    Failure::failed(format!("`{}` cannot be written: {reason}", path.display())).help(help)
}

/// Writes an output file; `help` says what to do where that cannot be.
pub fn output(path: &Path, bytes: &[u8], help: &str) -> Outcome {
    replace(path, bytes).map_err(|e| unwritable(path, &e, help))
}

fn part_name(name: &OsStr, attempt: u32) -> OsString {
    let mut part = OsString::from(".");
    part.push(name);
    part.push(format!(".{}-{attempt}{PART}", std::process::id()));
    part
}

/// Removes part files of `target` that nobody holds any more.
fn sweep(target: &Path, name: &OsStr) {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(folder) else { return };
    let name = name.to_string_lossy();
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let file_name = file_name.to_string_lossy();
        let ours = file_name.starts_with(&format!(".{name}.")) && file_name.ends_with(PART);
        let path = entry.path();
        // The lock is held over the removal: another process may be about to write to the file.
        let Some(file) = ours.then(|| File::open(&path).ok()).flatten() else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_file(path);
        }
    }
}

/// Makes a rename last through a power cut. Only Unix lets a folder be synced.
fn sync_folder(target: &Path) -> io::Result<()> {
    if cfg!(unix)
        && let Some(folder) = target.parent().filter(|p| !p.as_os_str().is_empty())
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_unfinished_file_leaves_nothing_and_spares_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("draws.csv");
        replace(&target, b"old").unwrap();
        let mut file = Beside::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["draws.csv"]);
    }

    #[test]
    fn leftovers_of_the_dead_are_swept_and_the_living_are_spared() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("draws.csv");
        fs::write(folder.path().join(".draws.csv.1-0.part"), b"dead").unwrap();
        let mut living = Beside::create(&target).unwrap();
        living.write_all(b"living").unwrap();
        replace(&target, b"other").unwrap();
        assert_eq!(names(folder.path()).len(), 2, "the living part and draws.csv");
        living.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"living");
        assert_eq!(names(folder.path()), ["draws.csv"]);
    }
}
