//! Homes: where statements stand, what names mean there, and what is drawn around them.
//!
//! A file, a model, the body of a dynamics and each draw from a simulator are homes. A draw from a simulator puts its
//! statements into the model as nodes of their own, with the draw's name before theirs and the draw's axes before theirs.

use super::constant::Constants;
use super::expr::Scope;
use super::model::Builder;
use super::names::Names;
use super::passed::Passing;
use super::value::{Sort, Value};
use crate::AxisId;
use crate::units::Measure;
use sbi_syntax::tree::{self, Target};
use std::collections::BTreeSet;

/// A home, by its number: files first, then the model, then what stands in it.
pub(super) type HomeId = usize;

/// Where statements stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Home<'t> {
    pub(super) names: Names<'t>,
    pub(super) constants: Constants<'t>,
    /// The functions whose bodies are told to be wrong.
    pub(super) refused: BTreeSet<&'t str>,
    /// In a file, the names that others may use.
    pub(super) public: BTreeSet<&'t str>,
    /// Whether the file has a statement that could not be read: what is not there may be what it meant.
    pub(super) unread: bool,
    /// In a file, the data files read for its constants.
    pub(super) read: Vec<String>,
    /// What stands before the names of nodes: `outcome.evidence.`
    pub(super) prefix: String,
    /// The axes of the draw that these statements belong to.
    pub(super) axes: Vec<AxisId>,
    /// The draw, where the home is a simulator's body or stands in one.
    pub(super) draw: Option<usize>,
    /// How many draws from simulators stand around it.
    pub(super) depth: usize,
    /// The dynamics, where the home is the body of one.
    pub(super) dynamics: Option<usize>,
}

/// One draw from a simulator or an external.
#[derive(Clone, Debug)]
pub(super) struct Drawn<'t> {
    /// The home of the statement that draws.
    pub(super) home: HomeId,
    /// What is drawn from.
    pub(super) called: String,
    /// The left side of the statement that draws; none where a simulator is checked by itself.
    pub(super) target: Option<&'t Target>,
    /// The axes of the statement, without those of its home.
    pub(super) axes: Vec<AxisId>,
    /// What is passed to each input, in the order of the inputs.
    pub(super) inputs: Vec<Passed<'t>>,
    /// The values of the inputs, once they are known.
    pub(super) values: Option<Vec<Value>>,
    /// The fields that it gives: their names, and their nodes where they are sound.
    pub(super) fields: Vec<(&'t tree::Name, Option<crate::NodeId>)>,
}

/// What an input of a simulator is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed<'t> {
    pub(super) input: &'t tree::Input,
    /// The expression, and the home in which it is read; none where nothing is passed.
    pub(super) value: Option<(&'t tree::Expr, HomeId)>,
}

impl<'t> Builder<'t> {
    /// What names mean in a home.
    pub(super) fn names_of(&self, home: HomeId) -> Option<&Names<'t>> {
        if home == self.home { Some(&self.names) } else { self.homes.get(home).map(|home| &home.names) }
    }

    /// Adds a home; its number.
    pub(super) fn add_home(&mut self, home: Home<'t>) -> HomeId {
        self.homes.push(home);
        self.homes.len() - 1
    }

    /// Does work where a home's names hold.
    pub(super) fn within<R>(&mut self, home: HomeId, work: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.home;
        self.move_to(home);
        let result = work(self);
        self.move_to(before);
        result
    }

    fn move_to(&mut self, home: HomeId) {
        if home == self.home {
            return;
        }
        for home in [self.home, home] {
            if let Some(kept) = self.homes.get_mut(home) {
                std::mem::swap(&mut kept.names, &mut self.names);
                std::mem::swap(&mut kept.constants, &mut self.constants);
            }
        }
        self.home = home;
    }

    /// The home of the statement in hand.
    pub(super) fn here(&self) -> &Home<'t> {
        self.homes.get(self.home).expect("every statement has a home")
    }

    /// The value of an input of the simulator whose body is in hand.
    pub(super) fn input(&mut self, place: usize) -> Option<Value> {
        let draw = self.here().draw?;
        if self.drawn.get(draw)?.values.is_none() {
            let values = self.pass(draw);
            self.drawn.get_mut(draw)?.values = Some(values);
        }
        self.drawn.get(draw)?.values.as_ref()?.get(place).cloned()
    }

    /// Whether something that is passed to a draw has been refused.
    pub(super) fn passes_refused(&mut self, draw: usize) -> bool {
        if self.drawn.get(draw).is_some_and(|drawn| drawn.values.is_none()) {
            let values = self.pass(draw);
            self.drawn.get_mut(draw).into_iter().for_each(|drawn| drawn.values = Some(values.clone()));
        }
        let values = self.drawn.get(draw).and_then(|drawn| drawn.values.as_ref());
        values.into_iter().flatten().any(|value| value.sort == Sort::Refused)
    }

    /// The values that a draw passes to the inputs of its simulator.
    pub(super) fn pass(&mut self, draw: usize) -> Vec<Value> {
        let Some(Drawn { home, target, axes, inputs, .. }) = self.drawn.get(draw).cloned() else {
            return Vec::new();
        };
        // The units of inputs are those of the file in which they stand.
        let inside = self.homes.iter().position(|home| home.draw == Some(draw)).unwrap_or(home);
        let of = self.called(draw);
        let passing = inputs.iter().filter_map(|passed| {
            let (expr, at) = passed.value?;
            let measure = self.within(inside, |builder| builder.input_measure(passed.input));
            let value = self.within(at, |builder| {
                let scope = if at == home { builder.draw_scope(target, &axes) } else { Scope::model() };
                builder.valued(expr, &scope, &measure)
            });
            Some(Passing { input: passed.input, expr, default: at != home, measure, value })
        });
        let passing: Vec<Passing<'t>> = passing.collect();
        let mut passed = self.within(home, |builder| builder.pass_all(&of, passing)).into_iter();
        // Nothing is passed where that has been told.
        let values = inputs.iter().map(|input| input.value.and_then(|_| passed.next()));
        let values: Vec<Option<Value>> = values.collect();
        values.into_iter().map(|value| value.unwrap_or_else(|| self.refused_value())).collect()
    }

    /// What a statement draws from, by name.
    fn called(&self, draw: usize) -> String {
        let called = self.drawn.get(draw).map(|drawn| drawn.called.clone());
        called.unwrap_or_default()
    }

    /// The scope of a statement that draws from a simulator.
    fn draw_scope(&self, target: Option<&'t Target>, axes: &[AxisId]) -> Scope<'t> {
        let bound = self.here().axes.iter().chain(axes).copied().collect();
        Scope { bound, target, ..Scope::default() }
    }

    /// What stands for a value that has been refused.
    pub(super) fn refused_value(&mut self) -> Value {
        self.patched = true;
        Value { sort: Sort::Refused, ..Value::number(self.arena.number(f64::NAN), Measure::Unknown) }
    }
}
