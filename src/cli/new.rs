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

    /// Whether this version runs all of it.
    fn runs(self) -> bool {
        self != Kind::External
    }
}

/// Writes a starting file, or lists the kinds.
pub fn new(args: &args::New) -> Outcome {
    let Some(name) = args.name.as_ref().filter(|_| !args.list) else {
        return print(&kinds());
    };
    let path = ending(name);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if path.exists() {
        return Err(Failure::wrong(format!("there is a file `{}` already", path.display()))
            .help("choose another name: nothing is overwritten"));
    }
    let text = args.kind.text().replace(NAME, &model_name(&stem));
    files::output(&path, text.as_bytes(), "name a file in a folder that can be written")?;
    let next = if args.kind.runs() { "to answer its queries: sbi run" } else { "to check it: sbi check" };
    let shown = args::quoted(&path.display().to_string());
    print(&format!("{shown} is written; {next} {shown}\n"))
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
