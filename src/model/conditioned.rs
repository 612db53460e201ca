//! What a query's conditions come to as numbers: whether they hold, and how far from it a draw is.

use crate::{Binary, Condition, Definition, Expr, ExprId, Model, Node, NodeId, Role, Unary};

/// A model with its conditions among its nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditioned {
    /// The model, with nodes behind its own.
    pub model: Model,
    /// For each condition the node that is 1 where it holds, else 0.
    pub truths: Vec<NodeId>,
    /// Nodes of numbers that are at least zero where a comparison holds, but for the ends of intervals.
    pub margins: Vec<NodeId>,
    /// How the comparisons make up the conditions.
    pub whole: Margin,
}

/// What has to be at least zero for conditions to hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Margin {
    /// One of [`Conditioned::margins`], by its number.
    Of(usize),
    /// All of these.
    All(Vec<Margin>),
    /// Any of these.
    Any(Vec<Margin>),
}

impl Model {
    /// This model with nodes for conditions that read it.
    ///
    /// A comparison has the difference of its sides as its margin; other truths are half a unit from where they turn.
    pub fn with_conditions(&self, conditions: &[Condition]) -> Conditioned {
        let whole = Margin::All(Vec::new());
        let mut made = Conditioned { model: self.clone(), truths: Vec::new(), margins: Vec::new(), whole };
        let mut all = Vec::new();
        for condition in conditions {
            let first = made.model.add_exprs(&condition.exprs);
            let root = ExprId(condition.root.0 + first);
            let truth = made.node(root, condition);
            made.truths.push(truth);
            all.push(made.margin(root, true, condition));
        }
        made.whole = Margin::All(all);
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

    /// The margin of an expression, or of its negation.
    fn margin(&mut self, id: ExprId, holds: bool, of: &Condition) -> Margin {
        let margin = match *self.model.expr(id) {
            Expr::Unary(Unary::Not, operand) => return self.margin(operand, !holds, of),
            Expr::Binary(word @ (Binary::And | Binary::Or), left, right) => {
                let sides = [left, right].map(|side| self.margin(side, holds, of)).into();
                // Not both is one or the other not.
                return if (word == Binary::And) == holds { Margin::All(sides) } else { Margin::Any(sides) };
            }
            Expr::Binary(Binary::Lt | Binary::Le, less, more) => self.difference(less, more, holds),
            Expr::Binary(Binary::Gt | Binary::Ge, more, less) => self.difference(less, more, holds),
            Expr::Binary(equal @ (Binary::Eq | Binary::Ne), left, right) => {
                let apart = self.push(Expr::Binary(Binary::Sub, left, right));
                let apart = self.push(Expr::Unary(Unary::Abs, apart));
                let wants_equal = (equal == Binary::Eq) == holds;
                if wants_equal { self.push(Expr::Unary(Unary::Neg, apart)) } else { apart }
            }
            _ => {
                let half = self.push(Expr::Number(0.5));
                self.difference(half, id, holds)
            }
        };
        let node = self.node(margin, of);
        self.margins.push(node);
        Margin::Of(self.margins.len() - 1)
    }

    /// `more - less`, or the other way round where that is not to hold.
    fn difference(&mut self, less: ExprId, more: ExprId, holds: bool) -> ExprId {
        let (more, less) = if holds { (more, less) } else { (less, more) };
        self.push(Expr::Binary(Binary::Sub, more, less))
    }
}
