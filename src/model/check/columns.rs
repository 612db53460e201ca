//! Which columns of a table a quantity reads: by their names, never by their count.

use super::codes::{DATA_COLUMN, LENGTH};
use super::csv::{Over, Wanted};
use super::index::count;
use super::names::list;
use sbi_syntax::{Diagnostic, Span, suggest};

/// Which cells of the table are read.
pub(super) enum Layout {
    /// One row, with a column for each element.
    Row(Vec<usize>),
    /// One column, with a row for each element.
    Column(usize),
    /// A row for each element of an axis, with a column for each combination of the others.
    Rows(Vec<usize>),
}

impl Wanted<'_> {
    /// Finds the columns by their names; names decide, never the count.
    pub(super) fn layout(&self, headers: &[String]) -> Result<Layout, Diagnostic> {
        if let Some(over) = &self.over {
            return self.rows_layout(over, headers);
        }
        if let Some((columns, span)) = &self.columns {
            if columns.len() != self.elements.len() {
                return Err(self.wrong_columns(columns.len(), self.elements.len(), *span));
            }
            let found: Result<Vec<usize>, Diagnostic> =
                columns.iter().map(|name| self.find(name, headers, *span)).collect();
            return Ok(Layout::Row(found?));
        }
        if let Some((column, span)) = &self.column {
            return Ok(Layout::Column(self.find(column, headers, *span)?));
        }
        let is_element = |header: &String| self.elements.iter().any(|name| same_name(name, header));
        if !self.scalar && headers.iter().any(is_element) {
            let found: Result<Vec<usize>, Diagnostic> =
                self.elements.iter().map(|name| self.find(name, headers, self.span)).collect();
            let found = found?;
            self.none_left(&self.elements, headers)?;
            return Ok(Layout::Row(found));
        }
        // A single element of an array goes by its own name or by the array's.
        let own = self
            .elements
            .first()
            .filter(|name| self.scalar && headers.iter().any(|header| same_name(name, header)));
        Ok(Layout::Column(self.find(own.map_or(self.node, String::as_str), headers, self.span)?))
    }

    fn rows_layout(&self, over: &Over<'_>, headers: &[String]) -> Result<Layout, Diagnostic> {
        let (columns, span) = match (&self.columns, &self.column) {
            (Some((columns, span)), _) => (columns.as_slice(), *span),
            (None, Some((column, span))) => (std::slice::from_ref(column), *span),
            (None, None) => (over.columns.as_slice(), self.span),
        };
        if columns.len() != over.columns.len() {
            return Err(self.wrong_columns(columns.len(), over.columns.len(), span));
        }
        let found: Result<Vec<usize>, Diagnostic> =
            columns.iter().map(|name| self.find(name, headers, span)).collect();
        let found = found?;
        if self.columns.is_none() && self.column.is_none() {
            self.none_left(columns, headers)?;
        }
        Ok(Layout::Rows(found))
    }

    /// Says that a table has more elements of a node than are read: the axis is shorter than what was measured.
    fn none_left(&self, read: &[String], headers: &[String]) -> Result<(), Diagnostic> {
        let is_element = |header: &&String| {
            header.strip_prefix(self.node).is_some_and(|index| index.starts_with('[') && index.ends_with(']'))
        };
        let known = |header: &&String| read.iter().any(|name| same_name(name, header));
        let left: Vec<&str> =
            headers.iter().filter(is_element).filter(|header| !known(header)).map(String::as_str).collect();
        if left.is_empty() || !self.whole || read.iter().any(|name| !name.contains('[')) {
            return Ok(());
        }
        let (path, node) = (self.path, self.node);
        let columns = count(read.len(), "column", "columns");
        let message = format!("`{path}` has {}, and `{node}` reads {columns}", list(left.iter().copied()));
        let rows = self.over.as_ref().map(|over| over.axis.name.as_str());
        let axes = self.indexed.split(['[', ']']).nth(1).unwrap_or_default().split(", ");
        let axes: Vec<&str> = axes.filter(|axis| Some(*axis) != rows).collect();
        let axis = match axes.as_slice() {
            [axis] => format!("let `{axis}` have {} elements", read.len() + left.len()),
            _ => "let its axes have as many elements as the table".to_owned(),
        };
        let told = DATA_COLUMN.at(self.span, message);
        Err(told.help(format!("{axis}, or name the columns that are meant: `(columns = [\"…\", …])`")))
    }

    fn wrong_columns(&self, named: usize, wanted: usize, span: Span) -> Diagnostic {
        let named = count(named, "column", "columns");
        let (wanted, each) = match &self.over {
            Some(_) => (count(wanted, "column", "columns"), "name all columns, row-major"),
            None => (count(wanted, "element", "elements"), "name one column for each element, row-major"),
        };
        LENGTH.at(span, format!("{named} for {wanted} of `{}`", self.node)).help(each)
    }

    pub(super) fn find(&self, name: &str, headers: &[String], span: Span) -> Result<usize, Diagnostic> {
        let mut places =
            headers.iter().enumerate().filter(|(_, header)| same_name(name, header)).map(|(place, _)| place);
        let path = self.path;
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(DATA_COLUMN
                .at(span, format!("`{path}` has two columns `{name}`"))
                .help("rename one of them in its first line")),
            (None, _) => Err(self.no_column(name, headers, span)),
        }
    }

    fn no_column(&self, name: &str, headers: &[String], span: Span) -> Diagnostic {
        let path = self.path;
        let told = DATA_COLUMN.at(span, format!("`{path}` has no column `{name}`"));
        let known = || headers.iter().map(String::as_str);
        if headers.iter().all(|header| header.parse::<f64>().is_ok()) {
            return told.help(format!(
                "its first line has numbers: write the names of the columns above, `{}`",
                self.example()
            ));
        }
        if let [only] = headers
            && let Some(sign) = [';', '\t'].into_iter().find(|sign| only.contains(*sign))
        {
            let sign = if sign == '\t' { "tabs".to_owned() } else { format!("`{sign}`") };
            return told
                .help(format!("its columns seem to be set apart by {sign}: set them apart by commas"));
        }
        // A column that is named already is hardly meant again.
        let taken = |header: &str| {
            self.columns
                .iter()
                .flat_map(|(columns, _)| columns)
                .any(|other| other != name && same_name(other, header))
        };
        let free: Vec<&str> = known().filter(|header| !taken(header)).collect();
        let meant = match (free.as_slice(), &self.columns) {
            ([only], Some(_)) => Some(*only),
            _ => suggest(name, free.iter().copied()).or_else(|| alike(name, &free)),
        };
        let columns = format!("its columns are {}", list(known()));
        let over = self.over.iter().flat_map(|over| &over.columns);
        let own = name == self.node || self.elements.iter().chain(over).any(|own| own == name);
        let named = self.columns.is_some() || self.column.is_some() || !own;
        if let Some(told) = self.other_shape(headers, span) {
            return told;
        }
        let wanted = self.over.as_ref().map_or(self.elements.len(), |over| over.columns.len());
        let one = wanted == 1 || self.over.is_none() && wanted > headers.len();
        if let Some(similar) = meant {
            return told.help(match !named && one {
                true => format!("{columns}: say which after the file, `(column = \"{similar}\")`"),
                false => format!("did you mean `{similar}`? {columns}"),
            });
        }
        if named {
            return told.help(columns);
        }
        let which = match wanted {
            _ if one => match headers {
                [only] => format!("`(column = \"{only}\")`"),
                _ => "`(column = \"…\")`".to_owned(),
            },
            wanted if wanted == headers.len() => {
                let names: Vec<String> =
                    headers.iter().take(2).map(|header| format!("\"{header}\"")).collect();
                let more = if headers.len() > names.len() { ", …" } else { "" };
                format!("`(columns = [{}{more}])`", names.join(", "))
            }
            _ => "`(columns = [\"…\", …])`, one for each element".to_owned(),
        };
        told.help(format!("{columns}: say which after the file, {which}"))
    }

    /// Says that a table has all numbers, in another shape: on its side, or cut into rows.
    fn other_shape(&self, headers: &[String], span: Span) -> Option<Diagnostic> {
        let (path, node) = (self.path, self.node);
        let (wide, elements) = (headers.len(), self.elements.len());
        match (&self.over, &self.columns) {
            (Some(over), None)
                if over.columns.len() == 1
                    && wide > 1
                    && (over.least..=over.most).contains(&wide)
                    && are_numbered(headers) =>
            {
                let message = format!("`{node}` reads a row for each element, and `{path}` lies on its side");
                let help = format!(
                    "write its {wide} numbers below each other, under the one name `{node}`, or list them here: `given {node} = […]`"
                );
                Some(DATA_COLUMN.at(span, message).help(help))
            }
            (None, Some(_)) if wide > 1 && wide < elements && elements % wide == 0 => {
                let message =
                    format!("`{node}` reads one row of {elements} numbers, and `{path}` has rows of {wide}");
                let help = format!(
                    "write its numbers into one row, with a name above each, or list them here: `given {node} = […]`"
                );
                Some(DATA_COLUMN.at(span, message).help(help))
            }
            _ => None,
        }
    }

    /// The names that a first line of columns could have: those that are asked for.
    fn example(&self) -> String {
        let names = match (&self.column, &self.over) {
            _ if let Some((columns, _)) = &self.columns => columns.as_slice(),
            (Some((column, _)), _) => std::slice::from_ref(column),
            (None, Some(over)) => over.columns.as_slice(),
            (None, None) => self.elements.as_slice(),
        };
        const SHOWN: usize = 12;
        let more = if names.len() > SHOWN { ",…" } else { "" };
        names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(",") + more
    }
}

/// Whether columns are told apart by their numbers: `x1`, `x2`, `x3`.
fn are_numbered(headers: &[String]) -> bool {
    let stem = |header: &String| header.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let stems = || headers.iter().map(|header| header.get(..stem(header)));
    let first = stems().next();
    stems().all(|stem| Some(stem) == first) && headers.iter().all(|header| stem(header) < header.len())
}

/// The column whose name goes on from the one that is looked for, or the other way round: `dead` and `deaths`.
fn alike<'h>(name: &str, headers: &[&'h str]) -> Option<&'h str> {
    const LEAST: usize = 3;
    let name = name.to_lowercase();
    let like = |header: &&&str| {
        let header = header.to_lowercase();
        name.len().min(header.len()) >= LEAST && (header.contains(&name) || name.contains(&header))
    };
    let mut found = headers.iter().filter(like);
    let first = found.next()?;
    found.next().is_none().then_some(*first)
}

/// Whether a column bears a name; blanks inside brackets do not count: `x[1, 2]`.
fn same_name(name: &str, header: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    name == header || (name.contains('[') && plain(name) == plain(header))
}
