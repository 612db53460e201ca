//! `sbi diff`: two files compared in the language's terms, and what an edit from one to the other would redo.

use super::args;
use super::case::Keys;
use super::failure::{Failure, Outcome, print};
use super::report;
use super::spec::{Checked, look};
use sbi_model::File;
use sbi_syntax::{Entry, outline};
use std::collections::BTreeSet;
use std::path::Path;

/// Prints what differs, or that nothing does.
pub fn diff(args: &args::Diff) -> Outcome {
    let [old, new] = [Side::read(&args.old)?, Side::read(&args.new)?];
    let (text, redone) = (statements(&old.entries, &new.entries), consequences(&old.file, &new.file));
    print(&match (text.is_empty(), redone.is_empty()) {
        (true, true) => "the same\n".to_owned(),
        (false, true) => text + "nothing is redone\n",
        (_, false) => text + &redone,
    })
}

/// One of the two files.
struct Side {
    entries: Vec<Entry>,
    file: File,
}

impl Side {
    fn read(path: &Path) -> Outcome<Side> {
        let Checked { source, diagnostics, file, .. } = look(path)?;
        let sound = outline(source.text()).ok().zip(file);
        let (entries, file) = sound.ok_or_else(|| {
            report::show(&source, &diagnostics);
            Failure::wrong(report::tally(&source, &diagnostics))
        })?;
        Ok(Side { entries, file })
    }
}

/// Statements of one file only, and those that say something else of the same thing, block by block.
fn statements(old: &[Entry], new: &[Entry]) -> String {
    let place = |entry: &Entry| (entry.block.clone(), entry.name.clone());
    let mut seen = BTreeSet::new();
    let places: Vec<_> =
        old.iter().chain(new).map(place).filter(|place| seen.insert(place.clone())).collect();
    let mut text = String::new();
    let mut shown = None;
    for (block, name) in places {
        let of = |entries: &[Entry]| -> Vec<String> {
            let same = entries.iter().filter(|entry| entry.block == block && entry.name == name);
            same.map(|entry| entry.text.clone()).collect()
        };
        let (before, after) = (of(old), of(new));
        if before == after {
            continue;
        }
        if shown.as_ref() != Some(&block) {
            if !block.is_empty() {
                text += &format!("{block}\n");
            }
            shown = Some(block.clone());
        }
        let indent = if block.is_empty() { "" } else { "  " };
        let gone =
            before.iter().filter(|line| !after.contains(line)).map(|line| format!("{indent}- {line}\n"));
        let come =
            after.iter().filter(|line| !before.contains(line)).map(|line| format!("{indent}+ {line}\n"));
        text.extend(gone);
        text.extend(come);
    }
    text
}

/// What is kept and what is redone, query by query: by the keys, so that data files count too.
fn consequences(old: &File, new: &File) -> String {
    let keys = |file: &File| -> Vec<Keys> {
        file.queries.iter().map(|query| Keys::of(file, query, args::Device::Cpu)).collect()
    };
    let before = keys(old);
    let mut text = String::new();
    for (query, after) in new.queries.iter().zip(keys(new)) {
        let kept = |key: fn(&Keys) -> &String| before.iter().any(|before| key(before) == key(&after));
        let redone = match (kept(|k| &k.simulations), kept(|k| &k.weights), kept(|k| &k.draws)) {
            (_, _, true) => continue,
            (_, true, false) => "simulations and weights are kept; draws are others",
            (true, false, false) => "simulations are kept; weights and draws are others",
            (false, false, false) => "simulations, weights and draws are others",
        };
        text += &format!("query {}: {redone}\n", query.name);
    }
    text
}
