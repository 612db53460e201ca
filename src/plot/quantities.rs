//! Draws of scalar quantities, as the corner and the row of margins take them, and what is said of both alike.

use super::digits::fixed;
use super::element::Element;
use super::legend::Key;
use super::margin::{Draws, Margin, Shown};
use super::marks::{Marker, before, main, truth};
use super::theme::THEME;
use super::{Unplottable, rows};

/// A larger share of draws beyond the view of a quantity is told.
const BEYOND: f64 = 0.003;

/// Draws of several quantities.
#[derive(Clone, Copy, Debug)]
pub struct Quantities<'a> {
    /// The quantities.
    pub columns: &'a [Column<'a>],
    /// `[draws × columns]`, row-major.
    pub draws: &'a [f64],
    /// `[prior draws × columns]`, row-major, in other numbers if need be.
    pub prior: Option<&'a [f64]>,
}

/// A quantity.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Its name.
    pub label: &'a str,
    /// The unit of its values.
    pub unit: Option<&'a str>,
    /// What it is, in a few words.
    pub doc: Option<&'a str>,
    /// Its true value.
    pub truth: Option<f64>,
}

/// The quantities in panels of a width.
pub fn margins(plot: &Quantities, size: f64) -> Result<Vec<Margin>, Unplottable> {
    let count = plot.columns.len();
    let draws = rows(plot.draws, count, "draws")?;
    let prior = plot.prior.map(|prior| rows(prior, count, "prior draws")).transpose()?;
    let column = |rows: &std::slice::ChunksExact<f64>, place: usize| {
        Draws::of(rows.clone().map(|row| row.get(place).copied().unwrap_or(f64::NAN)))
    };
    let margin = |(place, own): (usize, &Column)| {
        let prior = prior.as_ref().map(|prior| column(prior, place));
        Margin::new(own, column(&draws, place), prior, size)
    };
    let margins: Vec<Margin> = plot.columns.iter().enumerate().map(margin).collect();
    match margins.iter().all(|margin| margin.draws.sorted.is_empty()) {
        true => Err(Unplottable::because("none of the draws is a finite number")),
        false => Ok(margins),
    }
}

/// What lines and areas mean.
pub fn keys(plot: &Quantities, margins: &[Margin], shown: Shown) -> Vec<Key> {
    let pairs = shown == Shown::Pairs && plot.columns.len() > 1;
    let mut keys = vec![Key::line(main, "median")];
    if pairs {
        keys.push(Key::area(THEME.inner, "50 % of draws"));
    }
    keys.push(Key::area(THEME.outer, "90 % of draws"));
    if plot.prior.is_some() {
        keys.push(Key::line(before, "prior"));
    }
    if margins.iter().any(|own| own.truth.is_some()) {
        let key = Key::line(truth, "truth");
        keys.push(if pairs { key.marked(Marker::Square, THEME.accent) } else { key });
    }
    let beyond = margins.iter().map(|own| own.draws.beyond(own.view())).fold(0.0, f64::max);
    if beyond > BEYOND {
        keys.push(Key::of(Element::group(), format!("up to {} % beyond view", fixed(100.0 * beyond, 1))));
    }
    keys
}

/// What is to be seen, in words.
pub fn told(plot: &Quantities, margins: &[Margin]) -> String {
    let told = margins.iter().zip(plot.columns).map(|(margin, own)| match margin.summary() {
        Some(summary) => format!("{} {summary}", margin.title),
        None => format!("{} without finite draws", own.label),
    });
    let draws = plot.draws.len() / plot.columns.len().max(1);
    format!("Medians and 90 % intervals of {draws} draws: {}", told.collect::<Vec<String>>().join("; "))
}
