//! One data set as the mechanistic rule sees it: when everything is, and what stands for what.

use super::{Law, Mechanism, set};
use crate::AxisId;
use crate::bits::Bits;
use std::collections::BTreeSet;

/// When the vertices of a mechanism are in a data set, and which states pass on what they read.
pub(super) struct Sight<'a> {
    mechanism: &'a Mechanism,
    /// The vertices by time, and the place of each in that order.
    pub(super) order: Vec<usize>,
    pub(super) rank: Vec<usize>,
    times: Vec<f64>,
    /// The vertices that are there.
    pub(super) there: Bits,
    /// For each law the places of its first reading, and of its first and last at a time that is known.
    first: Vec<Option<usize>>,
    dated: Vec<Option<[usize; 2]>>,
    /// For each function when its readings are, of those that are there.
    knots: Vec<Vec<(usize, f64)>>,
    /// For each law those with a common noise: at times that are known, and at others, where every state passes on what
    /// moves it.
    common: [Vec<Bits>; 2],
}

impl<'a> Sight<'a> {
    /// What is seen at these times.
    pub(super) fn of(
        mechanism: &'a Mechanism,
        coordinate: &dyn Fn(AxisId, usize) -> Option<f64>,
    ) -> Sight<'a> {
        let (times, there) = times(mechanism, coordinate);
        let time = |vertex: usize| times.get(vertex).copied().unwrap_or(f64::NEG_INFINITY);
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by(|a, b| time(*a).total_cmp(&time(*b)).then(a.cmp(b)));
        let mut rank = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, &vertex)| set(&mut rank, vertex, place));
        let dates = mechanism.functions.iter().map(|function| {
            let knots = function.knots.iter();
            knots.filter_map(|(knot, when)| Some((*knot, when.time(coordinate)?))).collect()
        });
        let knots = dates.collect();
        let laws = mechanism.laws.len();
        let (first, dated) = (vec![None; laws], vec![None; laws]);
        let mut sight =
            Sight { mechanism, order, rank, times, there, first, dated, knots, common: Default::default() };
        sight.date();
        let through = |law: usize, state: usize| {
            let first = sight.first.get(law).copied().flatten();
            first.is_some_and(|first| sight.is_through(law, state, first))
        };
        let undated = sight.order.len().checked_sub(1).is_some_and(|last| !sight.is_dated(last));
        let whole = if undated { common(mechanism, |_, _| true) } else { Vec::new() };
        sight.common = [common(mechanism, through), whole];
        sight
    }

    /// When the vertex at a place is; what is at no time comes first.
    pub(super) fn time(&self, place: usize) -> f64 {
        let vertex = self.order.get(place);
        vertex.and_then(|vertex| self.times.get(*vertex)).copied().unwrap_or(f64::NEG_INFINITY)
    }

    /// Whether the time of the vertex at a place is known, if it has one.
    pub(super) fn is_dated(&self, place: usize) -> bool {
        self.time(place) < f64::INFINITY
    }

    /// Adds the places of vertices to a row, of those that are there.
    pub(super) fn look(&self, row: &mut Bits, vertices: &Bits) {
        let present = vertices.iter().filter(|vertex| self.there.contains(*vertex));
        present.filter_map(|vertex| self.rank.get(vertex)).for_each(|place| row.insert(*place));
    }

    /// Adds what a reading of a law's state, at a place, sees of a function that moves it: the readings before it. Where none
    /// is before any of the state's, the function is what it is between its readings.
    pub(super) fn look_along(&self, row: &mut Bits, place: usize, law: usize, function: usize) {
        let Some(knots) = self.knots.get(function) else { return };
        let now = self.time(place);
        let until = |last: f64| knots.iter().filter(move |(_, at)| *at <= last);
        let seen = until(now).filter_map(|(knot, _)| self.rank.get(*knot)).filter(|knot| **knot < place);
        seen.for_each(|knot| row.insert(*knot));
        let last = self.dated.get(law).copied().flatten().map_or(now, |[_, last]| self.time(last).max(now));
        if !self.is_dated(place) || until(last).next().is_none() {
            let behind = self.mechanism.functions.get(function);
            behind.into_iter().for_each(|function| self.look(row, &function.behind));
        }
    }

    /// Whether a reading of a law's state, at a place, looks through a state that moves it at what that reads.
    pub(super) fn is_through(&self, law: usize, state: usize, place: usize) -> bool {
        let first = self.dated.get(state).copied().flatten().map(|[first, _]| first);
        let last = self.dated.get(law).copied().flatten().map(|[_, last]| last);
        // Once a reading of the one is before one of the other, it is as published.
        let follows = first.zip(last).is_some_and(|(first, last)| first < last);
        !self.is_dated(place) || (!follows && first.is_none_or(|first| first >= place))
    }

    /// The laws at whose readings that of a law's state, at a place, looks for a common noise.
    pub(super) fn common(&self, law: usize, place: usize) -> impl Iterator<Item = usize> {
        let [dated, whole] = &self.common;
        let common = if self.is_dated(place) { dated } else { whole };
        common.get(law).into_iter().flat_map(Bits::iter)
    }

    /// Finds the first and the last readings.
    fn date(&mut self) {
        for (place, &vertex) in self.order.iter().enumerate() {
            if !self.there.contains(vertex) {
                continue;
            }
            for law in self.mechanism.laws_read(vertex) {
                self.first.get_mut(law).into_iter().for_each(|first| *first = first.or(Some(place)));
                if let (true, Some(dated)) = (self.is_dated(place), self.dated.get_mut(law)) {
                    *dated = Some([dated.map_or(place, |[first, _]| first), place]);
                }
            }
        }
    }
}

/// For each law those that a noise moves which moves it too, directly or as a state that it looks `through` passes it on.
fn common(mechanism: &Mechanism, through: impl Fn(usize, usize) -> bool) -> Vec<Bits> {
    let laws = &mechanism.laws;
    let noises = |law: usize| {
        let (mut found, mut waiting, mut noises) = (BTreeSet::from([law]), vec![law], Vec::new());
        while let Some(Law { states, noises: own, .. }) = waiting.pop().and_then(|at| laws.get(at)) {
            noises.extend(own);
            let on = states.iter().copied().filter(|state| through(law, *state));
            waiting.extend(on.filter(|state| found.insert(*state)));
        }
        noises
    };
    let noises: Vec<Vec<usize>> = (0..laws.len()).map(noises).collect();
    let mut moved = vec![Bits::new(laws.len()); mechanism.noises];
    for (law, noises) in noises.iter().enumerate() {
        for &noise in noises {
            moved.get_mut(noise).into_iter().for_each(|moved| moved.insert(law));
        }
    }
    let common = |(law, noises): (usize, &Vec<usize>)| {
        let mut common = Bits::new(laws.len());
        noises.iter().filter_map(|noise| moved.get(*noise)).for_each(|moved| common.union(moved));
        common.remove(law);
        common
    };
    noises.iter().enumerate().map(common).collect()
}

/// When each vertex is: at its latest reading, and no earlier than what it hangs on; and which vertices are there.
fn times(mechanism: &Mechanism, coordinate: &dyn Fn(AxisId, usize) -> Option<f64>) -> (Vec<f64>, Bits) {
    let mut there = Bits::filter(mechanism.fixed.len(), |_| true);
    for (knot, when) in mechanism.functions.iter().flat_map(|function| &function.knots) {
        if when.time(coordinate).is_none() {
            there.remove(*knot);
        }
    }
    let mut times: Vec<f64> = Vec::with_capacity(mechanism.fixed.len());
    for (vertex, (above, readings)) in mechanism.above.iter().zip(&mechanism.readings).enumerate() {
        let above = above.iter().filter_map(|parent| times.get(parent).copied());
        let mut latest = above.fold(f64::NEG_INFINITY, f64::max);
        for (_, when) in readings {
            match when.time(coordinate) {
                Some(time) => latest = latest.max(time),
                None => there.remove(vertex),
            }
        }
        times.push(latest);
    }
    (times, there)
}
