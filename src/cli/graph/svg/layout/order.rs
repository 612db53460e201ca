//! The order of knots in each row, so that few links cross.

use super::classes::Classes;
use super::web::{Knot, Web, What};
use super::{GAP, at, at_mut};
use std::cmp::Ordering;

/// Sweeps over all rows; more of them found nothing better on any example.
const SWEEPS: usize = 16;

/// Orders all rows: each knot goes to the mean of what it is linked to in the row before, down and up again, as long as that
/// helps; then neighbours change places where fewer links cross for it.
/// Gives how many links cross, and how far they go sideways.
pub(super) fn order(web: &mut Web, classes: &Classes<'_>) -> (usize, u64) {
    let mut ordering = Rows::of(web, classes);
    let mut best = (ordering.cost(), ordering.rows.clone());
    for _ in 0..SWEEPS {
        let last = ordering.rows.len();
        ordering.rank_clusters();
        (1..last).for_each(|row| ordering.reorder(row, true));
        ordering.rank_clusters();
        (0..last.saturating_sub(1)).rev().for_each(|row| ordering.reorder(row, false));
        ordering.exchange();
        let cost = ordering.cost();
        if cost < best.0 {
            best = (cost, ordering.rows.clone());
        }
    }
    web.rows = best.1;
    if falls(web) {
        web.rows.iter_mut().for_each(|row| row.reverse());
    }
    best.0
}

/// Whether boxes stand rather from the last to the first than from the first to the last.
fn falls(web: &Web) -> bool {
    let boxes = |row: &Vec<usize>| -> Vec<usize> {
        let own = row.iter().filter_map(|knot| match at(&web.knots, *knot).what {
            What::Box(own) => Some(own),
            What::Bend | What::Ghost(_) => None,
        });
        own.collect()
    };
    let steps = |row: Vec<usize>| {
        let pairs = row.iter().zip(row.iter().skip(1));
        pairs.map(|(one, next)| if one < next { 1 } else { -1 }).sum::<i64>()
    };
    web.rows.iter().map(|row| steps(boxes(row))).sum::<i64>() < 0
}

/// An end of a thread: the knot at its other end, how far from the middle of that it is, and of this one.
struct Tie {
    other: usize,
    there: f64,
    here: f64,
}

/// Boxes that stand together, each with where it wants to be.
#[derive(Clone)]
struct Run {
    cluster: Option<usize>,
    knots: Vec<(usize, f64)>,
}

impl Run {
    fn mean(&self) -> f64 {
        self.knots.iter().map(|(_, mean)| mean).sum::<f64>() / self.knots.len().max(1) as f64
    }
}

/// Rows while they are ordered.
struct Rows<'a> {
    knots: &'a [Knot],
    classes: &'a Classes<'a>,
    rows: Vec<Vec<usize>>,
    /// About where each knot stands.
    places: Vec<f64>,
    above: Vec<Vec<Tie>>,
    below: Vec<Vec<Tie>>,
    /// About where each cluster of classes stands.
    clusters: Vec<f64>,
}

impl<'a> Rows<'a> {
    fn of(web: &'a Web, classes: &'a Classes<'a>) -> Rows<'a> {
        let none = || web.knots.iter().map(|_| Vec::new()).collect::<Vec<_>>();
        let (mut above, mut below) = (none(), none());
        for thread in &web.threads {
            let (upper, lower) = (thread.upper, thread.lower);
            at_mut(&mut above, lower).push(Tie { other: upper, there: thread.leave, here: thread.enter });
            at_mut(&mut below, upper).push(Tie { other: lower, there: thread.enter, here: thread.leave });
        }
        let mut ordering = Rows {
            knots: &web.knots,
            classes,
            rows: web.rows.clone(),
            places: vec![0.0; web.knots.len()],
            above,
            below,
            clusters: vec![0.0; classes.clusters.len()],
        };
        (0..ordering.rows.len()).for_each(|row| ordering.pack(row));
        ordering.rank_clusters();
        (0..ordering.rows.len()).for_each(|row| ordering.reorder(row, true));
        ordering
    }

    /// Puts the knots of a row beside each other, about where they want to be.
    fn pack(&mut self, row: usize) {
        let row = at(&self.rows, row);
        let wanted: f64 = row.iter().map(|knot| at(&self.places, *knot)).sum();
        let mut x = 0.0;
        let mut packed = Vec::with_capacity(row.len());
        for &knot in row {
            let width = at(self.knots, knot).width;
            packed.push(x + width / 2.0);
            x += width + GAP;
        }
        let shift = (wanted - packed.iter().sum::<f64>()) / packed.len().max(1) as f64;
        for (&knot, place) in row.iter().zip(packed) {
            *at_mut(&mut self.places, knot) = place + shift;
        }
    }

    fn rank_clusters(&mut self) {
        let mut sums = vec![(0.0, 0.0); self.clusters.len()];
        for (knot, place) in self.knots.iter().zip(&self.places) {
            if let (Some(class), What::Box(_)) = (knot.class, knot.what) {
                let sum = at_mut(&mut sums, *at(&self.classes.clusters, class));
                *sum = (sum.0 + place, sum.1 + 1.0);
            }
        }
        self.clusters =
            sums.into_iter().map(|(sum, count)| if count > 0.0 { sum / count } else { 0.0 }).collect();
    }

    /// Orders a row by the row above or below.
    fn reorder(&mut self, row: usize, downward: bool) {
        let mean = |knot: usize| {
            let ties = at(if downward { &self.above } else { &self.below }, knot);
            let wanted = ties.iter().map(|tie| at(&self.places, tie.other) + tie.there - tie.here);
            if ties.is_empty() { *at(&self.places, knot) } else { wanted.sum::<f64>() / ties.len() as f64 }
        };
        let own: Vec<(usize, f64)> = at(&self.rows, row).iter().map(|knot| (*knot, mean(*knot))).collect();
        own.iter().for_each(|(knot, mean)| *at_mut(&mut self.places, *knot) = *mean);
        *at_mut(&mut self.rows, row) = self.arranged(own);
        self.pack(row);
    }

    /// Knots in the order of where they want to be; boxes of a cluster stand together, in the order of their classes, and
    /// clusters have one order in all rows. Passing links stand wherever they want to.
    fn arranged(&self, own: Vec<(usize, f64)>) -> Vec<usize> {
        let (mut bends, solid): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|(knot, _)| at(self.knots, *knot).what == What::Bend);
        bends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut arranged = self.framed(solid);
        for (bend, wanted) in bends {
            // Where fewest stand on the wrong side of it.
            let mut wrong = arranged.iter().filter(|(_, mean)| *mean < wanted).count();
            let mut best = (wrong, 0);
            for (place, (_, mean)) in arranged.iter().enumerate() {
                wrong = if *mean < wanted { wrong - 1 } else { wrong + 1 };
                if wrong <= best.0 {
                    best = (wrong, place + 1);
                }
            }
            arranged.insert(best.1, (bend, wanted));
        }
        arranged.into_iter().map(|(knot, _)| knot).collect()
    }

    /// Boxes and what keeps the place of frames, those of a cluster together.
    fn framed(&self, own: Vec<(usize, f64)>) -> Vec<(usize, f64)> {
        let class = |knot: usize| at(self.knots, knot).class;
        let mut runs: Vec<Run> = Vec::new();
        for (knot, mean) in own {
            let cluster = class(knot).map(|class| *at(&self.classes.clusters, class));
            match runs.iter_mut().find(|run| cluster.is_some() && run.cluster == cluster) {
                Some(run) => run.knots.push((knot, mean)),
                None => runs.push(Run { cluster, knots: vec![(knot, mean)] }),
            }
        }
        let rank = |knot: usize| class(knot).map(|class| *at(&self.classes.ranks, class));
        for run in &mut runs {
            run.knots.sort_by(|a, b| rank(a.0).cmp(&rank(b.0)).then(a.1.total_cmp(&b.1)));
        }
        runs.sort_by(|a, b| a.mean().total_cmp(&b.mean()));
        // The places of clusters stay, and each gets the cluster whose turn it is.
        let place = |run: &Run| run.cluster.map(|cluster| (*at(&self.clusters, cluster), cluster));
        let mut clusters: Vec<Run> = runs.iter().filter(|run| run.cluster.is_some()).cloned().collect();
        clusters.sort_by(|a, b| place(a).partial_cmp(&place(b)).unwrap_or(Ordering::Equal));
        let mut clusters = clusters.into_iter();
        let turn = |run: Run| if run.cluster.is_some() { clusters.next().unwrap_or(run) } else { run };
        runs.into_iter().map(turn).flat_map(|run| run.knots).collect()
    }

    /// Lets neighbours change places where fewer links cross for it and no frame is torn: passing links tear none.
    fn exchange(&mut self) {
        for row in 0..self.rows.len() {
            for place in 1..at(&self.rows, row).len() {
                let own: &Vec<usize> = at(&self.rows, row);
                let (left, right) = (*at(own, place - 1), *at(own, place));
                let (one, other) = (at(self.knots, left), at(self.knots, right));
                let free = one.what == What::Bend || other.what == What::Bend || one.class == other.class;
                if free && self.crossed(left, right) > self.crossed(right, left) {
                    at_mut(&mut self.rows, row).swap(place - 1, place);
                }
            }
            self.pack(row);
        }
    }

    /// How often links of two neighbours cross if they stand so.
    fn crossed(&self, left: usize, right: usize) -> usize {
        let side = |ties: &[Vec<Tie>]| {
            let (one, other) = (at(ties, left), at(ties, right));
            let end = |tie: &Tie| at(&self.places, tie.other) + tie.there;
            one.iter().map(|a| other.iter().filter(|b| end(b) < end(a)).count()).sum::<usize>()
        };
        side(&self.above) + side(&self.below)
    }

    /// How many links cross, and how far they go sideways.
    fn cost(&self) -> (usize, u64) {
        let mut crossings = 0;
        let mut aside = 0.0;
        for row in &self.rows {
            let mut seen: Vec<f64> = Vec::new();
            for &knot in row {
                let mut ends: Vec<(f64, f64)> = at(&self.below, knot)
                    .iter()
                    .map(|tie| (at(&self.places, knot) + tie.here, at(&self.places, tie.other) + tie.there))
                    .collect();
                ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
                for (upper, lower) in ends {
                    let place = seen.partition_point(|before| *before <= lower);
                    crossings += seen.len() - place;
                    seen.insert(place, lower);
                    aside += (upper - lower).abs();
                }
            }
        }
        (crossings, aside as u64)
    }
}
