//! Elements that a data set may not have: of axes whose sizes vary, and at places that only a query has.

use super::at::Placing;
use super::codes::{INDEX_RANGE, LENGTH};
use super::index::count;
use super::model::Builder;
use super::place::Element;
use super::query::{Asked, Counted};
use crate::{Axis, AxisId, AxisKind, Count, Definition, Node};
use sbi_syntax::tree::Name;
use sbi_syntax::{Diagnostic, Span};

/// How many elements data sets have of an axis, and the word that says so.
fn counted(axis: &Axis) -> Option<(Count, &'static str)> {
    match axis.kind {
        AxisKind::Set(count) => Some((count, "size")),
        AxisKind::Scattered { count, .. } => Some((count, "n")),
        _ => None,
    }
}

impl Builder<'_> {
    /// Says that an array which is named whole has not the same number of elements in every data set.
    pub(super) fn not_always_whole(&self, name: &Name, axis: AxisId) -> Option<Diagnostic> {
        let axis = self.axes.get(axis.0)?;
        let (Count { least, most }, word) = counted(axis).filter(|(count, _)| count.least < count.most)?;
        let message = format!(
            "`{}` has {least} to {most} entries, and a vector has as many in every data set",
            name.text
        );
        let told = LENGTH.at(name.span, message).label(axis.span, "data sets differ in how many there are");
        Some(told.help(format!("write `{word} = {most}` in the axis")))
    }

    /// Says that an element, counted from 1, is not in every data set. A query knows how many its data set has.
    pub(super) fn not_always_there(&self, axis: &Axis, number: usize, span: Span) -> Option<Diagnostic> {
        let (Count { least, most }, word) = counted(axis)?;
        (number > least && !self.asked).then(|| {
            let name = &axis.name;
            let enough = if number < most { format!("{number} .. {most}") } else { most.to_string() };
            let few = count(least, "element", "elements");
            let other = if least == 1 { "the first".to_owned() } else { format!("one from 1 to {least}") };
            INDEX_RANGE
                .at(span, format!("data sets may have as few as {few} of `{name}`, and no element {number}"))
                .label(axis.span, "declared here")
                .help(format!("write `{word} = {enough}` in the axis, or read {other}"))
        })
    }
}

impl Asked<'_, '_> {
    /// Says that an axis is placed at more instants than a constant has values for, or a vector entries.
    pub(super) fn beyond_lists(&self, id: AxisId, placing: &Placing) -> Option<Diagnostic> {
        let model = &self.looked.model;
        let (axis, places) = (model.axis(id), placing.at.len());
        let most = axis.size();
        let is_listed = |node: &&Node| match &node.definition {
            Definition::Table(_) => node.axes.contains(&id),
            // A function of time has values at all times.
            Definition::Draw(draw) => draw.family.is_joint() && !node.curve && node.axes.last() == Some(&id),
            _ => false,
        };
        let listed = model.nodes.iter().find(is_listed).filter(|_| places > most)?;
        let message = format!(
            "`{}` is placed at {places} instants, and `{}` is written for {most}",
            axis.name, listed.name
        );
        let told = LENGTH.at(placing.span, message).label(listed.span, format!("it has {most} entries"));
        Some(told.help(format!(
            "place it at {most} or fewer, or write `n = {places}` in the axis and give `{}` {places} entries",
            listed.name
        )))
    }

    /// The axis, of those whose size is told by what is given, along which the data set lacks an element; which number it
    /// would be there, and how many there are.
    fn beyond_data(&self, element: &Element) -> Option<(&Axis, usize, usize, &Counted)> {
        let model = &self.looked.model;
        model.node(element.node).axes.iter().zip(&element.places).find_map(|(axis, place)| {
            let counted = self.counted.get(axis)?;
            // Where data sets are told apart, what any of them has may be asked.
            let most = counted.sets.iter().map(|(_, count)| *count).max()?;
            (*place >= most).then(|| (model.axis(*axis), place + 1, most, counted))
        })
    }

    /// Leaves out of what is asked the elements that the data set does not have.
    ///
    /// # Errors
    /// It has none of them.
    pub(super) fn there(&self, elements: Vec<Element>, span: Span) -> Result<Vec<Element>, Diagnostic> {
        let first = elements.first().and_then(|element| self.beyond_data(element));
        let all = elements.iter().all(|element| self.beyond_data(element).is_some());
        if let Some((axis, number, most, counted)) = first.filter(|_| all) {
            let (name, datum) = (&axis.name, &counted.datum);
            let message = format!("this data set has {most} of `{name}`, and no element {number}");
            let told = INDEX_RANGE.at(span, message).label(counted.span, format!("`{datum}` says how many"));
            return Err(told.help(format!(
                "leave it out, or give elements of `{datum}` one by one, as `given {datum}[1] = …`, to ask about others"
            )));
        }
        Ok(elements.into_iter().filter(|element| self.beyond_data(element).is_none()).collect())
    }
}
