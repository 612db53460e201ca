//! `use`: the files that a file takes names from, read before anything is checked.

use super::codes::{CYCLE, UNKNOWN_FILE, USED_FILE};
use crate::world::{ReadError, World};
use sbi_syntax::tree::{File, Item, Use, UseFrom};
use sbi_syntax::{Diagnostic, Source, Span, suggest};

/// The library that comes with the language: `use std::decision`.
pub const STD: [(&str, &str); 4] = [
    ("decision", include_str!("../../../stdlib/decision.sbi")),
    ("epidemic", include_str!("../../../stdlib/epidemic.sbi")),
    ("population", include_str!("../../../stdlib/population.sbi")),
    ("spikes", include_str!("../../../stdlib/spikes.sbi")),
];

/// How many files one file may draw in.
const MOST: usize = 256;

/// A file that is used.
pub(super) struct Used {
    /// As a person would name it: `std::decision`, `lab/prior.sbi`.
    pub(super) name: String,
    source: Source,
    pub(super) tree: File,
    /// Where the file that is checked leads to it.
    pub(super) from: Span,
}

/// All files behind a file: numbered from 1, the file itself being 0.
#[derive(Default)]
pub(super) struct Library {
    pub(super) files: Vec<Used>,
    /// The files that a file uses, in the order of its `use` statements; none for one that cannot be used.
    pub(super) uses: Vec<Vec<Option<usize>>>,
    /// What is wrong in used files, by their numbers.
    wrong: Vec<Option<(String, Span)>>,
}

impl Library {
    /// Reads the files that `tree` uses, and those that they use.
    pub(super) fn read(tree: &File, world: &dyn World, told: &mut Vec<Diagnostic>) -> Library {
        let mut library = Library { uses: vec![Vec::new()], ..Library::default() };
        library.wrong.push(None);
        library.follow(0, tree, "", world, told);
        let mut next = 0;
        while let Some(used) = library.files.get(next) {
            let (tree, name) = (used.tree.clone(), used.name.clone());
            next += 1;
            library.follow(next, &tree, &name, world, told);
        }
        library
    }

    /// The tree of a used file.
    pub(super) fn tree(&self, file: usize) -> Option<&File> {
        self.files.get(file.checked_sub(1)?).map(|used| &used.tree)
    }

    /// Whether a used file could be read whole: what it lacks otherwise may stand in a line that is wrong.
    pub(super) fn is_whole(&self, file: usize) -> bool {
        self.wrong.get(file).is_none_or(Option::is_none)
    }

    /// The name of a used file.
    pub(super) fn name(&self, file: usize) -> &str {
        file.checked_sub(1).and_then(|file| self.files.get(file)).map_or("", |used| &used.name)
    }

    fn follow(
        &mut self,
        file: usize,
        tree: &File,
        name: &str,
        world: &dyn World,
        told: &mut Vec<Diagnostic>,
    ) {
        let uses =
            tree.items.iter().filter_map(|item| if let Item::Use(used) = item { Some(used) } else { None });
        let mut found = Vec::new();
        for used in uses {
            let from = self.files.get(file.wrapping_sub(1)).map_or(used.span, |using| using.from);
            match self.open(used, name, from, world) {
                Ok(number) => found.push(Some(number)),
                Err(wrong) => {
                    found.push(None);
                    // What is wrong in a used file is told where the file that is checked leads to it.
                    if file == 0 {
                        told.push(wrong);
                    } else if let Some(place) = self.wrong.get_mut(file) {
                        place.get_or_insert((wrong.message, used.span));
                    }
                }
            }
        }
        while self.uses.len() <= file {
            self.uses.push(Vec::new());
        }
        if let Some(place) = self.uses.get_mut(file) {
            *place = found;
        }
    }

    fn open(&mut self, used: &Use, using: &str, from: Span, world: &dyn World) -> Result<usize, Diagnostic> {
        let (name, span) = match &used.from {
            UseFrom::Path(path) => (path.text(), path.span),
            UseFrom::File(text) => (beside(using, &text.value), text.span),
        };
        let (name, text) = match &used.from {
            UseFrom::Path(path) => standard(path)?,
            UseFrom::File(_) => {
                if let Some(known) = self.known(&name) {
                    return Ok(known);
                }
                let bytes = world.read(&name).map_err(|error| {
                    let whole = format!("{name}.sbi");
                    let told = unreadable(&name, span, &error);
                    let meant = !name.ends_with(".sbi") && world.read(&whole).is_ok();
                    if meant { told.help(format!("write `use \"./{whole}\"`")) } else { told }
                })?;
                let text = String::from_utf8(bytes).map_err(|_| {
                    UNKNOWN_FILE.at(span, format!("`{name}` is no text")).help("name an .sbi file")
                })?;
                (name, text)
            }
        };
        if let Some(known) = self.known(&name) {
            return Ok(known);
        }
        if self.files.len() >= MOST {
            let told = UNKNOWN_FILE.at(span, format!("more than {MOST} files are used"));
            return Err(told.help("gather what belongs together in one file"));
        }
        let number = self.files.len() + 1;
        let parsed = sbi_syntax::parse(number as u32, &text);
        let error = parsed.diagnostics.iter().find(|told| told.is_error());
        self.wrong.push(error.map(|told| (told.message.clone(), told.span)));
        let source = Source::new(name.clone(), text);
        self.files.push(Used { name, source, tree: parsed.tree, from });
        Ok(number)
    }

    fn known(&self, name: &str) -> Option<usize> {
        self.files.iter().position(|used| used.name == name).map(|place| place + 1)
    }

    /// An order in which every file comes after those it uses; a circle is told of and cut.
    pub(super) fn order(&self, told: &mut Vec<Diagnostic>) -> Vec<usize> {
        let mut order = Vec::new();
        let mut state = vec![0u8; self.uses.len()];
        self.visit(0, &mut state, &mut order, told);
        order
    }

    fn visit(&self, file: usize, state: &mut [u8], order: &mut Vec<usize>, told: &mut Vec<Diagnostic>) {
        match state.get_mut(file) {
            Some(seen @ 0) => *seen = 1,
            _ => return,
        }
        for used in self.uses.get(file).into_iter().flatten().flatten() {
            if state.get(*used) == Some(&1) {
                let from = self.files.get(used.wrapping_sub(1)).map_or_else(Span::default, |used| used.from);
                let message =
                    format!("files use each other in a circle: `{}` comes back to itself", self.name(*used));
                told.push(CYCLE.at(from, message).help("put what both need into a third file"));
                continue;
            }
            self.visit(*used, state, order, told);
        }
        if let Some(seen) = state.get_mut(file) {
            *seen = 2;
        }
        order.push(file);
    }

    /// Keeps what is told of the file itself; what is wrong in a used file is told once, where it is used.
    pub(super) fn gather(&mut self, told: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut own = Vec::new();
        for mut diagnostic in told {
            let file = diagnostic.span.file as usize;
            if file == 0 {
                diagnostic.labels.retain(|(span, _)| span.file == 0);
                own.push(diagnostic);
            } else if diagnostic.is_error()
                && let Some(place) = self.wrong.get_mut(file)
            {
                place.get_or_insert((diagnostic.message, diagnostic.span));
            }
        }
        for (used, wrong) in self.files.iter().zip(self.wrong.iter().skip(1)) {
            let Some((message, span)) = wrong else { continue };
            let at = used.source.position(span.start);
            let message = format!("`{}` is wrong at {}:{}: {message}", used.name, at.line, at.column);
            own.push(
                USED_FILE
                    .at(used.from, message)
                    .help(format!("mend that file; `sbi check {}` shows all of it", used.name)),
            );
        }
        own
    }
}

/// The module of the library that has a simulator.
pub(super) fn simulator(name: &str) -> Option<&'static str> {
    let has = |text: &str| text.contains(&format!("pub simulator {name}("));
    STD.iter().find(|(_, text)| has(text)).map(|(module, _)| *module)
}

/// Whether the library has a module of a name.
pub(super) fn has(module: &str) -> bool {
    STD.iter().any(|(known, _)| *known == module)
}

/// A file of the library.
fn standard(path: &sbi_syntax::tree::Path) -> Result<(String, String), Diagnostic> {
    let known = || STD.iter().map(|(name, _)| *name);
    let (Some(root), Some(module)) = (path.segments.first(), path.segments.get(1)) else {
        let told = UNKNOWN_FILE.at(path.span, "a `use` names a file, and what is taken from it");
        let name = path.text();
        return Err(told.help(match (simulator(&name), has(&name)) {
            (Some(module), _) => format!("write `use std::{module}::{name}`"),
            (None, true) => format!("write `use std::{name}`"),
            (None, false) => {
                format!("write `use \"./{name}.sbi\"::{{first, second}}`, or `use std::decision::ddm`")
            }
        }));
    };
    if root.text != "std" {
        let told = UNKNOWN_FILE.at(root.span, format!("there is no library `{}`", root.text));
        if has(&root.text) {
            return Err(told.help(format!("write `use std::{}`", path.text())));
        }
        let taken: Vec<&str> = path.segments.iter().skip(1).map(|name| name.text.as_str()).collect();
        return Err(told.help(format!(
            "the library is `std`; a file beside this one is named in quotes: `use \"./{}.sbi\"::{{{}}}`",
            root.text,
            taken.join(", ")
        )));
    }
    match STD.iter().find(|(name, _)| *name == module.text) {
        Some((name, text)) => Ok((format!("std::{name}"), (*text).to_owned())),
        None => {
            let told = UNKNOWN_FILE.at(module.span, format!("`std` has no `{}`", module.text));
            Err(match suggest(&module.text, known()) {
                Some(similar) => told.did_you_mean(Some(similar)),
                None => told.help(format!("it has {}", super::names::list(known()))),
            })
        }
    }
}

/// A path as written in the file `using`, relative to the folder of the file that is checked.
fn beside(using: &str, path: &str) -> String {
    let folder = using.rfind('/').and_then(|end| using.get(..=end)).unwrap_or_default();
    let mut parts: Vec<&str> = Vec::new();
    let whole = format!("{folder}{path}");
    for part in whole.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn unreadable(name: &str, span: Span, error: &ReadError) -> Diagnostic {
    let told = UNKNOWN_FILE.at(span, format!("`{name}` cannot be used: {error}"));
    told.help("paths are relative to the folder of this file")
}
