//! Every spec in the README, in the manual and among the examples is sound.

use super::{Folder, show};
use crate::compile;
use crate::explain::whole;
use std::path::Path;

#[test]
fn specs_in_the_documents_are_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    for (document, least) in [("README.md", 1), ("docs/language.md", 6)] {
        let path = root.join(document);
        let page = std::fs::read_to_string(&path).unwrap();
        let world = Folder(path.parent().unwrap().to_owned());
        let specs: Vec<&str> =
            page.split("```sbi\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert!(specs.len() >= least, "{document} has {} specs", specs.len());
        for spec in specs {
            let text = whole(spec);
            let checked = compile(&text, &world);
            assert_eq!(show(&text, &checked), "", "{document}:\n{text}");
            seen += 1;
        }
    }
    assert!(seen > 8);
}

#[test]
fn the_examples_are_sound_and_formatted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let world = Folder(folder.clone());
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "sbi") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let checked = compile(&text, &world);
        assert_eq!(show(&text, &checked), "", "{}", path.display());
        assert!(
            checked.file.is_some_and(|file| !file.queries.is_empty()),
            "{} asks something",
            path.display()
        );
        assert_eq!(sbi_syntax::format(&text).unwrap(), text, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 12, "{seen} examples");
}
