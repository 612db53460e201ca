//! Programs from outside: rows in order, whatever happens to those who make them, and nothing left behind.
//!
//! The worker is `examples/test_worker.rs`, which cargo builds beside the tests.

// What is left behind is looked for in /proc.
#![cfg(target_os = "linux")]

mod examples;
mod pages;
mod wrong;

use sbi_model::Protocol;
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

/// No process with this mark is left. One that a worker started is killed with it, and gone a moment later.
fn nothing_left(mark: &str) {
    let until = Instant::now() + Duration::from_secs(2);
    while !marked(mark).is_empty() {
        assert!(Instant::now() < until, "left behind: {:?}", marked(mark));
        std::thread::sleep(Duration::from_millis(5));
    }
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
                nothing_left(&mark);
            }
        }
    }
}

#[test]
fn nothing_is_asked_and_nothing_is_started() {
    let mark = mark();
    let pool = Pool::new(program(Protocol::Lines, &["good"], &mark));
    assert_eq!(draw(&pool, &Asked::new(0)).unwrap().rows, [0.0; 0]);
    nothing_left(&mark);
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
fn slow_draws_have_their_time() {
    let program = program(Protocol::Lines, &["slow", "30"], &mark());
    let pool = Pool::new(Program { timeout: Some(Duration::from_millis(400)), workers: Some(3), ..program });
    let asked = Asked::new(40);
    let answer = draw(&pool, &asked).unwrap();
    assert_eq!((answer.rows, answer.restarts), (asked.rows(), 0));
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
        nothing_left(&mark);
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
        nothing_left(&mark);
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
    nothing_left(&mark);
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
        nothing_left(&mark);
    }
    assert!(killed > 0);
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
