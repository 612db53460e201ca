//! Plots as SVG text: pure functions from numbers to a picture that stands alone, without scripts, fonts and links.
//!
//! Numbers become text with fixed decimals, and only sums, products, quotients and roots enter, so that the same numbers
//! give the same bytes on every machine. What is not a number is left out; where nothing is left, [`Unplottable`] says so.
//!
//! | to see | call |
//! |---|---|
//! | draws of several quantities | [`corner()`] |
//! | draws of functions of a coordinate | [`bands()`] |
//! | how training went | [`losses()`] |
//! | whether posteriors are calibrated | [`ecdf_difference`], [`rank_histogram`], [`coverage()`] |
//! | a mask | [`matrix()`] |
//! | a score against a grid | [`lines()`] |

mod axis;
mod bands;
mod bandwidth;
mod binomial;
mod chart;
mod contour;
mod corner;
mod cosines;
mod coverage;
mod density;
mod digits;
mod element;
mod frame;
mod joint;
mod legend;
mod letters;
mod lines;
mod losses;
mod margin;
mod marks;
mod matrix;
mod page;
mod path;
mod portable;
mod ranks;
mod sample;
mod span;
mod surface;
mod theme;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod xml;

pub use bands::{Band, Bands, bands};
pub use corner::{Column, Corner, corner};
pub use coverage::{Coverage, Empirical, coverage};
pub use lines::{Lines, Scheme, lines};
pub use losses::{Losses, losses};
pub use matrix::{Group, Matrix, matrix};
pub use ranks::{Ranks, ecdf_difference, rank_histogram};

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
