//! `sbi run`: what it writes and prints, and that it is the same for any number of threads.

use crate::cli::bench::{Bench, TINY};

#[test]
fn answers_are_a_table_a_csv_and_a_summary() {
    let bench = Bench::tiny();
    let ran = bench.sbi("run tiny.sbi").code(0);
    let ran = ran.says(&["simulate", "train", "draw"]);
    ran.prints(&[
        "posterior: 200 draws given x = 0.3",
        "theta",
        "mean",
        "sd",
        "5 %",
        "50 %",
        "95 %",
        "draws.csv",
    ]);

    let draws = bench.read("tiny.out/posterior/draws.csv");
    let mut lines = draws.lines();
    assert_eq!(lines.next(), Some("theta"));
    let values: Vec<f64> = lines.map(|line| line.parse().unwrap()).collect();
    assert_eq!(values.len(), 200);
    assert!(values.iter().all(|x| (-1.0..=1.0).contains(x)), "draws stay in the prior's support");
    let mean = values.iter().sum::<f64>() / 200.0;
    // The posterior is normal(0.3, 0.3) cut at 1: its mean is 0.292. A network of one layer is near it, no more.
    assert!((mean - 0.292).abs() < 0.15, "{mean}");

    let summary = bench.json("tiny.out/posterior/summary.json");
    assert_eq!(summary["query"], "posterior");
    assert_eq!(summary["approximator"], "small");
    assert_eq!(summary["model"], "tiny");
    assert_eq!(summary["draws"], 200);
    assert_eq!(summary["simulations"], 500);
    assert_eq!(summary["seed"], 1);
    assert_eq!(summary["given"]["x"], 0.3);
    assert_eq!(summary["plan"]["steps"], 300);
    assert_eq!(summary["quantities"][0]["name"], "theta");
    assert!((summary["quantities"][0]["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!(summary["seconds"]["train"].as_f64().unwrap() > 0.0);
    bench.assert_nothing_half_written();
}

#[test]
fn threads_change_no_bit() {
    let [one, two] = ["1", "2"].map(|threads| {
        let bench = Bench::tiny();
        bench.sbi(&format!("run tiny.sbi --threads {threads}")).code(0);
        let simulations = bench.the_file(".sbi/simulations", "0000");
        let outputs = ["draws.csv", "draws.nc"].map(|name| bench.path("tiny.out/posterior").join(name));
        outputs
            .map(|path| std::fs::read(path).unwrap())
            .into_iter()
            .chain([std::fs::read(simulations).unwrap()])
    });
    assert!(one.eq(two), "draws and simulations are bit-equal");
}

#[test]
fn values_that_no_simulation_reached_are_told() {
    let bench = Bench::with("tiny.sbi", TINY.replace("given x = 0.3", "given x = 40"));
    let told = "careful: x = 40 lies outside all simulations (";
    bench.sbi("run tiny.sbi").code(0).prints(&[told]);
    let summary = bench.json("tiny.out/posterior/summary.json");
    let sentence = summary["cautions"][0].as_str().unwrap();
    assert!(sentence.starts_with(told.trim_start_matches("careful: ")), "{sentence}");
    // The kept answer says it again, and one that was simulated says nothing.
    bench.sbi("run tiny.sbi").code(0).prints(&[told]);
    bench.write("tiny.sbi", TINY);
    let ran = bench.sbi("run tiny.sbi").code(0);
    assert!(!ran.out.contains("careful"), "{}", ran.out);
}

#[test]
fn flags_say_which_queries_how_many_draws_which_seed_and_where() {
    let second = "\nquery likelihood {\n    given theta = 0.1\n    infer x\n    draws 50\n}\n";
    let bench = Bench::with("tiny.sbi", format!("{TINY}{second}"));
    let ran =
        bench.sbi("run tiny.sbi --query likelihood --draws 70 --seed 5 --out a/b --store s --quiet").code(0);
    assert_eq!(ran.err, "", "quiet is quiet");
    let draws = bench.read("a/b/likelihood/draws.csv");
    assert_eq!(draws.lines().count(), 71);
    assert!(!bench.path("a/b/posterior").exists() && !bench.path(".sbi").exists());
    assert_eq!(bench.json("a/b/likelihood/summary.json")["seed"], 5);
    assert!(bench.path("s/draws").is_dir());

    let ran = bench.sbi("run tiny.sbi --out all --store s --seed 5").code(0);
    ran.says(&["weights", "kept: `small`"]).prints(&["posterior:", "likelihood:"]);
    assert_eq!(bench.read("all/likelihood/draws.csv").lines().count(), 51);
}

#[test]
fn units_and_doc_comments_stand_in_the_table() {
    let text = TINY.replace("param theta ~", "/// Reversal potential.\n    param theta : mV ~");
    let text = text.replace("data  x ~", "data  x : mV ~");
    let bench = Bench::with("tiny.sbi", text);
    bench.sbi("run tiny.sbi --quiet").code(0).prints(&["unit", "mV", "about", "Reversal potential."]);
}

#[test]
fn data_come_from_a_file_beside_the_spec() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("lab")).unwrap();
    bench.write("lab/tiny.sbi", TINY.replace("given x = 0.3", "given x from \"seen.csv\""));
    bench.write("lab/seen.csv", "x\n0.25\n");
    bench.sbi("run lab/tiny.sbi").code(0).prints(&["given x = 0.25"]);
    assert!(bench.path("lab/tiny.out/posterior/draws.csv").exists());
    assert!(bench.path("lab/.sbi").is_dir());
}
