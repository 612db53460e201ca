//! Diagnostics of a spec as pictures for a terminal and as JSON for editors.

use super::failure;
use miette::{LabeledSpan, MietteHandlerOpts, NamedSource, ReportHandler};
use sbi_syntax::{Diagnostic, Severity, Source, Span};
use serde::Serialize;
use std::fmt;

/// More than these at once help nobody on a terminal.
const MOST_SHOWN: usize = 50;
/// Lines beyond this many bytes are not drawn: the place is named instead.
const LONGEST_LINE: usize = 400;

/// Draws diagnostics on standard error, in the order of the file.
pub fn show(source: &Source, diagnostics: &[Diagnostic]) {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|d| (d.span.file, d.span.start, d.severity));
    let named = NamedSource::new(source.name(), source.text().to_string());
    for diagnostic in sorted.iter().take(MOST_SHOWN) {
        failure::say(&draw(source, &named, diagnostic, failure::colour()));
    }
    if let Some(more @ 1..) = sorted.len().checked_sub(MOST_SHOWN) {
        failure::say(&format!("… and {more} more; `sbi check --json` prints all\n\n"));
    }
}

/// `2 errors in FILE`, `no errors in FILE`, with warnings and advice counted where there are any.
pub fn tally(source: &Source, diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let plural = |n: usize, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let parts = [
        Some(plural(count(Severity::Error), "error", "errors").unwrap_or_else(|| "no errors".into())),
        plural(count(Severity::Warning), "warning", "warnings"),
        plural(count(Severity::Advice), "advice", "pieces of advice"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{} in {}", parts.join(", "), source.name())
}

/// One diagnostic as editors read it.
#[derive(Serialize)]
pub struct Record<'a> {
    /// The file, as named on the command line.
    pub file: &'a str,
    /// Line from 1; none where the file as a whole is meant.
    pub line: Option<usize>,
    /// Column from 1, in characters.
    pub column: Option<usize>,
    /// Where it ends, exclusive.
    pub end_line: Option<usize>,
    /// See `end_line`.
    pub end_column: Option<usize>,
    /// `error`, `warning` or `advice`.
    pub severity: Severity,
    /// Its kebab-case code.
    pub code: &'a str,
    /// What is wrong.
    pub message: &'a str,
    /// Places that say why.
    pub labels: Vec<Note<'a>>,
    /// The edit that mends it.
    pub help: Option<&'a str>,
}

/// A place that says why.
#[derive(Serialize)]
pub struct Note<'a> {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    text: &'a str,
}

/// A diagnostic with its places as lines and columns.
pub fn record<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Record<'a> {
    let (start, end) = (source.position(diagnostic.span.start), source.position(diagnostic.span.end));
    let note = |(span, text): &'a (Span, String)| {
        let (start, end) = (source.position(span.start), source.position(span.end));
        Note { line: start.line, column: start.column, end_line: end.line, end_column: end.column, text }
    };
    Record {
        file: source.name(),
        line: Some(start.line),
        column: Some(start.column),
        end_line: Some(end.line),
        end_column: Some(end.column),
        severity: diagnostic.severity,
        code: diagnostic.code,
        message: &diagnostic.message,
        labels: diagnostic.labels.iter().map(note).collect(),
        help: diagnostic.help.as_deref(),
    }
}

fn draw(source: &Source, named: &NamedSource<String>, diagnostic: &Diagnostic, colour: bool) -> String {
    let picture = Picture { diagnostic, place: hidden_place(source, diagnostic), named };
    let handler = MietteHandlerOpts::new().color(colour).build();
    format!("{}\n", Drawn { handler: &handler, picture: &picture })
}

/// Where the diagnostic is, in words, if a line it points at is too long to be drawn.
fn hidden_place(source: &Source, diagnostic: &Diagnostic) -> Option<String> {
    let too_long = |span: &Span| {
        let (before, after) =
            source.text().split_at_checked(span.start as usize).unwrap_or((source.text(), ""));
        let line = before.bytes().rev().take_while(|b| *b != b'\n').take(LONGEST_LINE).count()
            + after.bytes().take_while(|b| *b != b'\n').take(LONGEST_LINE).count();
        line >= LONGEST_LINE
    };
    let spans = diagnostic.labels.iter().map(|(span, _)| span).chain([&diagnostic.span]);
    spans.into_iter().any(too_long).then(|| {
        let at = source.position(diagnostic.span.start);
        format!("{}:{}:{}", source.name(), at.line, at.column)
    })
}

/// A diagnostic in the terms of miette.
struct Picture<'a> {
    diagnostic: &'a Diagnostic,
    named: &'a NamedSource<String>,
    place: Option<String>,
}

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Debug::fmt(self.diagnostic, f)
    }
}

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.diagnostic.message),
            None => f.write_str(&self.diagnostic.message),
        }
    }
}

impl std::error::Error for Picture<'_> {}

impl miette::Diagnostic for Picture<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let word = match self.diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "advice",
        };
        Some(Box::new(format!("{word}: {}", self.diagnostic.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Advice => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.place.is_none().then_some(self.named as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let primary = self.diagnostic.span;
        let range = |span: Span| (span.start as usize, span.end.saturating_sub(span.start) as usize);
        let explained = self.diagnostic.labels.iter().any(|(span, _)| *span == primary);
        let bare = (!explained).then(|| LabeledSpan::new_primary_with_span(None, range(primary)));
        let labels = self.diagnostic.labels.iter().map(move |(span, text)| match *span == primary {
            true => LabeledSpan::new_primary_with_span(Some(text.clone()), range(*span)),
            false => LabeledSpan::new_with_span(Some(text.clone()), range(*span)),
        });
        Some(Box::new(bare.into_iter().chain(labels)))
    }
}

/// Gives miette's handler the formatter it wants.
struct Drawn<'a> {
    handler: &'a dyn ReportHandler,
    picture: &'a Picture<'a>,
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.handler.debug(self.picture, f)
    }
}
