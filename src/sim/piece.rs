//! Between two steps: the curves along which states are read.

use crate::adaptive::IMPLICIT;
use crate::lower::Lower;
use crate::ssa::Value;

/// A step of some states, as it is read within.
pub(crate) struct Piece {
    /// The states at its start and at its end.
    pub(crate) x: [Vec<Value>; 2],
    pub(crate) bend: Bend,
    pub(crate) start: Value,
    pub(crate) length: Value,
}

/// How states move within a step.
pub(crate) enum Bend {
    /// Along the cubics with these slopes at both ends (Hermite).
    Cubic { slopes: [Vec<Value>; 2] },
    /// As [`Bend::Cubic`], and a term of order four that is zero at both ends (Hairer, Nørsett and Wanner I, II.6.14).
    Quartic { slopes: [Vec<Value>; 2], more: Vec<Value> },
    /// Along the parabolas of the linearly implicit method, by its first stage over the step.
    Implicit { first: Vec<Value> },
}

impl Piece {
    /// The same piece with other values in place of its own.
    pub(crate) fn map(&self, mut f: impl FnMut(Value) -> Value) -> Piece {
        let mut all = |values: &Vec<Value>| values.iter().map(|value| f(*value)).collect::<Vec<Value>>();
        let x = [all(&self.x[0]), all(&self.x[1])];
        let mut both = |slopes: &[Vec<Value>; 2]| [all(&slopes[0]), all(&slopes[1])];
        let bend = match &self.bend {
            Bend::Cubic { slopes } => Bend::Cubic { slopes: both(slopes) },
            Bend::Quartic { slopes, more } => Bend::Quartic { slopes: both(slopes), more: all(more) },
            Bend::Implicit { first } => Bend::Implicit { first: all(first) },
        };
        Piece { x, bend, start: f(self.start), length: f(self.length) }
    }
}

impl Lower<'_> {
    /// The states of a piece after a share of it.
    pub(crate) fn after(&mut self, piece: &Piece, share: Value) -> Vec<Value> {
        let [start, end] = &piece.x;
        let states = start.iter().zip(end).enumerate();
        states.map(|(slot, (x0, x1))| self.state_after(piece, slot, [*x0, *x1], share)).collect()
    }

    fn state_after(&mut self, piece: &Piece, slot: usize, [x0, x1]: [Value; 2], share: Value) -> Value {
        let of = |values: &Vec<Value>| *values.get(slot).expect("a piece has all of each state");
        let p = &mut self.program;
        let rise = p.sub(x1, x0);
        let one = p.number(1.0);
        let rest = p.sub(one, share);
        let off = match &piece.bend {
            Bend::Cubic { slopes: [before, after] } | Bend::Quartic { slopes: [before, after], .. } => {
                let [f0, f1] = [before, after].map(|slopes| p.mul(of(slopes), piece.length));
                // share (rise + rest (b + share (c + rest d))), with b and c from the slopes at the ends.
                let b = p.sub(f0, rise);
                let c = p.sub(rise, f1);
                let c = p.sub(c, b);
                let c = match &piece.bend {
                    Bend::Quartic { more, .. } => {
                        let d = p.mul(of(more), rest);
                        p.add(d, c)
                    }
                    _ => c,
                };
                let inner = p.mul(c, share);
                let inner = p.add(inner, b);
                let inner = p.mul(inner, rest);
                p.add(inner, rise)
            }
            Bend::Implicit { first } => {
                let scale = 1.0 / (1.0 - 2.0 * IMPLICIT);
                let [scale, twice] = [scale, 2.0 * IMPLICIT].map(|x| p.number(x));
                let early = p.mul(of(first), rest);
                let reach = p.sub(share, twice);
                let late = p.mul(rise, reach);
                let sum = p.add(early, late);
                p.mul(sum, scale)
            }
        };
        let off = p.mul(off, share);
        p.add(off, x0)
    }
}
