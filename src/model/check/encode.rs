//! `encode M with set_transformer(…)`: which network summarises which rows.

use super::call::Signature;
use super::codes::{ENCODER_MISFIT, MODALITY_ROWS, SETTING_RANGE, UNKNOWN_ARGUMENT, UNKNOWN_NETWORK};
use super::constant::Constants;
use super::limits;
use super::model::Looked;
use super::names::list;
use super::network::{LAYERS, Reader, WIDTHS};
use crate::{
    Approximator, AxisId, AxisKind, Encoder, EncoderKind, Encoding, Estimator, GraphRule, Group, Model, Node,
    NodeId, Stage, Structure,
};
use sbi_syntax::tree::Call;
use sbi_syntax::{Diagnostic, Span, suggest};

/// What people call the arguments of networks elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("layers", "blocks"),
    ("depth", "blocks"),
    ("num_blocks", "blocks"),
    ("dim", "width"),
    ("hidden", "width"),
    ("num_heads", "heads"),
    ("summary_dim", "summary"),
    ("out", "summary"),
    ("output", "summary"),
];
const SET: Signature = Signature {
    name: "set_transformer",
    needs: &[],
    may: &["width", "blocks", "heads", "inducing", "summary", "tokens"],
    elsewhere: ELSEWHERE,
    example: "set_transformer(width = 64, blocks = 2)",
};
const TIME: Signature = Signature {
    name: "time_transformer",
    may: &["width", "blocks", "heads", "summary", "tokens"],
    example: "time_transformer(width = 64, blocks = 2)",
    ..SET
};
const CAUSAL: Signature =
    Signature { name: "causal_transformer", example: "causal_transformer(width = 64, blocks = 2)", ..TIME };
const GRID: Signature = Signature {
    name: "grid_transformer",
    may: &["patch", "width", "blocks", "heads", "summary", "tokens"],
    example: "grid_transformer(patch = 4)",
    ..SET
};
const DEEP_SET: Signature = Signature {
    name: "deep_set",
    needs: &[],
    may: &["width", "layers", "summary", "tokens"],
    elsewhere: &[
        ("blocks", "layers"),
        ("depth", "layers"),
        ("hidden", "width"),
        ("dim", "width"),
        ("summary_dim", "summary"),
    ],
    example: "deep_set(width = 64, layers = 2)",
};
const LSTM: Signature = Signature { name: "lstm", example: "lstm(width = 64)", ..DEEP_SET };
const CONVOLUTION: Signature =
    Signature { name: "convolution", example: "convolution(width = 64, layers = 3)", ..DEEP_SET };
const MLP: Signature = Signature { name: "mlp", example: "mlp(width = 64, layers = 2)", ..DEEP_SET };

/// The encoders of the language.
const ENCODERS: [(EncoderKind, Signature); 8] = [
    (EncoderKind::Set, SET),
    (EncoderKind::DeepSet, DEEP_SET),
    (EncoderKind::Time, TIME),
    (EncoderKind::Causal, CAUSAL),
    (EncoderKind::Grid, GRID),
    (EncoderKind::Lstm, LSTM),
    (EncoderKind::Convolution, CONVOLUTION),
    (EncoderKind::Mlp, MLP),
];

/// Whether a name is that of an encoder.
pub(super) fn is_encoder(name: &str) -> bool {
    ENCODERS.iter().any(|(kind, _)| kind.name() == name)
}

/// The network of a call, apart from what it runs over; `joint` where its summary becomes tokens.
pub(super) fn encoder(
    call: &Call,
    constants: &Constants<'_>,
    joint: bool,
    told: &mut Vec<Diagnostic>,
) -> Option<Encoder> {
    let name = call.path.text();
    let Some((kind, signature)) = ENCODERS.iter().find(|(kind, _)| kind.name() == name) else {
        told.push(unknown(&name, call.path.span));
        return None;
    };
    let mut reader = Reader::new(signature, call, constants);
    let (width, heads) = (reader.size("width", WIDTHS), reader.size("heads", LAYERS));
    let blocks = reader.size("blocks", LAYERS).or_else(|| reader.size("layers", LAYERS));
    let encoder = Encoder {
        kind: *kind,
        width,
        blocks,
        heads,
        patch: reader.size("patch", 1..=4096),
        inducing: reader.size("inducing", 1..=1024),
        summary: reader.size("summary", 1..=4096),
        tokens: reader.size("tokens", 1..=64),
    };
    reader.shared(width, heads, call.span);
    if let Some(tokens) = reader.get("tokens").filter(|_| !joint) {
        let message = "the summary becomes tokens only under `joint with …`";
        reader.told.push(UNKNOWN_ARGUMENT.at(tokens.span, message).help("leave `tokens` out"));
    }
    told.append(&mut reader.told);
    Some(encoder)
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let kinds = || ENCODERS.iter().map(|(kind, _)| kind.name());
    let told = UNKNOWN_NETWORK.at(span, format!("there is no encoder `{name}`"));
    let here = match name {
        "transformer" | "attention" => Some("time_transformer"),
        "gru" | "rnn" => Some("lstm"),
        "cnn" | "conv" | "conv1d" | "conv2d" | "resnet" => Some("convolution"),
        "deepset" | "deep_sets" => Some("deep_set"),
        "dense" | "fc" => Some("mlp"),
        _ => suggest(name, kinds()),
    };
    match here {
        Some(here) => told.help(format!("write `{here}()`; there are {}", list(kinds()))),
        None => told.help(format!("there are {}", list(kinds()))),
    }
}

/// Whether a network runs over an axis of a kind.
fn runs_over(encoder: EncoderKind, kind: AxisKind) -> bool {
    match encoder {
        EncoderKind::Set | EncoderKind::DeepSet => matches!(kind, AxisKind::Set(_)),
        EncoderKind::Time | EncoderKind::Causal | EncoderKind::Lstm => {
            matches!(kind, AxisKind::Ordered { .. } | AxisKind::Instants(_) | AxisKind::Scattered { .. })
        }
        EncoderKind::Grid => matches!(kind, AxisKind::Cells(_)),
        EncoderKind::Convolution => {
            matches!(kind, AxisKind::Ordered { .. } | AxisKind::Instants(_) | AxisKind::Cells(_))
        }
        EncoderKind::Mlp => match kind {
            AxisKind::Set(count) | AxisKind::Scattered { count, .. } => count.least == count.most,
            _ => true,
        },
    }
}

/// What is wrong with the tokens of a joint approximator once modalities that have an encoder are a token or a few each: there
/// may be too many, or a modality may depend on what depends on it.
pub(super) fn lumps(approximator: &Approximator, looked: &Looked<'_>) -> Option<Diagnostic> {
    let graph = looked.graph.as_ref()?;
    let lumps = approximator.lumps();
    let Estimator::Joint(transformer) = &approximator.estimator else { return None };
    let lumped: Vec<NodeId> = lumps.iter().flat_map(|lump| lump.nodes.iter().copied()).collect();
    if let Some(told) = limits::tokens(&looked.model, graph, &lumped) {
        return Some(told);
    }
    if lumps.is_empty() {
        return None;
    }
    let structure = match transformer.graph {
        GraphRule::Exact => Structure::fixed(graph.clone()),
        GraphRule::Mechanistic => Structure::of(&looked.model, GraphRule::Mechanistic),
    };
    let circle = structure.lumped(&lumps).err()?;
    let (by, or) = match transformer.graph {
        GraphRule::Exact => ("", ""),
        GraphRule::Mechanistic => (" by the mechanistic rule", ", or write `graph = exact`"),
    };
    let message = format!(
        "once modalities are tokens, {} depend on each other in a circle{by}",
        list(circle.iter().map(String::as_str))
    );
    let told = ENCODER_MISFIT.at(approximator.span, message);
    Some(told.help(format!(
        "put the data that depend on each other into one `modality`, or leave its `encode` out{or}"
    )))
}

/// What a network takes, for a sentence.
fn takes(encoder: EncoderKind) -> &'static str {
    match encoder {
        EncoderKind::Set | EncoderKind::DeepSet => "exchangeable rows",
        EncoderKind::Time | EncoderKind::Causal | EncoderKind::Lstm => "instants, or rows in order",
        EncoderKind::Convolution => "evenly spaced instants, rows in order, or cells of a grid",
        EncoderKind::Grid => "cells of a grid",
        EncoderKind::Mlp => "a fixed number of values",
    }
}

/// What an axis is, for a sentence.
fn nature(kind: AxisKind) -> &'static str {
    match kind {
        AxisKind::Index { .. } => "an index",
        AxisKind::Set(count) if count.least != count.most => "a set of varying size",
        AxisKind::Set(_) => "a set",
        AxisKind::Ordered { .. } => "a chain",
        AxisKind::Scattered { count, .. } if count.least != count.most => "a varying number of instants",
        AxisKind::Scattered { .. } => "scattered times",
        AxisKind::Instants(_) => "time",
        AxisKind::Cells(_) => "a grid",
    }
}

/// Over what a modality runs, for a sentence. An implied one has the name of its axis.
pub(super) fn runs(group: &Group, axis: &str, nature: &str) -> String {
    match group.name == axis {
        true => format!("`{axis}` is {nature}"),
        false => format!("`{}` runs over `{axis}`, {nature}", group.name),
    }
}

/// Says that the data of a modality run over axes that no one encoder reads, where that is so.
pub(super) fn apart(model: &Model, modality: &Group, span: Span) -> Option<Diagnostic> {
    let (one, other) = modality.rows(model).err()?;
    let (one, other) = (model.node(one), model.node(other));
    let name = &modality.name;
    let message = format!("the data of `{name}` have no rows in common: no encoder reads them together");
    let over = |node: &Node| {
        let axes: Vec<&str> = node.axes.iter().map(|axis| model.axis(*axis).name.as_str()).collect();
        format!("`{}` runs over {}", node.name, list(axes))
    };
    Some(
        MODALITY_ROWS
            .at(span, message)
            .label(one.span, over(one))
            .label(other.span, over(other))
            .help(format!("write a `modality` for `{}` and one for `{}`", one.name, other.name)),
    )
}

/// How a modality over these row axes is summarised: by the network written for it where there is one, else by the
/// usual one for each axis. `span` is where the network is written.
///
/// # Errors
/// The network does not run over any of the axes.
pub(super) fn encoding(
    model: &Model,
    (number, modality): (usize, &Group),
    axes: &[AxisId],
    written: Option<(&Encoder, Span)>,
) -> Result<Encoding, Diagnostic> {
    let mut stages = Encoding::usual(model, number, axes).stages;
    let Some((encoder, span)) = written else { return Ok(Encoding { modality: number, stages }) };
    let fits = |axis: &AxisId| runs_over(encoder.kind, model.axis(*axis).kind);
    if encoder.kind == EncoderKind::Mlp {
        return match axes.iter().find(|axis| !fits(axis)) {
            Some(axis) => Err(misfit(model, modality, *axis, encoder.kind, span)),
            None => {
                let stages = vec![Stage { axes: axes.to_vec(), encoder: encoder.clone() }];
                Ok(Encoding { modality: number, stages })
            }
        };
    }
    let Some(stage) = stages.iter_mut().find(|stage| stage.axes.iter().any(fits)) else {
        return Err(match axes.first() {
            Some(axis) => misfit(model, modality, *axis, encoder.kind, span),
            None => ENCODER_MISFIT
                .at(
                    span,
                    format!(
                        "`{}` takes {}, and `{}` has no rows",
                        encoder.kind.name(),
                        takes(encoder.kind),
                        modality.name
                    ),
                )
                .help(format!("write `encode {} with mlp()`", modality.name)),
        });
    };
    if encoder.kind == EncoderKind::Convolution && stage.axes.len() > 2 {
        let message = format!(
            "`convolution` takes one axis or two, and `{}` runs over {}",
            modality.name,
            stage.axes.len()
        );
        let told = ENCODER_MISFIT.at(span, message);
        return Err(told.help(format!("write `encode {} with grid_transformer()`", modality.name)));
    }
    let shortest = stage.axes.iter().map(|axis| model.axis(*axis)).min_by_key(|axis| axis.size());
    if let (Some(patch), Some(axis)) = (encoder.patch, shortest)
        && patch > axis.size()
    {
        let message = format!("a patch of {patch} cells is more than the {} of `{}`", axis.size(), axis.name);
        let told = SETTING_RANGE.at(span, message);
        return Err(told.help(format!("write `patch = {}` or less", axis.size())));
    }
    stage.encoder = encoder.clone();
    Ok(Encoding { modality: number, stages })
}

fn misfit(model: &Model, modality: &Group, axis: AxisId, encoder: EncoderKind, span: Span) -> Diagnostic {
    let axis = model.axis(axis);
    let (name, over) = (&modality.name, &axis.name);
    let message = format!(
        "`{}` takes {}, and {}",
        encoder.name(),
        takes(encoder),
        runs(modality, over, nature(axis.kind))
    );
    ENCODER_MISFIT
        .at(span, message)
        .label(axis.span, "it runs over this axis")
        .help(format!("write `encode {name} with {}()`", EncoderKind::usual(Some(axis.kind)).name()))
}
