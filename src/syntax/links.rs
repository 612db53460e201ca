//! Statistics as on paper and in formulas: links on the left side, and effects of groups.

/// What to write for `log(lambda[i]) = theta[i]`, where a text starts like that: the inverse, on the right.
pub(crate) fn inverted(text: &str) -> Option<String> {
    let line = text.lines().next()?;
    let (link, behind) = line.split_once('(')?;
    let (name, right) = behind.split_once(')')?;
    let right = right.trim_start();
    let value = right.strip_prefix("<-").or_else(|| right.strip_prefix('='))?;
    let value = value.split("//").next()?.trim();
    let inverse = match link.trim() {
        "log" => "exp",
        "exp" => "log",
        "logit" => "logistic",
        _ => return None,
    };
    Some(format!("write `let {} = {inverse}({value})`", name.trim()))
}

/// What to write for `rt ~ 1 + (1 | trial)`, where a text has such a formula.
pub(crate) fn formula(text: &str) -> Option<&'static str> {
    let plain: String = text.lines().next()?.chars().filter(|c| !c.is_whitespace()).collect();
    let has = |part: &str| plain.contains(part);
    (has("(1|") || has("~1+") || has("~0+")).then_some(
        "there are no formulas: an effect of a group is `param a[g] ~ normal(0, s)`, and a datum is drawn, `data y[g] ~ normal(b + a[g], 1)`",
    )
}
