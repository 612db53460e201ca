//! From columns to the picture: the room between rows, the sides of frames, and the ways of links.

use super::classes::{Classes, Piece};
use super::columns::Columns;
use super::web::{Web, What};
use super::{APART, LABEL, Layout, Outline, PAD, Route, Sketch, Stop, at, at_mut};

/// Where everything stands, with the left upper corner as the origin.
pub(super) fn placed(sketch: &Sketch, web: &Web, classes: &Classes<'_>, columns: &Columns) -> Layout {
    let margins = margins(classes);
    Placing { sketch, web, classes, columns, margins: &margins }.layout()
}

/// How far the frame of each piece goes above its first row and below its last one.
fn margins(classes: &Classes<'_>) -> Vec<(f64, f64)> {
    let mut margins = vec![(0.0, 0.0); classes.pieces.len()];
    let mut order: Vec<usize> = (0..margins.len()).collect();
    order.sort_by_key(|own| (at(&classes.pieces, *own).boxes.len(), *own));
    for number in order {
        let own = at(&classes.pieces, number);
        let (mut above, mut below) = (0.0, 0.0);
        for &other in &own.around {
            let (rows, inner) = (at(&classes.pieces, other).rows, *at(&margins, other));
            above = if rows.0 == own.rows.0 { f64::max(above, inner.0) } else { above };
            below = if rows.1 == own.rows.1 { f64::max(below, inner.1) } else { below };
        }
        *at_mut(&mut margins, number) = match own.label_above {
            true => (above + LABEL + PAD / 2.0, below + PAD),
            false => (above + PAD, below + LABEL + PAD / 2.0),
        };
    }
    margins
}

/// What is known before the last step.
struct Placing<'a> {
    sketch: &'a Sketch,
    web: &'a Web,
    classes: &'a Classes<'a>,
    columns: &'a Columns,
    margins: &'a [(f64, f64)],
}

impl Placing<'_> {
    fn layout(self) -> Layout {
        let lines = self.lines();
        let middle = |row: usize| {
            let (top, bottom) = *at(&lines, row);
            (top + bottom) / 2.0
        };
        let mut centres = vec![(0.0, 0.0); self.sketch.boxes.len()];
        for (number, knot) in self.web.knots.iter().enumerate() {
            if let What::Box(own) = knot.what {
                *at_mut(&mut centres, own) = (*at(&self.columns.knots, number), middle(knot.row));
            }
        }
        let frames = self.outlines(&centres);
        let routes = self.routes(&centres, &lines);
        let layout = Layout { centres, routes, frames, width: 0.0, height: 0.0 };
        let [left, top, right, bottom] = self.bounds(&layout);
        Layout { width: right - left, height: bottom - top, ..moved(layout, -left, -top) }
    }

    /// The left, upper, right and lower end of all that is drawn; nothing where there are no boxes.
    fn bounds(&self, layout: &Layout) -> [f64; 4] {
        let boxes = self.sketch.boxes.iter().zip(&layout.centres).map(|(size, (x, y))| {
            let (w, h) = (size.width / 2.0, size.height / 2.0);
            [x - w, y - h, x + w, y + h]
        });
        let frames = layout.frames.iter().map(|own| [own.left, own.top, own.right, own.bottom]);
        let stops = layout.routes.iter().flat_map(|route| &route.stops);
        let stops = stops.map(|stop| [stop.x - 4.0, stop.top, stop.x + 4.0, stop.bottom]);
        let join =
            |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
        boxes.chain(frames).chain(stops).reduce(join).unwrap_or_default()
    }

    /// The upper and the lower side of each row. Between rows there is room for the frames that end and begin there, and
    /// the more the farther links go sideways.
    fn lines(&self) -> Vec<(f64, f64)> {
        let mut lines: Vec<(f64, f64)> = Vec::new();
        for row in 0..self.web.rows.len() {
            let boxes =
                at(&self.web.rows, row).iter().filter_map(|knot| match at(&self.web.knots, *knot).what {
                    What::Box(own) => Some(at(&self.sketch.boxes, own).height),
                    _ => None,
                });
            let height = boxes.fold(0.0, f64::max);
            let top = lines.last().map_or(0.0, |(_, bottom)| bottom + self.between(row));
            lines.push((top, top + height));
        }
        lines
    }

    /// The room above a row.
    fn between(&self, row: usize) -> f64 {
        let pieces = || self.classes.pieces.iter().enumerate();
        let ending = pieces().filter(|(_, piece)| piece.rows.1 + 1 == row);
        let ending = ending.map(|(number, _)| at(self.margins, number).1).fold(0.0, f64::max);
        let beginning = pieces().filter(|(_, piece)| piece.rows.0 == row);
        let beginning = beginning.map(|(number, _)| at(self.margins, number).0).fold(0.0, f64::max);
        let here = self.web.threads.iter().filter(|thread| at(&self.web.knots, thread.lower).row == row);
        let aside = here.map(|thread| {
            let (upper, lower) =
                (at(&self.columns.knots, thread.upper), at(&self.columns.knots, thread.lower));
            (upper + thread.leave - lower - thread.enter).abs()
        });
        let aside = aside.fold(f64::NEG_INFINITY, f64::max);
        let links = if aside.is_finite() { (30.0 + 0.1 * aside).min(80.0) } else { 0.0 };
        let frames = ending + beginning;
        if frames > 0.0 { frames + links.max(APART) } else { links.max(18.0) }
    }

    fn outlines(&self, centres: &[(f64, f64)]) -> Vec<Outline> {
        let outline = |(number, piece): (usize, &Piece)| {
            let edge = |own: &usize, sign: f64| {
                at(centres, *own).1 + sign * at(&self.sketch.boxes, *own).height / 2.0
            };
            let top = piece.boxes.iter().map(|own| edge(own, -1.0)).fold(f64::INFINITY, f64::min);
            let bottom = piece.boxes.iter().map(|own| edge(own, 1.0)).fold(f64::NEG_INFINITY, f64::max);
            let (left, right) = *at(&self.columns.pieces, number);
            Outline {
                frame: piece.frame,
                label_above: piece.label_above,
                left,
                right,
                top: top - at(self.margins, number).0,
                bottom: bottom + at(self.margins, number).1,
            }
        };
        let mut outlines: Vec<Outline> = self.classes.pieces.iter().enumerate().map(outline).collect();
        let area = |own: &Outline| (own.right - own.left) * (own.bottom - own.top);
        outlines.sort_by(|a, b| area(b).total_cmp(&area(a)));
        outlines
    }

    fn routes(&self, centres: &[(f64, f64)], lines: &[(f64, f64)]) -> Vec<Route> {
        let ways = self.web.ways.iter().zip(&self.sketch.links);
        let ends = self.ends(centres);
        ways.zip(&ends)
            .map(|((way, link), (leave, enter))| {
                let (upper, lower) = if way.upwards { (link.to, link.from) } else { (link.from, link.to) };
                let row = |own: usize| at(&self.web.knots, *at(&self.web.of_box, own)).row;
                let ((x, y), (to, below)) = (*at(centres, upper), *at(centres, lower));
                let (own, other) =
                    (at(&self.sketch.boxes, upper).height, at(&self.sketch.boxes, lower).height);
                let first = Stop { x: x + leave, top: y + own / 2.0, bottom: at(lines, row(upper)).1 };
                let last = Stop { x: to + enter, top: at(lines, row(lower)).0, bottom: below - other / 2.0 };
                let bends = way.bends.iter().map(|bend| {
                    let (top, bottom) = *at(lines, at(&self.web.knots, *bend).row);
                    Stop { x: *at(&self.columns.knots, *bend), top, bottom }
                });
                let stops = std::iter::once(first).chain(bends).chain([last]).collect();
                Route { stops, upwards: way.upwards }
            })
            .collect()
    }

    /// How far from the middle of its upper and of its lower box each link stands: as it says, or beside each other in the
    /// order of where they come from and go to.
    fn ends(&self, centres: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut ends = vec![(0.0, 0.0); self.web.ways.len()];
        for (own, size) in self.sketch.boxes.iter().enumerate() {
            for leaving in [true, false] {
                let mut here: Vec<(f64, usize)> = Vec::new();
                for (number, (way, link)) in self.web.ways.iter().zip(&self.sketch.links).enumerate() {
                    let (upper, lower) =
                        if way.upwards { (link.to, link.from) } else { (link.from, link.to) };
                    let stated = if leaving != way.upwards { link.leave } else { link.enter };
                    let (mine, other) = if leaving { (upper, lower) } else { (lower, upper) };
                    if mine != own {
                        continue;
                    }
                    let bend = if leaving { way.bends.first() } else { way.bends.last() };
                    let toward =
                        bend.map_or_else(|| at(centres, other).0, |bend| *at(&self.columns.knots, *bend));
                    let toward = toward + stated.map_or(0.0, |stated| 1e4 * stated);
                    here.push((toward, number));
                    let end = at_mut(&mut ends, number);
                    *(if leaving { &mut end.0 } else { &mut end.1 }) = stated.unwrap_or(f64::NAN);
                }
                here.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                spread(&mut ends, &here, leaving, size.width);
            }
        }
        ends
    }
}

/// The same, all of it moved to the right and down.
fn moved(mut layout: Layout, right: f64, down: f64) -> Layout {
    for (x, y) in &mut layout.centres {
        (*x, *y) = (*x + right, *y + down);
    }
    for own in &mut layout.frames {
        (own.left, own.right) = (own.left + right, own.right + right);
        (own.top, own.bottom) = (own.top + down, own.bottom + down);
    }
    for stop in layout.routes.iter_mut().flat_map(|route| &mut route.stops) {
        *stop = Stop { x: stop.x + right, top: stop.top + down, bottom: stop.bottom + down };
    }
    layout
}

/// Puts the ends of links on one side of a box beside each other.
fn spread(ends: &mut [(f64, f64)], here: &[(f64, usize)], leaving: bool, width: f64) {
    let end =
        |ends: &[(f64, f64)], number: usize| if leaving { at(ends, number).0 } else { at(ends, number).1 };
    let groups: Vec<Vec<usize>> = here
        .chunk_by(|a, b| {
            let (one, other) = (end(ends, a.1), end(ends, b.1));
            one == other || (one.is_nan() && other.is_nan())
        })
        .map(|group| group.iter().map(|(_, number)| *number).collect())
        .collect();
    for group in groups {
        let stated = group.first().map(|number| end(ends, *number)).filter(|stated| !stated.is_nan());
        let room = if stated.is_some() { 48.0 } else { 0.6 * width };
        let step = (room / group.len() as f64).min(if stated.is_some() { 7.5 } else { 9.0 });
        let first = stated.unwrap_or(0.0) - step * (group.len() - 1) as f64 / 2.0;
        for (place, number) in group.into_iter().enumerate() {
            let end = at_mut(ends, number);
            *(if leaving { &mut end.0 } else { &mut end.1 }) = first + step * place as f64;
        }
    }
}
