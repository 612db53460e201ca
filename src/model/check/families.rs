//! The table of distributions: one row for each.

use super::family::{Demand, Entry, Shape, Slot, Turn, Way};
use crate::{Family, Kind, Range};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// `√3 / π`: the scale of a logistic distribution of standard deviation 1.
const LOGISTIC_SCALE: f64 = 1.732_050_807_568_877_2 / PI;

/// A pure number.
const fn way(name: &'static str, demand: Demand) -> Way {
    Way { name, turn: Turn::Plain, demand, power: 0 }
}

/// A number in the unit of what is drawn.
const fn measured(name: &'static str, demand: Demand) -> Way {
    Way { power: 1, ..way(name, demand) }
}

const fn turned(name: &'static str, turn: Turn, demand: Demand) -> Way {
    Way { turn, ..way(name, demand) }
}

const fn slot(shape: Shape, ways: &'static [Way]) -> Slot {
    Slot { ways, shape, default: None }
}

const fn scalar(ways: &'static [Way]) -> Slot {
    slot(Shape::Scalar, ways)
}

const MEAN: Slot = scalar(&[measured("mean", Demand::Finite)]);
const MEDIAN: Slot = scalar(&[measured("median", Demand::Finite)]);
const SCALE: Slot = scalar(&[measured("scale", Demand::Positive)]);
const SHAPE: Slot = scalar(&[way("shape", Demand::Positive)]);
const SD: Slot = scalar(&[
    measured("sd", Demand::Positive),
    Way { power: 2, ..turned("var", Turn::Root, Demand::Positive) },
    Way { power: -2, ..turned("precision", Turn::InverseRoot, Demand::Positive) },
]);
const PROBABILITY: Slot =
    scalar(&[way("probability", Demand::Probability), turned("logit", Turn::Logistic, Demand::Finite)]);

/// A real number over the whole line: what most rows start from.
const REAL: Entry =
    Entry { family: Family::Normal, name: "", kind: Kind::Real, range: Range::Real, slots: &[] };

/// The distributions, by name.
pub(super) const TABLE: &[Entry] = &[
    Entry {
        family: Family::Bernoulli,
        name: "bernoulli",
        kind: Kind::Truth,
        range: Range::Truth,
        slots: &[PROBABILITY],
    },
    Entry {
        family: Family::Beta,
        name: "beta",
        range: Range::Unit,
        slots: &[scalar(&[way("a", Demand::Positive)]), scalar(&[way("b", Demand::Positive)])],
        ..REAL
    },
    Entry {
        family: Family::Binomial,
        name: "binomial",
        kind: Kind::Count,
        range: Range::UpTo(0),
        slots: &[scalar(&[way("n", Demand::Count)]), PROBABILITY],
    },
    Entry {
        family: Family::Categorical,
        name: "categorical",
        kind: Kind::Category,
        range: Range::Categories(0),
        slots: &[slot(Shape::Weights, &[way("probabilities", Demand::Probability)])],
    },
    Entry { family: Family::Cauchy, name: "cauchy", slots: &[MEDIAN, SCALE], ..REAL },
    Entry {
        family: Family::Dirichlet,
        name: "dirichlet",
        range: Range::Simplex,
        slots: &[slot(Shape::Vector, &[way("concentration", Demand::Positive)])],
        ..REAL
    },
    Entry {
        family: Family::Exponential,
        name: "exponential",
        range: Range::Positive,
        slots: &[scalar(&[
            Way { power: -1, ..way("rate", Demand::Positive) },
            Way { power: 1, ..turned("mean", Turn::Inverse, Demand::Positive) },
        ])],
        ..REAL
    },
    Entry {
        family: Family::Gamma,
        name: "gamma",
        range: Range::Positive,
        slots: &[
            SHAPE,
            scalar(&[
                Way { power: -1, ..way("rate", Demand::Positive) },
                Way { power: 1, ..turned("scale", Turn::Inverse, Demand::Positive) },
            ]),
        ],
        ..REAL
    },
    Entry {
        family: Family::GaussianProcess,
        name: "gaussian_process",
        slots: &[MEAN, slot(Shape::Kernel, &[way("kernel", Demand::Finite)])],
        ..REAL
    },
    Entry { family: Family::HalfNormal, name: "half_normal", range: Range::Positive, slots: &[SD], ..REAL },
    Entry {
        family: Family::InverseGamma,
        name: "inverse_gamma",
        range: Range::Positive,
        slots: &[SHAPE, SCALE],
        ..REAL
    },
    Entry {
        family: Family::Laplace,
        name: "laplace",
        slots: &[
            MEAN,
            scalar(&[
                measured("scale", Demand::Positive),
                Way { power: 1, ..turned("sd", Turn::Times(FRAC_1_SQRT_2), Demand::Positive) },
            ]),
        ],
        ..REAL
    },
    Entry {
        family: Family::Logistic,
        name: "logistic",
        slots: &[
            MEAN,
            scalar(&[
                measured("scale", Demand::Positive),
                Way { power: 1, ..turned("sd", Turn::Times(LOGISTIC_SCALE), Demand::Positive) },
            ]),
        ],
        ..REAL
    },
    Entry {
        family: Family::Lognormal,
        name: "lognormal",
        range: Range::Positive,
        slots: &[
            scalar(&[measured("median", Demand::Positive), turned("log_mean", Turn::Exp, Demand::Finite)]),
            scalar(&[way("spread", Demand::Positive)]),
        ],
        ..REAL
    },
    Entry {
        family: Family::Mixture,
        name: "mixture",
        range: Range::Components(1),
        slots: &[
            slot(Shape::Weights, &[way("weights", Demand::Probability)]),
            slot(Shape::Components, &[way("of", Demand::Finite)]),
        ],
        ..REAL
    },
    Entry {
        family: Family::MultivariateNormal,
        name: "multivariate_normal",
        slots: &[
            slot(Shape::Vector, &[measured("mean", Demand::Finite)]),
            slot(Shape::Matrix, &[Way { power: 2, ..way("cov", Demand::Finite) }]),
        ],
        ..REAL
    },
    Entry {
        family: Family::NegativeBinomial,
        name: "negative_binomial",
        kind: Kind::Count,
        range: Range::Counts,
        slots: &[
            scalar(&[way("mean", Demand::Positive)]),
            scalar(&[way("shape", Demand::Positive), turned("dispersion", Turn::Inverse, Demand::Positive)]),
        ],
    },
    Entry { family: Family::Normal, name: "normal", slots: &[MEAN, SD], ..REAL },
    Entry {
        family: Family::Poisson,
        name: "poisson",
        kind: Kind::Count,
        range: Range::Counts,
        slots: &[scalar(&[way("rate", Demand::Positive), way("mean", Demand::Positive)])],
    },
    Entry {
        family: Family::StudentT,
        name: "student_t",
        slots: &[scalar(&[way("df", Demand::Positive)]), MEAN, SCALE],
        ..REAL
    },
    Entry {
        family: Family::TruncatedNormal,
        name: "truncated_normal",
        range: Range::Between(2, 3),
        slots: &[
            MEAN,
            SD,
            Slot { default: Some(f64::NEG_INFINITY), ..scalar(&[measured("low", Demand::Finite)]) },
            Slot { default: Some(f64::INFINITY), ..scalar(&[measured("high", Demand::Finite)]) },
        ],
        ..REAL
    },
    Entry {
        family: Family::Uniform,
        name: "uniform",
        range: Range::Between(0, 1),
        slots: &[scalar(&[measured("low", Demand::Finite)]), scalar(&[measured("high", Demand::Finite)])],
        ..REAL
    },
    Entry {
        family: Family::VonMises,
        name: "von_mises",
        range: Range::Circle,
        slots: &[MEAN, scalar(&[way("concentration", Demand::Positive)])],
        ..REAL
    },
    Entry {
        family: Family::Weibull,
        name: "weibull",
        range: Range::Positive,
        slots: &[SHAPE, SCALE],
        ..REAL
    },
];
