//! What to write where a state of a dynamics is read without its time, or with the time in the wrong place.

use super::codes::{NOT_A_NUMBER, UNKNOWN_MEMBER};
use super::expr::Scope;
use super::model::Builder;
use super::shown::{shown, shown_or_dots};
use super::value::Value;
use crate::{NodeId, Role};
use sbi_syntax::tree::{self, ExprKind, UnaryOperator};
use sbi_syntax::{Diagnostic, Span};

impl<'t> Builder<'t> {
    /// Says that a function of time stands where a number is expected.
    pub(super) fn not_at_a_time(&mut self, expr: &tree::Expr, scope: &Scope<'t>) -> Value {
        let told = NOT_A_NUMBER.at(expr.span, "a function of time stands where a number is expected");
        let bound = scope.bound.iter().filter_map(|id| self.axes.get(id.0));
        let time = match self.here().dynamics {
            Some(_) => "t",
            None => {
                bound.chain(&self.axes).find(|axis| axis.is_time()).map_or("5", |axis| axis.name.as_str())
            }
        };
        let help = format!("say when: `{}({time})`", shown_or_dots(expr));
        self.told.push(told.help(help));
        self.refused_value()
    }

    /// How a function of time over these axes is read, where the index has more or fewer entries: the others are times.
    pub(super) fn at_which_time(
        &self,
        id: NodeId,
        name: &str,
        axes: &[String],
        index: &[tree::Expr],
    ) -> String {
        let is_axis = |entry: &&tree::Expr| shown(entry).is_some_and(|text| axes.contains(&text));
        let whole = if axes.is_empty() { name.to_owned() } else { format!("{name}[{}]", axes.join(", ")) };
        let mut times = index.iter().filter(|entry| !is_axis(entry));
        match (times.next(), times.next()) {
            (Some(time), None) if is_negative(time) => {
                let run = self.nodes_of_runs.get(&id).and_then(|run| self.runs.get(*run));
                let end = match run.and_then(|run| run.tree.over.as_ref()).map(|over| &over.kind) {
                    Some(ExprKind::Range { high, .. }) => shown_or_dots(high),
                    _ => "…".to_owned(),
                };
                format!("the value at the end is `{whole}({end})`")
            }
            (Some(time), None) => format!("it is a function of time: `{whole}({})`", shown_or_dots(time)),
            _ => format!("write `{whole}`"),
        }
    }

    /// `walk.y[d](tick)` for `walk.y[d][tick]`.
    pub(super) fn indexed_by_time(&self, base: &tree::Expr, index: &[tree::Expr]) -> Option<String> {
        let (ExprKind::Index { base: inner, .. }, [time]) = (&base.kind, index) else { return None };
        let is_state = matches!(inner.kind, ExprKind::Member { .. });
        is_state.then(|| format!("{}({})", shown_or_dots(base), shown_or_dots(time)))
    }

    /// A state of the dynamics of this name, or of any where it is empty, as it is read at a time.
    pub(super) fn state_of(&self, dynamics: &str) -> Option<String> {
        let time = self.axes.iter().find(|axis| axis.is_time()).map_or("t", |axis| axis.name.as_str());
        self.nodes.iter().enumerate().filter(|(_, node)| node.role == Role::State).find_map(
            |(place, node)| {
                let own =
                    node.name.rsplit_once('.').is_some_and(|(run, _)| dynamics.is_empty() || run == dynamics);
                let axes = self.axis_names(self.shapes.get(place)?.as_ref()?);
                let index = if axes.is_empty() { String::new() } else { format!("[{}]", axes.join(", ")) };
                own.then(|| format!("{}{index}({time})", node.name))
            },
        )
    }

    pub(super) fn no_parts(&self, span: Span) -> Diagnostic {
        UNKNOWN_MEMBER.at(span, "this has no parts").help(self.parts())
    }

    /// What has parts.
    pub(super) fn parts(&self) -> String {
        let state = self.state_of("").unwrap_or_else(|| "pond.prey(t)".to_owned());
        format!("parts are read of a dynamics, `{state}`, and of what a simulator returns, `run.rt`")
    }
}

fn is_negative(time: &tree::Expr) -> bool {
    matches!(time.kind, ExprKind::Unary { operator: UnaryOperator::Neg, .. })
}
