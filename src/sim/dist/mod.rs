//! Distributions: one file per family, and the table that finds them.
//!
//! A family says how its draws are made of standard uniform and normal numbers, or of the few laws that no formula
//! gives ([`crate::sampler`]). Arguments that name no
//! distribution (a negative standard deviation, a probability above one) make the draw NaN, so that the run fails
//! and says with which parameters.

mod bernoulli;
mod beta;
mod binomial;
mod categorical;
mod cauchy;
mod dirichlet;
mod exponential;
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
mod student_t;
mod truncated_normal;
mod uniform;
mod von_mises;
mod weibull;

use crate::rng;
use crate::ssa::{Law, Noise, Program, Sample, Sampler, Value};
use sbi_model::{Binary, Family, Map, Unary};

/// How a family is drawn.
pub(crate) struct Distribution {
    /// Whether a draw is a vector over the node's last axis, else one number.
    pub over_vector: bool,
    /// Adds the draw of one number or vector to a program; its values in order.
    pub draw: fn(&mut Program, Site, &[Argument]) -> Vec<Value>,
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
    Components(Vec<Component>),
}

/// One of the distributions that a mixture is made of.
pub(crate) struct Component {
    pub family: Family,
    pub arguments: Vec<Argument>,
    pub bends: Vec<Bend>,
}

impl Component {
    fn draw(&self, p: &mut Program, site: Site) -> Value {
        let drawn = (of(self.family).draw)(p, site, &self.arguments);
        let first = drawn.first().copied().expect("components of a mixture draw one number each");
        self.bends.iter().fold(first, |x, bend| bend.apply(p, x))
    }
}

/// One step of `|>`, with its numbers computed for one draw.
pub(crate) struct Bend {
    pub map: Map,
    pub arguments: Vec<Value>,
}

impl Bend {
    /// The bent number.
    pub fn apply(&self, p: &mut Program, x: Value) -> Value {
        match (self.map, self.arguments.as_slice()) {
            (Map::Affine, [scale, shift]) => {
                let scaled = p.binary(Binary::Mul, *scale, x);
                p.binary(Binary::Add, scaled, *shift)
            }
            (Map::Between, [low, high]) => {
                let share = p.unary(Unary::Logistic, x);
                let width = p.binary(Binary::Sub, *high, *low);
                let above = p.binary(Binary::Mul, width, share);
                p.binary(Binary::Add, above, *low)
            }
            (Map::Exp, []) => p.unary(Unary::Exp, x),
            (Map::Logistic, []) => p.unary(Unary::Logistic, x),
            (map, _) => panic!("the checker gives {map:?} its numbers"),
        }
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

/// One of `values`, each with its probability: the first whose share, added to those before it, passes a uniform number.
/// Fails where a probability is negative or their sum is not one.
fn choice(p: &mut Program, site: Site, probabilities: &[Value], values: &[Value]) -> Value {
    /// How far from one a sum of probabilities may be: they are often rounded in a file, or computed.
    const SLACK: f64 = 1e-6;
    let u = site.noise(p, Law::Uniform, 0);
    let (zero, one, slack) = (p.number(0.0), p.number(1.0), p.number(SLACK));
    let (mut sum, mut possible) = (zero, one);
    let mut passed = Vec::with_capacity(values.len());
    for probability in probabilities {
        let sound = p.binary(Binary::Ge, *probability, zero);
        possible = p.binary(Binary::And, possible, sound);
        sum = p.binary(Binary::Add, sum, *probability);
        passed.push(p.binary(Binary::Lt, u, sum));
    }
    let off = p.binary(Binary::Sub, sum, one);
    let size = p.unary(Unary::Abs, off);
    let whole = p.binary(Binary::Lt, size, slack);
    possible = p.binary(Binary::And, possible, whole);
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
}

impl Site {
    /// The site of another random number of the same draw; part 0 is the site itself.
    fn part(self, part: u32) -> Site {
        let path = if part == 0 { self.path } else { rng::mix(self.path, u64::from(part)) };
        Site { path, ..self }
    }

    fn noise(self, p: &mut Program, law: Law, offset: usize) -> Value {
        p.noise(Noise { law, path: self.path, element: self.element + offset as u32 })
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
