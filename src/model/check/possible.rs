//! Whether a condition of a query can hold at all, by where its quantities lie.

use super::codes::CONDITION;
use super::query::Asked;
use crate::{Binary, Condition, Definition, Expr, ExprId, Family, Index, Kind, NodeId, State, Unary};
use sbi_syntax::Diagnostic;

/// Between what the values of an expression lie; of a condition 0 where it may be false, and 1 where it may be true.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ends {
    low: f64,
    high: f64,
}

/// What is only known to be a number, and what is only known to be a condition.
const NUMBER: Ends = Ends { low: f64::NEG_INFINITY, high: f64::INFINITY };
const EITHER: Ends = Ends { low: 0.0, high: 1.0 };
const NEVER: Ends = Ends { low: 0.0, high: 0.0 };

impl Asked<'_, '_> {
    /// Says that a condition never holds.
    pub(super) fn impossible(&self, condition: &Condition) -> Option<Diagnostic> {
        self.exact(condition, condition.root).or_else(|| {
            let mut ends: Vec<Ends> = Vec::with_capacity(condition.exprs.len());
            for expr in &condition.exprs {
                let found = self.ends(expr, &ends);
                ends.push(found);
            }
            let of = |id: ExprId| ends.get(id.0).copied().unwrap_or(NUMBER);
            if of(condition.root) != NEVER {
                return None;
            }
            let told = |message: String| CONDITION.at(condition.span, message);
            let bounded = condition.exprs.iter().find_map(|expr| match expr {
                Expr::Element { node, index } => {
                    let name = self.drawn(*node, index)?.0;
                    Some((name, self.ends(expr, &[])))
                }
                _ => None,
            });
            Some(match bounded {
                Some((name, Ends { low, high })) if low.is_finite() && high.is_finite() => {
                    told(format!("`{name}` lies between {low} and {high}, and this never holds"))
                        .help(format!("choose bounds between {low} and {high}, or make the prior wider"))
                }
                Some((name, Ends { low, .. })) if low.is_finite() => {
                    told(format!("`{name}` lies above {low}, and this never holds"))
                        .help(format!("choose bounds above {low}"))
                }
                _ => told("no draw satisfies this".to_owned())
                    .help("choose bounds that the quantities reach, or leave it out"),
            })
        })
    }

    /// Says that a real draw is to have one exact value, which happens never.
    fn exact(&self, condition: &Condition, id: ExprId) -> Option<Diagnostic> {
        let expr = |id: ExprId| condition.exprs.get(id.0);
        let (left, right) = match expr(id)? {
            Expr::Binary(Binary::And, left, right) => {
                return self.exact(condition, *left).or_else(|| self.exact(condition, *right));
            }
            Expr::Binary(Binary::Eq, left, right) => (expr(*left)?, expr(*right)?),
            _ => return None,
        };
        let ((Expr::Element { node, index }, Expr::Number(value))
        | (Expr::Number(value), Expr::Element { node, index })) = (left, right)
        else {
            return None;
        };
        let (name, draw) = self.drawn(*node, index)?;
        // A mixture may have single values in it.
        if draw.kind() != Kind::Real || draw.family == Family::Mixture {
            return None;
        }
        let near = |shift: f64| ((value + shift) * 1e9).round() / 1e9;
        let message = format!("`{name}` is a real number: it is never {value} exactly");
        let help = format!(
            "write an interval, `where {name} in {} .. {}`, or know it: `given {name} = {value}`",
            near(-0.01),
            near(0.01)
        );
        Some(CONDITION.at(condition.span, message).help(help))
    }

    /// The name and the draw of a token that is drawn and not given.
    fn drawn(&self, id: NodeId, index: &[Index]) -> Option<(&str, &crate::Draw)> {
        let token = self.token_at(id, index)?;
        let Definition::Draw(draw) = &self.looked.model.node(id).definition else { return None };
        let given = matches!(self.states.get(token), Some(State::Given(_)));
        let name = self.graph.tokens.get(token)?.name.as_str();
        (!given).then_some((name, draw))
    }

    fn token_at(&self, id: NodeId, index: &[Index]) -> Option<usize> {
        let fixed = index.iter().all(|index| matches!(index, Index::At(_)));
        fixed.then(|| self.looked.model.element(id, index, |_| 0)).and_then(|e| self.looked.token(id, e))
    }

    /// Where the values of an expression lie, from where those of its operands do.
    fn ends(&self, expr: &Expr, known: &[Ends]) -> Ends {
        let of = |id: &ExprId| known.get(id.0).copied().unwrap_or(NUMBER);
        match expr {
            Expr::Number(value) => Ends { low: *value, high: *value },
            Expr::Element { node, index } => {
                let Some(token) = self.token_at(*node, index) else { return NUMBER };
                match (self.states.get(token), self.graph.tokens.get(token)) {
                    (Some(State::Given(value)), _) => Ends { low: *value, high: *value },
                    (_, Some(token)) => Ends { low: token.support.low, high: token.support.high },
                    _ => NUMBER,
                }
            }
            Expr::Unary(function, operand) => one(*function, of(operand)),
            Expr::Binary(function, left, right) => two(*function, of(left), of(right)),
            Expr::Select { yes, no, .. } => {
                let (yes, no) = (of(yes), of(no));
                Ends { low: yes.low.min(no.low), high: yes.high.max(no.high) }
            }
            _ => NUMBER,
        }
    }
}

fn one(function: Unary, x: Ends) -> Ends {
    match function {
        Unary::Neg => Ends { low: -x.high, high: -x.low },
        Unary::Not => Ends { low: 1.0 - x.high.min(1.0), high: 1.0 - x.low.max(0.0) },
        Unary::Exp => Ends { low: x.low.exp(), high: x.high.exp() },
        Unary::Abs => Ends { low: x.low.max(-x.high).max(0.0), high: x.high.max(-x.low) },
        _ => NUMBER,
    }
}

fn two(function: Binary, x: Ends, y: Ends) -> Ends {
    let unless = |never: bool| if never { NEVER } else { EITHER };
    let ends = match function {
        Binary::Add => Ends { low: x.low + y.low, high: x.high + y.high },
        Binary::Sub => Ends { low: x.low - y.high, high: x.high - y.low },
        Binary::Mul => {
            let all = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
            // Nothing times infinity is not known.
            if all.iter().any(|end| end.is_nan()) {
                return NUMBER;
            }
            Ends {
                low: all.into_iter().fold(f64::INFINITY, f64::min),
                high: all.into_iter().fold(f64::NEG_INFINITY, f64::max),
            }
        }
        Binary::Lt => unless(x.low >= y.high),
        Binary::Le => unless(x.low > y.high),
        Binary::Gt => unless(x.high <= y.low),
        Binary::Ge => unless(x.high < y.low),
        Binary::Eq => unless(x.high < y.low || x.low > y.high),
        Binary::Ne => EITHER,
        Binary::And => unless(x == NEVER || y == NEVER),
        Binary::Or => unless(x == NEVER && y == NEVER),
        Binary::Div | Binary::Pow | Binary::Min | Binary::Max => NUMBER,
    };
    if ends.low.is_nan() || ends.high.is_nan() { NUMBER } else { ends }
}
