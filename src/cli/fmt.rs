//! `sbi fmt`: files in the layout that all specs have.

use super::args;
use super::failure::{self, Exit, Failure, Outcome, print, say};
use super::files::{replace, unwritable};
use super::report;
use super::world::{read_spec, read_standard_input};
use sbi_syntax::Source;
use std::fs;
use std::io;
use std::path::Path;

/// What to do about a file that cannot be written.
const ELSEWHERE: &str = "`sbi fmt - < FILE > OTHER` writes to another place";

/// Formats each file in place, or lists those that would change. One that is wrong is told and left
/// alone, and the others are formatted all the same.
pub fn fmt(args: &args::Fmt) -> Outcome {
    let mut exit: Option<Exit> = None;
    let mut unformatted = 0;
    for file in &args.files {
        match one(file, args.check) {
            Ok(changes) => unformatted += usize::from(changes),
            Err(failure) => {
                say(&failure.render(failure::colour()));
                exit.get_or_insert(failure.exit);
            }
        }
    }
    match exit {
        Some(exit) => Err(Failure { exit, ..Failure::told() }),
        None if args.check && unformatted > 0 => {
            let what = if unformatted == 1 { "1 file is" } else { &format!("{unformatted} files are") };
            Err(Failure::failed(format!("{what} not formatted")).help("`sbi fmt` without `--check` does it"))
        }
        None => Ok(()),
    }
}

/// Formats one file; says whether that changes it.
fn one(file: &Path, check: bool) -> Outcome<bool> {
    let piped = file == Path::new("-");
    let source = if piped { read_standard_input()? } else { read_spec(file)? };
    let formatted = formatted(&source)?;
    let changes = formatted != source.text();
    match (check, piped) {
        (true, _) if changes => print(&format!("{}\n", source.name()))?,
        (false, true) => print(&formatted)?,
        (false, false) if changes => {
            write(file, &formatted)?;
            say(&format!("formatted {}\n", source.name()));
        }
        _ => {}
    }
    Ok(changes)
}

/// The text as it should be; the diagnostics of a text with errors are shown.
fn formatted(source: &Source) -> Outcome<String> {
    sbi_syntax::format(source.text()).map_err(|diagnostics| {
        report::show(source, &diagnostics);
        Failure::wrong(format!("{}; it is left as it is", report::tally(source, &diagnostics)))
    })
}

/// Writes a file where it really is, with the permissions it has.
fn write(file: &Path, text: &str) -> Outcome {
    let permissions = fs::metadata(file).map(|known| known.permissions());
    let written = permissions.and_then(|permissions| {
        if permissions.readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let target = fs::canonicalize(file)?;
        replace(&target, text.as_bytes())?;
        fs::set_permissions(&target, permissions)
    });
    written.map_err(|e| unwritable(file, &e, ELSEWHERE))
}
