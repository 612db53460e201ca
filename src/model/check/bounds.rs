//! Conditions of a query that cannot hold together: bounds on one quantity between which nothing lies.

use super::codes::CONDITION;
use super::query::Asked;
use crate::{Binary, Condition, Expr, ExprId, Index, NodeId};
use sbi_syntax::{Diagnostic, Span};

/// What conditions bound.
#[derive(Clone, Debug, PartialEq)]
enum Quantity {
    Element(NodeId, Vec<Index>),
    /// A function of time, at a time.
    At(NodeId, Vec<Index>, f64),
}

/// That a quantity lies above or below a number.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    quantity: Quantity,
    above: bool,
    limit: f64,
    /// Whether the limit itself is allowed.
    closed: bool,
    span: Span,
}

impl Bound {
    /// How it is said: `above 20`.
    fn shown(&self) -> String {
        let side = match (self.above, self.closed) {
            (true, false) => "above",
            (true, true) => "at least",
            (false, false) => "below",
            (false, true) => "at most",
        };
        format!("{side} {}", self.limit)
    }

    /// Whether nothing lies above the one and below the other.
    fn excludes(&self, other: &Bound) -> bool {
        let (above, below) = if self.above { (self, other) } else { (other, self) };
        let empty =
            above.limit > below.limit || above.limit == below.limit && !(above.closed && below.closed);
        self.quantity == other.quantity && above.above && !below.above && empty
    }
}

impl Asked<'_, '_> {
    /// Says that a condition cannot hold together with one before it, or its parts together.
    pub(super) fn excluded(&mut self, condition: &Condition) -> Option<Diagnostic> {
        let mut bounds = Vec::new();
        collect(condition, condition.root, &mut bounds);
        let known: Vec<Bound> = std::mem::take(&mut self.bounds);
        let all: Vec<Bound> = known.into_iter().chain(bounds).collect();
        let mut pairs = all
            .iter()
            .enumerate()
            .flat_map(|(place, second)| all.iter().take(place).map(move |first| (first, second)));
        let found = pairs.find(|(first, second)| second.span == condition.span && first.excludes(second));
        let told = found.map(|(first, second)| {
            let name = self.shown_quantity(&first.quantity);
            let (one, two) = (first.shown(), second.shown());
            let message = format!("`{name}` cannot be both {one} and {two}");
            let told = CONDITION.at(condition.span, message);
            let told = match first.span == second.span {
                true => told,
                false => told.label(first.span, format!("`{name}` {one} here")),
            };
            told.help("remove one of them, or choose bounds with something between them")
        });
        self.bounds = all;
        told
    }

    fn shown_quantity(&self, quantity: &Quantity) -> String {
        let model = &self.looked.model;
        let (Quantity::Element(node, index) | Quantity::At(node, index, _)) = quantity;
        let places = index.iter().map(|index| match index {
            Index::Same(axis) => model.axis(*axis).name.clone(),
            Index::At(place) => (place + 1).to_string(),
        });
        let places: Vec<String> = places.collect();
        let index = if places.is_empty() { String::new() } else { format!("[{}]", places.join(", ")) };
        let time = match quantity {
            Quantity::At(.., time) => format!("({time})"),
            Quantity::Element(..) => String::new(),
        };
        format!("{}{index}{time}", model.node(*node).name)
    }
}

/// The bounds that a condition sets, all of which hold where it does.
fn collect(condition: &Condition, id: ExprId, bounds: &mut Vec<Bound>) {
    let expr = |id: ExprId| condition.exprs.get(id.0);
    let Some(Expr::Binary(function, left, right)) = expr(id) else { return };
    let (above, closed) = match function {
        Binary::And => {
            collect(condition, *left, bounds);
            collect(condition, *right, bounds);
            return;
        }
        Binary::Gt => (true, false),
        Binary::Ge => (true, true),
        Binary::Lt => (false, false),
        Binary::Le => (false, true),
        _ => return,
    };
    let (above, limit, quantity) = match (expr(*left), expr(*right)) {
        (Some(Expr::Number(limit)), _) => (!above, *limit, quantity(condition, *right)),
        (_, Some(Expr::Number(limit))) => (above, *limit, quantity(condition, *left)),
        _ => return,
    };
    bounds.extend(quantity.map(|quantity| Bound { quantity, above, limit, closed, span: condition.span }));
}

fn quantity(condition: &Condition, id: ExprId) -> Option<Quantity> {
    let expr = |id: ExprId| condition.exprs.get(id.0);
    match expr(id)? {
        Expr::Element { node, index } => Some(Quantity::Element(*node, index.clone())),
        Expr::At(curve, time) => match (expr(*curve)?, expr(*time)?) {
            (Expr::Curve { node, index }, Expr::Number(time)) => {
                Some(Quantity::At(*node, index.clone(), *time))
            }
            _ => None,
        },
        _ => None,
    }
}
