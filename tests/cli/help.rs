//! Commands that help to write files: `explain`, `new`, `diff`, `doctor`, and advice.

use crate::cli::bench::{Bench, TINY};

#[test]
fn a_page_shows_what_is_wrong_how_it_is_told_and_what_is_right() {
    let bench = Bench::new();
    bench.sbi("explain axis-unbound").code(0).prints(&[
        "axis-unbound: ",
        "Wrong:",
        "is read but not bound",
        "Mended:",
    ]);
    bench.sbi("explain").code(0).prints(&["axis-unbound", "program-too-large", "std::decision"]);
    bench.sbi("explain axis-unbund").code(2).says(&["did you mean `sbi explain axis-unbound`?"]);
}

#[test]
fn the_library_explains_itself() {
    let bench = Bench::new();
    let signature = "pub simulator ddm(drift : 1/sqrt(s), bound : sqrt(s), bias, onset : s";
    bench.sbi("explain std").code(0).prints(&["std::decision", "ddm"]);
    bench.sbi("explain std::decision").code(0).prints(&[
        "use std::decision::ddm",
        signature,
        "Ratcliff 1978",
    ]);
    bench.sbi("explain std::decision::ddm").code(0).prints(&[signature]);
    bench.sbi("explain std::decison").code(2).says(&["did you mean `std::decision`?"]);
    bench.sbi("explain std::decision::dmd").code(2).says(&["it has", "ddm"]);
}

#[test]
fn a_new_file_runs_and_is_never_written_over_another() {
    let bench = Bench::new();
    bench.sbi("new first").code(0).prints(&["first.sbi is written"]);
    bench.sbi("check first.sbi").code(0);
    let ran = bench.sbi("new first").code(2);
    ran.says(&["there is a file `first.sbi` already"]);
    bench.sbi("new --list").code(0).prints(&["posterior", "modalities", "series", "external"]);
    bench.sbi("new other --kind nonsense").code(2).says(&["nonsense", "series"]);
    bench.sbi("new").code(2).says(&["NAME"]);
    // Shortened, so that it is answered in a test's time.
    let text = bench.read("first.sbi");
    let train = "\ntrain first {\n    simulations 200\n    steps 20\n}\n";
    bench.write("first.sbi", format!("{text}{train}"));
    bench.sbi("run first.sbi --draws 50").code(0).prints(&["posterior:", "forecast:", "growth"]);
}

#[test]
fn a_difference_is_told_statement_by_statement_with_what_it_costs() {
    let bench = Bench::tiny();
    bench.write("same.sbi", TINY.replace("\n\n", "\n\n// A comment.\n"));
    let ran = bench.sbi("diff tiny.sbi same.sbi").code(0);
    assert_eq!(ran.out, "the same\n");

    bench.write("more.sbi", format!("{TINY}\nquery second {{\n    given x = 0.1\n    infer theta\n}}\n"));
    let told = ["+ query second", "query second: simulations and weights are kept; draws are others"];
    bench.sbi("diff tiny.sbi more.sbi").code(0).prints(&told);
    bench.sbi("diff more.sbi tiny.sbi").code(0).prints(&["- query second", "nothing is redone"]);

    bench.write("wide.sbi", TINY.replace("uniform(-1, 1)", "uniform(-2, 2)"));
    let told = ["model tiny", "- param theta ~ uniform(-1, 1)", "+ param theta ~ uniform(-2, 2)"];
    bench
        .sbi("diff tiny.sbi wide.sbi")
        .code(0)
        .prints(&told)
        .prints(&["simulations, weights and draws are others"]);

    bench.write("large.sbi", TINY.replace("width = 16", "width = 32"));
    bench
        .sbi("diff tiny.sbi large.sbi")
        .code(0)
        .prints(&["simulations are kept; weights and draws are others"]);

    bench.write("asked.sbi", TINY.replace("given x = 0.3", "given x = 0.4"));
    let told = ["query posterior", "- given x = 0.3", "+ given x = 0.4", "simulations and weights are kept"];
    bench.sbi("diff tiny.sbi asked.sbi").code(0).prints(&told);

    bench.write("broken.sbi", TINY.replace("normal(", "nomal("));
    bench.sbi("diff tiny.sbi broken.sbi").code(2).says(&["did you mean `normal`?"]);
}

#[test]
fn data_that_changed_is_a_difference() {
    let spec = TINY.replace("given x = 0.3", "given x from \"x.csv\"");
    let bench = Bench::new();
    for folder in ["a", "b"] {
        std::fs::create_dir(bench.path(folder)).unwrap();
        bench.write(&format!("{folder}/tiny.sbi"), &spec);
    }
    bench.write("a/x.csv", "x\n0.3\n");
    bench.write("b/x.csv", "x\n0.31\n");
    bench
        .sbi("diff a/tiny.sbi b/tiny.sbi")
        .code(0)
        .prints(&["simulations and weights are kept; draws are others"]);
}

#[test]
fn advice_is_given_on_request() {
    let unread = TINY.replace("    data  x", "    param idle ~ uniform(0, 1)\n    data  x");
    let bench = Bench::with("tiny.sbi", unread);
    let ran = bench.sbi("check tiny.sbi").code(0);
    assert!(!ran.err.contains("idle"), "{}", ran.err);
    bench.sbi("check tiny.sbi --pedantic").code(0).says(&[
        "unused-parameter",
        "no data depend on `idle`",
        "1 advice",
    ]);

    let breaks = TINY.replace("sd = 0.3", "sd = sqrt(theta * theta - 0.25)");
    bench.write("tiny.sbi", breaks);
    bench.sbi("check tiny.sbi --pedantic").code(0).says(&["unstable-prior", "came out as NaN"]);
}

#[test]
fn the_doctor_says_what_there_is() {
    let bench = Bench::tiny();
    bench.sbi("doctor").code(0).prints(&[
        "cores",
        "instructions",
        "memory",
        "gpu",
        "store         `.sbi`, not made yet",
    ]);
    assert!(!bench.path(".sbi").exists(), "asking leaves nothing");
}

#[test]
fn numbers_in_flags_are_written_as_in_files() {
    let bench = Bench::tiny();
    bench.sbi("run tiny.sbi --draws 1_0 --quiet").code(0);
    assert_eq!(bench.read("tiny.out/posterior/draws.csv").lines().count(), 11);
    bench
        .sbi("run tiny.sbi --draws -5")
        .code(2)
        .says(&["'-5' for '--draws <N>'", "a whole number from 1 to"]);
    bench.sbi("run tiny.sbi --seed -1").code(2).says(&["'-1' for '--seed <N>'", "at least 0"]);
    std::fs::create_dir(bench.path("draws.csv")).unwrap();
    bench
        .sbi("simulate tiny.sbi --n 3 --out draws.csv")
        .code(2)
        .says(&["is a folder", "draws.csv/draws.csv"]);
}
