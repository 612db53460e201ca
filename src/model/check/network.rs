//! Networks: `diffusion_transformer(…)`, `flow(…)`, `diffusion(…)`, and how the arguments of any network are read.

use super::call::{Signature, Taken};
use super::codes::{NAME_AS_UNIT, NOT_A_NUMBER, NOT_YET, SETTING_RANGE, UNKNOWN_ARGUMENT, UNKNOWN_CHOICE};
use super::constant::Constants;
use super::names::list;
use super::shown::shown;
use crate::{Coupling, Diffusion, Flow, GraphRule, MaskKind, Noise, Transformer};
use sbi_syntax::tree::{self, Argument, Call, ExprKind};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::ops::RangeInclusive;

pub(super) const TRANSFORMER: Signature = Signature {
    name: "diffusion_transformer",
    needs: &[],
    may: &["width", "layers", "heads", "widening", "mask", "noise", "graph"],
    elsewhere: &[
        ("depth", "layers"),
        ("blocks", "layers"),
        ("num_layers", "layers"),
        ("dim", "width"),
        ("hidden", "width"),
        ("d_model", "width"),
        ("num_heads", "heads"),
    ],
    example: "joint with diffusion_transformer()",
};
pub(super) const FLOW: Signature = Signature {
    name: "flow",
    needs: &[],
    may: &["couplings", "coupling", "bins", "width", "layers"],
    elsewhere: &[
        ("transforms", "couplings"),
        ("num_transforms", "couplings"),
        ("depth", "couplings"),
        ("kind", "coupling"),
        ("type", "coupling"),
        ("num_bins", "bins"),
        ("hidden", "width"),
        ("hidden_features", "width"),
        ("blocks", "layers"),
        ("num_blocks", "layers"),
    ],
    example: "posterior with flow()",
};

pub(super) const DIFFUSION: Signature = Signature {
    name: "diffusion",
    needs: &[],
    may: &["width", "layers"],
    elsewhere: &[
        ("hidden", "width"),
        ("hidden_features", "width"),
        ("depth", "layers"),
        ("blocks", "layers"),
        ("num_blocks", "layers"),
    ],
    example: "posterior with diffusion()",
};

/// What people call choices elsewhere.
const ELSEWHERE: [(&str, &str); 9] = [
    ("none", "dense"),
    ("full", "dense"),
    ("min_faithful", "faithful"),
    ("karras", "edm"),
    ("vesde", "ve"),
    ("vpsde", "vp"),
    ("nsf", "spline"),
    ("rational_quadratic", "spline"),
    ("realnvp", "affine"),
];

/// The widths that a network may have.
pub(super) const WIDTHS: RangeInclusive<usize> = 4..=1024;
/// How many layers, blocks or heads it may have.
pub(super) const LAYERS: RangeInclusive<usize> = 1..=64;

/// Reads the arguments of one network.
pub(super) struct Reader<'r, 't> {
    constants: &'r Constants<'t>,
    /// The network that is read.
    signature: Signature,
    taken: Taken<'r>,
    pub(super) told: Vec<Diagnostic>,
    /// What is sound but not run by this version.
    pub(super) later: Vec<Diagnostic>,
}

impl<'r, 't> Reader<'r, 't> {
    pub(super) fn new(signature: &Signature, call: &'r Call, constants: &'r Constants<'t>) -> Reader<'r, 't> {
        let (taken, told) = signature.take_named(call);
        Reader { constants, signature: *signature, taken, told, later: Vec::new() }
    }

    /// The argument of a name, where it is given.
    pub(super) fn get(&self, name: &str) -> Option<&'r Argument> {
        self.taken.get(name)
    }

    /// A whole number within a range, where it is given.
    pub(super) fn size(&mut self, name: &str, range: RangeInclusive<usize>) -> Option<usize> {
        let argument = self.get(name)?;
        match whole(name, &argument.value, self.constants, range) {
            Ok(size) => Some(size),
            Err(told) => {
                let word = matches!(argument.value.kind, ExprKind::Path(_) | ExprKind::Text(_));
                let told = self.or_neighbour(told, (name, &argument.value), word);
                self.told.push(told);
                None
            }
        }
    }

    /// A word out of a list of choices.
    fn choice<T: Copy + Default>(&mut self, name: &str, choices: &[(&'static str, T)]) -> T {
        let Some(argument) = self.get(name) else { return T::default() };
        match choice(name, argument, choices) {
            Ok(place) => choices.get(place).map(|(_, chosen)| *chosen).unwrap_or_default(),
            Err(told) => {
                let number = matches!(argument.value.kind, ExprKind::Number(_));
                let told = self.or_neighbour(told, (name, &argument.value), number);
                self.told.push(told);
                T::default()
            }
        }
    }

    /// Offers the argument that is called alike, where a value is of `another` kind than this one takes: `couplings = 6`.
    fn or_neighbour(
        &self,
        told: Diagnostic,
        (name, value): (&str, &tree::Expr),
        another: bool,
    ) -> Diagnostic {
        let alike = suggest(name, self.signature.names().filter(|other| *other != name && another));
        let value = match &value.kind {
            ExprKind::Text(text) => Some(text.clone()),
            _ => shown(value),
        };
        match alike.zip(value) {
            Some((alike, value)) => told.help(format!("write `{alike} = {value}`")),
            None => told,
        }
    }

    /// Says that heads do not share a width evenly.
    pub(super) fn shared(&mut self, width: Option<usize>, heads: Option<usize>, span: Span) {
        if let (Some(width), Some(heads)) = (width, heads)
            && width % heads != 0
        {
            let message = format!("a width of {width} cannot be shared by {heads} heads");
            let width = width.div_ceil(heads) * heads;
            self.told.push(SETTING_RANGE.at(span, message).help(format!("write `width = {width}`")));
        }
    }
}

/// Says that something is sound, and not run by this version.
pub(super) fn not_run(what: &str, span: Span) -> Diagnostic {
    NOT_YET.at(span, format!("`{what}` is checked, but not run by this version"))
}

/// `diffusion_transformer(…)`.
pub(super) fn transformer(reader: &mut Reader<'_, '_>, call: &Call) -> Transformer {
    let network = Transformer {
        width: reader.size("width", WIDTHS),
        layers: reader.size("layers", LAYERS),
        heads: reader.size("heads", LAYERS),
        widening: reader.size("widening", 1..=16),
        mask: reader.choice(
            "mask",
            &[
                ("undirected", MaskKind::Undirected),
                ("dense", MaskKind::Dense),
                ("directed", MaskKind::Directed),
                ("faithful", MaskKind::Faithful),
            ],
        ),
        noise: reader.choice("noise", &[("edm", Noise::Edm), ("ve", Noise::Ve), ("vp", Noise::Vp)]),
        graph: reader
            .choice("graph", &[("exact", GraphRule::Exact), ("mechanistic", GraphRule::Mechanistic)]),
    };
    reader.shared(network.width, network.heads, call.span);
    network
}

/// `flow(…)`.
pub(super) fn flow(reader: &mut Reader<'_, '_>) -> Flow {
    let choices = [("affine", Coupling::Affine), ("spline", Coupling::Spline)];
    let flow = Flow {
        couplings: reader.size("couplings", LAYERS),
        coupling: reader.choice("coupling", &choices),
        bins: reader.size("bins", 2..=256),
        width: reader.size("width", WIDTHS),
        layers: reader.size("layers", LAYERS),
    };
    if let Some(bins) = reader.get("bins").filter(|_| flow.coupling == Coupling::Affine) {
        let told = UNKNOWN_ARGUMENT.at(bins.span, "only splines have bins");
        reader.told.push(match reader.get("coupling") {
            None => told.help("write `coupling = spline`, or leave `bins` out"),
            Some(_) => told.help("leave it out, or write `coupling = spline`"),
        });
    }
    flow
}

/// `diffusion(…)`.
pub(super) fn diffusion(reader: &mut Reader<'_, '_>) -> Diffusion {
    Diffusion { width: reader.size("width", WIDTHS), layers: reader.size("layers", LAYERS) }
}

/// Which of the choices a word stands for that is none of them.
fn meant(word: &str, mut choices: impl Iterator<Item = &'static str> + Clone) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    let here = ELSEWHERE.iter().find(|(other, _)| *other == lower).map(|(_, here)| *here);
    let known = |wanted: &str| choices.clone().find(|choice| *choice == wanted);
    here.and_then(known).or_else(|| known(&lower)).or_else(|| suggest(word, &mut choices))
}

/// Which of the choices a word is.
pub(super) fn choice<T>(
    name: &str,
    argument: &Argument,
    choices: &[(&'static str, T)],
) -> Result<usize, Diagnostic> {
    let words = || choices.iter().map(|(word, _)| *word);
    let at = argument.value.span;
    let all = || format!("it is one of {}", list(words()));
    let word = match &argument.value.kind {
        ExprKind::Path(path) => path.text(),
        ExprKind::Text(text) => {
            let told = UNKNOWN_CHOICE.at(at, format!("`{name}` is a word without quotes"));
            return Err(match meant(text, words()) {
                Some(word) => told.help(format!("write `{name} = {word}`")),
                None => told.help(all()),
            });
        }
        _ => return Err(UNKNOWN_CHOICE.at(at, format!("`{name}` is a word")).help(all())),
    };
    words().position(|known| known == word).ok_or_else(|| {
        let told = UNKNOWN_CHOICE.at(at, format!("`{name}` cannot be `{word}`"));
        match meant(&word, words()) {
            Some(similar) => told.did_you_mean(Some(similar)),
            None => told.help(all()),
        }
    })
}

/// Says that a count has no unit: `simulations 30k`.
fn counted(name: &str, count: f64, unit: &tree::Unit) -> Diagnostic {
    let times = match unit.text.as_str() {
        "k" | "K" => 1e3,
        "M" | "m" => 1e6,
        _ => 1.0,
    };
    let told =
        NAME_AS_UNIT.at(unit.span, format!("`{name}` is a count, and `{}` is read as a unit", unit.text));
    told.help(format!("write `{}`", count * times))
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
    if let ExprKind::Number(tree::Number { value: count, unit: Some(unit), .. }) = &value.kind {
        return Err(counted(name, *count, unit));
    }
    if let ExprKind::Text(text) = &value.kind {
        let told = NOT_A_NUMBER.at(value.span, format!("`{name}` is a number, without quotes"));
        return Err(match text.trim().parse::<f64>() {
            Ok(_) => told.help(format!("write `{}`", text.trim())),
            Err(_) => told.help(format!("write a number from {} to {}", range.start(), range.end())),
        });
    }
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
