//! Axes: where numbers lie along them, and which of them have ticks.

use super::digits::{fixed, power_of_ten};
use super::letters::width;
use super::portable::{exponent, ln, ten};
use super::span::Span;
use super::theme::THEME;

/// Between the labels of two ticks, at least.
const APART: f64 = 6.0;
/// About as much room has a tick of a horizontal axis, and of an upright one.
const ROOM: (f64, f64) = (26.0, 20.0);
/// No axis has more ticks.
const MOST: usize = 7;
/// Numbers are written with a power of ten from this exponent on, and up to this one.
const PLAIN: (i32, i32) = (-3, 5);
/// An axis of powers is worth it from this quotient on.
const DECADE: f64 = 10.0;

/// A number with a tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The number.
    pub at: f64,
    /// How it is written; a small tick has nothing.
    pub label: String,
}

/// An axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it shows, from end to end.
    pub span: Span,
    /// Whether equal quotients are equally long.
    pub log: bool,
    /// Its ticks, upwards.
    pub ticks: Vec<Tick>,
    /// The labels are to be read as so many powers of ten.
    pub exponent: i32,
}

/// Which way an axis goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// From left to right.
    Right,
    /// From bottom to top.
    Up,
}

impl Axis {
    /// An axis of a length in pixels, with as many ticks as there is room for.
    pub fn new(span: Span, way: Way, length: f64) -> Axis {
        Axis::fitting(span.opened(), way, length, false)
    }

    /// As [`Axis::new`], with equal quotients equally long where that says more: where all numbers are above zero, and the
    /// largest is at least ten times the smallest.
    pub fn by_powers(span: Span, way: Way, length: f64) -> Axis {
        let log = spans_powers(span);
        Axis::fitting(if log { span } else { span.opened() }, way, length, log)
    }

    fn fitting(span: Span, way: Way, length: f64, log: bool) -> Axis {
        let room = if way == Way::Right { ROOM.0 } else { ROOM.1 };
        let most = ((length / room) as usize).clamp(2, MOST);
        let with = |most: usize| {
            let (ticks, exponent) = if log { powers(span, most) } else { steps(span, most) };
            Axis { span, log, ticks, exponent }
        };
        let fits = |axis: &Axis| way == Way::Up || axis.fits(length);
        // Steps of 1, 2 and 5 leap, and one or two ticks tell little: rather more than there is ample room for.
        let tells = |axis: &Axis| fits(axis) && axis.ticks.len() > 2;
        let telling = (2..=most).rev().chain(most + 1..=MOST).map(with).find(tells);
        // Where the only tick would fall beside the range, two or one of two lie in it.
        let one = || Some(with(1)).filter(|axis| !axis.ticks.is_empty());
        let few = || (2..=most).rev().map(with).find(fits).or_else(one).unwrap_or_else(|| with(2));
        telling.unwrap_or_else(few)
    }

    /// Where a number lies, as a share of the length.
    pub fn share(&self, x: f64) -> f64 {
        let Span { low, high } = self.span;
        if self.log { (ln(x) - ln(low)) / (ln(high) - ln(low)) } else { (x - low) / (high - low) }
    }

    fn fits(&self, length: f64) -> bool {
        let labelled: Vec<&Tick> = self.ticks.iter().filter(|tick| !tick.label.is_empty()).collect();
        labelled.iter().zip(labelled.iter().skip(1)).all(|(one, next)| {
            let between = (self.share(next.at) - self.share(one.at)) * length;
            between >= (one.width() + next.width()) / 2.0 + APART
        })
    }

    /// Without the labels that reach further beyond the ends than this, on a horizontal axis.
    pub fn within(mut self, length: f64, beyond: f64) -> Axis {
        for place in 0..self.ticks.len() {
            let share = self.ticks.get(place).map_or(0.0, |tick| self.share(tick.at));
            if let Some(tick) = self.ticks.get_mut(place) {
                let half = tick.width() / 2.0;
                if share * length + beyond < half || (1.0 - share) * length + beyond < half {
                    tick.label.clear();
                }
            }
        }
        self
    }

    /// The width of the widest label.
    pub fn widest(&self) -> f64 {
        self.ticks.iter().map(Tick::width).fold(0.0, f64::max)
    }

    /// A name with what its numbers are in: their unit, and a power of ten.
    pub fn titled(&self, name: &str, unit: Option<&str>) -> String {
        let power = (self.exponent != 0).then(|| power_of_ten(self.exponent));
        let inside: Vec<&str> =
            power.as_deref().into_iter().chain(unit.filter(|unit| !unit.is_empty())).collect();
        if inside.is_empty() { name.to_owned() } else { format!("{name} ({})", inside.join(" ")) }
    }
}

impl Tick {
    fn width(&self) -> f64 {
        width(&self.label, THEME.text)
    }
}

/// Whether numbers are better shown by their quotients.
fn spans_powers(span: Span) -> bool {
    span.low > 0.0 && span.high / span.low >= DECADE
}

/// A step between ticks: a digit of 1, 2 or 5 and a power of ten.
#[derive(Clone, Copy)]
struct Step {
    digit: i64,
    power: i32,
}

impl Step {
    /// So many steps from zero, over a power of ten.
    fn times(self, count: i64, over: i32) -> f64 {
        let (number, power) = ((self.digit * count) as f64, self.power - over);
        // A power below one is no exact number, but its inverse is.
        if power < 0 { number / ten(-power) } else { number * ten(power) }
    }

    /// How many steps from zero the first and the last tick in a range are.
    fn ends(self, span: Span) -> (i64, i64) {
        let size = self.times(1, 0);
        ((span.low / size - 1e-9).ceil() as i64, (span.high / size + 1e-9).floor() as i64)
    }
}

/// At most so many ticks at equal steps, and the power of ten that their labels are to be read with.
fn steps(span: Span, most: usize) -> (Vec<Tick>, i32) {
    let least = exponent(span.width() / most.max(1) as f64);
    let all = (least..least + 3).flat_map(|power| [1, 2, 5].map(|digit| Step { digit, power }));
    let few = |step: &Step| {
        let (first, last) = step.ends(span);
        last - first < most as i64
    };
    let Some(step) = all.into_iter().find(few) else { return (Vec::new(), 0) };
    let large = exponent(span.low.abs().max(span.high.abs()));
    let over = if (PLAIN.0..=PLAIN.1).contains(&large) { 0 } else { large };
    let decimals = (over - step.power).max(0) as usize;
    let (first, last) = step.ends(span);
    let tick =
        |count: i64| Tick { at: step.times(count, 0), label: fixed(step.times(count, over), decimals) };
    ((first..=last).map(tick).collect(), over)
}

/// Ticks at powers of ten, and at twice and five times these where there are few; those between are small.
fn powers(span: Span, most: usize) -> (Vec<Tick>, i32) {
    let (first, last) = (exponent(span.low), exponent(span.high));
    let labelled = |digits: &[i64], every: i32| {
        let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
        let all = powers
            .flat_map(|power| digits.iter().map(move |digit| (*digit, power)))
            .filter(|own| inside(*own, span));
        all.collect::<Vec<(i64, i32)>>()
    };
    let coarser = (1..=200).map(|every| labelled(&[1], every));
    let choices = [labelled(&[1, 2, 5], 1), labelled(&[1, 3], 1)].into_iter().chain(coarser);
    let chosen = choices.into_iter().find(|choice| choice.len() <= most).unwrap_or_default();
    if chosen.len() < 2 {
        return steps(span, most);
    }
    let plain = chosen.iter().all(|(_, power)| (PLAIN.0..=PLAIN.1).contains(power));
    let fine = if last - first <= 6 { labelled(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 1) } else { labelled(&[1], 1) };
    let ticks = fine.iter().map(|own| Tick {
        at: value(*own),
        label: if chosen.contains(own) { written(*own, plain) } else { String::new() },
    });
    (ticks.collect(), 0)
}

fn value((digit, power): (i64, i32)) -> f64 {
    Step { digit, power }.times(1, 0)
}

fn inside(own: (i64, i32), span: Span) -> bool {
    let value = value(own);
    span.low * (1.0 - 1e-9) <= value && value <= span.high * (1.0 + 1e-9)
}

fn written((digit, power): (i64, i32), plain: bool) -> String {
    match (plain, digit) {
        (true, _) => fixed(value((digit, power)), (-power).max(0) as usize),
        (false, 1) => power_of_ten(power),
        (false, _) => format!("{digit}×{}", power_of_ten(power)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).filter(|label| !label.is_empty()).collect()
    }

    fn right(low: f64, high: f64, length: f64) -> Axis {
        Axis::new(Span { low, high }, Way::Right, length)
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&right(0.0, 1.0, 300.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&right(-1.13, 0.97, 120.0)), ["−1", "0"]);
        assert_eq!(labels(&right(-4.1, 4.1, 124.0)), ["−4", "−2", "0", "2", "4"]);
        assert_eq!(
            labels(&right(0.0, 100_000.0, 300.0)),
            ["0", "20,000", "40,000", "60,000", "80,000", "100,000"]
        );
        let small = right(0.0, 4e-7, 300.0);
        assert_eq!(
            (labels(&small), small.titled("k", Some("1/s"))),
            (vec!["0", "1", "2", "3", "4"], "k (10⁻⁷ 1/s)".into())
        );
    }

    #[test]
    fn ticks_lie_within_and_leave_less_than_a_step_at_each_end() {
        for (low, high) in
            [(0.0, 1.0), (-3.7, 12.9), (1e-9, 3e-9), (1e6, 1e6 + 3.0), (-1e80, 1e80), (5.0, 5.0)]
        {
            for length in [40.0, 90.0, 400.0] {
                let axis = right(low, high, length);
                let at: Vec<f64> = axis.ticks.iter().map(|tick| tick.at).collect();
                assert!(!at.is_empty() && at.len() <= MOST, "{low} {high} {length}: {at:?}");
                let slack = 1e-8 * axis.span.width();
                assert!(at.iter().all(|x| axis.span.low - slack <= *x && *x <= axis.span.high + slack));
                if let [first, second, ..] = at[..] {
                    let step = second - first + slack;
                    assert!(
                        first - axis.span.low < step && axis.span.high - at[at.len() - 1] < step,
                        "{at:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn labels_do_not_touch() {
        for high in [1.0, 7.3, 123_456.0, 1e-5] {
            for length in [60.0, 100.0, 250.0] {
                let axis = right(-high, high, length);
                let places: Vec<(f64, f64)> =
                    axis.ticks.iter().map(|tick| (axis.share(tick.at) * length, tick.width())).collect();
                assert!(places.windows(2).all(|pair| pair[1].0 - pair[0].0 > (pair[0].1 + pair[1].1) / 2.0));
            }
        }
    }

    #[test]
    fn powers_are_for_wide_ranges_above_zero() {
        let of = |low: f64, high: f64| Axis::by_powers(Span { low, high }, Way::Right, 300.0);
        assert_eq!(labels(&of(1.0, 40_000.0)), ["1", "10", "100", "1000", "10,000"]);
        assert_eq!(labels(&of(0.02, 0.9)), ["0.02", "0.05", "0.1", "0.2", "0.5"]);
        assert_eq!(labels(&of(1.0, 1e9)), ["10⁰", "10²", "10⁴", "10⁶", "10⁸"]);
        assert!(!of(1.0, 9.0).log && !of(0.0, 100.0).log && !of(-1.0, 100.0).log);
        assert!((of(1.0, 100.0).share(10.0) - 0.5).abs() < 1e-12);
    }
}
