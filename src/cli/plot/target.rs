//! Where pictures go: to standard output, to a file, or to a folder that has one of each query.

use crate::cli::failure::{Failure, Outcome, print};
use crate::cli::files;
use crate::cli::numbers::listed;
use std::path::{Path, PathBuf};

const HELP: &str = "name a picture or a folder that can be written: `--out picture.svg`, `--out pictures`";

/// Where pictures go.
pub enum Target {
    /// One to standard output.
    Standard,
    /// One to this file.
    File(PathBuf),
    /// All to this folder, which is made where there is none.
    Folder(PathBuf),
}

impl Target {
    /// What `--out` names, for the pictures of these queries.
    ///
    /// # Errors
    /// Another kind of file than SVG, a folder that does not exist, several pictures for one place.
    pub fn of(out: Option<&Path>, queries: &[&str]) -> Outcome<Target> {
        let target = match out {
            None => Target::Standard,
            Some(out) if out.is_dir() || out.extension().is_none() => return Ok(Target::Folder(out.into())),
            Some(out) if out.extension().is_some_and(|own| own.eq_ignore_ascii_case("svg")) => {
                ensure_folder(out)?;
                Target::File(out.into())
            }
            Some(out) => {
                return Err(Failure::wrong(format!("`{}` is no name of an SVG file", out.display()))
                    .help(format!("`--out {}`", out.with_extension("svg").display())));
            }
        };
        match queries {
            [first, _, ..] => Err(Failure::wrong(format!(
                "a picture is of one query, and {} are asked",
                listed(queries, "and")
            ))
            .help(format!("`--query {first}`, or name a folder for all of them: `--out pictures`"))),
            _ => Ok(target),
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Target::File(path) => Some(path),
            Target::Standard | Target::Folder(_) => None,
        }
    }

    /// Writes the picture of this name, and says where it is.
    pub fn put(&self, name: &str, picture: &str) -> Outcome {
        let path = match self {
            Target::Standard => return print(picture),
            Target::File(path) => path.clone(),
            Target::Folder(folder) => {
                files::probe(folder).map_err(|e| files::unwritable(folder, &e, HELP))?;
                folder.join(format!("{name}.svg"))
            }
        };
        files::output(&path, picture.as_bytes(), HELP)?;
        print(&format!("{}\n", path.display()))
    }
}

/// Fails where the folder of a file is not there.
fn ensure_folder(file: &Path) -> Outcome {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => {
            let shown = folder.display();
            Err(Failure::wrong(format!("there is no folder `{shown}`")).help(format!(
                "make it first: `mkdir -p {shown}`; or name the folder alone: `--out {shown}`"
            )))
        }
    }
}
