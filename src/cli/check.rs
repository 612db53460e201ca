//! `sbi check`: everything that is to be said about a file, and no work but a few draws of its programs, where that is allowed.

use super::args::{self, Allow};
use super::failure::{Failure, Outcome, print, say};
use super::report::{self, Record};
use super::spec::{Examined, examine};
use sbi_syntax::{Diagnostic, Severity};
use std::path::Path;

/// Shows all diagnostics of a file, or prints them as JSON. Fails where one is an error.
pub fn check(args: &args::Check) -> Outcome {
    let mut examined = match examine(&args.file) {
        Err(failure) if args.json => return unreadable(&args.file, failure),
        other => other?,
    };
    if args.pedantic {
        examined.add_advice();
    }
    if args.allow.contains(&Allow::Process) {
        examined.try_programs(&args.file)?;
    }
    let Examined { source, diagnostics, .. } = &examined;
    if args.json {
        let records: Vec<Record> = diagnostics.iter().map(|d| report::record(source, d)).collect();
        print_json(&records)?;
    } else {
        report::show(source, diagnostics);
        say(&format!("{}\n", report::tally(source, diagnostics)));
    }
    if diagnostics.iter().any(Diagnostic::is_error) { Err(Failure::told()) } else { Ok(()) }
}

/// A file that cannot be read is a diagnostic too, for a program that asks.
fn unreadable(path: &Path, failure: Failure) -> Outcome {
    let file = path.display().to_string();
    let record = Record {
        file: &file,
        line: None,
        column: None,
        end_line: None,
        end_column: None,
        severity: Severity::Error,
        code: failure.code.map_or("", |code| code.name),
        message: &failure.message,
        labels: Vec::new(),
        help: failure.help.as_deref(),
    };
    print_json(&[record])?;
    Err(Failure { message: String::new(), ..failure })
}

fn print_json(records: &[Record]) -> Outcome {
    let mut text = serde_json::to_string_pretty(records).expect("records are plain data");
    text.push('\n');
    print(&text)
}
