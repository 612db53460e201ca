//! The store while things break: what was acknowledged is there after a kill, a full disk or damage, and the next run
//! goes on from it to the same draws.

use crate::cli::bench::{Bench, Ran, TINY, echo, has_python};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Gives back twice its input, slowly; before each answer it does what is put in place of `BEFORE`.
const WORKER: &str = "\
import json, os, random, signal, sys, time
sys.stdin.readline()
print(json.dumps({'ready': True}), flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    time.sleep(0.002 * len(ask['draws']))
    BEFORE
    print(json.dumps({'id': ask['id'], 'outputs': {'y': [2 * x for x in ask['inputs']['theta']]}}), flush=True)
";

/// A folder with a slow worker; none on a machine without Python.
fn slow(before: &str) -> Option<Bench> {
    if !has_python() {
        return None;
    }
    let bench = Bench::with("m.sbi", echo("batch 5\n    workers 2"));
    bench.write("echo.py", WORKER.replace("BEFORE", before));
    Some(bench)
}

/// The shards that the manifest lists, by path: all that was acknowledged.
fn acknowledged(bench: &Bench) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = bench.files(".sbi/simulations");
    let manifest = files.iter().find(|(path, _)| path.ends_with("manifest.jsonl"));
    let listed = manifest.map(|(_, text)| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
    let is_listed = |path: &Path| listed.contains(path.file_name().unwrap().to_str().unwrap());
    files.clone().into_iter().filter(|(path, _)| is_listed(path)).collect()
}

/// All of `before` is still there, byte for byte.
#[track_caller]
fn assert_kept(bench: &Bench, before: &BTreeMap<PathBuf, Vec<u8>>) {
    let after = bench.files(".sbi/simulations");
    for (path, bytes) in before {
        assert!(after.get(path) == Some(bytes), "{} was there and is not", path.display());
    }
}

const ASK: &str = "simulate m.sbi --n 600 --out a.csv --allow process";

/// What a run gives that nothing disturbs.
fn undisturbed(ask: &str) -> String {
    let bench = slow("pass").unwrap();
    bench.sbi(ask).code(0);
    bench.read("a.csv")
}

#[test]
fn workers_that_are_killed_at_random_moments_cost_time_and_no_draws() {
    let Some(bench) = slow("random.random() < 0.1 and os.kill(os.getpid(), signal.SIGKILL)") else { return };
    bench.sbi(ASK).code(0);
    assert!(bench.read("a.csv") == undisturbed(ASK));
    bench.assert_nothing_half_written();
}

#[test]
fn a_run_that_is_killed_at_random_moments_loses_nothing_that_was_acknowledged() {
    let Some(bench) = slow("pass") else { return };
    // Two workers take a millisecond for a draw, so that all pauses together are too short for the whole.
    let ask = "simulate m.sbi --n 2400 --out a.csv --allow process";
    let mut kept = BTreeMap::new();
    for pause in [310, 520, 190, 730, 450] {
        let mut child = bench.command(ask).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_kept(&bench, &kept);
        kept = acknowledged(&bench);
        assert!(!bench.path("a.csv").exists());
    }
    assert!(!kept.is_empty(), "some draws were finished in between");
    bench.sbi(ask).code(0).says(&["simulations  to finish: 2,400 draws of `m` (", " kept)"]);
    assert_kept(&bench, &kept);
    assert!(bench.read("a.csv") == undisturbed(ask));
    bench.assert_nothing_half_written();
}

/// The tiny model with 300 draws in three shards, and those draws as a file.
fn three_shards() -> (Bench, String) {
    let bench = Bench::tiny();
    for n in [100, 200, 300] {
        bench.sbi(&format!("simulate tiny.sbi --n {n}")).code(0);
    }
    bench.sbi("simulate tiny.sbi --n 300 --out a.csv").code(0).says(&["kept: 300 draws"]);
    let draws = bench.read("a.csv");
    (bench, draws)
}

/// Every file of the store is cut at every place where a part of it ends, or removed: the next run says so, makes anew
/// what is lost and nothing else, and gives the same draws.
#[test]
fn a_store_that_is_cut_at_any_boundary_is_made_good() {
    let (bench, draws) = three_shards();
    let whole = bench.files(".sbi/simulations");
    assert_eq!(whole.len(), 5, "three shards, a manifest, a lock");
    for (path, bytes) in &whole {
        let name = path.file_name().unwrap().to_str().unwrap();
        for length in boundaries(name, bytes).into_iter().map(Some).chain([None]) {
            match length {
                Some(length) => fs::write(path, &bytes[..length]).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
            let what = format!("{name} at {length:?} of {}", bytes.len());
            let ran = bench.sbi("simulate tiny.sbi --n 300 --out b.csv").code(0);
            assert!(bench.read("b.csv") == draws, "{what}\n{}", ran.err);
            if name.starts_with("0000") {
                let words = if length.is_some() { "is damaged" } else { "is missing" };
                ran.says(&[name, words, "made anew", "to finish: 300 draws of `tiny` (200 kept)"]);
            } else if name.starts_with("manifest") && length.is_some() {
                ran.says(&["`", "manifest.jsonl` is damaged", "made anew"]);
            }
            let after = bench.files(".sbi/simulations");
            let spared =
                whole.iter().filter(|(other, _)| *other != path && other.extension() == path.extension());
            spared.for_each(|(other, bytes)| assert!(after.get(other) == Some(bytes), "{what}: {other:?}"));
            bench.assert_nothing_half_written();
            // What the run made good is whole again: the next run finds all of it.
            bench.sbi("simulate tiny.sbi --n 300").code(0).says(&["simulations  kept: 300 draws"]);
        }
    }
}

/// The places at which a file of the store may be cut: before and after each of its parts, and within them.
fn boundaries(name: &str, bytes: &[u8]) -> Vec<usize> {
    let ends: Vec<usize> = match name {
        "lock" => Vec::new(),
        "manifest.jsonl" => (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect(),
        _ => vec![
            8,
            8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize,
            bytes.len() - 8,
            bytes.len(),
        ],
    };
    let mut cuts: Vec<usize> = ends.iter().flat_map(|end| [end / 2, end - 1, *end, end + 1]).collect();
    cuts.push(0);
    // Without its last line end, a manifest says all that it did.
    let most = bytes.len() - if name == "manifest.jsonl" { 2 } else { 1 };
    cuts.retain(|cut| *cut <= most && bytes.len() > 1);
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// On a file system of its own that is too small: the run says so and keeps what it can, and once there is room the next
/// goes on from there.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_and_nothing_kept_is_lost() {
    let bench = Bench::tiny();
    let ask = |out: &str| format!("simulate tiny.sbi --n 700000 --seed 3 --store small/.sbi --out {out}");
    // 100,000 draws of two numbers are 1.6 MB, 700,000 are 11.2 MB.
    let script = "
        mkdir small && mount -t tmpfs -o size=16m tmpfs small || exit 77
        head -c 8000000 /dev/zero > small/ballast
        \"$0\" simulate tiny.sbi --n 100000 --seed 3 --store small/.sbi --quiet
        \"$@\" ; echo \"first $?\" >&2
        find small -name '*.part' >&2
        rm small/ballast
        \"$@\" ; echo \"second $?\" >&2
    ";
    let program = bench.command(&ask("a.csv"));
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(program.get_program());
    shell.arg(program.get_program()).args(program.get_args()).current_dir(bench.path("."));
    let ran = match shell.output() {
        Ok(output) if output.status.code() == Some(0) => Ran::of(output),
        _ => return eprintln!("skipped: no file system can be mounted here"),
    };
    let (first, second) = ran.err.split_once("first 1\n").expect("the first run fails");
    assert!(first.contains("cannot be written: the disk is full"), "{first}");
    assert!(!first.contains(".part"), "{first}");
    assert!(second.starts_with("simulations  to finish: 700,000 draws of `tiny` (100,000 kept)"), "{second}");
    assert!(second.ends_with("second 0\n"), "{second}");

    let elsewhere = Bench::tiny();
    elsewhere.sbi(&ask("a.csv")).code(0);
    assert!(bench.read("a.csv") == elsewhere.read("a.csv"));
}

#[test]
fn two_processes_fill_one_store() {
    let Some(bench) = slow("pass") else { return };
    let runs: Vec<_> = [("a.csv", 400), ("b.csv", 600), ("c.csv", 200)]
        .iter()
        .map(|(out, n)| {
            let ask = format!("simulate m.sbi --n {n} --out {out} --allow process");
            bench.command(&ask).spawn().unwrap()
        })
        .collect();
    for run in runs {
        Ran::of(run.wait_with_output().unwrap()).code(0);
    }
    let draws = undisturbed(ASK);
    assert!(bench.read("b.csv") == draws);
    assert!(draws.starts_with(&bench.read("a.csv")) && draws.starts_with(&bench.read("c.csv")));
    let rows: usize = acknowledged(&bench)
        .into_keys()
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let (start, end) = name.split_once('-')?;
            Some(end.parse::<usize>().ok()? - start.parse::<usize>().ok()?)
        })
        .sum();
    assert_eq!(rows, 600, "no draw is made twice");
    bench.assert_nothing_half_written();
}

/// A run trains on what `sbi simulate` has made.
#[test]
fn what_was_simulated_is_not_simulated_again() {
    let bench = Bench::with("tiny.sbi", TINY);
    bench.sbi("simulate tiny.sbi --n 800").code(0).says(&["simulations  to do: 800 draws of `tiny`"]);
    bench.sbi("run tiny.sbi").code(0).says(&["simulations  kept: 500 draws of `tiny`"]);
}
