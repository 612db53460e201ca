//! Queries that change a prior: draws under it, and what is said of how they came to.

use crate::cli::bench::{Bench, TINY};

/// The tiny model with the body of its query replaced, trained for a little longer.
fn asked(query: &str) -> Bench {
    let (model, _) = TINY.split_once("query posterior").unwrap();
    let model = model.replace("steps 300", "steps 600");
    Bench::with(
        "tiny.sbi",
        format!("{model}query posterior {{\n{query}\n    infer theta\n    draws 200\n}}\n"),
    )
}

fn column(bench: &Bench) -> Vec<f64> {
    let text = bench.read("tiny.out/posterior/draws.csv");
    text.lines().skip(1).map(|line| line.parse().unwrap()).collect()
}

/// Under N(0, 0.3²) the posterior of `theta` at x = 0.3 is N(0.15, 0.21²).
#[test]
fn a_likely_prior_is_a_matter_of_making_draws_again() {
    let bench = asked("    param theta ~ normal(0, 0.3)\n    given x = 0.3");
    bench.sbi("run tiny.sbi").code(0);
    let draws = column(&bench);
    let mean = draws.iter().sum::<f64>() / 200.0;
    // Four standard errors, and as much for a network of a second.
    assert!((mean - 0.15).abs() < 0.12, "{mean}");
    let summary = bench.json("tiny.out/posterior/summary.json");
    assert_eq!(summary["prior"]["guided"], false);
    assert!(
        (0.2..1.0).contains(&summary["prior"]["share_without"].as_f64().unwrap()),
        "{}",
        summary["prior"]
    );
    assert_eq!((&summary["where"], &summary["cautions"]), (&serde_json::Value::Null, &serde_json::json!([])));
    assert!(summary["redrawn"]["draws"].as_u64().unwrap() > 0);
    for flag in ["--mode", "--log-prob tiny.out/posterior/draws.csv"] {
        let refused = bench.sbi(&format!("query tiny.sbi {flag}")).code(2);
        refused.says(&["`posterior` changes a prior", "without `param`"]);
    }
    // Another prior costs a drawing, and none gives the model's own.
    bench.write("tiny.sbi", bench.read("tiny.sbi").replace("normal(0, 0.3)", "normal(0, 0.2)"));
    bench.sbi("run tiny.sbi").code(0).says(&["weights      kept", "draws        to do"]);
}

/// N(−0.5, 0.02²) lies 2.7 posterior widths away, and is so narrow that it is nearly the answer: exactly N(−0.4965, 0.02²).
#[test]
fn an_unlikely_prior_is_reached_by_guidance_and_said_to_be_approximate() {
    let bench = asked("    param theta ~ normal(-0.5, 0.02)\n    given x = 0.3");
    bench.sbi("run tiny.sbi").code(0).prints(&[
        "careful: draws are guided to the changed prior of `theta`, which is approximate: draws under the model's own are worth",
    ]);
    let draws = column(&bench);
    let mean = draws.iter().sum::<f64>() / 200.0;
    // Four standard errors are .006; a network of a second is approximate in its tails.
    assert!((mean + 0.4965).abs() < 0.02, "{mean}");
    assert_eq!(bench.json("tiny.out/posterior/summary.json")["prior"]["guided"], true);
}

#[test]
fn both_a_condition_and_a_prior_hold() {
    let bench = asked("    param theta ~ normal(0.1, 0.3)\n    where theta > 0.2\n    given x = 0.3");
    bench.sbi("run tiny.sbi").code(0);
    assert!(column(&bench).iter().all(|theta| *theta > 0.2));
    let summary = bench.json("tiny.out/posterior/summary.json");
    let share = |what: &str| summary[what]["share_without"].as_f64().unwrap();
    assert!(share("prior") <= share("where") && share("where") < 1.0, "{summary}");
}
