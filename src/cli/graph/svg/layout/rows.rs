//! In which row each box stands.

use super::{GAP, Sketch, at, at_mut};

/// Rounds of moving boxes towards what they are linked to.
const ROUNDS: usize = 8;

/// The row of each box from 0 at the top, so that whatever reads stands below what it reads, links are short, and no row
/// is too wide.
pub(super) fn rows(sketch: &Sketch) -> Vec<usize> {
    let mut stack = Stack::of(sketch);
    stack.fill();
    (0..ROUNDS).for_each(|_| stack.tighten());
    // Rows are counted from the bottom so far, and those that nothing stands in are left out.
    let mut used = stack.rows.clone();
    used.sort_unstable();
    used.dedup();
    let from_top = |row: &usize| used.iter().rev().position(|used| used == row).unwrap_or(0);
    stack.rows.iter().map(from_top).collect()
}

/// Boxes on their way to their rows, which are counted from the bottom.
struct Stack<'a> {
    sketch: &'a Sketch,
    /// The boxes so that each comes after what it reads.
    order: Vec<usize>,
    /// What each box stands below, and above.
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    rows: Vec<usize>,
    /// How wide each row is.
    widths: Vec<f64>,
}

impl<'a> Stack<'a> {
    fn of(sketch: &'a Sketch) -> Stack<'a> {
        let order = sorted(sketch);
        let count = order.len();
        let mut places = vec![0; count];
        order.iter().enumerate().for_each(|(place, own)| *at_mut(&mut places, *own) = place);
        let (mut above, mut below) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for link in sketch.links.iter().filter(|link| link.from != link.to) {
            // A link against the order is drawn upwards.
            let turned = at(&places, link.from) > at(&places, link.to);
            let (upper, lower) = if turned { (link.to, link.from) } else { (link.from, link.to) };
            at_mut(&mut above, lower).push(upper);
            at_mut(&mut below, upper).push(lower);
        }
        Stack { sketch, order, above, below, rows: vec![0; count], widths: Vec::new() }
    }

    /// Puts each box as low as what reads it and the width of rows let it.
    fn fill(&mut self) {
        for own in self.order.clone().into_iter().rev() {
            let mut row =
                at(&self.below, own).iter().map(|other| at(&self.rows, *other) + 1).max().unwrap_or(0);
            while !self.fits(own, row) {
                row += 1;
            }
            self.put(own, row);
        }
    }

    /// Moves each box towards the side on which it is linked to more.
    fn tighten(&mut self) {
        for own in self.order.clone() {
            let row = *at(&self.rows, own);
            let (above, below) = (at(&self.above, own), at(&self.below, own));
            let highest = above.iter().map(|other| at(&self.rows, *other).saturating_sub(1)).min();
            let lowest = below.iter().map(|other| at(&self.rows, *other) + 1).max();
            let wanted = match (highest, lowest) {
                (Some(highest), _) if above.len() > below.len() => highest,
                (_, Some(lowest)) if below.len() > above.len() => lowest,
                _ => continue,
            };
            *at_mut(&mut self.widths, row) -= self.width(own);
            let mut towards: Vec<usize> = (wanted.min(row)..=wanted.max(row)).collect();
            if wanted > row {
                towards.reverse();
            }
            let next = towards.into_iter().find(|next| self.fits(own, *next)).unwrap_or(row);
            self.put(own, next);
        }
    }

    fn width(&self, own: usize) -> f64 {
        at(&self.sketch.boxes, own).width + GAP
    }

    fn fits(&self, own: usize, row: usize) -> bool {
        let used = self.widths.get(row).copied().unwrap_or(0.0);
        used < 1.0 || used + self.width(own) <= self.sketch.widest
    }

    fn put(&mut self, own: usize, row: usize) {
        if self.widths.len() <= row {
            self.widths.resize(row + 1, 0.0);
        }
        *at_mut(&mut self.widths, row) += self.width(own);
        *at_mut(&mut self.rows, own) = row;
    }
}

/// The boxes so that each comes after what it reads; where things read each other in a circle, the first comes first.
fn sorted(sketch: &Sketch) -> Vec<usize> {
    let count = sketch.boxes.len();
    let mut waiting: Vec<usize> = (0..count).collect();
    let mut done = vec![false; count];
    let mut order = Vec::with_capacity(count);
    while !waiting.is_empty() {
        let ready = |own: &usize| {
            let mut reads = sketch.links.iter().filter(|link| link.to == *own && link.from != *own);
            reads.all(|link| *at(&done, link.from))
        };
        let next = waiting.iter().position(ready).unwrap_or(0);
        let own = waiting.remove(next);
        *at_mut(&mut done, own) = true;
        order.push(own);
    }
    order
}
