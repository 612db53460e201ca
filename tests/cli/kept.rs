//! What is kept between runs, and that nothing damaged is believed.

use crate::cli::bench::{Bench, TINY};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

/// The tiny model, answered once; the file of its weights; its draws.
fn answered() -> (Bench, PathBuf, String) {
    let bench = Bench::tiny();
    bench.sbi("run tiny.sbi").code(0);
    let weights = bench.the_file(".sbi/weights", "weights");
    let draws = bench.read("tiny.out/posterior/draws.csv");
    (bench, weights, draws)
}

#[test]
fn a_second_run_does_nothing_again() {
    let (bench, weights, draws) = answered();
    let (kept, time) = (bench.files(".sbi"), modified(&weights));
    let ran = bench.sbi("run tiny.sbi").code(0).says(&["draws", "kept: 200 draws for `posterior`"]);
    assert!(!ran.err.contains("to do") && !ran.err.contains("train"), "{}", ran.err);
    assert_eq!(modified(&weights), time);
    assert!(bench.files(".sbi") == kept, "the store is untouched");
    assert_eq!(bench.read("tiny.out/posterior/draws.csv"), draws);
}

#[test]
fn comments_and_layout_cost_nothing() {
    let (bench, _, _) = answered();
    bench.write("tiny.sbi", TINY.replace("model tiny {", "// a remark\nmodel tiny {   // another\n\n"));
    let ran = bench.sbi("run tiny.sbi").code(0);
    assert!(!ran.err.contains("to do"), "{}", ran.err);
}

#[test]
fn another_query_costs_a_drawing() {
    let (bench, weights, _) = answered();
    let time = modified(&weights);
    bench.write("tiny.sbi", TINY.replace("given x = 0.3", "given x = -0.2"));
    bench.sbi("run tiny.sbi").code(0).says(&["weights      kept: `small`", "draws        to do"]);
    assert_eq!(modified(&weights), time);
}

#[test]
fn another_width_costs_a_training_and_keeps_the_simulations() {
    let (bench, _, _) = answered();
    bench.write("tiny.sbi", TINY.replace("width = 16", "width = 8"));
    bench.sbi("run tiny.sbi").code(0).says(&["simulations  kept: 500", "weights      to do"]);
}

#[test]
fn another_prior_costs_everything() {
    let (bench, _, _) = answered();
    bench.write("tiny.sbi", TINY.replace("uniform(-1, 1)", "uniform(-2, 1)"));
    bench.sbi("run tiny.sbi").code(0).says(&[
        "simulations  to do",
        "weights      to do",
        "draws        to do",
    ]);
}

#[test]
fn a_larger_budget_goes_on_where_the_smaller_ended() {
    let (bench, _, _) = answered();
    let shard = bench.the_file(".sbi/simulations", "0000");
    let time = modified(&shard);
    bench.write("tiny.sbi", TINY.replace("simulations 500", "simulations 700"));
    bench.sbi("run tiny.sbi").code(0).says(&["simulations  to finish: 700", "(500 kept)"]);
    assert_eq!(modified(&shard), time);

    let fresh = Bench::with("tiny.sbi", TINY.replace("simulations 500", "simulations 700"));
    fresh.sbi("run tiny.sbi").code(0);
    let draws = "tiny.out/posterior/draws.csv";
    assert_eq!(bench.read(draws), fresh.read(draws), "grown or drawn at once, the answer is the same");
}

#[test]
fn damage_is_told_and_made_good() {
    let (bench, weights, draws) = answered();
    let spoil = |path: &Path, spoilt: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(path).unwrap();
        spoilt(&mut bytes);
        fs::write(path, bytes).unwrap();
    };
    let again = |what: &str| {
        let ran = bench.sbi("run tiny.sbi").code(0).says(&["made anew"]);
        assert_eq!(bench.read("tiny.out/posterior/draws.csv"), draws, "{what}\n{}", ran.err);
    };
    let kept = bench.the_file(".sbi/draws", "draws");
    spoil(&kept, &|bytes| bytes.truncate(100));
    again("draws cut short");

    spoil(&kept, &|bytes| bytes[10] ^= 1);
    spoil(&weights, &|bytes| *bytes.last_mut().unwrap() ^= 1);
    again("a bit of the weights turned");

    spoil(&kept, &|bytes| bytes.clear());
    fs::remove_file(&weights).unwrap();
    spoil(&bench.the_file(".sbi/simulations", "0000"), &|bytes| bytes.truncate(1000));
    again("the weights gone and the simulations cut short");

    spoil(&bench.the_file(".sbi/draws", "manifest"), &|bytes| bytes.truncate(20));
    again("the manifest cut short");
}

#[test]
fn a_store_that_cannot_be_written_still_answers_what_it_has() {
    let (bench, _, draws) = answered();
    let store = bench.path(".sbi");
    let locked = |mode| {
        #[cfg(unix)]
        for path in [&store, &store.join("draws"), &store.join("weights"), &store.join("simulations")] {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    locked(0o555);
    let ran = bench.sbi("run tiny.sbi");
    locked(0o755);
    ran.code(0).says(&["kept"]);
    assert_eq!(bench.read("tiny.out/posterior/draws.csv"), draws);
}

#[test]
fn two_runs_on_one_store_do_not_harm_each_other() {
    let bench = Bench::tiny();
    let runs: Vec<_> = ["one", "two", "three"]
        .iter()
        .map(|out| bench.command(&format!("run tiny.sbi --out {out}")).spawn().unwrap())
        .collect();
    for run in runs {
        super::bench::Ran::of(run.wait_with_output().unwrap()).code(0);
    }
    let draws = ["one", "two", "three"].map(|out| bench.read(&format!("{out}/posterior/draws.csv")));
    assert!(draws[0] == draws[1] && draws[1] == draws[2]);
    bench.the_file(".sbi/weights", "weights");
    bench.assert_nothing_half_written();
}
