//! `external name(inputs) -> { outputs } = process(…) { … }`.

use super::codes::{
    ARGUMENT_MISSING, DEPENDS_ON, DEPENDS_TWICE, NOT_A_NUMBER, SETTING_RANGE, UNIT_MISMATCH,
    UNKNOWN_ARGUMENT, UNKNOWN_CHOICE, UNKNOWN_FUNCTION,
};
use super::constant::Constants;
use super::missing::on_failure;
use super::names::list;
use super::network::whole;
use super::train::twice;
use crate::units::Units;
use crate::{External, Output, Protocol};
use sbi_syntax::tree::{self, Argument, Depends, Expr, ExprKind, Name, Setting, Statement};
use sbi_syntax::{Diagnostic, suggest};

/// An external as it is declared; what is wrong goes to `told`.
pub(super) fn external(
    tree: &tree::External,
    constants: &Constants<'_>,
    told: &mut Vec<Diagnostic>,
) -> External {
    let all: Vec<usize> = (0..tree.inputs.len()).collect();
    let outputs = tree.outputs.iter();
    let mut external = External {
        name: tree.name.text.clone(),
        axes: Vec::new(),
        command: command(tree, told),
        scripts: Vec::new(),
        inputs: tree.inputs.iter().map(|input| input.name.text.clone()).collect(),
        outputs: outputs
            .map(|output| Output { name: output.target.name.text.clone(), depends: all.clone() })
            .collect(),
        protocol: Protocol::default(),
        on_failure: None,
        batch: None,
        timeout: None,
        workers: None,
        span: tree.name.span,
    };
    let mut settings: Vec<&Name> = Vec::new();
    let mut depends: Vec<&Name> = Vec::new();
    for statement in &tree.body {
        match statement {
            Statement::Setting(setting) => {
                let first = settings.iter().find(|first| first.text == setting.name.text);
                told.extend(first.map(|first| twice(&setting.name, first)));
                settings.push(&setting.name);
                told.extend(set(&mut external, setting, constants).err());
            }
            Statement::Depends(statement) => {
                let target = &statement.target.name;
                if let Some(first) = depends.iter().find(|first| first.text == target.text) {
                    let message = format!("what `{}` depends on is told twice", target.text);
                    let again = DEPENDS_TWICE.at(statement.span, message).label(first.span, "first here");
                    told.push(again.help("name all of it in one statement"));
                }
                depends.push(target);
                told.extend(depend(&mut external, statement).err());
            }
            _ => {}
        }
    }
    external
}

/// Programs that run others.
const PROGRAMS: [&str; 10] =
    ["python", "python3", "Rscript", "R", "julia", "octave", "matlab", "bash", "sh", "java"];

/// Whether a command is written as in a shell, or as a list. The path of a program may have blanks in it.
fn is_command_line(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::List(_) => true,
        ExprKind::Text(text) => text.split_once(' ').is_some_and(|(program, _)| PROGRAMS.contains(&program)),
        _ => false,
    }
}

/// The words of a command, each in quotes of its own.
fn words_of(value: &Expr) -> Option<String> {
    let quoted =
        |text: &String| text.split_whitespace().map(|word| format!("\"{word}\"")).collect::<Vec<_>>();
    let words = match &value.kind {
        ExprKind::Text(text) => quoted(text),
        ExprKind::List(entries) => {
            let texts = entries.iter().map(|entry| match &entry.kind {
                ExprKind::Text(text) => Some(quoted(text)),
                _ => None,
            });
            texts.collect::<Option<Vec<_>>>()?.concat()
        }
        _ => return None,
    };
    Some(words.join(", "))
}

/// `process("python3", "sim/wound.py")`.
fn command(tree: &tree::External, told: &mut Vec<Diagnostic>) -> Vec<String> {
    let call = &tree.run;
    let name = call.path.text();
    if name != "process" {
        let wrong = UNKNOWN_FUNCTION.at(call.path.span, format!("a program is not run by `{name}`"));
        let run = call.arguments.iter().find_map(|argument| words_of(&argument.value));
        told.push(wrong.help(match run.filter(|_| PROGRAMS.contains(&name.as_str())) {
            Some(words) => format!("write `process(\"{name}\", {words})`"),
            None => "write `process(\"python3\", \"sim/wound.py\")`".to_owned(),
        }));
        return Vec::new();
    }
    if let [Argument { label: None, value, .. }] = call.arguments.as_slice()
        && let Some(words) = words_of(value).filter(|_| is_command_line(value))
    {
        let wrong = ARGUMENT_MISSING.at(value.span, "each word of a command stands in quotes of its own");
        told.push(wrong.help(format!("write `process({words})`")));
        return Vec::new();
    }
    if call.arguments.is_empty() {
        let wrong = ARGUMENT_MISSING.at(call.span, "`process` needs the program to run");
        told.push(wrong.help("write `process(\"python3\", \"sim/wound.py\")`"));
    }
    let mut command = Vec::new();
    for argument in &call.arguments {
        match (&argument.label, &argument.value.kind) {
            (None, ExprKind::Text(word)) => command.push(word.clone()),
            (Some(label), _) => {
                let wrong =
                    UNKNOWN_ARGUMENT.at(label.span, format!("`process` has no argument `{}`", label.text));
                told.push(wrong.help("it takes the program and its arguments, each in quotes"));
            }
            (None, _) => {
                let wrong = NOT_A_NUMBER.at(argument.span, "the words of a command stand in quotes");
                told.push(wrong.help("write `\"…\"`"));
            }
        }
    }
    command
}

fn set(external: &mut External, setting: &Setting, constants: &Constants<'_>) -> Result<(), Diagnostic> {
    let (name, value) = (setting.name.text.as_str(), &setting.value);
    match name {
        "protocol" => {
            let choices = [("frames", Protocol::Frames), ("lines", Protocol::Lines)];
            external.protocol = quoted(name, value, &choices)?;
        }
        "on_failure" => external.on_failure = Some(on_failure(setting)?),
        "batch" => external.batch = Some(whole(name, value, constants, 1..=1_000_000)?),
        "workers" => external.workers = Some(whole(name, value, constants, 1..=4096)?),
        "timeout" => external.timeout = Some(seconds(value, constants)?),
        _ => unreachable!("the parser lets through only the settings of an external"),
    }
    Ok(())
}

/// One of a few words in quotes.
fn quoted<T: Copy>(name: &str, value: &Expr, choices: &[(&str, T)]) -> Result<T, Diagnostic> {
    let words = || choices.iter().map(|(word, _)| *word);
    let all: Vec<String> = words().map(|word| format!("\"{word}\"")).collect();
    let help = format!("write one of {}", list(all.iter().map(String::as_str)));
    let ExprKind::Text(word) = &value.kind else {
        let named = match &value.kind {
            ExprKind::Path(path) => words().find(|word| *word == path.text()),
            _ => None,
        };
        let help = named.map_or(help, |word| format!("write `{name} \"{word}\"`"));
        return Err(UNKNOWN_CHOICE.at(value.span, format!("`{name}` is a word in quotes")).help(help));
    };
    if let Some((_, chosen)) = choices.iter().find(|(known, _)| known == word) {
        return Ok(*chosen);
    }
    let told = UNKNOWN_CHOICE.at(value.span, format!("`{name}` cannot be \"{word}\""));
    Err(match suggest(word, words()) {
        Some(similar) => told.help(format!("did you mean \"{similar}\"?")),
        None => told.help(help),
    })
}

/// A time in seconds, `30 s`.
fn seconds(value: &Expr, constants: &Constants<'_>) -> Result<f64, Diagnostic> {
    let own = Units::seconds();
    let seconds = constants.number_in(value, Some(&own), "a timeout is a time").map_err(|told| {
        let mismatch = told.code == UNIT_MISMATCH.name;
        if mismatch { told.help("write `30 s`, or use `ms`, `min` or `h`") } else { told }
    })?;
    if seconds > 0.0 {
        return Ok(seconds);
    }
    Err(SETTING_RANGE
        .at(value.span, format!("a timeout of {seconds} is over at once"))
        .help("write `timeout 30 s`"))
}

fn depend(external: &mut External, statement: &Depends) -> Result<(), Diagnostic> {
    let inputs = external.inputs.clone();
    let target = &statement.target.name;
    let place = external.outputs.iter().position(|output| output.name == target.text);
    let Some(output) = place.and_then(|place| external.outputs.get_mut(place)) else {
        let told = DEPENDS_ON.at(target.span, format!("the program gives no `{}`", target.text));
        let known: Vec<&str> = external.outputs.iter().map(|output| output.name.as_str()).collect();
        return Err(match suggest(&target.text, known.iter().copied()) {
            Some(similar) => told.did_you_mean(Some(similar)),
            None => told.help(format!("it gives {}", list(known))),
        });
    };
    let mut depends = Vec::new();
    for source in &statement.sources {
        let name = &source.name;
        match inputs.iter().position(|input| *input == name.text) {
            Some(input) => depends.push(input),
            None => {
                let told = DEPENDS_ON.at(name.span, format!("the program takes no `{}`", name.text));
                return Err(match suggest(&name.text, inputs.iter().map(String::as_str)) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help(format!("it takes {}", list(inputs.iter().map(String::as_str)))),
                });
            }
        }
    }
    output.depends = depends;
    Ok(())
}
