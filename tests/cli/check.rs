//! `sbi check`: all errors at once, for people and for editors.

use crate::cli::bench::{Bench, TINY};

const THREE_ERRORS: &str = "\
edition 2026

model tiny {
    param theta ~ uniformm(-1, 1)
    data  x ~ normal(mean = thetta, sd = 0.3)
}

query posterior {
    given y = 0.3
    infer theta
}
";

#[test]
fn a_right_file_is_called_right() {
    let ran = Bench::tiny().sbi("check tiny.sbi").code(0).says(&["no errors in tiny.sbi"]);
    assert_eq!(ran.out, "");
}

#[test]
fn all_errors_are_drawn_and_counted() {
    let bench = Bench::with("bad.sbi", THREE_ERRORS);
    let ran = bench.sbi("check bad.sbi").code(2);
    let ran =
        ran.says(&["uniformm", "did you mean `uniform`?", "thetta", "did you mean `theta`?", "bad.sbi:9:"]);
    assert!(ran.err.trim_end().ends_with("3 errors in bad.sbi"), "{}", ran.err);
    assert!(!ran.err.contains('\x1b'), "no colour when it is no terminal");
    assert!(!bench.path(".sbi").exists(), "no work was done");
}

#[test]
fn json_has_a_place_a_code_and_a_help_for_each() {
    let bench = Bench::with("bad.sbi", THREE_ERRORS);
    let ran = bench.sbi("check bad.sbi --json").code(2);
    assert_eq!(ran.err, "");
    let records: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let records = records.as_array().unwrap();
    assert_eq!(records.len(), 3);
    let first = &records[0];
    assert_eq!(first["file"], "bad.sbi");
    assert_eq!((&first["line"], &first["column"]), (&4.into(), &19.into()));
    assert_eq!((&first["end_line"], &first["end_column"]), (&4.into(), &27.into()));
    assert_eq!(first["severity"], "error");
    assert_eq!(first["code"], "unknown-distribution");
    assert!(first["message"].as_str().unwrap().contains("uniformm"));
    assert_eq!(first["help"], "did you mean `uniform`?");
    assert!(first["labels"].is_array());

    let right = Bench::tiny().sbi("check tiny.sbi --json").code(0);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&right.out).unwrap(), serde_json::json!([]));
}

#[test]
fn a_file_that_cannot_be_read_is_a_diagnostic_for_editors() {
    let ran = Bench::tiny().sbi("check tinny.sbi --json").code(2);
    let records: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(records[0]["code"], "file-unreadable");
    assert_eq!(records[0]["line"], serde_json::Value::Null);
    assert_eq!(records[0]["help"], "did you mean `tiny.sbi`?");
}

#[test]
fn a_long_line_does_not_flood_the_terminal() {
    let text = TINY.replace("sd = 0.3)", &format!("sd = nope) // {}", "long ".repeat(20_000)));
    let ran = Bench::with("long.sbi", text).sbi("check long.sbi").code(2).says(&["long.sbi:5:", "nope"]);
    assert!(ran.err.len() < 4000, "{} bytes", ran.err.len());
}
