//! `sbi fmt`: one layout for all files, and none touched without need.

use crate::cli::bench::{Bench, Ran, TINY};
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// The tiny model as it is after formatting.
fn tidy() -> String {
    TINY.replace("data  x", "data x")
}

fn piped(bench: &Bench, arguments: &str, text: &str) -> Ran {
    let mut child = bench.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn files_are_formatted_in_place() {
    let bench = Bench::tiny();
    bench.write("other.sbi", TINY.replace('\n', "\r\n"));
    let ran =
        bench.sbi("fmt tiny.sbi other.sbi").code(0).says(&["formatted tiny.sbi", "formatted other.sbi"]);
    assert_eq!(ran.out, "");
    assert_eq!(bench.read("tiny.sbi"), tidy());
    assert_eq!(bench.read("other.sbi"), tidy());
    let again = bench.sbi("fmt tiny.sbi other.sbi").code(0);
    assert_eq!(again.err, "");
    bench.sbi("check tiny.sbi").code(0);
    bench.assert_nothing_half_written();
}

#[test]
fn a_formatted_file_is_not_written() {
    let bench = Bench::with("tiny.sbi", tidy());
    let before = fs::metadata(bench.path("tiny.sbi")).unwrap().modified().unwrap();
    bench.sbi("fmt tiny.sbi").code(0);
    assert_eq!(fs::metadata(bench.path("tiny.sbi")).unwrap().modified().unwrap(), before);
}

#[test]
fn check_lists_and_changes_nothing() {
    let bench = Bench::tiny();
    bench.write("tidy.sbi", tidy());
    let ran = bench.sbi("fmt --check tiny.sbi tidy.sbi").code(1);
    let ran = ran.says(&["error: 1 file is not formatted", "help: `sbi fmt` without `--check`"]);
    assert_eq!(ran.out, "tiny.sbi\n");
    assert_eq!(bench.read("tiny.sbi"), TINY);
    let right = bench.sbi("fmt --check tidy.sbi").code(0);
    assert_eq!((right.out.as_str(), right.err.as_str()), ("", ""));
}

#[test]
fn standard_input_goes_to_standard_output() {
    let bench = Bench::new();
    assert_eq!(piped(&bench, "fmt -", TINY).code(0).out, tidy());
    assert_eq!(piped(&bench, "fmt - --check", TINY).code(1).out, "standard input\n");
    assert_eq!(piped(&bench, "fmt - --check", &tidy()).code(0).out, "");
    let wrong = piped(&bench, "fmt -", &TINY.replace("param", "parm")).code(2);
    assert_eq!(wrong.says(&["did you mean `param`?", "1 error in standard input"]).out, "");
}

#[test]
fn a_wrong_file_is_told_and_left_alone_and_the_others_are_formatted() {
    let bench = Bench::tiny();
    let wrong = TINY.replace("param theta", "parm theta");
    bench.write("wrong.sbi", &wrong);
    let ran = bench.sbi("fmt wrong.sbi nowhere.sbi tiny.sbi").code(2);
    ran.says(&[
        "did you mean `param`?",
        "1 error in wrong.sbi",
        "no file `nowhere.sbi`",
        "formatted tiny.sbi",
    ]);
    assert_eq!(bench.read("wrong.sbi"), wrong);
    assert_eq!(bench.read("tiny.sbi"), tidy());
}

#[test]
fn a_file_is_named() {
    Bench::tiny().sbi("fmt").code(2).says(&["FILE"]);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bench = Bench::tiny();
    let mode = |mode| fs::set_permissions(bench.path("tiny.sbi"), fs::Permissions::from_mode(mode)).unwrap();
    symlink("tiny.sbi", bench.path("link.sbi")).unwrap();
    mode(0o640);
    bench.sbi("fmt link.sbi").code(0);
    assert!(fs::symlink_metadata(bench.path("link.sbi")).unwrap().is_symlink());
    assert_eq!(bench.read("tiny.sbi"), tidy());
    assert_eq!(fs::metadata(bench.path("tiny.sbi")).unwrap().permissions().mode() & 0o777, 0o640);

    bench.write("tiny.sbi", TINY);
    mode(0o440);
    bench.sbi("fmt tiny.sbi").code(1).says(&["`tiny.sbi` cannot be written: permission denied", "help:"]);
    assert_eq!(bench.read("tiny.sbi"), TINY);
}
