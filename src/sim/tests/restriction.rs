//! Conditions of queries: where they hold, and their margins.

use sbi_model::{NodeId, compile};
use sbi_sim::{Judged, Refusal, Restriction};

/// The conditions of the query of a file over `a`, `b`, `c[1]`, `c[2]` and `d`, judged at points of these.
fn judged(wheres: &str, points: &[[f64; 5]]) -> Result<Judged, Refusal> {
    Ok(restriction(wheres)?.judge(points.as_flattened()))
}

fn restriction(wheres: &str) -> Result<Restriction, Refusal> {
    let text = format!(
        "edition 2026
model m {{
    axis i : index(2)
    param a ~ normal(0, 1)
    param b ~ normal(0, 1)
    param c[i] ~ normal(0, 1)
    let sum = a + 2 * b
    latent hidden ~ normal(0, 1)
    data d ~ normal(sum + hidden, 1)
}}
query q {{
    infer params, d
    {wheres}
}}
"
    );
    let checked = compile(&text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let model = &file.models[0];
    let element = |name: &str, element| (model.find(name).unwrap(), element);
    let elements: Vec<(NodeId, usize)> =
        vec![element("a", 0), element("b", 0), element("c", 0), element("c", 1), element("d", 0)];
    Restriction::of(model, &file.queries[0].conditions, &elements)
}

#[test]
fn margins_are_how_far_sides_are_apart() {
    let points = [[0.5, 1.0, -1.0, 2.0, 0.0], [-2.0, 0.25, 3.0, 4.0, 9.0]];
    for (wheres, margins, holds) in [
        ("where a < 1", vec![0.5, 3.0], [true, true]),
        ("where a > 0", vec![0.5, -2.0], [true, false]),
        ("where a in -1 .. 0.75", vec![1.5, 0.25, -1.0, 2.75], [true, false]),
        ("where not (a in -1 .. 0.75)", vec![-1.5, -0.25, 1.0, -2.75], [false, true]),
        ("where a < 0 or b < 0.5", vec![-0.5, -0.5, 2.0, 0.25], [false, true]),
        ("where sum < 2.25", vec![-0.25, 3.75], [false, true]),
        ("where mean over i (c[i]) > 1\n    where c[2] > 1.5", vec![-0.5, 0.5, 2.5, 2.5], [false, true]),
        ("where a * b <= 0.5 and a > 0", vec![0.0, 0.5, 1.0, -2.0], [true, false]),
    ] {
        let found = judged(wheres, &points).unwrap();
        assert_eq!((found.margins, found.holds), (margins, holds.to_vec()), "{wheres}");
    }
}

/// `and` and `or` turn into each other under `not`.
#[test]
fn words_between_comparisons_are_kept() {
    use sbi_model::Margin::{All, Any, Of};
    for (wheres, whole) in [
        ("where a < 1 and (b < 1 or d > 0)", All(vec![All(vec![Of(0), Any(vec![Of(1), Of(2)])])])),
        ("where not (a < 1 and not b < 1)", All(vec![Any(vec![Of(0), Of(1)])])),
        ("where a < 1\n    where b < 1", All(vec![Of(0), Of(1)])),
    ] {
        assert_eq!(*restriction(wheres).unwrap().whole(), whole, "{wheres}");
    }
}

#[test]
fn what_cannot_hold_of_a_number_does_not() {
    let found = judged("where log(a) > 0", &[[-1.0, 0.0, 0.0, 0.0, 0.0]]).unwrap();
    assert_eq!((found.margins, found.holds), (vec![f64::NEG_INFINITY], vec![false]));
}
