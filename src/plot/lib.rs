//! Plots as SVG text: pure functions from numbers to a picture that stands alone, without scripts, fonts and links.
//!
//! Numbers become text with fixed decimals, and only sums, products, quotients and roots enter, so that the same numbers
//! give the same bytes on every machine. What is not a number is left out; where nothing is left, [`Unplottable`] says so.
//!
//! | to see | call |
//! |---|---|
//! | draws of several quantities | [`corner()`] |
//! | draws of many quantities | [`margins()`] |
//! | draws of functions of a coordinate | [`bands()`] |
//! | how training went | [`losses()`] |
//! | a number against a setting, of several things | [`trends()`] |
//!
//! Each gives a [`Figure`], and a [`Page`] makes a picture of figures. [`element`] and [`letters`] serve other pictures
//! too.

mod axis;
mod bands;
mod bandwidth;
mod contour;
mod corner;
mod cosines;
mod density;
mod digits;
pub mod element;
mod frame;
mod joint;
mod legend;
pub mod letters;
mod losses;
mod margin;
mod margins;
mod marks;
mod page;
mod path;
mod portable;
mod quantities;
mod sample;
mod span;
mod surface;
mod theme;
mod trends;

#[cfg(test)]
mod tests;

pub use bands::{Band, bands};
pub use corner::corner;
pub use losses::{Losses, losses};
pub use margins::margins;
pub use page::{Figure, Page};
pub use quantities::{Column, Quantities};
pub use trends::{Trend, Trends, trends};

use std::fmt;

/// Why there is nothing to draw, as words that follow "cannot be plotted: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplottable(String);

impl Unplottable {
    fn because(why: impl Into<String>) -> Unplottable {
        Unplottable(why.into())
    }
}

impl fmt::Display for Unplottable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unplottable {}

/// The rows of a row-major table, after a look at its size.
///
/// # Errors
/// There are no columns or no rows, or the last row is not whole.
fn rows<'a>(
    values: &'a [f64],
    columns: usize,
    what: &str,
) -> Result<std::slice::ChunksExact<'a, f64>, Unplottable> {
    if columns == 0 || values.is_empty() {
        return Err(Unplottable::because(format!("there are no {what}")));
    }
    if !values.len().is_multiple_of(columns) {
        let told = format!("{} numbers are no table of {what} with {columns} columns", values.len());
        return Err(Unplottable::because(told));
    }
    Ok(values.chunks_exact(columns))
}
