//! The table of distributions: their names, what they take, and what people call all that elsewhere.

use crate::Family;

/// What an argument of a distribution must satisfy, where it is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// Any finite number.
    Finite,
    /// Above zero.
    Positive,
    /// From 0 to 1.
    Probability,
}

/// How an argument that is written becomes the one that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// As it is.
    Plain,
    /// The square root of it: a variance into a standard deviation.
    Root,
    /// One over its square root: a precision into a standard deviation.
    InverseRoot,
}

/// One way to write an argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Its label.
    pub(super) name: &'static str,
    /// What becomes of it.
    pub(super) turn: Turn,
    /// What it must satisfy.
    pub(super) demand: Demand,
}

/// What an argument is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar,
    Vector,
    Matrix,
}

/// An argument: the ways to write it, the first being the one meant by position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) ways: &'static [Way],
    pub(super) shape: Shape,
    /// Whether it is measured in the unit of what is drawn.
    pub(super) measured: bool,
}

/// A distribution: its name and its arguments in positional order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) family: Family,
    pub(super) name: &'static str,
    pub(super) slots: &'static [Slot],
}

const fn way(name: &'static str, demand: Demand) -> Way {
    Way { name, turn: Turn::Plain, demand }
}

const fn scalar(ways: &'static [Way], measured: bool) -> Slot {
    Slot { ways, shape: Shape::Scalar, measured }
}

/// The distributions that can be drawn from.
pub(super) const TABLE: [Entry; 4] = [
    Entry {
        family: Family::Uniform,
        name: "uniform",
        slots: &[scalar(&[way("low", Demand::Finite)], true), scalar(&[way("high", Demand::Finite)], true)],
    },
    Entry {
        family: Family::Normal,
        name: "normal",
        slots: &[
            scalar(&[way("mean", Demand::Finite)], true),
            scalar(
                &[
                    way("sd", Demand::Positive),
                    Way { name: "var", turn: Turn::Root, demand: Demand::Positive },
                    Way { name: "precision", turn: Turn::InverseRoot, demand: Demand::Positive },
                ],
                true,
            ),
        ],
    },
    Entry {
        family: Family::Bernoulli,
        name: "bernoulli",
        slots: &[scalar(&[way("probability", Demand::Probability)], false)],
    },
    Entry {
        family: Family::MultivariateNormal,
        name: "multivariate_normal",
        slots: &[
            Slot { ways: &[way("mean", Demand::Finite)], shape: Shape::Vector, measured: true },
            Slot { ways: &[way("cov", Demand::Finite)], shape: Shape::Matrix, measured: false },
        ],
    },
];

/// Distributions of the language that this version does not draw from.
pub(super) const LATER: [&str; 17] = [
    "beta",
    "binomial",
    "categorical",
    "cauchy",
    "dirichlet",
    "exponential",
    "gamma",
    "gaussian_process",
    "half_normal",
    "inverse_gamma",
    "laplace",
    "lognormal",
    "negative_binomial",
    "poisson",
    "student_t",
    "truncated_normal",
    "weibull",
];

/// What people call distributions elsewhere.
const NAMES: [(&str, &str); 16] = [
    ("gaussian", "normal"),
    ("gauss", "normal"),
    ("norm", "normal"),
    ("dnorm", "normal"),
    ("randn", "normal"),
    ("unif", "uniform"),
    ("dunif", "uniform"),
    ("boxuniform", "uniform"),
    ("rand", "uniform"),
    ("bern", "bernoulli"),
    ("flip", "bernoulli"),
    ("coin", "bernoulli"),
    ("mvn", "multivariate_normal"),
    ("mvnormal", "multivariate_normal"),
    ("multi_normal", "multivariate_normal"),
    ("multivariatenormal", "multivariate_normal"),
];

/// What people call arguments elsewhere, each with what it may be called here.
const LABELS: [(&str, &[&str]); 33] = [
    ("sigma", &["sd", "cov"]),
    ("std", &["sd"]),
    ("stddev", &["sd"]),
    ("std_dev", &["sd"]),
    ("stdev", &["sd"]),
    ("scale", &["sd"]),
    ("s", &["sd"]),
    ("variance", &["var"]),
    ("sigma2", &["var"]),
    ("tau", &["precision"]),
    ("prec", &["precision"]),
    ("mu", &["mean"]),
    ("loc", &["mean"]),
    ("location", &["mean"]),
    ("m", &["mean"]),
    ("average", &["mean"]),
    ("center", &["mean"]),
    ("a", &["low"]),
    ("lo", &["low"]),
    ("min", &["low"]),
    ("lower", &["low"]),
    ("minimum", &["low"]),
    ("from", &["low"]),
    ("b", &["high"]),
    ("hi", &["high"]),
    ("max", &["high"]),
    ("upper", &["high"]),
    ("maximum", &["high"]),
    ("to", &["high"]),
    ("p", &["probability"]),
    ("prob", &["probability"]),
    ("covariance", &["cov"]),
    ("covariance_matrix", &["cov"]),
];

/// The distribution of a name.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}

/// Whether a name is that of any distribution, here or later.
pub(super) fn is_distribution(name: &str) -> bool {
    find(name).is_some() || LATER.contains(&name)
}

/// What a distribution of another language is called here.
pub(super) fn name_here(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    NAMES.iter().find(|(elsewhere, _)| *elsewhere == name).map(|(_, here)| *here)
}

impl Entry {
    /// The argument that a label means: the slot and the way.
    pub(super) fn slot(&self, label: &str) -> Option<(usize, Way)> {
        self.slots.iter().enumerate().find_map(|(number, slot)| {
            slot.ways.iter().find(|way| way.name == label).map(|way| (number, *way))
        })
    }

    /// All labels it takes.
    pub(super) fn labels(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.slots.iter().flat_map(|slot| slot.ways).map(|way| way.name)
    }

    /// What a label of another language is called here.
    pub(super) fn label_here(&self, label: &str) -> Option<&'static str> {
        let label = label.to_lowercase();
        let (_, here) = LABELS.iter().find(|(elsewhere, _)| *elsewhere == label)?;
        here.iter().copied().find(|here| self.slot(here).is_some())
    }

    /// How it is written: `normal(mean, sd | var | precision)`.
    pub(super) fn signature(&self) -> String {
        let slots = self.slots.iter().map(|slot| {
            let ways: Vec<&str> = slot.ways.iter().map(|way| way.name).collect();
            ways.join(" | ")
        });
        format!("{}({})", self.name, slots.collect::<Vec<_>>().join(", "))
    }
}
