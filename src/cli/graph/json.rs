//! The graphs of a file for programs.

use super::fusion::{Topology, topology, written};
use super::statements::Statement;
use super::view::{Asked, Attention, Encoded, Shown, View, parents};
use super::words;
use sbi_model::{Axis, Mask, Model};
use serde::Serialize;

/// The contract of `--format json`.
#[derive(Serialize)]
struct Graphs<'a> {
    queries: Vec<OfQuery<'a>>,
    models: Vec<OfModel<'a>>,
}

/// What one query sees of its model.
#[derive(Serialize)]
struct OfQuery<'a> {
    name: &'a str,
    /// Names of the tokens of its network, in token order.
    tokens: Vec<&'a str>,
    /// `given`, `inferred` or `absent` for each token.
    condition: Vec<&'static str>,
    /// Row = child, columns = itself and its parents; 0 or 1. Rows and columns of absent tokens are zero.
    base: Vec<Vec<u8>>,
    #[serde(flatten)]
    attention: Option<OfMask<'a>>,
    approximator: &'a str,
    model: &'a str,
    /// `joint` or `posterior`.
    estimator: &'static str,
    /// The modalities that the file writes.
    modalities: Vec<OfModality<'a>>,
    /// The axes of which the elements are spread evenly in `base` and `mask`, as nothing says when they are.
    spread: Vec<&'a str>,
    /// The networks that read the data of a posterior.
    #[serde(skip_serializing_if = "Option::is_none")]
    fusion: Option<OfFusion>,
}

/// The mask of a joint approximator; a posterior has none of this.
#[derive(Serialize)]
struct OfMask<'a> {
    /// Row attends to column; 0 or 1. Rows and columns of absent tokens are zero.
    mask: Vec<Vec<u8>>,
    /// `undirected`, `directed`, `faithful` or `dense`.
    kind: &'static str,
    /// `exact` or `mechanistic`.
    rule: &'static str,
    /// The share of the entries among present tokens that are 1.
    kept: f64,
    /// In how many parts the present tokens fall that do not look at each other.
    parts: usize,
    /// After how many layers all tokens of each part have reached each other; null where they never do.
    layers: Option<usize>,
    /// The modalities that are one token or a few, whose tokens come last.
    encoded: Vec<OfEncoded<'a>>,
}

#[derive(Serialize)]
struct OfEncoded<'a> {
    name: &'a str,
    /// Its tokens, from the first to before the last, counted from 0.
    range: [usize; 2],
    /// How many elements of data its encoder may read, and how many of them the query gives.
    elements: usize,
    given: usize,
}

#[derive(Serialize)]
struct OfModality<'a> {
    name: &'a str,
    /// Runs of tokens, each from its first to before its last number, counted from 0.
    ranges: Vec<[usize; 2]>,
}

#[derive(Serialize)]
struct OfFusion {
    /// As the file writes it.
    scheme: String,
    parts: Vec<OfPart>,
    /// From one part to one that reads it, by their places in `parts`.
    links: Vec<(usize, usize)>,
}

#[derive(Serialize)]
struct OfPart {
    kind: &'static str,
    name: String,
    detail: Vec<String>,
}

#[derive(Serialize)]
struct OfModel<'a> {
    name: &'a str,
    axes: Vec<OfAxis<'a>>,
    statements: Vec<OfStatement<'a>>,
    /// The rule of `parents`.
    rule: &'static str,
    /// Names of the tokens, in token order.
    tokens: Vec<&'a str>,
    /// For each token what it depends on, by places in `tokens`: latents are integrated out.
    parents: Vec<Vec<usize>>,
    /// As in a query, for `parents`.
    spread: Vec<&'a str>,
}

#[derive(Serialize)]
struct OfAxis<'a> {
    name: &'a str,
    /// The number of elements, at its largest where it varies.
    size: usize,
    /// What its elements are, in words.
    elements: String,
    unit: Option<&'a str>,
}

#[derive(Serialize)]
struct OfStatement<'a> {
    name: &'a str,
    /// `param`, `data`, `latent`, `let`, `const`, `state`, `noise` or `end`.
    kind: &'static str,
    axes: Vec<&'a str>,
    unit: Option<&'a str>,
    /// The names of what it reads.
    reads: Vec<String>,
}

/// The text of a view as JSON.
pub fn json(view: &View) -> String {
    let graphs = Graphs {
        queries: view.queries.iter().map(of_query).collect(),
        models: view.models.iter().map(of_model).collect(),
    };
    serde_json::to_string(&graphs).expect("graphs are plain data") + "\n"
}

fn of_query<'a>(asked: &'a Asked) -> OfQuery<'a> {
    let modalities = asked.modalities().into_iter().map(|(name, ranges)| OfModality {
        name,
        ranges: ranges.into_iter().map(|range| [range.start, range.end]).collect(),
    });
    let fusion = asked.approximator.fusion.as_ref().zip(topology(asked));
    OfQuery {
        name: &asked.query.name,
        tokens: asked.tokens.iter().map(|token| token.name.as_str()).collect(),
        condition: asked.states.iter().map(words::state).collect(),
        base: rows(&asked.base),
        attention: asked.attention.as_ref().map(|attention| of_mask(asked, attention)),
        approximator: &asked.approximator.name,
        model: &asked.model.name,
        estimator: if asked.attention.is_some() { "joint" } else { "posterior" },
        modalities: modalities.collect(),
        spread: names(&asked.spread),
        fusion: fusion.map(|(fusion, topology)| of_fusion(written(asked, fusion), topology)),
    }
}

fn of_mask<'a>(asked: &'a Asked, attention: &Attention) -> OfMask<'a> {
    OfMask {
        mask: rows(&attention.mask),
        kind: words::kind(attention.network.mask),
        rule: words::rule(attention.network.graph),
        kept: attention.kept,
        parts: attention.reach.parts.len(),
        layers: attention.reach.layers.ok(),
        encoded: asked.encoded.iter().map(of_encoded).collect(),
    }
}

fn of_encoded(Encoded { name, range, elements, given }: &Encoded) -> OfEncoded<'_> {
    OfEncoded { name, range: [range.start, range.end], elements: *elements, given: *given }
}

fn of_fusion(scheme: String, Topology { parts, links }: Topology) -> OfFusion {
    let part =
        |part: super::fusion::Part| OfPart { kind: part.kind.name(), name: part.name, detail: part.lines };
    OfFusion { scheme, parts: parts.into_iter().map(part).collect(), links }
}

fn of_model<'a>(shown: &'a Shown) -> OfModel<'a> {
    OfModel {
        name: &shown.model.name,
        axes: shown.model.axes.iter().map(of_axis).collect(),
        statements: shown.statements.iter().map(|statement| of_statement(shown.model, statement)).collect(),
        rule: words::rule(shown.rule),
        tokens: shown.graph.tokens.iter().map(|token| token.name.as_str()).collect(),
        parents: parents(&shown.graph),
        spread: names(&shown.spread),
    }
}

fn of_axis(axis: &Axis) -> OfAxis<'_> {
    OfAxis { name: &axis.name, size: axis.size(), elements: words::axis(axis), unit: axis.unit.as_deref() }
}

fn of_statement<'a>(model: &'a Model, statement: &'a Statement) -> OfStatement<'a> {
    OfStatement {
        name: &statement.name,
        kind: statement.word.name(),
        axes: statement.axes.iter().map(|axis| model.axis(*axis).name.as_str()).collect(),
        unit: statement.unit,
        reads: statement.reads.iter().map(|place| place.name(model)).collect(),
    }
}

fn names<'a>(axes: &[&'a Axis]) -> Vec<&'a str> {
    axes.iter().map(|axis| axis.name.as_str()).collect()
}

fn rows(mask: &Mask) -> Vec<Vec<u8>> {
    let row = |row| (0..mask.size()).map(|column| u8::from(mask.get(row, column))).collect();
    (0..mask.size()).map(row).collect()
}
