//! Blocks: their statements, and the braces around them.

use crate::codes::{BLOCK_OPEN, BLOCK_STRAY, BLOCK_UNOPENED, STATEMENT_MISPLACED};
use crate::diag::Diagnostic;
use crate::grammar::{Pair, Rule, child, end, has, presume};
use crate::parse::Builder;
use crate::recover;
use crate::source::Span;
use crate::tree::{Bad, Name};
use crate::words::{self, Block};

impl<'t> Builder<'t> {
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
                _ if self.lost.contains(&pair.as_span().start()) => statements.push(bad(self.broken(&pair))),
                Rule::bad => {
                    statements.push(bad(self.bad(&pair, block)));
                    // What is wrong with the line is told; that its documentation has no statement follows.
                    self.docs.clear();
                }
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
                names: self.defined_names(text, start),
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
        let line = line.lines().next_back().unwrap_or("").trim_start();
        let message = format!("{} needs its statements in braces", block.name());
        self.tell(BLOCK_UNOPENED.at(span, message).help(format!("write `{line} {{`, and `}}` at its end")));
    }

    /// Says that statements of a block stand behind it without braces, where its head may stand alone as well.
    pub(crate) fn body_outside(&mut self, pair: &Pair<'t>, head: &Pair<'t>, block: Block) {
        let behind = self.text.get(end(pair)..).unwrap_or("");
        let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let next = behind.lines().find(code).unwrap_or("").trim_start();
        let own = recover::word_at(next).and_then(words::find);
        let own =
            own.is_some_and(|word| words::stands_in(word, block) && !words::stands_in(word, Block::Top));
        if own || next.starts_with('{') {
            self.unopened(pair, head, block);
            self.left_open = true;
        }
    }

    fn unclosed(&mut self, pair: &Pair<'t>, open: &Pair<'t>, block: Block) {
        let (open, taken) = match self.robbed(pair, open) {
            Some((inner, taken)) => {
                let stranger = stranger(&inner).filter(|stranger| *stranger < taken);
                self.lost = stranger.unwrap_or(taken)..taken;
                (self.span(&presume(&inner, Rule::open_brace)), stranger.or(Some(taken)))
            }
            None => (self.span(open), None),
        };
        let stop = pair.as_span().end();
        let rest = self.text.get(stop..).unwrap_or("");
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if taken.is_none() && !word.is_empty() && self.indent(stop) > self.indent(open.start as usize) {
            self.left_open = true;
            let next = Span::new(self.file, stop, stop + word.len());
            let message = format!("`{word}` stands at the top of a file, not in {}", block.name());
            let told = STATEMENT_MISPLACED.at(next, message).label(open, "this is still open");
            return self.tell(told.help(format!("move it out of {}, above it", block.this())));
        }
        let told = BLOCK_OPEN.at(open, "this block is never closed").label(open, "opened here");
        let told = match word {
            "" => told,
            word => {
                self.left_open = true;
                let next = Span::new(self.file, stop, stop + word.len());
                told.label(next, format!("`{word}` cannot stand in {}", block.name()))
            }
        };
        let before = taken.or(Some(stop).filter(|_| !word.is_empty()));
        self.tell(told.help(match before {
            Some(before) => format!("close the block with `}}` before line {}", self.lines.line_of(before)),
            None => "add the missing `}` at its end".to_owned(),
        }));
    }

    /// The inner block that took the `}` of the block around it: its own line is indented further than
    /// that of its `}`. Gives it, and where the `}` stands.
    fn robbed(&self, pair: &Pair<'t>, open: &Pair<'t>) -> Option<(Pair<'t>, usize)> {
        let outer = self.indent(open.as_span().start());
        let bodies = pair.clone().into_inner().flat_map(Pair::into_inner);
        bodies.into_iter().find_map(|inner| {
            let open = child(&inner, Rule::open_brace)?;
            let close = child(&inner, Rule::close_brace)?.as_span().start();
            let start = open.as_span().start();
            let dedented = self.indent(close) <= outer && self.indent(start) > outer;
            (dedented && self.lines.line_of(start) < self.lines.line_of(close)).then_some((inner, close))
        })
    }

    /// How many bytes of space the line of a byte starts with.
    fn indent(&self, offset: usize) -> usize {
        let start = self.lines.start_of(self.lines.line_of(offset));
        let line = self.text.get(start..).unwrap_or("");
        line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// A `}` at the top of a file. Where a block was left open above, this is its end, and is told already.
    pub(crate) fn stray_close(&mut self, span: Span) {
        if !self.left_open {
            let told = BLOCK_STRAY.at(span, "this `}` closes nothing");
            self.tell(told.help("remove it, or look above for a block that was closed too early"));
        }
    }

    /// A line that no statement matches: it is told why.
    pub(crate) fn bad(&mut self, pair: &Pair<'t>, block: Block) -> Bad {
        let start = pair.as_span().start();
        let text = pair.as_str().trim_end();
        let told = recover::explain(self, block, text, start);
        // What was a block elsewhere has statements behind it that stand nowhere now.
        self.left_open |= block == Block::Top && recover::opens_model(text).is_some();
        if !self.follows_from_open_block(&told, block) {
            self.tell(told);
        }
        Bad { names: self.defined_names(text, start), span: Span::new(self.file, start, start + text.len()) }
    }

    /// Whether a misplaced statement is only the consequence of a block that is told to be open.
    fn follows_from_open_block(&self, told: &Diagnostic, block: Block) -> bool {
        let brace = self.text.get(told.span.range()) == Some("{");
        (told.code == STATEMENT_MISPLACED.name || brace) && block == Block::Top && self.left_open
    }

    /// A statement that matched the grammar and is wrong all the same, and told.
    pub(crate) fn broken(&self, pair: &Pair<'_>) -> Bad {
        let span = self.span(pair);
        Bad { names: self.defined_names(pair.as_str(), span.start as usize), span }
    }

    /// The names that a statement seems to define: those before the sign that says what they are, without
    /// the statement's word. `drift-rate` are two of them, and `a, b` as well.
    fn defined_names(&self, text: &str, start: usize) -> Vec<Name> {
        let own = text.strip_prefix("pub ").unwrap_or(text);
        let start = start + text.len() - own.len();
        let known = recover::word_at(own).is_some_and(|word| words::find(word).is_some());
        // `c(0) = 10` and `deriv(S) = …` name a state, where behind a word of the language brackets name inputs.
        let ends = |sign| "~=:{[\n".contains(sign) || sign == '(' && known;
        // In `vector[5] theta` and `param<lower = 0> theta` the name stands behind what is in brackets.
        let first = recover::word_at(own).map_or(0, str::len);
        let behind = own.get(first..).and_then(|behind| behind.lines().next()).unwrap_or("");
        let close = match behind.chars().next() {
            Some('[') => behind.find(']'),
            Some('<') => behind.find('>'),
            _ => None,
        };
        let skipped = close.map_or(first, |close| first + close + 1);
        let left = own.get(skipped..).and_then(|left| left.split(ends).next()).unwrap_or("");
        let named = |(at, name): (usize, &str)| Name {
            text: name.to_owned(),
            span: Span::new(self.file, start + at, start + at + name.len()),
        };
        let words = recover::words(left).map(|(at, word)| (at + skipped, word));
        let mut names: Vec<Name> = words.map(named).collect();
        names.extend(recover::word_at(own).filter(|_| !known).map(|word| named((0, word))));
        names
    }
}

/// Where the first statement of a block starts that cannot stand in it.
fn stranger(pair: &Pair<'_>) -> Option<usize> {
    let block = match pair.as_rule() {
        Rule::modality => Block::Modality,
        Rule::dynamics => Block::Dynamics,
        _ => return None,
    };
    let statements = pair.clone().into_inner().flat_map(Pair::into_inner);
    let strange = |statement: &Pair<'_>| match statement.as_rule() {
        Rule::bad => {
            let first = recover::word_at(statement.as_str()).and_then(words::find);
            first.is_some_and(|word| !words::stands_in(word, block))
        }
        // A modality holds data.
        Rule::modality | Rule::dynamics | Rule::axis | Rule::depends | Rule::missing => {
            block == Block::Modality
        }
        _ => false,
    };
    statements.into_iter().find(strange).map(|statement| statement.as_span().start())
}

/// Whether a statement ends itself. A block that is not closed ends before the next statement, and has
/// read the doc comment of that statement.
pub(crate) fn closed(pair: &Pair<'_>) -> bool {
    !has(pair, Rule::open_brace) || has(pair, Rule::close_brace)
}
