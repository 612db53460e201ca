//! Questions that an approximator can never answer, because no training shows it their pattern.

use super::codes::NEVER_TRAINED;
use super::csv::Empty;
use super::groups::Groups;
use super::missing::empty;
use super::query::Asked;
use crate::{Approximator, Estimator, Group, NodeId, Role, State};
use sbi_syntax::{Diagnostic, Span};
use std::collections::BTreeSet;

/// How a query asks what a posterior does not answer.
const JOINT: &str = "an approximator with `joint with …`";

impl Asked<'_, '_> {
    /// Checks the pattern of a query against what answers it. `name` is where the query's name stands; `asks` says
    /// whether everything in it could be read.
    pub(super) fn answerable(
        &mut self,
        approximator: &Approximator,
        groups: &Groups,
        name: Span,
        asks: bool,
    ) {
        match approximator.estimator {
            Estimator::Joint(_) => {
                self.encoded(approximator);
                self.partly(approximator, name, asks);
            }
            // A question the other way round is one slip, of which all others follow.
            Estimator::Posterior(_) => {
                let told = self.told.len();
                self.inferred_data(approximator);
                if self.told.len() == told {
                    self.given_params(approximator);
                }
                self.told.truncate(told + 1);
                let asks = asks && self.told.len() == told;
                self.gaps(approximator, groups, name, asks);
            }
        }
    }

    fn node_of(&self, token: usize) -> Option<NodeId> {
        self.graph.tokens.get(token).map(|token| token.node)
    }

    /// The nodes that something is said of, each with the first place where, in the order of the text.
    fn nodes_said(&self, said: impl Iterator<Item = (usize, Span)>, role: Role) -> Vec<(NodeId, Span)> {
        let mut found: Vec<(NodeId, Span)> = Vec::new();
        for (token, span) in said {
            let Some(id) = self.node_of(token) else { continue };
            let known = found.iter().any(|(known, at)| *known == id && *at == span);
            if self.looked.model.node(id).role == role && !known {
                found.push((id, span));
            }
        }
        found
    }

    fn inferred_data(&mut self, approximator: &Approximator) {
        let name = &approximator.name;
        for (_, span) in self.nodes_said(self.asked_at.iter().map(|(k, span)| (*k, *span)), Role::Data) {
            let told = NEVER_TRAINED.at(span, format!("`{name}` estimates parameters from data"));
            self.told.push(told.help(format!("to infer data, use {JOINT}")));
        }
        let drawn = self.constrained.iter().map(|(k, span)| (*k, *span));
        let drawn = drawn.filter(|(token, _)| !matches!(self.states.get(*token), Some(State::Given(_))));
        for (id, span) in self.nodes_said(drawn, Role::Data) {
            let datum = &self.looked.model.node(id).name;
            let message = format!("`{name}` estimates parameters from data, and draws no `{datum}`");
            self.told
                .push(NEVER_TRAINED.at(span, message).help(format!("to condition on data, use {JOINT}")));
        }
    }

    fn given_params(&mut self, approximator: &Approximator) {
        for (id, span) in self.nodes_said(self.mentioned.iter().map(|(k, span)| (*k, *span)), Role::Param) {
            let param = &self.looked.model.node(id).name;
            let message =
                format!("`{}` estimates all parameters together, and takes none as given", approximator.name);
            let help = format!("to give `{param}`, use {JOINT}");
            self.told.push(NEVER_TRAINED.at(span, message).help(help));
        }
    }

    /// Data that are absent though the network always saw them, and data that it never sees.
    fn gaps(&mut self, approximator: &Approximator, groups: &Groups, name: Span, asks: bool) {
        let Some(fusion) = &approximator.fusion else { return };
        let fused = fusion.modalities();
        for (place, group) in groups.all.iter().enumerate() {
            let told = match fused.contains(&place) {
                true if asks => self.absent(approximator, group, name),
                true => None,
                false => self.unread(approximator, groups, group),
            };
            self.told.extend(told);
        }
    }

    fn unread(&self, approximator: &Approximator, groups: &Groups, group: &Group) -> Option<Diagnostic> {
        let (token, span) = self
            .mentioned
            .iter()
            .find(|(token, _)| self.node_of(**token).is_some_and(|id| group.nodes.contains(&id)))?;
        let datum = &self.looked.model.node(self.node_of(*token)?).name;
        let fused = approximator.fusion.as_ref().map(|fusion| fusion.modalities()).unwrap_or_default();
        let mut names: Vec<&str> = fused
            .iter()
            .filter_map(|place| groups.all.get(*place))
            .map(|group| group.name.as_str())
            .collect();
        names.push(&group.name);
        let message =
            format!("`{}` never reads `{datum}`: its `fuse` leaves `{}` out", approximator.name, group.name);
        let help = format!("remove this line, or write `fuse late({})`", names.join(", "));
        Some(NEVER_TRAINED.at(*span, message).help(help))
    }

    fn absent(&self, approximator: &Approximator, group: &Group, name: Span) -> Option<Diagnostic> {
        let lacking: Vec<NodeId> = group.nodes.iter().copied().filter(|id| self.lacks(*id)).collect();
        let model = &self.looked.model;
        let first = model.node(*lacking.first()?);
        let whole = group.written && lacking.len() == group.nodes.len();
        let what = if whole { &group.name } else { &first.name };
        let silent =
            !self.mentioned.keys().any(|token| self.node_of(*token).is_some_and(|id| lacking.contains(&id)));
        let (missing, statement) = match silent {
            true => (format!("`{what}` is not given"), format!("missing all {what} with probability 10%")),
            false => {
                let axes: Vec<&str> = first.axes.iter().map(|axis| model.axis(*axis).name.as_str()).collect();
                let statement = format!("missing {what}[{}] with probability 10%", axes.join(", "));
                (format!("only some of `{what}` is given"), statement)
            }
        };
        let (seen, declared) = match lacking.iter().any(|id| empty(self.looked, *id) == Empty::Whole) {
            true => ("saw all of it or nothing", "declares only all of it `missing`"),
            false => ("always saw it", "does not declare it `missing`"),
        };
        let otherwise = match approximator.estimator {
            Estimator::Joint(_) => format!("remove `encode {}` from `{}`", group.name, approximator.name),
            Estimator::Posterior(_) => format!("use {JOINT}"),
        };
        let message = format!("{missing}, but `{}` {seen}: `{}` {declared}", approximator.name, model.name);
        Some(
            NEVER_TRAINED
                .at(name, message)
                .label(first.span, "declared here")
                .help(format!("give it, write `{statement}` in the model, or {otherwise}")),
        )
    }

    /// Whether a query leaves elements of a datum out as no training does.
    fn lacks(&self, id: NodeId) -> bool {
        let gaps = empty(self.looked, id);
        if gaps == Empty::Gap || self.touched.contains(&id) {
            return false;
        }
        let node = self.looked.model.node(id);
        let elements: BTreeSet<usize> = (0..self.looked.model.elements(node))
            .filter_map(|element| self.looked.token(id, element))
            .collect();
        let asked = |token: &usize| self.asked_at.contains_key(token) || self.constrained.contains_key(token);
        let left_out = elements.iter().filter(|token| !self.mentioned.contains_key(token)).count();
        let known = left_out == 0 || gaps == Empty::Whole && left_out == elements.len();
        !known && !elements.iter().any(asked)
    }

    /// Modalities that are a token, of which a query gives some: they were always seen whole, unless data sets have gaps.
    fn partly(&mut self, approximator: &Approximator, name: Span, asks: bool) {
        let groups = approximator.encodings.iter().filter_map(|own| approximator.groups.get(own.modality));
        for group in groups.filter(|_| asks) {
            let said = |id: &NodeId| self.mentioned.keys().any(|token| self.node_of(*token) == Some(*id));
            let asked = |id: &NodeId| self.asked_at.keys().any(|token| self.node_of(*token) == Some(*id));
            if group.nodes.iter().any(asked) || !group.nodes.iter().any(said) {
                continue;
            }
            self.told.extend(self.absent(approximator, group, name));
        }
    }

    /// Data of a modality that is one token: they are given or absent, never inferred.
    fn encoded(&mut self, approximator: &Approximator) {
        let asked = self.asked_at.iter().map(|(k, span)| (*k, *span));
        for (id, span) in self.nodes_said(asked, Role::Data) {
            let groups = || approximator.encodings.iter();
            let groups = groups().filter_map(|encoding| approximator.groups.get(encoding.modality));
            let Some(group) = groups.into_iter().find(|group| group.nodes.contains(&id)) else { continue };
            let (datum, name) = (&self.looked.model.node(id).name, &approximator.name);
            let message = format!("`{name}` reads `{}` as one token, and never infers `{datum}`", group.name);
            let help = format!("remove `encode {}` from `{name}`: every number is then a token", group.name);
            self.told.push(NEVER_TRAINED.at(span, message).help(help));
        }
    }
}
