//! Gaussian processes in time, as parameters: drawn at all times at once at which they are read, and exactly.
//!
//! The covariance of these times is factored by Cholesky's method with pivots, which stops when what is left of every
//! variance is below a share of 1e-12: a smooth kernel needs few random numbers however dense the times lie, and no number
//! is added to the diagonal. A dynamics has the process at its own steps. At times that differ between draws it is
//! read along the cubic through the four times of a grid around, an eighth of the kernel's length apart. Where the length itself
//! is drawn each draw has a factor of its own, of the same times.

use crate::dist::Bend;
use crate::elementary::{cos, exp};
use crate::error::TOO_LARGE;
use crate::lower::Lower;
use crate::motion::{Clock, Pace};
use crate::rng::path_hash;
use crate::ssa::{Factor, Op, Process, Value};
use sbi_model::{Argument, AxisKind, Binary, Definition, Expr, Kernel, Node, NodeId, Solver, Unary};
use sbi_syntax::Diagnostic;
use std::rc::Rc;

/// What is left of a variance, as a share, where a factor is complete.
const LEFT: f64 = 1e-12;

/// Times apart by a smaller share of the step of a grid are one.
const SAME: f64 = 1e-6;

/// Points of a grid in a length of the kernel, for times that are not known beforehand.
const DENSITY: f64 = 8.0;

/// A process that has been drawn.
pub(crate) struct Function {
    process: Value,
    grids: Vec<Grid>,
    mean: Value,
    scale: Value,
    bends: Vec<Bend>,
}

/// Times at even steps at which a process is drawn.
#[derive(Clone, Copy, Debug)]
struct Grid {
    from: f64,
    step: f64,
    count: usize,
    /// Its first row among those of the process.
    first: usize,
    /// The dynamics whose steps these are, if any.
    of: Option<usize>,
}

impl Grid {
    fn time(&self, k: usize) -> f64 {
        self.from + self.step * k as f64
    }

    /// The row of a time that is one of its own.
    fn row(&self, time: f64) -> Option<usize> {
        let place = ((time - self.from) / self.step).round();
        let is_one = (0.0..self.count as f64).contains(&place)
            && (self.time(place as usize) - time).abs() <= SAME * self.step;
        is_one.then(|| self.first + place as usize)
    }
}

/// The most times at which a process is drawn whose factor each draw has by itself: the work for one goes with the square of the
/// rank and with the times, and is some ten milliseconds then.
const MOST: usize = 400;

/// The numbers of a kernel of scale one.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) kernel: Kernel,
    pub(crate) length: f64,
    pub(crate) period: f64,
}

impl Shape {
    fn at(self, distance: f64) -> f64 {
        let r = distance.abs() / self.length;
        match self.kernel {
            Kernel::Rbf => exp(-0.5 * r * r),
            Kernel::MaternHalf => exp(-r),
            Kernel::MaternThreeHalves => {
                let r = 3.0f64.sqrt() * r;
                (1.0 + r) * exp(-r)
            }
            Kernel::MaternFiveHalves => {
                let r = 5.0f64.sqrt() * r;
                (1.0 + r + r * r / 3.0) * exp(-r)
            }
            // 2 sin² x = 1 - cos 2x.
            Kernel::Periodic => {
                let turn = cos(std::f64::consts::TAU * distance / self.period);
                exp((turn - 1.0) / (self.length * self.length))
            }
        }
    }

    /// The factor of the covariance at these times; none for what is no length or period.
    pub(crate) fn factor(self, times: &[f64]) -> Option<Vec<Vec<f64>>> {
        let possible =
            [self.length, self.period].into_iter().all(|number| number > 0.0 && number.is_finite());
        possible.then(|| factor(self, times))
    }

    /// The time over which it changes.
    fn reach(self) -> f64 {
        if self.kernel == Kernel::Periodic { self.length.min(1.0) * self.period / 6.0 } else { self.length }
    }
}

/// A matrix, row by row, whose product with its own transpose is the covariance of the process at these times.
fn factor(shape: Shape, times: &[f64]) -> Vec<Vec<f64>> {
    let count = times.len();
    let mut rows = vec![Vec::new(); count];
    let mut left = vec![1.0; count];
    let mut open: Vec<bool> = vec![true; count];
    for _ in 0..count {
        let pivot = (0..count).filter(|k| open.get(*k) == Some(&true));
        let Some(pivot) =
            pivot.max_by(|a, b| left.get(*a).partial_cmp(&left.get(*b)).expect("variances are numbers"))
        else {
            break;
        };
        let rest = left.get(pivot).copied().unwrap_or_default();
        if rest <= LEFT {
            break;
        }
        let root = rest.sqrt();
        let pivot_row: Vec<f64> = rows.get(pivot).cloned().unwrap_or_default();
        let pivot_time = times.get(pivot).copied().unwrap_or_default();
        open.get_mut(pivot).into_iter().for_each(|open| *open = false);
        for (k, ((row, left), time)) in rows.iter_mut().zip(&mut left).zip(times).enumerate() {
            let value = if k == pivot {
                root
            } else if open.get(k) == Some(&true) {
                let known: f64 = row.iter().zip(&pivot_row).map(|(a, b): (&f64, &f64)| a * b).sum();
                (shape.at(time - pivot_time) - known) / root
            } else {
                0.0
            };
            row.push(value);
            *left -= value * value;
        }
    }
    rows
}

fn too_many_times(node: &Node, times: usize) -> Diagnostic {
    let message = format!(
        "`{}` is drawn at {times} times with a kernel that each draw has by itself; at most {MOST} are possible",
        node.name
    );
    let help = "take longer steps where it is read (`rk4` reads it twice in each), or write numbers as its length and period";
    TOO_LARGE.at(node.span, message).help(help)
}

impl Lower<'_> {
    /// Draws a process at all times at which it is read.
    ///
    /// # Errors
    /// There are more times than a draw can have a factor of its own for.
    pub(crate) fn process(&mut self, id: NodeId) -> Result<Rc<Function>, Diagnostic> {
        let node = self.model.node(id);
        let Definition::Draw(draw) = &node.definition else { unreachable!("a process is drawn") };
        let (mut mean, mut found) = (None, None);
        for argument in &draw.arguments {
            match argument {
                Argument::Scalar(expr) => mean = Some(self.expression(*expr)),
                Argument::Kernel(kernel, numbers) => {
                    found = Some((
                        *kernel,
                        numbers.iter().map(|expr| self.expression(*expr)).collect::<Vec<_>>(),
                    ));
                }
                _ => {}
            }
        }
        let (Some(mean), Some((kernel, numbers))) = (mean, found) else {
            unreachable!("the checker gives a process its mean and its kernel")
        };
        let scale = *numbers.get(1).expect("a kernel has a scale");
        let length = *numbers.first().expect("a kernel has a length");
        let period = numbers.get(2).copied().unwrap_or_else(|| self.program.number(1.0));
        let known = [length, period].map(|number| self.program.known_number(number));
        let shape = match known {
            [Some(length), Some(period)] => Some(Shape { kernel, length, period }),
            _ => None,
        };
        let grids = self.grids_of(id, shape);
        let times: Vec<f64> = grids.iter().flat_map(|grid| (0..grid.count).map(|k| grid.time(k))).collect();
        let factor = match shape {
            Some(shape) => Factor::Known(factor(shape, &times).into()),
            None if times.len() > MOST => return Err(too_many_times(node, times.len())),
            None => Factor::Drawn { kernel, times: times.into(), length, period },
        };
        let process = self.program.process(Process { factor, path: path_hash(&node.name) });
        let bends = self.bends(&draw.transforms);
        Ok(Rc::new(Function { process, grids, mean, scale, bends }))
    }

    /// The times at which a process is read: the steps of the dynamics that read it, its readings, and single times.
    fn grids_of(&self, id: NodeId, shape: Option<Shape>) -> Vec<Grid> {
        let mut grids: Vec<Grid> = Vec::new();
        let mut add = |from, step, count, of| {
            let first = grids.last().map_or(0, |last: &Grid| last.first + last.count);
            let grid = Grid { from, step, count, first, of };
            // A time that is known twice is drawn once.
            if of.is_some() || count > 1 || !grids.iter().any(|known| known.row(from).is_some()) {
                grids.push(grid);
            }
        };
        let fine = |[from, to]: [f64; 2]| {
            let shape = shape.expect("`Model::later` names such readings where the length is drawn");
            let steps = ((to - from) / shape.reach() * DENSITY).ceil().max(3.0);
            (from, (to - from) / steps, steps as usize + 1)
        };
        for (number, dynamics) in self.model.dynamics.iter().enumerate() {
            if !self.model.reads_of_run(number).contains(&id) {
                continue;
            }
            let (from, step, count) = match self.pace(number, dynamics) {
                Pace::Even(clock) if matches!(dynamics.solver, Solver::Rk4 { .. }) => {
                    (clock.from, 0.5 * clock.step, 2 * clock.steps as usize + 1)
                }
                Pace::Even(Clock { from, step, steps, .. }) => (from, step, steps as usize + 1),
                Pace::Free(_) | Pace::Jumps(_) => fine(dynamics.over),
            };
            add(from, step, count, Some(number));
        }
        let (single, ends) = self.single_times(id);
        if let Some(ends) = ends {
            let (from, step, count) = fine(ends);
            add(from, step, count, None);
        }
        for time in single {
            add(time, 1.0, 1, None);
        }
        grids
    }

    /// The times known beforehand at which a process is read outside of dynamics, and the ends of those that are not.
    fn single_times(&self, id: NodeId) -> (Vec<f64>, Option<[f64; 2]>) {
        let of_expr = |expr: &Expr| {
            let Expr::At(curve, time) = expr else { return None };
            let own = matches!(self.model.expr(*curve), Expr::Curve { node, .. } if *node == id);
            own.then(|| self.model.expr(*time))
        };
        let times: Vec<&Expr> = self.model.exprs.iter().filter_map(of_expr).collect();
        let coordinates = times.iter().filter_map(|time| match time {
            Expr::Coordinate(axis) => Some(axis),
            _ => None,
        });
        let mut single: Vec<f64> = times
            .iter()
            .filter_map(|time| if let Expr::Number(time) = time { Some(*time) } else { None })
            .collect();
        let mut ends: Option<[f64; 2]> = None;
        let mut reach = |[from, to]: [f64; 2]| {
            ends = Some(ends.map_or([from, to], |[low, high]| [low.min(from), high.max(to)]));
        };
        for axis in self.model.node(id).axes.iter().chain(coordinates) {
            let axis = self.model.axis(*axis);
            if let AxisKind::Scattered { from, to, .. } = axis.kind {
                reach([from, to]);
            } else {
                single.extend((0..axis.size()).filter_map(|place| axis.coordinate(place)));
            }
        }
        // Any other time lies where a dynamics, or an axis, says that times are.
        let is_other = |time: &&Expr| !matches!(time, Expr::Coordinate(_) | Expr::Number(_) | Expr::Clock);
        if times.iter().any(is_other) {
            single.iter().for_each(|time| reach([*time, *time]));
            let runs =
                (0..self.model.dynamics.len()).filter(|run| self.model.reads_of_run(*run).contains(&id));
            runs.for_each(|run| reach(self.dynamics(run).over));
        }
        let ends = ends.filter(|[from, to]| from < to);
        (single, ends)
    }

    /// The value of a process at a time.
    pub(crate) fn function_at(&mut self, function: &Function, time: Value) -> Value {
        let x = self.standard_at(function, time);
        let [mean, scale] = [function.mean, function.scale].map(|value| self.brought(value));
        let spread = self.program.mul(x, scale);
        let value = self.program.add(spread, mean);
        function.bends.iter().fold(value, |x, bend| {
            let arguments = bend.arguments.iter().map(|value| self.brought(*value)).collect();
            Bend { map: bend.map, arguments }.apply(&mut self.program, x)
        })
    }

    /// A value of the program around the loop whose body is written, if one is, in the body.
    pub(crate) fn brought(&mut self, value: Value) -> Value {
        match &mut self.around {
            Some(around) => around.inside(&mut self.program, value),
            None => value,
        }
    }

    /// The value of the process of mean zero and scale one.
    fn standard_at(&mut self, function: &Function, time: Value) -> Value {
        if let Some(time) = self.program.known_number(time)
            && let Some(row) = function.grids.iter().find_map(|grid| grid.row(time))
        {
            let row = self.program.number(row as f64);
            return self.row(function, row);
        }
        let run = self.around.as_ref().map(|around| around.run);
        let own = function.grids.iter().find(|grid| run.is_some() && grid.of == run);
        let exact = self.clock == Some(time);
        let even = run.is_some_and(|run| matches!(self.pace(run, self.dynamics(run)), Pace::Even(_)));
        let long = function
            .grids
            .iter()
            .filter(|grid| grid.count > 3)
            .min_by(|a, b| a.step.partial_cmp(&b.step).expect("steps are numbers"));
        let grid = own.filter(|grid| exact || grid.count > 3).or(long);
        let grid = *grid.expect("what is read at unknown times is drawn on a grid");
        let (from, inverse) = (self.program.number(grid.from), self.program.number(1.0 / grid.step));
        let passed = self.program.sub(time, from);
        let place = self.program.mul(passed, inverse);
        let first = self.program.number(grid.first as f64);
        // A method with steps of one length reads at its own times; what it reads at others lies between.
        if even && own.is_some() && exact {
            let place = self.program.unary(Unary::Round, place);
            let row = self.program.add(place, first);
            return self.row(function, row);
        }
        // Times are seldom whole numbers of steps to the last bit.
        let [zero, last] = [-SAME, grid.count as f64 - 1.0 + SAME].map(|end| self.program.number(end));
        let [after, before] =
            [(Binary::Ge, zero), (Binary::Le, last)].map(|(op, end)| self.program.binary(op, place, end));
        let known = self.program.binary(Binary::And, after, before);
        let place = self.program.require(known, place);
        let [one, most] = [1.0, grid.count as f64 - 3.0].map(|end| self.program.number(end));
        let whole = self.program.unary(Unary::Floor, place);
        let whole = self.program.binary(Binary::Max, whole, one);
        let whole = self.program.binary(Binary::Min, whole, most);
        let share = self.program.sub(place, whole);
        let row = self.program.add(whole, first);
        let values = [-1.0, 0.0, 1.0, 2.0].map(|off| {
            let off = self.program.number(off);
            let row = self.program.add(row, off);
            self.row(function, row)
        });
        self.cubic_through(values, share)
    }

    /// The cubic through values at -1, 0, 1 and 2 (Lagrange).
    fn cubic_through(&mut self, values: [Value; 4], share: Value) -> Value {
        const PLACES: [f64; 4] = [-1.0, 0.0, 1.0, 2.0];
        let p = &mut self.program;
        let mut sum = p.number(0.0);
        for (value, place) in values.into_iter().zip(PLACES) {
            let others = PLACES.iter().filter(|other| **other != place);
            let scale: f64 = others.clone().map(|other| place - other).product();
            let mut weight = p.number(1.0 / scale);
            for other in others {
                let other = p.number(*other);
                let off = p.sub(share, other);
                weight = p.mul(weight, off);
            }
            let term = p.mul(value, weight);
            sum = p.add(term, sum);
        }
        sum
    }

    /// A row of what a process gave.
    fn row(&mut self, function: &Function, row: Value) -> Value {
        let table = match &mut self.around {
            Some(around) => around.table(function.process),
            None => return self.program.leaf(Op::Row { process: function.process, row }),
        };
        self.program.leaf(Op::Inner { table, slot: 0, row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_give_the_covariance() {
        let kernels = [
            Kernel::Rbf,
            Kernel::MaternHalf,
            Kernel::MaternThreeHalves,
            Kernel::MaternFiveHalves,
            Kernel::Periodic,
        ];
        // Two times nearly fall together, two do.
        let times: Vec<f64> = (0..60).map(|k| 0.25 * f64::from(k)).chain([3.000_001, 7.25, 40.0]).collect();
        for kernel in kernels {
            let shape = Shape { kernel, length: 2.5, period: 9.0 };
            let rows = factor(shape, &times);
            for (a, s) in rows.iter().zip(&times) {
                for (b, t) in rows.iter().zip(&times) {
                    let found: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
                    assert!(
                        (found - shape.at(s - t)).abs() < 1e-6,
                        "{kernel:?} between {s} and {t}: {found}"
                    );
                }
            }
            if kernel == Kernel::Rbf {
                assert!(rows.iter().all(|row| row.len() < 40), "{} numbers", rows.len());
            }
        }
    }
}
