//! Changed priors: how much likelier numbers are under them, against the formulas.

use sbi_model::compile;
use sbi_sim::Tilt;

fn tilt(params: &str, priors: &str) -> Tilt {
    let text = format!(
        "edition 2026
const centre = 0.5
model m {{
    axis i : index(2)
{params}
    data d ~ normal(0, 1)
}}
query q {{
{priors}
    given d = 0
    infer params
}}
"
    );
    let checked = compile(&text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    Tilt::of(&file.models[0], &file.queries[0].priors).unwrap()
}

fn normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * std::f64::consts::TAU.ln()
}

/// Each element by itself, in the order of the priors, with arguments that differ along an axis and bent draws.
#[test]
fn weights_are_ratios_of_densities() {
    let tilt = tilt(
        "    param a ~ uniform(0, 4)\n    param c[i] ~ normal(0, i)\n    param b ~ normal(0, 1) |> exp()",
        "    param c[i] ~ normal(centre * i, 0.3)\n    param b ~ lognormal(median = 2, spread = 0.5)\n    param a ~ normal(1, 2)",
    );
    let [c, b, a] = [[0.4, -1.0], [1.5, 1.5], [3.0, 3.0]];
    let found = tilt.log_weights(&[c[0], c[1], b[0], a[0]]);
    let log = b[0].ln();
    let wanted = [
        normal(c[0], 0.5, 0.3) - normal(c[0], 0.0, 1.0),
        normal(c[1], 1.0, 0.3) - normal(c[1], 0.0, 2.0),
        normal(log, 2.0_f64.ln(), 0.5) - normal(log, 0.0, 1.0),
        normal(a[0], 1.0, 2.0) + 4.0_f64.ln(),
    ];
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
    }
}

/// Outside of either law there is no weight, and the same law has the weight one exactly.
#[test]
fn there_is_no_weight_outside_of_either_law() {
    let uniform = tilt("    param a ~ uniform(0, 1)", "    param a ~ uniform(0.5, 2)");
    let found = uniform.log_weights(&[-0.1, 0.3, 0.7, 1.5, 2.5]);
    let nothing = f64::NEG_INFINITY;
    assert_eq!([found[0], found[1], found[3], found[4]], [nothing; 4]);
    assert!((found[2] - (1.0_f64 / 1.5).ln()).abs() < 1e-15);
    let same = tilt(
        "    param a ~ gamma(2, 3) |> affine(2, 1)",
        "    param a ~ gamma(shape = 2, rate = 3) |> affine(scale = 2, shift = 1)",
    );
    assert_eq!(same.log_weights(&[1.2, 3.0, 0.5]), [0.0, 0.0, nothing]);
}
