//! Graphs of what dynamics and programs from outside give: everything that they read is above it.

use super::model;
use crate::{Graph, compile};

/// The parents of a token.
fn parents(graph: &Graph, name: &str) -> Vec<String> {
    let row = graph.tokens.iter().position(|token| token.name == name).expect("a token");
    let above = |column: &usize| *column != row && graph.base.get(row, *column);
    let names = (0..graph.tokens.len()).filter(above).map(|column| graph.tokens[column].name.clone());
    names.collect()
}

#[test]
fn when_a_dynamics_ends_hangs_on_all_it_reads() {
    let graph = Graph::of(&model(
        "param a ~ uniform(0.5, 2)
         param v ~ uniform(0.5, 3)
         dynamics d over 0 .. 9 by euler_maruyama(step = 0.01) {
             noise w
             init x = 0
             x' = v + w
             stop when x >= a
         }
         data rt = d.end
         data late ~ normal(d.end, 1)
         data side = d.x(d.end)",
    ));
    assert_eq!(parents(&graph, "late"), ["a", "v"]);
    // The two readings of one path hang together.
    assert_eq!(parents(&graph, "rt"), ["a", "v", "late"]);
    assert_eq!(parents(&graph, "side"), ["a", "v", "late", "rt"]);
}

#[test]
fn what_one_run_of_a_program_gives_hangs_together() {
    let text = "edition 2026
external wound(p, q) -> { front, cover } = process(\"wound\") {
    depends front from p
    depends cover from q
}
model m {
    axis i : index(2)
    param p ~ uniform(0, 1)
    param q ~ uniform(0, 1)
    latent run[i] ~ wound(p, q)
    data front[i] = run[i].front
    data cover[i] = run[i].cover
}
";
    let checked = compile(text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let graph = Graph::of(&file.models[0]);
    assert_eq!(parents(&graph, "front[1]"), ["p"]);
    // Siblings of one run, and of no other: the later inherits what the earlier reads.
    assert_eq!(parents(&graph, "cover[1]"), ["p", "front[1]", "q"]);
    assert_eq!(parents(&graph, "cover[2]"), ["p", "front[2]", "q"]);
}

/// Trials share what they read, and no noise.
#[test]
fn runs_of_one_draw_are_apart() {
    let text = "edition 2026
simulator walk(v, a) -> { rt, side } {
    dynamics d over 0 .. 40 by euler_maruyama(step = 0.02) {
        noise w
        init x = 0
        x' = v + w
        stop when x >= a or x <= -a
    }
    return { rt = d.end, side = d.x(d.end) > 0 }
}
model m {
    axis s : index(2)
    param v ~ uniform(0.5, 3)
    param a ~ uniform(0.5, 2)
    latent r[s] ~ walk(v, a)
    data rt[s] = r[s].rt
    data side[s] = r[s].side
}
";
    let checked = compile(text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let graph = Graph::of(&file.models[0]);
    assert_eq!(parents(&graph, "rt[2]"), ["a", "v"]);
    assert_eq!(parents(&graph, "side[2]"), ["a", "v", "rt[2]"]);
}
