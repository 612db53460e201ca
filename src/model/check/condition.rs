//! `where contact(5 day) in 0 .. 0.2`: conditions that the draws of a query satisfy.

use super::codes::{CONDITION, LATENT_ASKED};
use super::expr::Scope;
use super::model::Builder;
use super::network::not_run;
use super::query::{About, Asked};
use super::value::Sort;
use crate::{Condition, Expr, Index, NodeId, Role, State};
use sbi_syntax::Span;
use sbi_syntax::tree;
use std::collections::BTreeSet;

impl<'t> Asked<'_, 't> {
    /// Checks what a `where` says in the terms of the model.
    pub(super) fn condition(&mut self, condition: &'t tree::Expr, span: Span, about: &About<'_, 't>) {
        let mut builder = Builder::of(self.looked, about.files);
        let value = builder.condition(condition, &Scope::model());
        let sound = builder.told.is_empty() && value.sort != Sort::Refused;
        self.told.append(&mut builder.told);
        if !self.joint {
            self.later
                .push(not_run("where", span).help("leave it out, and select among the draws afterwards"));
        }
        if !sound {
            return;
        }
        let outside = builder.judge_condition(&self.looked.model);
        if !outside.is_empty() {
            self.told.extend(outside);
            return;
        }
        let condition = Condition { exprs: std::mem::take(&mut builder.arena.exprs), root: value.raw, span };
        let tokens = self.read_by(&condition, span);
        if let Some(tokens) = tokens {
            let drawn = |token: &usize| !matches!(self.states.get(*token), Some(State::Given(_)));
            if !tokens.iter().any(drawn) {
                let message = match tokens.is_empty() {
                    true => "this holds always or never: it reads nothing that is drawn",
                    false => "this holds always or never: all that it reads is given",
                };
                self.told.push(
                    CONDITION.at(span, message).help("remove it, or read a parameter that is inferred"),
                );
            } else {
                let excluded = self.excluded(&condition);
                self.told.extend(self.impossible(&condition).or(excluded));
            }
            match self.there(tokens.into_iter().filter_map(|token| self.element(token)).collect(), span) {
                Ok(there) => {
                    let tokens = there.into_iter().filter_map(|element| element.token);
                    self.constrained.extend(tokens.map(|token| (token, span)));
                }
                Err(told) => self.told.push(told),
            }
        }
        self.conditions.push(condition);
    }

    /// The tokens that a condition reads, through whatever is computed from them; none where it reads a latent, which
    /// is told.
    fn read_by(&mut self, condition: &Condition, span: Span) -> Option<BTreeSet<usize>> {
        let model = &self.looked.model;
        let mut tokens = BTreeSet::new();
        let mut seen: BTreeSet<NodeId> = BTreeSet::new();
        let mut waiting: Vec<NodeId> = Vec::new();
        for expr in &condition.exprs {
            let (node, index) = match expr {
                Expr::Element { node, index } => (node, index),
                Expr::Curve { node, .. } => {
                    waiting.push(*node);
                    waiting.extend(model.run_of(*node).into_iter().flat_map(|run| model.reads_of_run(run)));
                    continue;
                }
                Expr::End { dynamics, .. } => {
                    waiting.extend(model.reads_of_run(*dynamics));
                    continue;
                }
                _ => continue,
            };
            let fixed = index.iter().all(|index| matches!(index, Index::At(_)));
            let element = fixed.then(|| model.element(*node, index, |_| 0));
            match element.and_then(|element| self.looked.token(*node, element)) {
                Some(token) => drop(tokens.insert(token)),
                None => waiting.push(*node),
            }
        }
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let node = model.node(id);
            if node.role == Role::Latent && self.looked.token(id, 0).is_none() {
                let message = format!("this reads the latent `{}`, which is integrated out", node.name);
                let told = LATENT_ASKED.at(span, message).label(node.span, "declared here");
                self.told.push(told.help(format!("declare it as `param {}` to condition on it", node.name)));
                return None;
            }
            match self.looked.token(id, 0) {
                Some(_) => tokens.extend((0..model.elements(node)).filter_map(|k| self.looked.token(id, k))),
                None => waiting.extend(model.reads(id)),
            }
        }
        Some(tokens)
    }
}
