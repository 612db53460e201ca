//! The examples of the repository: nothing is wrong with them, and their queries are read as they are meant.

use super::show;
use crate::{File, Graph, ReadError, State, World, compile};
use std::path::{Path, PathBuf};

/// The files beside the examples.
pub(super) struct Folder(pub(super) PathBuf);

impl World for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        std::fs::read(self.0.join(path)).map_err(|error| ReadError::Other(error.to_string()))
    }
}

/// The text of an example, and its folder.
pub(super) fn text(name: &str) -> (String, Folder) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    (std::fs::read_to_string(folder.join(name).with_extension("sbi")).unwrap(), Folder(folder))
}

/// An example, which has nothing wrong.
pub(super) fn example(name: &str) -> File {
    let (text, folder) = text(name);
    let checked = compile(&text, &folder);
    assert_eq!(show(&text, &checked), "", "{name}");
    checked.file.unwrap()
}

fn given(file: &File, query: usize) -> Vec<f64> {
    let states = file.queries[query].states.iter();
    states.filter_map(|state| if let State::Given(value) = state { Some(*value) } else { None }).collect()
}

#[test]
fn two_moons() {
    let file = example("two_moons");
    assert_eq!(given(&file, 0), [-0.6396706, 0.16234657]);
    assert_eq!(file.queries[0].infer, [0, 1]);
}

#[test]
fn linear_gaussian() {
    let file = example("linear_gaussian");
    assert_eq!(given(&file, 0).len(), 10);
    assert_eq!(given(&file, 2), [0.1, -0.2, 0.3, -0.4, 0.5, -0.5, 0.4, -0.3, 0.2]);
    assert_eq!(file.queries[2].infer, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    assert_eq!(file.queries[2].states[19], State::Absent);
}

#[test]
fn slcp() {
    let file = example("slcp");
    assert_eq!(given(&file, 0)[..2], [2.3718784, 0.49947417]);
    let support = Graph::of(&file.models[0]).tokens[0].support;
    assert_eq!((support.low, support.high, support.whole), (-3.0, 3.0, false));
}

#[test]
fn hmm() {
    assert_eq!(given(&example("hmm"), 1).len(), 6);
}
