//! `approximator name for model { joint with diffusion_transformer(…) }`.

use super::codes::{
    ARGUMENT_TWICE, ARGUMENT_UNNAMED, ESTIMATOR, NOT_A_NUMBER, NOT_YET, SETTING_RANGE, UNKNOWN_ARGUMENT,
    UNKNOWN_CHOICE, UNKNOWN_NETWORK,
};
use super::constant::Constants;
use super::names::list;
use crate::{Estimator, MaskKind, Noise, Transformer};
use sbi_syntax::tree::{self, ApproximatorStatement as Statement, Argument, Call, ExprKind, Name};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::ops::RangeInclusive;

/// The network of a joint approximator.
const NETWORK: &str = "diffusion_transformer";

/// What `diffusion_transformer` takes.
const ARGUMENTS: [&str; 7] = ["width", "layers", "heads", "widening", "mask", "noise", "graph"];

/// What an approximator estimates; what is wrong goes to `told`.
pub(super) fn estimator(
    tree: &tree::Approximator,
    constants: &Constants<'_>,
    told: &mut Vec<Diagnostic>,
) -> Estimator {
    let mut found: Option<(Estimator, Span)> = None;
    for statement in &tree.body {
        let (what, at) = match statement {
            Statement::Joint { call, span } => {
                let estimator = Estimator::Joint(transformer(call, constants, told));
                if let Some((_, first)) = found {
                    let message = format!("`{}` estimates two things", tree.name.text);
                    told.push(
                        ESTIMATOR
                            .at(*span, message)
                            .label(first, "first here")
                            .help("write one approximator for each"),
                    );
                }
                found = Some((estimator, *span));
                continue;
            }
            Statement::Posterior { call, span } => {
                found = found.or(Some((Estimator::Joint(Transformer::default()), *span)));
                ("`posterior with`", call.span)
            }
            Statement::Encode { span, .. } => ("`encode`", *span),
            Statement::Fuse { span, .. } => ("`fuse`", *span),
            Statement::Bad(bad) => {
                found = found.or(Some((Estimator::Joint(Transformer::default()), bad.span)));
                continue;
            }
        };
        told.push(
            NOT_YET
                .at(at, format!("{what} is not supported yet"))
                .help(format!("`joint with {NETWORK}()` answers posteriors and every other question")),
        );
    }
    match found {
        Some((estimator, _)) => estimator,
        None => {
            let message = format!("`{}` does not say what it estimates", tree.name.text);
            told.push(
                ESTIMATOR.at(tree.name.span, message).help(format!("write in it: `joint with {NETWORK}()`")),
            );
            Estimator::Joint(Transformer::default())
        }
    }
}

fn transformer(call: &Call, constants: &Constants<'_>, told: &mut Vec<Diagnostic>) -> Transformer {
    let mut network = Transformer::default();
    let name = call.path.text();
    if name != NETWORK {
        let message = format!("there is no network `{name}`");
        told.push(
            UNKNOWN_NETWORK.at(call.path.span, message).help(format!("write `joint with {NETWORK}()`")),
        );
        return network;
    }
    let mut seen: Vec<&Name> = Vec::new();
    for argument in &call.arguments {
        let Some(label) = &argument.label else {
            let help = format!("its arguments are {}: `width = 50`", list(ARGUMENTS));
            told.push(
                ARGUMENT_UNNAMED
                    .at(argument.span, format!("arguments of `{NETWORK}` need their names"))
                    .help(help),
            );
            continue;
        };
        if let Some(first) = seen.iter().find(|first| first.text == label.text) {
            let message = format!("`{}` is given twice", label.text);
            told.push(
                ARGUMENT_TWICE
                    .at(label.span, message)
                    .label(first.span, "first here")
                    .help("remove one of them"),
            );
        }
        seen.push(label);
        told.extend(set(&mut network, label, argument, constants).err());
    }
    if let (Some(width), Some(heads)) = (network.width, network.heads)
        && width % heads != 0
    {
        let message = format!("a width of {width} cannot be shared by {heads} heads");
        let width = width.div_ceil(heads) * heads;
        told.push(SETTING_RANGE.at(call.span, message).help(format!("write `width = {width}`")));
    }
    network
}

fn set(
    network: &mut Transformer,
    label: &Name,
    argument: &Argument,
    constants: &Constants<'_>,
) -> Result<(), Diagnostic> {
    let size = |range| whole(&label.text, &argument.value, constants, range).map(Some);
    match label.text.as_str() {
        "width" => network.width = size(4..=1024)?,
        "layers" => network.layers = size(1..=64)?,
        "heads" => network.heads = size(1..=64)?,
        "widening" => network.widening = size(1..=16)?,
        "mask" => {
            let choices = [("undirected", MaskKind::Undirected), ("dense", MaskKind::Dense)];
            network.mask = choice(label, argument, &choices, &["directed", "faithful"])?;
        }
        "noise" => {
            network.noise = choice(label, argument, &[("edm", Noise::Edm), ("ve", Noise::Ve)], &["vp"])?
        }
        "graph" => choice(label, argument, &[("exact", ())], &["mechanistic"])?,
        other => {
            let told = UNKNOWN_ARGUMENT.at(label.span, format!("`{NETWORK}` has no argument `{other}`"));
            let here = match other {
                "depth" | "blocks" | "num_layers" => Some("layers"),
                "dim" | "hidden" | "d_model" => Some("width"),
                "num_heads" => Some("heads"),
                _ => suggest(other, ARGUMENTS),
            };
            return Err(match here {
                Some(here) => told.did_you_mean(Some(here)),
                None => told.help(format!("it takes {}", list(ARGUMENTS))),
            });
        }
    }
    Ok(())
}

/// A word out of a list of choices; `later` are those that this version does not have.
fn choice<T: Copy>(
    label: &Name,
    argument: &Argument,
    choices: &[(&str, T)],
    later: &[&str],
) -> Result<T, Diagnostic> {
    let names = || choices.iter().map(|(name, _)| *name);
    let at = argument.value.span;
    let ExprKind::Path(path) = &argument.value.kind else {
        let told =
            UNKNOWN_CHOICE.at(at, format!("`{}` is one of {}, without quotes", label.text, list(names())));
        return Err(told.help(format!("write `{} = {}`", label.text, names().next().unwrap_or_default())));
    };
    let word = path.text();
    if let Some((_, chosen)) = choices.iter().find(|(name, _)| *name == word) {
        return Ok(*chosen);
    }
    if later.contains(&word.as_str()) {
        return Err(NOT_YET
            .at(at, format!("`{} = {word}` is not supported yet", label.text))
            .help(format!("there is {}", list(names()))));
    }
    let told = UNKNOWN_CHOICE.at(at, format!("`{}` cannot be `{word}`", label.text));
    Err(match suggest(&word, names()) {
        Some(similar) => told.did_you_mean(Some(similar)),
        None => told.help(format!("it is one of {}", list(names()))),
    })
}

/// A whole number within a range.
///
/// # Errors
/// It is none, or lies outside.
pub(super) fn whole(
    name: &str,
    value: &tree::Expr,
    constants: &Constants<'_>,
    range: RangeInclusive<usize>,
) -> Result<usize, Diagnostic> {
    let number = constants.number(value)?;
    let (least, most) = (*range.start(), *range.end());
    if number.fract() != 0.0 {
        return Err(NOT_A_NUMBER
            .at(value.span, format!("`{name}` is a whole number"))
            .help(format!("write `{}`", number.round())));
    }
    if number < least as f64 || number > most as f64 {
        let message = format!("`{name}` is {number}, and must lie between {least} and {most}");
        let nearest = if number < least as f64 { least } else { most };
        return Err(SETTING_RANGE
            .at(value.span, message)
            .help(format!("write {nearest}, the nearest that is possible")));
    }
    Ok(number as usize)
}
