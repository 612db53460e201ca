//! What has the same frames, and the order of that from left to right.

use super::{Sketch, at, at_mut};

/// The sets of frames that boxes have, other than the empty one.
pub(super) struct Classes<'a> {
    sketch: &'a Sketch,
    sets: Vec<&'a [usize]>,
    /// The classes from left to right, those of all clusters among each other.
    order: Vec<usize>,
    /// The class of each box.
    pub(super) of_box: Vec<Option<usize>>,
    /// Classes that hang together by common frames have one number.
    pub(super) clusters: Vec<usize>,
    /// The place of each class within its cluster, from left to right.
    pub(super) ranks: Vec<usize>,
    /// The frames, in pieces where they must be.
    pub(super) pieces: Vec<Piece>,
}

/// A frame, or a piece of one.
pub(super) struct Piece {
    /// Which frame.
    pub(super) frame: usize,
    /// The classes in it.
    pub(super) classes: Vec<usize>,
    /// The boxes in it.
    pub(super) boxes: Vec<usize>,
    /// Its first and its last row, once rows are known.
    pub(super) rows: (usize, usize),
    /// Whether its label is at its upper side: links leave it downwards, and none comes from above.
    pub(super) label_above: bool,
    /// The pieces that it goes around: all whose boxes it has, and of those that it crosses the smaller ones.
    pub(super) around: Vec<usize>,
}

impl<'a> Classes<'a> {
    pub(super) fn of(sketch: &'a Sketch) -> Classes<'a> {
        let mut sets: Vec<&[usize]> = Vec::new();
        let mut of_box = Vec::new();
        for own in &sketch.boxes {
            let known = sets.iter().position(|set| *set == own.frames.as_slice());
            of_box.push((!own.frames.is_empty()).then(|| known.unwrap_or(sets.len())));
            if known.is_none() && !own.frames.is_empty() {
                sets.push(&own.frames);
            }
        }
        let clusters = clusters(&sets);
        let order = arranged(&sets, &clusters, sketch.labels.len());
        let ranks = vec![0; sets.len()];
        let mut classes = Classes { sketch, sets, order, of_box, clusters, ranks, pieces: Vec::new() };
        classes.cut();
        classes
    }

    /// Numbers classes by their order, and cuts frames into pieces.
    fn cut(&mut self) {
        for (rank, class) in self.order.iter().enumerate() {
            *at_mut(&mut self.ranks, *class) = rank;
        }
        self.pieces.clear();
        for frame in 0..self.sketch.labels.len() {
            for classes in runs(&self.sets, &self.clusters, &self.order, frame) {
                let own = |own: &usize| at(&self.of_box, *own).is_some_and(|class| classes.contains(&class));
                let boxes = (0..self.sketch.boxes.len()).filter(own).collect();
                self.pieces.push(Piece {
                    frame,
                    classes,
                    boxes,
                    rows: (0, 0),
                    label_above: false,
                    around: Vec::new(),
                });
            }
        }
        nest(&mut self.pieces);
    }

    /// The same with two classes of one cluster in each other's place; all that fall into no more pieces.
    pub(super) fn others(&self) -> Vec<Classes<'a>> {
        let count = self.order.len();
        let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
        let swapped = pairs.filter_map(|(one, other)| {
            let cluster = |place: usize| *at(&self.clusters, *at(&self.order, place));
            let mut order = self.order.clone();
            order.swap(one, other);
            let mut classes = Classes {
                sketch: self.sketch,
                sets: self.sets.clone(),
                order,
                of_box: self.of_box.clone(),
                clusters: self.clusters.clone(),
                ranks: self.ranks.clone(),
                pieces: Vec::new(),
            };
            classes.cut();
            let good = cluster(one) == cluster(other) && classes.pieces.len() <= self.pieces.len();
            good.then_some(classes)
        });
        swapped.collect()
    }
}

impl Piece {
    /// Whether it has a box in common with another, so that their frames lie over each other.
    pub(super) fn meets(&self, other: &Piece) -> bool {
        self.boxes.iter().any(|own| other.boxes.contains(own))
    }

    /// Whether all its boxes are another's.
    pub(super) fn is_within(&self, other: &Piece) -> bool {
        self.boxes.iter().all(|own| other.boxes.contains(own))
    }
}

/// Says of each piece which others it goes around.
fn nest(pieces: &mut [Piece]) {
    let smaller = |(i, a): (usize, &Piece), (j, b): (usize, &Piece)| (a.boxes.len(), i) < (b.boxes.len(), j);
    let around: Vec<Vec<usize>> = pieces
        .iter()
        .enumerate()
        .map(|(number, own)| {
            let others = pieces.iter().enumerate();
            let within =
                others.filter(|(other, piece)| smaller((*other, piece), (number, own)) && piece.meets(own));
            within.map(|(other, _)| other).collect()
        })
        .collect();
    pieces.iter_mut().zip(around).for_each(|(piece, around)| piece.around = around);
}

/// Numbers classes so that those with a common frame have one number.
fn clusters(sets: &[&[usize]]) -> Vec<usize> {
    let mut clusters: Vec<usize> = (0..sets.len()).collect();
    for (number, set) in sets.iter().enumerate() {
        for (other, before) in sets.iter().enumerate().take(number) {
            if before.iter().any(|frame| set.contains(frame)) {
                let (from, to) = (*at(&clusters, number), *at(&clusters, other));
                clusters.iter_mut().filter(|cluster| **cluster == from).for_each(|cluster| *cluster = to);
            }
        }
    }
    clusters
}

/// The classes from left to right, so that frames fall into as few pieces as can be found by moving one class at a time.
fn arranged(sets: &[&[usize]], clusters: &[usize], frames: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sets.len()).collect();
    let cost =
        |order: &[usize]| (0..frames).map(|frame| runs(sets, clusters, order, frame).len()).sum::<usize>();
    let mut best = cost(&order);
    loop {
        let moves = (0..order.len()).flat_map(|from| (0..order.len()).map(move |to| (from, to)));
        let moved = moves.map(|(from, to)| {
            let mut other = order.clone();
            let class = other.remove(from);
            other.insert(to, class);
            (cost(&other), other)
        });
        match moved.min_by_key(|(cost, _)| *cost).filter(|(cost, _)| *cost < best) {
            Some((less, other)) => (best, order) = (less, other),
            None => return order,
        }
    }
}

/// The classes of a frame that are neighbours within their cluster, run by run.
fn runs(sets: &[&[usize]], clusters: &[usize], order: &[usize], frame: usize) -> Vec<Vec<usize>> {
    let has = |class: usize| at(sets, class).contains(&frame);
    let Some(cluster) = order.iter().find(|class| has(**class)).map(|class| *at(clusters, *class)) else {
        return Vec::new();
    };
    let own: Vec<usize> = order.iter().copied().filter(|class| *at(clusters, *class) == cluster).collect();
    let runs = own.chunk_by(|a, b| has(*a) == has(*b));
    runs.filter(|run| run.first().is_some_and(|class| has(*class))).map(<[usize]>::to_vec).collect()
}
