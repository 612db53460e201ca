//! `sbi simulate`: the first draws of a model, the same whatever else is asked.

use crate::cli::bench::{Bench, TINY};

#[test]
fn draws_are_the_same_for_any_number_of_threads_and_of_draws() {
    let bench = Bench::tiny();
    for (file, more) in [("one.csv", "--threads 1"), ("two.csv", "--threads 2"), ("other.csv", "--threads 2")]
    {
        let (n, seed) = if file == "other.csv" { (40_000, 8) } else { (40_000, 7) };
        bench.sbi(&format!("simulate tiny.sbi --n {n} --seed {seed} --out {file} {more}")).code(0);
    }
    let one = bench.read("one.csv");
    assert!(one == bench.read("two.csv"), "threads change nothing");
    assert!(one != bench.read("other.csv"), "seeds do");
    bench.sbi("simulate tiny.sbi --n 5 --seed 7 --out five.csv").code(0);
    assert!(one.starts_with(&bench.read("five.csv")), "fewer draws are the first of more");
    assert_eq!(one.lines().next(), Some("theta,x"));
    assert_eq!(one.lines().count(), 40_001);
    bench.assert_nothing_half_written();
}

#[test]
fn they_are_the_draws_that_a_run_trains_on() {
    let bench = Bench::tiny();
    bench.sbi("run tiny.sbi").code(0);
    let shard = std::fs::read(bench.the_file(".sbi/simulations", "0000")).unwrap();
    bench.sbi("simulate tiny.sbi --n 500 --out a.csv").code(0);
    let csv = bench.read("a.csv");
    let values =
        csv.lines().skip(1).flat_map(|line| line.split(',')).map(|cell| cell.parse::<f64>().unwrap());
    let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
    assert!(shard.ends_with(&bytes));
}

#[test]
fn with_several_models_one_is_named() {
    let second = "\nmodel other {\n    param a ~ normal(0, 1)\n    data b ~ normal(a, 1)\n}\n";
    let bench = Bench::with(
        "two.sbi",
        format!("{}{second}", TINY.replace("query posterior", "query posterior of small")),
    );
    bench.sbi("simulate two.sbi --n 5 --out a.csv").code(2).says(&[
        "several models",
        "--model tiny",
        "`other`",
    ]);
    bench.sbi("simulate two.sbi --n 5 --out a.csv --model othr").code(2).says(&["did you mean `other`?"]);
    bench.sbi("simulate two.sbi --n 5 --out a.csv --model other").code(0);
    assert_eq!(bench.read("a.csv").lines().next(), Some("a,b"));
}

#[test]
fn a_draw_that_is_no_number_stops_the_run_and_leaves_no_file() {
    let text =
        TINY.replace("normal(mean = theta, sd = 0.3)", "normal(mean = log(theta * theta - 0.25), sd = 0.3)");
    let bench = Bench::with("tiny.sbi", text);
    let ran = bench.sbi("simulate tiny.sbi --n 100 --out a.csv").code(1);
    ran.says(&["error: simulation", "`x`", "theta = ", "help:"]);
    assert_eq!(bench.files("").len(), 1, "only the spec is there");
    bench.sbi("run tiny.sbi").code(1).says(&["error: simulation"]);
}
