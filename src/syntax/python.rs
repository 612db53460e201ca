//! Draws as libraries of Python write them: `pm.Uniform("theta", -1, 1)`, `dist.Normal(0, 1)`.

/// Libraries and modules that have distributions, each by the names under which it is imported.
const MODULES: &[&str] = &[
    "pm",
    "pymc",
    "pymc3",
    "numpyro",
    "pyro",
    "dist",
    "distributions",
    "stats",
    "scipy",
    "torch",
    "tfd",
    "tfp",
    "td",
    "ss",
    "D",
];

/// Distributions there, with their names here.
const DISTRIBUTIONS: &[(&str, &str)] = &[
    ("bernoulli", "bernoulli"),
    ("beta", "beta"),
    ("binomial", "binomial"),
    ("boxuniform", "uniform"),
    ("categorical", "categorical"),
    ("cauchy", "cauchy"),
    ("dirichlet", "dirichlet"),
    ("exponential", "exponential"),
    ("gamma", "gamma"),
    ("halfnormal", "half_normal"),
    ("inversegamma", "inverse_gamma"),
    ("laplace", "laplace"),
    ("lognormal", "lognormal"),
    ("multivariatenormal", "multivariate_normal"),
    ("mvnormal", "multivariate_normal"),
    ("negativebinomial", "negative_binomial"),
    ("norm", "normal"),
    ("normal", "normal"),
    ("poisson", "poisson"),
    ("studentt", "student_t"),
    ("truncatednormal", "truncated_normal"),
    ("uniform", "uniform"),
    ("vonmises", "von_mises"),
    ("weibull", "weibull"),
];

/// Arguments there of the distributions that most models have, with their names here.
const LABELS: &[(&str, &str, &str)] = &[
    ("normal", "loc", "mean"),
    ("normal", "mu", "mean"),
    ("normal", "scale", "sd"),
    ("normal", "sigma", "sd"),
    ("half_normal", "scale", "sd"),
    ("half_normal", "sigma", "sd"),
    ("uniform", "lower", "low"),
    ("uniform", "upper", "high"),
];

/// Whether a name is that of a library of Python.
pub fn is_library(name: &str) -> bool {
    MODULES.contains(&name)
}

/// A draw from a distribution of a library, as it is written here, and whether it is seen: `uniform(-1, 1)`. None for
/// anything else, and where arguments stand in brackets of their own.
pub fn library_draw(text: &str) -> Option<(String, bool)> {
    let text = text.trim();
    let (path, arguments) = text.split_once('(')?;
    let (arguments, behind) = arguments.split_once(')')?;
    let mut parts = path.split('.').map(str::trim);
    let library = parts.next().filter(|library| is_library(library))?;
    let distribution = parts.next_back().map(str::to_lowercase)?;
    let (_, own) = DISTRIBUTIONS.iter().find(|(there, _)| *there == distribution)?;
    let behind = behind.trim();
    // `stats.norm(0, 1).rvs()` and the like are draws as well; `stats.norm(0, 1) * 2` is computed.
    if library.is_empty()
        || arguments.contains(['(', '['])
        || !(behind.is_empty() || behind.starts_with(['.', '#', '/']))
    {
        return None;
    }
    let mut seen = false;
    let mut kept: Vec<String> = Vec::new();
    for argument in arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty()) {
        match argument.split_once('=').map(|(label, value)| (label.trim(), value.trim())) {
            Some(("observed" | "obs", _)) => seen = true,
            Some(("shape" | "dims" | "size" | "name" | "rng" | "random_state", _)) => {}
            Some((label, value)) => {
                let here = LABELS.iter().find(|(of, there, _)| of == own && *there == label);
                kept.push(format!("{} = {value}", here.map_or(label, |(.., here)| here)));
            }
            // The first argument is the name of the quantity again.
            None if argument.starts_with(['"', '\'']) => {}
            None => kept.push(argument.to_owned()),
        }
    }
    Some((format!("{own}({})", kept.join(", ")), seen))
}
