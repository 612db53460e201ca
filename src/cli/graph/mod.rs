//! `sbi graph`: what depends on what in the models of a file, and what each of its queries lets a network look at.
//!
//! Nothing is simulated or trained, so that it works for every file that checks.

mod fusion;
mod json;
mod statements;
mod summary;
mod svg;
mod text;
mod view;
mod words;

use super::args::{self, GraphFormat};
use super::failure::{Failure, Outcome, print};
use super::report;
use super::spec::{Checked, look};
use view::View;

/// Columns of text where standard output is no terminal.
const WIDTH: usize = 100;

/// Prints the graphs of a file.
pub fn graph(args: &args::Graph) -> Outcome {
    let Checked { source, diagnostics, file, .. } = look(&args.file)?;
    report::show(&source, &diagnostics);
    let file = file.ok_or_else(|| Failure::wrong(report::tally(&source, &diagnostics)))?;
    let view = View::of(&file, &args.query)?;
    print(&match args.format {
        GraphFormat::Text => text::text(&view, width(), args.elements),
        GraphFormat::Json => json::json(&view),
        GraphFormat::Svg => svg::svg(&view, source.name()),
    })
}

/// How many characters a line of the terminal has.
fn width() -> usize {
    comfy_table::Table::new().width().map_or(WIDTH, usize::from).max(40)
}
