//! Draws that leave the range in which they are read: a standard deviation below zero, a probability above one.
//!
//! Followed are sums, differences and products of independent draws, whose means and variances are known. Where a draw
//! enters twice, or through any other function, nothing is said: what it reaches is then not known.

use super::family::Demand;
use crate::survey::Survey;
use crate::{
    Argument, Binary, Definition, Draw, Expr, ExprId, Family, Index, Kind, Model, Node, NodeId, Reducer,
    Unary,
};
use std::collections::BTreeSet;
use std::f64::consts::PI;

/// Standard deviations within which nearly all draws of a normal lie: one in ten thousand is below.
const REACH: f64 = 3.7;

/// The variance of a logistic distribution of scale 1.
const LOGISTIC_VARIANCE: f64 = PI * PI / 3.0;

/// How many expressions are followed before nothing is said.
const STEPS: usize = 500;

/// How many elements of a node are tried.
const ELEMENTS: usize = 32;

/// How deep definitions are followed.
const DEPTH: usize = 64;

/// How the values of an expression scatter.
#[derive(Clone, Copy, Debug)]
struct Spread {
    mean: f64,
    variance: f64,
    /// Below and above which no value lies.
    low: f64,
    high: f64,
}

/// What leaves its range.
#[derive(Clone, Debug)]
pub(super) struct Leaving<'m> {
    /// A draw that enters it, to point at.
    pub(super) node: &'m Node,
    /// That draw, where it is all that is read.
    bare: Option<&'m Draw>,
    /// How it is read then, `mu[i]`; three dots where more is read.
    pub(super) name: String,
    /// Its first two numbers, where they are known.
    numbers: Option<[f64; 2]>,
    /// Nearly all values lie above this.
    pub(super) low: f64,
}

impl Leaving<'_> {
    /// Whether a draw and nothing else is read.
    pub(super) fn is_bare(&self) -> bool {
        self.bare.is_some()
    }

    /// How the draw that is read is kept above zero; none where more than it is read.
    pub(super) fn above_zero(&self) -> Option<String> {
        let (name, draw) = (&self.name, self.bare?);
        Some(match (draw.family, self.numbers) {
            (Family::Uniform, Some([_, high])) if high > 0.0 => {
                format!("write `{name} ~ uniform(0, {high})`")
            }
            (Family::Normal, Some([mean, sd])) if mean > 0.0 => {
                format!("read `exp({name})`, or write `{name} ~ truncated_normal({mean}, {sd}, low = 0)`")
            }
            (Family::Normal, Some([_, sd])) => {
                format!("read `exp({name})`, or write `{name} ~ half_normal({sd})`")
            }
            _ => format!("read `exp({name})`, or draw it from `half_normal` or `lognormal`"),
        })
    }
}

/// Follows an expression to the draws behind it.
pub(super) struct Reach<'s, 'm> {
    model: &'m Model,
    survey: &'s Survey<'m>,
    /// The drawn elements that entered; vectors drawn at once by their first.
    seen: BTreeSet<usize>,
    /// The first draw that entered.
    first: Option<NodeId>,
    steps: usize,
    depth: usize,
}

impl<'s, 'm> Reach<'s, 'm> {
    pub(super) fn new(model: &'m Model, survey: &'s Survey<'m>) -> Reach<'s, 'm> {
        Reach { model, survey, seen: BTreeSet::new(), first: None, steps: 0, depth: 0 }
    }

    /// Where an expression leaves what is demanded of it.
    pub(super) fn leaves(&mut self, demand: Demand, expr: ExprId) -> Option<Leaving<'m>> {
        let survey = self.survey;
        survey.places(expr).take(ELEMENTS).find_map(|mut at| self.leaves_at(demand, expr, &mut at))
    }

    fn leaves_at(&mut self, demand: Demand, expr: ExprId, at: &mut [usize]) -> Option<Leaving<'m>> {
        if self.survey.constant_at(expr, at).is_some() || demand == Demand::Count && !self.is_real(expr, at) {
            return None;
        }
        (self.first, self.depth) = (None, 0);
        self.seen.clear();
        let (low, high) = self.spread(expr, at)?.nearly_all();
        let wrong = match demand {
            Demand::Positive => low < 0.0,
            Demand::Probability => low < 0.0 || high > 1.0,
            Demand::Count => true,
            Demand::Finite | Demand::Nonzero => false,
        };
        let node = self.model.node(self.first?);
        let (bare, name) = match (self.model.expr(expr), &node.definition) {
            (Expr::Element { node: read, index }, Definition::Draw(draw)) if Some(*read) == self.first => {
                (Some(draw), self.shown(node, index))
            }
            _ => (None, "…".to_owned()),
        };
        let number = |draw: &Draw, place: usize| {
            let expr = draw.arguments.get(place)?.exprs().next()?;
            self.survey.facts(expr, node, 0).constant
        };
        let numbers = bare.and_then(|draw| Some([number(draw, 0)?, number(draw, 1)?]));
        wrong.then_some(Leaving { node, bare, name, numbers, low })
    }

    /// A node as it is read with this index: `mu[i]`.
    fn shown(&self, node: &Node, index: &[Index]) -> String {
        let places = index.iter().map(|index| match index {
            Index::Same(axis) => self.model.axis(*axis).name.clone(),
            Index::At(place) => (place + 1).to_string(),
        });
        let places: Vec<String> = places.collect();
        if places.is_empty() { node.name.clone() } else { format!("{}[{}]", node.name, places.join(", ")) }
    }

    /// How an expression scatters; none where that is not known.
    fn spread(&mut self, expr: ExprId, at: &mut [usize]) -> Option<Spread> {
        self.steps += 1;
        if self.steps > STEPS || self.depth > DEPTH {
            return None;
        }
        if let Some(value) = self.survey.constant_at(expr, at) {
            return value.is_finite().then(|| Spread::constant(value));
        }
        self.depth += 1;
        let found = match self.model.expr(expr) {
            Expr::Element { node, index } => {
                let element = self.model.element(*node, index, |axis| position(at, axis.0));
                self.element(*node, element)
            }
            Expr::Unary(Unary::Neg, operand) => self.spread(*operand, at).map(|spread| spread.times(-1.0)),
            Expr::Binary(function, left, right) => {
                let (left, right) = (self.spread(*left, at)?, self.spread(*right, at)?);
                match function {
                    Binary::Add => Some(left.plus(right)),
                    Binary::Sub => Some(left.plus(right.times(-1.0))),
                    Binary::Mul => Some(left.product(right)),
                    Binary::Div if right.is_constant() && right.mean != 0.0 => {
                        Some(left.times(1.0 / right.mean))
                    }
                    _ => None,
                }
            }
            Expr::Reduce { reducer: reducer @ (Reducer::Sum | Reducer::Mean), axis, body } => {
                let size = self.model.axis(*axis).size();
                let before = position(at, axis.0);
                let mut sum = Some(Spread::constant(0.0));
                for element in 0..size.min(STEPS) {
                    at.get_mut(axis.0).into_iter().for_each(|place| *place = element);
                    sum = sum.and_then(|sum| Some(sum.plus(self.spread(*body, at)?)));
                }
                at.get_mut(axis.0).into_iter().for_each(|place| *place = before);
                let share = if *reducer == Reducer::Mean { 1.0 / size as f64 } else { 1.0 };
                sum.filter(|_| size <= STEPS).map(|sum| sum.times(share))
            }
            _ => None,
        };
        self.depth -= 1;
        found
    }

    fn element(&mut self, id: NodeId, element: usize) -> Option<Spread> {
        let node = self.model.node(id);
        let mut at = self.model.positions(node, element);
        match &node.definition {
            Definition::Equals(value) => self.spread(*value, &mut at),
            Definition::Draw(draw) if node.role != crate::Role::State && draw.transforms.is_empty() => {
                let vector = match draw.family.is_joint() {
                    true => node.axes.last().map_or(1, |axis| self.model.axis(*axis).size()),
                    false => 1,
                };
                let vertex = self.survey.vertex(id, element - element % vector)?;
                self.first = self.first.or(Some(id));
                let fresh = self.seen.insert(vertex);
                fresh.then(|| self.draw(draw, element % vector, &mut at))?
            }
            _ => None,
        }
    }

    /// How a draw scatters, `place` being that in a vector.
    fn draw(&mut self, draw: &Draw, place: usize, at: &mut [usize]) -> Option<Spread> {
        if let (Family::MultivariateNormal, [Argument::Vector(means), Argument::Matrix(rows)]) =
            (draw.family, draw.arguments.as_slice())
        {
            let variance = self.spread(*rows.get(place)?.get(place)?, at)?;
            return Some(self.spread(*means.get(place)?, at)?.scattered(variance.mean));
        }
        let mut numbers = Vec::new();
        for argument in &draw.arguments {
            let Argument::Scalar(expr) = argument else { return None };
            numbers.push(self.spread(*expr, at)?);
        }
        match (draw.family, numbers.as_slice()) {
            (Family::Normal, [mean, sd]) => Some(mean.scattered(sd.square())),
            (Family::StudentT, [_, mean, scale]) | (Family::Cauchy, [mean, scale]) => {
                Some(mean.scattered(scale.square()))
            }
            (Family::Laplace, [mean, scale]) => Some(mean.scattered(2.0 * scale.square())),
            (Family::Logistic, [mean, scale]) => Some(mean.scattered(LOGISTIC_VARIANCE * scale.square())),
            (Family::Uniform, [low, high]) if low.is_constant() && high.is_constant() => {
                let width = high.mean - low.mean;
                let mean = low.mean + width / 2.0;
                Some(Spread { mean, variance: width * width / 12.0, low: low.mean, high: high.mean })
            }
            (Family::HalfNormal, [sd]) => {
                let mean = sd.mean * (2.0 / PI).sqrt();
                Some(Spread::positive(mean, sd.square() - mean * mean))
            }
            (Family::Exponential, [rate]) if rate.is_constant() => {
                let mean = 1.0 / rate.mean;
                Some(Spread::positive(mean, mean * mean))
            }
            (Family::Gamma, [shape, rate]) if shape.is_constant() && rate.is_constant() => {
                let mean = shape.mean / rate.mean;
                Some(Spread::positive(mean, mean / rate.mean))
            }
            (Family::Lognormal, [median, spread]) if median.is_constant() && spread.is_constant() => {
                let tail = (spread.mean * spread.mean).exp();
                let mean = median.mean * tail.sqrt();
                Some(Spread::positive(mean, mean * mean * (tail - 1.0)))
            }
            (Family::Beta, [a, b]) if a.is_constant() && b.is_constant() => {
                let sum = a.mean + b.mean;
                let mean = a.mean / sum;
                let variance = mean * (1.0 - mean) / (sum + 1.0);
                Some(Spread { mean, variance, low: 0.0, high: 1.0 })
            }
            _ => None,
        }
    }

    /// Whether an expression is a real draw, up to constants: then it is never whole.
    fn is_real(&mut self, expr: ExprId, at: &mut [usize]) -> bool {
        self.steps += 1;
        self.depth += 1;
        if self.steps > STEPS || self.depth > DEPTH {
            return false;
        }
        match self.model.expr(expr) {
            Expr::Element { node: id, index } => {
                let element = self.model.element(*id, index, |axis| position(at, axis.0));
                let node = self.model.node(*id);
                match &node.definition {
                    Definition::Equals(value) => {
                        self.is_real(*value, &mut self.model.positions(node, element))
                    }
                    Definition::Draw(draw) => {
                        // A mixture may have whole numbers in it.
                        draw.kind() == Kind::Real && draw.family != Family::Mixture
                    }
                    _ => false,
                }
            }
            Expr::Unary(Unary::Neg, operand) => self.is_real(*operand, at),
            Expr::Binary(Binary::Add | Binary::Sub | Binary::Mul | Binary::Div, left, right) => {
                let known =
                    |expr: ExprId| self.survey.constant_at(expr, at).is_some_and(|value| value != 0.0);
                match (known(*left), known(*right)) {
                    (false, true) => self.is_real(*left, at),
                    (true, false) => self.is_real(*right, at),
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

fn position(at: &[usize], axis: usize) -> usize {
    at.get(axis).copied().expect("an axis belongs to its model")
}

impl Spread {
    fn constant(value: f64) -> Spread {
        Spread { mean: value, variance: 0.0, low: value, high: value }
    }

    fn positive(mean: f64, variance: f64) -> Spread {
        Spread { mean, variance, low: 0.0, high: f64::INFINITY }
    }

    fn is_constant(self) -> bool {
        self.low == self.high
    }

    /// The mean of its square.
    fn square(self) -> f64 {
        self.mean * self.mean + self.variance
    }

    /// With noise of this variance added, which has no bounds.
    fn scattered(self, variance: f64) -> Spread {
        Spread { variance: self.variance + variance, low: f64::NEG_INFINITY, high: f64::INFINITY, ..self }
    }

    fn times(self, factor: f64) -> Spread {
        self.product(Spread::constant(factor))
    }

    fn plus(self, other: Spread) -> Spread {
        Spread {
            mean: self.mean + other.mean,
            variance: self.variance + other.variance,
            low: self.low + other.low,
            high: self.high + other.high,
        }
    }

    /// The product of two that are independent.
    fn product(self, other: Spread) -> Spread {
        let mean = self.mean * other.mean;
        // Nothing times infinity is nothing: no value is infinite.
        let times = |x: f64, y: f64| if x == 0.0 || y == 0.0 { 0.0 } else { x * y };
        let ends = [
            times(self.low, other.low),
            times(self.low, other.high),
            times(self.high, other.low),
            times(self.high, other.high),
        ];
        Spread {
            mean,
            variance: times(self.square(), other.square()) - mean * mean,
            low: ends.into_iter().fold(f64::INFINITY, f64::min),
            high: ends.into_iter().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Between what nearly all values lie, less what rounding may add.
    fn nearly_all(self) -> (f64, f64) {
        let sd = self.variance.max(0.0).sqrt();
        let rounding = 1e-9 * sd;
        let low = self.low.max(self.mean - REACH * sd);
        let high = self.high.min(self.mean + REACH * sd);
        (low + rounding, high - rounding)
    }
}
