//! `sbi graph`: the contract of its JSON, on the base graphs that Simformer's paper states.

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
    let expected = json!({"queries": [{
        "name": "mixed",
        "tokens": ["theta_1", "theta_2", "x_1", "x_2"],
        "condition": ["given", "absent", "inferred", "given"],
        "base": [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0], [1, 0, 1, 1]],
        "mask": [[1, 0, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1], [1, 0, 1, 1]],
    }]});
    assert_eq!(json, expected);
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
}

#[test]
fn the_text_is_for_people() {
    let ran = Bench::tiny().sbi("graph tiny.sbi").code(0);
    ran.prints(&["model tiny", "x     <- theta", "query posterior", "theta inferred x x"]);
}
