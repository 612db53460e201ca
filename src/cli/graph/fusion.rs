//! How the networks of a posterior read the data: modalities, encoders, what joins them, and the flow.

use super::view::{Asked, Block};
use sbi_model::{
    Coupling, Density, Encoder, EncoderKind, Encoding, Estimator, Flow, Fusion, NodeId, Scheme, Stage, State,
};

/// Names in a line.
const NAMES: usize = 3;

/// The networks of a posterior: what feeds what.
pub struct Topology {
    /// Its parts, each behind what it reads.
    pub parts: Vec<Part>,
    /// From one part to one that reads it.
    pub links: Vec<(usize, usize)>,
}

/// A part of a topology.
pub struct Part {
    /// What kind of thing it is.
    pub kind: PartKind,
    /// Its name.
    pub name: String,
    /// More of it, in short lines.
    pub lines: Vec<String>,
}

/// What a part of a topology is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// Data.
    Modality,
    /// Attention between modalities, or their rows joined.
    Fusion,
    /// A network that makes a summary.
    Encoder,
    /// Summaries put side by side.
    Joined,
    /// The flow.
    Flow,
    /// The diffusion that is in its place.
    Diffusion,
    /// What comes out.
    Parameters,
}

impl PartKind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            PartKind::Modality => "modality",
            PartKind::Fusion => "fusion",
            PartKind::Encoder => "encoder",
            PartKind::Joined => "joined",
            PartKind::Flow => "flow",
            PartKind::Diffusion => "diffusion",
            PartKind::Parameters => "parameters",
        }
    }
}

/// The networks that answer a query; none where it is answered by a joint estimator.
pub fn topology(asked: &Asked) -> Option<Topology> {
    let Estimator::Posterior(density) = &asked.approximator.estimator else { return None };
    let fusion = asked.approximator.fusion.as_ref()?;
    let mut drawing = Drawing { asked, made: Topology { parts: Vec::new(), links: Vec::new() } };
    let summaries = drawing.summarised(fusion);
    let (name, made) = estimator(density);
    let kind = match density {
        Density::Flow(_) => PartKind::Flow,
        Density::Diffusion(_) => PartKind::Diffusion,
    };
    let density = drawing.part(kind, name, vec![made], &summaries);
    drawing.part(PartKind::Parameters, "posterior", reported(asked), &[density]);
    Some(drawing.made)
}

/// A topology while it is drawn.
struct Drawing<'a, 'v> {
    asked: &'a Asked<'v>,
    made: Topology,
}

impl Drawing<'_, '_> {
    fn part(&mut self, kind: PartKind, name: &str, lines: Vec<String>, reads: &[usize]) -> usize {
        let number = self.made.parts.len();
        self.made.parts.push(Part { kind, name: name.to_owned(), lines });
        self.made.links.extend(reads.iter().map(|read| (*read, number)));
        number
    }

    /// The parts that hold what a fusion joins before any encoder.
    fn raw(&mut self, fusion: &Fusion) -> Vec<usize> {
        match fusion {
            Fusion::Group(modality) => vec![self.modality(*modality)],
            Fusion::Join { scheme, parts, pairing } => {
                let reads: Vec<usize> = parts.iter().flat_map(|part| self.raw(part)).collect();
                match scheme {
                    Scheme::Late => reads,
                    Scheme::Early | Scheme::Hybrid | Scheme::Concat => {
                        let lines = self.meaning(*scheme, parts, *pairing);
                        vec![self.part(PartKind::Fusion, scheme.name(), lines, &reads)]
                    }
                }
            }
        }
    }

    /// The parts that hold the summaries of a fusion.
    fn summarised(&mut self, fusion: &Fusion) -> Vec<usize> {
        match fusion {
            Fusion::Join { scheme: Scheme::Late, parts, .. } => {
                let reads: Vec<usize> = parts.iter().flat_map(|part| self.summarised(part)).collect();
                let lines = self.meaning(Scheme::Late, parts, false);
                vec![self.part(PartKind::Joined, Scheme::Late.name(), lines, &reads)]
            }
            _ => {
                let rows = self.raw(fusion);
                let encoded = fusion.encoded();
                let encoders: Vec<usize> =
                    encoded.iter().map(|modality| self.encoder(*modality, &rows)).collect();
                if encoders.len() < 2 {
                    return encoders;
                }
                let lines = vec!["summaries side by side".to_owned()];
                vec![self.part(PartKind::Joined, "joined", lines, &encoders)]
            }
        }
    }

    fn modality(&mut self, modality: usize) -> usize {
        let group = self.asked.approximator.groups.get(modality);
        let group = group.expect("a fusion joins modalities of its approximator");
        let mut lines: Vec<String> = group.nodes.iter().map(|id| datum(self.asked, *id)).collect();
        lines.push(known(self.asked, &group.nodes));
        self.part(PartKind::Modality, &group.name, lines, &[])
    }

    fn encoder(&mut self, modality: usize, reads: &[usize]) -> usize {
        let own = self.asked.approximator.encodings.iter().find(|encoding| encoding.modality == modality);
        let lines = own.map_or_else(Vec::new, |own| encoding(self.asked, own));
        let name = self.asked.approximator.groups.get(modality).map_or("", |group| &group.name);
        self.part(PartKind::Encoder, &format!("encoder of {name}"), lines, reads)
    }

    fn meaning(&self, scheme: Scheme, parts: &[Fusion], pairing: bool) -> Vec<String> {
        let mut lines = vec![meaning(scheme, parts.len()).to_owned()];
        lines.extend(pairing.then(|| "rows that belong together are marked".to_owned()));
        lines
    }
}

/// What a scheme does with so many parts.
pub fn meaning(scheme: Scheme, parts: usize) -> &'static str {
    match (scheme, parts) {
        (Scheme::Early, 2) => "the first attends to the second",
        (Scheme::Early, _) => "the first attends to each of the others",
        (Scheme::Late, _) => "summaries side by side",
        (Scheme::Hybrid, 2) => "each attends to the other",
        (Scheme::Hybrid, _) => "each attends to all others",
        (Scheme::Concat, _) => "rows side by side",
    }
}

/// A fusion as a file writes it: `late(hybrid(a, b), c)`.
pub fn written(asked: &Asked, fusion: &Fusion) -> String {
    match fusion {
        Fusion::Group(modality) => {
            asked.approximator.groups.get(*modality).map_or_else(String::new, |group| group.name.clone())
        }
        Fusion::Join { scheme, parts, .. } => {
            let parts: Vec<String> = parts.iter().map(|part| written(asked, part)).collect();
            format!("{}({})", scheme.name(), parts.join(", "))
        }
    }
}

/// A datum with its axes: `x[n,d]`.
pub fn datum(asked: &Asked, id: NodeId) -> String {
    let node = asked.model.node(id);
    let axes: Vec<&str> = node.axes.iter().map(|axis| asked.model.axis(*axis).name.as_str()).collect();
    if axes.is_empty() { node.name.clone() } else { format!("{}[{}]", node.name, axes.join(",")) }
}

/// Whether a query gives some data: `given`, `absent`, or how many numbers of them. A data set may have fewer than there
/// are tokens, so that it is not said of how many.
pub fn known(asked: &Asked, nodes: &[NodeId]) -> String {
    let own = asked.tokens.iter().zip(&asked.states).filter(|(token, _)| nodes.contains(&token.node));
    let given: Vec<bool> = own.map(|(_, state)| matches!(state, State::Given(_))).collect();
    match given.iter().filter(|given| **given).count() {
        0 => "absent".to_owned(),
        all if all == given.len() => "given".to_owned(),
        some => format!("{} given", super::words::plural(some, "number")),
    }
}

/// What an encoding is made of, one network a line, in the order in which they work.
pub fn encoding(asked: &Asked, encoding: &Encoding) -> Vec<String> {
    encoding.stages.iter().rev().flat_map(|stage| network(asked, stage)).collect()
}

fn network(asked: &Asked, Stage { axes, encoder }: &Stage) -> Vec<String> {
    let over: Vec<&str> = axes.iter().map(|axis| asked.model.axis(*axis).name.as_str()).collect();
    let name = encoder.kind.name();
    let first = if over.is_empty() { name.to_owned() } else { format!("{name} over {}", over.join(", ")) };
    std::iter::once(first).chain(sizes(encoder)).collect()
}

/// The sizes that the file states.
fn sizes(encoder: &Encoder) -> Option<String> {
    let Encoder { kind, width, blocks, heads, patch, inducing, summary, tokens } = encoder;
    let layered = [EncoderKind::DeepSet, EncoderKind::Lstm, EncoderKind::Convolution, EncoderKind::Mlp];
    let stated = [
        ("width", width),
        (if layered.contains(kind) { "layers" } else { "blocks" }, blocks),
        ("heads", heads),
        ("patch", patch),
        ("inducing", inducing),
        ("summary", summary),
        ("tokens", tokens),
    ];
    let stated = stated.iter().filter_map(|(word, size)| size.map(|size| format!("{word} {size}")));
    Some(stated.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}

/// What estimates a density, by its name, and what it is made of.
pub fn estimator(density: &Density) -> (&'static str, String) {
    match density {
        Density::Flow(flow) => ("flow", couplings(flow)),
        Density::Diffusion(own) => {
            let stated = [("width", own.width), ("layers", own.layers)];
            let stated = stated.iter().filter_map(|(word, size)| size.map(|size| format!("{word} {size}")));
            let stated: Vec<String> = stated.collect();
            let made = if stated.is_empty() { "residual blocks".to_owned() } else { stated.join(", ") };
            ("diffusion", made)
        }
    }
}

/// What a flow is made of: `6 affine couplings, width 64`.
fn couplings(flow: &Flow) -> String {
    let kind = match flow.coupling {
        Coupling::Affine => "affine couplings",
        Coupling::Spline => "spline couplings",
    };
    let first = flow.couplings.map_or_else(|| kind.to_owned(), |count| format!("{count} {kind}"));
    let stated = [("bins", flow.bins), ("width", flow.width), ("layers", flow.layers)];
    let stated = stated.iter().filter_map(|(word, size)| size.map(|size| format!("{word} {size}")));
    std::iter::once(first).chain(stated).collect::<Vec<_>>().join(", ")
}

/// What of the posterior a query asks for, a few names a line.
fn reported(asked: &Asked) -> Vec<String> {
    let inferred = |block: &Block| asked.infer.iter().any(|token| block.range.contains(token));
    let blocks = asked.blocks().into_iter().filter(inferred).map(|block| block.node);
    let names: Vec<String> =
        blocks.chain(asked.query.computed.iter().copied()).map(|id| datum(asked, id)).collect();
    names.chunks(NAMES).map(|names| names.join(", ")).collect()
}
