//! Wrong things tried as a new user would: each is told with what to do, and nothing half-written stays.

use crate::cli::bench::{Bench, Ran, TINY};
use std::fs;

/// The tiny model with one thing replaced, run; no work may have been done.
#[track_caller]
fn edited(from: &str, to: &str) -> Ran {
    assert!(TINY.contains(from), "{from}");
    let bench = Bench::with("tiny.sbi", TINY.replace(from, to));
    refused(&bench, "run tiny.sbi")
}

/// A command that has to end with status 2 and leave nothing.
#[track_caller]
fn refused(bench: &Bench, command: &str) -> Ran {
    let before = bench.files("");
    let ran = bench.sbi(command).code(2).says(&["help:"]);
    assert!(bench.files("") == before, "no file was written");
    assert!(!bench.path(".sbi").exists() && !bench.path("tiny.out").exists(), "no folder was made");
    ran
}

#[test]
fn misspelt_names() {
    edited("mean = theta", "mean = thetta").says(&["thetta", "did you mean `theta`?"]);
    edited("infer theta", "infer theat").says(&["theat", "did you mean `theta`?"]);
    edited("given x", "given xx").says(&["xx", "`x`"]);
    edited("uniform(", "unifrom(").says(&["did you mean `uniform`?"]);
    edited("param theta", "parm theta").says(&["did you mean `param`?"]);
    edited("train small", "train smal").says(&["did you mean `small`?"]);
    edited("simulations 500", "simulation 500").says(&["did you mean `simulations`?"]);
    edited("diffusion_transformer", "diffusion_transfomer")
        .says(&["write `joint with diffusion_transformer()`"]);
}

#[test]
fn wrong_arguments() {
    edited("sd = 0.3", "std = 0.3").says(&["no argument `std`", "write `sd =`"]);
    edited(", sd = 0.3", "").says(&["sd"]);
    edited("sd = 0.3", "sd = -0.3").says(&["not-positive"]);
    edited("uniform(-1, 1)", "uniform(1, -1)").says(&["empty-range"]);
    edited("uniform(-1, 1)", "uniform(-1, 1, 2)").says(&["argument-extra"]);
}

#[test]
fn a_cycle() {
    edited("uniform(-1, 1)", "normal(mean = x, sd = 1)").says(&["cycle", "theta", "x"]);
}

#[test]
fn sizes_that_no_machine_has() {
    let axis = |size: &str| {
        let text = TINY.replace("model tiny {", &format!("model tiny {{\n    axis i : index({size})"));
        let text = text.replace("data  x ~ normal(mean = theta", "data  x[i] ~ normal(mean = theta");
        refused(&Bench::with("tiny.sbi", text), "run tiny.sbi")
    };
    axis("1_000_000_000").says(&["1,000,000,000"]);
    axis("0").says(&["axis-size"]);
    axis("1e300").says(&["axis"]);
    edited("simulations 500", "simulations 99999999999999").says(&["setting-range"]);
    edited("draws 200", "draws 0").says(&["setting-range"]);
}

#[test]
fn a_file_that_is_not_there() {
    let bench = Bench::tiny();
    refused(&bench, "run tinny.sbi").says(&["there is no file `tinny.sbi`", "did you mean `tiny.sbi`?"]);
    refused(&bench, "run tiny").says(&["did you mean `tiny.sbi`?"]);
    refused(&bench, "run zebra.sbi").says(&["holds `tiny.sbi`"]);
    refused(&bench, "run nowhere/a.sbi").says(&["there is no folder `nowhere` either"]);
    refused(&bench, "run .").says(&["is a folder", "`tiny.sbi`"]);
}

#[test]
fn files_that_are_no_specs() {
    let refuse = |bytes: &[u8]| refused(&Bench::with("tiny.sbi", bytes), "run tiny.sbi");
    refuse(b"").says(&["is empty", "model first {"]);
    refuse(b" \n\n").says(&["is empty"]);
    refuse(b"\x7fELF\x02\x01\x01\0\0\xff\xfe").says(&["is not text", "UTF-8"]);
    refuse(&vec![b'x'; 10 << 20]).says(&["larger than 1 MiB"]);
    refuse(&b"\0\0\0\0".repeat(1000));
    refuse("(".repeat(500_000).as_bytes());
    refuse("{\n".repeat(300_000).as_bytes());
}

#[test]
fn the_first_file_that_is_offered_runs() {
    let bench = Bench::with("tiny.sbi", "");
    let ran = bench.sbi("check tiny.sbi").code(2);
    let pasted = ran.err.split_once("begin:").unwrap().1;
    bench.write("tiny.sbi", pasted);
    bench.sbi("check tiny.sbi").code(0);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read() {
    let bench = Bench::with("tiny.sbi", format!("\u{feff}{}", TINY.replace('\n', "\r\n")));
    bench.sbi("check tiny.sbi").code(0);
}

#[test]
fn data_files_that_do_not_fit() {
    let text = TINY.replace("model tiny {", "model tiny {\n    axis i : index(3)");
    let text =
        text.replace("data  x ~", "data  x[i] ~").replace("given x = 0.3", "given x from \"seen.csv\"");
    let bench = Bench::with("tiny.sbi", text);
    refused(&bench, "run tiny.sbi").says(&["data-missing", "seen.csv"]);
    let with = |csv: &[u8]| {
        bench.write("seen.csv", csv);
        refused(&bench, "run tiny.sbi")
    };
    with(b"x[1],x[2],y\n1,2,3\n").says(&["data-column", "x[3]"]);
    with(b"x[1],x[2],x[3]\n1,NaN,3\n").says(&["surprise-missing"]);
    with(b"x[1],x[2],x[3]\n1,,3\n").says(&["surprise-missing"]);
    with(b"x[1],x[2],x[3]\n").says(&["data-"]);
    with(b"x[1],x[2],x[3]\n1,two,3\n").says(&["data-text", "two"]);
    with(b"x[1],x[2],x[3]\n1,2,3\n1,2,3\n").says(&["data-rows"]);
    with(b"x\n1\n2\n").says(&["data-rows"]);
    with(b"").says(&["data-empty"]);
    with(b"\0\x01\xff\xfe").says(&["data-binary"]);
}

#[test]
fn a_file_without_a_question_is_offered_one() {
    let (model, _) = TINY.split_once("query").unwrap();
    let bench = Bench::with("tiny.sbi", model);
    bench.sbi("check tiny.sbi").code(0);
    let ran = refused(&bench, "run tiny.sbi");
    ran.says(&["it has no query", "query posterior {", "given x = ", "infer params"]);
    let two = format!("{TINY}\nquery likelihood {{\n    given theta = 0\n    infer x\n}}\n");
    let bench = Bench::with("tiny.sbi", two);
    refused(&bench, "run tiny.sbi --query likelyhood").says(&["did you mean `likelihood`?"]);
    refused(&bench, "run tiny.sbi --query zebra").says(&["it has `posterior` and `likelihood`"]);
}

#[test]
fn flags_that_do_not_exist_or_fit() {
    let bench = Bench::tiny();
    refused(&bench, "run tiny.sbi --drws 5").says(&["error: unexpected argument '--drws'", "--draws"]);
    refused(&bench, "run tiny.sbi --draws 0").says(&["error: invalid value '0'"]);
    refused(&bench, "run tiny.sbi --draws 99999999999").says(&["10_000_000"]);
    refused(&bench, "run tiny.sbi --threads none").says(&["invalid value"]);
    refused(&bench, "run tiny.sbi --device tpu").says(&["cpu", "cuda"]);
    refused(&bench, "frob tiny.sbi").says(&["frob", "the commands are `run`, `query`, `check`"]);
    refused(&bench, "run").says(&["FILE"]);
    refused(&bench, "simulate tiny.sbi --n 5 --out a.parquet").says(&["no .csv", "--out a.csv"]);
    let help = bench.sbi("--help").code(0);
    help.prints(&["run", "check", "graph", "simulate"]);
    bench.sbi("--version").code(0).prints(&["sbi "]);
}

#[test]
fn places_that_cannot_be_written_are_told_before_any_work() {
    let bench = Bench::tiny();
    bench.write("taken", "a file where a folder is wanted");
    for flags in ["--store taken", "--store taken/below", "--store /proc/sbi"] {
        let ran = bench.sbi(&format!("run tiny.sbi {flags}")).code(1);
        let ran = ran.says(&["error: `", "cannot be written", "help: name a folder", "--store DIR"]);
        assert!(!ran.err.contains("simulate "), "before any work\n{}", ran.err);
    }
    for flags in ["--out taken", "--out /proc/sbi"] {
        let ran =
            bench.sbi(&format!("run tiny.sbi {flags}")).code(1).says(&["cannot be written", "--out DIR"]);
        assert!(!ran.err.contains("simulate "), "before any work\n{}", ran.err);
    }
    bench.sbi("simulate tiny.sbi --n 5 --out nowhere/a.csv").code(1).says(&["cannot be written", "help:"]);
    assert_eq!(bench.read("taken"), "a file where a folder is wanted");
}

#[cfg(unix)]
#[test]
fn a_store_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::tiny();
    fs::create_dir(bench.path("locked")).unwrap();
    let mode = |mode| fs::set_permissions(bench.path("locked"), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    // The superuser writes everywhere: there is nothing to try then.
    if fs::write(bench.path("locked/probe"), "").is_err() {
        bench.sbi("run tiny.sbi --store locked").code(1).says(&["permission denied", "--store DIR"]);
    }
    mode(0o755);
}

#[test]
fn a_device_that_is_not_there() {
    if !cfg!(feature = "cuda") {
        let ran = Bench::tiny().sbi("run tiny.sbi --device cuda").code(1);
        ran.says(&["error: ", "help: leave `--device cuda` out"]);
    }
}
