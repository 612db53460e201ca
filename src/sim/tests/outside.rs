//! Programs from outside: each way in which a worker can go wrong ends in the right rows or the right words.
//!
//! The worker is `examples/test_worker.rs`, which cargo builds beside the tests.

// What is left behind is looked for in /proc.
#![cfg(target_os = "linux")]

use sbi_model::{Protocol, ReadError, World};
use sbi_sim::outside::{Answer, OutsideError, Pool, Program, Request, Shape};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const BOTH: [Protocol; 2] = [Protocol::Lines, Protocol::Frames];

/// How many numbers the test worker gives for a draw.
const WIDTH: usize = 8;

/// The variable by which processes of one test are known.
const MARK: &str = "SBI_TEST_MARK";

/// The test worker. `cargo test` builds examples, but not where it is asked for some tests by their names.
fn worker() -> &'static Path {
    static WORKER: OnceLock<PathBuf> = OnceLock::new();
    WORKER.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let profile = tests.parent().unwrap().parent().unwrap();
        let worker = profile.join("examples/test_worker");
        let made = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
        if made(&worker) < made(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/test_worker.rs")) {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["build", "-p", "sbi-sim", "--example", "test_worker", "--target-dir"]);
            cargo.arg(profile.parent().unwrap()).args(profile.ends_with("release").then_some("--release"));
            assert!(cargo.status().unwrap().success());
        }
        worker
    })
}

/// A mark that no other test has.
fn mark() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn program(protocol: Protocol, mode: &[&str], mark: &str) -> Program {
    let name = if protocol == Protocol::Lines { "lines" } else { "frames" };
    let worker = worker();
    let words = ["env", &format!("{MARK}={mark}"), worker.to_str().unwrap(), name].map(str::to_owned);
    Program {
        name: "wound".into(),
        command: words.into_iter().chain(mode.iter().map(|word| (*word).to_owned())).collect(),
        folder: std::env::temp_dir(),
        protocol,
        batch: None,
        timeout: None,
        workers: Some(1),
        inputs: vec!["a".into(), "b".into()],
        outputs: [("front", vec![3]), ("cover", vec![2, 2]), ("edge", vec![])]
            .map(|(name, sizes)| Shape { name: name.into(), sizes })
            .into(),
    }
}

/// Draws with numbers, seeds and inputs.
#[derive(Clone)]
struct Asked {
    draws: Vec<u64>,
    seeds: Vec<u64>,
    inputs: Vec<f64>,
}

impl Asked {
    fn new(count: u64) -> Asked {
        let draws: Vec<u64> = (0..count).map(|k| k + 10).collect();
        let seeds = draws.iter().map(|draw| draw.wrapping_mul(0xd129_0e5e_f3a7_31d5)).collect();
        let inputs = draws.iter().flat_map(|draw| [0.1 * *draw as f64, 1.0 / *draw as f64]).collect();
        Asked { draws, seeds, inputs }
    }

    fn request(&self) -> Request<'_> {
        Request { draws: &self.draws, seeds: &self.seeds, inputs: &self.inputs }
    }

    /// What the test worker makes of it.
    fn rows(&self) -> Vec<f64> {
        let mut rows = Vec::new();
        for (k, draw) in self.draws.iter().enumerate() {
            let seed = self.seeds[k] & ((1 << 53) - 1);
            let noise = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64;
            rows.extend((0..3).map(|i| self.inputs[2 * k] + f64::from(i) * noise));
            rows.extend((0..4).map(|i| self.inputs[2 * k + 1] * f64::from(i) - noise));
            rows.push(*draw as f64 / 3.0);
        }
        rows
    }
}

fn draw(pool: &Pool, asked: &Asked) -> Result<Answer, OutsideError> {
    pool.draw(asked.request(), &|| true)
}

/// The error of a mode that never gives rows, and that no process is left of it.
fn error(program: Program, mark: &str) -> OutsideError {
    let pool = Pool::new(program);
    let error = draw(&pool, &Asked::new(5)).unwrap_err();
    assert_eq!(marked(mark), [0; 0], "{error}");
    eprintln!("{error}\n");
    error
}

/// The numbers of the processes with this mark in their environment.
fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("{MARK}={mark}");
    let all = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|process: &u32| {
        let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    })
    .collect()
}

#[test]
fn rows_do_not_depend_on_batches_and_workers() {
    for protocol in BOTH {
        let asked = Asked::new(150);
        for batch in [Some(1), Some(7), Some(64), None] {
            for workers in [1, 3] {
                let mark = mark();
                let pool = Pool::new(Program {
                    batch,
                    workers: Some(workers),
                    ..program(protocol, &["good"], &mark)
                });
                let answer = draw(&pool, &asked).unwrap();
                assert_eq!(answer.rows, asked.rows(), "{protocol:?}, {batch:?}, {workers}");
                assert!(answer.refused.is_empty() && answer.restarts == 0);
                // Workers are kept for the next request, and end with the pool.
                let kept = marked(&mark);
                assert!((1..=workers).contains(&kept.len()), "{kept:?}");
                assert_eq!(draw(&pool, &Asked::new(1)).unwrap().rows, Asked::new(1).rows());
                assert_eq!(kept, marked(&mark));
                drop(pool);
                assert_eq!(marked(&mark), [0; 0]);
            }
        }
    }
}

#[test]
fn nothing_is_asked_and_nothing_is_started() {
    let mark = mark();
    let pool = Pool::new(program(Protocol::Lines, &["good"], &mark));
    assert_eq!(draw(&pool, &Asked::new(0)).unwrap().rows, [0.0; 0]);
    assert_eq!(marked(&mark), [0; 0]);
}

#[test]
fn refused_draws_are_rows_of_nan_with_reasons() {
    for protocol in BOTH {
        for (mode, why) in
            [("nulls", "`front[3]` is not a finite number"), ("refuses", "the wound never closed")]
        {
            for batch in [1, 4] {
                let program = program(protocol, &[mode, "12"], &mark());
                let pool = Pool::new(Program { batch: Some(batch), ..program });
                let mut asked = Asked::new(9);
                asked.inputs[7] = f64::INFINITY;
                let answer = draw(&pool, &asked).unwrap();
                let reasons = [(12, why.to_owned()), (13, "its input `b` is inf".to_owned())];
                assert_eq!(answer.refused, reasons, "{protocol:?} {mode}");
                for (row, (wanted, draw)) in
                    answer.rows.chunks(WIDTH).zip(asked.rows().chunks(WIDTH).zip(&asked.draws))
                {
                    match draw {
                        12 | 13 => assert!(row.iter().all(|value| value.is_nan())),
                        _ => assert_eq!(row, wanted),
                    }
                }
            }
        }
    }
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
fn workers_that_tire_are_replaced() {
    for protocol in BOTH {
        for workers in [1, 3] {
            let program = program(protocol, &["tires", "20"], &mark());
            let pool = Pool::new(Program { batch: Some(8), workers: Some(workers), ..program });
            let asked = Asked::new(64);
            let answer = draw(&pool, &asked).unwrap();
            assert_eq!(answer.rows, asked.rows());
            assert!(answer.restarts > 0);
        }
    }
}

#[test]
fn half_an_answer_is_asked_for_again() {
    for protocol in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let flag = folder.path().join("was here");
        let pool = Pool::new(program(protocol, &["half", flag.to_str().unwrap()], &mark()));
        let asked = Asked::new(20);
        let answer = draw(&pool, &asked).unwrap();
        assert_eq!((answer.rows, answer.restarts), (asked.rows(), 1));
    }
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
fn slow_draws_have_their_time() {
    let program = program(Protocol::Lines, &["slow", "30"], &mark());
    let pool = Pool::new(Program { timeout: Some(Duration::from_millis(400)), workers: Some(3), ..program });
    let asked = Asked::new(40);
    let answer = draw(&pool, &asked).unwrap();
    assert_eq!((answer.rows, answer.restarts), (asked.rows(), 0));
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

#[test]
fn who_interrupts_is_heard_and_nothing_is_left() {
    for mode in [&["mute"][..], &["hangs", "10"]] {
        let mark = mark();
        let pool = Pool::new(Program { workers: Some(2), ..program(Protocol::Lines, mode, &mark) });
        let (begin, asked) = (Instant::now(), Cell::new(0));
        let go_on = || {
            asked.set(asked.get() + 1);
            begin.elapsed() < Duration::from_millis(500)
        };
        let ended = pool.draw(Asked::new(5).request(), &go_on);
        assert_eq!(ended.unwrap_err(), OutsideError::Interrupted);
        assert!(asked.get() >= 5 && begin.elapsed() < Duration::from_secs(3), "{}", asked.get());
        assert_eq!(marked(&mark), [0; 0]);
    }
}

#[test]
fn what_a_worker_started_ends_with_it() {
    for mode in ["forks", "orphans"] {
        let mark = mark();
        let pool = Pool::new(Program { workers: Some(2), ..program(Protocol::Lines, &[mode], &mark) });
        let made = draw(&pool, &Asked::new(5));
        assert_eq!(made.is_ok(), mode == "forks", "{made:?}");
        drop(pool);
        assert_eq!(marked(&mark), [0; 0]);
    }
}

#[test]
fn a_worker_that_ignores_sigterm_is_killed() {
    let mark = mark();
    let mut program = program(Protocol::Lines, &["good"], &mark);
    let inner = program.command.split_off(2);
    program.command.extend(["sh", "-c", "trap '' TERM; exec \"$0\" \"$@\""].map(str::to_owned));
    program.command.extend(inner);
    let pool = Pool::new(program);
    assert_eq!(draw(&pool, &Asked::new(5)).unwrap().rows, Asked::new(5).rows());
    let [worker] = marked(&mark)[..] else { panic!("one worker") };
    Command::new("sh").args(["-c", &format!("kill -TERM {worker}")]).status().unwrap();
    assert_eq!(marked(&mark), [worker]);
    drop(pool);
    assert_eq!(marked(&mark), [0; 0]);
}

/// A worker may be killed by anyone at any moment: nothing is lost, and nothing comes twice.
#[test]
fn kills_at_random_moments_lose_nothing() {
    let mut killed = 0;
    for seed in 1..=20_u64 {
        let mark = mark();
        let protocol = BOTH[(seed % 2) as usize];
        let made = program(protocol, &["slow", "1"], &mark);
        let pool = Pool::new(Program { workers: Some(2), batch: Some(5), ..made });
        let asked = Asked::new(200);
        let over = AtomicBool::new(false);
        let answer = std::thread::scope(|scope| {
            // Two kills at most, so that no batch has used up its tries.
            let killer = scope.spawn(|| {
                let mut count = 0;
                for k in 1..=2 {
                    while marked(&mark).is_empty() && !over.load(Ordering::Relaxed) {}
                    std::thread::sleep(Duration::from_micros(seed * k * 7919 % 60_000));
                    if let (Some(victim), false) = (marked(&mark).last(), over.load(Ordering::Relaxed)) {
                        Command::new("sh").args(["-c", &format!("kill -KILL {victim}")]).output().unwrap();
                        count += 1;
                    }
                }
                count
            });
            let answer = draw(&pool, &asked).unwrap();
            over.store(true, Ordering::Relaxed);
            killed += killer.join().unwrap();
            answer
        });
        assert_eq!(answer.rows, asked.rows(), "seed {seed}");
        drop(pool);
        assert_eq!(marked(&mark), [0; 0]);
    }
    assert!(killed > 0);
}

/// Whether there is a Python to try the examples with; if there is none, it is said.
fn python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok_and(|ran| ran.status.success());
    if !there {
        eprintln!("skipped: there is no python3 on this machine");
    }
    there
}

#[test]
fn the_lattice_in_python_simulates() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/external");
    if !python() {
        return;
    }
    let program = |workers, batch| Program {
        name: "lattice".into(),
        command: ["python3", "lattice.py"].map(str::to_owned).into(),
        folder: examples.clone(),
        protocol: Protocol::Lines,
        batch,
        timeout: Some(Duration::from_secs(60)),
        workers: Some(workers),
        inputs: vec!["spread".into(), "division".into()],
        outputs: [("front", 25), ("cover", 16)]
            .map(|(name, size)| Shape { name: name.into(), sizes: vec![size] })
            .into(),
    };
    let mut asked = Asked::new(60);
    // Draw 13 is one that the simulator refuses.
    asked.inputs[6] = -1.0;
    let answer = draw(&Pool::new(program(2, None)), &asked).unwrap();
    let [(13, reason)] = &answer.refused[..] else { panic!("{:?}", answer.refused) };
    assert!(reason.starts_with("ValueError: rates are not negative (lattice.py, line "), "{reason}");
    for (row, draw) in answer.rows.chunks(41).zip(&asked.draws).filter(|(_, draw)| **draw != 13) {
        assert!(row[0] == 8.0 && row[24] >= 8.0 && row[24] <= 40.0, "{draw}: {row:?}");
        assert!(row[25..].iter().all(|cover| (0.0..=1.0).contains(cover)));
    }
    let again = draw(&Pool::new(program(1, Some(7))), &asked).unwrap();
    let bits = |answer: &Answer| answer.rows.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&answer), bits(&again));
    // A simulator that takes other inputs than the file's is told before anything is simulated.
    let mut other = program(1, None);
    other.inputs[1] = "divsion".into();
    let error = draw(&Pool::new(other), &asked).unwrap_err().to_string();
    assert!(error.contains("`simulate` has to take a seed and then spread, divsion: "), "{error}");
}

const PAGE: &str = include_str!("../../../docs/workers.md");

/// The first block of the page in this language.
fn block(language: &str) -> &str {
    let begin = PAGE.split_once(&format!("```{language}\n")).unwrap().1;
    begin.split_once("```").unwrap().0
}

#[test]
fn the_worker_of_the_page_answers_as_the_page_says() {
    if !python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let lines = |arrow: &str| {
        let lines = block("text").lines().filter_map(|line| line.strip_prefix(arrow));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let asked = std::fs::File::open(file("asked", &lines("→ "))).unwrap();
    let ran = Command::new("python3").arg(file("wound.py", block("python"))).stdin(asked).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), lines("← "), "{}", String::from_utf8_lossy(&ran.stderr));
}

struct NoFiles;

impl World for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, ReadError> {
        Err(ReadError::Missing)
    }
}

/// The external of the page, as the checker reads it, is a program.
#[test]
fn an_external_becomes_a_program() {
    let model = "
model closure {
    axis t : time(grid(from = 0, to = 2, step = 1))
    param spread ~ uniform(0, 1)
    param division ~ uniform(0, 1)
    latent run ~ wound(spread, division)
    data edge[t] = run.front[t]
    data share = run.cover
}
";
    let checked = sbi_model::compile(&format!("edition 2026\n{}{model}", block("sbi")), &NoFiles);
    let file = checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let external = &file.models[0].externals[0];
    let program = Program::of("wound", external, Path::new("/lab"), &[vec![3], vec![]]);
    assert_eq!(program.command, ["python3", "wound.py"]);
    assert_eq!((program.batch, program.workers), (Some(64), Some(2)));
    assert_eq!((program.timeout, program.protocol), (Some(Duration::from_secs(30)), Protocol::Lines));
    assert_eq!(program.inputs, ["spread", "division"]);
    assert_eq!((program.width(), &program.outputs[0].sizes[..]), (4, &[3][..]));
    assert_eq!(program.outputs[1], Shape { name: "cover".into(), sizes: vec![] });
}

/// Not a test of what comes out, but of what it costs: draws per second of one worker.
#[test]
#[ignore = "prints how fast it is"]
fn speed() {
    let asked = Asked::new(200_000);
    for protocol in BOTH {
        let pool = Pool::new(program(protocol, &["good"], &mark()));
        draw(&pool, &Asked::new(20_000)).unwrap();
        let begin = Instant::now();
        draw(&pool, &asked).unwrap();
        println!("{protocol:?}: {:.0} draws/s", 200_000.0 / begin.elapsed().as_secs_f64());
    }
}
