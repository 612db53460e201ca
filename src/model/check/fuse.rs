//! `fuse late(hybrid(rt, eeg), questionnaire)`: which modalities are joined, and how.

use super::codes::{
    ARGUMENT_MISSING, ARGUMENT_TWICE, FUSED_TWICE, NO_COMMON_AXIS, NOT_A_FUSION, UNKNOWN_ARGUMENT,
    UNKNOWN_CHOICE, UNKNOWN_FUSION,
};
use super::names::list;
use crate::{AxisId, Fusion, Group, Model, Scheme};
use sbi_syntax::tree::{Argument, Call, Expr, ExprKind, Name};
use sbi_syntax::{Diagnostic, Span, suggest};

const SCHEMES: [Scheme; 4] = [Scheme::Early, Scheme::Late, Scheme::Hybrid, Scheme::Concat];

/// Reads the fusion of one approximator.
pub(super) struct Fuse<'f> {
    pub(super) model: &'f Model,
    pub(super) groups: &'f [Group],
    /// The place of a modality, or what is wrong with its name; nothing where that is told already.
    pub(super) find: &'f dyn Fn(&Name) -> Result<usize, Option<Diagnostic>>,
    /// The row axes of each modality; none where they are not known.
    pub(super) rows: &'f [Option<Vec<AxisId>>],
    /// The modalities met so far, with where.
    pub(super) seen: Vec<(usize, Span)>,
    pub(super) told: Vec<Diagnostic>,
}

/// The rows that a part of a fusion has.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    /// Not known: nothing is said of them.
    Unknown,
    /// One summary, or numbers without rows.
    None,
    /// One for each element of an axis.
    Over(AxisId),
}

impl Fuse<'_> {
    /// The fusion of an expression; none where it has been refused.
    pub(super) fn fusion(&mut self, expr: &Expr) -> Option<Fusion> {
        match &expr.kind {
            ExprKind::Path(path) => match path.as_name() {
                Some(name) if scheme(&name.text).is_none() || (self.find)(name).is_ok() => {
                    self.modality(name)
                }
                _ => {
                    let help = format!("write `{}(a, b)` with the names of modalities", path.text());
                    self.refuse(expr.span, "a modality is expected here", help)
                }
            },
            ExprKind::Call(call) => self.join(call),
            _ => {
                let help = "write a modality, or several joined: `late(a, b)`".to_owned();
                self.refuse(expr.span, "a modality or a fusion of several is expected here", help)
            }
        }
    }

    fn refuse(&mut self, span: Span, message: &str, help: String) -> Option<Fusion> {
        self.told.push(NOT_A_FUSION.at(span, message).help(help));
        None
    }

    fn modality(&mut self, name: &Name) -> Option<Fusion> {
        let place = match (self.find)(name) {
            Ok(place) => place,
            Err(told) => {
                self.told.extend(told);
                return None;
            }
        };
        if let Some((_, first)) = self.seen.iter().find(|(known, _)| *known == place) {
            let told = FUSED_TWICE.at(name.span, format!("`{}` is fused twice", name.text));
            self.told.push(told.label(*first, "first here").help("name each modality once"));
            return None;
        }
        self.seen.push((place, name.span));
        Some(Fusion::Group(place))
    }

    fn join(&mut self, call: &Call) -> Option<Fusion> {
        let name = call.path.text();
        let Some(scheme) = scheme(&name) else {
            self.told.push(unknown_scheme(&name, call.path.span));
            // What stands within may be wrong as well.
            let parts = call.arguments.iter().filter(|argument| argument.label.is_none());
            parts.for_each(|argument| drop(self.fusion(&argument.value)));
            return None;
        };
        let mut off = None;
        let mut parts: Vec<Option<(Fusion, Span)>> = Vec::new();
        for argument in &call.arguments {
            match &argument.label {
                Some(label) => self.pairing(scheme, label, argument, &mut off),
                None => {
                    let part = self.fusion(&argument.value);
                    parts.push(part.map(|part| (part, argument.span)));
                }
            }
        }
        if parts.len() < 2 {
            let told = ARGUMENT_MISSING.at(call.span, format!("`{name}` joins two modalities or more"));
            let only = call.arguments.iter().find(|argument| argument.label.is_none());
            self.told.push(match only.map(|argument| &argument.value.kind) {
                Some(ExprKind::Path(path)) => told.help(format!("write `{}` alone", path.text())),
                _ => told.help(format!("write `{name}(a, b)`")),
            });
            return None;
        }
        let parts: Option<Vec<(Fusion, Span)>> = parts.into_iter().collect();
        let parts = parts?;
        let rows: Vec<Rows> = parts.iter().map(|(part, _)| self.rows(part)).collect();
        if scheme == Scheme::Concat {
            self.concat(call, &parts, &rows)?;
        }
        let across = matches!(scheme, Scheme::Early | Scheme::Hybrid);
        let shared = rows.iter().enumerate().any(|(place, row)| {
            matches!(row, Rows::Over(_)) && rows.iter().skip(place + 1).any(|other| other == row)
        });
        let parts = parts.into_iter().map(|(part, _)| part).collect();
        Some(Fusion::Join { scheme, parts, pairing: across && shared && off.is_none() })
    }

    /// `pairing = none`.
    fn pairing(&mut self, scheme: Scheme, label: &Name, argument: &Argument, off: &mut Option<Span>) {
        let name = scheme.name();
        if label.text != "pairing" || !matches!(scheme, Scheme::Early | Scheme::Hybrid) {
            let told = UNKNOWN_ARGUMENT.at(label.span, format!("`{name}` has no argument `{}`", label.text));
            self.told.push(match (scheme, label.text.as_str()) {
                (Scheme::Early | Scheme::Hybrid, word) => match suggest(word, ["pairing"]) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help("it takes modalities, and `pairing = none`"),
                },
                (_, "pairing") => told.help("only attention across modalities pairs rows: leave it out"),
                _ => told.help(format!("it takes modalities alone: `{name}(a, b)`")),
            });
            return;
        }
        if !matches!(&argument.value.kind, ExprKind::Path(path) if path.text() == "none") {
            let told = UNKNOWN_CHOICE.at(argument.value.span, "`pairing` can only be switched off");
            self.told.push(told.help("write `pairing = none`, or leave it out"));
        }
        if let Some(first) = off.replace(argument.span) {
            let told =
                ARGUMENT_TWICE.at(argument.span, "`pairing` is given twice").label(first, "first here");
            self.told.push(told.help("remove one of them"));
        }
    }

    /// The rows of a part: what attention or joining row by row would run over.
    fn rows(&self, fusion: &Fusion) -> Rows {
        match fusion {
            Fusion::Group(place) => match self.rows.get(*place) {
                Some(Some(axes)) => axes.first().map_or(Rows::None, |axis| Rows::Over(*axis)),
                _ => Rows::Unknown,
            },
            Fusion::Join { scheme: Scheme::Early | Scheme::Concat, parts, .. } => {
                parts.first().map_or(Rows::Unknown, |first| self.rows(first))
            }
            Fusion::Join { .. } => Rows::None,
        }
    }

    /// The axis that an implied modality is named after, where `says` is of one.
    fn implied(&self, rows: &Rows, says: &str) -> Option<&str> {
        let Rows::Over(axis) = rows else { return None };
        Some(self.model.axis(*axis).name.as_str()).filter(|_| says.ends_with("is an axis of its own"))
    }

    /// Says that parts have no rows in common, by which they could be joined one by one.
    fn concat(&mut self, call: &Call, parts: &[(Fusion, Span)], rows: &[Rows]) -> Option<()> {
        let (first, rest) = rows.split_first()?;
        if rows.contains(&Rows::Unknown) || (*first != Rows::None && rest.iter().all(|other| other == first))
        {
            return Some(());
        }
        // Blame the first, and the first that differs from it.
        let other = rest.iter().position(|other| other != first || *other == Rows::None)? + 1;
        let says = |place: usize| {
            let (part, _) = parts.get(place)?;
            let name = match part {
                Fusion::Group(modality) => self.groups.get(*modality)?.name.clone(),
                Fusion::Join { scheme, .. } => format!("{}(…)", scheme.name()),
            };
            Some(match rows.get(place)? {
                Rows::Over(axis) if self.model.axis(*axis).name == name => {
                    format!("`{name}` is an axis of its own")
                }
                Rows::Over(axis) => format!("`{name}` runs over `{}`", self.model.axis(*axis).name),
                _ if matches!(part, Fusion::Join { .. }) => format!("`{name}` is one summary without rows"),
                _ => format!("`{name}` has no rows"),
            })
        };
        let (one, two) = (says(0)?, says(other)?);
        let axes = (self.implied(rows.first()?, &one), self.implied(rows.get(other)?, &two));
        let message = match axes {
            (Some(one), Some(two)) => {
                format!("`concat` joins row by row, but `{one}` and `{two}` are two axes")
            }
            _ => format!("`concat` joins row by row, but {one} and {two}"),
        };
        let mut told = NO_COMMON_AXIS.at(call.span, message);
        for (place, text) in [(0, one), (other, two)] {
            if let Some((_, span)) = parts.get(place) {
                told = told.label(*span, text);
            }
        }
        let simple: Option<Vec<&str>> = parts
            .iter()
            .map(|(part, _)| match part {
                Fusion::Group(modality) => self.groups.get(*modality).map(|m| m.name.as_str()),
                Fusion::Join { .. } => None,
            })
            .collect();
        let late = simple.map_or_else(|| "late(…)".to_owned(), |names| format!("late({})", names.join(", ")));
        self.told.push(told.help(format!("write `{late}`, which joins one summary of each")));
        None
    }
}

fn scheme(name: &str) -> Option<Scheme> {
    SCHEMES.into_iter().find(|scheme| scheme.name() == name)
}

fn unknown_scheme(name: &str, span: Span) -> Diagnostic {
    let names = || SCHEMES.iter().map(|scheme| scheme.name());
    let told = UNKNOWN_FUSION.at(span, format!("there is no fusion `{name}`"));
    let here = match name {
        "concatenate" | "join" | "stack" => Some("concat"),
        "cross" | "attention" | "cross_attention" | "middle" => Some("hybrid"),
        _ => suggest(name, names()),
    };
    match here {
        Some(here) => told.did_you_mean(Some(here)),
        None => told.help(format!("there are {}: `late(a, b)`", list(names()))),
    }
}
