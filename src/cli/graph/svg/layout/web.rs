//! Boxes, the bends of links that pass rows, and what keeps the place of a frame in rows where it has no box.

use super::classes::Classes;
use super::{Link, Sketch, at, at_mut};

/// What stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A box.
    Box(usize),
    /// A link that passes.
    Bend,
    /// A frame that passes, with the number of its piece.
    Ghost(usize),
}

/// Something with a place in a row.
pub(super) struct Knot {
    pub(super) what: What,
    pub(super) row: usize,
    pub(super) width: f64,
    pub(super) class: Option<usize>,
}

/// A piece of a link from a row to the next.
pub(super) struct Thread {
    /// The knot above.
    pub(super) upper: usize,
    /// The knot below.
    pub(super) lower: usize,
    /// How far from the middle of the upper knot it starts.
    pub(super) leave: f64,
    /// How far from the middle of the lower knot it ends.
    pub(super) enter: f64,
}

/// The bends of a link from top to bottom.
pub(super) struct Way {
    pub(super) bends: Vec<usize>,
    pub(super) upwards: bool,
}

/// All knots, with their order in each row.
pub(super) struct Web {
    pub(super) knots: Vec<Knot>,
    pub(super) rows: Vec<Vec<usize>>,
    pub(super) threads: Vec<Thread>,
    pub(super) ways: Vec<Way>,
    /// The knot of each box.
    pub(super) of_box: Vec<usize>,
}

/// The room that a passing link takes.
const BEND: f64 = 6.0;

impl Web {
    /// The knots of boxes in these rows, in the order of their numbers.
    pub(super) fn of(sketch: &Sketch, rows: &[usize], classes: &mut Classes<'_>) -> Web {
        let count = rows.iter().map(|row| row + 1).max().unwrap_or(0);
        let mut web = Web {
            knots: Vec::new(),
            rows: vec![Vec::new(); count],
            threads: Vec::new(),
            ways: Vec::new(),
            of_box: Vec::new(),
        };
        for (number, (own, &row)) in sketch.boxes.iter().zip(rows).enumerate() {
            let class = *at(&classes.of_box, number);
            let knot = web.knot(Knot { what: What::Box(number), row, width: own.width, class });
            web.of_box.push(knot);
        }
        for link in &sketch.links {
            let upwards = at(rows, link.from) > at(rows, link.to);
            let (upper, lower) = if upwards { (link.to, link.from) } else { (link.from, link.to) };
            let (leave, enter) = if upwards { (link.enter, link.leave) } else { (link.leave, link.enter) };
            let passed = at(rows, upper) + 1..*at(rows, lower);
            let bend = |row| Knot { what: What::Bend, row, width: BEND, class: None };
            let bends: Vec<usize> = passed.map(|row| web.knot(bend(row))).collect();
            let mut knots = vec![*at(&web.of_box, upper)];
            knots.extend(&bends);
            knots.push(*at(&web.of_box, lower));
            let last = knots.len().saturating_sub(2);
            let pairs = knots.iter().zip(knots.iter().skip(1)).enumerate();
            web.threads.extend(pairs.map(|(place, (&upper, &lower))| Thread {
                upper,
                lower,
                leave: leave.filter(|_| place == 0).unwrap_or(0.0),
                enter: enter.filter(|_| place == last).unwrap_or(0.0),
            }));
            web.ways.push(Way { bends, upwards });
        }
        web.haunt(rows, &sketch.links, classes);
        web
    }

    fn knot(&mut self, knot: Knot) -> usize {
        let number = self.knots.len();
        at_mut(&mut self.rows, knot.row).push(number);
        self.knots.push(knot);
        number
    }

    /// Finds the rows of each piece of a frame, and puts something into those where it has no box.
    fn haunt(&mut self, rows: &[usize], links: &[Link], classes: &mut Classes<'_>) {
        for (number, piece) in classes.pieces.iter_mut().enumerate() {
            let own: Vec<usize> = piece.boxes.iter().map(|own| *at(rows, *own)).collect();
            piece.rows = (own.iter().copied().min().unwrap_or(0), own.iter().copied().max().unwrap_or(0));
            let outside =
                |(one, other): (usize, usize)| piece.boxes.contains(&one) && !piece.boxes.contains(&other);
            let downwards = |link: &&Link| at(rows, link.from) < at(rows, link.to);
            let mut links = links.iter().filter(downwards);
            let leaves = links.clone().any(|link| outside((link.from, link.to)));
            piece.label_above = leaves && !links.any(|link| outside((link.to, link.from)));
            let passed = (piece.rows.0..=piece.rows.1).filter(|row| !own.contains(row));
            let class = piece.classes.first().copied();
            passed.for_each(|row| {
                self.knot(Knot { what: What::Ghost(number), row, width: 0.0, class });
            });
        }
    }
}
