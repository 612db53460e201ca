//! Whether posteriors are calibrated: ranks of true values among draws of their posteriors, which are uniform if they are
//! (Talts et al. 2018).

use super::Unplottable;
use super::axis::{Axis, Way};
use super::binomial::{band, interval};
use super::chart::{Chart, Words};
use super::element::Element;
use super::frame::{Frame, Panel, height_below, title_away, width_beside};
use super::legend::{Key, column, rows};
use super::letters::cut;
use super::marks::{centred, dashed, drawn as line, filled, rectangle, stroke};
use super::page::{EDGE, page};
use super::span::Span;
use super::theme::{THEME, look};

/// The size of the panel of differences.
const SIZE: (f64, f64) = (340.0, 220.0);
/// Differences are shown at so many ranks at most.
const PLACES: usize = 100;
/// More ranks of a parameter are refused: their band would take many seconds.
const MOST: usize = 100_000;
/// Bands hold together, or pointwise, with this probability.
const LEVEL: f64 = 0.95;
/// The size of a panel with a histogram, and how many stand beside each other.
const HISTOGRAM: (f64, f64) = (150.0, 90.0);
const ABREAST: usize = 4;
/// Between histograms.
const APART: (f64, f64) = (22.0, 24.0);
/// Bins of a histogram: at least, at most, and how many ranks each should have.
const BINS: (usize, usize) = (5, 25);
const EACH: usize = 10;

/// Ranks of true values.
#[derive(Clone, Copy, Debug)]
pub struct Ranks<'a> {
    /// What the picture is called by those who do not see it.
    pub title: &'a str,
    /// The draws of each posterior: ranks go from 0, where none is less than the true value, to this.
    pub draws: usize,
    /// For each parameter its name and `[data sets]` ranks, as many for each.
    pub parameters: &'a [(&'a str, &'a [usize])],
}

/// Draws how the cumulative distribution of ranks differs from the uniform one, a line for each parameter, with a band that
/// all of a line stays in with probability 95 % if the posterior is calibrated.
///
/// With N data sets, the number of ranks below a share z is binomial; the band is made of its intervals of equal
/// probability 1 - γ at up to 100 shares, with the largest γ for which a whole line of uniform ranks stays in them with
/// probability 95 % (Säilynoja, Bürkner and Vehtari 2022). That probability is summed exactly and not simulated.
///
/// # Errors
/// There are no ranks, a rank is larger than the draws, or parameters have different numbers of ranks.
pub fn ecdf_difference(plot: &Ranks) -> Result<String, Unplottable> {
    let count = checked(plot)?;
    let levels = plot.draws + 1;
    // Ranks up to which ranks are counted: all, or as many as are told apart. Up to the last one lie all.
    let some = PLACES.min(levels);
    let upto: Vec<usize> = (1..some).map(|place| place * levels / some).collect();
    let shares: Vec<f64> = upto.iter().map(|own| *own as f64 / levels as f64).collect();
    let chance: Vec<[f64; 3]> = shares
        .iter()
        .zip(band(count, &shares, LEVEL))
        .map(|(share, (low, high))| {
            [*share, low as f64 / count as f64 - share, high as f64 / count as f64 - share]
        })
        .collect();
    let chance = ends([0.0; 3], chance, [1.0, 0.0, 0.0]);
    let lines: Vec<Vec<(f64, f64)>> =
        plot.parameters.iter().map(|(_, ranks)| differences(ranks, &upto, &shares)).collect();
    let all =
        lines.iter().flatten().map(|point| point.1).chain(chance.iter().flat_map(|own| [own[1], own[2]]));
    let span = Span::of(all).unwrap_or(Span { low: 0.0, high: 0.0 });
    let high = span.low.abs().max(span.high.abs());
    let x = Axis::new(Span { low: 0.0, high: 1.0 }, Way::Right, SIZE.0);
    let y = Axis::new(Span { low: -high, high }.padded(0.04), Way::Up, SIZE.1);
    let chart = Chart::new(x, y, SIZE, vec![Key::area(THEME.chance, "95 % of calibrated lines")]);
    let panel = chart.panel();
    let mut drawn =
        vec![filled(panel.strip(&chance), THEME.chance), stroke(panel.level(0.0), THEME.guide, THEME.thin)];
    drawn.extend(lines.iter().enumerate().map(|(place, points)| line(panel.line(points), look(place))));
    let keys = plot
        .parameters
        .iter()
        .enumerate()
        .map(|(place, (name, _))| Key::line(|path| line(path, look(place)), *name));
    let mut right = column(keys.collect());
    right.element = Element::group().child(right.element.at(14.0, panel.frame.top));
    right.width += 14.0;
    let about =
        format!("How ranks of {} differ from uniform ones; {}", names(plot), outside(plot, &lines, &chance));
    let words = Words { title: plot.title, about, x: "rank, as a share", y: "ECDF difference" };
    Ok(chart.page(&words, drawn, Some(right)))
}

fn ends<T>(first: T, inner: Vec<T>, last: T) -> Vec<T> {
    std::iter::once(first).chain(inner).chain([last]).collect()
}

/// Shares, and by how much the share of ranks below each is more than it.
fn differences(ranks: &[usize], upto: &[usize], shares: &[f64]) -> Vec<(f64, f64)> {
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let below = |upto: usize| sorted.partition_point(|rank| *rank < upto) as f64 / sorted.len().max(1) as f64;
    let inner = upto.iter().zip(shares).map(|(upto, share)| (*share, below(*upto) - share)).collect();
    ends((0.0, 0.0), inner, (1.0, 0.0))
}

/// Which lines leave the band.
fn outside(plot: &Ranks, lines: &[Vec<(f64, f64)>], chance: &[[f64; 3]]) -> String {
    let leaves = |line: &Vec<(f64, f64)>| {
        line.iter().zip(chance).any(|((_, y), [_, low, high])| *y < low - 1e-12 || *y > high + 1e-12)
    };
    let outside: Vec<&str> = plot
        .parameters
        .iter()
        .zip(lines)
        .filter(|(_, line)| leaves(line))
        .map(|((name, _), _)| *name)
        .collect();
    if outside.is_empty() {
        "none leaves the 95 % band".to_owned()
    } else {
        format!("{} leave the 95 % band", outside.join(", "))
    }
}

/// Draws a histogram of ranks for each parameter, with the counts that each bar has with probability 95 % if the posterior
/// is calibrated; bars that leave these are filled.
///
/// # Errors
/// As for [`ecdf_difference`].
pub fn rank_histogram(plot: &Ranks) -> Result<String, Unplottable> {
    let count = checked(plot)?;
    let bins = Bins::of(plot.draws + 1, count);
    let all: Vec<Vec<usize>> = plot.parameters.iter().map(|(_, ranks)| bins.counts(ranks)).collect();
    let highest =
        all.iter().flatten().copied().chain(bins.chance(count).iter().map(|own| own.1)).max().unwrap_or(1);
    let x = Axis::new(Span { low: -0.5, high: plot.draws as f64 + 0.5 }, Way::Right, HISTOGRAM.0)
        .within(HISTOGRAM.0, 15.0);
    let y = Axis::new(Span { low: 0.0, high: 1.06 * highest as f64 }, Way::Up, HISTOGRAM.1);
    // As many in each line as in the others, or one more.
    let abreast = plot.parameters.len().div_ceil(plot.parameters.len().div_ceil(ABREAST));
    let keys = vec![Key::area(THEME.chance, "95 % of calibrated bars"), Key::area(THEME.accent, "outside")];
    let legend = rows(keys, abreast as f64 * (HISTOGRAM.0 + APART.0));
    let (left, top) = (EDGE + width_beside(y.widest()), EDGE + legend.height + THEME.line + 8.0);
    let (wide, high) = (HISTOGRAM.0 + APART.0, HISTOGRAM.1 + height_below(false) + APART.1);
    let mut drawn = vec![legend.element.at(left, EDGE)];
    let lines = plot.parameters.len().div_ceil(abreast);
    for (place, ((name, _), counts)) in plot.parameters.iter().zip(&all).enumerate() {
        let (row, column) = (place / abreast, place % abreast);
        let (left, top) = (left + column as f64 * wide, top + row as f64 * high);
        let frame = Frame { left, top, width: HISTOGRAM.0, height: HISTOGRAM.1 };
        drawn.push(bins.draw(&Panel { frame, x: &x, y: &y }, counts, count));
        let name = cut(name, THEME.text, HISTOGRAM.0);
        drawn.push(centred(&name, left + HISTOGRAM.0 / 2.0, top - 5.0).with("font-weight", "bold"));
        let lowest = place + abreast >= plot.parameters.len();
        drawn.push(frame.below(&x, true, lowest.then_some("rank")));
        let away = title_away(y.widest());
        drawn.push(frame.beside(&y, column == 0, (column == 0).then_some(("data sets", away))));
    }
    let width = (left + abreast as f64 * wide).max(left + legend.width + EDGE);
    let height = top + (lines - 1) as f64 * high + HISTOGRAM.1 + height_below(true) + EDGE;
    let about = format!("Histograms of the ranks of {} with bands of 95 %", names(plot));
    Ok(page(plot.title, &about, (width, height), drawn))
}

/// How many data sets there are.
fn checked(plot: &Ranks) -> Result<usize, Unplottable> {
    let counts = || plot.parameters.iter().map(|(_, ranks)| ranks.len());
    let count = counts()
        .next()
        .filter(|count| *count > 0)
        .ok_or_else(|| Unplottable::because("there are no ranks"))?;
    if let Some(other) = counts().find(|other| *other != count) {
        return Err(Unplottable::because(format!("some parameters have {count} ranks and others {other}")));
    }
    if count > MOST {
        return Err(Unplottable::because(format!(
            "there are {count} ranks, and no more than {MOST} are drawn"
        )));
    }
    let far = plot.parameters.iter().find(|(_, ranks)| ranks.iter().any(|rank| *rank > plot.draws));
    match far {
        Some((name, _)) => {
            Err(Unplottable::because(format!("a rank of {name} is larger than the {} draws", plot.draws)))
        }
        None => Ok(count),
    }
}

fn names(plot: &Ranks) -> String {
    plot.parameters.iter().map(|(name, _)| *name).collect::<Vec<&str>>().join(", ")
}

fn bar(corner: (f64, f64), size: (f64, f64), outside: bool) -> Element {
    let (fill, edge) = if outside { (THEME.accent, THEME.accent) } else { (THEME.inner, THEME.main) };
    let bar = rectangle(corner, size).with("fill", fill);
    bar.with("stroke", edge).with("stroke-width", THEME.thin)
}

/// Where a bin that begins with a rank begins.
fn edge(rank: usize) -> f64 {
    rank as f64 - 0.5
}

/// Bins of ranks.
struct Bins {
    /// Where each begins, and last where the ranks end.
    edges: Vec<usize>,
}

impl Bins {
    /// As many as have enough data sets each; if possible so many that all are as wide.
    fn of(levels: usize, count: usize) -> Bins {
        let most = (count / EACH).clamp(BINS.0, BINS.1).min(levels);
        let even = (most.div_ceil(2)..=most).rev().find(|bins| levels.is_multiple_of(*bins));
        let bins = even.unwrap_or(most);
        Bins { edges: (0..=bins).map(|bin| bin * levels / bins).collect() }
    }

    /// Where each begins and ends.
    fn each(&self) -> impl Iterator<Item = (usize, usize)> {
        self.edges.iter().copied().zip(self.edges.iter().copied().skip(1))
    }

    fn counts(&self, ranks: &[usize]) -> Vec<usize> {
        let mut sorted = ranks.to_vec();
        sorted.sort_unstable();
        let below = |edge: usize| sorted.partition_point(|rank| *rank < edge);
        self.each().map(|(from, to)| below(to) - below(from)).collect()
    }

    /// The counts that each bin may well have.
    fn chance(&self, count: usize) -> Vec<(usize, usize)> {
        let levels = self.edges.last().copied().unwrap_or(1) as f64;
        self.each().map(|(from, to)| interval(count, (to - from) as f64 / levels, 1.0 - LEVEL)).collect()
    }

    fn draw(&self, panel: &Panel, counts: &[usize], count: usize) -> Element {
        let chance = self.chance(count);
        let ends = self.each().zip(&chance);
        let band =
            ends.flat_map(|((from, to), own)| [from, to].map(|x| [edge(x), own.0 as f64, own.1 as f64]));
        let band = panel.strip(&band.collect::<Vec<[f64; 3]>>());
        let levels = self.edges.last().copied().unwrap_or(1) as f64;
        let expected = self.each().map(|(from, to)| count as f64 * (to - from) as f64 / levels);
        let lines = [
            chance.iter().map(|own| own.0 as f64).collect(),
            chance.iter().map(|own| own.1 as f64).collect(),
        ];
        let limits = lines.map(|own: Vec<f64>| stroke(self.line(panel, own), THEME.axis, THEME.thin));
        let limits = limits.map(|own| dashed(own, "3 2"));
        let bars = self.each().zip(counts).zip(&chance).filter(|((_, own), _)| **own > 0);
        let bars = bars.map(|(((from, to), own), (low, high))| {
            let (left, top) = panel.place((edge(from), *own as f64));
            let (right, bottom) = panel.place((edge(to), 0.0));
            bar((left + 0.8, top), (right - left - 1.6, bottom - top), own < low || own > high)
        });
        Element::group().child(filled(band, THEME.chance)).children(bars).children(limits).child(stroke(
            self.line(panel, expected.collect()),
            THEME.axis,
            THEME.thin,
        ))
    }

    /// A line that is at a height in each bin.
    fn line(&self, panel: &Panel, heights: Vec<f64>) -> String {
        let points = self.each().zip(heights).flat_map(|((from, to), y)| [from, to].map(|x| (edge(x), y)));
        panel.line(&points.collect::<Vec<(f64, f64)>>())
    }
}
