//! `train name { simulations 10_000 … }`.

use super::codes::{NOT_A_NUMBER, NOT_YET, SETTING_RANGE, SETTING_TWICE};
use super::constant::Constants;
use super::network::whole;
use crate::Train;
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{self, ExprKind, Name, Setting};

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
        _ => return Err(not_yet(&setting.name)),
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

/// Says that a setting is one of a later version: the parser lets through only words of the language.
pub(super) fn not_yet(name: &Name) -> Diagnostic {
    NOT_YET.at(name.span, format!("`{}` is not supported yet", name.text)).help("leave it out")
}
