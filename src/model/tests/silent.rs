//! What is not known to be wrong is not told: values that may be in range, and times and conditions that may hold.

use super::{model, sound};

#[test]
fn draws_that_may_be_in_range_are_read() {
    model(
        "
    axis i : index(3)
    axis k : index(2)
    const level[i] = [-1, 0, 1]
    param a ~ normal(0, 1)
    param b ~ normal(0, 1)
    param tau ~ half_normal(1)
    param h ~ normal(170, 10)
    param u ~ uniform(0, 1)
    latent z[i] ~ normal(0, tau)
    latent w[i] ~ normal(a + b * level[i], tau)
    param v[k] ~ multivariate_normal(mean = [3, 0], cov = [[0.1, 0], [0, 1]])
    data x1 ~ normal(0, a * a)
    data x2 ~ normal(0, exp(a))
    data x3 ~ normal(0, abs(a))
    data x4 ~ normal(0, max(a, 0.1))
    data x5 ~ normal(0, if a > 0 then a else 1)
    data x6 ~ poisson(h + 2 * a)
    data x7 ~ bernoulli(1 - u)
    data x8 ~ poisson(h - a - h + 200)
    data x9[i] ~ poisson(exp(z[i]))
    data xa ~ normal(0, v[1])
    data xb ~ normal(0, tau + u)
    data xc ~ normal(0, 3 + a * u)
    data xd ~ bernoulli(0.1 + 0.9 * u)
",
    );
}

#[test]
fn what_a_condition_keeps_from_being_read_may_be_out_of_range() {
    model(
        "
    axis t : time(grid(from = 0, to = 3, step = 0.06))
    axis u : time(grid(from = 1, to = 10, step = 1))
    axis s : time(scattered(n = 5, over = 0 .. 3))
    const end = 3
    param mu ~ normal(0, 1)
    param r ~ uniform(0.1, 1)
    dynamics g over 0 .. end by rk4(step = end / 100) {
        init a = 1
        a' = r * a
    }
    let late[u] = log(mu)
    data x[t] ~ lognormal(median = g.a(t), spread = 0.1)
    data y[u] ~ lognormal(median = if u <= 3 then g.a(u) else g.a(3), spread = 0.1)
    data z[s] ~ lognormal(median = g.a(s), spread = 0.1)
    data w[u] ~ normal(if mu > 0 then late[u] else 0, 1)
    data v ~ normal(sqrt(mu * mu) + log(exp(mu)) + sqrt(r) + log(2 + r * mu / 10), 1)
    data k ~ normal(sum over t (g.a(t)), 1)
",
    );
}

#[test]
fn conditions_that_some_draw_satisfies_are_asked() {
    sound(
        "edition 2026

model m {
    axis i : index(2)
    param mu ~ uniform(0, 1)
    param n ~ poisson(3)
    param b ~ normal(0, 1)
    param c[i] ~ normal(0, 1)
    param d = max(b, 0)
    data x ~ normal(mu + b + n + c[1] + c[2] + d, 1)
}

query fit {
    given x = 0.3
    where mu > 0.2
    where mu > 0.2 and mu <= 1 and n == 3
    where n in 3 .. 3
    where not (b == 0.5)
    where b * mu > 3 and mu >= 1
    where c[1] > c[2]
    infer mu
}
",
    );
}

/// The end of a run that nothing ends is a fine time to read its states at.
#[test]
fn states_are_read_at_an_end_that_is_known() {
    model(
        "
    param r ~ uniform(0.1, 1)
    dynamics g over 0 .. 3 by rk4(step = 0.1) {
        init a = 1
        a' = r * a
    }
    data x = 2 * g.a(g.end)
    data y ~ normal(g.a(g.end / 2), 1)
",
    );
}

/// A condition that is more than bounds on states is advised on, where noise drives the path and the steps are not meant.
#[test]
fn conditions_that_are_not_corrected_are_advised_on() {
    let advised = |solver: &str, stop: &str| {
        let text = format!(
            "edition 2026
model m {{
    param drift ~ normal(0, 1)
    dynamics walk over 0 .. 20 by {solver} {{
        noise w
        init x = 0
        let far = 2 * x
        x' = drift + w
        stop when {stop}
    }}
    data rt = walk.end
}}
"
        );
        let file = crate::compile(&text, &()).file.expect("it is sound");
        let told = crate::advice(&file).into_iter().find(|told| told.code == "uncorrected");
        told.map(|told| told.help.unwrap())
    };
    let euler = "euler_maruyama(step = 0.01)";
    assert_eq!(advised(euler, "abs(x) >= 1.5").as_deref(), Some("write `x >= 1.5 or x <= -1.5`"));
    assert_eq!(advised(euler, "2 < abs(x)").as_deref(), Some("write `x >= 2 or x <= -2`"));
    assert!(advised(euler, "far >= 1").is_some_and(|help| help.contains("boundary = plain")));
    assert_eq!(advised(euler, "x >= drift or -1 > x"), None);
    assert_eq!(advised("euler_maruyama(step = 0.01, boundary = plain)", "abs(x) >= 1.5"), None);
}
