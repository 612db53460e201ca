//! `at t = [0.5, 2.0]` and `at t = grid(…)`: where a query places an axis of scattered instants.

use super::axis::grid;
use super::codes::{
    AXIS_FIXED, LENGTH, NOT_A_NUMBER, OUTSIDE_AXIS, PLACED_IDLE, PLACED_TWICE, TOO_LARGE, UNKNOWN_AXIS,
    UNPLACED,
};
use super::limits::{TOKEN_NAME, TOKENS, thousands};
use super::names::{Symbol, list};
use super::query::Asked;
use super::sequence::as_grid;
use crate::survey::is_vertex;
use crate::units::{Measure, Unit};
use crate::{Axis, AxisId, AxisKind, Node, Role};
use sbi_syntax::tree::{Expr, ExprKind, Name};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Where an axis is placed, and where that is said.
pub(super) struct Placing {
    pub(super) at: Vec<f64>,
    /// Whether the places are wrong: nothing more is said of what stands at them.
    pub(super) refused: bool,
    /// Whether the column of times of a file says so, and no `at`.
    pub(super) by_file: bool,
    pub(super) span: Span,
}

impl Asked<'_, '_> {
    /// Reads an `at` statement.
    pub(super) fn place_axis(&mut self, name: &Name, value: &Expr, span: Span) {
        let found = self.axis_named(name).and_then(|id| {
            let axis = self.looked.model.axis(id).clone();
            // That it is placed counts even where the places are wrong, so that nothing follows from that.
            let places = self.places(&axis, name, value);
            let at = places.as_deref().unwrap_or_default().to_vec();
            let told = self.set_places(id, Placing { at, refused: places.is_err(), by_file: false, span });
            match (told, places) {
                (Some(told), _) => Err(vec![told]),
                (None, Ok(_)) => Ok(()),
                (None, Err(told)) => Err(told),
            }
        });
        self.told.extend(found.err().unwrap_or_default());
    }

    /// Places an axis; says so where it was placed already, or what is written entry by entry does not reach so far.
    pub(super) fn set_places(&mut self, id: AxisId, placing: Placing) -> Option<Diagnostic> {
        let name = &self.looked.model.axis(id).name;
        if let Some(first) = self.placed.get(&id) {
            let told = PLACED_TWICE
                .at(placing.span, format!("`{name}` is placed twice"))
                .label(first.span, "first here");
            let same = first.at == placing.at || first.refused || placing.refused;
            return (!same).then(|| told.help("remove one of them, or place both alike"));
        }
        let told = self.beyond_lists(id, &placing);
        self.placed.insert(id, placing);
        told
    }

    fn axis_named(&mut self, name: &Name) -> Result<AxisId, Vec<Diagnostic>> {
        let names = &self.looked.names;
        match names.get(&name.text) {
            Some(Symbol::Axis(Some(id))) => Ok(id),
            Some(Symbol::Axis(None) | Symbol::Refused) => Err(Vec::new()),
            _ => {
                // What is not placed may be what this was to place.
                self.unread = true;
                let model = &self.looked.model;
                let told =
                    UNKNOWN_AXIS.at(name.span, format!("`{}` has no axis `{}`", model.name, name.text));
                let free = model.axes.iter().filter(|axis| matches!(axis.kind, AxisKind::Scattered { .. }));
                let mut begun = free.filter(|axis| name.text.starts_with(&axis.name));
                let begun = begun.next().filter(|_| begun.next().is_none()).map(|axis| axis.name.as_str());
                Err(vec![match suggest(&name.text, names.axes()).or(begun) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None if names.axes().next().is_none() => told.help("it has no axes: remove this line"),
                    None => told.help(format!("it has {}", list(names.axes()))),
                }])
            }
        }
    }

    fn places(&mut self, axis: &Axis, name: &Name, value: &Expr) -> Result<Vec<f64>, Vec<Diagnostic>> {
        let AxisKind::Scattered { .. } = axis.kind else {
            let why = match axis.kind {
                AxisKind::Instants(_) | AxisKind::Cells(_) => "has its places from the model",
                _ => "has no places",
            };
            let told =
                AXIS_FIXED.at(name.span, format!("`{}` {why}", axis.name)).label(axis.span, "declared here");
            let help =
                "remove this line; places are free on an axis like `time(scattered(n = 30, over = 0 .. 10))`";
            return Err(vec![told.help(help)]);
        };
        match &value.kind {
            ExprKind::List(entries) if !entries.is_empty() => {
                let mut told: Vec<Diagnostic> = Vec::new();
                let (mut at, mut beyond) = (Vec::new(), Vec::new());
                for entry in entries {
                    match self.coordinate(axis, entry) {
                        Ok(place) if outside(axis, place, entry.span).is_some() => {
                            beyond.push((place, entry.span));
                        }
                        Ok(place) => at.push(place),
                        // Places in another unit are so for one reason.
                        Err(wrong) if told.iter().any(|told| told.code == wrong.code) => {}
                        Err(wrong) => told.push(wrong),
                    }
                }
                told.extend(all_outside(axis, &beyond));
                if told.is_empty() { Ok(at) } else { Err(told) }
            }
            ExprKind::Call(call) if call.path.text() == "grid" => {
                let own = Some(self.coordinates_of(axis));
                let steps = grid(&axis.name, call, &self.looked.constants, own)?;
                let last = steps.coordinate(steps.size.saturating_sub(1));
                let wrong = [steps.from, last].into_iter().find_map(|end| outside(axis, end, call.span));
                match wrong {
                    Some(told) => Err(vec![told]),
                    None => Ok((0..steps.size).map(|place| steps.coordinate(place)).collect()),
                }
            }
            _ => {
                let told = NOT_A_NUMBER.at(value.span, "places are expected here");
                let at = &axis.name;
                Err(vec![told.help(match as_grid(value) {
                    Some(grid) => format!("write `at {at} = {grid}`"),
                    None => format!(
                        "write `at {at} = [0.5, 2]` or `at {at} = grid(from = 0, to = 10, step = 0.5)`"
                    ),
                })])
            }
        }
    }

    /// The unit of the coordinates of an axis.
    fn coordinates_of(&self, axis: &Axis) -> Rc<Unit> {
        let place = self.looked.model.axes.iter().position(|known| known.name == axis.name);
        let own = place.and_then(|place| self.looked.coordinates.get(place)).and_then(Measure::unit);
        own.cloned().unwrap_or_else(|| Rc::new(Unit::one()))
    }

    fn coordinate(&self, axis: &Axis, entry: &Expr) -> Result<f64, Diagnostic> {
        let own = self.coordinates_of(axis);
        let what = match own.parts() {
            0 => format!("the coordinates of `{}` have none", axis.name),
            _ => format!("the coordinates of `{}` are in `{own}`", axis.name),
        };
        self.looked.constants.number_in(entry, Some(&own), &what)
    }

    /// Says that more readings of a datum are given than it has. What is asked for may stand at more places.
    pub(super) fn crowded(&self, datum: &str, axis: &Axis, id: AxisId) -> Option<Diagnostic> {
        let placing = self.placed.get(&id).filter(|placing| placing.at.len() > axis.size())?;
        let (name, places, most) = (&axis.name, placing.at.len(), axis.size());
        let message = format!("`{datum}` takes up to {most} readings, and `{name}` is placed at {places}");
        let told = LENGTH.at(placing.span, message).label(axis.span, "declared here");
        Some(told.help(format!("give {most} readings or less, or write `n = {places}` in the axis")))
    }

    /// Says that so many places make too many tokens.
    pub(super) fn too_many_places(&mut self) {
        let model = &self.looked.model;
        let size =
            |id: &AxisId| self.placed.get(id).map_or(model.axis(*id).size(), |placing| placing.at.len());
        let tokens = |on: &dyn Fn(&Node) -> bool| {
            let asked =
                |node: &&Node| matches!(node.role, Role::Param | Role::Data) && is_vertex(node) && on(node);
            let elements = |node: &Node| node.axes.iter().map(size).fold(1, usize::saturating_mul);
            model.nodes.iter().filter(asked).map(elements).fold(0, usize::saturating_add)
        };
        let all = tokens(&|_| true);
        let Some((id, placing)) = self.placed.iter().max_by_key(|(_, placing)| placing.at.len()) else {
            return;
        };
        if all <= TOKENS {
            return;
        }
        let (name, places) = (&model.axis(*id).name, placing.at.len());
        let on_it = tokens(&|node| node.axes.contains(id));
        let fit = (TOKENS.saturating_sub(all - on_it) * places).checked_div(on_it).unwrap_or(0);
        let (all, most) = (thousands(all as f64), thousands(TOKENS as f64));
        let told = TOO_LARGE.at(
            placing.span,
            format!("placed so, `{}` has {all} {TOKEN_NAME}; at most {most} are possible", model.name),
        );
        let told = told.help(format!("place `{name}` at {} instants or fewer", thousands(fit.max(1) as f64)));
        self.told.push(told);
        // Nothing is said of what stands at so many.
        self.placed.values_mut().for_each(|placing| placing.refused = true);
    }

    /// Says that an axis is placed along which the query reads nothing.
    pub(super) fn idle_places(&mut self) {
        // What was refused might have been read there.
        if self.told.iter().any(Diagnostic::is_error) {
            return;
        }
        let model = &self.looked.model;
        let drawn = self.mentioned.keys().chain(self.constrained.keys()).chain(&self.infer);
        let drawn = drawn.filter_map(|token| self.graph.tokens.get(*token)).map(|token| token.node);
        let drawn = drawn.chain(self.beyond.iter().map(|beyond| beyond.node));
        let read: BTreeSet<AxisId> = drawn
            .chain(self.computed.iter().chain(&self.touched).copied())
            .flat_map(|node| &model.node(node).axes)
            .copied()
            .collect();
        let idle = self.placed.iter().filter(|(id, _)| !read.contains(id));
        let told = idle.map(|(id, placing)| {
            let axis = &model.axis(*id).name;
            let on_it = model
                .nodes
                .iter()
                .find(|node| node.axes.contains(id) && matches!(node.role, Role::Param | Role::Data));
            match on_it {
                Some(node) => PLACED_IDLE
                    .at(placing.span, format!("this query neither gives nor infers what stands on `{axis}`"))
                    .help(format!("add `infer {}`, or remove this line", node.name)),
                None => PLACED_IDLE
                    .at(placing.span, format!("nothing of `{}` stands on `{axis}`", model.name))
                    .help(format!("let a datum run over it, `data seen[{axis}] ~ …`, or remove this line")),
            }
        });
        let told: Vec<Diagnostic> = told.collect();
        self.told.extend(told);
    }

    /// Says that scattered instants have no places in this query, of which something at `span` asks or tells.
    pub(super) fn unplaced(
        &self,
        node: &str,
        axes: &[AxisId],
        span: Span,
        given: bool,
    ) -> Option<Diagnostic> {
        let free = |id: &&AxisId| matches!(self.looked.model.axis(**id).kind, AxisKind::Scattered { .. });
        let id = axes.iter().filter(free).find(|id| !self.placed.contains_key(id) && !self.unread)?;
        let axis = self.looked.model.axis(*id);
        let AxisKind::Scattered { from, to, .. } = axis.kind else { return None };
        let name = &axis.name;
        let told =
            UNPLACED.at(span, format!("`{name}` is scattered, and nothing says where `{node}` is read"));
        let unit = axis.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let line = format!("at {name} = [{from}{unit}, {to}{unit}]");
        Some(told.label(axis.span, "declared here").help(match given {
            true => format!(
                "write `{line}` in the query, or behind the file `(time = \"…\")`, the column of times"
            ),
            false => format!("write in the query where: `{line}`"),
        }))
    }
}

/// Says that places lie outside the axis, all at once.
fn all_outside(axis: &Axis, places: &[(f64, Span)]) -> Option<Diagnostic> {
    const SHOWN: usize = 6;
    let ((place, span), others) = places.split_first()?;
    let told = outside(axis, *place, *span)?;
    let AxisKind::Scattered { from, to, .. } = axis.kind else { return None };
    let (last, before) = others.split_last().map_or((None, others), |(last, before)| (Some(last), before));
    let Some((last, _)) = last else { return Some(told) };
    let mut shown: Vec<String> =
        std::iter::once(place.to_string()).chain(before.iter().map(|(place, _)| place.to_string())).collect();
    let and = match shown.len() > SHOWN {
        true => format!("{} others", shown.len() + 1 - SHOWN),
        false => last.to_string(),
    };
    shown.truncate(SHOWN);
    let message = format!(
        "`{}` lies between {from} and {to}, and {} and {and} are outside",
        axis.name,
        shown.join(", ")
    );
    let told = Diagnostic { message, ..told };
    Some(told.help("choose places within, or make the axis longer"))
}

/// Says that a place lies outside the axis.
pub(super) fn outside(axis: &Axis, place: f64, span: Span) -> Option<Diagnostic> {
    let AxisKind::Scattered { from, to, .. } = axis.kind else { return None };
    (!(from..=to).contains(&place)).then(|| {
        OUTSIDE_AXIS
            .at(span, format!("`{}` lies between {from} and {to}, and {place} is outside", axis.name))
            .label(axis.span, "declared here")
            .help("choose a place within, or make the axis longer")
    })
}
