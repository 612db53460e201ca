//! Distributions that go by other names and other numbers elsewhere, each with how it is written here.

use super::distribution::Left;
use super::shown::{operand, shown, shown_argument, shown_arguments, shown_call};
use sbi_syntax::tree::{Argument, Call};

/// How a distribution of elsewhere is written here.
struct Recipe {
    /// What it is called there: in small letters, without `_`.
    names: &'static [&'static str],
    /// How many arguments it has there.
    takes: usize,
    /// What to write. `{0}` is its first argument, `{0^}` the same as an operand, `{name}` what is drawn, and `{axes}`
    /// the axes of that, in brackets.
    help: &'static str,
}

const fn recipe(names: &'static [&'static str], takes: usize, help: &'static str) -> Recipe {
    Recipe { names, takes, help }
}

/// The recipes; of several for one name that with as many arguments as are written holds, else the first.
const RECIPES: &[Recipe] = &[
    // Names that say on which scale a number stands.
    recipe(&["bernoullilogit", "bernoullilogits"], 1, "write `bernoulli(logit = {0})`"),
    recipe(&["binomiallogit", "binomiallogits"], 2, "write `binomial({0}, logit = {1})`"),
    recipe(&["poissonlog"], 1, "write `poisson(exp({0}))`"),
    recipe(&["negbinomial2log"], 2, "write `negative_binomial(mean = exp({0}), shape = {1})`"),
    recipe(&["negbinomial2", "negativebinomial2"], 2, "write `negative_binomial(mean = {0}, shape = {1})`"),
    recipe(&["negbinomial"], 2, "write `negative_binomial(mean = {0^} / {1^}, shape = {0})`"),
    recipe(&["dnegbin"], 2, "write `negative_binomial(mean = {1^} * (1 - {0^}) / {0^}, shape = {1})`"),
    recipe(&["nbinom"], 2, "write `negative_binomial(mean = {0^} * (1 - {1^}) / {1^}, shape = {0})`"),
    recipe(&["stdnormal"], 0, "write `normal(0, 1)`"),
    recipe(&["logitnormal"], 2, "a normal, bent: `normal({0}, {1}) |> logistic()`"),
    recipe(&["loguniform", "reciprocal"], 2, "a uniform, bent: `uniform(log({0}), log({1})) |> exp()`"),
    recipe(&["betaproportion", "betaprop"], 2, "write `beta({0^} * {1^}, (1 - {0^}) * {1^})`"),
    // BUGS, which writes precisions and other orders.
    recipe(
        &["dnorm"],
        2,
        "in BUGS the second number is a precision: `normal({0}, precision = {1})`; in R an sd: `normal({0}, sd = {1})`",
    ),
    recipe(
        &["dlnorm"],
        2,
        "in BUGS the second number is a precision: `lognormal(log_mean = {0}, spread = 1 / sqrt({1}))`; in R it is the spread: `spread = {1}`",
    ),
    recipe(
        &["dt"],
        3,
        "in BUGS the second number is a precision: `student_t(df = {2}, mean = {0}, scale = 1 / sqrt({1}))`",
    ),
    recipe(&["dweib"], 2, "in BUGS: `weibull(shape = {0}, scale = {1^}^(-1 / {0^}))`"),
    recipe(&["dbin"], 2, "here the number of trials comes first: `binomial({1}, {0})`"),
    recipe(&["ddexp"], 2, "in BUGS the second number is a rate: `laplace({0}, scale = 1 / {1^})`"),
    recipe(&["dlogis"], 2, "in BUGS the second number is a rate: `logistic({0}, scale = 1 / {1^})`"),
    recipe(
        &["dmnorm", "multinormalprec"],
        2,
        "there the second is a precision, the inverse of a covariance: `multivariate_normal(mean = {0}, cov = …)`",
    ),
    recipe(&["dpar"], 2, "it is an exponential, bent: `exponential(rate = {0}) |> exp() |> affine({1}, 0)`"),
    // Halves, and what follows from other distributions.
    recipe(
        &["halfcauchy"],
        1,
        "write `half_normal({0})`; the very law is `let {name} = abs(z{axes})` with `param z{axes} ~ cauchy(0, {0})`",
    ),
    recipe(
        &["halfcauchy"],
        2,
        "write `half_normal({1})`; the very law is `let {name} = abs(z{axes})` with `param z{axes} ~ cauchy({0}, {1})`",
    ),
    recipe(
        &["halfstudentt", "halft"],
        3,
        "write `half_normal({2})`; the very law is `let {name} = abs(z{axes})` with `param z{axes} ~ student_t({0}, {1}, {2})`",
    ),
    recipe(
        &["halfstudentt", "halft"],
        2,
        "write `half_normal({1})`; the very law is `let {name} = abs(z{axes})` with `param z{axes} ~ student_t({0}, 0, {1})`",
    ),
    recipe(
        &["chisquared", "chisquare", "chi2", "dchisq", "dchisqr"],
        1,
        "it is a gamma: `gamma(shape = {0^} / 2, rate = 1 / 2)`",
    ),
    recipe(
        &["invchisquare", "invchisquared"],
        1,
        "it is an inverse gamma: `inverse_gamma(shape = {0^} / 2, scale = 1 / 2)`",
    ),
    recipe(
        &["scaledinvchisquare"],
        2,
        "it is an inverse gamma: `inverse_gamma(shape = {0^} / 2, scale = {0^} / 2 * {1^}^2)`",
    ),
    recipe(&["rayleigh"], 1, "it is a Weibull: `weibull(shape = 2, scale = {0^} * sqrt(2))`"),
    recipe(
        &["pareto"],
        2,
        "it is an exponential, bent; in Stan: `exponential(rate = {1}) |> exp() |> affine({0}, 0)`",
    ),
    recipe(&["pareto"], 1, "it is an exponential, bent: `exponential(rate = {0}) |> exp()`, from 1 upwards"),
    recipe(
        &["geometric"],
        1,
        "it is a negative binomial of shape 1: `negative_binomial(mean = (1 - {0^}) / {0^}, shape = 1)`, from 0 upwards",
    ),
    recipe(&["maxwell"], 1, "write `gamma(shape = …, rate = …)`, which is near it"),
    recipe(
        &["inversegaussian", "invgaussian"],
        2,
        "write `lognormal(median = …, spread = …)`, which is near it",
    ),
    recipe(
        &["wald"],
        2,
        "write `lognormal(median = …, spread = …)`, which is near it, or `std::decision` for first passages",
    ),
    // Draws in two steps.
    recipe(
        &["betabinomial"],
        3,
        "draw the probability first: `latent p{axes} ~ beta({1}, {2})`, then `binomial({0}, p{axes})`",
    ),
    recipe(
        &["zeroinflatedpoisson", "zipoisson", "zip"],
        2,
        "draw whether it is zero first: `latent zero{axes} ~ bernoulli(…)` and `latent count{axes} ~ poisson(…)`, then `data {name} = if zero{axes} then 0 else count{axes}`",
    ),
    recipe(
        &["zeroinflatednegativebinomial"],
        3,
        "draw whether it is zero first: `latent zero{axes} ~ bernoulli(…)` and `latent count{axes} ~ negative_binomial(…)`, then `data {name} = if zero{axes} then 0 else count{axes}`",
    ),
    recipe(
        &["orderedlogistic", "orderedlogit"],
        2,
        "write the probabilities; of three with cut points `a` and `b`: `categorical([logistic(a - {0^}), logistic(b - {0^}) - logistic(a - {0^}), 1 - logistic(b - {0^})])`",
    ),
    recipe(
        &["categoricallogit", "categoricallogits", "multinomiallogit"],
        1,
        "write the probabilities; of three with log-odds `a`, `b` and 0: `categorical([exp(a) / (1 + exp(a) + exp(b)), exp(b) / (1 + exp(a) + exp(b)), 1 / (1 + exp(a) + exp(b))])`",
    ),
    recipe(
        &["multinomial", "dmulti"],
        2,
        "draw each choice: `categorical([…])` over an axis, with the probabilities in the list",
    ),
    recipe(
        &["discreteuniform", "randint"],
        2,
        "write `categorical([1/6, 1/6, 1/6, 1/6, 1/6, 1/6])` for six, which counts from 1",
    ),
    recipe(
        &["lkj", "lkjcholesky", "lkjcorr", "lkjcorrcholesky"],
        1,
        "write the correlation: `param rho ~ uniform(-1, 1)`, and `cov = [[1, rho], [rho, 1]]`",
    ),
    recipe(
        &["wishart", "invwishart", "inversewishart", "dwish"],
        2,
        "write standard deviations and a correlation: `cov = [[s^2, r * s * q], [r * s * q, q^2]]`",
    ),
    // What is no distribution.
    recipe(
        &["flat", "improper", "dflat"],
        0,
        "a prior is a distribution: `normal(0, 10)`, wide as what is plausible",
    ),
    recipe(&["halfflat"], 0, "a prior is a distribution: `half_normal(10)`, wide as what is plausible"),
    recipe(&["deterministic"], 2, "what is computed is written with `=`"),
    // R, which says first how many are drawn.
    recipe(&["rnorm"], 3, "write `normal({1}, {2})`: how many there are is said by an axis"),
    recipe(&["runif"], 3, "write `uniform({1}, {2})`: how many there are is said by an axis"),
    recipe(
        &["rlnorm"],
        3,
        "write `lognormal(log_mean = {1}, spread = {2})`: how many there are is said by an axis",
    ),
    recipe(&["rgamma"], 3, "write `gamma({1}, {2})`: how many there are is said by an axis"),
    recipe(&["rbeta"], 3, "write `beta({1}, {2})`: how many there are is said by an axis"),
    recipe(&["rbinom"], 3, "write `binomial({1}, {2})`: how many there are is said by an axis"),
    recipe(&["rpois"], 2, "write `poisson({1})`: how many there are is said by an axis"),
    recipe(&["rexp"], 2, "write `exponential({1})`: how many there are is said by an axis"),
];

/// What to write for a distribution that is not here, or whose numbers mean something else elsewhere: with the call's
/// own arguments, or dots where they cannot be told apart.
pub(super) fn written_here(call: &Call, left: Left<'_>) -> Option<String> {
    let name = call.path.text().to_lowercase().replace('_', "");
    let known = || RECIPES.iter().filter(|recipe| recipe.names.contains(&name.as_str()));
    let given = call.arguments.len();
    let recipe = known().find(|recipe| recipe.takes == given).or_else(|| known().next())?;
    let ordered = recipe.takes == given
        && (given == 1 || call.arguments.iter().all(|argument| argument.label.is_none()));
    let axes: Vec<&str> = left.target.axes.iter().map(|axis| axis.text.as_str()).collect();
    let axes = if axes.is_empty() { String::new() } else { format!("[{}]", axes.join(", ")) };
    let mut help =
        recipe.help.replace("{name}", &format!("{}{axes}", left.target.name.text)).replace("{axes}", &axes);
    for place in 0..recipe.takes {
        let own = call.arguments.get(place).filter(|_| ordered);
        let text = |how: fn(&Argument) -> Option<String>| own.and_then(how).unwrap_or_else(|| "…".to_owned());
        help = help
            .replace(&format!("{{{place}}}"), &text(|argument| shown(&argument.value)))
            .replace(&format!("{{{place}^}}"), &text(|argument| operand(&argument.value)));
    }
    Some(help)
}

/// How R draws, which says first how many there are; with the name here and how many arguments that takes.
const IN_R: [(&str, &str, usize); 8] = [
    ("rnorm", "normal", 2),
    ("runif", "uniform", 2),
    ("rlnorm", "lognormal", 2),
    ("rgamma", "gamma", 2),
    ("rbeta", "beta", 2),
    ("rbinom", "binomial", 2),
    ("rpois", "poisson", 1),
    ("rexp", "exponential", 1),
];

/// What a call of R draws from: its name here, and its arguments without their number.
pub(super) fn in_r(call: &Call) -> Option<(&'static str, &[Argument])> {
    let name = call.path.text();
    let (_, here, takes) = IN_R.iter().find(|(known, ..)| *known == name)?;
    let (_, arguments) = call.arguments.split_first().filter(|(_, behind)| behind.len() == *takes)?;
    Some((here, arguments))
}

/// A call that draws, as it is written here.
pub(super) fn drawn_here(call: &Call) -> String {
    match in_r(call) {
        Some(("lognormal", [mean, sd])) => {
            format!("lognormal(log_mean = {}, spread = {})", shown_argument(mean), shown_argument(sd))
        }
        Some((here, arguments)) => format!("{here}({})", shown_arguments(arguments)),
        None => shown_call(call),
    }
}

#[cfg(test)]
mod tests {
    use super::super::family;
    use super::*;

    #[test]
    fn recipes_read_the_arguments_that_there_are() {
        for recipe in RECIPES {
            let places =
                recipe.help.split('{').skip(1).filter_map(|rest| rest.get(..1)?.parse::<usize>().ok());
            assert!(places.max().is_none_or(|place| place < recipe.takes), "{}", recipe.help);
            for name in recipe.names {
                assert!(family::find(name).is_none() && family::name_here(name).is_none(), "{name}");
                assert_eq!(*name, name.to_lowercase().replace('_', ""));
            }
        }
    }
}
