//! The files that data and constants are read from.

use super::array::is_array;
use super::codes::{
    DATA_BINARY, DATA_EMPTY, DATA_LARGE, DATA_MISSING, DATA_ROWS, DATA_UNREADABLE, UNKNOWN_NAME, UNKNOWN_UNIT,
};
use super::names::list;
use crate::world::{LARGEST_DATA, ReadError, World};
use sbi_syntax::{Code, Diagnostic, Span, suggest};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The bytes of a file, or why there are none.
type Read = Result<Rc<[u8]>, ReadError>;

/// The files of a check, each read once.
pub(super) struct Files<'w> {
    world: &'w dyn World,
    read: RefCell<BTreeMap<String, Read>>,
}

impl<'w> Files<'w> {
    pub(super) fn new(world: &'w dyn World) -> Files<'w> {
        Files { world, read: RefCell::default() }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn bytes(&self, path: &str, span: Span) -> Result<Rc<[u8]>, Diagnostic> {
        let mut known = self.read.borrow_mut();
        let read = known.entry(path.to_owned()).or_insert_with(|| {
            let bytes = self.world.read(path)?;
            let size = bytes.len() as u64;
            if size > LARGEST_DATA { Err(ReadError::TooLarge(size)) } else { Ok(bytes.into()) }
        });
        match read {
            Ok(bytes) => Ok(bytes.clone()),
            Err(ReadError::Missing) => {
                let told = DATA_MISSING.at(span, format!("there is no file `{path}`"));
                Err(match self.meant(path) {
                    _ if path.contains('\\') => {
                        told.help(format!("folders are set apart by `/`: \"{}\"", path.replace('\\', "/")))
                    }
                    Some(help) => told.help(help),
                    None => told.help("paths are relative to the folder of this file"),
                })
            }
            Err(error @ ReadError::TooLarge(_)) => Err(DATA_LARGE
                .at(span, format!("`{path}` is too large: {error}"))
                .help("keep only the rows and columns that the model reads")),
            Err(error) => Err(DATA_UNREADABLE
                .at(span, format!("`{path}` cannot be read: {error}"))
                .help("name a file that you may read")),
        }
    }

    /// What might be meant by a path at which there is no file.
    fn meant(&self, path: &str) -> Option<String> {
        const SHOWN: usize = 6;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let joined = |folder: &str, name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let did_you_mean = |path: String| Some(format!("did you mean `{path}`?"));
        let near = self.world.names(folder);
        let near = || near.iter().map(String::as_str);
        let stem = |name: &'_ str| name.rsplit_once('.').map_or(name.len(), |(stem, _)| stem.len());
        let bare = |name: &str| name.get(..stem(name)).unwrap_or(name).to_owned();
        let own = bare(name);
        let folders = self.world.names("");
        let folders = || folders.iter().map(String::as_str).chain([""]);
        if let Some(other) = folders().find(|other| self.world.names(other).iter().any(|known| known == name))
        {
            return did_you_mean(joined(other, name));
        }
        // Endings are alike: what differs is before them. A spec holds no data, and no spec is read as data.
        let is_spec = |name: &str| name.ends_with(".sbi");
        let alike = |other: &&str| {
            is_spec(other) == is_spec(name)
                && (bare(other) == own || suggest(&own, [bare(other).as_str()]).is_some())
        };
        if let Some(similar) = near().find(alike) {
            return did_you_mean(joined(folder, similar));
        }
        let data: Vec<String> = near()
            .filter(|name| name.ends_with(".csv") || is_array(name))
            .map(|name| joined(folder, name))
            .collect();
        let few = !data.is_empty() && data.len() <= SHOWN;
        few.then(|| format!("there is {}", list(data.iter().map(String::as_str))))
    }
}

/// Leaves what is wrong with a file itself where it is told first: one file that is bad is one slip, however many lines
/// read it.
pub(super) fn told_once(told: &mut Vec<Diagnostic>) {
    const OF_FILES: [Code; 6] =
        [DATA_MISSING, DATA_UNREADABLE, DATA_LARGE, DATA_EMPTY, DATA_BINARY, DATA_ROWS];
    let mut known: BTreeSet<String> = BTreeSet::new();
    told.retain(|told| {
        !OF_FILES.iter().any(|code| code.name == told.code) || known.insert(told.message.clone())
    });
}

/// Leaves a name that means nothing where it is read first, with the other places where it is read: it is one slip.
pub(super) fn named_once(told: &mut Vec<Diagnostic>) {
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(told.len());
    for told in told.drain(..) {
        let same = |known: &&mut Diagnostic| {
            [UNKNOWN_NAME.name, UNKNOWN_UNIT.name].contains(&known.code)
                && known.message == told.message
                && known.span.file == told.span.file
        };
        let named = [UNKNOWN_NAME.name, UNKNOWN_UNIT.name].contains(&told.code);
        match kept.iter_mut().filter(|_| named).find(same) {
            Some(first) => {
                *first = first.clone().label(told.span, "and here");
            }
            None => kept.push(told),
        }
    }
    *told = kept;
}
