//! `sbi compare`: what it finds, what it keeps, and what it refuses.

use crate::cli::bench::Bench;
use std::collections::BTreeMap;

/// A mean that a set of points and a number tell of; either may be missing.
const MODEL: &str = "edition 2026
model m {
    axis i : set(size = 4)
    param mu ~ normal(0, 1)
    modality cloud {
        data x[i] ~ normal(mu, 1)
    }
    data y ~ normal(mu, 0.5)
    missing x[i] with probability 30%
    missing y with probability 30%
}
approximator both for m {
    fuse late(cloud, scalars)
    posterior with flow(couplings = 2, width = 16)
}
approximator one for m extends both {
    fuse cloud
}
approximator every for m {
    joint with diffusion_transformer(width = 16, layers = 2)
}
train both {
    simulations 2_000
    steps 700
    batch 64
}
train one {
    simulations 2_000
    steps 700
    batch 64
}
train every {
    simulations 2_000
    steps 2500
    batch 64
}
query posterior of both {
    given y = 1
    infer mu
    draws 100
}
";

/// Rows of `scores.csv`, by approximator, missing rate, seed and parameter.
fn scores(bench: &Bench) -> BTreeMap<[String; 4], BTreeMap<String, f64>> {
    let text = bench.read("m.out/compare/scores.csv");
    let mut lines = text.lines().map(|line| line.split(',').map(String::from).collect::<Vec<String>>());
    let header = lines.next().unwrap();
    lines
        .map(|cells| {
            let key = [0, 2, 3, 4].map(|place| cells[place].clone());
            let numbers = header
                .iter()
                .cloned()
                .zip(&cells)
                .filter_map(|(name, cell)| Some((name, cell.parse().ok()?)));
            (key, numbers.collect())
        })
        .collect()
}

fn of(scores: &BTreeMap<[String; 4], BTreeMap<String, f64>>, key: [&str; 4], name: &str) -> f64 {
    scores[&key.map(String::from)][name]
}

/// Each network is about as good as exact posteriors of what it sees, and what is missing is felt.
#[test]
fn scores_are_those_of_exact_posteriors() {
    let bench = Bench::with("m.sbi", MODEL);
    let ran = bench.sbi("compare m.sbi --missing 0%,60% --sets 400").code(0);
    ran.prints(&["both", "one", "every", "−log q", "calibration error", "scores.svg"]);
    let scores = scores(&bench);
    // Precisions: 1 of the prior, 4 of the points and 4 of the number.
    for (name, precision) in [("both", 9.0_f64), ("one", 5.0), ("every", 9.0)] {
        let whole = |measure| of(&scores, [name, "0%", "1", "mu"], measure);
        assert!(
            (whole("contraction") - (1.0 - 1.0 / precision)).abs() < 0.06,
            "{name}: {}",
            whole("contraction")
        );
        // Four standard errors of 400 squares, and a tenth for the training.
        assert!(
            (whole("nrmse_of_mean") * precision.sqrt() - 1.0).abs() < 0.25,
            "{name}: {}",
            whole("nrmse_of_mean")
        );
        assert!(whole("calibration_error") < 0.06, "{name}: {}", whole("calibration_error"));
        let exact = 0.5 * (std::f64::consts::TAU * std::f64::consts::E / precision).ln();
        let loss = of(&scores, [name, "0%", "1", "all"], "negative_log_posterior");
        // A draw's −log density has a standard deviation of √½.
        assert!((-0.15..0.3).contains(&(loss - exact)), "{name}: {loss}, exactly {exact}");
        let less = of(&scores, [name, "60%", "1", "mu"], "contraction");
        assert!(less < whole("contraction") - 0.08, "{name} knows as much of less: {less}");
    }
}

/// What is kept is not made again, whoever made it; a larger grid makes what is new.
#[test]
fn a_grid_grows_from_what_is_kept() {
    let bench = Bench::with("m.sbi", MODEL);
    bench.sbi("run m.sbi").code(0);
    let first = bench.sbi("compare m.sbi --approximators both --sets 50 --draws 50").code(0);
    let first = first.says(&["network   1 of 1: `both`, 2,000 simulations, seed 1", "judge"]);
    assert!(!first.err.contains("train "), "trained by `run`: {}", first.err);
    let table = bench.read("m.out/compare/scores.csv");
    let again = bench.sbi("compare m.sbi --approximators both --sets 50 --draws 50").code(0);
    let again = again.says(&["scores       kept: 1 of 1 networks"]);
    assert!(!again.err.contains("judge"), "{}", again.err);
    assert_eq!((&first.out, &table), (&again.out, &bench.read("m.out/compare/scores.csv")));
    // What is named twice is one thing.
    let more =
        bench.sbi("compare m.sbi --approximators both,one,both --seeds 1,1..2 --sets 50 --draws 50").code(0);
    let more = more.says(&["kept: 1 of 4 networks", "network   2 of 4: `both`, 2,000 simulations, seed 2"]);
    more.prints(&["seeds", " ± "]);
    let larger = bench.read("m.out/compare/scores.csv");
    let row = table.lines().nth(1).unwrap();
    assert!(larger.contains(row), "one cell is the same in any grid: {row} in {larger}");
}

/// Flags that ask for what is not there are told before anything is simulated.
#[test]
fn what_cannot_be_compared_is_refused() {
    let other = "model n {\n    param a ~ normal(0, 1)\n    data b ~ normal(a, 1)\n}\napproximator third for n {\n    joint with diffusion_transformer()\n}\n";
    let bench = Bench::with("m.sbi", format!("{MODEL}{other}"));
    let refused = |flags: &str, words: &[&str]| {
        let ran = bench.sbi(&format!("compare m.sbi {flags}")).code(2);
        ran.says(words);
        assert!(!bench.path(".sbi/simulations").exists(), "{flags}");
    };
    refused("", &["several models", "`third` is about `n`", "--approximators"]);
    refused("--approximators bot", &["no approximator `bot`", "did you mean `both`?"]);
    refused(
        "--approximators third --missing 20%",
        &["`n` declares nothing missing", "missing x[i] with probability 10%"],
    );
    refused("--approximators both --missing z=20%", &["does not declare `z` missing", "`x` and `y`"]);
    refused("--missing 120%", &["0% to 100%"]);
    refused("--seeds 3..1", &["the smaller seed first"]);
    refused("--simulations 10", &["from 20 to", "or `online`"]);
    refused("--sets 3", &["from 10 to"]);
}

/// One of several declarations may be changed; the others stay.
#[test]
fn one_kind_of_gap_is_changed_by_name() {
    let bench = Bench::with("m.sbi", MODEL);
    bench.sbi("compare m.sbi --approximators both --missing y=0%,y=100% --sets 300").code(0);
    let scores = scores(&bench);
    let [there, gone] = ["y=0%", "y=100%"].map(|rate| of(&scores, ["both", rate, "1", "mu"], "contraction"));
    // With 2.8 of 4 points a precision of 7.8 or of 3.8.
    assert!((there - 0.87).abs() < 0.05 && (gone - 0.73).abs() < 0.09, "{there} and {gone}");
}

/// Data that the spec reads are not written over, and what no network could be judged by is told at once.
#[test]
fn nothing_is_lost_and_nothing_is_trained_in_vain() {
    let bench =
        Bench::with("m.sbi", MODEL.replace("given y = 1", "given y from \"scores.csv\" (column = \"y\")"));
    bench.write("scores.csv", "y\n1\n");
    bench.sbi("compare m.sbi --out .").code(2).says(&["scores.csv` is read by `m.sbi`"]);
    assert_eq!(bench.read("scores.csv"), "y\n1\n");
    let known = "edition 2026\nmodel k {\n    data a ~ normal(0, 1)\n    data b ~ normal(a, 1)\n}\napproximator n for k {\n    joint with diffusion_transformer()\n}\n";
    let bench = Bench::with("k.sbi", known);
    bench.sbi("compare k.sbi").code(2).says(&["`k` has no parameters"]);
    assert!(!bench.path(".sbi").exists());
}
