//! Whether a condition of a query can hold at all, by where its quantities lie.

use super::codes::CONDITION;
use super::ends::{ALWAYS, Ends, NEVER, NUMBER, curve, ends};
use super::query::Asked;
use crate::{Binary, Condition, Expr, ExprId, Index, NodeId, State};
use sbi_syntax::Diagnostic;

impl Asked<'_, '_> {
    /// Says that a condition never holds, or always.
    pub(super) fn impossible(&self, condition: &Condition) -> Option<Diagnostic> {
        if let Some(told) = self.exact(condition, condition.root) {
            return Some(told);
        }
        let mut known: Vec<Ends> = Vec::with_capacity(condition.exprs.len());
        for expr in &condition.exprs {
            let mut of = |id: ExprId| known.get(id.0).copied().unwrap_or(NUMBER);
            let found = ends(&self.looked.model, expr, &mut of, &mut |node, index| self.lies(node, index));
            known.push(found);
        }
        let holds = match known.get(condition.root.0) {
            Some(&NEVER) => "never",
            Some(&ALWAYS) => "always",
            _ => return None,
        };
        let told = |message: String| CONDITION.at(condition.span, message);
        let bounded = condition.exprs.iter().find_map(|expr| match expr {
            Expr::Element { node, index } => Some((self.drawn(*node, index)?, self.lies(*node, index))),
            Expr::Curve { node, .. } => {
                Some((self.looked.model.node(*node).name.as_str(), curve(&self.looked.model, *node)))
            }
            _ => None,
        });
        let or = if holds == "never" { "make the prior wider" } else { "leave it out" };
        Some(match bounded {
            Some((name, Ends { low, high, .. })) if low.is_finite() && high.is_finite() => {
                told(format!("`{name}` lies between {low} and {high}, and this {holds} holds"))
                    .help(format!("choose bounds between {low} and {high}, or {or}"))
            }
            Some((name, Ends { low, .. })) if low.is_finite() => {
                told(format!("`{name}` lies above {low}, and this {holds} holds"))
                    .help(format!("choose bounds above {low}"))
            }
            _ if holds == "never" => told("no draw satisfies this".to_owned())
                .help("choose bounds that the quantities reach, or leave it out"),
            _ => told("every draw satisfies this".to_owned()).help("choose narrower bounds, or leave it out"),
        })
    }

    /// Where the values of an element lie.
    fn lies(&self, node: NodeId, index: &[Index]) -> Ends {
        let Some(token) = self.token_at(node, index) else { return self.looked.reached(node) };
        match (self.states.get(token), self.graph.tokens.get(token)) {
            (Some(State::Given(value)), _) => Ends { low: *value, high: *value, whole: value.fract() == 0.0 },
            (_, Some(_)) if self.looked.is_computed(node) => self.looked.reached(node),
            (_, Some(token)) => token.support,
            _ => NUMBER,
        }
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
        let name = self.drawn(*node, index).filter(|_| self.looked.is_continuous(*node))?;
        let near = |shift: f64| ((value + shift) * 1e9).round() / 1e9;
        let message = format!("`{name}` is a real number: it is never {value} exactly");
        let help = format!(
            "write an interval, `where {name} in {} .. {}`, or know it: `given {name} = {value}`",
            near(-0.01),
            near(0.01)
        );
        Some(CONDITION.at(condition.span, message).help(help))
    }

    /// The name of a token that is not given.
    fn drawn(&self, id: NodeId, index: &[Index]) -> Option<&str> {
        let token = self.token_at(id, index)?;
        let given = matches!(self.states.get(token), Some(State::Given(_)));
        let name = self.graph.tokens.get(token)?.name.as_str();
        (!given).then_some(name)
    }

    fn token_at(&self, id: NodeId, index: &[Index]) -> Option<usize> {
        let fixed = index.iter().all(|index| matches!(index, Index::At(_)));
        fixed.then(|| self.looked.model.element(id, index, |_| 0)).and_then(|e| self.looked.token(id, e))
    }
}
