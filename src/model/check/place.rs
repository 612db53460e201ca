//! Elements that a query names: `x`, `x[3]`, `x[2 .. 4]`.

use super::at::Placing;
use super::codes::{GIVEN_COMPUTED, INDEX_COUNT, INDEX_RANGE, LATENT_ASKED, LET_ASKED, NOT_YET};
use super::index::{count, position};
use super::names::{Symbol, list};
use super::query::Asked;
use super::shown::{shown, shown_or_dots};
use crate::units::Measure;
use crate::{Axis, AxisId, AxisKind, Node, NodeId, Role};
use sbi_syntax::tree::{BinaryOperator, Expr, ExprKind, Place};
use sbi_syntax::{Diagnostic, Span};

/// The tokens that a place means.
pub(super) struct Selected {
    /// The node.
    pub(super) node: NodeId,
    /// Its name.
    pub(super) name: String,
    /// Its unit, as it is shown and as it is.
    pub(super) unit: Option<String>,
    pub(super) measure: Measure,
    /// All that is meant, row-major.
    pub(super) elements: Vec<Element>,
    /// The tokens among it.
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

/// An element of a node.
pub(super) struct Element {
    pub(super) node: NodeId,
    /// Where it is along each axis of the node, from zero.
    pub(super) places: Vec<usize>,
    /// Its token; none at places that only the query has.
    pub(super) token: Option<usize>,
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
        if node.axes.iter().any(|id| self.placed.get(id).is_some_and(|placing| placing.refused)) {
            return Err(None);
        }
        let runs: Vec<(Vec<usize>, bool)> = self.runs(place, &node.axes, &axes, verb)?;
        if let Some(told) = self.unplaced(&node.name, &node.axes, place.span, verb == "given") {
            // A file may say where.
            if verb != "given from" {
                return Err(Some(told));
            }
        }
        // Where a line could not be read that may have placed an axis, nothing is known of how long it is.
        let nowhere = |id: &AxisId| {
            matches!(model.axis(*id).kind, AxisKind::Scattered { .. }) && !self.placed.contains_key(id)
        };
        if verb != "given from" && node.axes.iter().any(nowhere) {
            return Err(None);
        }
        let elements = self.elements(id, runs.iter().map(|(run, _)| run.as_slice()));
        Ok(Selected {
            node: id,
            name: node.name.clone(),
            unit: node.unit.clone(),
            measure: self.looked.measures.get(id.0).cloned().unwrap_or(Measure::Unknown),
            tokens: elements.iter().filter_map(|element| element.token).collect(),
            elements,
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

    /// The elements of a node at these places along its axes, row-major.
    fn elements<'r>(&self, node: NodeId, runs: impl Iterator<Item = &'r [usize]>) -> Vec<Element> {
        let mut all: Vec<Vec<usize>> = vec![Vec::new()];
        for run in runs {
            let deeper = |above: &Vec<usize>| {
                run.iter().map(|place| [above.as_slice(), &[*place]].concat()).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(deeper).collect();
        }
        let axes = &self.looked.model.node(node).axes;
        let token = |places: &[usize]| {
            let element = places.iter().zip(axes).try_fold(0, |element, (place, axis)| {
                let size = self.looked.model.axis(*axis).size();
                (*place < size).then_some(element * size + place)
            });
            self.looked.token(node, element?)
        };
        all.into_iter().map(|places| Element { node, token: token(&places), places }).collect()
    }

    /// All elements of a node that can be asked for.
    pub(super) fn all_of(&self, node: NodeId) -> Vec<Element> {
        let model = &self.looked.model;
        let axes = model.node(node).axes.iter();
        let runs: Vec<Vec<usize>> =
            axes.map(|id| (0..self.size(*id, model.axis(*id), "inferred")).collect()).collect();
        self.elements(node, runs.iter().map(Vec::as_slice))
    }

    /// The element that a token is.
    pub(super) fn element(&self, token: usize) -> Option<Element> {
        let own = self.graph.tokens.get(token)?;
        let model = &self.looked.model;
        let places = model.places(model.node(own.node), own.element);
        Some(Element { node: own.node, places, token: Some(token) })
    }

    /// How many elements of an axis can be named here. One that is placed has as many as it has places: what is asked of
    /// a joint estimator may be more than a data set in training ever has.
    fn size(&self, id: AxisId, axis: &Axis, verb: &str) -> usize {
        match self.placed.get(&id) {
            Some(placing) if self.joint && verb == "inferred" => placing.at.len(),
            Some(placing) => placing.at.len().min(axis.size()),
            None => axis.size(),
        }
    }

    /// The positions meant along each axis, and whether it is a single one.
    fn runs(
        &self,
        place: &Place,
        ids: &[AxisId],
        axes: &[&Axis],
        verb: &str,
    ) -> Result<Vec<(Vec<usize>, bool)>, Diagnostic> {
        if place.index.is_empty() {
            let all = |(id, axis): (&AxisId, &&Axis)| ((0..self.size(*id, axis, verb)).collect(), false);
            return Ok(ids.iter().zip(axes).map(all).collect());
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
        let runs = place.index.iter().zip(ids.iter().zip(axes));
        runs.map(|(index, (id, axis))| self.run(index, *id, axis, verb)).collect()
    }

    fn run(
        &self,
        index: &Expr,
        id: AxisId,
        axis: &Axis,
        verb: &str,
    ) -> Result<(Vec<usize>, bool), Diagnostic> {
        if let ExprKind::Binary { operator: BinaryOperator::Sub, left, right, .. } = &index.kind
            && let (Some(low), Some(high)) = (shown(left), shown(right))
        {
            let told = INDEX_RANGE.at(index.span, "`-` subtracts, and makes no range");
            return Err(told.help(format!("write `{low} .. {high}`")));
        }
        let number = |expr: &Expr| {
            let number = self.looked.constants.number(expr)?;
            match self.placed.get(&id) {
                Some(placing) => self.placed_position(number, axis, placing, verb, expr.span),
                None => position(number, axis, expr.span),
            }
        };
        match &index.kind {
            ExprKind::Path(path) if path.text() == axis.name => {
                Ok(((0..self.size(id, axis, verb)).collect(), false))
            }
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

    /// The position that an index means on an axis that the query places.
    fn placed_position(
        &self,
        number: f64,
        axis: &Axis,
        placing: &Placing,
        verb: &str,
        span: Span,
    ) -> Result<usize, Diagnostic> {
        let (name, places, size) = (&axis.name, placing.at.len(), axis.size());
        let usual = |number: f64| position(number, axis, span);
        if number.fract() != 0.0 || number < 1.0 {
            return usual(number);
        }
        if number > places as f64 {
            let places = count(places, "place", "places");
            let message = format!("`{name}` has {places} in this query, and no element {number}");
            let told = INDEX_RANGE.at(span, message).label(placing.span, "placed here");
            return Err(
                told.help(format!("place `{name}` at {number} times or more, or leave the element out"))
            );
        }
        if number <= size as f64 || self.joint && verb == "inferred" {
            return Ok(number as usize - 1);
        }
        let message =
            format!("up to {size} readings can be given along `{name}`, and this is number {number}");
        let told = INDEX_RANGE.at(span, message).label(axis.span, "declared here");
        Err(told.help(format!(
            "place what is given first, what is asked behind it; or write `n = {places}` in the axis"
        )))
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
