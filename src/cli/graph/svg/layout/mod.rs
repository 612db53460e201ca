//! Boxes in layers, from top to bottom: who reads stands below what it reads.
//!
//! As Sugiyama, Tagawa and Toda (1981) do: rows (`rows.rs`), a chain of bends for each link that passes rows (`web.rs`),
//! the order in each row (`order.rs`), then where each knot stands (`columns.rs`, `place.rs`). So a link runs straight down through
//! a row, beside its boxes, and turns between rows only: it never runs through a box.
//!
//! Frames are rectangles around all boxes of theirs and no other. What has the same frames is one class; classes have one
//! order from left to right in all rows, in which those of a frame are neighbours as far as that can be had. Where it
//! cannot, as frames cross in more than one way, a frame is drawn in pieces.

mod classes;
mod columns;
mod order;
mod place;
mod rows;
#[cfg(test)]
mod tests;
mod web;

use classes::Classes;
use web::Web;

/// Between the boxes of a row.
const GAP: f64 = 22.0;
/// Between a frame and what is in it.
const PAD: f64 = 9.0;
/// The line for the label of a frame, at its bottom.
const LABEL: f64 = 15.0;
/// Between a frame and what is beside it.
const APART: f64 = 14.0;
/// So often classes change places.
const SWAPS: usize = 4;
/// Not where there are more ways to than this.
const MOST_SWAPS: usize = 30;

/// What is to be laid out.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    /// The boxes.
    pub boxes: Vec<Size>,
    /// The links between them.
    pub links: Vec<Link>,
    /// For each frame how wide its label is.
    pub labels: Vec<f64>,
    /// No row is wider than this, if it has more than one box.
    pub widest: f64,
}

/// A box.
#[derive(Clone, Debug, Default)]
pub struct Size {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
    /// The frames that it stands in, in rising order.
    pub frames: Vec<usize>,
}

/// A link from what is read to what reads it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The box that is read.
    pub from: usize,
    /// The box that reads.
    pub to: usize,
    /// How far from the middle of its box it leaves; anywhere where it does not say.
    pub leave: Option<f64>,
    /// How far from the middle of its box it arrives.
    pub enter: Option<f64>,
}

/// Where everything stands; the left upper corner is the origin.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The middle of each box.
    pub centres: Vec<(f64, f64)>,
    /// The way of each link.
    pub routes: Vec<Route>,
    /// The frames, larger ones first.
    pub frames: Vec<Outline>,
    /// Of all.
    pub width: f64,
    /// Of all.
    pub height: f64,
}

/// The way of a link: straight down at each stop, and bent between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// From the upper box to the lower one.
    pub stops: Vec<Stop>,
    /// Whether the upper box is the one that reads: only where things read each other in a circle.
    pub upwards: bool,
}

/// A straight piece of a way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Where.
    pub x: f64,
    /// From here.
    pub top: f64,
    /// To here.
    pub bottom: f64,
}

/// A frame, or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    /// Which frame.
    pub frame: usize,
    /// Its left side.
    pub left: f64,
    /// Its upper side.
    pub top: f64,
    /// Its right side.
    pub right: f64,
    /// Its lower side.
    pub bottom: f64,
    /// Whether the line for its label is at its upper side.
    pub label_above: bool,
}

/// Lays boxes out.
pub fn layout(sketch: &Sketch) -> Layout {
    let rows = rows::rows(sketch);
    let (classes, web) = woven(sketch, &rows);
    let columns = columns::columns(sketch, &web, &classes);
    place::placed(sketch, &web, &classes, &columns)
}

/// The knots in their order, with the classes in that from left to right for which fewest links cross: found by letting two
/// of them change places as long as that helps, where there are few.
fn woven<'a>(sketch: &'a Sketch, rows: &[usize]) -> (Classes<'a>, Web) {
    let weave = |mut classes: Classes<'a>| {
        let mut web = Web::of(sketch, rows, &mut classes);
        let cost = order::order(&mut web, &classes);
        (cost, classes, web)
    };
    let mut best = weave(Classes::of(sketch));
    for _ in 0..SWAPS {
        let others = best.1.others();
        if others.len() > MOST_SWAPS {
            break;
        }
        match others.into_iter().map(weave).min_by_key(|(cost, _, _)| *cost) {
            Some(better) if better.0.0 < best.0.0 => best = better,
            _ => break,
        }
    }
    (best.1, best.2)
}

/// An entry that is there by how its list was made.
fn at<T>(list: &[T], place: usize) -> &T {
    list.get(place).expect("lists of a layout have an entry for all that is numbered")
}

/// As [`at`], to change it.
fn at_mut<T>(list: &mut [T], place: usize) -> &mut T {
    list.get_mut(place).expect("lists of a layout have an entry for all that is numbered")
}
