//! Bounds on states: the `stop when`s that are corrected for what a path does between its steps.

use crate::{Binary, Dynamics, Expr, ExprId, Index, Model, NodeId, Role};

/// A bound on a state: `x <= 0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound<'m> {
    /// The state.
    pub state: NodeId,
    /// Which of its elements.
    pub index: &'m [Index],
    /// What it is compared with.
    pub at: ExprId,
    /// Whether the run stops above it.
    pub above: bool,
}

impl Dynamics {
    /// Its conditions to stop as bounds on states, in the order written, if they are nothing else: `x <= 0 or x >= bound`.
    pub fn bounds<'m>(&self, model: &'m Model) -> Option<Vec<Bound<'m>>> {
        let mut bounds = Vec::new();
        let mut open: Vec<ExprId> = self.stops.iter().rev().copied().collect();
        while let Some(id) = open.pop() {
            let Expr::Binary(op, left, right) = *model.expr(id) else { return None };
            let above = match op {
                Binary::Or => {
                    open.extend([right, left]);
                    continue;
                }
                Binary::Ge | Binary::Gt => true,
                Binary::Le | Binary::Lt => false,
                _ => return None,
            };
            let state = |expr: ExprId| match model.expr(expr) {
                Expr::Element { node, index } if self.has_state(model, *node) => {
                    Some((*node, index.as_slice()))
                }
                _ => None,
            };
            bounds.push(match (state(left), state(right)) {
                (Some((state, index)), _) => Bound { state, index, at: right, above },
                (None, Some((state, index))) => Bound { state, index, at: left, above: !above },
                (None, None) => return None,
            });
        }
        Some(bounds)
    }

    fn has_state(&self, model: &Model, node: NodeId) -> bool {
        self.members.contains(&node) && model.node(node).role == Role::State
    }
}
