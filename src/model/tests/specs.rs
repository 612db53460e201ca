//! Whole specs: those of the language's description, and the library.

use super::show;
use crate::{STD, compile};
use std::path::Path;

#[test]
fn the_library_loads_file_by_file() {
    for (name, text) in STD {
        let mut checked = compile(text, &());
        checked.diagnostics.retain(|told| told.code != "units-unchecked");
        assert_eq!(show(text, &checked), "", "{name}");
    }
}

#[test]
fn the_specs_of_the_description_are_sound_but_for_their_data() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../syntax/tests/specs");
    let mut told = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut checked = compile(&text, &());
        checked.diagnostics.retain(|told| !["data-missing", "units-unchecked"].contains(&told.code));
        told += &format!("{}\n{}", path.file_name().unwrap().to_string_lossy(), show(&text, &checked));
    }
    println!("{told}");
}
