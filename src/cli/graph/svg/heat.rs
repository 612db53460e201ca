//! The mask of a query as a heat map: rows look at columns.

use super::draw::Picture;
use super::ink::{
    BLUE, EMPTY, FAINT, FRAME, HATCH, KEPT, ORANGE, PARTLY, SMALL, WHITE, line, middle, rectangle, text,
};
use super::ruler::Ruler;
use super::sides::{self, Side};
use crate::cli::graph::summary::{self, Share};
use crate::cli::graph::view::{Asked, Attention};
use crate::cli::graph::words;
use sbi_model::Mask;
use sbi_plot::element::{Element, number};
use sbi_plot::letters::width;
use std::collections::BTreeMap;
use std::ops::Range;

/// From cells of this size on there is a line between them.
const GRID: f64 = 6.0;
/// The strip that says what is given.
const STRIP: f64 = 8.0;
/// Between the strip and the map.
const STRIP_GAP: f64 = 3.0;
/// A sign of the legend.
const KEY: f64 = 11.0;
/// No legend is broken into lines shorter than this.
const NARROWEST: f64 = 250.0;
/// No more rectangles than this are drawn; else the map is drawn node by node.
const MOST_CELLS: usize = 30_000;

/// Draws a mask.
pub fn draw(asked: &Asked, attention: &Attention) -> Picture {
    let ruler = Ruler::of(asked, sides::LINE);
    let size = ruler.size();
    let side = Side::of(asked, &ruler);
    let margin = side.width() + STRIP + STRIP_GAP;
    let frame = rectangle(0.0, 0.0, size, size).with("fill", "none");
    let map = Element::group()
        .child(rectangle(0.0, 0.0, size, size).with("fill", EMPTY))
        .child(cells(asked, attention, &ruler))
        .children(grid(asked.tokens.len(), &ruler))
        .child(gone(asked, &ruler))
        .children(borders(asked, &ruler))
        .child(frame.with("stroke", FRAME).with("stroke-width", 1.0));
    let rows =
        Element::group().at(-STRIP - STRIP_GAP, 0.0).child(strip(asked, &ruler)).child(side.draw(true));
    let turned =
        |y: f64| Element::group().with("transform", format!("translate(0 {}) rotate(-90)", number(y)));
    let columns = turned(-STRIP_GAP).child(strip(asked, &ruler));
    let labels = turned(-STRIP_GAP - STRIP).child(side.draw(false));
    let keys = keys(asked, attention);
    // Under the map if it fits there, else under its labels too.
    let start = if legend(&keys, f64::INFINITY).width <= size { margin } else { 0.0 };
    let legend = legend(&keys, (margin + size).max(NARROWEST));
    let (wide, high) = (start + legend.width, legend.height);
    let element = Element::group()
        .child(Element::group().at(margin, margin).children([map, rows, columns, labels]))
        .child(legend.element.at(start, margin + size + 14.0));
    Picture { element, width: wide.max(margin + size) + 2.0, height: margin + size + 14.0 + high }
}

/// The part of a map where these rows and columns are, as a piece of a path.
fn piece(ruler: &Ruler, rows: &Range<usize>, columns: &Range<usize>) -> String {
    let ((y, bottom), (x, right)) = (ruler.span(rows), ruler.span(columns));
    format!(
        "M{} {}h{}v{}h{}z",
        number(x),
        number(y),
        number(right - x),
        number(bottom - y),
        number(x - right)
    )
}

/// The cells that are kept, as one shape.
fn cells(asked: &Asked, attention: &Attention, ruler: &Ruler) -> Element {
    let found = rectangles(&attention.mask);
    if found.len() > MOST_CELLS {
        return by_node(asked, attention, ruler);
    }
    let way: String = found.iter().map(|(rows, columns)| piece(ruler, rows, columns)).collect();
    Element::new("path").with("d", way).with("fill", KEPT)
}

/// The kept entries of a mask as rectangles: runs of columns that are the same in neighbouring rows are one.
fn rectangles(mask: &Mask) -> Vec<(Range<usize>, Range<usize>)> {
    let mut done = Vec::new();
    let mut open: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for row in 0..=mask.size() {
        let kept: Vec<usize> = (0..mask.size()).filter(|column| mask.get(row, *column)).collect();
        let runs = kept.chunk_by(|one, next| one + 1 == *next);
        let runs = runs.filter_map(|run| Some((*run.first()?, run.last()? + 1)));
        let next: BTreeMap<(usize, usize), usize> =
            runs.map(|run| (run, open.remove(&run).unwrap_or(row))).collect();
        done.extend(open.into_iter().map(|((from, to), first)| (first..row, from..to)));
        open = next;
    }
    done.sort_by_key(|(rows, columns)| (rows.start, columns.start));
    done
}

/// A map too fine to be drawn entry by entry.
fn by_node(asked: &Asked, attention: &Attention, ruler: &Ruler) -> Element {
    let blocks = summary::present(asked);
    let (mut some, mut all) = (String::new(), String::new());
    for (row, rows) in &blocks {
        for (column, columns) in &blocks {
            match summary::share(&attention.mask, rows, columns) {
                Share::None => {}
                Share::Some => some += &piece(ruler, &row.range, &column.range),
                Share::All => all += &piece(ruler, &row.range, &column.range),
            }
        }
    }
    let shape = |way: String| Element::new("path").with("d", way);
    Element::group()
        .child(shape(all).with("fill", KEPT))
        .child(shape(some).with("fill", format!("url(#{PARTLY})")))
}

/// Runs of tokens of which a query says the same.
fn runs(asked: &Asked) -> Vec<(&'static str, Range<usize>)> {
    let mut runs: Vec<(&'static str, Range<usize>)> = Vec::new();
    for (token, state) in asked.states.iter().enumerate() {
        let word = words::state(state);
        match runs.last_mut() {
            Some((last, range)) if *last == word => range.end = token + 1,
            _ => runs.push((word, token..token + 1)),
        }
    }
    runs
}

/// What a query says of each token: dark where it is given, white where it is inferred, hatched where it is absent.
fn strip(asked: &Asked, ruler: &Ruler) -> Element {
    let pieces = runs(asked).into_iter().map(|(word, range)| {
        let (from, to) = ruler.span(&range);
        mark(word, (0.0, from), (STRIP, to - from))
    });
    Element::group().children(pieces)
}

fn mark(word: &str, (x, y): (f64, f64), (wide, high): (f64, f64)) -> Element {
    let inner = rectangle(x + 0.6, y + 0.6, wide - 1.2, (high - 1.2).max(0.3));
    match word {
        "given" => inner.with("fill", BLUE).with("stroke", BLUE).with("stroke-width", 1.0),
        "inferred" => inner.with("fill", WHITE).with("stroke", ORANGE).with("stroke-width", 1.4),
        _ => inner.with("fill", format!("url(#{HATCH})")).with("stroke", FRAME).with("stroke-width", 0.6),
    }
}

/// The rows and columns of what is absent, as one shape.
fn gone(asked: &Asked, ruler: &Ruler) -> Element {
    let all = 0..asked.tokens.len();
    let absent = runs(asked).into_iter().filter(|(word, _)| *word == "absent");
    let bands = absent.map(|(_, range)| piece(ruler, &range, &all) + &piece(ruler, &all, &range));
    let bands = Element::new("path").with("d", bands.collect::<String>());
    Element::group()
        .child(bands.clone().with("fill", EMPTY))
        .child(bands.with("fill", format!("url(#{HATCH})")))
}

/// Lines between cells that are large enough.
fn grid(count: usize, ruler: &Ruler) -> Option<Element> {
    let size = number(ruler.size());
    (ruler.cell >= GRID).then(|| {
        let single = (1..count).filter(|token| ruler.run(*token).is_none());
        let at = single.map(|token| number(ruler.span(&(token..token + 1)).0));
        let way: String = at.map(|at| format!("M{at} 0V{size}M0 {at}H{size}")).collect();
        Element::new("path").with("d", way).with("stroke", WHITE).with("stroke-width", 0.8)
    })
}

/// Lines between nodes, where some have several tokens.
fn borders(asked: &Asked, ruler: &Ruler) -> Vec<Element> {
    let blocks = asked.blocks();
    if blocks.iter().all(|block| block.range.len() == 1) {
        return Vec::new();
    }
    let size = ruler.size();
    let inner = blocks.iter().skip(1).map(|block| ruler.span(&block.range).0);
    let both = inner
        .flat_map(|at| [line((at, 0.0), (at, size), FRAME, 0.9), line((0.0, at), (size, at), FRAME, 0.9)]);
    both.collect()
}

/// The signs of a map, with what they mean.
fn keys(asked: &Asked, attention: &Attention) -> Vec<(Element, &'static str)> {
    let square = |fill: String| rectangle(0.0, 0.0, KEY, KEY).with("fill", fill);
    let framed = |fill: &str| square(fill.to_owned()).with("stroke", FRAME).with("stroke-width", 0.6);
    let mut keys = vec![(framed(KEPT), "the row looks at the column"), (framed(EMPTY), "it does not")];
    if rectangles(&attention.mask).len() > MOST_CELLS {
        keys.push((square(format!("url(#{PARTLY})")), "some elements do"));
    }
    for word in ["given", "inferred", "absent"] {
        if asked.states.iter().any(|state| words::state(state) == word) {
            keys.push((mark(word, (1.5, 0.0), (STRIP, KEY)), word));
        }
    }
    keys
}

/// Draws signs with their meanings in lines no wider than this.
fn legend(keys: &[(Element, &'static str)], most: f64) -> Picture {
    let (mut x, mut y, mut wide) = (0.0, 0.0, 0.0);
    let mut element = Element::group();
    for (key, word) in keys {
        let long = KEY + 5.0 + width(word, SMALL);
        if x > 0.0 && x + long > most {
            (x, y) = (0.0, y + 17.0);
        }
        let word = text(word, KEY + 5.0, KEY / 2.0 + middle(SMALL), SMALL, FAINT);
        element = element.child(Element::group().at(x, y).child(key.clone()).child(word));
        wide = f64::max(wide, x + long);
        x += long + 14.0;
    }
    Picture { element, width: wide, height: y + KEY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_runs_of_neighbouring_rows_are_one_rectangle() {
        let mut mask = Mask::empty(4);
        for (row, column) in [(0, 0), (1, 1), (1, 2), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2)] {
            mask.set(row, column);
        }
        assert_eq!(rectangles(&mask), [(0..1, 0..1), (1..3, 1..3), (3..4, 0..3)]);
        assert_eq!(rectangles(&Mask::empty(3)), []);
    }
}
