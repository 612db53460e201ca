//! Queries on axes as long as they place them: which tokens there are, what is said of them, and when they are.

use super::sound;
use crate::{Definition, Graph, GraphRule, Placement, State, Structure};

const MODEL: &str = "edition 2026
model m {
    axis k : index(2)
    axis t : time(scattered(n = 3, over = 0 .. 8))
    axis u : time(scattered(n = 2 .. 4, over = 0 .. 8))
    param a[k] ~ normal(0, 1)
    data x[t, k] ~ normal(a[k] + t, 1)
    data y[u] ~ normal(a[1], 1)
}
";

/// The placement of a query, a line for each token: its name, when it is, what is said of it, and what it was.
fn placed(query: &str) -> (Vec<String>, Placement) {
    let file = sound(&format!("{MODEL}query q {{\n{query}\n}}\n"));
    let (model, query) = (&file.models[0], &file.queries[0]);
    let graph = Graph::of(model);
    let longer = query.placed_model(model).expect("an axis is placed");
    let tokens = Structure::of(&longer, GraphRule::Exact).nominal().tokens.clone();
    let placement = query.placement(model, &graph, longer, &tokens);
    let line = |(number, token): (usize, &crate::Token)| {
        let said = match placement.states[number] {
            State::Given(value) => format!("= {value}"),
            State::Inferred => "?".to_owned(),
            State::Absent => "-".to_owned(),
        };
        let origin = placement.origins[number].map_or("new", |origin| &graph.tokens[origin].name);
        format!("{} {said} {origin}", token.name)
    };
    (tokens.iter().enumerate().map(line).collect(), placement)
}

#[test]
fn an_axis_is_as_long_as_it_is_placed() {
    let (lines, placement) = placed("at t = [1, 2, 4, 7]\nat u = [3, 5]\ngiven y = [0.5, 0.6]\ninfer a, x");
    let expected = [
        "a[1] ? a[1]",
        "a[2] ? a[2]",
        "x[1,1] ? x[1,1]",
        "x[1,2] ? x[1,2]",
        "x[2,1] ? x[2,1]",
        "x[2,2] ? x[2,2]",
        "x[3,1] ? x[3,1]",
        "x[3,2] ? x[3,2]",
        // What is asked of the last is asked of those beyond.
        "x[4,1] ? new",
        "x[4,2] ? new",
        "y[1] = 0.5 y[1]",
        "y[2] = 0.6 y[2]",
    ];
    assert_eq!(lines, expected);
    assert_eq!(placement.infer, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(placement.coordinates, [1.0, 2.0, 4.0, 7.0, 3.0, 5.0]);
}

/// Data sets have three readings over `t`, and two at least over `u`: those that the query does not place are left out.
#[test]
fn what_is_not_placed_is_filled_up() {
    let (lines, placement) = placed("at t = [6]\nat u = [3]\ngiven x[1, 1] = 2\ngiven y = [0.5]\ninfer a");
    let expected = [
        "a[1] ? a[1]",
        "a[2] ? a[2]",
        "x[1,1] = 2 x[1,1]",
        "x[1,2] - x[1,2]",
        "x[2,1] - new",
        "x[2,2] - new",
        "x[3,1] - new",
        "x[3,2] - new",
        "y[1] = 0.5 y[1]",
        "y[2] - new",
    ];
    assert_eq!(lines, expected);
    assert_eq!(placement.infer, [0, 1]);
    assert_eq!(placement.coordinates, [6.0, 2.0, 6.0, 3.0, 4.0]);
}

/// Of a constant the values are left at which there are readings.
#[test]
fn constants_are_as_long_as_their_axes() {
    let text = "edition 2026
model m {
    axis k : index(2)
    axis t : time(scattered(n = 1 .. 3, over = 0 .. 8))
    const c[k, t] = [[1, 2, 3], [4, 5, 6]]
    param a ~ normal(0, 1)
    data x[t] ~ normal(a * c[2, t] + c[1, t], 1)
}
query q {
    at t = [1, 2]
    given x = [0.1, 0.2]
    infer a
}
";
    let file = sound(text);
    let placed = file.queries[0].placed_model(&file.models[0]).expect("an axis is placed");
    let constant = placed.node(placed.find("c").unwrap());
    assert_eq!(constant.definition, Definition::Table(vec![1.0, 2.0, 4.0, 5.0]));
}
