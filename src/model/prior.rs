//! Another prior than the model's, under which a query asks.

use crate::{Definition, Draw, Expr, Model, NodeId, Support, order};
use sbi_syntax::Span;

/// Another prior than the model's: `param theta ~ normal(0.3, 0.1)` in a query. The rest of the model stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedPrior {
    /// The parameter: real numbers, each drawn by itself from a law with known arguments.
    pub node: NodeId,
    /// The expressions of the arguments, in which operands come before what uses them.
    pub exprs: Vec<Expr>,
    /// The law in place of the model's, on these expressions. Nothing that is drawn enters.
    pub draw: Draw,
    /// For each element of the parameter where both laws have values.
    pub supports: Vec<Support>,
    /// Where it stands.
    pub span: Span,
}

impl Model {
    /// This model with another prior for a parameter.
    pub fn with_prior(&self, changed: &ChangedPrior) -> Model {
        let mut model = self.clone();
        let first = model.add_exprs(&changed.exprs);
        let mut draw = changed.draw.clone();
        draw.exprs_mut().for_each(|expr| expr.0 += first);
        if let Some(node) = model.nodes.get_mut(changed.node.0) {
            node.definition = Definition::Draw(draw);
        }
        let reads: Vec<Vec<usize>> = model
            .numbered()
            .map(|(id, _)| model.reads(id).into_iter().map(|node| node.0).collect())
            .collect();
        let sorted =
            order::order(&reads, &model.ranks()).expect("a changed prior reads nothing that is drawn");
        model.order = sorted.into_iter().map(NodeId).collect();
        model
    }

    /// Adds expressions behind its own; the number of the first.
    pub(crate) fn add_exprs(&mut self, exprs: &[Expr]) -> usize {
        let first = self.exprs.len();
        for mut expr in exprs.iter().cloned() {
            expr.operands_mut().for_each(|operand| operand.0 += first);
            self.exprs.push(expr);
        }
        first
    }
}
