//! The arguments of calls: those whose names the language fixes (axes, solvers, networks, patterns), and those of
//! functions and simulators.

use super::codes::{ARGUMENT_EXTRA, ARGUMENT_MISSING, ARGUMENT_TWICE, ARGUMENT_UNNAMED, UNKNOWN_ARGUMENT};
use super::index::count;
use super::names::list;
use super::shown::{shown_argument, shown_or_dots};
use sbi_syntax::tree::{Argument, Call, ExprKind, Input};
use sbi_syntax::{Diagnostic, suggest};
use std::collections::BTreeSet;

/// One call of the language: its name, what it takes, and how it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// Its name.
    pub(super) name: &'static str,
    /// The arguments it needs, then those that may be left out; a bare argument means the one at its place.
    pub(super) needs: &'static [&'static str],
    pub(super) may: &'static [&'static str],
    /// What people call its arguments elsewhere.
    pub(super) elsewhere: &'static [(&'static str, &'static str)],
    /// One call to paste.
    pub(super) example: &'static str,
}

/// The arguments of a call by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken<'t> {
    arguments: Vec<(&'static str, &'t Argument)>,
}

impl<'t> Taken<'t> {
    /// The argument of a name, where it is given.
    pub(super) fn get(&self, name: &str) -> Option<&'t Argument> {
        self.arguments.iter().find(|(known, _)| *known == name).map(|(_, argument)| *argument)
    }
}

impl Signature {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.needs.iter().chain(self.may).copied()
    }

    /// Reads the arguments of a call.
    ///
    /// # Errors
    /// Everything that is wrong with their names and number.
    pub(super) fn take<'t>(&self, call: &'t Call) -> Result<Taken<'t>, Vec<Diagnostic>> {
        let (taken, told) = self.read(call, |place, argument| self.meant(place, argument));
        if told.is_empty() { Ok(taken) } else { Err(told) }
    }

    /// Reads the arguments of a call in which each needs its name; what is wrong with some does not hide the others.
    pub(super) fn take_named<'t>(&self, call: &'t Call) -> (Taken<'t>, Vec<Diagnostic>) {
        self.read(call, |place, argument| match &argument.label {
            Some(_) => self.meant(place, argument),
            None => {
                let name = self.names().next().unwrap_or_default();
                let value = match &argument.value.kind {
                    ExprKind::Number(_) => shown_or_dots(&argument.value),
                    _ => "…".to_owned(),
                };
                let help = format!("its arguments are {}: `{name} = {value}`", list(self.names()));
                let message = format!("arguments of `{}` need their names", self.name);
                Err(ARGUMENT_UNNAMED.at(argument.span, message).help(help))
            }
        })
    }

    fn read<'t>(
        &self,
        call: &'t Call,
        meant: impl Fn(usize, &'t Argument) -> Result<&'static str, Diagnostic>,
    ) -> (Taken<'t>, Vec<Diagnostic>) {
        let mut taken = Taken { arguments: Vec::new() };
        let mut told = Vec::new();
        for (place, argument) in call.arguments.iter().enumerate() {
            match meant(place, argument) {
                Err(wrong) => told.push(wrong),
                Ok(name) => match taken.get(name) {
                    Some(first) => told.push(
                        ARGUMENT_TWICE
                            .at(argument.span, format!("`{name}` is given twice"))
                            .label(first.span, "first here")
                            .help("remove one of them"),
                    ),
                    None => taken.arguments.push((name, argument)),
                },
            }
        }
        let lacking = self.needs.iter().copied().filter(|name| taken.get(name).is_none());
        let lacking: Vec<&str> = lacking.collect();
        if told.is_empty() && !lacking.is_empty() {
            let message = format!("`{}` needs {}", self.name, list(lacking));
            told.push(ARGUMENT_MISSING.at(call.span, message).help(format!("write `{}`", self.example)));
        }
        (taken, told)
    }

    /// Which argument a written one is.
    fn meant(&self, place: usize, argument: &Argument) -> Result<&'static str, Diagnostic> {
        let Some(label) = &argument.label else {
            return self.names().nth(place).ok_or_else(|| {
                let takes = count(self.names().count(), "argument", "arguments");
                ARGUMENT_EXTRA
                    .at(argument.span, format!("`{}` takes {takes}", self.name))
                    .help(format!("write `{}`", self.example))
            });
        };
        if let Some(name) = self.names().find(|name| *name == label.text) {
            return Ok(name);
        }
        let message = format!("`{}` has no argument `{}`", self.name, label.text);
        let told = UNKNOWN_ARGUMENT.at(label.span, message);
        let here = self.elsewhere.iter().find(|(other, _)| *other == label.text).map(|(_, here)| *here);
        Err(match here.or_else(|| suggest(&label.text, self.names())) {
            Some(here) => told.did_you_mean(Some(here)),
            None => told.help(format!("write `{}`", self.example)),
        })
    }
}

/// The arguments of a call of a `fn` or a draw from a simulator, in the order of its inputs; what is wrong with their
/// names and number goes to `told`.
pub(super) fn slots<'t>(
    name: &str,
    inputs: &'t [Input],
    call: &'t Call,
    told: &mut Vec<Diagnostic>,
) -> Vec<Option<&'t Argument>> {
    let mut slots: Vec<Option<&'t Argument>> = vec![None; inputs.len()];
    let known = || inputs.iter().map(|input| input.name.text.as_str());
    for (place, argument) in call.arguments.iter().enumerate() {
        let place = match &argument.label {
            None => Some(place),
            Some(label) => known().position(|input| input == label.text),
        };
        let wrong = match (place.and_then(|place| slots.get_mut(place)), &argument.label) {
            (Some(slot @ None), _) => {
                *slot = Some(argument);
                continue;
            }
            (Some(Some(first)), _) => ARGUMENT_TWICE
                .at(argument.span, "this argument is given twice")
                .label(first.span, "first here")
                .help("remove one of them"),
            (None, Some(label)) => {
                let wrong =
                    UNKNOWN_ARGUMENT.at(label.span, format!("`{name}` has no argument `{}`", label.text));
                let same = bare(argument).filter(|name| known().any(|known| known == *name));
                match (suggest(&label.text, known()), same) {
                    (Some(similar), _) => wrong.did_you_mean(Some(similar)),
                    (None, Some(same)) => wrong.help(format!("write `{same} = {same}`")),
                    (None, None) => wrong.help(format!("its arguments are {}", list(known()))),
                }
            }
            (None, None) => {
                let takes = count(inputs.len(), "argument", "arguments");
                ARGUMENT_EXTRA.at(argument.span, format!("`{name}` takes {takes}")).help("remove this one")
            }
        };
        told.push(wrong);
    }
    slots
}

/// Says that a call lacks an input.
pub(super) fn lacking(name: &str, input: &Input, call: &Call) -> Diagnostic {
    let input_name = &input.name.text;
    let told = ARGUMENT_MISSING
        .at(call.span, format!("`{name}` needs `{input_name}`"))
        .label(input.name.span, "asked for here");
    let elsewhere = call.arguments.iter().filter(|argument| argument.label.is_none());
    let elsewhere = elsewhere.filter_map(bare).any(|written| written == input_name);
    told.help(match elsewhere {
        true => format!("`{input_name}` stands in the place of another: write `{input_name} = {input_name}`"),
        false => format!("add `{input_name} = …`"),
    })
}

/// The name that an argument is, where it is nothing but a name.
fn bare(argument: &Argument) -> Option<&str> {
    match &argument.value.kind {
        ExprKind::Path(path) => path.as_name().map(|name| name.text.as_str()),
        _ => None,
    }
}

/// Says that arguments called like the inputs stand in each other's places.
pub(super) fn out_of_order(call: &Call, inputs: &[Input], slots: &[Option<&Argument>]) -> Option<Diagnostic> {
    let names = || inputs.iter().map(|input| input.name.text.as_str());
    let moved = names().zip(slots).filter_map(|(input, slot)| {
        let argument = slot.filter(|argument| argument.label.is_none())?;
        let written = bare(argument).filter(|written| *written != input)?;
        names().any(|other| other == written).then_some((input, written, argument))
    });
    let moved: Vec<(&str, &str, &Argument)> = moved.collect();
    let taken: BTreeSet<&str> = moved.iter().map(|(input, ..)| *input).collect();
    let given: BTreeSet<&str> = moved.iter().map(|(_, written, _)| *written).collect();
    let (input, written, first) = moved.first().filter(|_| taken == given)?;
    let arguments = call.arguments.iter().map(|argument| {
        let meant = moved.iter().find(|(.., own)| std::ptr::eq(*own, argument));
        meant.map_or_else(|| shown_argument(argument), |(input, ..)| (*input).to_owned())
    });
    let arguments: Vec<String> = arguments.collect();
    let told = ARGUMENT_UNNAMED.at(first.span, format!("`{written}` stands in the place of `{input}`"));
    Some(told.help(format!(
        "write `{}({})`, or say that it is meant: `{input} = {written}`",
        call.path.text(),
        arguments.join(", ")
    )))
}
