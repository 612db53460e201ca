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
    assert!(shard.windows(bytes.len()).any(|window| window == bytes));
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
    assert!(!bench.path("a.csv").exists());
    assert!(
        !bench.files("").into_keys().any(|path| path.to_string_lossy().contains("0000")),
        "no draws are kept"
    );
    bench.sbi("run tiny.sbi").code(1).says(&["error: simulation"]);
}

const ARRAYS: &str = "\
edition 2026

model m {
    axis i : index(2)
    axis day : time(scattered(n = 3, 0 day .. 5 day))
    data y[day] ~ normal(theta[1], 1)
    param theta[i] ~ normal(0, 1)
    data x ~ normal(theta[2], 1)
    missing x with probability 30%
}
";

/// A file of numpy and one of safetensors hold an array for each node, with the numbers of the table.
#[test]
fn arrays_hold_what_the_table_does() {
    let bench = Bench::with("m.sbi", ARRAYS);
    for end in ["csv", "npz", "safetensors"] {
        bench.sbi(&format!("simulate m.sbi --n 50 --out a.{end}")).code(0);
    }
    let table = bench.read("a.csv");
    let header = "y[1],y[2],y[3],theta[1],theta[2],x,day[1],day[2],day[3]";
    assert_eq!(table.lines().next().unwrap(), header, "in the order of the file");
    let number = |cell: &str| if cell.is_empty() { f64::NAN } else { cell.parse().unwrap() };
    let rows: Vec<Vec<f64>> =
        table.lines().skip(1).map(|line| line.split(',').map(number).collect()).collect();
    assert!(rows.iter().any(|row| row[5].is_nan()) && rows.iter().any(|row| !row[5].is_nan()));

    let arrays = std::fs::read(bench.path("a.safetensors")).unwrap();
    let arrays = safetensors::SafeTensors::deserialize(&arrays).unwrap();
    let zipped = std::fs::read(bench.path("a.npz")).unwrap();
    for (name, first, sizes) in
        [("y", 0, &[50, 3][..]), ("theta", 3, &[50, 2]), ("x", 5, &[50]), ("day", 6, &[50, 3])]
    {
        let array = arrays.tensor(name).unwrap();
        assert_eq!(array.shape(), sizes, "{name}");
        let width = sizes.get(1).copied().unwrap_or(1);
        let expected: Vec<u8> =
            rows.iter().flat_map(|row| &row[first..first + width]).flat_map(|x| x.to_le_bytes()).collect();
        assert!(array.data() == expected, "{name}");
        // Not compressed, so that the same bytes stand in the archive.
        assert!(zipped.windows(expected.len()).any(|window| window == expected), "{name}");
    }
    bench
        .sbi("simulate m.sbi --n 5 --out a.nc")
        .code(2)
        .says(&["no .csv, .npz or .safetensors file", "--out a.csv"]);
}

/// What a file reads is never written over, and a place that cannot be written is told before any work.
#[test]
fn data_are_not_written_over() {
    let bench = Bench::with("tiny.sbi", TINY.replace("given x = 0.3", "given x from \"seen.csv\""));
    bench.write("seen.csv", "x\n0.3\n");
    bench.sbi("simulate tiny.sbi --n 5 --out seen.csv").code(2).says(&["`seen.csv` is read by `tiny.sbi`"]);
    assert_eq!(bench.read("seen.csv"), "x\n0.3\n");
    let ran = bench.sbi("simulate tiny.sbi --n 5 --out nowhere/a.csv").code(1);
    assert!(!ran.err.contains("simulate  "), "{}", ran.err);
}
