//! From text to tree: the whole file at once, and the helpers that each construct's file uses.

use crate::codes::{
    BLOCK_OPEN, BLOCK_STRAY, BLOCK_UNOPENED, DOC_MISPLACED, EDITION_MISPLACED, EDITION_MISSING,
    EDITION_UNKNOWN, FILE_EMPTY, FILE_TOO_LARGE, NESTING_TOO_DEEP,
};
use crate::diag::Diagnostic;
use crate::grammar::{Grammar, Pair, Rule, child, children, end, has, presume};
use crate::recover;
use crate::scan::scan;
use crate::source::{Lines, Span};
use crate::tree::{Bad, Doc, Edition, File, Item, Name, Path, Text, UnitDefinition, Use, UseFrom};
use crate::words::Block;
use pest::Parser as _;
use pest::error::InputLocation;

/// The longest text that is read as a spec, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;

/// The editions that exist.
const EDITIONS: &[u32] = &[2026];

/// What parsing gives: always a tree, and everything that is wrong with the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The tree; where the text could not be read it has [`Bad`] entries, or is empty.
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
    let mut diagnostics = builder.diagnostics;
    diagnostics.sort_by_key(|told| (told.span.start, told.span.end));
    Parsed { tree, diagnostics }
}

/// Makes the tree of what the grammar matched. Each construct's file adds its part.
pub(crate) struct Builder<'t> {
    pub(crate) file: u32,
    pub(crate) text: &'t str,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The doc lines read since the last statement.
    docs: Vec<Pair<'t>>,
    /// How many of the diagnostics are errors.
    errors: usize,
    /// The lines of the text.
    lines: Lines,
    /// Whether a block above was ended by a statement in place of its `}`.
    left_open: bool,
}

impl<'t> Builder<'t> {
    fn new(file: u32, text: &'t str) -> Self {
        let lines = Lines::new(text);
        Builder { file, text, diagnostics: Vec::new(), docs: Vec::new(), errors: 0, lines, left_open: false }
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
                    file.items.push(self.item(pair));
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

    // ---- blocks --------------------------------------------------------------------------------

    /// Reads the statements of a block. A statement in which anything is wrong becomes a [`Bad`].
    pub(crate) fn statements<S>(
        &mut self,
        body: &Pair<'t>,
        block: Block,
        bad: fn(Bad) -> S,
        read: fn(&mut Self, &Pair<'t>) -> Result<S, Bad>,
    ) -> Vec<S> {
        let mut statements = Vec::new();
        for pair in body.clone().into_inner() {
            match pair.as_rule() {
                Rule::doc => {
                    self.docs.push(pair);
                    continue;
                }
                Rule::stray_doc => self.doc_misplaced(self.span(&pair)),
                Rule::bad => statements.push(bad(self.bad(&pair, block))),
                rule => {
                    let mark = self.errors;
                    let statement = read(self, &pair).unwrap_or_else(bad);
                    let whole = matches!(rule, Rule::modality | Rule::dynamics | Rule::event);
                    let sound = whole || self.errors == mark;
                    statements.push(if sound { statement } else { bad(self.broken(&pair)) });
                    if !closed(&pair) {
                        continue;
                    }
                }
            }
            self.drop_docs();
        }
        // Docs at the end of a block stay: where the block is not closed, they belong to what follows.
        statements
    }

    /// The head of a block; one that cannot be read is told. Both its braces are checked.
    pub(crate) fn head(
        &mut self,
        pair: &Pair<'t>,
        rule: Rule,
        block: Block,
        outer: Block,
    ) -> Result<Pair<'t>, Bad> {
        let head = child(pair, rule);
        let open = child(pair, Rule::open_brace);
        let bad = child(pair, Rule::bad_head).map(|bad| {
            let start = pair.as_span().start();
            let stop = open.as_ref().map_or_else(|| bad.as_span().end(), |brace| brace.as_span().end());
            let text = self.text.get(start..stop).unwrap_or("").trim_end();
            let told = recover::explain(self, outer, text, start);
            self.tell(told);
            Bad {
                name: self.defined_name(text, start),
                span: Span::new(self.file, start, start + text.len()),
            }
        });
        match (&open, &head) {
            (Some(open), _) if !has(pair, Rule::close_brace) => self.unclosed(pair, open, block),
            (None, Some(head)) => self.unopened(pair, head, block),
            _ => {}
        }
        match (head, bad) {
            (_, Some(bad)) => Err(bad),
            (Some(head), None) => Ok(head),
            (None, None) => unreachable!("the grammar gives every block a head, good or bad"),
        }
    }

    fn unopened(&mut self, pair: &Pair<'t>, head: &Pair<'t>, block: Block) {
        let span = Span::new(self.file, pair.as_span().start(), end(head));
        let line = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        let message = format!("{} needs its statements in braces", block.name());
        self.tell(BLOCK_UNOPENED.at(span, message).help(format!("write `{line} {{`, and `}}` at its end")));
    }

    fn unclosed(&mut self, pair: &Pair<'t>, open: &Pair<'t>, block: Block) {
        let open = self.span(open);
        let told = BLOCK_OPEN.at(open, "this block is never closed").label(open, "opened here");
        let stop = pair.as_span().end();
        let rest = self.text.get(stop..).unwrap_or("");
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if word.is_empty() {
            return self.tell(told.help("add the missing `}` at its end"));
        }
        self.left_open = true;
        let next = Span::new(self.file, stop, stop + word.len());
        let why = format!("`{word}` cannot stand in {}", block.name());
        let help = format!("close the block with `}}` before line {}", self.lines.line_of(stop));
        self.tell(told.label(next, why).help(help));
    }

    /// A `}` at the top of a file. Where a block was left open above, this is its end, and is told already.
    fn stray_close(&mut self, span: Span) {
        if !self.left_open {
            let told = BLOCK_STRAY.at(span, "this `}` closes nothing");
            self.tell(told.help("remove it, or look above for a block that was closed too early"));
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

    fn drop_docs(&mut self) {
        if let Some(doc) = self.take_doc() {
            self.doc_misplaced(doc.span);
        }
    }

    fn doc_misplaced(&mut self, span: Span) {
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

    /// A line that no statement matches: it is told why.
    fn bad(&mut self, pair: &Pair<'t>, block: Block) -> Bad {
        let start = pair.as_span().start();
        let text = pair.as_str().trim_end();
        let told = recover::explain(self, block, text, start);
        if !self.follows_from_open_block(&told, block) {
            self.tell(told);
        }
        Bad { name: self.defined_name(text, start), span: Span::new(self.file, start, start + text.len()) }
    }

    /// Whether a misplaced statement is only the consequence of a block that is told to be open.
    fn follows_from_open_block(&self, told: &Diagnostic, block: Block) -> bool {
        told.code == crate::codes::STATEMENT_MISPLACED.name && block == Block::Top && self.left_open
    }

    /// A statement that matched the grammar and is wrong all the same, and told.
    fn broken(&self, pair: &Pair<'_>) -> Bad {
        let span = self.span(pair);
        Bad { name: self.defined_name(pair.as_str(), span.start as usize), span }
    }

    /// The name that a statement seems to define: the one behind its first word, or the state of a
    /// derivative.
    fn defined_name(&self, text: &str, start: usize) -> Option<Name> {
        let mut words = recover::words(text);
        let (at, first) = words.next()?;
        let derivative = text.get(at + first.len()..).is_some_and(|rest| rest.trim_start().starts_with('\''));
        let (at, name) = if derivative { (at, first) } else { words.find(|(_, word)| *word != first)? };
        let span = Span::new(self.file, start + at, start + at + name.len());
        Some(Name { text: name.to_owned(), span })
    }
}

/// Whether a statement ends itself. A block that is not closed ends before the next statement, and has
/// read the doc comment of that statement.
fn closed(pair: &Pair<'_>) -> bool {
    !has(pair, Rule::open_brace) || has(pair, Rule::close_brace)
}
