//! `approximator name for model { … }`: what is estimated, how modalities are summarised and joined.

use super::codes::{
    DISCRETE_INFERRED, ENCODED_TWICE, ENCODER_IDLE, ESTIMATOR, FUSED_TWICE, NOT_A_FUSION, UNKNOWN_MODALITY,
    UNKNOWN_NETWORK,
};
use super::encode::{self, encoder};
use super::fuse::Fuse;
use super::groups::Groups;
use super::model::Looked;
use super::names::{Symbol, list};
use super::network::{DIFFUSION, FLOW, Reader, TRANSFORMER, diffusion, flow, transformer};
use crate::{
    AxisId, Definition, Density, Encoder, Encoding, Estimator, Fusion, Kind, Node, Role, Scheme, Transformer,
    natural,
};
use sbi_syntax::tree::{self, ApproximatorStatement as Statement, Call, Expr, Name};
use sbi_syntax::{Diagnostic, Span, suggest};

/// What an approximator says.
pub(super) struct Said {
    pub(super) estimator: Estimator,
    pub(super) encodings: Vec<Encoding>,
    pub(super) fusion: Option<Fusion>,
    pub(super) later: Vec<Diagnostic>,
}

/// An `encode` statement of a known modality.
struct Encode {
    modality: usize,
    encoder: Option<Encoder>,
    /// Where its network stands, or the whole statement where it names none.
    at: Span,
    span: Span,
}

/// An approximator while its statements are read.
struct Reading<'a, 't> {
    tree: &'a tree::Approximator,
    looked: &'a Looked<'t>,
    groups: &'a Groups,
    told: Vec<Diagnostic>,
    later: Vec<Diagnostic>,
}

/// Reads the statements of an approximator; what is wrong goes to `told`.
pub(super) fn approximator(
    tree: &tree::Approximator,
    looked: &Looked<'_>,
    groups: &Groups,
    told: &mut Vec<Diagnostic>,
) -> Said {
    let mut reading = Reading { tree, looked, groups, told: Vec::new(), later: Vec::new() };
    let said = reading.read();
    told.append(&mut reading.told);
    said
}

impl Reading<'_, '_> {
    fn read(&mut self) -> Said {
        let (estimator, at) = self.estimator();
        let joint = matches!(estimator, Some(Estimator::Joint(_)));
        let written = self.encodes(joint);
        let (encodings, fusion) = match (&estimator, at) {
            (Some(Estimator::Joint(_)), _) => (self.tokens(&written), None),
            (Some(Estimator::Posterior(_)), Some(at)) => {
                self.posterior(at);
                let fusion = self.fusion();
                (self.encodings(fusion.as_ref(), &written), fusion)
            }
            _ => {
                self.fusion();
                (Vec::new(), None)
            }
        };
        let estimator = estimator.unwrap_or(Estimator::Joint(Transformer::default()));
        Said { estimator, encodings, fusion, later: std::mem::take(&mut self.later) }
    }

    /// What is estimated, and where that is said; nothing where a line that could not be read may have said it.
    fn estimator(&mut self) -> (Option<Estimator>, Option<Span>) {
        let mut found: Option<(Option<Estimator>, Span)> = None;
        let mut unread = false;
        for statement in &self.tree.body {
            let (call, span, joint) = match statement {
                Statement::Joint { call, span } => (call, *span, true),
                Statement::Posterior { call, span } => (call, *span, false),
                Statement::Bad(_) => {
                    unread = true;
                    continue;
                }
                Statement::Encode { .. } | Statement::Fuse { .. } => continue,
            };
            let estimator = self.network(call, joint);
            if let Some((_, first)) = &found {
                let message = format!("`{}` estimates two things", self.tree.name.text);
                self.told.push(
                    ESTIMATOR
                        .at(span, message)
                        .label(*first, "first here")
                        .help("write one approximator for each"),
                );
            }
            found = Some((estimator, span));
        }
        if let Some((estimator, span)) = found {
            return (estimator, Some(span));
        }
        if !unread {
            let fuses = self.tree.body.iter().any(|statement| matches!(statement, Statement::Fuse { .. }));
            let example = if fuses { FLOW.example } else { TRANSFORMER.example };
            let message = format!("`{}` does not say what it estimates", self.tree.name.text);
            self.told
                .push(ESTIMATOR.at(self.tree.name.span, message).help(format!("write in it: `{example}`")));
        }
        (None, None)
    }

    /// The network behind `joint with` or `posterior with`.
    fn network(&mut self, call: &Call, joint: bool) -> Option<Estimator> {
        let name = call.path.text();
        let signature = match (name.as_str(), joint) {
            ("diffusion_transformer", true) => &TRANSFORMER,
            ("flow", false) => &FLOW,
            ("diffusion", false) => &DIFFUSION,
            _ => {
                self.told.push(unknown_network(&name, call.path.span, joint));
                return None;
            }
        };
        let mut reader = Reader::new(signature, call, &self.looked.constants);
        let estimator = match name.as_str() {
            _ if joint => Estimator::Joint(transformer(&mut reader, call)),
            "diffusion" => Estimator::Posterior(Density::Diffusion(diffusion(&mut reader))),
            _ => Estimator::Posterior(Density::Flow(flow(&mut reader))),
        };
        self.told.append(&mut reader.told);
        self.later.append(&mut reader.later);
        Some(estimator)
    }

    /// What a posterior needs of its model. Nothing is said of a model of which something has been refused.
    fn posterior(&mut self, at: Span) {
        let model = &self.looked.model;
        let discrete = model.nodes.iter().find(|node| node.role == Role::Param && is_discrete(node));
        if let Some(node) = discrete {
            let message =
                format!("`{}` is discrete, and `posterior with` infers real numbers only", node.name);
            self.told.push(DISCRETE_INFERRED.at(at, message).label(node.span, "declared here").help(
                format!(
                    "write `{}`, which infers both, or declare it as `latent {}` to integrate it out",
                    TRANSFORMER.example, node.name
                ),
            ));
        }
        let varies = |node: &&Node| node.axes.iter().any(|axis| model.axis(*axis).varies());
        let varying = model.nodes.iter().filter(|node| node.role == Role::Param && !node.curve).find(varies);
        if let Some(node) = varying {
            let message = format!(
                "how many `{}` there are differs from data set to data set, and `posterior with` infers a fixed number",
                node.name
            );
            self.told.push(ESTIMATOR.at(at, message).label(node.span, "declared here").help(format!(
                "write `{}`, which infers any number, or declare it as `latent {}` to integrate it out",
                TRANSFORMER.example, node.name
            )));
        }
        for (role, lacks) in [(Role::Param, "parameters to infer"), (Role::Data, "data to infer them from")] {
            let refused = self.looked.names.iter().any(|(_, symbol)| matches!(symbol, Symbol::Refused));
            if !refused && !model.nodes.iter().any(|node| node.role == role) {
                let message = format!("a posterior needs {lacks}, and `{}` has none", model.name);
                let example = if role == Role::Param {
                    "param theta ~ normal(0, 1)"
                } else {
                    "data x ~ normal(theta, 1)"
                };
                self.told.push(ESTIMATOR.at(at, message).help(format!("add to the model: `{example}`")));
            }
        }
    }

    /// The `encode` statements of known modalities.
    fn encodes(&mut self, joint: bool) -> Vec<Encode> {
        let mut written: Vec<Encode> = Vec::new();
        for statement in &self.tree.body {
            let Statement::Encode { modality, call, span } = statement else { continue };
            let encoder =
                call.as_ref().and_then(|call| encoder(call, &self.looked.constants, joint, &mut self.told));
            let place = match self.find(modality) {
                Ok(place) => place,
                Err(told) => {
                    self.told.extend(told);
                    continue;
                }
            };
            if let Some(first) = written.iter().find(|known| known.modality == place) {
                let told = ENCODED_TWICE.at(modality.span, format!("`{}` is encoded twice", modality.text));
                self.told.push(told.label(first.span, "first here").help("remove one of them"));
                continue;
            }
            let at = call.as_ref().map_or(*span, |call| call.span);
            // A network that was refused is none of the defaults: nothing more is said of it.
            if encoder.is_some() || call.is_none() {
                written.push(Encode { modality: place, encoder, at, span: *span });
            }
        }
        written
    }

    /// The modality of a name.
    ///
    /// # Errors
    /// There is none; without a diagnostic where its declaration has been refused.
    fn find(&self, name: &Name) -> Result<usize, Option<Diagnostic>> {
        let modalities = &self.groups.all;
        if let Some(place) = modalities.iter().position(|modality| modality.name == name.text) {
            return Ok(place);
        }
        let model = &self.looked.model;
        let message = format!("`{}` has no modality `{}`", model.name, name.text);
        let told = UNKNOWN_MODALITY.at(name.span, message);
        let names = || modalities.iter().map(|modality| modality.name.as_str());
        let around = match self.looked.names.get(&name.text) {
            Some(Symbol::Refused) => return Err(None),
            Some(Symbol::Node(id)) => modalities.iter().find(|modality| modality.nodes.contains(&id)),
            _ => None,
        };
        Err(Some(match (around, suggest(&name.text, names())) {
            (Some(modality), _) => told
                .help(format!("`{}` is a datum of the modality `{}`: write that", name.text, modality.name)),
            (None, Some(similar)) => told.did_you_mean(Some(similar)),
            (None, None) if modalities.is_empty() => {
                told.help("add data to the model: `data x ~ normal(theta, 1)`")
            }
            (None, None) => told.help(format!("it has {}", list(names()))),
        }))
    }

    /// The fusion that is written, or that of all modalities; none where it has been refused.
    fn fusion(&mut self) -> Option<Fusion> {
        let written: Vec<(&Expr, Span)> = fusions(self.tree).collect();
        let Some((scheme, first)) = written.first().copied() else { return self.usual() };
        for (_, again) in written.iter().skip(1) {
            let told = FUSED_TWICE.at(*again, format!("`{}` has two fusions", self.tree.name.text));
            self.told.push(
                told.label(first, "first here").help("write one of them, or one around both: `late(…)`"),
            );
        }
        let mut fuse = Fuse {
            model: &self.looked.model,
            groups: &self.groups.all,
            find: &|name| self.find(name),
            rows: &self.groups.rows,
            seen: Vec::new(),
            told: Vec::new(),
        };
        let fusion = fuse.fusion(scheme);
        let told = fuse.told;
        self.told.extend(told);
        fusion
    }

    /// The one modality, or `late` of all, by the natural name of the first datum of each.
    fn usual(&self) -> Option<Fusion> {
        let model = &self.looked.model;
        let first = |place: &usize| {
            let nodes = self.groups.all.get(*place).map(|modality| modality.nodes.as_slice());
            let names = nodes.unwrap_or_default().iter().map(|id| model.node(*id).name.as_str());
            names.min_by(|a, b| natural::compare(a, b)).unwrap_or_default()
        };
        let mut places: Vec<usize> = (0..self.groups.all.len()).collect();
        places.sort_by(|a, b| natural::compare(first(a), first(b)));
        match places.as_slice() {
            [] => None,
            [only] => Some(Fusion::Group(*only)),
            _ => {
                let parts = places.into_iter().map(Fusion::Group).collect();
                Some(Fusion::Join { scheme: Scheme::Late, parts, pairing: false })
            }
        }
    }

    /// The networks of the modalities that a posterior reads.
    fn encodings(&mut self, fusion: Option<&Fusion>, written: &[Encode]) -> Vec<Encoding> {
        let Some(fusion) = fusion else { return Vec::new() };
        let (all, encoded) = (fusion.modalities(), fusion.encoded());
        for encode in written.iter().filter(|encode| !encoded.contains(&encode.modality)) {
            // What is taken over from another approximator cannot be removed here.
            if encode.span.start < self.tree.span.start || encode.span.end > self.tree.span.end {
                continue;
            }
            let name = self.name(encode.modality);
            let message = match all.contains(&encode.modality) {
                true => format!("`{name}` has no encoder of its own in this fusion: another reads its rows"),
                false => format!("`fuse` leaves `{name}` out: nothing reads it"),
            };
            self.told.push(ENCODER_IDLE.at(encode.span, message).help("remove this line, or change `fuse`"));
        }
        for place in all.iter().filter(|place| !encoded.contains(place)) {
            // Its rows are read all the same.
            let apart = self.groups.all.get(*place).filter(|_| self.groups.rows.get(*place) == Some(&None));
            let told = apart.and_then(|group| encode::apart(&self.looked.model, group, self.tree.name.span));
            self.told.extend(told);
        }
        let found = encoded.into_iter().filter_map(|place| {
            let encode = written.iter().find(|encode| encode.modality == place);
            self.encoding(place, encode)
        });
        found.collect()
    }

    /// The networks of the modalities that are tokens of a joint estimator.
    fn tokens(&mut self, written: &[Encode]) -> Vec<Encoding> {
        for (_, span) in fusions(self.tree) {
            let message = "`fuse` joins what a posterior reads, and a joint estimator has tokens instead";
            self.told.push(
                NOT_A_FUSION
                    .at(span, message)
                    .help(format!("remove it, or write `{}` for a posterior", FLOW.example)),
            );
        }
        written.iter().filter_map(|encode| self.encoding(encode.modality, Some(encode))).collect()
    }

    fn encoding(&mut self, place: usize, written: Option<&Encode>) -> Option<Encoding> {
        let modality = self.groups.all.get(place)?;
        let at = written.map_or(self.tree.name.span, |encode| encode.at);
        let axes: &[AxisId] = match self.groups.rows.get(place)? {
            Some(axes) => axes,
            None => {
                let shaped = |id: &crate::NodeId| self.looked.shapes.get(id.0).is_some_and(Option::is_some);
                if modality.nodes.iter().all(shaped) {
                    self.told.extend(encode::apart(&self.looked.model, modality, at));
                }
                return None;
            }
        };
        let network = written.and_then(|encode| Some((encode.encoder.as_ref()?, encode.at)));
        match encode::encoding(&self.looked.model, (place, modality), axes, network) {
            Ok(encoding) => Some(encoding),
            Err(told) => {
                self.told.push(told);
                None
            }
        }
    }

    fn name(&self, modality: usize) -> &str {
        self.groups.all.get(modality).map_or("", |modality| &modality.name)
    }
}

/// Whether the values of a node are whole numbers by its distribution.
fn is_discrete(node: &Node) -> bool {
    matches!(&node.definition, Definition::Draw(draw) if draw.kind() != Kind::Real)
}

fn fusions(tree: &tree::Approximator) -> impl Iterator<Item = (&Expr, Span)> {
    tree.body.iter().filter_map(|statement| match statement {
        Statement::Fuse { scheme, span } => Some((scheme, *span)),
        _ => None,
    })
}

fn unknown_network(name: &str, span: Span, joint: bool) -> Diagnostic {
    let verb = if joint { "joint" } else { "posterior" };
    let (own, other) = if joint { (&TRANSFORMER, &FLOW) } else { (&FLOW, &TRANSFORMER) };
    if name == other.name || (joint && name == DIFFUSION.name) {
        let message = format!("`{name}` does not stand behind `{verb} with`");
        return UNKNOWN_NETWORK
            .at(span, message)
            .help(format!("write `{}`, or `{}`", other.example, own.example));
    }
    if encode::is_encoder(name) {
        let message = format!("`{name}` summarises data, and estimates nothing");
        return UNKNOWN_NETWORK
            .at(span, message)
            .help(format!("write `encode … with {name}()` and `{}`", own.example));
    }
    let meant =
        (!joint && suggest(name, [FLOW.name, DIFFUSION.name]) == Some(DIFFUSION.name)).then_some(&DIFFUSION);
    let example = meant.unwrap_or(own).example;
    UNKNOWN_NETWORK.at(span, format!("there is no network `{name}`")).help(format!("write `{example}`"))
}
