//! Where each knot stands from left to right: close to what it is linked to, with room beside it, and frames around what
//! is theirs alone.

use super::classes::{Classes, Piece};
use super::web::{Knot, Web, What};
use super::{APART, GAP, PAD, Sketch, at, at_mut};

/// Rounds of pulling and pushing.
const ROUNDS: usize = 500;
/// Pushes in a round.
const PUSHES: usize = 3;

/// Where everything stands.
pub(super) struct Columns {
    /// The middle of each knot.
    pub(super) knots: Vec<f64>,
    /// The sides of each piece of a frame.
    pub(super) pieces: Vec<(f64, f64)>,
}

/// The knot `right` is to be at least `room` to the right of `left`.
struct Need {
    left: usize,
    right: usize,
    room: f64,
}

/// The knot `lower` is drawn to where `upper` is, moved by `shift`, and the other way round.
struct Pull {
    upper: usize,
    lower: usize,
    shift: f64,
    share: f64,
}

/// Finds columns by pulling linked knots to each other and pushing others apart, always both alike so that nothing drifts;
/// at last whatever still lacks room is moved to the right.
pub(super) fn columns(sketch: &Sketch, web: &Web, classes: &Classes<'_>) -> Columns {
    let reaches = reaches(sketch, web, classes);
    let mut needs = beside(web);
    needs.extend(apart(web, classes, &reaches));
    let pulls = pulls(web);
    let mut knots = start(web);
    for round in 0..ROUNDS {
        for pull in &pulls {
            let far = at(&knots, pull.upper) + pull.shift - at(&knots, pull.lower);
            *at_mut(&mut knots, pull.upper) -= pull.share * far;
            *at_mut(&mut knots, pull.lower) += pull.share * far;
        }
        (0..PUSHES).for_each(|_| push(&mut knots, &needs, round % 2 == 0));
    }
    settle(&mut knots, &needs);
    let side = |(piece, reach): (&Piece, &Vec<f64>)| {
        let edges = piece.boxes.iter().map(|own| {
            let (middle, half) = (*at(&knots, *at(&web.of_box, *own)), at(&sketch.boxes, *own).width / 2.0);
            (middle - half - at(reach, *own), middle + half + at(reach, *own))
        });
        edges.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, r), (left, right)| (l.min(left), r.max(right)))
    };
    let pieces = classes.pieces.iter().zip(&reaches).map(side).collect();
    Columns { knots, pieces }
}

/// Rows side by side, each centred.
fn start(web: &Web) -> Vec<f64> {
    let mut x = vec![0.0; web.knots.len()];
    for row in &web.rows {
        let total: f64 = row.iter().map(|knot| at(&web.knots, *knot).width + GAP).sum();
        let mut left = -total / 2.0;
        for &knot in row {
            let width = at(&web.knots, knot).width + GAP;
            *at_mut(&mut x, knot) = left + width / 2.0;
            left += width;
        }
    }
    x
}

fn pulls(web: &Web) -> Vec<Pull> {
    let bend = |knot: usize| at(&web.knots, knot).what == What::Bend;
    // A link that passes rows is to pass them straight.
    let weight = |upper: usize, lower: usize| match (bend(upper), bend(lower)) {
        (true, true) => 8.0,
        (false, false) => 1.0,
        _ => 2.0,
    };
    let mut sums = vec![0.0f64; web.knots.len()];
    for thread in &web.threads {
        *at_mut(&mut sums, thread.upper) += weight(thread.upper, thread.lower);
        *at_mut(&mut sums, thread.lower) += weight(thread.upper, thread.lower);
    }
    let pull = |thread: &super::web::Thread| {
        let most = f64::max(*at(&sums, thread.upper), *at(&sums, thread.lower));
        Pull {
            upper: thread.upper,
            lower: thread.lower,
            shift: thread.leave - thread.enter,
            share: 0.5 * weight(thread.upper, thread.lower) / most,
        }
    };
    web.threads.iter().map(pull).collect()
}

/// Makes room where it lacks, by moving both sides alike.
fn push(x: &mut [f64], needs: &[Need], forward: bool) {
    let mut mend = |need: &Need| {
        let lacks = need.room - (at(x, need.right) - at(x, need.left));
        if lacks > 0.0 {
            *at_mut(x, need.left) -= lacks / 2.0;
            *at_mut(x, need.right) += lacks / 2.0;
        }
    };
    if forward { needs.iter().for_each(&mut mend) } else { needs.iter().rev().for_each(&mut mend) }
}

/// Makes all room that still lacks, by moving to the right alone: needs never go round in a circle.
fn settle(x: &mut [f64], needs: &[Need]) {
    for _ in 0..=x.len() {
        let mut moved = false;
        for need in needs {
            let least = at(x, need.left) + need.room;
            if *at(x, need.right) < least - 1e-9 {
                *at_mut(x, need.right) = least;
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}

/// The room between neighbours of a row.
fn beside(web: &Web) -> Vec<Need> {
    let solid = |knot: &&usize| !matches!(at(&web.knots, **knot).what, What::Ghost(_));
    let bend = |knot: &Knot| knot.what == What::Bend;
    let mut needs = Vec::new();
    for row in &web.rows {
        let row: Vec<usize> = row.iter().filter(solid).copied().collect();
        for (&left, &right) in row.iter().zip(row.iter().skip(1)) {
            let (a, b) = (at(&web.knots, left), at(&web.knots, right));
            let gap = match (bend(a), bend(b)) {
                (true, true) => GAP / 3.0,
                (false, false) => GAP,
                _ => GAP / 1.6,
            };
            needs.push(Need { left, right, room: (a.width + b.width) / 2.0 + gap });
        }
    }
    needs
}

/// How far each piece of a frame reaches beyond the sides of each of its boxes: farther where other frames are within it,
/// and where its label is longer than its widest row.
fn reaches(sketch: &Sketch, web: &Web, classes: &Classes<'_>) -> Vec<Vec<f64>> {
    let mut order: Vec<usize> = (0..classes.pieces.len()).collect();
    order.sort_by_key(|own| (at(&classes.pieces, *own).boxes.len(), *own));
    let mut reaches = vec![vec![0.0; sketch.boxes.len()]; classes.pieces.len()];
    for number in order {
        let piece = at(&classes.pieces, number);
        let within: Vec<usize> = piece
            .around
            .iter()
            .copied()
            .filter(|inner| at(&classes.pieces, *inner).is_within(piece))
            .collect();
        let within: Vec<&Vec<f64>> = within.into_iter().map(|inner| at(&reaches, inner)).collect();
        let inner = |own: usize| within.iter().map(|reach| *at(reach, own)).fold(0.0, f64::max);
        let inner: Vec<f64> = (0..sketch.boxes.len()).map(inner).collect();
        let mut widths = vec![0.0; web.rows.len()];
        for own in &piece.boxes {
            let row = at(&web.knots, *at(&web.of_box, *own)).row;
            *at_mut(&mut widths, row) += at(&sketch.boxes, *own).width + 2.0 * at(&inner, *own) + GAP;
        }
        let widest = widths.into_iter().fold(0.0, f64::max) - GAP;
        let lacks = (at(&sketch.labels, piece.frame) - widest).max(0.0) / 2.0;
        let reach = at_mut(&mut reaches, number);
        piece.boxes.iter().for_each(|own| *at_mut(reach, *own) = at(&inner, *own) + PAD + lacks);
    }
    reaches
}

/// The room between each piece of a frame and all that stands in its rows and is not its own.
fn apart(web: &Web, classes: &Classes<'_>, reaches: &[Vec<f64>]) -> Vec<Need> {
    let mut needs = Vec::new();
    for (number, piece) in classes.pieces.iter().enumerate() {
        let edge = |piece: usize, own: usize| {
            let (knot, reach) = (*at(&web.of_box, own), at(reaches, piece));
            (knot, at(&web.knots, knot).width / 2.0 + at(reach, own))
        };
        let edges: Vec<(usize, f64)> = piece.boxes.iter().map(|own| edge(number, *own)).collect();
        let mut need = |other: (usize, f64), left: bool| {
            for own in &edges {
                let (one, next) = if left { (other, *own) } else { (*own, other) };
                needs.push(Need { left: one.0, right: next.0, room: one.1 + next.1 + APART });
            }
        };
        for row in &web.rows {
            let own: Vec<usize> =
                (0..row.len()).filter(|place| holds(web, *at(row, *place), (number, piece))).collect();
            let Some((first, last)) = own.first().zip(own.last()) else { continue };
            for (place, &knot) in row.iter().enumerate() {
                let half = at(&web.knots, knot).width / 2.0;
                match at(&web.knots, knot).what {
                    What::Box(_) if place < *first => need((knot, half), true),
                    What::Box(_) if place > *last => need((knot, half), false),
                    _ => {}
                }
            }
            // Of two frames each keeps away from the boxes of the other, and from as much as that reaches around them.
            for (other, theirs) in
                classes.pieces.iter().enumerate().filter(|(_, theirs)| !theirs.meets(piece))
            {
                let place = row.iter().position(|knot| holds(web, *knot, (other, theirs)));
                if place.is_some_and(|place| place > *last) {
                    theirs.boxes.iter().for_each(|own| need(edge(other, *own), false));
                }
            }
        }
    }
    needs
}

/// Whether something in a row is of a piece of a frame, or keeps its place.
fn holds(web: &Web, knot: usize, (number, piece): (usize, &Piece)) -> bool {
    match at(&web.knots, knot).what {
        What::Box(own) => piece.boxes.contains(&own),
        What::Ghost(own) => own == number,
        What::Bend => false,
    }
}
