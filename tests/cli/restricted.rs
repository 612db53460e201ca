//! Queries with `where`: draws that satisfy it, and what is said of how they came to.

use crate::cli::bench::{Bench, TINY};

/// The tiny model with the body of its query replaced, trained for a little longer.
fn asked(query: &str) -> Bench {
    let (model, _) = TINY.split_once("query posterior").unwrap();
    let model = model.replace("steps 300", "steps 600");
    Bench::with("tiny.sbi", format!("{model}query posterior {{\n{query}\n    draws 200\n}}\n"))
}

fn rows(bench: &Bench) -> Vec<Vec<f64>> {
    let text = bench.read("tiny.out/posterior/draws.csv");
    text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}

#[test]
fn what_holds_often_is_a_matter_of_making_the_others_again() {
    let bench = asked("    given x = 0.3\n    infer theta\n    where theta < 0.2");
    bench.sbi("run tiny.sbi").code(0);
    assert!(rows(&bench).iter().all(|row| row[0] < 0.2));
    let summary = bench.json("tiny.out/posterior/summary.json");
    assert_eq!(summary["where"]["guided"], false);
    assert_eq!(summary["where"]["share_guided"], serde_json::Value::Null);
    let share = summary["where"]["share_without"].as_f64().unwrap();
    assert!((0.15..0.6).contains(&share), "{share}");
    assert_eq!(summary["cautions"], serde_json::json!([]));
    bench.sbi("query tiny.sbi --mode").code(2).says(&["`posterior` has a `where`", "without `where`"]);
}

/// Of the joint 0.6 %: `theta` follows what is asked of `x`, which is not reported.
#[test]
fn what_is_rare_is_reached_by_guidance_and_said_to_be_approximate() {
    let bench = asked("    infer theta\n    where x in 1.1 .. 1.2 and theta < 0.8");
    bench
        .sbi("run tiny.sbi")
        .code(0)
        .prints(&["careful: draws are guided to where `where` holds, which is approximate"]);
    let rows = rows(&bench);
    assert!(rows.iter().all(|row| row.len() == 1 && row[0] < 0.8));
    let mean = rows.iter().map(|row| row[0]).sum::<f64>() / 200.0;
    // Exactly .651; guidance and a network of a second are approximate.
    assert!((mean - 0.651).abs() < 0.1, "{mean}");
    let summary = bench.json("tiny.out/posterior/summary.json");
    assert_eq!(summary["where"]["guided"], true);
    let shares = ["share_without", "share_guided"].map(|share| summary["where"][share].as_f64().unwrap());
    assert!(shares[0] < 0.02 && shares[1] > 0.5, "{shares:?}");
}

/// Nothing says which way to go: as many draws are made as it takes.
#[test]
fn what_has_no_slope_is_made_again_however_rare() {
    let bench = asked("    infer theta\n    where floor(100 * theta) == 50");
    bench.sbi("run tiny.sbi").code(0);
    assert!(rows(&bench).iter().all(|row| (0.5..0.51).contains(&row[0])));
    assert_eq!(bench.json("tiny.out/posterior/summary.json")["where"]["guided"], false);
}

/// A query that places two readings has no fifth.
#[test]
fn an_element_that_is_not_placed_is_refused_before_any_work() {
    let bench = Bench::with(
        "late.sbi",
        "edition 2026
model late {
    axis t : time(scattered(n = 2 .. 8, over = 0 .. 2))
    param a ~ normal(0, 1)
    data y[t] ~ normal(a, 1)
}
query q {
    at t = [0.3, 1.1]
    infer a
    where y[5] > 0.2
}
",
    );
    bench
        .sbi("run late.sbi")
        .code(2)
        .says(&["a `where` of `q` reads an element of `y` that it does not place"]);
    assert!(!bench.path(".sbi").exists() && !bench.path("late.out").exists());
}

#[test]
fn a_condition_that_never_holds_ends_in_words() {
    let bench = asked("    given x = 0.3\n    infer theta\n    where exp(theta) < theta");
    bench
        .sbi("run tiny.sbi --quiet")
        .code(1)
        .says(&["only 0 satisfy what `where` says", "ask for less in `where`"]);
}

#[test]
fn an_edited_condition_costs_a_drawing() {
    let bench = asked("    given x = 0.3\n    infer theta\n    where theta < 0.2");
    bench.sbi("run tiny.sbi --quiet").code(0);
    bench.write("tiny.sbi", bench.read("tiny.sbi").replace("theta < 0.2", "theta < 0.3"));
    bench.sbi("run tiny.sbi").code(0).says(&["weights      kept", "draws        to do"]);
}
