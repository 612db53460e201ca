//! At how many levels of noise, and at which, draws look at the network: as few as a tolerance allows.
//!
//! A step is wrong where denoised values bend as noise falls. Where they do is found out by a few draws in many steps; levels are
//! laid densely there, and as many are taken as bring the same draws to the same places.

use crate::backend::ScoreBackend;
use crate::device::{Machine, on_device};
use crate::draw::{Conditional, DrawError, Try};
use crate::noise::{FIRST_TIME, Process, level};
use crate::parts::side_by_side;
use crate::solver::Solver;
use std::ops::ControlFlow;

/// Levels where none are chosen: for the preconditioned process, and for the published ones, evenly in time.
const STEPS: usize = 40;
const EULER_POINTS: usize = 500;

/// Curvature of levels between the highest and the lowest (Karras et al. 2022, equation 5).
const RHO: f64 = 10.0;

/// Draws in many steps, and how many.
const PILOTS: usize = 64;
const FINE: usize = 80;

/// How many levels are tried.
const TRIED: [usize; 11] = [8, 10, 12, 14, 17, 20, 24, 29, 35, 42, 50];

/// How far draws may end from where they should: so many of them within this share of the width of what is drawn, all directions
/// together. Errors are alike in all draws, which come out too narrow; how well that is told from exact draws grows with the
/// number of directions: 3 % in each of ten made a C2ST of .522 of what is .51.
const TOLERANCE: f64 = 0.05;
const WITHIN: f64 = 0.8;

/// That width is how far the nearest of so many pilots is, counted from the nearest: it is small where draws lie on a curve.
const NEIGHBOUR: usize = 3;

/// Levels are nowhere more than so many times rarer than on average.
const RAREST: f64 = 8.0;

/// Levels of noise that draws visit, from the highest to the lowest.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels(pub(crate) Vec<f64>);

impl Levels {
    /// So many levels, two at least, or as many as suit most: where nothing is known of what is drawn.
    pub fn of(process: &Process, count: Option<usize>) -> Levels {
        let (lowest, highest) = process.range();
        let levels = |count: usize, level: &dyn Fn(f64) -> f64| {
            Levels((0..count).map(|step| level(step as f64 / (count - 1) as f64)).collect())
        };
        match process {
            Process::Edm { .. } => {
                levels(count.unwrap_or(STEPS), &|share| level(share, [highest, lowest], RHO))
            }
            Process::Ve | Process::Vp => levels(count.unwrap_or(EULER_POINTS), &|share| {
                process.at_time(FIRST_TIME + (1.0 - share) * (1.0 - FIRST_TIME))
            }),
        }
    }

    /// How often a draw looks at the network.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Conditional<'_> {
    /// The levels for this question, by a few draws; the same for the same network and question. `go_on` is asked before each round of
    /// them and may stop the work.
    ///
    /// # Errors
    /// [`DrawError::Stopped`], [`DrawError::Device`].
    pub fn levels(
        &self,
        machine: &Machine,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Levels, DrawError> {
        let (process, drawn) = (self.weights.plan.process, self.drawn_along());
        let asked: Vec<usize> =
            self.question.infer.iter().copied().filter(|token| drawn.contains(token)).collect();
        if process.is_published() || asked.is_empty() {
            return Ok(Levels::of(&process, None));
        }
        on_device!(machine.device, DrawError::Device, B => {
            choose(&Levels::of(&process, Some(FINE)), |levels| match go_on().is_break() {
                true => Err(DrawError::Stopped),
                false => Ok(self.trace::<B>(&asked, levels, machine)),
            })
        })
    }

    /// What the pilots see at these levels.
    fn trace<'t, B: ScoreBackend>(
        &self,
        asked: &'t [usize],
        levels: &Levels,
        machine: &Machine,
    ) -> Trace<'t> {
        let (workers, threads) = machine.workers();
        let (tokens, levels_count) = (self.subject.tokens().len(), levels.count());
        let of = Conditional { levels: Some(levels), ..*self };
        let mut solvers: Vec<Solver<B>> = (0..workers).map(|_| Solver::pilot(&of, threads)).collect();
        let tries: Vec<Try> = (0..PILOTS).map(|number| Try { number, attempt: 0 }).collect();
        let values = side_by_side(&mut solvers, &tries, tokens, tokens * levels_count, |solver, tries| {
            solver.trace(tries)
        });
        Trace { asked, tokens, levels: levels_count, values }
    }
}

/// What some draws saw on their way.
struct Trace<'a> {
    /// The tokens that matter.
    asked: &'a [usize],
    tokens: usize,
    levels: usize,
    /// Denoised values, `[draws · levels · tokens]`; those at the last level are the draws.
    values: Vec<f64>,
}

impl Trace<'_> {
    /// The denoised values of what is asked, of each draw, at a level.
    fn at(&self, level: usize) -> Vec<Vec<f64>> {
        let draw = |draw: &[f64]| {
            let row = draw.chunks_exact(self.tokens).nth(level).unwrap_or_default();
            self.asked.iter().filter_map(|token| row.get(*token)).copied().collect()
        };
        self.values.chunks_exact(self.levels * self.tokens).map(draw).collect()
    }

    /// The draws.
    fn drawn(&self) -> Vec<Vec<f64>> {
        self.at(self.levels - 1)
    }
}

/// The fewest of the levels tried with which `draw` makes about the draws that it makes with the fine ones.
fn choose<'t, E>(fine: &Levels, mut draw: impl FnMut(&Levels) -> Result<Trace<'t>, E>) -> Result<Levels, E> {
    let trace = draw(fine)?;
    let drawn = trace.drawn();
    let widths = widths(&drawn);
    let density = Density::of(fine, &trace, &widths);
    for count in TRIED {
        let levels = density.levels(fine, count);
        if error(&draw(&levels)?.drawn(), &drawn, &widths) <= TOLERANCE {
            return Ok(levels);
        }
    }
    Ok(fine.clone())
}

/// How far draws lie from where they should, in widths, of those that are the nearest the farthest.
fn error(drawn: &[Vec<f64>], exact: &[Vec<f64>], widths: &[f64]) -> f64 {
    let directions = (widths.len() as f64).sqrt();
    let far = |(drawn, exact): (&Vec<f64>, &Vec<f64>)| directions * distance(drawn, exact, widths);
    quantile(drawn.iter().zip(exact).map(far).collect(), WITHIN)
}

/// The root of the mean square of the differences, each in its width.
fn distance(a: &[f64], b: &[f64], widths: &[f64]) -> f64 {
    let squares = a.iter().zip(b).zip(widths).map(|((a, b), width)| ((a - b) / width).powi(2));
    (squares.sum::<f64>() / widths.len() as f64).sqrt()
}

fn quantile(mut numbers: Vec<f64>, share: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get((share * numbers.len() as f64) as usize).copied().unwrap_or(f64::NAN)
}

/// How wide what is drawn is in each direction, where it may be bent or in parts: the spread of all, as much smaller as
/// neighbours are nearer.
fn widths(drawn: &[Vec<f64>]) -> Vec<f64> {
    let (count, asked) = (drawn.len() as f64, drawn.first().map_or(0, Vec::len));
    let column = |token: usize| drawn.iter().filter_map(move |row| row.get(token));
    let spread = |token: usize| {
        let mean = column(token).sum::<f64>() / count;
        (column(token).map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt().max(f64::MIN_POSITIVE)
    };
    let spreads: Vec<f64> = (0..asked).map(spread).collect();
    let near = |own: &Vec<f64>| {
        let mut far: Vec<f64> = drawn.iter().map(|other| distance(own, other, &spreads)).collect();
        far.sort_by(f64::total_cmp);
        // The first is the draw itself.
        far.get(NEIGHBOUR).copied().unwrap_or(1.0)
    };
    let nearness = quantile(drawn.iter().map(near).collect(), 0.5).clamp(1e-3, 1.0);
    spreads.iter().map(|spread| nearness * spread).collect()
}

/// How densely levels lie, in −ln σ.
struct Density {
    /// How many levels there are up to each of the fine ones, as a share of all.
    up_to: Vec<f64>,
}

impl Density {
    /// A step of h of a third-order solver is wrong by about h⁴ times the third derivative of the denoised values; with a density
    /// of its fourth root all steps are equally wrong. An error at level σ is made smaller on the way down as what is drawn is narrower
    /// than the noise.
    fn of(fine: &Levels, trace: &Trace, widths: &[f64]) -> Density {
        let places: Vec<f64> = fine.0.iter().map(|sigma| -sigma.ln()).collect();
        let seen: Vec<Vec<Vec<f64>>> = (0..fine.count()).map(|level| trace.at(level)).collect();
        let bends: Vec<f64> = seen
            .windows(4)
            .zip(places.windows(4))
            .zip(&fine.0)
            .map(|((seen, places), sigma)| {
                let wide: Vec<f64> = widths.iter().map(|width| width.hypot(*sigma)).collect();
                let bend = third_differences(seen, places, &wide);
                bend.sqrt().sqrt()
            })
            .collect();
        let mean = bends.iter().sum::<f64>() / bends.len().max(1) as f64;
        let dense = |interval: usize| {
            // An interval is the second of three that a difference spans; what bends nearby may bend here.
            let near = bends.iter().skip(interval.saturating_sub(3)).take(4).copied().fold(0.0, f64::max);
            near.max(mean / RAREST).max(f64::MIN_POSITIVE)
        };
        let steps =
            places.windows(2).map(|ends| ends.last().zip(ends.first()).map_or(0.0, |(to, from)| to - from));
        let mut up_to = vec![0.0];
        for (interval, step) in steps.enumerate() {
            up_to.push(up_to.last().copied().unwrap_or(0.0) + step * dense(interval));
        }
        let all = up_to.last().copied().unwrap_or(1.0);
        up_to.iter_mut().for_each(|share| *share /= all);
        Density { up_to }
    }

    /// So many levels.
    fn levels(&self, fine: &Levels, count: usize) -> Levels {
        let level = |number: usize| {
            let share = number as f64 / (count - 1) as f64;
            let above = self.up_to.partition_point(|up_to| *up_to < share).clamp(1, self.up_to.len() - 1);
            let (from, to) = (self.up_to.get(above - 1), self.up_to.get(above));
            let ends = fine.0.get(above - 1).zip(fine.0.get(above));
            let ((from, to), (first, second)) =
                from.zip(to).zip(ends).expect("there are two fine levels at least");
            first * (second / first).powf((share - from) / (to - from))
        };
        Levels((0..count).map(level).collect())
    }
}

/// The root of the mean square, over draws and tokens, of the third derivative through four places, each token in its width.
fn third_differences(seen: &[Vec<Vec<f64>>], places: &[f64], widths: &[f64]) -> f64 {
    // Lagrange's form: the third derivative of the cubic through four places.
    let weight = |own: usize| -> f64 {
        let own_place = places.get(own).copied().unwrap_or(f64::NAN);
        6.0 / places
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != own)
            .map(|(_, place)| own_place - place)
            .product::<f64>()
    };
    let weights: Vec<f64> = (0..places.len()).map(weight).collect();
    let (mut sum, mut count) = (0.0, 0.0_f64);
    for draw in 0..seen.first().map_or(0, Vec::len) {
        for (token, width) in widths.iter().enumerate() {
            let value = |level: &Vec<Vec<f64>>| {
                level.get(draw).and_then(|row| row.get(token)).copied().unwrap_or(f64::NAN)
            };
            let bend: f64 = seen.iter().zip(&weights).map(|(level, weight)| weight * value(level)).sum();
            sum += (bend / width).powi(2);
            count += 1.0;
        }
    }
    (sum / count.max(1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multistep::multistep;
    use sbi_model::Noise;

    /// Draws of one number by an exact denoiser, from noise that is evenly spread.
    fn drawn(levels: &Levels, denoiser: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let highest = levels.0.first().copied().unwrap_or(f64::NAN);
        let noise = (0..PILOTS).map(|number| (number as f64 + 0.5) / PILOTS as f64 - 0.5);
        let start: Vec<f64> = noise.map(|share| 4.0 * share * highest).collect();
        let mut seen = Vec::new();
        multistep(start, levels, |values, sigma| {
            let denoised: Vec<f64> = values.iter().map(|x| denoiser(*x, sigma)).collect();
            seen.push(denoised.clone());
            denoised
        });
        (0..PILOTS).flat_map(|draw| seen.iter().filter_map(move |level| level.get(draw)).copied()).collect()
    }

    fn chosen(denoiser: impl Fn(f64, f64) -> f64) -> Levels {
        let fine = Levels::of(&Process::fitting(Noise::Edm, 0.1), Some(FINE));
        let draw = |levels: &Levels| {
            let values = drawn(levels, &denoiser);
            Ok::<_, ()>(Trace { asked: &[0], tokens: 1, levels: levels.count(), values })
        };
        choose(&fine, draw).unwrap()
    }

    /// A normal law takes few levels, wherever it lies and however narrow it is.
    #[test]
    fn normal_laws_take_few_levels() {
        for (mean, width) in [(0.0, 1.0), (0.8, 0.2), (-1.0, 0.03_f64)] {
            let denoiser = |x: f64, sigma: f64| {
                let share = width * width / (width * width + sigma * sigma);
                mean + share * (x - mean)
            };
            let levels = chosen(denoiser);
            assert!(levels.count() <= 30, "{} levels for a width of {width}", levels.count());
            let ends = [levels.0.first(), levels.0.last()].map(|end| end.copied().unwrap_or_default());
            assert!((ends[0] - 60.0).abs() < 1e-9 && (ends[1] - 0.002).abs() < 1e-9, "{ends:?}");
            assert!(levels.0.windows(2).all(|pair| pair[0] > pair[1]), "{levels:?}");
            // The flow takes noise of one standard deviation at the highest level to one of the law.
            let start = mean + 60.0_f64.hypot(width);
            let end =
                multistep(vec![start], &levels, |x, sigma| x.iter().map(|x| denoiser(*x, sigma)).collect());
            assert!(((end[0] - mean) / width - 1.0).abs() < TOLERANCE, "width {width}: {end:?}");
        }
    }

    /// Two narrow peaks bend the flow where noise parts them and where it is as narrow as they are: levels lie densest there.
    #[test]
    fn peaks_take_more_levels_where_they_part() {
        let width = 0.02_f64;
        let peaks = |x: f64, sigma: f64| {
            let total = width * width + sigma * sigma;
            // Means ±1: the posterior mean of which peak, then within it.
            let side = (x / total).tanh();
            side + width * width / total * (x - side)
        };
        let levels = chosen(peaks);
        assert!((10..=FINE).contains(&levels.count()), "{}", levels.count());
        let near = |from: f64, to: f64| levels.0.iter().filter(|sigma| (from..to).contains(*sigma)).count();
        assert!(near(0.3, 3.0) > near(6.0, 60.0), "{levels:?}");
    }
}
