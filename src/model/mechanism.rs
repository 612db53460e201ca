//! The mechanistic rule: a reading of a state stands for the state.
//!
//! It looks at the last reading of its state before it and at all earlier readings of the states and functions of time
//! that the state's change reads, and at whatever else that reads. The first reading looks at what the state's start reads.
//! Noises join nothing, but that states with a common one look at each other. "Earlier" is by time, at one time by the order
//! of tokens. With that, the graph is what Gloeckler et al. (2024) wrote down by hand for their models of Lotka and Volterra
//! and of an epidemic; unlike the exact graph it is an approximation where readings are noisy.
//!
//! A state passes on what it reads where nothing stands for it: where nothing reads it, and where none of its readings is
//! before any of those that would look at them. So it is with readings at times that are drawn or computed, and with what
//! reads a whole path. They come after all others and stand for nothing, and nothing stands for a state where they are
//! made: they look at all readings before them and, as by the exact rule, at all that their state hangs on.

use crate::bits::Bits;
use crate::draft::Draft;
use crate::eliminate::eliminate;
use crate::readings::When;
use crate::vertices::Vertices;
use crate::{AxisId, Mask};
use drawing::Drawing;
use sight::Sight;
use std::collections::BTreeSet;

mod drawing;
mod sight;

/// All that the rule says of a model before it is known when its readings are made. Vertices are those of [`Vertices`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mechanism {
    /// For each vertex the parents that it has at any times.
    fixed: Vec<Bits>,
    /// For each vertex its parents by the exact rule: all that it hangs on comes before it.
    above: Vec<Bits>,
    /// For each vertex its readings: of which law's state, and when.
    readings: Vec<Vec<(usize, When)>>,
    laws: Vec<Law>,
    functions: Vec<Curve>,
    /// How many noises there are.
    noises: usize,
    /// The vertices that are tokens, in token order.
    tokens: Vec<usize>,
}

/// What the readings of one element of a state look at.
#[derive(Clone, Debug, PartialEq)]
struct Law {
    /// Vertices that the first reading looks at.
    start: Bits,
    /// Vertices that every reading looks at.
    change: Bits,
    /// Laws of the states whose earlier readings it looks at.
    states: Vec<usize>,
    /// Functions whose earlier readings it looks at.
    functions: Vec<usize>,
    /// The noises that move it.
    noises: Vec<usize>,
}

/// A function of time.
#[derive(Clone, Debug, PartialEq)]
struct Curve {
    /// The vertices of its readings, and when they are.
    knots: Vec<(usize, When)>,
    /// What it hangs on between them: these vertices and what it is drawn from.
    behind: Bits,
}

/// The base graph of the tokens, and an order of them in which parents come first.
pub(crate) struct Base {
    pub(crate) mask: Mask,
    pub(crate) order: Vec<usize>,
}

/// The readings that stand before one, law by law.
struct Earlier {
    all: Vec<Bits>,
    /// The last at a time that is known.
    last: Vec<Option<usize>>,
}

impl Mechanism {
    /// The mechanism of a draft whose readings are kept, and its vertices by the exact rule.
    pub(crate) fn of(draft: &Draft<'_>, vertices: &Vertices) -> Mechanism {
        Drawing { draft, vertices }.mechanism()
    }

    /// Whether the graph hangs on times that differ from data set to data set.
    pub(crate) fn varies(&self) -> bool {
        let knots = self.functions.iter().flat_map(|function| &function.knots);
        self.readings.iter().flatten().chain(knots).any(|(_, when)| when.varies())
    }

    /// The graph at these times. An element without a coordinate is not there: nothing looks at it, and it at nothing.
    pub(crate) fn base(&self, coordinate: &dyn Fn(AxisId, usize) -> Option<f64>) -> Base {
        let sight = Sight::of(self, coordinate);
        let mut rows = vec![Bits::new(self.fixed.len()); self.fixed.len()];
        let mut earlier = Earlier {
            all: vec![Bits::new(self.fixed.len()); self.laws.len()],
            last: vec![None; self.laws.len()],
        };
        for (place, &vertex) in sight.order.iter().enumerate() {
            let (Some(row), Some(fixed)) = (rows.get_mut(place), self.fixed.get(vertex)) else { continue };
            if !sight.there.contains(vertex) {
                continue;
            }
            sight.look(row, fixed);
            let own: BTreeSet<usize> = self.laws_read(vertex).collect();
            for &number in &own {
                self.read(row, place, number, &sight, &earlier);
            }
            let dated = sight.is_dated(place);
            for number in own {
                earlier.add(number, place, dated);
            }
            row.remove(place);
        }
        self.among_tokens(rows, &sight.rank)
    }

    /// The laws of which a vertex is a reading; some may come twice.
    fn laws_read(&self, vertex: usize) -> impl Iterator<Item = usize> {
        self.readings.get(vertex).into_iter().flatten().map(|(law, _)| *law)
    }

    /// What a reading of a law's state looks at, as a row.
    fn read(&self, row: &mut Bits, place: usize, number: usize, sight: &Sight<'_>, earlier: &Earlier) {
        let mut found = BTreeSet::from([number]);
        let mut waiting = vec![number];
        while let Some(at) = waiting.pop() {
            let Some(law) = self.laws.get(at) else { continue };
            sight.look(row, &law.change);
            let last = earlier.last.get(at).copied().flatten();
            match last.filter(|_| at == number && sight.is_dated(place)) {
                Some(before) => row.insert(before),
                None => sight.look(row, &law.start),
            }
            for &state in &law.states {
                earlier.all.get(state).into_iter().for_each(|before| row.union(before));
                if found.insert(state) && sight.is_through(number, state, place) {
                    waiting.push(state);
                }
            }
            for &function in &law.functions {
                sight.look_along(row, place, number, function);
            }
        }
        let whole = Some(number).filter(|_| !sight.is_dated(place));
        let others = sight.common(number, place).chain(whole);
        others.filter_map(|other| earlier.all.get(other)).for_each(|before| row.union(before));
    }

    /// The graph of the tokens alone: all other vertices are eliminated by the exact rule.
    fn among_tokens(&self, mut rows: Vec<Bits>, rank: &[usize]) -> Base {
        let places: Vec<usize> = self.tokens.iter().filter_map(|vertex| rank.get(*vertex).copied()).collect();
        let mut gone = Bits::filter(rows.len(), |_| true);
        places.iter().for_each(|&place| gone.remove(place));
        eliminate(&mut rows, &gone);
        let mut token = vec![0; rows.len()];
        places.iter().enumerate().for_each(|(number, &place)| set(&mut token, place, number));
        let mut mask = Mask::empty(places.len());
        for (number, row) in places.iter().filter_map(|place| rows.get(*place)).enumerate() {
            mask.set(number, number);
            row.iter().filter_map(|place| token.get(place)).for_each(|&parent| mask.set(number, parent));
        }
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|number| places.get(*number));
        Base { mask, order }
    }
}

impl Earlier {
    fn add(&mut self, law: usize, place: usize, dated: bool) {
        self.all.get_mut(law).into_iter().for_each(|before| before.insert(place));
        if dated {
            self.last.get_mut(law).into_iter().for_each(|last| *last = Some(place));
        }
    }
}

fn set<T>(list: &mut [T], place: usize, value: T) {
    *list.get_mut(place).expect("vertices are numbered within their list") = value;
}
