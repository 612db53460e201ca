//! Graphs of draws that are made anew where one fails.

use super::model;
use crate::{Graph, GraphRule, MaskKind, Structure};

/// The parents of a token.
fn parents(graph: &Graph, name: &str) -> Vec<String> {
    let row = graph.tokens.iter().position(|token| token.name == name).expect(name);
    let above = graph.base.row(row).filter(|column| *column != row);
    above.map(|column| graph.tokens[column].name.clone()).collect()
}

fn decay(on_failure: &str) -> String {
    format!(
        "param rate ~ uniform(0, 1)
         param start ~ uniform(0, 1)
         param other ~ uniform(0, 1)
         param blur ~ uniform(0, 1)
         dynamics decay over 0 .. 9 by rk4(step = 0.1) {{
             init x = start
             init y = other
             x' = -rate * x
             y' = 1
             stop when x <= 0.1
         }}
         data x ~ normal(decay.x(5), 1)
         data z ~ normal(blur, 1)
         {on_failure}"
    )
}

/// What makes a run fail depends on each other in the runs that do not, the states that nothing reads included.
#[test]
fn what_makes_a_run_fail_is_joined() {
    for rule in [GraphRule::Exact, GraphRule::Mechanistic] {
        let free = Structure::of(&model(&decay("")), rule).nominal().clone();
        assert_eq!(parents(&free, "start"), [""; 0]);
        let bound = Structure::of(&model(&decay("on_failure \"resample\"")), rule).nominal().clone();
        let names: Vec<&str> = bound.tokens.iter().map(|token| token.name.as_str()).collect();
        assert_eq!(names, ["blur", "other", "rate", "start", "x", "z"]);
        assert_eq!(parents(&bound, "rate"), ["other"]);
        assert_eq!(parents(&bound, "start"), ["other", "rate"]);
        assert_eq!(parents(&bound, "blur"), [""; 0]);
        assert_eq!(parents(&bound, "x"), ["rate", "start"]);
        // Of data that are left out it stays true that their run did not fail.
        let absent = [false, false, false, false, true, false];
        let mask = bound.mask(MaskKind::Undirected, &[false; 6], &absent);
        assert!(mask.get(2, 3) && mask.get(1, 2) && !mask.get(0, 2));
        assert!(!free.mask(MaskKind::Undirected, &[false; 6], &absent).get(2, 3));
    }
}

/// A value that is no number fails as well.
#[test]
fn what_a_value_is_made_of_is_joined() {
    let graph = Graph::of(&model(
        "param centre ~ normal(0, 1)
         param a ~ normal(centre, 1)
         param b ~ normal(0, 1)
         data x ~ normal(exp(exp(a * b)), 1)
         on_failure \"resample\"",
    ));
    // In the order b, centre, a: what is above a hangs on b as well, as long as a is not known.
    assert_eq!(parents(&graph, "centre"), ["b"]);
    assert_eq!(parents(&graph, "a"), ["b", "centre"]);
    assert_eq!(parents(&graph, "x"), ["b", "a"]);
}

/// A program may refuse a draw for any of its inputs, whatever its outputs depend on.
#[test]
fn what_a_program_is_given_is_joined() {
    let text = |own: &str| {
        format!(
            "edition 2026
external lab(growth, spread) -> {{ cover, edge }} = process(\"lab\") {{
    depends cover from growth
    depends edge from spread
    {own}
}}
model stone {{
    param growth ~ uniform(0, 1)
    param spread ~ uniform(0, 1)
    latent run ~ lab(growth, spread)
    data cover = run.cover
    data edge = run.edge
}}
"
        )
    };
    let graph = |own: &str| Graph::of(&super::sound(&text(own)).models[0]);
    assert_eq!(parents(&graph(""), "spread"), [""; 0]);
    assert_eq!(parents(&graph("on_failure \"stop\""), "spread"), [""; 0]);
    // What else a run is by chance may be why it is refused, and shows in what it gives.
    assert_eq!(parents(&graph("on_failure \"resample\""), "spread"), ["growth", "cover"]);
}
