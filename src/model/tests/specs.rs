//! Whole specs: those of the language's description, and the library.

use super::show;
use crate::{Key, STD, compile};
use std::path::Path;

#[test]
fn the_library_loads_file_by_file() {
    for (name, text) in STD {
        let checked = compile(text, &());
        assert_eq!(show(text, &checked), "", "{name}");
    }
}

/// The specs with their names, sorted.
fn specs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../syntax/tests/specs");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let specs = paths.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    });
    let mut specs: Vec<(String, String)> = specs.collect();
    specs.sort();
    specs
}

/// Their data files are elsewhere.
#[test]
fn the_specs_of_the_description_are_sound_but_for_their_data() {
    let specs = specs();
    assert_eq!(specs.len(), 10);
    let mut told = Vec::new();
    for (name, text) in &specs {
        let checked = compile(text, &());
        let others = checked.diagnostics.iter().filter(|told| told.code != "data-missing");
        told.extend(others.map(|told| format!("{name}: {} {:?}", told.message, told.help)));
    }
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn formatting_changes_no_key() {
    let keys = |text: &str| {
        let file = compile(text, &()).file?;
        Some(file.models.iter().map(|model| Key::simulations(model, 1)).collect::<Vec<_>>())
    };
    let mut seen = 0;
    for (name, text) in specs() {
        // Spread out, so that there is something to format.
        let text = text.replace(" ~ ", "   ~ ").replace(", ", " ,  ");
        let formatted = sbi_syntax::format(&text).unwrap();
        assert_ne!(formatted, text, "{name}");
        assert_eq!(keys(&formatted), keys(&text), "{name}");
        seen += usize::from(keys(&text).is_some());
    }
    assert!(seen >= 5, "{seen} specs have keys");
}
