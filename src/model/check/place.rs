//! Elements that a query names: `x`, `x[3]`, `x[2 .. 4]`.

use super::codes::{GIVEN_COMPUTED, INDEX_COUNT, INDEX_RANGE, LATENT_ASKED, LET_ASKED, NOT_YET};
use super::index::{count, position};
use super::names::{Symbol, list};
use super::query::Asked;
use super::shown::{shown, shown_or_dots};
use crate::units::Measure;
use crate::{Axis, AxisId, Node, NodeId, Role};
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{BinaryOperator, Expr, ExprKind, Place};

/// The tokens that a place means.
pub(super) struct Selected {
    /// The node.
    pub(super) node: NodeId,
    /// Its name.
    pub(super) name: String,
    /// Its unit, as it is shown and as it is.
    pub(super) unit: Option<String>,
    pub(super) measure: Measure,
    /// The tokens, row-major.
    pub(super) tokens: Vec<usize>,
    /// How many elements are meant along each axis that is not fixed to one.
    pub(super) lengths: Vec<usize>,
    /// Which they are, from zero.
    pub(super) positions: Vec<Vec<usize>>,
    /// Those axes.
    pub(super) axes: Vec<AxisId>,
    /// Whether all of the node is meant.
    pub(super) whole: bool,
}

impl Asked<'_, '_> {
    /// The tokens of a place; `verb` says what is asked of them.
    ///
    /// # Errors
    /// It has none; without a diagnostic where that has been told already.
    pub(super) fn select(&self, place: &Place, verb: &str) -> Result<Selected, Option<Diagnostic>> {
        let model = &self.looked.model;
        let id = match self.looked.names.get(&place.name.text) {
            Some(Symbol::Node(id)) => id,
            Some(Symbol::Refused) => return Err(None),
            // It may be what a line means that could not be read.
            None if self.looked.nameless => return Err(None),
            _ => return Err(Some(self.looked.names.unknown_node(&model.name, &place.name))),
        };
        if self.looked.shapes.get(id.0).is_none_or(Option::is_none) {
            return Err(None);
        }
        let node = model.node(id);
        if self.looked.token(id, 0).is_none() {
            return Err(self.no_token(id, node, place, verb));
        }
        let axes: Vec<&Axis> = node.axes.iter().map(|axis| model.axis(*axis)).collect();
        let runs: Vec<(Vec<usize>, bool)> = self.runs(place, &node.axes, &axes)?;
        if node.axes.iter().any(|id| self.placed.get(id).is_some_and(|placing| placing.refused)) {
            return Err(None);
        }
        if let Some(told) = self.unplaced(&node.name, &node.axes, place.span, verb == "given") {
            // A file may say where.
            if verb != "given from" {
                return Err(Some(told));
            }
        }
        let mut elements = vec![0];
        for ((run, _), axis) in runs.iter().zip(&axes) {
            let deeper = elements
                .iter()
                .flat_map(|element| run.iter().map(move |place| element * axis.size() + place));
            elements = deeper.collect();
        }
        Ok(Selected {
            node: id,
            name: node.name.clone(),
            unit: node.unit.clone(),
            measure: self.looked.measures.get(id.0).cloned().unwrap_or(Measure::Unknown),
            tokens: elements.into_iter().filter_map(|element| self.looked.token(id, element)).collect(),
            axes: runs
                .iter()
                .zip(&node.axes)
                .filter(|((_, single), _)| !single)
                .map(|(_, axis)| *axis)
                .collect(),
            whole: place.index.is_empty(),
            positions: runs.iter().filter(|(_, single)| !single).map(|(run, _)| run.clone()).collect(),
            lengths: runs.iter().filter(|(_, single)| !single).map(|(run, _)| run.len()).collect(),
        })
    }

    /// The positions meant along each axis, and whether it is a single one.
    fn runs(
        &self,
        place: &Place,
        ids: &[AxisId],
        axes: &[&Axis],
    ) -> Result<Vec<(Vec<usize>, bool)>, Diagnostic> {
        if place.index.is_empty() {
            // An axis that is placed has the elements that it is given places for.
            let size = |(id, axis): (&AxisId, &&Axis)| match self.placed.get(id) {
                Some(placing) => placing.at.len().min(axis.size()),
                None => axis.size(),
            };
            return Ok(ids.iter().zip(axes).map(|pair| ((0..size(pair)).collect(), false)).collect());
        }
        if place.index.len() != axes.len() {
            let over: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
            let name = &place.name.text;
            let has =
                if over.is_empty() { "has no axes".to_owned() } else { format!("runs over {}", list(over)) };
            let here = count(place.index.len(), "index", "indices");
            let told = INDEX_COUNT.at(place.span, format!("`{name}` {has}, and has {here} here"));
            return Err(told.help(match axes {
                [_] => side_by_side(place),
                _ => format!("write `{name}` for all of it"),
            }));
        }
        let runs = place.index.iter().zip(axes).map(|(index, axis)| self.run(index, axis));
        let runs: Vec<(Vec<usize>, bool)> = runs.collect::<Result<_, _>>()?;
        for (((run, _), id), index) in runs.iter().zip(ids).zip(&place.index) {
            let Some(placing) = self.placed.get(id).filter(|placing| !placing.refused) else { continue };
            let (places, last) = (placing.at.len(), run.last().map_or(0, |last| last + 1));
            // All of an axis are those that have places.
            if last > places && !matches!(index.kind, ExprKind::Path(_)) {
                let axis = &self.looked.model.axis(*id).name;
                let places = count(places, "place", "places");
                let message = format!("`{axis}` has {places} in this query, and no element {last}");
                let told = INDEX_RANGE.at(index.span, message).label(placing.span, "placed here");
                return Err(
                    told.help(format!("place `{axis}` at {last} times or more, or leave the element out"))
                );
            }
        }
        Ok(runs)
    }

    fn run(&self, index: &Expr, axis: &Axis) -> Result<(Vec<usize>, bool), Diagnostic> {
        if let ExprKind::Binary { operator: BinaryOperator::Sub, left, right, .. } = &index.kind
            && let (Some(low), Some(high)) = (shown(left), shown(right))
        {
            let told = INDEX_RANGE.at(index.span, "`-` subtracts, and makes no range");
            return Err(told.help(format!("write `{low} .. {high}`")));
        }
        let number = |expr: &Expr| position(self.looked.constants.number(expr)?, axis, expr.span);
        match &index.kind {
            ExprKind::Path(path) if path.text() == axis.name => Ok(((0..axis.size()).collect(), false)),
            ExprKind::Range { low, high } => {
                let (low, high) = (number(low)?, number(high)?);
                if low > high {
                    let told = INDEX_RANGE
                        .at(index.span, format!("no element lies between {} and {}", low + 1, high + 1));
                    return Err(told.help(format!("write `{} .. {}`", high + 1, low + 1)));
                }
                Ok(((low..=high).collect(), false))
            }
            _ => Ok((vec![number(index)?], true)),
        }
    }

    /// Says why a node cannot be given or inferred; nothing where its definition has been refused.
    fn no_token(&self, id: NodeId, node: &Node, place: &Place, verb: &str) -> Option<Diagnostic> {
        let name = &node.name;
        if node.role == Role::Latent {
            let told = LATENT_ASKED.at(place.span, format!("`{name}` is a latent: it is integrated out"));
            let help = match verb.starts_with("given") {
                true => format!("declare it as `data {name}` if it is observed, or give what depends on it"),
                false => format!("declare it as `param {name}` to ask about it"),
            };
            return Some(told.label(node.span, "declared here").help(help));
        }
        let sources: Vec<&str> = self.sources(id);
        if sources.is_empty() && node.role == Role::Let {
            let told =
                GIVEN_COMPUTED.at(place.span, format!("`{name}` is a constant: it is known beforehand"));
            return Some(told.label(node.span, "declared here").help("remove this line"));
        }
        if verb.starts_with("given") {
            let told = GIVEN_COMPUTED.at(place.span, format!("`{name}` is computed, and cannot be given"));
            return Some(told.label(node.span, "computed here").help(match sources.as_slice() {
                [] => "give parameters and data".to_owned(),
                // The states of a dynamics are never given.
                sources if sources.iter().all(|source| source.contains('.')) => {
                    match self.readers(id).as_slice() {
                        [] => "give what is seen of it, as `data`".to_owned(),
                        seen => format!("give what is seen of it: {}", list(seen.iter().copied())),
                    }
                }
                sources => format!("give what it is computed from: {}", list(sources.iter().copied())),
            }));
        }
        if node.role == Role::Let {
            let told = LET_ASKED
                .at(place.span, format!("`{name}` is a name for an expression, and none for an answer"));
            let help = format!("declare it as `param {name} = …` to have it in the answer");
            return Some(told.label(node.span, "declared here").help(help));
        }
        let told = NOT_YET.at(
            place.span,
            format!("single elements of what is computed, as `{name}`, are not answered yet"),
        );
        Some(told.label(node.span, "computed here").help(format!("write `infer {name}`")))
    }

    /// The names of the data that read a node.
    fn readers(&self, id: NodeId) -> Vec<&str> {
        let model = &self.looked.model;
        let seen = model.numbered().filter(|(_, node)| node.role == Role::Data);
        seen.filter(|(datum, _)| model.reads(*datum).contains(&id))
            .map(|(_, node)| node.name.as_str())
            .collect()
    }

    /// The names that a computed node reads.
    pub(super) fn sources(&self, id: NodeId) -> Vec<&str> {
        let model = &self.looked.model;
        let mut names: Vec<&str> =
            model.reads(id).into_iter().map(|node| model.node(node).name.as_str()).collect();
        names.sort_by(|a, b| crate::natural::compare(a, b));
        names
    }
}

/// How elements of one axis are written that stand side by side: `x[1, 5]`, `x[1 .. 3, 5 .. 7]`.
fn side_by_side(place: &Place) -> String {
    let name = &place.name.text;
    let one = |index: &Expr| format!("`{name}[{}]`", shown_or_dots(index));
    let apart: Vec<String> = place.index.iter().map(one).collect();
    let apart = format!("elements that lie apart have a line each: {}", apart.join(", "));
    match place.index.as_slice() {
        [low, high] if [low, high].iter().all(|index| matches!(index.kind, ExprKind::Number(_))) => {
            format!(
                "write `{name}[{} .. {}]` for all between them; {apart}",
                shown_or_dots(low),
                shown_or_dots(high)
            )
        }
        _ => apart,
    }
}
