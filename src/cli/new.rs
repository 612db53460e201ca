//! `sbi new`: a commented file to start from.

use super::args::{self, Kind};
use super::failure::{Failure, Outcome, print};
use super::files;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use std::path::{Path, PathBuf};

/// What a spec writes where the name of the model stands.
const NAME: &str = "NAME";

impl Kind {
    /// The file that it starts with.
    fn text(self) -> &'static str {
        match self {
            Kind::Posterior => include_str!("new/posterior.sbi"),
            Kind::Modalities => include_str!("new/modalities.sbi"),
            Kind::Series => include_str!("new/series.sbi"),
            Kind::External => include_str!("new/external.sbi"),
        }
    }

    /// What it needs beside it: names, in which `NAME` stands for that of the file, and what is in them.
    fn beside(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Kind::External => &[
                ("NAME.py", include_str!("new/external.py")),
                ("sbi_worker.py", include_str!("../../examples/external/sbi_worker.py")),
            ],
            Kind::Posterior | Kind::Modalities | Kind::Series => &[],
        }
    }
}

/// Writes a starting file, or lists the kinds.
pub fn new(args: &args::New) -> Outcome {
    let Some(name) = args.name.as_ref().filter(|_| !args.list) else {
        return print(&kinds());
    };
    let path = ending(name);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = model_name(&stem);
    let beside = args.kind.beside().iter();
    let beside = beside.map(|(file, text)| (path.with_file_name(file.replace(NAME, &name)), *text));
    let files: Vec<(PathBuf, &str)> =
        std::iter::once((path.clone(), args.kind.text())).chain(beside).collect();
    // The helper is the same for all, and may be there for another model.
    let is_new =
        |(path, text): &(PathBuf, &str)| !std::fs::read(path).is_ok_and(|found| found == text.as_bytes());
    let files: Vec<(PathBuf, &str)> = files.into_iter().filter(is_new).collect();
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Failure::wrong(format!("there is a file `{}` already", taken.display()))
            .help("choose another name: nothing is overwritten"));
    }
    for (path, text) in &files {
        let text = text.replace(NAME, &name);
        files::output(path, text.as_bytes(), "name a file in a folder that can be written")?;
    }
    let shown = args::quoted(&path.display().to_string());
    let allow = if args.kind == Kind::External { " --allow process" } else { "" };
    print(&format!("{shown} is written; to answer its queries: sbi run {shown}{allow}\n"))
}

/// A line for each kind, with what `--help` says of it.
fn kinds() -> String {
    let values = Kind::value_variants().iter().filter_map(Kind::to_possible_value);
    let line = |value: PossibleValue| {
        format!(
            "{:<12} {}\n",
            value.get_name(),
            value.get_help().map(ToString::to_string).unwrap_or_default()
        )
    };
    values.map(line).collect()
}

/// The name of a file with its ending: `my.model` becomes `my.model.sbi`.
fn ending(name: &Path) -> PathBuf {
    if name.extension().is_some_and(|ending| ending == "sbi") {
        return name.to_owned();
    }
    let mut name = name.as_os_str().to_owned();
    name.push(".sbi");
    name.into()
}

/// A name of the language out of the name of a file: letters, digits and `_`, a letter first.
fn model_name(stem: &str) -> String {
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !sbi_syntax::is_reserved(&name) {
        name
    } else {
        format!("model_{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_sound_formatted_and_asks() {
        for kind in Kind::value_variants() {
            let text = kind.text().replace(NAME, "mine");
            let checked = sbi_model::compile(&text, &());
            assert_eq!(checked.diagnostics, [], "{kind:?}");
            assert!(!checked.file.unwrap().queries.is_empty());
            assert_eq!(sbi_syntax::format(&text).unwrap(), text, "{kind:?}");
        }
    }

    #[test]
    fn files_end_alike() {
        assert_eq!(ending(Path::new("a/b")), Path::new("a/b.sbi"));
        assert_eq!(ending(Path::new("my.model")), Path::new("my.model.sbi"));
        assert_eq!(ending(Path::new("x.sbi")), Path::new("x.sbi"));
    }

    #[test]
    fn names_of_files_become_names_of_models() {
        assert_eq!(model_name("drift-diffusion 2"), "drift_diffusion_2");
        assert_eq!(model_name("2026"), "model_2026");
        assert_eq!(model_name("in"), "model_in");
    }
}
