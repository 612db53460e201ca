//! Programs from outside: started only with leave, told when they fail, kept apart by what they are.

use crate::cli::bench::{Bench, echo, has_python};

const TIMEOUT: &str = "timeout 20 s";

/// Gives back twice its input, and refuses above a bound; without any helper.
const WORKER: &str = "\
import json, sys
sys.stdin.readline()
print(json.dumps({'ready': True}), flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    ys, failed = [], {}
    for draw, theta in zip(ask['draws'], ask['inputs']['theta']):
        if theta > BOUND:
            failed[str(draw)] = 'theta is too large'
            ys.append(None)
        else:
            ys.append(2 * theta)
    print(json.dumps({'id': ask['id'], 'outputs': {'y': ys}, 'failed': failed}), flush=True)
";

/// A folder with the spec and a worker that refuses above a bound; none on a machine without Python.
fn bench(bound: &str) -> Option<Bench> {
    if !has_python() {
        return None;
    }
    let bench = Bench::with("m.sbi", echo(TIMEOUT));
    bench.write("echo.py", WORKER.replace("BOUND", bound));
    Some(bench)
}

#[test]
fn a_program_is_started_with_leave_only() {
    let Some(bench) = bench("9") else { return };
    bench.sbi("check m.sbi").code(0);
    let ran = bench.sbi("simulate m.sbi --n 10 --out a.csv").code(2);
    ran.says(&["`m` starts `python3 echo.py`", "--allow process"]);
    assert!(!bench.path("a.csv").exists());
    bench.sbi("simulate m.sbi --n 200 --out a.csv --allow process").code(0);
    bench.sbi("simulate m.sbi --n 200 --out b.csv --allow process --threads 1").code(0);
    let table = bench.read("a.csv");
    assert_eq!(table, bench.read("b.csv"));
    for line in table.lines().skip(1) {
        let row: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(row[1], 2.0 * row[0], "{line}");
    }
}

/// A dry run says at the checker what would break a study, and starts nothing without leave.
#[test]
fn a_check_with_leave_tries_the_programs() {
    let Some(bench) = bench("9") else { return };
    bench.sbi("check m.sbi --allow process").code(0);
    bench.write(
        "echo.py",
        WORKER.replace("BOUND", "9").replace("ys.append(2 * theta)", "ys.append([theta, theta])"),
    );
    bench.sbi("check m.sbi").code(0);
    bench.sbi("check m.sbi --allow process").code(2).says(&["program-fails", "`echo`"]);
    bench.write("echo.py", WORKER.replace("BOUND", "-1"));
    bench.sbi("check m.sbi --allow process").code(2).says(&["theta is too large"]);
    bench.write("m.sbi", echo("on_failure \"absent\""));
    bench.sbi("check m.sbi --allow process").code(0);
    bench.write("echo.py", "import sys\nsys.exit('the lattice is not installed')\n");
    bench.sbi("check m.sbi --allow process").code(2).says(&["the lattice is not installed"]);
}

/// What is refused is an empty cell, the others stay, and a column tells the draws apart.
#[test]
fn what_a_program_refuses_is_an_empty_cell() {
    let Some(bench) = bench("0.5") else { return };
    bench.write("m.sbi", echo("on_failure \"absent\""));
    let ran = bench.sbi("simulate m.sbi --n 300 --out a.csv --allow process").code(0);
    ran.says(&["draws failed, and lack what depends on that"]);
    let table = bench.read("a.csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("theta,y,failed"));
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let theta: f64 = cells[0].parse().unwrap();
        let y = if theta > 0.5 { None } else { Some(2.0 * theta) };
        assert_eq!((cells[1].parse().ok(), cells[2] == "1"), (y, theta > 0.5), "{line}");
    }
    // A larger budget counts those that were kept as well.
    let more = bench.sbi("simulate m.sbi --n 310 --allow process").code(0);
    let failed = table.lines().filter(|line| line.ends_with(",1")).count();
    let told = more.err.lines().find(|line| line.contains("draws failed")).unwrap().to_owned();
    let told: usize = told.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!((failed..=failed + 10).contains(&told), "{told}, of {failed}");
}

#[test]
fn what_a_program_refuses_is_told_or_drawn_anew() {
    let Some(bench) = bench("0.5") else { return };
    let ran = bench.sbi("simulate m.sbi --n 50 --out a.csv --allow process").code(1);
    ran.says(&["theta is too large", "theta = 0."]);
    bench.write("m.sbi", echo("on_failure \"resample\""));
    let ran = bench.sbi("simulate m.sbi --n 300 --out a.csv --allow process").code(0);
    ran.says(&["draws failed and were drawn anew"]);
    let table = bench.read("a.csv");
    assert_eq!(table.lines().count(), 301);
    assert!(table.lines().skip(1).all(|line| line.split(',').next().unwrap().parse::<f64>().unwrap() <= 0.5));
}

#[test]
fn a_program_that_breaks_is_told_with_its_last_words() {
    let Some(bench) = bench("9") else { return };
    bench.write("echo.py", "import sys\nsys.exit('the lattice is not installed')\n");
    let ran = bench.sbi("simulate m.sbi --n 50 --out a.csv --allow process").code(1);
    ran.says(&["the program `echo` ended", "the lattice is not installed"]);
    assert!(!bench.path("a.csv").exists());
    bench.assert_nothing_half_written();
}

/// A changed script is another simulator: what was kept of the old one is not used.
#[test]
fn a_changed_script_is_simulated_anew() {
    let Some(bench) = bench("9") else { return };
    let text = format!(
        "{}
approximator small for m {{
    joint with diffusion_transformer(width = 16, layers = 1, heads = 1)
}}

train small {{
    simulations 200
    steps 20
}}

query q of small {{
    given y = 0.7
    infer theta
    draws 50
}}
",
        echo(TIMEOUT)
    );
    bench.write("m.sbi", text);
    bench.sbi("run m.sbi").code(2).says(&["--allow process"]);
    bench.sbi("run m.sbi --allow process").code(0).says(&["simulate  200 draws"]);
    let again = bench.sbi("run m.sbi --allow process").code(0);
    assert!(!again.err.contains("simulate  200 draws"), "{}", again.err);
    bench.write("echo.py", WORKER.replace("BOUND", "9").replace("2 * theta", "3 * theta"));
    bench.sbi("run m.sbi --allow process").code(0).says(&["simulate  200 draws"]);
}

#[test]
fn a_new_file_with_a_program_draws() {
    let Some(bench) = bench("9") else { return };
    bench.sbi("new lab --kind external").code(0).prints(&["sbi run lab.sbi --allow process"]);
    bench.sbi("check lab.sbi").code(0);
    bench.sbi("simulate lab.sbi --n 20 --out lab.csv --allow process").code(0);
    assert_eq!(bench.read("lab.csv").lines().count(), 21);
    // The helper may stay for a second one; the script of another name may not be written over.
    bench.sbi("new second --kind external").code(0);
    bench.write("third.py", "mine");
    bench.sbi("new third --kind external").code(2).says(&["there is a file `third.py` already"]);
    assert!(!bench.path("third.sbi").exists());
}
