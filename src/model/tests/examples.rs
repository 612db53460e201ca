//! The examples of the repository: nothing is wrong with them, and their graphs are the published ones.

use super::show;
use crate::{File, Graph, Mask, ReadError, State, World, compile};
use std::path::{Path, PathBuf};

/// The files beside the examples.
pub(super) struct Folder(pub(super) PathBuf);

impl World for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        std::fs::read(self.0.join(path)).map_err(|error| ReadError::Other(error.to_string()))
    }
}

pub(super) fn example(name: &str) -> File {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let text = std::fs::read_to_string(folder.join(name).with_extension("sbi")).unwrap();
    let checked = compile(&text, &Folder(folder));
    assert_eq!(show(&text, &checked), "", "{name}");
    checked.file.unwrap()
}

/// A mask as text: one line for each row.
fn rows(mask: &Mask) -> Vec<String> {
    let row = |row| (0..mask.size()).map(|column| if mask.get(row, column) { '1' } else { '.' }).collect();
    (0..mask.size()).map(row).collect()
}

fn given(file: &File, query: usize) -> Vec<f64> {
    let states = file.queries[query].states.iter();
    states.filter_map(|state| if let State::Given(value) = state { Some(*value) } else { None }).collect()
}

#[test]
fn two_moons() {
    let file = example("two_moons");
    let graph = Graph::of(&file.models[0]);
    let names: Vec<&str> = graph.tokens.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["theta_1", "theta_2", "x_1", "x_2"]);
    assert_eq!(rows(&graph.base), ["1...", ".1..", "111.", "1111"]);
    assert_eq!(given(&file, 0), [-0.6396706, 0.16234657]);
    assert_eq!(file.queries[0].infer, [0, 1]);
}

#[test]
fn linear_gaussian() {
    let file = example("linear_gaussian");
    let graph = Graph::of(&file.models[0]);
    for (row, token) in graph.tokens.iter().enumerate() {
        let expected: Vec<usize> = if row < 10 { vec![row] } else { vec![row - 10, row] };
        let columns: Vec<usize> = (0..20).filter(|column| graph.base.get(row, *column)).collect();
        assert_eq!(columns, expected, "{}", token.name);
    }
    assert_eq!(given(&file, 0).len(), 10);
    assert_eq!(given(&file, 2), [0.1, -0.2, 0.3, -0.4, 0.5, -0.5, 0.4, -0.3, 0.2]);
    assert_eq!(file.queries[2].infer, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    assert_eq!(file.queries[2].states[19], State::Absent);
}

#[test]
fn gaussian_mixture() {
    let file = example("gaussian_mixture");
    let graph = Graph::of(&file.models[0]);
    assert_eq!(rows(&graph.base), ["1...", ".1..", "1.1.", "1111"]);
    let moral = graph.mask(crate::MaskKind::Undirected, &[false; 4]);
    assert_eq!(rows(&moral), ["1111"; 4]);
}

#[test]
fn slcp() {
    let file = example("slcp");
    let graph = Graph::of(&file.models[0]);
    let expected = [
        "1............",
        ".1...........",
        "..1..........",
        "...1.........",
        "....1........",
        "111111.......",
        "1111111......",
        "11111..1.....",
        "11111..11....",
        "11111....1...",
        "11111....11..",
        "11111......1.",
        "11111......11",
    ];
    assert_eq!(rows(&graph.base), expected);
    assert_eq!(graph.tokens[6].name, "x[1,2]");
    assert_eq!(given(&file, 0)[..2], [2.3718784, 0.49947417]);
    let support = graph.tokens[0].support;
    assert_eq!((support.low, support.high, support.whole), (-3.0, 3.0, false));
}

/// The published base masks of Tree and HMM.
#[test]
fn tree_and_hmm() {
    let graph = Graph::of(&example("tree").models[0]);
    let expected = ["1......", "11.....", "1.1....", ".1.1...", ".1..1..", "..1..1.", "..1...1"];
    assert_eq!(rows(&graph.base), expected);
    let file = example("hmm");
    let graph = Graph::of(&file.models[0]);
    for (row, token) in graph.tokens.iter().enumerate() {
        let before = if row < 10 { row.saturating_sub(1) } else { row - 10 };
        let columns: Vec<usize> = (0..20).filter(|column| graph.base.get(row, *column)).collect();
        assert!(columns.iter().all(|column| [before, row].contains(column)), "{}: {columns:?}", token.name);
        assert_eq!(columns.len(), if row == 0 { 1 } else { 2 }, "{}", token.name);
    }
    assert_eq!(given(&file, 1).len(), 6);
}
