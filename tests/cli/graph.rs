//! `sbi graph`: the contract of its JSON, on the base graphs that Simformer's paper states, and its text.

use crate::cli::bench::Bench;
use serde_json::{Value, json};

fn graph(text: &str) -> Value {
    let ran = Bench::with("model.sbi", text).sbi("graph model.sbi --format json").code(0);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn two_moons_has_a_lower_triangular_block_of_data() {
    let json = graph(
        "edition 2026
         model two_moons {
             param theta_1 ~ uniform(-1, 1)
             param theta_2 ~ uniform(-1, 1)
             latent angle ~ uniform(-pi / 2, pi / 2)
             latent radius ~ normal(mean = 0.1, sd = 0.01)
             data x_1 = radius * cos(angle) + 0.25 - abs(theta_1 + theta_2) / sqrt(2)
             data x_2 = radius * sin(angle) + (theta_2 - theta_1) / sqrt(2)
         }
         query mixed {
             given theta_1 = 0.3
             given x_2 = -0.1
             infer x_1
         }",
    );
    let expected = json!({
        "name": "mixed",
        "tokens": ["theta_1", "theta_2", "x_1", "x_2"],
        "condition": ["given", "absent", "inferred", "given"],
        "base": [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0], [1, 0, 1, 1]],
        "mask": [[1, 0, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1], [1, 0, 1, 1]],
    });
    let query = json["queries"][0].as_object().unwrap();
    expected
        .as_object()
        .unwrap()
        .iter()
        .for_each(|(field, value)| assert_eq!(&query[field], value, "{field}"));
    assert_eq!((&query["kept"], &query["parts"], &query["layers"]), (&json!(1.0), &json!(1), &json!(1)));
    // What is latent is a statement, and no token.
    let model = &json["models"][0];
    let x_2 = json!({
        "name": "x_2", "kind": "data", "axes": [], "unit": null, "reads": ["theta_1", "theta_2", "angle", "radius"],
    });
    assert_eq!(model["statements"][5], x_2);
    assert_eq!(model["parents"], json!([[], [], [0, 1], [0, 1, 2]]));
}

#[test]
fn a_linear_gaussian_is_pairs() {
    let json = graph(
        "edition 2026
         model linear {
             axis i : index(3)
             param theta[i] ~ normal(mean = 0, var = 0.1)
             data x[i] ~ normal(mean = theta[i], var = 0.1)
         }
         query posterior {
             given x = [0.1, 0.2, 0.3]
             infer params
         }",
    );
    let query = &json["queries"][0];
    assert_eq!(query["tokens"], json!(["theta[1]", "theta[2]", "theta[3]", "x[1]", "x[2]", "x[3]"]));
    let pairs = |symmetric: bool| -> Vec<Vec<u8>> {
        let entry = |row: usize, column: usize| {
            row == column || row == column + 3 || (symmetric && column == row + 3)
        };
        (0..6).map(|row| (0..6).map(|column| u8::from(entry(row, column))).collect()).collect()
    };
    assert_eq!(query["base"], json!(pairs(false)));
    assert_eq!(query["mask"], json!(pairs(true)));
    assert_eq!(query["kept"], json!(12.0 / 36.0));
    assert_eq!((&query["parts"], &query["layers"]), (&json!(3), &json!(1)));
}

/// A chain of ten in which each looks at its neighbours: 28 of 100 entries, and nine steps from end to end.
#[test]
fn a_chain_of_ten_takes_nine_layers() {
    let step = |step: usize| format!("param theta_{step} ~ normal(theta_{}, 1)\n", step - 1);
    let chain: String = (1..10).map(step).collect();
    let text = format!(
        "edition 2026
         model chain {{
             param theta_0 ~ normal(0, 1)
             {chain}
         }}
         approximator short for chain {{
             joint with diffusion_transformer(layers = 4)
         }}
         query all of short {{
             infer params
         }}"
    );
    let bench = Bench::with("chain.sbi", text);
    let json: Value = serde_json::from_str(&bench.sbi("graph chain.sbi --format json").code(0).out).unwrap();
    let query = &json["queries"][0];
    assert_eq!((&query["kept"], &query["parts"], &query["layers"]), (&json!(0.28), &json!(1), &json!(9)));
    bench.sbi("graph chain.sbi").code(0).prints(&[
        "keeps 28 % of the entries; all tokens reach each other through 9 layers",
        "the network has 4 layers, too few",
    ]);
}

#[test]
fn a_flow_has_networks_and_no_mask() {
    let text = "edition 2026
         model two {
             axis n : set(size = 4)
             param a ~ normal(0, 1)
             modality cloud {
                 data x[n] ~ normal(a, 1)
             }
             modality rest {
                 data y ~ normal(a, 1)
             }
         }
         approximator hybrid for two {
             fuse hybrid(cloud, rest)
             posterior with flow(couplings = 3)
         }
         query posterior of hybrid {
             given x = [1, 2, 3, 4]
             given y = 1
             infer params
         }";
    let json = graph(text);
    let query = &json["queries"][0];
    assert_eq!(query["estimator"], "posterior");
    assert!(query.get("mask").is_none() && query.get("layers").is_none(), "{query}");
    assert_eq!(query["base"][1], json!([1, 1, 0, 0, 0, 0]));
    assert_eq!(query["modalities"][0], json!({"name": "cloud", "ranges": [[1, 5]]}));
    assert_eq!(query["fusion"]["scheme"], "hybrid(cloud, rest)");
    let kinds: Vec<&str> = query["fusion"]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["kind"].as_str().unwrap())
        .collect();
    let expected = ["modality", "modality", "fusion", "encoder", "encoder", "joined", "flow", "parameters"];
    assert_eq!(kinds, expected);
    let links = json!([[0, 2], [1, 2], [2, 3], [2, 4], [3, 5], [4, 5], [5, 6], [6, 7]]);
    assert_eq!(query["fusion"]["links"], links);
    let ran = Bench::with("two.sbi", text).sbi("graph two.sbi").code(0);
    ran.prints(&[
        "hybrid(cloud, rest)",
        "each attends to the other",
        "cloud: x[n], given -> set_transformer over n",
    ]);
}

/// Two states read at times that the query chooses: the mechanistic rule goes by them.
#[test]
fn masks_go_by_the_times_of_readings() {
    let text = |at: &str| {
        format!(
            "edition 2026
             model pond {{
                 axis t : time(scattered(n = 2, over = 0 .. 9))
                 param k ~ uniform(0, 1)
                 dynamics water over 0 .. 9 by rk4(step = 0.1) {{
                     init x = 1
                     x' = -k * x
                 }}
                 data u[t] ~ normal(water.x(t), 1)
                 data v ~ normal(water.x(5), 1)
             }}
             approximator m for pond {{
                 joint with diffusion_transformer(graph = mechanistic)
             }}
             query q of m {{
                 {at}
                 given v = 1
                 infer k, u
             }}"
        )
    };
    // Tokens are k, u[1], u[2], v. Each reading looks at the one before it.
    let base = |at: &str| graph(&text(at))["queries"][0]["base"].clone();
    assert_eq!(base("at t = [1, 2]"), json!([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 1]]));
    assert_eq!(base("at t = [1, 8]"), json!([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 1], [1, 1, 0, 1]]));
    // Where one time is chosen, the second reading is not there.
    assert_eq!(base("at t = [8]"), json!([[1, 0, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 1]]));
    let ran =
        Bench::with("pond.sbi", text("at t = [8]").replace("infer k, u", "infer k")).sbi("graph pond.sbi");
    ran.code(0).prints(&["state  water.x <- k", "times of `t` differ from data set to data set"]);
}

#[test]
fn the_text_is_for_people() {
    let ran = Bench::tiny().sbi("graph tiny.sbi").code(0);
    ran.prints(&[
        "model tiny",
        "param  theta",
        "data   x <- theta",
        "query posterior",
        "theta inferred x x",
        "x     given    x x",
        "keeps all entries; all tokens reach each other through 1 layer",
    ]);
}

#[test]
fn wide_masks_are_told_node_by_node() {
    let text = "edition 2026
         model wide {
             axis n : set(size = 60)
             param a ~ normal(0, 1)
             param b ~ normal(0, 1)
             data x[n] ~ normal(a, 1)
             data y[n] ~ normal(b + x[n], 1)
         }
         query all {
             infer params, x, y
         }";
    let bench = Bench::with("wide.sbi", text);
    let ran = bench.sbi("graph wide.sbi").code(0);
    // Tokens are a, b, x, y: `y` has the parents `b` and, element by element, `x`, which are joined.
    ran.prints(&[
        "a inferred     # . # .",
        "b inferred     . # # #",
        "x[60] inferred # # + +",
        "y[60] inferred . # + +",
    ]);
    let ran = bench.sbi("graph wide.sbi --elements").code(0);
    ran.prints(&["y[60] <- b, x[60]"]);
}

/// Of two modalities that have encoders one is three tokens, the other one; a third has none.
pub const ENCODED: &str = "edition 2026
model m {
    axis i : index(3)
    axis n : set(size = 4)
    param a ~ normal(0, 1)
    param b ~ normal(0, 1)
    modality cloud {
        data x[n] ~ normal(a, 1)
        data w[n] ~ normal(x[n], 1)
    }
    modality path {
        data y[i] ~ normal(a + b, 1)
    }
    modality rest {
        data z ~ normal(b, 1)
    }
    missing x[n] with probability 20%
}
approximator net {
    joint with diffusion_transformer()
    encode cloud with set_transformer(tokens = 3)
    encode path with mlp()
}
query both {
    given x = [1, 2, 3, 4]
    given w = [1, 2, 3, 4]
    given y = [1, 2, 3]
    given z = 1
    infer params
}
query gap {
    given x[1 .. 3] = [1, 2, 3]
    given w = [1, 2, 3, 4]
    infer params, z
}
";

/// The rest of the text, by element, is of the model: the network's tokens are those of its queries alone.
#[test]
fn modalities_that_have_encoders_are_tokens_in_text() {
    let out = Bench::with("m.sbi", ENCODED).sbi("graph m.sbi").code(0).out;
    let (model, queries) = out.split_once("query both").unwrap();
    assert!(model.contains("    w[4] <- x[4]\n"), "{model}");
    let expected = "
  `net`: undirected mask of the exact graph; 7 tokens: 5 given, 2 inferred
       a        inferred x x . x x x x
       b        inferred x x x . . . x
  rest z        given    . x x . . . .
       cloud[1] given    x . . x x x .
       cloud[2] given    x . . x x x .
       cloud[3] given    x . . x x x .
       path     given    x x . . . . x
  (x looks at, . does not: a line for who looks, columns in the same order)
  keeps 55 % of the entries; all tokens reach each other through 3 layers
  encoders make 3 tokens of all 8 numbers of `cloud` and 1 token of all 3 numbers of `path`

query gap
  `net`: undirected mask of the exact graph; 7 tokens: 3 given, 3 inferred, 1 absent
       a        inferred x . . x x x
       b        inferred . x x . . .
  rest z        inferred . x x . . .
       cloud[1] given    x . . x x x
       cloud[2] given    x . . x x x
       cloud[3] given    x . . x x x
  (x looks at, . does not: a line for who looks, columns in the same order)
  absent: path
  keeps 56 % of the entries; 2 parts are apart, and within each all tokens reach each other through
  1 layer: a, cloud | b, z
  an encoder makes 3 tokens of the 7 numbers given of `cloud`
";
    assert_eq!(queries, expected);
}

#[test]
fn modalities_that_have_encoders_are_tokens_in_json() {
    let json = graph(ENCODED);
    let expected = json!({
        "name": "gap",
        "tokens": ["a", "b", "z", "cloud[1]", "cloud[2]", "cloud[3]", "path"],
        "condition": ["inferred", "inferred", "inferred", "given", "given", "given", "absent"],
        "base": [
            [1, 0, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, 0, 0],
            [0, 1, 1, 0, 0, 0, 0],
            [1, 0, 0, 1, 0, 0, 0],
            [1, 0, 0, 1, 1, 0, 0],
            [1, 0, 0, 1, 1, 1, 0],
            [0, 0, 0, 0, 0, 0, 0],
        ],
        "mask": [
            [1, 0, 0, 1, 1, 1, 0],
            [0, 1, 1, 0, 0, 0, 0],
            [0, 1, 1, 0, 0, 0, 0],
            [1, 0, 0, 1, 1, 1, 0],
            [1, 0, 0, 1, 1, 1, 0],
            [1, 0, 0, 1, 1, 1, 0],
            [0, 0, 0, 0, 0, 0, 0],
        ],
        "kind": "undirected",
        "rule": "exact",
        "kept": 20.0 / 36.0,
        "parts": 2,
        "layers": 1,
        "encoded": [
            {"name": "cloud", "range": [3, 6], "elements": 8, "given": 7},
            {"name": "path", "range": [6, 7], "elements": 3, "given": 0},
        ],
        "approximator": "net",
        "model": "m",
        "estimator": "joint",
        "modalities": [
            {"name": "cloud", "ranges": [[3, 6]]},
            {"name": "path", "ranges": [[6, 7]]},
            {"name": "rest", "ranges": [[2, 3]]},
        ],
        "spread": [],
    });
    assert_eq!(json["queries"][1], expected);
    let model = &json["models"][0];
    assert_eq!(model["tokens"].as_array().unwrap().len(), 14);
    assert_eq!(model["parents"][9], json!([5]));
}

/// Series are placed by the query; the token that stands for one has no time of its own.
#[test]
fn an_encoded_series_is_placed_by_its_query() {
    let text = "edition 2026
model pond {
    axis t : time(scattered(n = 1 .. 3, over = 0 .. 9))
    param k ~ uniform(0, 1)
    dynamics water over 0 .. 9 by rk4(step = 0.1) {
        init x = 1
        x' = -k * x
    }
    data u[t] ~ normal(water.x(t), 1)
    data v ~ normal(k, 1)
}
approximator m for pond {
    joint with diffusion_transformer(graph = mechanistic)
    encode t with time_transformer(tokens = 2)
}
query q of m {
    at t = [1, 8]
    given u = [1, 1]
    given v = 1
    infer k
}
";
    Bench::with("pond.sbi", text).sbi("graph pond.sbi").code(0).prints(&[
        "undirected mask of the mechanistic graph; 4 tokens: 3 given, 1 inferred",
        "k    inferred x x x x",
        "t[1] given    x . x x",
        "an encoder makes 2 tokens of all 2 numbers of `t`",
    ]);
}

/// The paper's two detectors: nothing is made for each pair of their readings.
#[test]
fn two_long_series_are_shown_at_once() {
    let text = "edition 2026
model chirp {
    axis t : time(grid(from = 0, to = 8191, step = 1))
    param mass ~ uniform(1, 2)
    modality first {
        data h[t] ~ normal(mass * t, 1)
    }
    modality second {
        data g[t] ~ normal(mass, 1)
    }
}
approximator net {
    joint with diffusion_transformer()
    encode first with time_transformer()
    encode second with time_transformer()
}
query prior {
    infer params
}
";
    let bench = Bench::with("chirp.sbi", text);
    let ran = bench.sbi("graph chirp.sbi").code(0);
    ran.prints(&["3 tokens: 1 inferred, 2 absent", "absent: first, second"]);
    let json = bench.sbi("graph chirp.sbi --format json").code(0).out;
    assert!(json.len() < 1_000_000, "{} bytes", json.len());
}

#[test]
fn queries_are_chosen_by_name() {
    let text = "edition 2026
         model a {
             param p ~ normal(0, 1)
         }
         model b {
             param p ~ normal(0, 1)
             data x ~ normal(p, 1)
         }
         approximator f for b {
             joint with diffusion_transformer()
         }
         query first of f {
             infer p
         }
         query second of f {
             given p = 1
             infer x
         }";
    let bench = Bench::with("b.sbi", text);
    let names = |arguments: &str, what: &str| -> Vec<String> {
        let json: Value = serde_json::from_str(&bench.sbi(arguments).code(0).out).unwrap();
        json[what].as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("graph b.sbi --format json", "queries"), ["first", "second"]);
    assert_eq!(names("graph b.sbi --format json", "models"), ["a", "b"]);
    assert_eq!(names("graph b.sbi --format json --query second", "queries"), ["second"]);
    assert_eq!(names("graph b.sbi --format json --query second", "models"), ["b"]);
    let ran = bench.sbi("graph b.sbi --query secnd").code(2);
    ran.says(&["there is no query `secnd` in the file", "did you mean `second`?"]);
    bench.sbi("graph b.sbi --query other").code(2).says(&["it has `first` and `second`"]);
}
