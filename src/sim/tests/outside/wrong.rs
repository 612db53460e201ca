//! Workers that never give what is asked: each is told in words that say what to do, and ended.

use super::{Asked, BOTH, draw, mark, nothing_left, program, worker};
use sbi_model::Protocol;
use sbi_sim::outside::{OutsideError, Pool, Program};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The error of a mode that never gives rows, and that no process is left of it.
fn error(program: Program, mark: &str) -> OutsideError {
    let pool = Pool::new(program);
    let error = draw(&pool, &Asked::new(5)).unwrap_err();
    nothing_left(mark);
    eprintln!("{error}\n");
    error
}

#[test]
fn a_draw_at_which_a_worker_dies_is_named() {
    for protocol in BOTH {
        let mark = mark();
        let program = program(protocol, &["dies", "12"], &mark);
        let error = error(Program { batch: Some(64), ..program }, &mark);
        let OutsideError::Draw { draw: 12, inputs, trouble } = &error else { panic!("{error}") };
        assert_eq!(inputs[1], ("b".into(), 1.0 / 12.0));
        assert_eq!(
            trouble.sentence,
            format!(
                "the program `wound` ended with exit code 3 at draw 12 (a = {}, b = {}), each of 4 times",
                0.1 * 12.0,
                1.0 / 12.0
            )
        );
        assert_eq!(trouble.stderr, ["draw 12 is too much for me"]);
        assert_eq!(trouble.help.contains("printf"), protocol == Protocol::Lines);
    }
}

/// The command that an error offers shows the error.
#[test]
fn the_offered_command_fails_as_the_program_did() {
    let mark = mark();
    let error = error(program(Protocol::Lines, &["dies", "12"], &mark), &mark);
    let help = error.trouble().unwrap().help.split_once("by hand: ").unwrap().1.to_owned();
    let ran = Command::new("sh").args(["-c", &help]).output().unwrap();
    assert_eq!(ran.status.code(), Some(3), "{help}");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "{\"ready\":true}\n");
}

#[test]
fn a_worker_that_hangs_is_killed_and_its_draw_named() {
    let mark = mark();
    let program = program(Protocol::Frames, &["hangs", "11"], &mark);
    let begin = Instant::now();
    let error = error(Program { timeout: Some(Duration::from_millis(300)), ..program }, &mark);
    assert!(matches!(&error, OutsideError::Draw { draw: 11, .. }));
    assert!(error.to_string().contains("did not answer within 0.3 s at draw 11"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_is_no_answer_is_told_with_what_it_is() {
    for protocol in BOTH {
        let mark = mark();
        let error = error(program(protocol, &["garbage"], &mark), &mark);
        assert!(error.to_string().contains("\"Loading "), "{error}");
        assert!(error.to_string().contains("file=sys.stderr"), "{error}");
        assert!(matches!(error, OutsideError::Draw { draw: 10, .. }));
    }
}

#[test]
fn a_flood_on_stdout_is_refused() {
    for protocol in BOTH {
        let mark = mark();
        let begin = Instant::now();
        let error = error(program(protocol, &["flood"], &mark), &mark);
        assert!(error.to_string().contains("\"xxxxxxxx"), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_flood_on_stderr_holds_up_nothing() {
    for protocol in BOTH {
        let mark = mark();
        let pool = Pool::new(program(protocol, &["stderr"], &mark));
        assert_eq!(draw(&pool, &Asked::new(5)).unwrap().rows, Asked::new(5).rows());
    }
    let mark = mark();
    let mut program = program(Protocol::Lines, &["stderr"], &mark);
    program.outputs[0].sizes = vec![4];
    let error = error(program, &mark);
    let stderr = &error.trouble().unwrap().stderr;
    // The worker's own panic comes last: it was greeted with another shape.
    assert_eq!(stderr.len(), 20);
    assert!(stderr.iter().any(|line| line.starts_with("line 199999 ")), "{stderr:?}");
}

#[test]
fn answers_that_do_not_fit_are_told_at_once() {
    let cases = [
        (Protocol::Lines, "shape", "gives 2 elements in `front` of draw 10, and 3 are asked for"),
        (Protocol::Frames, "shape", "gives `front` in the shape [1, 2], and [1, 3] is asked for"),
        (Protocol::Lines, "id", "answered the request with `id` "),
        (Protocol::Frames, "id", "answered the request with `id` "),
    ];
    for (protocol, mode, words) in cases {
        let mark = mark();
        let error = error(program(protocol, &[mode], &mark), &mark);
        assert!(
            matches!(&error, OutsideError::Answer(trouble) if trouble.sentence.contains(words)),
            "{error}"
        );
    }
}

#[test]
fn programs_that_do_not_start_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let script = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    script("plain.py", "print('hello')");
    script("lost.py", "#!/usr/bin/no-such-python\n");
    script("bare", "no first line");
    for name in ["lost.py", "bare"] {
        Command::new("chmod").arg("+x").arg(folder.path().join(name)).status().unwrap();
    }
    let start = |words: &[&str], folder: &Path| {
        let mark = mark();
        let command = words.iter().map(|word| (*word).to_owned()).collect();
        let begin = Instant::now();
        let error =
            error(Program { command, folder: folder.into(), ..program(Protocol::Lines, &[], &mark) }, &mark);
        assert!(matches!(error, OutsideError::Start(_)), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(5));
        error.to_string()
    };
    let here = folder.path();
    assert!(
        start(&["no-such-program"], here).contains("there is no program `no-such-program`\nhelp: install it")
    );
    assert!(start(&["./missing.py"], here).contains("there is no `./missing.py` in "));
    assert!(start(&["./plain.py"], here).contains("`./plain.py` may not be run\nhelp: chmod +x "));
    assert!(start(&["./lost.py"], here).contains("the program that the first line of `./lost.py` names"));
    assert!(start(&["./bare"], here).contains("`./bare` is no program of this machine"));
    assert!(start(&["true"], &here.join("gone")).contains("its folder `"));
    assert!(start(&["false"], here).contains("ended with exit code 1 before it was ready"));
    assert!(start(&["cat"], here).contains("answered the greeting with"));
    assert!(start(&["echo", "Hi there"], here).contains("wrote to stdout what is no message: \"Hi there\""));
    let worker = worker();
    let worker = worker.to_str().unwrap();
    let broken = start(&[worker, "lines", "broken"], here);
    assert!(broken.contains(&format!("help: {worker} -m pip install numpy, or")), "{broken}");
    let unwilling = start(&[worker, "lines", "unwilling"], here);
    assert!(unwilling.contains("said that it cannot go on: there is no licence"), "{unwilling}");
}
