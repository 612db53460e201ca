//! Every file of `tests/bad` is told what its second line says, each with a help.
//!
//! `UPDATE=1 cargo test -p sbi-model bad` writes what is told now; read the difference before committing it.

use super::Folder;
use crate::compile;
use std::path::{Path, PathBuf};

#[test]
fn wrong_files_are_told_what_is_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad");
    let world = Folder(folder.clone());
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "sbi"));
    paths.sort();
    assert!(paths.len() >= 120, "{} files", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let promised = text.lines().nth(1).and_then(|line| line.strip_prefix("// tells: "));
        let promised = promised.unwrap_or_else(|| panic!("{name} says in its second line what it tells"));
        let mut told = compile(&text, &world).diagnostics;
        told.sort_by_key(|told| told.span.start);
        let codes: Vec<&str> = told.iter().map(|told| told.code).collect();
        if std::env::var_os("UPDATE").is_some() {
            let new = text.replacen(
                &format!("// tells: {promised}"),
                &format!("// tells: {}", codes.join(", ")),
                1,
            );
            std::fs::write(&path, new).unwrap();
        } else if codes.join(", ") != promised {
            wrong.push(format!("{name}: {} in place of {promised}", codes.join(", ")));
        }
        wrong.extend(
            told.iter()
                .filter(|told| told.help.is_none())
                .map(|told| format!("{name}: {} has no help", told.code)),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}
