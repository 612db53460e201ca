//! `given x from "x.npy"`: whether an array in a file is one of numbers, and has the shape of what it is given for.

use super::codes::{DATA_UNREADABLE, LENGTH, NOT_FINITE, OUTSIDE_SUPPORT, UNKNOWN_ARGUMENT};
use super::csv::outside;
use super::entries::Entries;
use super::gap::Gap;
use super::index::count;
use super::names::list;
use super::place::Selected;
use super::query::Asked;
use super::table::How;
use crate::{Axis, AxisKind};
use sbi_syntax::tree::Table;
use sbi_syntax::{Diagnostic, Span};

/// How a file of numpy starts.
const SIGNATURE: &[u8] = b"\x93NUMPY";

/// Whether a file holds arrays, which only later versions read.
pub(super) fn is_array(path: &str) -> bool {
    [".npy", ".npz", ".nc"].iter().any(|end| path.ends_with(end))
}

/// What the first lines of a file of numpy say.
struct Header {
    shape: Vec<usize>,
    /// The kind of its entries: `f8`.
    kind: String,
    /// Whether the first byte of an entry is its largest.
    big_endian: bool,
    /// Whether the first axis runs fastest.
    first_fastest: bool,
    /// Where the entries start.
    start: usize,
}

impl Asked<'_, '_> {
    /// Checks what a file of arrays says of itself.
    ///
    /// # Errors
    /// It is of another kind, or has another shape.
    pub(super) fn array(
        &self,
        selected: &Selected,
        table: &Table,
        how: &How,
        bytes: &[u8],
    ) -> Result<(), Diagnostic> {
        let (path, span) = (table.path.value.as_str(), table.path.span);
        if let Some((name, span)) = how.column.as_ref().filter(|_| path.ends_with(".npy")) {
            let told = UNKNOWN_ARGUMENT.at(*span, format!("an array has no columns, as `{name}`"));
            return Err(told.help("leave `column` out: the axes of the array are those of the datum"));
        }
        if !path.ends_with(".npy") {
            return other_kind(path, span, bytes);
        }
        let told = |message: String| DATA_UNREADABLE.at(span, message);
        let save = |what: &str| format!("save it so: `np.save(\"{path}\", {what})`");
        let Some(header) = header(bytes) else {
            let what = match bytes {
                [] => "it is empty",
                bytes if bytes.is_ascii() => "it is text",
                _ => "it does not start as one",
            };
            return Err(told(format!("`{path}` is no array of numpy: {what}")).help(
                match bytes.is_ascii() && !bytes.is_empty() {
                    true => "call it `.csv`, with a line of column names, if it is a table".to_owned(),
                    false => save("x"),
                },
            ));
        };
        if !header.kind.starts_with(['f', 'i', 'u', 'b']) {
            let entries = match header.kind.chars().next() {
                Some('U' | 'S') => "texts",
                Some('c') => "complex numbers",
                Some('M' | 'm') => "dates or times",
                Some('O') => "objects of Python",
                _ => "records",
            };
            let message = format!("`{path}` holds {entries}, and `{}` reads numbers", selected.name);
            return Err(told(message).help(save(if entries == "records" {
                "x[\"…\"]"
            } else {
                "x.astype(float)"
            })));
        }
        let size = header.kind.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1);
        let needed = header.shape.iter().fold(size, |size: usize, length| size.saturating_mul(*length));
        let found = bytes.len().saturating_sub(header.start);
        if found < needed {
            let message = format!("`{path}` is cut off: {found} of its {needed} bytes are there");
            return Err(told(message).help("copy or save it again"));
        }
        self.shape(selected, &header.shape, path, span)?;
        let entries = Entries {
            bytes: bytes.get(header.start..).unwrap_or_default(),
            kind: &header.kind,
            big_endian: header.big_endian,
            first_fastest: header.first_fastest,
            shape: &header.shape,
        };
        self.entries(selected, &entries, path, span)
    }

    /// Checks that the numbers of an array are there, finite, and such as can occur, as those of a table are.
    fn entries(
        &self,
        selected: &Selected,
        entries: &Entries<'_>,
        path: &str,
        span: Span,
    ) -> Result<(), Diagnostic> {
        let Some(all) = entries.numbers() else { return Ok(()) };
        let name = &selected.name;
        let place = |entry: usize| format!("`{path}`, `{name}{}`", entries.place(entry));
        let missing = all.iter().filter(|value| value.is_nan()).count();
        let (empty, indexed) = (self.empty_cell(selected.node, None), self.indexed(selected.node));
        let gap = Gap { missing, all: all.len(), node: name, indexed: &indexed, there: None };
        if !gap.is_known(empty) {
            let first = all.iter().position(|value| value.is_nan()).unwrap_or_default();
            let are = if missing == 1 { "is" } else { "are" };
            let numbers = count(all.len(), "number", "numbers");
            let found = format!("{missing} of {numbers} {are} NaN, the first in {}", place(first));
            return Err(gap.surprise(&found, empty, span));
        }
        if let Some(entry) = all.iter().position(|value| value.is_infinite()) {
            let told = NOT_FINITE.at(span, format!("{}: it is infinite", place(entry)));
            return Err(told.help("save a number there, or NaN where none was measured"));
        }
        let occurring = self.occurring(selected.node);
        let mut supports = selected.tokens.iter().filter_map(|token| self.graph.tokens.get(*token));
        // Which element an entry is depends on how many a data set has; mostly all can be the same.
        let Some(support) = supports.next().map(|token| token.support) else { return Ok(()) };
        if supports.any(|token| token.support != support) {
            return Ok(());
        }
        let cannot = |value: &f64| !value.is_nan() && outside(name, *value, &occurring(support)).is_some();
        let wrong = all.iter().position(cannot);
        let Some(entry) = wrong else { return Ok(()) };
        let value = all.get(entry).copied().unwrap_or_default();
        let why = outside(name, value, &occurring(support)).unwrap_or_default();
        let told = OUTSIDE_SUPPORT.at(span, format!("{}: {why}", place(entry)));
        Err(told.help("mend the file, or the model"))
    }

    /// Compares the shape of an array with the axes of what it is given for.
    fn shape(&self, selected: &Selected, shape: &[usize], path: &str, span: Span) -> Result<(), Diagnostic> {
        let axes: Vec<&Axis> = selected.axes.iter().map(|axis| self.looked.model.axis(*axis)).collect();
        let fit = |shape: &[usize]| {
            let mut pairs = shape.iter().zip(&axes).zip(&selected.lengths);
            shape.len() == axes.len() && pairs.all(|((found, axis), most)| fits(*found, axis, *most))
        };
        if fit(shape) {
            return Ok(());
        }
        let name = &selected.name;
        let wanted: Vec<String> = axes
            .iter()
            .zip(&selected.lengths)
            .map(|(axis, most)| format!("{} of `{}`", lengths(axis, *most), axis.name))
            .collect();
        let reads = match wanted.as_slice() {
            [] => "one number".to_owned(),
            wanted => wanted.join(" by "),
        };
        let found = match shape {
            [] => "is one number".to_owned(),
            [one] => format!("has {}", count(*one, "number", "numbers")),
            shape => format!("is {}", by(shape)),
        };
        let told = LENGTH.at(span, format!("`{path}` {found}, and `{name}` reads {reads}"));
        let save = |what: &str| format!("`np.save(\"{path}\", {what})`");
        let turned: Vec<usize> = shape.iter().rev().copied().collect();
        let squeezed: Vec<usize> = shape.iter().copied().filter(|length| *length != 1).collect();
        let all = |shape: &[usize]| shape.iter().product::<usize>();
        Err(told.help(if fit(&turned) {
            format!("it is transposed: save it as {}", save("x.T"))
        } else if fit(&squeezed) {
            format!("it has axes of length 1: save it as {}", save("x.squeeze()"))
        } else if all(shape) == all(&selected.lengths) && !axes.is_empty() {
            let lengths: Vec<String> = selected.lengths.iter().map(usize::to_string).collect();
            format!(
                "save it in the order of the axes, the last one fastest: {}",
                save(&format!("x.reshape({})", lengths.join(", ")))
            )
        } else if shape.len() == axes.len() {
            let other = axes.iter().zip(&selected.lengths).zip(shape);
            let other = other.filter(|((axis, most), found)| !fits(**found, axis, **most));
            let sizes = other.map(|((axis, _), found)| format!("{found} of `{}`", axis.name));
            format!(
                "save the part that is meant, or let the model have {}",
                sizes.collect::<Vec<_>>().join(" and ")
            )
        } else {
            let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
            match names.is_empty() {
                true => format!("save the one number that is meant, or let `{name}` run over axes"),
                false => format!("save an array with the axes {}, in this order", list(names)),
            }
        }))
    }
}

/// Says that a file of arrays is not what its name says.
fn other_kind(path: &str, span: Span, bytes: &[u8]) -> Result<(), Diagnostic> {
    let sound = match path.ends_with(".npz") {
        true => bytes.starts_with(b"PK"),
        false => bytes.starts_with(b"CDF") || bytes.starts_with(b"\x89HDF"),
    };
    if sound {
        return Ok(());
    }
    let told = DATA_UNREADABLE.at(span, format!("`{path}` is not what its name says: it starts otherwise"));
    Err(told.help("save it again, or name a CSV"))
}

/// Whether an axis can have so many elements; `most` are read of it.
fn fits(found: usize, axis: &Axis, most: usize) -> bool {
    match axis.kind {
        AxisKind::Set(range) if most == range.most => (range.least..=range.most).contains(&found),
        AxisKind::Scattered { count, .. } if most == count.most => found <= most,
        _ => found == most,
    }
}

fn lengths(axis: &Axis, most: usize) -> String {
    match axis.kind {
        AxisKind::Set(range) if most == range.most && range.least < most => {
            format!("{} to {most}", range.least)
        }
        _ => most.to_string(),
    }
}

fn by(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" by ")
}

/// The header of a file of numpy, of any version; none where it is no such file.
fn header(bytes: &[u8]) -> Option<Header> {
    let rest = bytes.strip_prefix(SIGNATURE)?;
    let (length, start) = match rest {
        [1, _, low, high, ..] => (u32::from_le_bytes([*low, *high, 0, 0]), 10),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]), 12),
        _ => return None,
    };
    let end = usize::try_from(length).ok()?.checked_add(start)?;
    let text = std::str::from_utf8(bytes.get(start..end)?).ok()?;
    let after = |key: &str| text.split_once(key).map(|(_, behind)| behind.trim_start());
    let descr = after("'descr':")?;
    let (kind, big_endian) = match descr.strip_prefix('\'') {
        Some(quoted) => {
            let kind = quoted.split('\'').next()?;
            (kind.trim_start_matches(['<', '>', '|', '=']).to_owned(), kind.starts_with('>'))
        }
        None => ("V".to_owned(), false),
    };
    let first_fastest = after("'fortran_order':").is_some_and(|order| order.starts_with("True"));
    let shape = after("'shape':")?.strip_prefix('(')?.split(')').next()?;
    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape: Option<Vec<usize>> = sizes.map(|size| size.parse().ok()).collect();
    Some(Header { shape: shape?, kind, big_endian, first_fastest, start: end })
}
