//! Between what the values of expressions lie, from what is drawn and how it is computed.

use super::model::Looked;
use crate::{
    Binary, Definition, Draw, Expr, ExprId, Family, Index, Kind, Model, NodeId, Reducer, Role, Solver,
    Support, Unary,
};

/// How many expressions are followed before nothing is said.
const STEPS: usize = 500;

/// Between what the values of an expression lie; of a condition 0 where it may be false, and 1 where it may be true.
pub(super) type Ends = Support;

/// What is only known to be a number, and what is only known to be a condition.
pub(super) const NUMBER: Ends = Support::REAL;
const EITHER: Ends = Ends { low: 0.0, high: 1.0, whole: true };
pub(super) const NEVER: Ends = Ends { low: 0.0, high: 0.0, whole: true };
pub(super) const ALWAYS: Ends = Ends { low: 1.0, high: 1.0, whole: true };

/// Where the values of an expression lie, from where those of its operands do; `element` says it of nodes.
pub(super) fn ends(
    model: &Model,
    expr: &Expr,
    of: &mut dyn FnMut(ExprId) -> Ends,
    element: &mut dyn FnMut(NodeId, &[Index]) -> Ends,
) -> Ends {
    match expr {
        Expr::Number(value) => point(*value),
        Expr::Element { node, index } => element(*node, index),
        Expr::Curve { node, .. } => curve(model, *node),
        Expr::At(curve, _) => of(*curve),
        Expr::End { dynamics, .. } => match model.dynamics.get(*dynamics) {
            Some(run) => real(run.over[0], run.over[1]),
            None => NUMBER,
        },
        Expr::Crossings(..) => Ends { low: 0.0, high: f64::INFINITY, whole: true },
        Expr::Unary(function, operand) => one(*function, of(*operand)),
        Expr::Binary(function, left, right) => two(*function, of(*left), of(*right)),
        Expr::Select { yes, no, .. } => {
            let (yes, no) = (of(*yes), of(*no));
            Ends { low: yes.low.min(no.low), high: yes.high.max(no.high), whole: yes.whole && no.whole }
        }
        Expr::Reduce { reducer: Reducer::Max | Reducer::Min, body, .. } => of(*body),
        Expr::Reduce { reducer: Reducer::Count, axis, .. } => {
            Ends { low: 0.0, high: model.axis(*axis).size() as f64, whole: true }
        }
        _ => NUMBER,
    }
}

/// Where the values of a function of time lie: of one that is drawn, by how it is drawn.
pub(super) fn curve(model: &Model, node: NodeId) -> Ends {
    match &model.node(node).definition {
        Definition::Draw(draw) if model.node(node).role == Role::Param => Walk::of(model).drawn(draw),
        _ => NUMBER,
    }
}

impl Looked<'_> {
    /// Between what the values of a node lie that is computed from others.
    pub(super) fn reached(&self, node: NodeId) -> Ends {
        Walk::of(&self.model).node(node)
    }

    /// Whether a node is computed from others.
    pub(super) fn is_computed(&self, node: NodeId) -> bool {
        matches!(self.model.node(node).definition, Definition::Equals(_))
    }

    /// Whether a node has a density, so that it never has one exact value.
    pub(super) fn is_continuous(&self, node: NodeId) -> bool {
        Walk::of(&self.model).is_continuous(node)
    }
}

/// Follows what is computed to what is drawn.
struct Walk<'m> {
    model: &'m Model,
    steps: usize,
    /// Whether states are what they start as.
    at_start: bool,
}

/// Whether a condition on states holds in every draw as they start.
pub(super) fn holds_at_start(model: &Model, condition: ExprId) -> bool {
    Walk { at_start: true, ..Walk::of(model) }.expr(condition) == ALWAYS
}

impl<'m> Walk<'m> {
    fn of(model: &'m Model) -> Walk<'m> {
        Walk { model, steps: 0, at_start: false }
    }

    fn node(&mut self, id: NodeId) -> Ends {
        let node = self.model.node(id);
        match &node.definition {
            Definition::Equals(value) if self.at_start && node.role == Role::State => self.expr(*value),
            _ if matches!(node.role, Role::State | Role::Noise) || node.curve => NUMBER,
            Definition::Equals(value) => self.expr(*value),
            Definition::Draw(draw) => self.drawn(draw),
            Definition::Table(values) => Ends {
                low: values.iter().copied().fold(f64::INFINITY, f64::min),
                high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                whole: values.iter().all(|value| value.fract() == 0.0),
            },
            _ => NUMBER,
        }
    }

    /// What a draw can be, as far as its arguments are numbers.
    fn drawn(&mut self, draw: &Draw) -> Ends {
        let numbers: Vec<(ExprId, Ends)> = draw.exprs().map(|expr| (expr, self.expr(expr))).collect();
        draw.support(&|expr| {
            let (_, ends) = numbers.iter().find(|(known, _)| *known == expr)?;
            (ends.low == ends.high).then_some(ends.low)
        })
    }

    fn expr(&mut self, id: ExprId) -> Ends {
        self.steps += 1;
        if self.steps > STEPS {
            return NUMBER;
        }
        let expr = self.model.expr(id);
        if let Expr::Element { node, .. } = expr {
            return self.node(*node);
        }
        if let Some(ends) = self.share(expr) {
            return ends;
        }
        let operands: Vec<(ExprId, Ends)> =
            expr.operands().map(|operand| (operand, self.expr(operand))).collect();
        let known =
            |id: ExprId| operands.iter().find(|(known, _)| *known == id).map_or(NUMBER, |(_, ends)| *ends);
        ends(self.model, expr, &mut { known }, &mut |_, _| NUMBER)
    }

    /// A comparison of a state that starts as a share of something with that: `x >= bound` where `init x = bias * bound`.
    fn share(&mut self, expr: &Expr) -> Option<Ends> {
        let Expr::Binary(function, left, right) = expr else { return None };
        let Expr::Element { node, .. } = self.model.expr(*left) else { return None };
        let state = self.model.node(*node);
        let Definition::Equals(start) = &state.definition else { return None };
        let Expr::Binary(Binary::Mul, a, b) = self.model.expr(*start) else { return None };
        let whole = self.model.expr(*right);
        let drawn = matches!(whole, Expr::Element { .. });
        let starts = self.at_start && state.role == Role::State && drawn;
        let share = match starts {
            true if self.model.expr(*b) == whole => *a,
            true if self.model.expr(*a) == whole => *b,
            _ => return None,
        };
        let share = self.expr(share);
        (self.expr(*right).low >= 0.0).then(|| two(*function, share, point(1.0)))
    }

    fn is_continuous(&mut self, id: NodeId) -> bool {
        match &self.model.node(id).definition {
            Definition::Equals(value) => self.has_density(*value),
            // A mixture may have single values in it.
            Definition::Draw(draw) => draw.kind() == Kind::Real && draw.family != Family::Mixture,
            _ => false,
        }
    }

    /// Whether an expression is one real draw, or the state of a dynamics in continuous time, up to constants.
    fn has_density(&mut self, id: ExprId) -> bool {
        self.steps += 1;
        if self.steps > STEPS {
            return false;
        }
        match *self.model.expr(id) {
            Expr::Element { node, .. } => self.is_continuous(node),
            Expr::At(curve, _) => self.moves(curve),
            Expr::Unary(Unary::Neg | Unary::Exp | Unary::Log, operand) => self.has_density(operand),
            Expr::Binary(Binary::Add | Binary::Sub | Binary::Mul | Binary::Div, left, right) => {
                let (x, y) = (self.expr(left), self.expr(right));
                let known = |ends: Ends| ends.low == ends.high && ends.low != 0.0;
                known(x) && self.has_density(right) || known(y) && self.has_density(left)
            }
            _ => false,
        }
    }

    /// Whether a curve is a state that changes all the time, and that nothing sets or holds.
    fn moves(&self, curve: ExprId) -> bool {
        let Expr::Curve { node, .. } = self.model.expr(curve) else { return false };
        let run = self.model.run_of(*node).and_then(|run| self.model.dynamics.get(run));
        let jumps = |solver: Solver| {
            matches!(solver, Solver::Steps { .. } | Solver::Gillespie { .. } | Solver::TauLeap { .. })
        };
        let smooth =
            run.is_some_and(|run| run.stops.is_empty() && run.events.is_empty() && !jumps(run.solver));
        smooth && self.model.node(*node).role == Role::State
    }
}

/// A number; what has been refused is none.
fn point(value: f64) -> Ends {
    if value.is_nan() {
        return NUMBER;
    }
    Ends { low: value, high: value, whole: value.fract() == 0.0 }
}

fn real(low: f64, high: f64) -> Ends {
    Ends { low, high, whole: false }
}

fn one(function: Unary, x: Ends) -> Ends {
    match function {
        Unary::Neg => Ends { low: -x.high, high: -x.low, ..x },
        Unary::Not => Ends { low: 1.0 - x.high.min(1.0), high: 1.0 - x.low.max(0.0), whole: true },
        Unary::Exp => real(x.low.exp(), x.high.exp()),
        Unary::Abs => Ends { low: x.low.max(-x.high).max(0.0), high: x.high.max(-x.low), ..x },
        Unary::Sqrt => real(x.low.max(0.0).sqrt(), x.high.max(0.0).sqrt()),
        Unary::Logistic => real(0.0, 1.0),
        Unary::Floor | Unary::Ceil | Unary::Round => {
            Ends { low: x.low.floor(), high: x.high.ceil(), whole: true }
        }
        _ => NUMBER,
    }
}

fn two(function: Binary, x: Ends, y: Ends) -> Ends {
    let whole = x.whole && y.whole;
    let holds = |never: bool, always: bool| match (never, always) {
        (true, _) => NEVER,
        (_, true) => ALWAYS,
        _ => EITHER,
    };
    let ends = match function {
        Binary::Add => Ends { low: x.low + y.low, high: x.high + y.high, whole },
        Binary::Sub => Ends { low: x.low - y.high, high: x.high - y.low, whole },
        Binary::Mul => {
            let all = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
            // Nothing times infinity is not known.
            if all.iter().any(|end| end.is_nan()) {
                return NUMBER;
            }
            Ends {
                low: all.into_iter().fold(f64::INFINITY, f64::min),
                high: all.into_iter().fold(f64::NEG_INFINITY, f64::max),
                whole,
            }
        }
        Binary::Min => Ends { low: x.low.min(y.low), high: x.high.min(y.high), whole },
        Binary::Max => Ends { low: x.low.max(y.low), high: x.high.max(y.high), whole },
        Binary::Lt => holds(x.low >= y.high, x.high < y.low),
        Binary::Le => holds(x.low > y.high, x.high <= y.low),
        Binary::Gt => holds(x.high <= y.low, x.low > y.high),
        Binary::Ge => holds(x.high < y.low, x.low >= y.high),
        Binary::Eq => holds(x.high < y.low || x.low > y.high, false),
        Binary::Ne => EITHER,
        Binary::And => holds(x == NEVER || y == NEVER, x == ALWAYS && y == ALWAYS),
        Binary::Or => holds(x == NEVER && y == NEVER, x == ALWAYS || y == ALWAYS),
        Binary::Div | Binary::Pow => NUMBER,
    };
    if ends.low.is_nan() || ends.high.is_nan() { NUMBER } else { ends }
}
