//! What users are given for programs of their own: the page, the helper in Python, the example.

use super::{Asked, draw};
use sbi_model::{Protocol, ReadError, World};
use sbi_sim::outside::{Answer, Pool, Program, Shape};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Whether there is a Python with this module to try the examples with; if there is none, it is said.
pub(super) fn python(module: &str) -> bool {
    let import = ["-c".to_owned(), format!("import {module}")];
    let there = Command::new("python3").args(import).output().is_ok_and(|ran| ran.status.success());
    if !there {
        eprintln!("skipped: there is no python3 with {module} on this machine");
    }
    there
}

#[test]
fn the_lattice_in_python_simulates() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/external");
    if !python("json") {
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

const PAGE: &str = include_str!("../../../../docs/workers.md");

/// The first block of the page in this language.
fn block(language: &str) -> &str {
    let begin = PAGE.split_once(&format!("```{language}\n")).unwrap().1;
    begin.split_once("```").unwrap().0
}

#[test]
fn the_worker_of_the_page_answers_as_the_page_says() {
    if !python("json") {
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
