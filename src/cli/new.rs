//! `sbi new`: a commented file to start from.

use super::args;
use super::failure::{Failure, Outcome, print};
use super::files;
use super::numbers::listed;

/// A kind of model to start from.
struct Kind {
    name: &'static str,
    about: &'static str,
    text: &'static str,
    /// Whether this version runs all of it.
    runs: bool,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "posterior",
        about: "parameters of a plain model, from measurements",
        text: include_str!("new/posterior.sbi"),
        runs: true,
    },
    Kind {
        name: "modalities",
        about: "two kinds of data that tell of the same",
        text: include_str!("new/modalities.sbi"),
        runs: true,
    },
    Kind {
        name: "series",
        about: "a series in time, and its forecast",
        text: include_str!("new/series.sbi"),
        runs: true,
    },
    Kind {
        name: "external",
        about: "a simulator in another language (this version checks it, and does not run it)",
        text: include_str!("new/external.sbi"),
        runs: false,
    },
];

/// What a spec writes where the name of the model stands.
const NAME: &str = "NAME";

/// Writes a starting file, or lists the kinds.
pub fn new(args: &args::New) -> Outcome {
    if args.list {
        return print(
            &KINDS.iter().map(|kind| format!("{:<12} {}\n", kind.name, kind.about)).collect::<String>(),
        );
    }
    let Some(kind) = KINDS.iter().find(|kind| kind.name == args.kind) else {
        let names = KINDS.map(|kind| kind.name);
        return Err(Failure::wrong(format!("there is no kind `{}`", args.kind))
            .help(format!("the kinds are {}", listed(&names, "and"))));
    };
    let Some(name) = &args.name else {
        return Err(
            Failure::wrong("the file has no name").help("write `sbi new NAME`; `sbi new --list` shows kinds")
        );
    };
    let path = name.with_extension("sbi");
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if path.exists() {
        return Err(Failure::wrong(format!("there is a file `{}` already", path.display()))
            .help("choose another name: nothing is overwritten"));
    }
    let text = kind.text.replace(NAME, &model_name(&stem));
    files::output(&path, text.as_bytes(), "name a file in a folder that can be written")?;
    let next = if kind.runs { "to answer its queries: sbi run" } else { "to check it: sbi check" };
    let shown = path.display().to_string();
    let shown = if shown.contains(char::is_whitespace) { format!("'{shown}'") } else { shown };
    print(&format!("{shown} is written; {next} {shown}\n"))
}

/// A name of the language out of the name of a file: letters, digits and `_`, a letter first.
fn model_name(stem: &str) -> String {
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let reserved = ["if", "then", "else", "and", "or", "not", "in", "over", "true", "false"];
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !reserved.contains(&name.as_str()) {
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
        for kind in &KINDS {
            let text = kind.text.replace(NAME, "mine");
            let checked = sbi_model::compile(&text, &());
            assert_eq!(checked.diagnostics, [], "{}", kind.name);
            assert!(!checked.file.unwrap().queries.is_empty());
            assert_eq!(sbi_syntax::format(&text).unwrap(), text, "{}", kind.name);
        }
    }

    #[test]
    fn names_of_files_become_names_of_models() {
        assert_eq!(model_name("drift-diffusion 2"), "drift_diffusion_2");
        assert_eq!(model_name("2026"), "model_2026");
        assert_eq!(model_name("in"), "model_in");
    }
}
