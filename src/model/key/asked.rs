//! What a query asks beyond the states of tokens.

use super::{Form, Normal};
use crate::{Beyond, ChangedPrior, Condition, DataSet, Expr, ExprId, Model, Placed, Query};
use blake3::Hash;

/// What a query asks beyond the states of tokens: where it places axes, what draws satisfy, under which priors, and further data sets.
pub(super) fn asked(model: &Model, query: &Query) -> Hash {
    let mut form = Form::part("asked");
    let mut normal = Normal::of(model);
    let mut placed: Vec<(u64, &Placed)> =
        query.placed.iter().map(|placed| (normal.axis(placed.axis), placed)).collect();
    placed.sort_by_key(|(axis, _)| *axis);
    form.number(placed.len() as u64);
    for (axis, Placed { at, .. }) in placed {
        form.number(axis).number(at.len() as u64);
        at.iter().fold(&mut form, |form, place| form.number(place.to_bits()));
    }
    let mut conditions: Vec<Hash> =
        query.conditions.iter().map(|condition| normal.condition(condition)).collect();
    // All of them hold: their order says nothing.
    conditions.sort_by_key(|hash| *hash.as_bytes());
    form.number(conditions.len() as u64);
    conditions.into_iter().fold(&mut form, Form::hash);
    form.number(query.computed.len() as u64);
    query.computed.iter().fold(&mut form, |form, id| form.text(&model.node(*id).name));
    form.number(query.beyond.len() as u64);
    for Beyond { node, places, after } in &query.beyond {
        form.text(&model.node(*node).name).number(*after as u64).number(places.len() as u64);
        places.iter().fold(&mut form, |form, place| form.number(*place as u64));
    }
    form.number(query.sets.len() as u64);
    for DataSet { name, given } in &query.sets {
        let mut given = given.clone();
        given.sort_by_key(|(token, _)| *token);
        form.text(name).number(given.len() as u64);
        for (token, value) in given {
            form.number(token as u64).number(value.to_bits());
        }
    }
    let mut priors: Vec<Hash> = query.priors.iter().map(|prior| changed(model, prior)).collect();
    priors.sort_by_key(|hash| *hash.as_bytes());
    priors.into_iter().fold(&mut form, Form::hash);
    form.finish()
}

/// The digest of a changed prior: the parameter with it in the model.
fn changed(model: &Model, prior: &ChangedPrior) -> Hash {
    let changed = model.with_prior(prior);
    Normal::of(&changed).node(prior.node)
}

impl Normal<'_> {
    /// The digest of a condition, which has expressions of its own that read nodes of the model.
    fn condition(&mut self, condition: &Condition) -> Hash {
        let mut form = Form::part("condition");
        let before = self.axes.clone();
        for expr in &condition.exprs {
            if let Expr::Reduce { axis, .. } | Expr::Coordinate(axis) = expr {
                let next = self.axes.len() as u64;
                self.axes.entry(*axis).or_insert(next);
                form.axis(&self.model.axis(*axis).kind);
            }
        }
        let mut digested: Vec<Hash> = Vec::with_capacity(condition.exprs.len());
        for expr in &condition.exprs {
            let operand = |id: ExprId| *digested.get(id.0).expect("operands come before what uses them");
            let hash = self.expr(expr, operand);
            digested.push(hash);
        }
        // Axes that only a condition reads are numbered anew in each.
        self.axes = before;
        form.hash(*digested.get(condition.root.0).expect("a condition has its root"));
        form.finish()
    }
}
