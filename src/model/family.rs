//! Families of distributions, kernels of processes, and what bends a draw. What they take and where they lie stands in the
//! checker's tables, one row for each.

/// A family of distributions. Arguments are kept in the order given here, whichever way they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `bernoulli(probability)`: 1 with that probability, else 0.
    Bernoulli,
    /// `beta(a, b)`: from 0 to 1.
    Beta,
    /// `binomial(n, probability)`: how many of `n` trials succeed.
    Binomial,
    /// `categorical(probabilities)`: the number of a category, from 1.
    Categorical,
    /// `cauchy(median, scale)`.
    Cauchy,
    /// `dirichlet(concentration)`: shares over the node's last axis, which add up to one.
    Dirichlet,
    /// `exponential(rate)`, of mean `1 / rate`.
    Exponential,
    /// `gamma(shape, rate)`, of mean `shape / rate`.
    Gamma,
    /// `gaussian_process(mean, kernel)`: a function of time.
    GaussianProcess,
    /// `half_normal(sd)`: the size of a normal number of mean 0 and this `sd`.
    HalfNormal,
    /// `inverse_gamma(shape, scale)`: `scale` over a gamma number of this shape and rate 1.
    InverseGamma,
    /// `laplace(mean, scale)`, of density `exp(-|x - mean| / scale) / (2 scale)`.
    Laplace,
    /// `logistic(mean, scale)`, of distribution function `1 / (1 + exp(-(x - mean) / scale))`.
    Logistic,
    /// `lognormal(median, spread)`: the exponential of a normal number of mean `log(median)` and sd `spread`.
    Lognormal,
    /// `mixture(weights, of)`: one of several distributions, each with its weight.
    Mixture,
    /// `multivariate_normal(mean, cov)`: a vector over the node's last axis.
    MultivariateNormal,
    /// `negative_binomial(mean, shape)`: counts of variance `mean + mean² / shape`.
    NegativeBinomial,
    /// `normal(mean, sd)`.
    Normal,
    /// `poisson(rate)`: counts of that mean.
    Poisson,
    /// `student_t(df, mean, scale)`: `mean + scale t` with `df` degrees of freedom.
    StudentT,
    /// `truncated_normal(mean, sd, low, high)`: a normal number, kept between `low` and `high`.
    TruncatedNormal,
    /// `uniform(low, high)`.
    Uniform,
    /// `von_mises(mean, concentration)`: an angle from -π to π.
    VonMises,
    /// `weibull(shape, scale)`, of distribution function `1 - exp(-(x / scale)^shape)`.
    Weibull,
}

/// What kind of value a family gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A real number.
    Real,
    /// A whole number from 0.
    Count,
    /// 0 or 1.
    Truth,
    /// The number of a category, from 1.
    Category,
}

/// Where the values of a family lie, with the numbers of the arguments that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// The real line.
    Real,
    /// From 0.
    Positive,
    /// From 0 to 1.
    Unit,
    /// Vectors of numbers from 0 that add up to one.
    Simplex,
    /// From -π to π.
    Circle,
    /// From one argument to another.
    Between(usize, usize),
    /// 0 or 1.
    Truth,
    /// Whole numbers from 0.
    Counts,
    /// Whole numbers from 0 to an argument.
    UpTo(usize),
    /// Whole numbers from 1 to the length of an argument.
    Categories(usize),
    /// Wherever one of the distributions in an argument lies.
    Components(usize),
}

/// How values of a process at two times go together; `d` is the time between them. Its numbers are kept in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// `rbf(length, scale)`: `scale² exp(-d² / (2 length²))`.
    Rbf,
    /// `matern(length, scale, nu = 0.5)`: `scale² exp(-d / length)`.
    MaternHalf,
    /// `matern(length, scale, nu = 1.5)`: `scale² (1 + r) exp(-r)` with `r = √3 d / length`.
    MaternThreeHalves,
    /// `matern(length, scale, nu = 2.5)`: `scale² (1 + r + r² / 3) exp(-r)` with `r = √5 d / length`.
    MaternFiveHalves,
    /// `periodic(length, scale, period)`: `scale² exp(-2 sin²(π d / period) / length²)`; `length` is a pure number.
    Periodic,
}

/// How a draw is bent, number by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Map {
    /// `affine(scale, shift)`: `scale x + shift`.
    Affine,
    /// `between(low, high)`: `low + (high - low) / (1 + exp(-x))`.
    Between,
    /// `exp()`.
    Exp,
    /// `logistic()`: `1 / (1 + exp(-x))`.
    Logistic,
}
