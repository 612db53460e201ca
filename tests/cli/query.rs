//! `sbi query`: answers from kept networks, log-densities of points, and the mode.

use crate::cli::bench::{Bench, TINY};

#[test]
fn nothing_is_trained() {
    let bench = Bench::tiny();
    bench.sbi("query tiny.sbi").code(1).says(&[
        "the network that answers `posterior` is not trained, or not kept in this store",
        "sbi run tiny.sbi --query posterior",
    ]);
    assert!(!bench.path("tiny.out").exists());
    bench.sbi("run tiny.sbi --quiet").code(0);
    let draws = bench.read("tiny.out/posterior/draws.csv");
    bench.sbi("query tiny.sbi --out again").code(0).says(&["kept: 200 draws"]);
    assert_eq!(bench.read("again/posterior/draws.csv"), draws);
    bench.sbi("query tiny.sbi --draws 300").code(0).says(&["to do: 300 draws"]);
}

/// Over a grid the density adds up to one, what lies outside the prior has none, and the mode is no less dense than any draw.
#[test]
fn points_have_their_density_and_answers_their_mode() {
    let bench = Bench::tiny();
    bench.sbi("run tiny.sbi --quiet").code(0);
    let grid: String = (-120..=120).map(|k| format!("{k},{}\n", 0.01 * f64::from(k))).collect();
    bench.write("grid.csv", format!("number,theta\n{grid}"));
    bench.sbi("query tiny.sbi --log-prob grid.csv --mode").code(0).prints(&[
        "log-densities of 241 points",
        "40 points are outside the prior's support",
        "densest at `theta = ",
    ]);
    let rows = |name: &str| -> Vec<Vec<f64>> {
        let text = bench.read(name);
        let (header, rows) = text.split_once('\n').unwrap();
        assert_eq!(header, "theta,log_prob");
        rows.lines().map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
    };
    let densities = rows("tiny.out/posterior/log_prob.csv");
    let mass: f64 = densities.iter().map(|row| 0.01 * row[1].exp()).sum();
    // Of 200 draws, some twenty were made again: the share within is known to within a standard error of 2 %.
    assert!((mass - 1.0).abs() < 0.08, "{mass}");
    assert!(densities.iter().all(|row| (row[0].abs() <= 1.0) == row[1].is_finite()));
    let mode = &rows("tiny.out/posterior/mode.csv")[0];
    let best = densities.iter().map(|row| row[1]).fold(f64::NEG_INFINITY, f64::max);
    assert!(mode[1] > best - 0.02, "{mode:?}, and {best} on the grid");
    bench.assert_nothing_half_written();
}

#[test]
fn files_of_points_that_do_not_fit_are_refused_before_any_work() {
    let bench = Bench::tiny();
    for (text, words) in [
        ("", "has no column `theta`"),
        ("thetta\n1\n", "call the column `thetta` `theta`"),
        ("theta\n", "has no points"),
        ("theta\n0.1\nhalf\n", "line 3 of `points.csv` has `half` for `theta`"),
        ("theta\n0.1\nNaN\n", "line 3 of `points.csv` has `NaN` for `theta`"),
        ("theta,x\n0.1,2\n,3\n", "line 3 of `points.csv` has nothing for `theta`"),
        ("theta\n0.1,2\n", "`points.csv` cannot be read"),
    ] {
        bench.write("points.csv", text);
        bench.sbi("query tiny.sbi --log-prob points.csv").code(2).says(&[words]);
    }
    bench.sbi("query tiny.sbi --log-prob nowhere.csv").code(2).says(&["`nowhere.csv` cannot be read"]);
    let two = format!("{TINY}\nquery other {{\n    given x = 0\n    infer theta\n}}\n");
    bench.write("two.sbi", two);
    bench
        .sbi("query two.sbi --log-prob points.csv")
        .code(2)
        .says(&["points are of one query, and `posterior` and `other` are asked", "--query posterior"]);
}

#[test]
fn whole_numbers_have_no_density() {
    let counts = TINY.replace("data  x ~ normal(mean = theta, sd = 0.3)", "data  x ~ poisson(exp(theta))");
    let bench = Bench::with("tiny.sbi", counts.replace("given x = 0.3\n    infer theta", "infer theta, x"));
    bench.sbi("run tiny.sbi --quiet").code(0);
    bench
        .sbi("query tiny.sbi --mode --quiet")
        .code(1)
        .says(&["`posterior` has no log-density: `x` takes whole numbers only", "give it, `given x = …`"]);
}
