//! From text to tree: the whole file at once, and the helpers that each construct's file uses.

use crate::block::closed;
use crate::codes::{
    DIVISION_COMMENT, DOC_MISPLACED, EDITION_MISPLACED, EDITION_MISSING, EDITION_UNKNOWN, FILE_EMPTY,
    FILE_TOO_LARGE, NESTING_TOO_DEEP,
};
use crate::diag::Diagnostic;
use crate::grammar::{Grammar, Pair, Rule, child, children, end, has, presume};
use crate::scan::scan;
use crate::slips;
use crate::source::{Lines, Span};
use crate::tree::{Comment, Doc, Edition, File, Item, Name, Path, Text, Unit, UnitDefinition, Use, UseFrom};
use crate::words::Block;
use pest::Parser as _;
use pest::error::InputLocation;
use std::ops::Range;

/// The longest text that is read as a spec, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;

/// The editions that exist.
const EDITIONS: &[u32] = &[2026];

/// What parsing gives: always a tree, and everything that is wrong with the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The tree; where the text could not be read it has [`Bad`](crate::tree::Bad) entries, or is empty.
    pub tree: File,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether the tree can be relied on: no diagnostic is an error.
    pub fn is_ok(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads a text as a spec. `file` is the number that its spans carry.
///
/// Every text gives a tree, in time linear in its length; one wrong line does not hide the next.
pub fn parse(file: u32, text: &str) -> Parsed {
    let refuse = |diagnostic| Parsed { tree: File::default(), diagnostics: vec![diagnostic] };
    let start = Span::new(file, 0, 0);
    if text.len() > LARGEST_FILE {
        let message = format!("the file has {} bytes; a spec has at most {LARGEST_FILE}", text.len());
        let help = "keep data in files of their own and name them: `given x from \"data.csv\"`";
        return refuse(FILE_TOO_LARGE.at(start, message).help(help));
    }
    let written = text;
    let slips::Mended { text, told: slips } = slips::mended(file, text);
    let text = text.as_ref();
    let scan = scan(file, text);
    if let Some(refusal) = scan.refusal {
        return refuse(refusal);
    }
    if !scan.something {
        let help = "`sbi new NAME` writes a file to start from";
        return refuse(FILE_EMPTY.at(start, "the file is empty").help(help));
    }
    let pair = match Grammar::parse(Rule::file, text).map(|mut pairs| pairs.next()) {
        Ok(Some(pair)) => pair,
        Ok(None) => unreachable!("the rule `file` gives one pair"),
        // The rule `file` matches any text, so the stack guard of the parser is all that can fail.
        Err(error) => {
            let at = match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
            };
            let span = Span::new(file, at, at);
            return refuse(NESTING_TOO_DEEP.at(span, "this is nested too deep to be read"));
        }
    };
    let mut builder = Builder::new(file, text);
    let mut tree = builder.file(pair);
    tree.comments = scan.comments;
    tree.units = std::mem::take(&mut builder.units);
    tree.units.sort_unstable_by_key(|span| span.start);
    let mut diagnostics = slips;
    diagnostics.append(&mut builder.diagnostics);
    diagnostics.extend(tree.comments.iter().filter_map(|comment| division(comment, text)));
    let mut diagnostics: Vec<_> = diagnostics.into_iter().map(|told| told.on_characters(written)).collect();
    diagnostics.sort_by_key(|told| (told.span.start, told.span.end));
    Parsed { tree, diagnostics }
}

/// Reads a unit alone, as it stands behind a colon; none where the text is none. Its spans count from the text's start.
pub fn unit(text: &str) -> Option<Unit> {
    /// No unit is longer, and a hostile text may nest.
    const LONGEST: usize = 200;
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let pair = Grammar::parse(Rule::unit, text).ok()?.next()?;
    let mut builder = Builder::new(0, text);
    let whole = pair.as_span().end() == text.len();
    let unit = builder.unit(&pair);
    (whole && builder.diagnostics.is_empty()).then_some(unit)
}

/// `n // 2`: a number alone behind the slashes is more likely half of a quotient than a remark.
fn division(comment: &Comment, text: &str) -> Option<Diagnostic> {
    let number = text.get(comment.span.range())?.strip_prefix("//")?.trim();
    if comment.alone || number.parse::<f64>().is_err() {
        return None;
    }
    let told = DIVISION_COMMENT.at(comment.span, format!("`// {number}` is a comment, and divides nothing"));
    Some(told.help(format!(
        "a quotient is `a / {number}`, rounded down `floor(a / {number})`; a remark has words"
    )))
}

/// Makes the tree of what the grammar matched. Each construct's file adds its part.
pub(crate) struct Builder<'t> {
    pub(crate) file: u32,
    pub(crate) text: &'t str,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The doc lines read since the last statement.
    pub(crate) docs: Vec<Pair<'t>>,
    /// How many of the diagnostics are errors.
    pub(crate) errors: usize,
    /// The lines of the text.
    pub(crate) lines: Lines,
    /// Whether a block above was ended by a statement in place of its `}`.
    pub(crate) left_open: bool,
    /// The bytes of an inner block that are statements of the block around it, as its own `}` is missing.
    pub(crate) lost: Range<usize>,
    /// Where units are written.
    pub(crate) units: Vec<Span>,
}

impl<'t> Builder<'t> {
    fn new(file: u32, text: &'t str) -> Self {
        let lines = Lines::new(text);
        Builder {
            file,
            text,
            diagnostics: Vec::new(),
            docs: Vec::new(),
            errors: 0,
            lines,
            left_open: false,
            lost: 0..0,
            units: Vec::new(),
        }
    }

    fn file(&mut self, pair: Pair<'t>) -> File {
        let mut file = File::default();
        let mut first = None;
        for pair in pair.into_inner() {
            let span = self.span(&pair);
            match pair.as_rule() {
                Rule::doc => {
                    self.docs.push(pair);
                    continue;
                }
                Rule::stray_doc => self.doc_misplaced(span),
                Rule::EOI => {}
                Rule::stray_close => self.stray_close(span),
                Rule::edition => {
                    let told = self.edition(&pair, file.edition.as_ref(), first);
                    file.edition = file.edition.take().or(told);
                    first = first.or(Some(span));
                }
                _ => {
                    first = first.or(Some(span));
                    let closed = closed(&pair);
                    let item = self.item(pair);
                    if closed && matches!(item, Item::Bad(_)) {
                        // What is wrong with it is told; that its documentation has no item follows.
                        self.docs.clear();
                    }
                    file.items.push(item);
                    if !closed {
                        continue;
                    }
                }
            }
            self.drop_docs();
        }
        self.drop_docs();
        // A bad edition line has its own message; asking for an edition as well would be noise.
        let tried = self.text.lines().any(|line| line.trim_start().starts_with("edition"));
        if file.edition.is_none() && !tried {
            let span = first.unwrap_or_default().at_start();
            let message = "the file does not say which edition of the language it is written in";
            self.tell(EDITION_MISSING.at(span, message).help("write `edition 2026` as the first line"));
        }
        file
    }

    fn item(&mut self, pair: Pair<'t>) -> Item {
        let mark = self.errors;
        let rule = pair.as_rule();
        let item = match rule {
            Rule::bad => return Item::Bad(self.bad(&pair, Block::Top)),
            Rule::model => return self.model(&pair).map_or_else(Item::Bad, Item::Model),
            Rule::simulator => return self.simulator(&pair).map_or_else(Item::Bad, Item::Simulator),
            Rule::external => return self.external(&pair).map_or_else(Item::Bad, Item::External),
            Rule::approximator => return self.approximator(&pair).map_or_else(Item::Bad, Item::Approximator),
            Rule::train => return self.train(&pair).map_or_else(Item::Bad, Item::Train),
            Rule::query => return self.query(&pair).map_or_else(Item::Bad, Item::Query),
            Rule::use_item => Item::Use(self.use_item(&pair)),
            Rule::constant => Item::Const(self.constant(&pair)),
            Rule::unit_definition => Item::Unit(self.unit_definition(&pair)),
            Rule::function => Item::Function(self.function(&pair)),
            _ => unreachable!("the grammar puts no {rule:?} at the top of a file"),
        };
        if self.errors == mark { item } else { Item::Bad(self.broken(&pair)) }
    }

    fn edition(&mut self, pair: &Pair<'t>, before: Option<&Edition>, first: Option<Span>) -> Option<Edition> {
        let span = self.span(pair);
        let year = presume(pair, Rule::year);
        let known = year.as_str().parse().ok().filter(|year| EDITIONS.contains(year));
        // The year as it is printed: `02026` is another text, and no other year.
        let known = known.filter(|known| known.to_string() == year.as_str());
        if let Some(before) = before {
            let message = "the edition is said twice";
            self.tell(
                EDITION_MISPLACED.at(span, message).label(before.span, "first here").help("remove one"),
            );
        } else if first.is_some() {
            let message = "the edition comes after other statements";
            self.tell(EDITION_MISPLACED.at(span, message).help("make it the first line of the file"));
        }
        if known.is_none() {
            let message = format!("there is no edition `{}` of the language", year.as_str());
            let help = "this version of sbi reads `edition 2026`";
            self.tell(EDITION_UNKNOWN.at(self.span(&year), message).help(help));
        }
        known.map(|year| Edition { year, span })
    }

    fn use_item(&mut self, pair: &Pair<'t>) -> Use {
        let from = match child(pair, Rule::text) {
            Some(text) => UseFrom::File(self.quoted(&text)),
            None => UseFrom::Path(self.path(&presume(pair, Rule::path))),
        };
        let names = child(pair, Rule::use_names);
        let names = names.map(|list| children(&list, Rule::name).map(|name| self.name(&name)).collect());
        let alias = child(pair, Rule::use_alias).map(|alias| self.name(&presume(&alias, Rule::name)));
        Use { from, names: names.unwrap_or_default(), alias, span: self.span(pair) }
    }

    fn unit_definition(&mut self, pair: &Pair<'t>) -> UnitDefinition {
        UnitDefinition {
            doc: self.take_doc(),
            public: has(pair, Rule::public),
            name: self.name(&presume(pair, Rule::name)),
            factor: child(pair, Rule::number).map(|number| self.number(&number, false, None)),
            unit: self.unit(&presume(pair, Rule::unit)),
            span: self.span(pair),
        }
    }

    // ---- docs ----------------------------------------------------------------------------------

    /// The doc comment of the statement being read: the doc lines right above it.
    pub(crate) fn take_doc(&mut self) -> Option<Doc> {
        let lines = std::mem::take(&mut self.docs);
        let span = self.span(lines.first()?).to(self.span(lines.last()?));
        let line = |pair: &Pair<'_>| {
            let text = pair.as_str().trim_start_matches('/');
            text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned()
        };
        Some(Doc { text: lines.iter().map(line).collect::<Vec<_>>().join("\n"), span })
    }

    pub(crate) fn drop_docs(&mut self) {
        if let Some(doc) = self.take_doc() {
            self.doc_misplaced(doc.span);
        }
    }

    pub(crate) fn doc_misplaced(&mut self, span: Span) {
        let told = DOC_MISPLACED.at(span, "this doc comment documents nothing");
        self.tell(told.help("put it on the lines above what it documents, or write `//`"));
    }

    // ---- small things --------------------------------------------------------------------------

    /// Notes a diagnostic.
    pub(crate) fn tell(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.is_error());
        self.diagnostics.push(diagnostic);
    }

    /// Where a piece stands, without the space behind it.
    pub(crate) fn span(&self, pair: &Pair<'_>) -> Span {
        Span::new(self.file, pair.as_span().start(), end(pair))
    }

    pub(crate) fn name(&self, pair: &Pair<'_>) -> Name {
        Name { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    pub(crate) fn path(&self, pair: &Pair<'_>) -> Path {
        let segments = children(pair, Rule::name).map(|name| self.name(&name)).collect();
        Path { segments, span: self.span(pair) }
    }

    pub(crate) fn quoted(&self, pair: &Pair<'_>) -> Text {
        Text { value: presume(pair, Rule::text_value).as_str().to_owned(), span: self.span(pair) }
    }
}
