//! `train name { simulations 10_000 … }`.

use super::approximator::whole;
use super::codes::{NOT_A_NUMBER, NOT_YET, SETTING_RANGE, SETTING_TWICE, UNKNOWN_SETTING};
use super::constant::Constants;
use super::names::list;
use crate::Train;
use sbi_syntax::tree::{self, ExprKind, Name, Setting};
use sbi_syntax::{Diagnostic, suggest};

/// The settings that this version knows.
const SETTINGS: [&str; 5] = ["simulations", "seed", "steps", "batch", "learning_rate"];

/// Settings of the language that this version does not have.
const LATER: [&str; 2] = ["focus", "precision"];

/// The settings of a `train` block; what is wrong goes to `told`.
pub(super) fn train(tree: &tree::Train, constants: &Constants<'_>, told: &mut Vec<Diagnostic>) -> Train {
    let mut train = Train::default();
    let mut seen: Vec<&Name> = Vec::new();
    for setting in &tree.settings {
        if let Some(first) = seen.iter().find(|first| first.text == setting.name.text) {
            told.push(twice(&setting.name, first));
        }
        seen.push(&setting.name);
        told.extend(set(&mut train, setting, constants).err());
    }
    if let Some(batch) = train.batch.filter(|batch| *batch > train.simulations) {
        let message = format!("a batch of {batch} is more than all {} simulations", train.simulations);
        let at =
            tree.settings.iter().find(|setting| setting.name.text == "batch").map_or(tree.span, |s| s.span);
        told.push(SETTING_RANGE.at(at, message).help("make the batch smaller, or leave it out"));
    }
    train
}

/// Says that a setting is made twice.
pub(super) fn twice(again: &Name, first: &Name) -> Diagnostic {
    SETTING_TWICE
        .at(again.span, format!("`{}` is set twice", again.text))
        .label(first.span, "first here")
        .help("remove one of them")
}

fn set(train: &mut Train, setting: &Setting, constants: &Constants<'_>) -> Result<(), Diagnostic> {
    let name = setting.name.text.as_str();
    let value = &setting.value;
    let size = |range| whole(name, value, constants, range);
    match name {
        "simulations" => {
            if matches!(&value.kind, ExprKind::Path(path) if path.text() == "online") {
                return Err(NOT_YET
                    .at(value.span, "`simulations online` is not supported yet")
                    .help("write a number: `simulations 10_000`"));
            }
            train.simulations = size(20..=100_000_000)?;
        }
        "seed" => train.seed = seed(value)?,
        "steps" => train.steps = Some(size(1..=100_000_000)?),
        "batch" => train.batch = Some(size(1..=1_000_000)?),
        "learning_rate" => {
            let rate = constants.number(value)?;
            if rate <= 0.0 || rate > 1.0 {
                let message = format!("`learning_rate` is {rate}, and must lie above 0 and up to 1");
                return Err(SETTING_RANGE
                    .at(value.span, message)
                    .help("write a number like `0.002`, or leave it out"));
            }
            train.learning_rate = Some(rate);
        }
        _ => return Err(unknown(&setting.name, &SETTINGS, &LATER)),
    }
    Ok(())
}

/// A seed: any whole number of 64 bits.
fn seed(value: &tree::Expr) -> Result<u64, Diagnostic> {
    match &value.kind {
        ExprKind::Number(tree::Number { integer: Some(seed), unit: None, percent: false, .. }) => Ok(*seed),
        _ => Err(NOT_A_NUMBER
            .at(value.span, "a seed is a whole number from 0 to 18446744073709551615")
            .help("write `seed 1`")),
    }
}

/// Says that a block has no setting of this name.
pub(super) fn unknown(name: &Name, settings: &[&str], later: &[&str]) -> Diagnostic {
    if later.contains(&name.text.as_str()) {
        return NOT_YET.at(name.span, format!("`{}` is not supported yet", name.text)).help("leave it out");
    }
    let told = UNKNOWN_SETTING.at(name.span, format!("there is no setting `{}` here", name.text));
    let here = match name.text.as_str() {
        "epochs" | "iterations" => Some("steps"),
        "budget" | "n" | "simulation" => Some("simulations"),
        "lr" => Some("learning_rate"),
        "batch_size" => Some("batch"),
        "samples" | "sample" => Some("draws"),
        _ => None,
    };
    let here = here.filter(|here| settings.contains(here));
    match here.or_else(|| suggest(&name.text, settings.iter().copied())) {
        Some(similar) => told.did_you_mean(Some(similar)),
        None => told.help(format!("there is {}", list(settings.iter().copied()))),
    }
}
