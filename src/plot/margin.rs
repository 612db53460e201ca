//! One quantity of several: its values, what is shown of them, and its panel.

use super::axis::{Axis, Way};
use super::density::{Density, density};
use super::digits::{fixed, rounded};
use super::element::Element;
use super::frame::{Frame, Panel};
use super::letters::{BOLD, bold, cut, width};
use super::marks::{before, dashed, faint, filled, main, rectangle, text, truth};
use super::path::pieces;
use super::portable::ten;
use super::quantities::Column;
use super::sample::{gap, quantile, quantiles, sorted, steps};
use super::span::{Span, plottable};
use super::surface::Extent;
use super::theme::THEME;

/// The share of draws that a view need not show at each end, and the share that it may leave out where tails are long.
const BEYOND: (f64, f64) = (0.001, 0.01);
/// Tails are long where they reach farther from the 90 % interval than so many of its widths.
const FARTHEST: f64 = 2.0;
/// Beyond its view, a density is known for this share of it, so that it is right within.
const MORE: f64 = 0.25;
/// The ends of the 90 % interval, and the median.
const SHOWN: [f64; 3] = [0.05, 0.5, 0.95];
/// A density is worth drawing of so many draws.
const ENOUGH: usize = 20;
/// A density that ends higher than this share of its highest point ends at a bound, and is drawn so.
const SHEER: f64 = 0.12;
/// A prior is shown up to so many times the height of what was found, which it would flatten else.
const TALLEST: f64 = 1.5;
/// Below its highest point, a density has this share of the panel's height.
const HIGH: f64 = 0.94;
/// The labels of a panel reach beyond it by no more than this, so as not to meet those of the next.
const OVERHANG: f64 = 4.0;

/// What is shown of several quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Each alone.
    Alone,
    /// Each, and each pair.
    Pairs,
}

/// The draws of a quantity.
pub struct Draws {
    /// In the order of draws; what has no place is NaN.
    pub values: Vec<f64>,
    /// Those that have a place, upwards.
    pub sorted: Vec<f64>,
    /// The distinct values with their counts, of a quantity that is discrete.
    pub steps: Option<Vec<(f64, usize)>>,
}

impl Draws {
    /// A column of a row-major table.
    pub fn of(values: impl Iterator<Item = f64>) -> Draws {
        let values: Vec<f64> = values.map(|x| if plottable(x) { x } else { f64::NAN }).collect();
        let sorted = sorted(values.iter().copied());
        let steps = steps(&sorted);
        Draws { values, sorted, steps }
    }

    /// The range of all that lies in the middle, or not far out.
    fn view(&self) -> Option<Span> {
        let of = |share: f64| quantile(&self.sorted, share);
        let [low, _, high] = quantiles(&self.sorted, SHOWN)?;
        let far = FARTHEST * (high - low);
        let bulk = Span {
            low: of(BEYOND.0)?.max(low - far).min(of(BEYOND.1)?),
            high: of(1.0 - BEYOND.0)?.min(high + far).max(of(1.0 - BEYOND.1)?),
        };
        let half = self.half_step();
        let wider = Span { low: bulk.low - half, high: bulk.high + half }.padded(0.08);
        Some(wider.meet(self.all()?).unwrap_or(bulk))
    }

    /// The range of all values; for those that come in steps, with half a step at each end.
    fn all(&self) -> Option<Span> {
        let (all, half) = (Span::of(self.sorted.iter().copied())?, self.half_step());
        Some(Span { low: all.low - half, high: all.high + half })
    }

    fn half_step(&self) -> f64 {
        self.steps.as_ref().map_or(0.0, |steps| 0.5 * gap(steps))
    }

    /// The share of draws beyond a view.
    pub fn beyond(&self, view: Span) -> f64 {
        let beyond = self.sorted.iter().filter(|x| !view.holds(**x)).count();
        beyond as f64 / self.sorted.len().max(1) as f64
    }

    /// What a density is made on, for a view: no range beyond the draws.
    pub fn extent(&self, view: Span) -> Option<Extent> {
        let span = self.all()?.meet(view.padded(MORE))?;
        let smoothed = self.steps.as_ref().map(|steps| 0.5 * gap(steps));
        (self.sorted.len() >= ENOUGH && !span.is_point()).then_some(Extent { span, smoothed })
    }

    fn density(&self, view: Span) -> Option<Density> {
        Some(density(&self.sorted, self.extent(view)?.span))
    }
}

/// A quantity with its axis.
pub struct Margin {
    /// Its name.
    name: String,
    /// Its name, its unit, and the power of ten that its numbers are in.
    pub title: String,
    /// What it is, in a few words; empty where that is not told.
    doc: String,
    /// What it truly is.
    pub truth: Option<f64>,
    /// Its draws.
    pub draws: Draws,
    /// What is known of it beforehand.
    pub prior: Option<Draws>,
    /// The axis from left to right.
    pub across: Axis,
    /// The same from bottom to top.
    pub up: Axis,
}

impl Margin {
    /// A quantity in panels of a width.
    pub fn new(own: &Column, draws: Draws, prior: Option<Draws>, size: f64) -> Margin {
        let truth = own.truth.filter(|truth| plottable(*truth));
        let view =
            draws.view().or(prior.as_ref().and_then(Draws::view)).unwrap_or(Span { low: 0.0, high: 1.0 });
        let view = view.and(truth).opened();
        let view = view.padded(0.04);
        let across = Axis::new(view, Way::Right, size);
        let title = across.titled(own.label, own.unit);
        let across = across.within(size, OVERHANG);
        Margin {
            name: own.label.to_owned(),
            title,
            doc: own.doc.unwrap_or_default().to_owned(),
            truth,
            draws,
            prior,
            across,
            up: Axis::new(view, Way::Up, size),
        }
    }

    /// Its name, what it is and its figures, above its panel, each cut to a width.
    pub fn heading(&self, frame: Frame, most: f64) -> Element {
        let line = |above: usize| frame.top - 6.0 - above as f64 * THEME.line;
        let name = text(&cut(&self.title, THEME.text, most / BOLD), frame.left, line(self.lines() - 1));
        let doc =
            (!self.doc.is_empty()).then(|| faint(&cut(&self.doc, THEME.text, most), frame.left, line(1)));
        let figures = self.summary().map(|words| text(&cut(&words, THEME.text, most), frame.left, line(0)));
        Element::group().child(name.with("font-weight", "bold")).children(doc).children(figures)
    }

    /// How high its heading is.
    pub fn heading_height(&self) -> f64 {
        self.lines() as f64 * THEME.line + 3.0
    }

    /// How wide its heading is, where it is cut to a width.
    pub fn heading_width(&self, most: f64) -> f64 {
        let figures = self.summary().map_or(0.0, |words| width(&words, THEME.text));
        let words = bold(&self.title, THEME.text).max(width(&self.doc, THEME.text));
        words.max(figures).min(most)
    }

    fn lines(&self) -> usize {
        if self.doc.is_empty() { 2 } else { 3 }
    }

    /// Its name for an axis of a length: with its unit if that fits, else as much of the name as does, with its end.
    pub fn short_title(&self, length: f64) -> String {
        if width(&self.title, THEME.text) <= length {
            self.title.clone()
        } else {
            cut(&self.name, THEME.text, length)
        }
    }

    /// What it shows.
    pub fn view(&self) -> Span {
        self.across.span
    }

    /// The median and the 90 % interval in figures.
    pub fn summary(&self) -> Option<String> {
        let [low, median, high] = quantiles(&self.draws.sorted, SHOWN)?;
        // Two digits of about a standard deviation, in the numbers of the axis.
        let unit = ten(self.across.exponent);
        let whole =
            self.draws.steps.as_ref().is_some_and(|steps| steps.iter().all(|step| step.0.fract() == 0.0));
        let figure = |x: f64| match whole && x.fract() == 0.0 && unit == 1.0 {
            true => fixed(x, 0),
            false => rounded(x / unit, (high - low) / 4.0 / unit),
        };
        let same = self.draws.sorted.first() == self.draws.sorted.last();
        let interval = if same { String::new() } else { format!(" [{}, {}]", figure(low), figure(high)) };
        Some(figure(median) + &interval)
    }

    /// Its panel.
    pub fn draw(&self, frame: Frame) -> Element {
        let group = Element::group();
        let group = match (&self.draws.steps, self.draws.density(self.view())) {
            _ if self.draws.sorted.is_empty() => group.child(frame.told("no finite draws")),
            (Some(steps), _) => self.draw_steps(group, frame, steps),
            (None, Some(density)) => self.draw_density(group, frame, &density),
            (None, None) => self.draw_few(group, frame),
        };
        group.children(self.draw_truth(frame))
    }

    fn draw_density(&self, group: Element, frame: Frame, density: &Density) -> Element {
        let view = self.view();
        let curve = density.curve(view);
        let prior = self.prior.as_ref().and_then(|prior| prior.density(view)).map(|prior| prior.curve(view));
        let highest = |curve: &[(f64, f64)]| curve.iter().map(|point| point.1).fold(0.0, f64::max);
        let (own, before_own) = (highest(&curve), prior.as_deref().map_or(0.0, highest));
        let highest = own.max(before_own.min(TALLEST * own));
        let up = Axis::new(Span { low: 0.0, high: highest / HIGH }, Way::Up, frame.height);
        let panel = Panel { frame, x: &self.across, y: &up };
        let outline = |curve: &[(f64, f64)]| {
            // No line goes down where the view ends before the density does, nor where a tail runs out.
            let own = curve.iter().map(|point| point.1).fold(0.0, f64::max);
            let ends = |(x, y): &&(f64, f64)| view.low < *x && *x < view.high && *y > SHEER * own;
            let foot = |end: Option<&(f64, f64)>| end.filter(ends).map(|(x, _)| (*x, 0.0));
            let (first, last) = (foot(curve.first()), foot(curve.last()));
            let seen = curve.iter().map(|(x, y)| (*x, if up.span.holds(*y) { *y } else { f64::NAN }));
            panel.line(&first.into_iter().chain(seen).chain(last).collect::<Vec<_>>())
        };
        let quantiles = quantiles(&self.draws.sorted, SHOWN);
        let interval = quantiles.and_then(|[low, _, high]| Span { low, high }.meet(view)).map(|interval| {
            let strip: Vec<[f64; 3]> = density.curve(interval).iter().map(|(x, y)| [*x, 0.0, *y]).collect();
            filled(panel.strip(&strip), THEME.outer)
        });
        let median = quantiles.map(|[_, median, _]| {
            let line = panel.line(&[(median, 0.0), (median, density.at(median))]);
            main(line)
        });
        group
            .children(interval)
            .children(prior.map(|prior| before(outline(&prior))))
            .child(main(outline(&curve)))
            .children(median)
    }

    /// A bar for each value, as high as its share; those of the 90 % interval are filled.
    fn draw_steps(&self, group: Element, frame: Frame, steps: &[(f64, usize)]) -> Element {
        let count = |steps: &[(f64, usize)]| steps.iter().map(|step| step.1).sum::<usize>().max(1) as f64;
        let most = steps.iter().map(|step| step.1).max().unwrap_or(1) as f64;
        let prior = self.prior.as_ref().and_then(|prior| prior.steps.as_deref()).unwrap_or_default();
        let before_most = prior.iter().map(|step| step.1).max().unwrap_or(0) as f64 / count(prior);
        let own = most / count(steps);
        let highest = own.max(before_most.min(TALLEST * own));
        let up = Axis::new(Span { low: 0.0, high: highest / HIGH }, Way::Up, frame.height);
        let panel = Panel { frame, x: &self.across, y: &up };
        let bar = |(value, own): &(f64, usize), half: f64, all: f64| {
            let (left, top) = panel.place((value - half, (*own as f64 / all).min(up.span.high)));
            let (right, bottom) = panel.place((value + half, 0.0));
            rectangle((left, top), (right - left, bottom - top)).with("stroke-width", THEME.thin)
        };
        let [low, _, high] = quantiles(&self.draws.sorted, SHOWN).unwrap_or_default();
        let interval = Span { low, high };
        let half = 0.36 * gap(steps);
        let shown = |steps: &[(f64, usize)]| -> Vec<(f64, usize)> {
            steps.iter().filter(|step| self.view().holds(step.0)).copied().collect()
        };
        let bars = shown(steps);
        let bars = bars.iter().map(|step| {
            let fill = if interval.holds(step.0) { THEME.outer } else { THEME.ground };
            bar(step, half, count(steps)).with("fill", fill).with("stroke", THEME.main)
        });
        let outlines = shown(prior);
        let outlines = outlines.iter().map(|step| {
            let outline =
                bar(step, 0.44 * gap(steps), count(prior)).with("fill", "none").with("stroke", THEME.guide);
            dashed(outline, "3 2")
        });
        group.children(bars).children(outlines)
    }

    /// A stroke for each of a few draws.
    fn draw_few(&self, group: Element, frame: Frame) -> Element {
        let mut values = self.draws.sorted.clone();
        values.dedup();
        let high = if values.len() == 1 { HIGH } else { 0.5 };
        group.child(main(self.uprights(frame, &values, high)))
    }

    fn draw_truth(&self, frame: Frame) -> Option<Element> {
        let known = self.truth?;
        Some(truth(self.uprights(frame, &[known], 1.0)))
    }

    fn uprights(&self, frame: Frame, values: &[f64], high: f64) -> String {
        pieces(values.iter().filter(|x| self.view().holds(**x)).map(|x| {
            let across = frame.left + self.across.share(*x) * frame.width;
            ((across, frame.bottom()), (across, frame.bottom() - high * frame.height))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Random;

    fn margin(values: impl Iterator<Item = f64>) -> Margin {
        Margin::new(
            &Column { label: "x", unit: None, doc: None, truth: None },
            Draws::of(values),
            None,
            100.0,
        )
    }

    #[test]
    fn bars_of_counts_lie_within_their_view() {
        let two = margin((0..100).map(|n| f64::from(n % 2)));
        assert!(two.view().low <= -0.5 && two.view().high >= 1.5, "{:?}", two.view());
        assert_eq!(two.summary().as_deref(), Some("0.50 [0, 1]"));
        assert_eq!(margin((0..100).map(|n| f64::from(n % 5))).summary().as_deref(), Some("2 [0, 4]"));
    }

    #[test]
    fn views_leave_out_what_is_far_and_rare() {
        let mut random = Random::new(13);
        let cauchy = margin((0..10_000).map(|_| random.normal() / random.normal()));
        assert!(cauchy.view().width() < 100.0 && cauchy.draws.beyond(cauchy.view()) < 0.02);
        let rare = margin((0..10_000).map(|n| if n % 50 == 0 { 60.0 } else { 0.0 } + random.normal()));
        assert!(rare.view().holds(60.0), "two in a hundred are no tail: {:?}", rare.view());
        let normal = margin((0..1000).map(|_| 5.0 + random.normal()));
        assert!(normal.draws.beyond(normal.view()) < 0.003 && normal.view().width() < 8.0);
    }

    #[test]
    fn one_value_is_its_own_summary() {
        assert_eq!(margin([2.0; 30].into_iter()).summary().as_deref(), Some("2.00"));
        assert_eq!(margin([f64::NAN; 3].into_iter()).summary(), None);
    }
}
