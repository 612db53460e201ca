//! Runs that are stopped: what was finished is kept, and the next run goes on to the same answer.

use crate::cli::bench::{Bench, Ran, TINY, wait_until};
use std::path::PathBuf;
use std::process::Child;

/// Trained for long enough to be stopped at leisure: checkpoints come from the first second on.
fn slow() -> Bench {
    let text = TINY.replace("width = 16, layers = 1", "width = 32, layers = 2");
    Bench::with(
        "tiny.sbi",
        text.replace("steps 300", "steps 3_000").replace("simulations 500", "simulations 2_000"),
    )
}

/// A run that has kept a checkpoint.
fn under_way(bench: &Bench) -> Child {
    running(bench, "run tiny.sbi", ".sbi/weights", "\"checkpoint-")
}

/// A run that has kept a file of that name under `folder`.
fn running(bench: &Bench, command: &str, folder: &str, name: &str) -> Child {
    let child = bench.command(command).spawn().unwrap();
    // A file counts from the moment that the manifest, under its final name, lists it.
    let lists = |(path, bytes): (PathBuf, Vec<u8>)| {
        path.ends_with("manifest.jsonl") && String::from_utf8_lossy(&bytes).contains(name)
    };
    wait_until(|| bench.files(folder).into_iter().any(lists));
    child
}

#[cfg(unix)]
fn signal(child: &Child, signal: &str) {
    let status = std::process::Command::new("kill").arg(signal).arg(child.id().to_string()).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_killed_training_goes_on_to_the_same_answer() {
    let bench = slow();
    let mut child = under_way(&bench);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!bench.path("tiny.out/posterior/draws.csv").exists());
    bench.sbi("run tiny.sbi").code(0).says(&["weights      to finish: `small` (from step"]);
    bench.assert_nothing_half_written();

    let undisturbed = slow();
    undisturbed.sbi("run tiny.sbi").code(0);
    let draws = "tiny.out/posterior/draws.csv";
    assert_eq!(bench.read(draws), undisturbed.read(draws));
    let weights = |bench: &Bench| std::fs::read(bench.the_file(".sbi/weights", "weights")).unwrap();
    assert!(weights(&bench) == weights(&undisturbed), "bit-equal weights");
}

#[test]
fn killed_drawing_goes_on_to_the_same_answer() {
    let bench = Bench::tiny();
    let command = "run tiny.sbi --draws 300000";
    let mut child = running(&bench, command, ".sbi/draws", "\"000000000000-");
    child.kill().unwrap();
    child.wait().unwrap();
    let draws = "tiny.out/posterior/draws.csv";
    assert!(!bench.path(draws).exists());
    bench.sbi(command).code(0).says(&["draws        to finish: 300,000 draws for `posterior` (", " kept)"]);
    bench.assert_nothing_half_written();

    let undisturbed = Bench::tiny();
    undisturbed.sbi(command).code(0);
    assert!(bench.read(draws) == undisturbed.read(draws), "bit-equal draws");
}

#[test]
#[cfg(unix)]
fn ctrl_c_and_termination_keep_what_is_done_and_say_what_to_type() {
    for kind in ["-INT", "-TERM"] {
        let bench = slow();
        let child = under_way(&bench);
        signal(&child, kind);
        let ran = Ran::of(child.wait_with_output().unwrap()).code(130);
        ran.says(&["interrupted", "help: what was finished is kept", "run tiny.sbi"]);
        bench.assert_nothing_half_written();
        bench.sbi("run tiny.sbi").code(0).says(&["from step"]);
    }
}

#[test]
fn a_checkpoint_that_is_damaged_is_not_believed() {
    let bench = slow();
    let mut child = under_way(&bench);
    child.kill().unwrap();
    child.wait().unwrap();
    // The kill may have left an older one beside the one that counts.
    for path in
        bench.files(".sbi/weights").into_keys().filter(|path| path.to_string_lossy().contains("checkpoint"))
    {
        std::fs::write(path, b"not a checkpoint").unwrap();
    }
    bench.sbi("run tiny.sbi").code(0).says(&["made anew", "weights      to do"]);
}
