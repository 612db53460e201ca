//! Graphs of what dynamics and programs from outside give: everything that they read is above it.

use super::model;
use crate::{Graph, compile};

/// The graph of the only model of a file.
fn graph_of(text: &str) -> Graph {
    let checked = compile(text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    Graph::of(&file.models[0])
}

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
    let graph = graph_of(text);
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
    let graph = graph_of(text);
    assert_eq!(parents(&graph, "rt[2]"), ["a", "v"]);
    assert_eq!(parents(&graph, "side[2]"), ["a", "v", "rt[2]"]);
}

/// A recurrence that is drawn anew at each step is a chain of draws, of as many steps back as it reads.
#[test]
fn a_recurrence_is_a_chain() {
    let graph = Graph::of(&model(
        "axis i : ordered(4)
         param size ~ half_normal(1)
         dynamics walk over 1 .. 4 every 1 {
             init x ~ normal(0, 1)
             next x ~ normal(2 * x - before, size)
             init before = 0
             next before = x
         }
         param x[i] = walk.x(i)
         let speed[i] = walk.x(i) - walk.before(i)
         data seen[i] ~ normal(speed[i], 1)",
    ));
    assert_eq!(parents(&graph, "x[1]"), [""; 0]);
    assert_eq!(parents(&graph, "x[2]"), ["size", "x[1]"]);
    assert_eq!(parents(&graph, "x[3]"), ["size", "x[1]", "x[2]"]);
    assert_eq!(parents(&graph, "x[4]"), ["size", "x[2]", "x[3]"]);
    assert_eq!(parents(&graph, "seen[1]"), ["x[1]"]);
    assert_eq!(parents(&graph, "seen[3]"), ["x[2]", "x[3]"]);
}

/// A step has the values that its distribution has, and is a datum where that is its name.
#[test]
fn steps_have_their_supports() {
    let graph = Graph::of(&model(
        "axis i : ordered(3)
         param growth ~ uniform(0.5, 2)
         dynamics brood over 0 .. 4 every 2 {
             init n ~ uniform(0, 9)
             next n ~ poisson(growth * n)
         }
         data n[i] = brood.n(2 * i - 2)",
    ));
    let supports: Vec<_> = graph.tokens[1..].iter().map(|token| token.support).collect();
    assert_eq!((supports[0].low, supports[0].high, supports[0].whole), (0.0, 9.0, false));
    assert_eq!((supports[2].low, supports[2].high, supports[2].whole), (0.0, f64::INFINITY, true));
    assert_eq!(parents(&graph, "n[3]"), ["growth", "n[2]"]);
}

/// What has no name of its own at each step, or is read backwards, hangs together, as it did.
#[test]
fn a_recurrence_without_names_hangs_together() {
    for reading in [
        "data seen[i] ~ normal(walk.x(i), 1)",
        "param back[i] = walk.x(5 - i)\ndata seen[i] ~ normal(back[i], 1)",
        "param some[i] = walk.x(i + 1)\ndata seen[i] ~ normal(some[i], 1)",
        "param late[i] = walk.x(i)\ndata seen[i] ~ normal(late[i] + walk.x(5), 1)",
        "param far ~ uniform(1, 4)\nparam x[i] = walk.x(i)\ndata seen[i] ~ normal(x[i] * walk.x(far), 1)",
    ] {
        let graph = Graph::of(&model(&format!(
            "axis i : ordered(4)
             dynamics walk over 1 .. 5 every 1 {{
                 init x ~ normal(0, 1)
                 next x ~ normal(x, 1)
             }}
             {reading}"
        )));
        assert!(
            graph.tokens.iter().all(|token| !["x[1]", "back[1]", "some[1]"].contains(&token.name.as_str()))
        );
        let above = parents(&graph, "seen[4]");
        assert!(["seen[1]", "seen[2]", "seen[3]"].iter().all(|seen| above.iter().any(|name| name == seen)));
    }
}

/// What a dynamics reads as it runs is above all that is read of it.
#[test]
fn a_dynamics_hangs_on_the_one_that_it_reads() {
    let coupled = |reading: &str| {
        Graph::of(&model(&format!(
            "axis t : time(grid(from = 0, to = 6, step = 3))
             param decay ~ uniform(0.1, 1)
             param start ~ uniform(1, 2)
             param follow ~ uniform(0.1, 1)
             param alone ~ uniform(0.1, 1)
             dynamics leader over 0 .. 6 by euler_maruyama(step = 0.1) {{
                 noise w
                 init y = start
                 let twice = 2 * y
                 y' = -decay * y + w
             }}
             dynamics other over 0 .. 6 by rk4(step = 0.1) {{
                 init z = alone
                 z' = -z
             }}
             dynamics main over 0 .. 6 by rk4(step = 0.1) {{
                 init x = 0
                 x' = -follow * (x - {reading})
             }}
             data lead ~ normal(leader.y(3), 0.1)
             data seen ~ normal(main.x(3), 0.1)"
        )))
    };
    for reading in ["leader.y(t)", "leader.twice(t)", "leader.y(max(t - 2, 0))", "leader.y(t) * leader.y(3)"]
    {
        let graph = coupled(reading);
        assert_eq!(parents(&graph, "lead"), ["decay", "start"]);
        // They share the leader's noise.
        assert_eq!(parents(&graph, "seen"), ["decay", "follow", "start", "lead"], "{reading}");
    }
}

/// A dynamics that reads a step of a chain of draws hangs on that, by its name, and on nothing behind it.
#[test]
fn a_dynamics_hangs_on_the_steps_that_it_reads() {
    let graph = Graph::of(&model(
        "axis i : ordered(3)
         param size ~ half_normal(1)
         dynamics walk over 1 .. 3 every 1 {
             init x ~ normal(0, 1)
             next x ~ normal(x, size)
         }
         param x[i] = walk.x(i)
         dynamics main over 0 .. 6 by rk4(step = 0.1) {
             init y = 0
             y' = walk.x(2) - y
         }
         data seen ~ normal(main.y(3), 0.1)",
    ));
    assert_eq!(parents(&graph, "seen"), ["x[2]"]);
}

/// Equations without noise are computed from what drives them: their readings hang on that alone.
#[test]
fn equations_couple_nothing() {
    let text = |x: &str| {
        format!(
            "axis t : time(grid(from = 1, to = 2, step = 1))
             param a ~ uniform(0, 1)
             param b ~ uniform(0, 1)
             param start ~ uniform(0, 1)
             dynamics d over 0 .. 5 by rk4(step = 0.1) {{
                 init x = start
                 init y = 1
                 init z = 0
                 x' = -a * x
                 y' = {x} - b
                 z' = y
             }}
             data u[t] ~ normal(d.x(t), 1)
             data w[t] ~ normal(d.z(t), 1)"
        )
    };
    let apart = Graph::of(&model(&text("-y")));
    assert_eq!(parents(&apart, "u[2]"), ["a", "start"]);
    assert_eq!(parents(&apart, "w[2]"), ["b"]);
    let coupled = Graph::of(&model(&text("x")));
    assert_eq!(parents(&coupled, "w[2]"), ["a", "b", "start"]);
}

/// Noises join what they drive, and a shock that the stop reads reaches every state.
#[test]
fn noise_joins_what_it_drives() {
    let text = |stop: &str| {
        format!(
            "axis k : index(2)
             axis t : time(grid(from = 1, to = 2, step = 1))
             param a[k] ~ uniform(0, 1)
             dynamics d over 0 .. 5 by euler_maruyama(step = 0.1) {{
                 noise w[k]
                 init x[k] = 0
                 init clock = 0
                 x[k]' = a[k] + w[k]
                 clock' = 1
                 {stop}
             }}
             data y[t, k] = d.x[k](t)
             data late ~ normal(d.clock(4), 1)"
        )
    };
    let free = Graph::of(&model(&text("")));
    assert_eq!(parents(&free, "y[2,1]"), ["a[1]", "y[1,1]"]);
    assert_eq!(parents(&free, "late"), [""; 0]);
    let bound = Graph::of(&model(&text("stop when max over k (x[k]) > 2")));
    assert_eq!(parents(&bound, "late"), ["a[1]", "a[2]"]);
    assert_eq!(parents(&bound, "y[1,1]"), ["a[1]", "a[2]", "late"]);
}

/// A function is random between its readings too, and joins what reads it there; at a reading it is that.
#[test]
fn a_function_joins_what_reads_it_between_its_readings() {
    let text = |time: &str| {
        format!(
            "axis knot : time(grid(from = 0, to = 2, step = 1))
             param height ~ half_normal(1)
             param f(t) ~ gaussian_process(mean = 0, kernel = rbf(length = 1, scale = height)) at knot
             data y[knot] ~ normal(f({time}), 1)"
        )
    };
    let at = Graph::of(&model(&text("knot")));
    assert_eq!(parents(&at, "f[2]"), ["height", "f[1]"]);
    assert_eq!(parents(&at, "y[3]"), ["f[3]"]);
    assert_eq!(parents(&Graph::of(&model(&text("2"))), "y[1]"), ["f[3]"]);
    let between = Graph::of(&model(&text("knot + 0.5")));
    assert_eq!(parents(&between, "y[1]"), ["height", "f[1]", "f[2]", "f[3]"]);
    assert_eq!(parents(&between, "y[2]"), ["height", "f[1]", "f[2]", "f[3]", "y[1]"]);
}

/// What a step draws at once shares one shock.
#[test]
fn a_vector_drawn_at_each_step_hangs_together() {
    let graph = Graph::of(&model(
        "axis j : index(2)
         param a ~ normal(0, 1)
         dynamics d over 0 .. 5 every 1 {
             init x[j] = 0
             next x[j] ~ multivariate_normal(mean = [a, 0], cov = [[1, 0.9], [0.9, 1]])
         }
         data y[j] ~ normal(d.x[j](3), 1)",
    ));
    assert_eq!(parents(&graph, "y[2]"), ["a", "y[1]"]);
}

/// Crossings are counted until the run stops, and hang on what stops it.
#[test]
fn crossings_hang_on_the_stop() {
    let graph = Graph::of(&model(
        "param s ~ uniform(1, 2)
         param a ~ uniform(1, 2)
         dynamics d over 0 .. 50 by rk4(step = 0.1) {
             init x = 0
             init u = 0
             x' = a
             u' = s * cos(s * t)
             stop when x >= 20
         }
         data y ~ normal(crossings(d.u, 0.5), 1)",
    ));
    assert_eq!(parents(&graph, "y"), ["a", "s"]);
}
