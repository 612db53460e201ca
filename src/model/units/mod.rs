//! Units: what dimension they have, how large they are, and how they are written.
//!
//! A [`Unit`] has a [`Dimension`] (powers of the base quantities, which may be fractions: evidence of a drift-diffusion is in
//! `sqrt(s)`), a [`Scale`] (how many base units it is, as exact powers of primes, so that a millisecond is exactly a
//! thousandth of a second) and the names that the user wrote, which are all that messages and tables show.

mod factor;
mod gauge;
mod measure;
mod names;
mod power;
mod prefix;
mod scale;
mod table;
mod unit;

pub(crate) use factor::{Factor, Step};
pub use gauge::Gauge;
pub(crate) use measure::Measure;
pub(crate) use names::{Units, Unknown, definition, is_count};
pub(crate) use power::{Dimension, Power};
pub(crate) use scale::Scale;
pub(crate) use unit::Unit;

#[cfg(test)]
mod tests;
