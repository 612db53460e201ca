//! What a query's conditions come to as numbers: whether they hold, and how far from it a draw is.

use crate::{Binary, Condition, Definition, Expr, ExprId, Model, Node, NodeId, Role, Unary};

/// A model with its conditions among its nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditioned {
    /// The model, with nodes behind its own.
    pub model: Model,
    /// For each condition the node that is 1 where it holds, else 0.
    pub truths: Vec<NodeId>,
    /// Nodes that are all at least zero where all conditions hold, but for the ends of intervals.
    pub margins: Vec<NodeId>,
}

impl Model {
    /// This model with nodes for conditions that read it.
    ///
    /// A comparison has the difference of its sides as its margin, `and` has those of both sides, `or` the greater of the
    /// least margins of each side; other truths are half a unit from where they turn.
    pub fn with_conditions(&self, conditions: &[Condition]) -> Conditioned {
        let mut made = Conditioned { model: self.clone(), truths: Vec::new(), margins: Vec::new() };
        for condition in conditions {
            let first = made.model.exprs.len();
            for mut expr in condition.exprs.iter().cloned() {
                expr.operands_mut().for_each(|operand| operand.0 += first);
                made.model.exprs.push(expr);
            }
            let root = ExprId(condition.root.0 + first);
            let truth = made.node(root, condition);
            made.truths.push(truth);
            for margin in made.margins_of(root, true) {
                let margin = made.node(margin, condition);
                made.margins.push(margin);
            }
        }
        made
    }
}

impl Conditioned {
    fn push(&mut self, expr: Expr) -> ExprId {
        self.model.exprs.push(expr);
        ExprId(self.model.exprs.len() - 1)
    }

    fn node(&mut self, expr: ExprId, condition: &Condition) -> NodeId {
        let id = NodeId(self.model.nodes.len());
        self.model.nodes.push(Node {
            // No name of a file has this sign.
            name: format!("where@{}", id.0),
            role: Role::Let,
            axes: Vec::new(),
            curve: false,
            definition: Definition::Equals(expr),
            unit: None,
            reduced: None,
            doc: None,
            span: condition.span,
        });
        self.model.order.push(id);
        id
    }

    /// The margins of an expression, or of its negation.
    fn margins_of(&mut self, id: ExprId, holds: bool) -> Vec<ExprId> {
        match *self.model.expr(id) {
            Expr::Unary(Unary::Not, operand) => self.margins_of(operand, !holds),
            Expr::Binary(Binary::And, left, right) if holds => self.both(left, right, holds),
            Expr::Binary(Binary::Or, left, right) if !holds => self.both(left, right, holds),
            Expr::Binary(Binary::And | Binary::Or, left, right) => {
                let [left, right] = [left, right].map(|side| {
                    let margins = self.margins_of(side, holds);
                    margins.into_iter().reduce(|a, b| self.push(Expr::Binary(Binary::Min, a, b)))
                });
                let sides = left.into_iter().chain(right);
                sides.reduce(|a, b| self.push(Expr::Binary(Binary::Max, a, b))).into_iter().collect()
            }
            Expr::Binary(Binary::Lt | Binary::Le, less, more) => vec![self.difference(less, more, holds)],
            Expr::Binary(Binary::Gt | Binary::Ge, more, less) => vec![self.difference(less, more, holds)],
            Expr::Binary(equal @ (Binary::Eq | Binary::Ne), left, right) => {
                let apart = self.push(Expr::Binary(Binary::Sub, left, right));
                let apart = self.push(Expr::Unary(Unary::Abs, apart));
                let wants_equal = (equal == Binary::Eq) == holds;
                vec![if wants_equal { self.push(Expr::Unary(Unary::Neg, apart)) } else { apart }]
            }
            _ => {
                let half = self.push(Expr::Number(0.5));
                vec![self.difference(half, id, holds)]
            }
        }
    }

    fn both(&mut self, left: ExprId, right: ExprId, holds: bool) -> Vec<ExprId> {
        let mut margins = self.margins_of(left, holds);
        margins.extend(self.margins_of(right, holds));
        margins
    }

    /// `more - less`, or the other way round where that is not to hold.
    fn difference(&mut self, less: ExprId, more: ExprId, holds: bool) -> ExprId {
        let (more, less) = if holds { (more, less) } else { (less, more) };
        self.push(Expr::Binary(Binary::Sub, more, less))
    }
}
