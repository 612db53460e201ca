//! Graphs of models whose modalities are tokens.

use super::{show, sound};
use crate::{Graph, Lump, MaskKind, NodeId, Structure};

const MODEL: &str = "edition 2026
model m {
    axis i : index(3)
    param a ~ normal(0, 1)
    param b ~ normal(0, 1)
    modality cloud {
        data x[i] ~ normal(a, 1)
    }
    modality path {
        data first ~ normal(a + b, 1)
        data y[i] ~ normal(first, 1)
    }
    data z ~ normal(b, 1)
}
approximator net {
    joint with diffusion_transformer()
    encode cloud with mlp(tokens = 2)
    encode path with mlp()
}
";

fn told(text: &str) -> String {
    show(text, &crate::compile(text, &()))
}

/// Who reads whom, by name.
fn edges(graph: &Graph, kind: MaskKind) -> Vec<String> {
    let nothing = vec![false; graph.tokens.len()];
    let mask = graph.mask(kind, &nothing, &nothing);
    let name = |token: usize| graph.tokens[token].name.as_str();
    let row = |row: usize| {
        let read: Vec<&str> = mask.row(row).filter(|column| *column != row).map(name).collect();
        format!("{}: {}", name(row), read.join(" "))
    };
    (0..graph.tokens.len()).map(row).collect()
}

#[test]
fn a_modality_reads_and_is_read_as_one() {
    let file = sound(MODEL);
    let structure = Structure::of(&file.models[0], Default::default());
    let structure = structure.lumped(&file.approximators[0].lumps()).unwrap();
    assert_eq!(structure.singles(), 3);
    assert_eq!(structure.scalars().len(), 10);
    let wanted = [
        "a: b cloud[1] cloud[2] path",
        "b: a z path",
        "z: b",
        "cloud[1]: a cloud[2]",
        "cloud[2]: a cloud[1]",
        "path: a b",
    ];
    assert_eq!(edges(structure.nominal(), MaskKind::Undirected), wanted);
    // What is absent is gone, with what it alone joined.
    let graph = structure.nominal();
    let absent: Vec<bool> = graph.tokens.iter().map(|token| token.name == "path").collect();
    let mask = graph.mask(MaskKind::Undirected, &[false; 6], &absent);
    assert!(!mask.get(0, 1) && mask.get(0, 3) && mask.get(1, 2));
}

#[test]
fn a_modality_that_waits_for_what_waits_for_it_is_refused() {
    let lump = |name: &str, nodes: &[usize]| Lump {
        name: name.into(),
        nodes: nodes.iter().map(|node| NodeId(*node)).collect(),
        tokens: 1,
    };
    let file = sound(
        "edition 2026\nmodel m {\n    param a ~ normal(0, 1)\n    data x ~ normal(a, 1)\n    data y ~ normal(x, 1)\n    data z ~ normal(y, 1)\n}\n",
    );
    let structure = Structure::of(&file.models[0], Default::default());
    let circle = structure.lumped(&[lump("xz", &[1, 3])]).unwrap_err();
    assert_eq!(circle, ["y", "xz"]);
    let torn = "edition 2026\nmodel m {\n    param a ~ normal(0, 1)\n    modality ends {\n        data x ~ normal(a, 1)\n        data z ~ normal(y, 1)\n    }\n    data y ~ normal(x, 1)\n}\napproximator net {\n    joint with diffusion_transformer()\n    encode ends with mlp()\n}\n";
    assert_eq!(
        told(torn),
        "10:14 encoder-misfit: once modalities are tokens, `y` and `ends` depend on each other in a circle\n    put the data that depend on each other into one `modality`, or leave its `encode` out\n"
    );
}

/// Readings of two states at scattered times are apart given what they hang on; by the other rule each looks at the last of both.
#[test]
fn the_circle_is_looked_for_by_the_rule_of_the_network() {
    let pond = |rule: &str| {
        format!(
            "edition 2026\nmodel pond {{\n    axis t : time(scattered(n = 2, over = 0 .. 9))\n    param k ~ uniform(0, 1)\n    dynamics water over 0 .. 9 by rk4(step = 0.1) {{\n        init x = 1\n        init z = 1\n        x' = -k * z\n        z' = -k * x\n    }}\n    modality one {{\n        data u[t] ~ normal(water.x(t), 1)\n    }}\n    data v[t] ~ normal(water.z(t), 1)\n}}\napproximator net {{\n    joint with diffusion_transformer(graph = {rule})\n    encode one with time_transformer()\n}}\n"
        )
    };
    assert_eq!(told(&pond("exact")), "");
    assert_eq!(
        told(&pond("mechanistic")),
        "16:14 encoder-misfit: once modalities are tokens, `v[1]`, `v[2]` and `one` depend on each other in a circle by the mechanistic rule\n    put the data that depend on each other into one `modality`, or leave its `encode` out, or write `graph = exact`\n"
    );
}

#[test]
fn long_series_need_an_encoder() {
    let long = "edition 2026\nmodel m {\n    axis t : time(grid(from = 0, to = 4999, step = 1))\n    param a ~ normal(0, 1)\n    data x[t] ~ normal(a, 1)\n}\napproximator net {\n    joint with diffusion_transformer()\n}\n";
    assert!(told(long).contains("5:10 too-large: `m` would have 5,001 tokens"), "{}", told(long));
    let short = long.replace("transformer()\n", "transformer()\n    encode t with time_transformer()\n");
    assert_eq!(told(&short), "");
}

#[test]
fn a_modality_that_is_a_token_is_given_whole() {
    let query = |given: &str| format!("{MODEL}query q {{\n{given}    infer a\n}}\n");
    assert_eq!(told(&query("    given x = [1, 2, 3]\n    given z = 1\n")), "");
    let part = told(&query("    given x[1] = 1\n"));
    assert!(part.contains("never-trained: only some of `cloud` is given, but `net` always saw it"), "{part}");
    assert!(part.contains("or remove `encode cloud` from `net`"), "{part}");
    let asked = told(&query("    given z = 1\n    infer x\n"));
    assert!(asked.contains("never-trained: `net` reads `cloud` as one token"), "{asked}");
}
