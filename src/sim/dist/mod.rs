//! Distributions: one file per family, and the table that finds them.
//!
//! A family says how its draws are made of standard uniform and normal numbers, or of the few laws that no formula
//! gives ([`crate::sampler`]), and what their density is where its values lie. Arguments that name no
//! distribution (a negative standard deviation, a probability above one) make the draw NaN, so that the run fails
//! and says with which parameters; the density is then NaN too.
//!
//! Where its values lie stands in the model's table of families ([`sbi_model::Range`]): the density is nothing elsewhere, and
//! the way to the real line and back follows from it alone ([`straight`]), as does what `|>` does to both ([`bend`]).

mod bend;
mod bernoulli;
mod beta;
mod binomial;
mod categorical;
mod cauchy;
mod density;
mod dirichlet;
mod exponential;
mod formulas;
mod gamma;
mod half_normal;
mod inverse_gamma;
mod laplace;
mod logistic;
mod lognormal;
mod mixture;
mod multivariate_normal;
mod negative_binomial;
mod normal;
mod poisson;
mod range;
mod straight;
mod student_t;
mod truncated_normal;
mod uniform;
mod von_mises;
mod weibull;

use crate::rng;
use crate::ssa::{Alone, Law, Noise, Program, Sample, Sampler, Value};
pub(crate) use bend::Bend;
pub(crate) use density::{Measure, measure};
use sbi_model::{Binary, Family, Unary};
pub(crate) use straight::Straight;

/// How a family is drawn, and how likely its draws are.
pub(crate) struct Distribution {
    /// Adds the draw of one number or vector to a program; its values in order.
    pub draw: fn(&mut Program, Site, &[Argument]) -> Vec<Value>,
    /// Adds the logarithm of the density at a number or vector where the family has values: of counts, truths and
    /// categories of the probability.
    log_density: fn(&mut Program, &[Argument], &[Value]) -> LogDensity,
}

/// The logarithm of a density, and whether the arguments name a distribution.
struct LogDensity {
    sound: Value,
    log: Value,
}

/// The distribution of a family.
pub(crate) fn of(family: Family) -> Distribution {
    match family {
        Family::Bernoulli => bernoulli::DISTRIBUTION,
        Family::Beta => beta::DISTRIBUTION,
        Family::Binomial => binomial::DISTRIBUTION,
        Family::Categorical => categorical::DISTRIBUTION,
        Family::Cauchy => cauchy::DISTRIBUTION,
        Family::Dirichlet => dirichlet::DISTRIBUTION,
        Family::Exponential => exponential::DISTRIBUTION,
        Family::Gamma => gamma::DISTRIBUTION,
        Family::HalfNormal => half_normal::DISTRIBUTION,
        Family::InverseGamma => inverse_gamma::DISTRIBUTION,
        Family::Laplace => laplace::DISTRIBUTION,
        Family::Logistic => logistic::DISTRIBUTION,
        Family::Lognormal => lognormal::DISTRIBUTION,
        Family::Mixture => mixture::DISTRIBUTION,
        Family::MultivariateNormal => multivariate_normal::DISTRIBUTION,
        Family::NegativeBinomial => negative_binomial::DISTRIBUTION,
        Family::Normal => normal::DISTRIBUTION,
        Family::Poisson => poisson::DISTRIBUTION,
        Family::StudentT => student_t::DISTRIBUTION,
        Family::TruncatedNormal => truncated_normal::DISTRIBUTION,
        Family::Uniform => uniform::DISTRIBUTION,
        Family::VonMises => von_mises::DISTRIBUTION,
        Family::Weibull => weibull::DISTRIBUTION,
        Family::GaussianProcess => unreachable!("functions of time are no numbers"),
    }
}

/// An argument, computed for one draw.
pub(crate) enum Argument {
    Scalar(Value),
    Vector(Vec<Value>),
    Matrix(Vec<Vec<Value>>),
    Components(Vec<Variate>),
}

/// A random number or vector: its distribution, with arguments computed for one draw, and what bends each of its numbers.
pub(crate) struct Variate {
    pub family: Family,
    pub arguments: Vec<Argument>,
    /// For each number, in order.
    pub bends: Vec<Vec<Bend>>,
}

impl Variate {
    /// Draws it.
    pub fn draw(&self, p: &mut Program, site: Site) -> Vec<Value> {
        let drawn = (of(self.family).draw)(p, site, &self.arguments);
        let bent = drawn.iter().zip(&self.bends);
        bent.map(|(x, bends)| bends.iter().fold(*x, |x, bend| bend.apply(p, x))).collect()
    }
}

/// The numbers that a family takes, where it takes nothing else.
fn scalars<const N: usize>(arguments: &[Argument]) -> [Value; N] {
    let scalar = |argument: &Argument| match argument {
        Argument::Scalar(value) => *value,
        _ => panic!("the checker gives this distribution numbers"),
    };
    let values: Vec<Value> = arguments.iter().map(scalar).collect();
    values.try_into().expect("the checker gives a distribution all its arguments")
}

/// The number that a law of one number is about.
fn single(x: &[Value]) -> Value {
    x.first().copied().expect("a draw of this distribution is one number")
}

/// How far from one a sum of probabilities or shares may be: they are often rounded in a file, or computed.
const SLACK: f64 = 1e-6;

/// Whether these are no probabilities below zero, and their sum is one.
fn add_up(p: &mut Program, probabilities: &[Value]) -> Value {
    let sound: Vec<Value> = probabilities.iter().map(|share| p.is(*share, Binary::Ge, 0.0)).collect();
    let sum = p.sum_of(probabilities);
    let off = p.plus(sum, -1.0);
    let size = p.unary(Unary::Abs, off);
    let whole = p.is(size, Binary::Lt, SLACK);
    let sound = p.all(&sound);
    p.all(&[sound, whole])
}

/// One of `values`, each with its probability: the first whose share, added to those before it, passes a uniform number.
/// Fails where a probability is negative or their sum is not one.
fn choice(p: &mut Program, site: Site, probabilities: &[Value], values: &[Value]) -> Value {
    let u = site.noise(p, Law::Uniform, 0);
    let possible = add_up(p, probabilities);
    let mut sum = p.number(0.0);
    let mut passed = Vec::with_capacity(values.len());
    for probability in probabilities {
        sum = p.binary(Binary::Add, sum, *probability);
        passed.push(p.binary(Binary::Lt, u, sum));
    }
    let last = values.last().copied().expect("there is something to choose from");
    let chosen = values
        .iter()
        .zip(passed)
        .rev()
        .skip(1)
        .fold(last, |others, (value, passed)| p.select(passed, *value, others));
    p.require(possible, chosen)
}

/// The random numbers of one draw: those of its element and, for a vector, of the following ones.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    /// The hash of the node's dotted path.
    pub path: u64,
    /// The row-major number of the (first) element.
    pub element: u32,
    /// Whether it is the only one that is drawn, outside of loops.
    pub alone: bool,
}

impl Site {
    /// The site of another random number of the same draw; part 0 is the site itself.
    fn part(self, part: u32) -> Site {
        let path = if part == 0 { self.path } else { rng::mix(self.path, u64::from(part)) };
        Site { path, ..self }
    }

    fn noise(self, p: &mut Program, law: Law, offset: usize) -> Value {
        match self.alone {
            true => p.alone(Alone { law, path: self.path }),
            false => p.noise(Noise { law, path: self.path, element: self.element + offset as u32 }),
        }
    }

    /// `-log u`: the time until something that happens at rate 1.
    fn waited(self, p: &mut Program) -> Value {
        let u = self.noise(p, Law::Uniform, 0);
        let log = p.unary(Unary::Log, u);
        p.unary(Unary::Neg, log)
    }

    /// A number of a law that no formula gives.
    fn sample(self, p: &mut Program, sampler: Sampler, arguments: [Value; 2], offset: usize) -> Value {
        let element = self.element + offset as u32;
        p.sample(Sample { sampler, path: self.path, element, arguments })
    }
}
