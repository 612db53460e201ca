//! `train name { simulations 10_000 … }`.

use super::codes::{FOCUS, NOT_A_NUMBER, SETTING_RANGE, SETTING_TWICE};
use super::constant::Constants;
use super::network::whole;
use crate::Train;
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{self, ExprKind, Name, Setting};

/// What a `train` block says.
#[derive(Default)]
pub(super) struct Said<'t> {
    pub(super) train: Train,
    /// The query to focus on.
    pub(super) focus: Option<&'t Name>,
}

/// The settings of a `train` block; what is wrong goes to `told`.
pub(super) fn train<'t>(
    tree: &'t tree::Train,
    constants: &Constants<'_>,
    told: &mut Vec<Diagnostic>,
) -> Said<'t> {
    let mut said = Said::default();
    let mut seen: Vec<&Name> = Vec::new();
    for setting in &tree.settings {
        if let Some(first) = seen.iter().find(|first| first.text == setting.name.text) {
            told.push(twice(&setting.name, first));
        }
        seen.push(&setting.name);
        told.extend(set(&mut said, setting, constants).err());
    }
    let train = &said.train;
    if let Some(batch) = train.batch.filter(|batch| *batch > train.simulations && !train.online) {
        let message = format!("a batch of {batch} is more than all {} simulations", train.simulations);
        let at =
            tree.settings.iter().find(|setting| setting.name.text == "batch").map_or(tree.span, |s| s.span);
        told.push(SETTING_RANGE.at(at, message).help("make the batch smaller, or leave it out"));
    }
    said
}

/// Says that a setting is made twice.
pub(super) fn twice(again: &Name, first: &Name) -> Diagnostic {
    SETTING_TWICE
        .at(again.span, format!("`{}` is set twice", again.text))
        .label(first.span, "first here")
        .help("remove one of them")
}

fn set<'t>(said: &mut Said<'t>, setting: &'t Setting, constants: &Constants<'_>) -> Result<(), Diagnostic> {
    let name = setting.name.text.as_str();
    let value = &setting.value;
    let size = |range| whole(name, value, constants, range);
    let train = &mut said.train;
    match name {
        "simulations" => {
            train.online = matches!(&value.kind, ExprKind::Path(path) if path.text() == "online");
            if !train.online {
                train.simulations = size(20..=100_000_000)?;
            }
        }
        "focus" => {
            let ExprKind::Path(path) = &value.kind else {
                let told = FOCUS.at(value.span, "the name of a query is expected here");
                return Err(told.help("write `focus posterior`"));
            };
            let Some(query) = path.as_name() else {
                let told = FOCUS.at(value.span, "queries of other files cannot be trained for");
                return Err(told.help("name a query of this file"));
            };
            said.focus = Some(query);
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
        _ => unreachable!("the parser lets only these settings through"),
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
