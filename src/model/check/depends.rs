//! `depends a from b, c[i]`: dependencies that are told.

use super::codes::{AXIS_UNBOUND, CYCLE, DEPENDS_ON, DEPENDS_TWICE, INDEX_COUNT, NOT_A_NUMBER};
use super::index::position;
use super::model::Builder;
use super::names::Symbol;
use super::shown::shown_or_dots;
use crate::{AxisId, Definition, Depends, Index, NodeId, Reading, Role};
use sbi_syntax::tree::{self, ExprKind, Place, Statement};
use sbi_syntax::{Diagnostic, suggest};

impl<'t> Builder<'t> {
    /// Checks the `depends` statements of a model.
    pub(super) fn depends(&mut self, body: impl IntoIterator<Item = &'t Statement>) -> Vec<Depends> {
        let mut found: Vec<Depends> = Vec::new();
        for statement in body {
            let Statement::Depends(statement) = statement else { continue };
            let Some(depends) = self.depends_statement(statement) else { continue };
            if let Some(first) = found.iter().find(|first| first.target == depends.target) {
                let name = &statement.target.name.text;
                self.told.push(
                    DEPENDS_TWICE
                        .at(statement.span, format!("what `{name}` depends on is told twice"))
                        .label(first.span, "first here")
                        .help("name all of it in one statement"),
                );
                continue;
            }
            found.push(depends);
        }
        found
    }

    fn depends_statement(&mut self, statement: &'t tree::Depends) -> Option<Depends> {
        let target = self.source_node(&statement.target)?;
        let node = self.nodes.get(target.0)?;
        let drawn = matches!(node.definition, Definition::Draw(_)) || node.role == Role::Data;
        if !drawn {
            let message = format!("`{}` is computed, and has no dependencies of its own", node.name);
            self.told.push(
                DEPENDS_ON
                    .at(statement.target.span, message)
                    .help("say what a datum or something drawn depends on"),
            );
            return None;
        }
        let axes = self.shapes.get(target.0).cloned().flatten()?;
        let bound = self.target_index(&statement.target, &axes)?;
        let sources: Vec<Option<Reading>> =
            statement.sources.iter().map(|source| self.source(source, &bound, statement)).collect();
        let sources = sources.into_iter().collect::<Option<Vec<Reading>>>()?;
        if let Some(told) = self.on_itself(target, &sources, statement) {
            self.told.push(told);
            return None;
        }
        Some(Depends { target, sources, span: statement.span })
    }

    /// Says that an element is told to depend on itself. All elements of the target are those before it.
    fn on_itself(
        &self,
        target: NodeId,
        sources: &[Reading],
        statement: &'t tree::Depends,
    ) -> Option<Diagnostic> {
        let same = |index: &Option<Index>| matches!(index, Some(Index::Same(_)));
        let itself = |source: &Reading| source.node == target && source.index.iter().all(same);
        let place = sources.iter().position(itself)?;
        let name = &statement.target.name.text;
        let told =
            CYCLE.at(statement.sources.get(place)?.span, format!("`{name}` does not depend on itself"));
        let others = statement.sources.iter().zip(sources).filter(|(_, source)| !itself(source));
        let others: Vec<String> = others.map(|(place, _)| shown_place(place)).collect();
        let without = match others.as_slice() {
            [] => "remove this line".to_owned(),
            others => format!("write `depends {name} from {}`", others.join(", ")),
        };
        Some(told.help(match sources.get(place)?.index.is_empty() {
            true => without,
            false => format!("{without}; `{name}` without an index means the elements before it"),
        }))
    }

    /// The axes that the target names: all of its own, whether it says so or not.
    fn target_index(&mut self, place: &'t Place, axes: &[AxisId]) -> Option<Vec<AxisId>> {
        let written: Vec<Option<AxisId>> = place.index.iter().map(|index| self.axis_of(index)).collect();
        let own: Vec<Option<AxisId>> = axes.iter().copied().map(Some).collect();
        if place.index.is_empty() || written == own {
            return Some(axes.to_vec());
        }
        let told = INDEX_COUNT.at(place.span, "the target of `depends` is a whole node");
        self.told.push(told.help(format!("write `{}`", place.name.text)));
        None
    }

    pub(super) fn axis_of(&self, index: &tree::Expr) -> Option<AxisId> {
        let ExprKind::Path(path) = &index.kind else { return None };
        match self.names.get(&path.as_name()?.text) {
            Some(Symbol::Axis(axis)) => axis,
            _ => None,
        }
    }

    fn source_node(&mut self, place: &'t Place) -> Option<NodeId> {
        match self.names.get(&place.name.text) {
            Some(Symbol::Node(id)) => Some(id),
            Some(Symbol::Refused) => None,
            _ => {
                let told = super::codes::UNKNOWN_NODE
                    .at(place.name.span, format!("there is no `{}` here", place.name.text));
                self.told.push(match suggest(&place.name.text, self.names.nodes()) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help("name parameters, data and latents of this model"),
                });
                None
            }
        }
    }

    /// One source: bare it means all its elements, with an index those along the axes of the target.
    fn source(
        &mut self,
        place: &'t Place,
        bound: &[AxisId],
        statement: &'t tree::Depends,
    ) -> Option<Reading> {
        let node = self.source_node(place)?;
        let axes = self.shapes.get(node.0).cloned().flatten()?;
        if place.index.is_empty() {
            return Some(Reading { node, index: vec![None; axes.len()] });
        }
        if place.index.len() != axes.len() {
            let message = format!(
                "`{}` has {} axes, and {} stand here",
                place.name.text,
                axes.len(),
                place.index.len()
            );
            let help = format!("write `{}` for all of it", place.name.text);
            self.told.push(INDEX_COUNT.at(place.span, message).help(help));
            return None;
        }
        let entries: Vec<Result<Index, Option<Diagnostic>>> = axes
            .iter()
            .zip(&place.index)
            .map(|(axis, index)| self.source_index(*axis, index, bound, statement))
            .collect();
        let mut index = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => index.push(Some(entry)),
                Err(told) => self.told.extend(told),
            }
        }
        (index.len() == axes.len()).then_some(Reading { node, index })
    }

    fn source_index(
        &self,
        axis: AxisId,
        index: &'t tree::Expr,
        bound: &[AxisId],
        statement: &'t tree::Depends,
    ) -> Result<Index, Option<Diagnostic>> {
        let own = self.axes.get(axis.0).ok_or(None)?;
        match self.axis_of(index) {
            Some(read) if read == axis && bound.contains(&axis) => Ok(Index::Same(axis)),
            Some(_) => Err(Some(
                AXIS_UNBOUND
                    .at(index.span, format!("`{}` does not run over this axis", statement.target.name.text))
                    .label(statement.target.span, "an index means the same element as of this")
                    .help("without an index all elements are meant"),
            )),
            None if matches!(index.kind, ExprKind::Number(_) | ExprKind::Path(_)) => {
                let number = self.constants.number(index)?;
                Ok(Index::At(position(number, own, index.span)?))
            }
            None => Err(Some(
                NOT_A_NUMBER
                    .at(index.span, "an axis or a number is expected here")
                    .help("without an index all elements are meant"),
            )),
        }
    }
}

fn shown_place(place: &Place) -> String {
    let index: Vec<String> = place.index.iter().map(shown_or_dots).collect();
    let name = &place.name.text;
    if index.is_empty() { name.clone() } else { format!("{name}[{}]", index.join(", ")) }
}
