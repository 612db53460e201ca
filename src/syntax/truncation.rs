//! What to write for a truncated draw of Stan or BUGS, `normal(0.1, 0.01) T[0, ]`, with its own numbers.

/// Distributions that are never below zero.
const POSITIVE: &[&str] =
    &["beta", "exponential", "gamma", "half_normal", "inverse_gamma", "lognormal", "poisson", "weibull"];

/// Distributions that are as likely on both sides of their middle, each with the place of that among its arguments.
const EVEN: &[(&str, usize)] = &[("cauchy", 0), ("laplace", 0), ("logistic", 0), ("student_t", 1)];

/// What to write for a `call` between `bounds`, which follow the bracket that opens them. `left` is the statement
/// before its `~`.
pub(crate) fn truncated(left: &str, call: &str, bounds: &str) -> String {
    let closes = bounds.rfind([']', ')']).unwrap_or(bounds.len());
    let bounds = parts(bounds.get(..closes).unwrap_or(bounds));
    let bound = |place: usize| bounds.get(place).copied().unwrap_or("");
    let (low, high) = (bound(0), bound(1));
    let (family, arguments) = call.split_once('(').unwrap_or((call, ""));
    let family = family.trim();
    let arguments = parts(arguments.strip_suffix(')').unwrap_or(arguments));
    let own = |place: usize| arguments.get(place).copied().unwrap_or("…");
    let between = |whole: &str| {
        let named = [("low", low), ("high", high)].into_iter().filter(|(_, bound)| !bound.is_empty());
        let named: Vec<String> = named.map(|(name, bound)| format!("{name} = {bound}")).collect();
        format!("truncated_normal({whole}, {})", named.join(", "))
    };
    let unlabelled = arguments.len() == 2 && !arguments.iter().any(|argument| argument.contains('='));
    let from_zero = low == "0" && high.is_empty();
    let middle = EVEN.iter().find(|(even, _)| *even == family).map(|(_, place)| value(own(*place)));
    match family {
        _ if low.is_empty() && high.is_empty() => "leave it out: it has no bounds".to_owned(),
        "normal" if unlabelled => {
            format!("write `{}`", between(&format!("mean = {}, sd = {}", own(0), own(1))))
        }
        "normal" => format!("write `{}`", between(&arguments.join(", "))),
        "dnorm" if unlabelled => {
            format!("write `{}`", between(&format!("mean = {}, precision = {}", own(0), own(1))))
        }
        "half_normal" if low.is_empty() => {
            format!("write `truncated_normal(mean = 0, sd = {}, low = 0, high = {high})`", value(own(0)))
        }
        "uniform" => {
            let low = if low.is_empty() { value(own(0)) } else { low };
            let high = if high.is_empty() { value(own(1)) } else { high };
            format!("write the bounds into it: `uniform({low}, {high})`")
        }
        _ if from_zero && POSITIVE.contains(&family) => {
            format!("leave it out: `{family}` is never below 0")
        }
        _ if from_zero && middle == Some("0") => {
            let name = left.trim().split_once(' ').map_or("x", |(_, name)| name);
            let name = name.split(':').next().unwrap_or(name).trim();
            let axes = name.find('[').and_then(|at| name.get(at..)).unwrap_or("");
            format!(
                "only a normal is truncated here; this one is folded at 0: `param z{axes} ~ {call}`, then `let {name} = abs(z{axes})`"
            )
        }
        _ => format!("only a normal is truncated here: `{}`", between("mean = …, sd = …")),
    }
}

/// What an argument says, without its name.
fn value(argument: &str) -> &str {
    argument.split_once('=').map_or(argument, |(_, value)| value.trim())
}

/// The parts of a text between its commas, but for those in brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let comma = |c: char| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(comma).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::truncated;

    #[test]
    fn the_help_has_the_numbers_of_the_call() {
        let said = [
            ("normal(0.1, 0.01)", "0, ]", "`truncated_normal(mean = 0.1, sd = 0.01, low = 0)`"),
            ("normal(0, 1)", "1, 3]", "`truncated_normal(mean = 0, sd = 1, low = 1, high = 3)`"),
            ("normal(a, sd = f(b, 2))", ", 3)", "`truncated_normal(a, sd = f(b, 2), high = 3)`"),
            ("dnorm(0, 0.001)", "0,)", "`truncated_normal(mean = 0, precision = 0.001, low = 0)`"),
            ("cauchy(0, 2.5)", "0,)", "`param z[i] ~ cauchy(0, 2.5)`, then `let tau[i] = abs(z[i])`"),
            ("student_t(3, 0, 2.5)", "0,)", "then `let tau[i] = abs(z[i])`"),
            ("uniform(0, 10)", "2,]", "`uniform(2, 10)`"),
            ("gamma(2, 1)", "0, ]", "leave it out"),
            ("gamma(2, 1)", ", log(3)]", "high = log(3))`"),
        ];
        for (call, bounds, help) in said {
            let told = truncated("param tau[i] : s ", call, bounds);
            assert!(told.contains(help), "{told}");
        }
    }
}
