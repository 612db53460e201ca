//! Why what stands after a `~` is no distribution of the node on its left, or lacks what that takes.

use super::builtin;
use super::codes::{ARGUMENT_MISSING, FUNCTION_OF_TIME, NESTED_DRAW, UNKNOWN_ARGUMENT, UNKNOWN_DISTRIBUTION};
use super::distribution::{Left, Written};
use super::families::TABLE;
use super::family::{self, Entry};
use super::names::list;
use super::shown::{shown, shown_argument, shown_call};
use super::{elsewhere, library, recipes, transform};
use sbi_syntax::tree::{self, Call, ExprKind, Name};
use sbi_syntax::{Diagnostic, Span, suggest};

/// The distribution that a call names. Where something is `unread`, a name that nobody knows may be what it defines.
pub(super) fn entry(call: &Call, left: Left<'_>, unread: bool) -> Result<&'static Entry, Option<Diagnostic>> {
    let name = call.path.text();
    if let Some(entry) = family::find(&name) {
        return Ok(entry);
    }
    let at = call.path.span;
    if let Some(last) = call.path.segments.last().filter(|_| call.path.as_name().is_none()) {
        let told = UNKNOWN_DISTRIBUTION.at(at, format!("there is no `{name}` here"));
        let root = call.path.segments.first().map_or("", |first| first.text.as_str());
        let statement = match root == "std" || library::has(root) {
            true => format!("use {name}"),
            false => format!("use \"./{root}.sbi\"::{{{}}}", last.text),
        };
        let help = format!("use it first, above the model: `{statement}`, then `~ {}(…)`", last.text);
        return Err(Some(told.help(help)));
    }
    if builtin::function(&name).is_some() {
        let told =
            UNKNOWN_DISTRIBUTION.at(at, format!("`{name}` is a function, and `~` draws from a distribution"));
        return Err(Some(told.help("what is computed is written with `=`")));
    }
    let told = UNKNOWN_DISTRIBUTION.at(at, format!("there is no distribution `{name}`"));
    let names = TABLE.iter().map(|entry| entry.name);
    if let Some(help) = recipes::written_here(call, left) {
        return Err(Some(told.help(help)));
    }
    if let Some(module) = library::simulator(&name) {
        return Err(Some(
            told.help(format!("it is in the library: write `use std::{module}::{name}` above the model")),
        ));
    }
    Err(match family::name_here(&name).or_else(|| suggest(&name, names)) {
        Some(similar) => Some(told.did_you_mean(Some(similar))),
        None if unread => None,
        None => Some(told.help(format!("there are {}", known()))),
    })
}

/// The distributions that come to mind first.
fn known() -> String {
    list(["normal", "uniform", "lognormal", "gamma", "beta", "poisson", "binomial", "bernoulli"])
        + " among others"
}

/// Says that a function of time is drawn from a distribution of numbers.
pub(super) fn no_function(left: Left<'_>, call: &Call, axis: bool) -> Diagnostic {
    let (name, family) = (&left.target.name.text, call.path.text());
    let formal = left.target.formal.as_ref().map_or("t", |formal| formal.name.text.as_str());
    if axis {
        let message = format!("`{formal}` is an axis, and an axis stands in brackets");
        return FUNCTION_OF_TIME.at(left.target.span, message).help(format!("write `{name}[{formal}]`"));
    }
    let message = format!("`{family}` draws numbers, and `{name}` is a function of time");
    FUNCTION_OF_TIME.at(call.path.span, message).label(left.target.span, "a function of time").help(format!(
        "write `{name}({formal}) ~ gaussian_process(mean = 0, kernel = rbf(length = 1, scale = 1))`, or give `{name}` an axis: `{name}[i]`"
    ))
}

/// Says that a draw is bent with `|>`, where it stands inside of a function: `logistic(normal(0, 1))`.
pub(super) fn wrapped(call: &Call) -> Option<Diagnostic> {
    let [tree::Argument { label: None, value, .. }] = call.arguments.as_slice() else { return None };
    let ExprKind::Call(drawn) = &value.kind else { return None };
    let name = call.path.text();
    if !transform::is_transform(&name) || !family::is_distribution(&drawn.path.text()) {
        return None;
    }
    let told =
        NESTED_DRAW.at(call.path.span, format!("a draw is passed on to `{name}`, and does not stand in it"));
    Some(told.help(format!("write `{} |> {name}()`", shown_call(drawn))))
}

pub(super) fn no_vector(left: Left<'_>, entry: &Entry) -> Diagnostic {
    let name = &left.target.name.text;
    let message = format!("`{}` draws a vector, and `{name}` is a function of time", entry.name);
    FUNCTION_OF_TIME.at(left.target.span, message).help(format!("give `{name}` an axis instead: `{name}[k]`"))
}

/// Says that a process is drawn where no function of time stands.
pub(super) fn needs_time(left: Left<'_>, call: &Call) -> Diagnostic {
    let name = &left.target.name.text;
    let message = format!("`gaussian_process` draws a function of time, and `{name}` is none");
    let at = left.target.axes.first().map_or("knot", |axis| axis.text.as_str());
    let help = format!("write `{name}(t) ~ gaussian_process(…) at {at}`");
    FUNCTION_OF_TIME.at(call.path.span, message).label(left.target.span, "it has no time").help(help)
}

pub(super) fn unknown_label(entry: &Entry, label: &Name, call: &Call) -> Diagnostic {
    let told = UNKNOWN_ARGUMENT.at(label.span, format!("`{}` has no argument `{}`", entry.name, label.text));
    if let Some(help) = bounded(entry, call) {
        return told.help(help);
    }
    if let Some(help) = elsewhere::moments(entry.name, &label.text) {
        return told.help(help);
    }
    let known = list(entry.labels());
    match entry.label_here(&label.text).or_else(|| suggest(&label.text, entry.labels())) {
        Some(here) => told.help(format!("write `{here} =`; it takes {known}")),
        None => told.help(format!("it takes {known}")),
    }
}

/// What to write for a normal whose bounds are named beside its mean: `normal(0, 1, lower = 1, upper = 3)`.
fn bounded(entry: &Entry, call: &Call) -> Option<String> {
    let here = family::find(match entry.name {
        "normal" => "truncated_normal",
        _ => return None,
    })?;
    let bound = |argument: &&tree::Argument| {
        let label = argument.label.as_ref().map(|label| label.text.as_str());
        label
            .and_then(|label| here.label_here(label).or(here.labels().find(|own| *own == label)))
            .filter(|own| ["low", "high"].contains(own))
    };
    let mut bounds = Vec::new();
    let mut own = Vec::new();
    for argument in &call.arguments {
        match bound(&argument) {
            Some(name) => bounds.push(format!("{name} = {}", shown(&argument.value)?)),
            None => own.push(shown_argument(argument)),
        }
    }
    let arguments: Vec<String> = own.into_iter().chain(bounds.iter().cloned()).collect();
    (!bounds.is_empty()).then(|| format!("write `{}({})`", here.name, arguments.join(", ")))
}

/// Says which arguments a call lacks.
pub(super) fn missing(entry: &Entry, slots: &[Option<Written<'_>>], span: Span) -> Option<Diagnostic> {
    let lacking =
        entry.slots.iter().zip(slots).filter(|(slot, written)| written.is_none() && slot.default.is_none());
    let names: Vec<&str> = lacking.filter_map(|(slot, _)| slot.ways.first()).map(|way| way.name).collect();
    if names.is_empty() {
        return None;
    }
    let told = ARGUMENT_MISSING.at(span, format!("`{}` needs {}", entry.name, list(names)));
    Some(told.help(format!("it is written `{}`", entry.signature())))
}
