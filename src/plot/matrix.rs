//! A mask, or any table of shares: rows from top to bottom, columns from left to right.

use super::digits::fixed;
use super::element::{Element, number};
use super::legend::{Block, Key, apart, column};
use super::letters::{cut, width};
use super::marks::{base, centred, ending, rectangle, stroke, text};
use super::page::{EDGE, page};
use super::path::pieces;
use super::theme::THEME;
use super::{Unplottable, rows};

/// The side of the picture that cells share, and the largest and the least side of one.
const SHARED: f64 = 520.0;
const SIDES: (f64, f64) = (22.0, 2.0);
/// Cells of this side on have their names beside them, and lines between them.
const NAMED: f64 = 11.5;
/// Names are cut to this width.
const NAMES: f64 = 140.0;
/// A bracket with its name.
const BRACKET: f64 = 24.0;
/// So many shades are told apart, besides that of zero.
const SHADES: usize = 32;
/// The colours of 0 and of 1.
const COLOURS: ([f64; 3], [f64; 3]) = ([238.0, 241.0, 244.0], [35.0, 69.0, 107.0]);

/// A table of shares.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// What the picture is called by those who do not see it.
    pub title: &'a str,
    /// What a 1 says, as in "the row looks at the column".
    pub meaning: &'a str,
    /// The names of rows, from top to bottom.
    pub rows: &'a [&'a str],
    /// The names of columns, from left to right.
    pub columns: &'a [&'a str],
    /// Groups of neighbouring rows in order, none if empty; what they leave over has no bracket.
    pub row_groups: &'a [Group<'a>],
    /// The same of columns.
    pub column_groups: &'a [Group<'a>],
    /// `[rows × columns]`, row-major, of 0 to 1; what is not a number is crossed out.
    pub values: &'a [f64],
}

/// Neighbours that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// What they are.
    pub name: &'a str,
    /// How many they are.
    pub count: usize,
}

/// Draws a table as cells, darker for larger values.
///
/// # Errors
/// The table has no rows or columns, or another number of values.
pub fn matrix(plot: &Matrix) -> Result<String, Unplottable> {
    let cells = rows(plot.values, plot.columns.len(), "values")?;
    if cells.len() != plot.rows.len() {
        return Err(Unplottable::because(format!(
            "{} rows have names, and {} have values",
            plot.rows.len(),
            cells.len()
        )));
    }
    let side = (SHARED / plot.rows.len().max(plot.columns.len()) as f64).clamp(SIDES.1, SIDES.0);
    let left = Side { names: plot.rows, groups: plot.row_groups, cell: side, across: false };
    let top = Side { names: plot.columns, groups: plot.column_groups, cell: side, across: true };
    let (wide, high) = (side * plot.columns.len() as f64, side * plot.rows.len() as f64);
    let frame = rectangle((0.0, 0.0), (wide, high)).with("fill", "none");
    let map = Element::group()
        .children(shades(cells, side))
        .children(grid(plot, side))
        .child(frame.with("stroke", THEME.guide).with("stroke-width", THEME.thin))
        .child(left.draw(-1.0))
        .child(top.draw(1.0).with("transform", "rotate(-90)"));
    let legend = legend(plot);
    let (x, y) = (EDGE + left.width(), EDGE + top.width());
    let size = (x + wide + 16.0 + legend.width + EDGE, y + high.max(legend.height) + EDGE);
    let about =
        format!("{} rows and {} columns; dark: {}", plot.rows.len(), plot.columns.len(), plot.meaning);
    Ok(page(plot.title, &about, size, [map.at(x, y), legend.element.at(x + wide + 16.0, y)]))
}

/// The cells, as one shape for each shade.
fn shades<'a>(rows: impl Iterator<Item = &'a [f64]>, side: f64) -> Vec<Element> {
    let mut shades: Vec<String> = vec![String::new(); SHADES + 1];
    let mut crosses = Vec::new();
    for (row, values) in rows.enumerate() {
        let y = row as f64 * side;
        // Equal neighbours are one rectangle.
        let mut column = 0;
        for run in values.chunk_by(|one, next| shade(*one) == shade(*next)) {
            let (x, wide) = (column as f64 * side, run.len() as f64 * side);
            column += run.len();
            match run.first().and_then(|value| shade(*value)) {
                Some(own) => {
                    shades.get_mut(own).into_iter().for_each(|path| *path += &cell((x, y), (wide, side)))
                }
                None => {
                    crosses.extend((0..run.len()).flat_map(|own| cross((x + own as f64 * side, y), side)))
                }
            }
        }
    }
    let shades = shades.into_iter().enumerate().filter(|(_, path)| !path.is_empty());
    let shades = shades.map(|(own, path)| Element::new("path").with("d", path).with("fill", colour(own)));
    let crosses = (!crosses.is_empty()).then(|| stroke(pieces(crosses), THEME.guide, THEME.thin));
    shades.chain(crosses).collect()
}

/// The shade of a value; none for what is not a number.
fn shade(value: f64) -> Option<usize> {
    (!value.is_nan()).then(|| (value.clamp(0.0, 1.0) * SHADES as f64).round() as usize)
}

fn colour(shade: usize) -> String {
    let share = shade as f64 / SHADES as f64;
    let [red, green, blue] = [0, 1, 2].map(|part: usize| match (COLOURS.0.get(part), COLOURS.1.get(part)) {
        (Some(from), Some(to)) => (from + (to - from) * share).round() as u8,
        _ => 0,
    });
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn cell((x, y): (f64, f64), (wide, high): (f64, f64)) -> String {
    format!("M{} {}h{}v{}h-{}z", number(x), number(y), number(wide), number(high), number(wide))
}

fn cross((x, y): (f64, f64), side: f64) -> [((f64, f64), (f64, f64)); 2] {
    let (near, far) = (0.25 * side, 0.75 * side);
    [((x + near, y + near), (x + far, y + far)), ((x + near, y + far), (x + far, y + near))]
}

/// Lines between cells that are large enough, and between groups.
fn grid(plot: &Matrix, side: f64) -> Vec<Element> {
    let (rows, columns) = (plot.rows.len(), plot.columns.len());
    let lines = |across: Vec<usize>, down: Vec<usize>| {
        let across = across.into_iter().map(|row| row as f64 * side);
        let across = across.map(|y| ((0.0, y), (columns as f64 * side, y)));
        let down = down.into_iter().map(|column| column as f64 * side);
        across.chain(down.map(|x| ((x, 0.0), (x, rows as f64 * side)))).collect::<Vec<_>>()
    };
    let fine = if side >= NAMED { lines((1..rows).collect(), (1..columns).collect()) } else { Vec::new() };
    let bounds = |groups: &[Group], all: usize| -> Vec<usize> {
        bounds(groups)
            .into_iter()
            .flat_map(|(from, to)| [from, to])
            .filter(|own| (1..all).contains(own))
            .collect()
    };
    let coarse = lines(bounds(plot.row_groups, rows), bounds(plot.column_groups, columns));
    vec![stroke(pieces(fine), THEME.ground, 0.8), stroke(pieces(coarse), THEME.guide, 1.0)]
}

/// Where each group begins and ends.
fn bounds(groups: &[Group]) -> Vec<(usize, usize)> {
    let ends = groups.iter().scan(0, |end, group| {
        let start = *end;
        *end += group.count;
        Some((start, *end))
    });
    ends.collect()
}

/// The names along a side, and the brackets of its groups.
struct Side<'a> {
    names: &'a [&'a str],
    groups: &'a [Group<'a>],
    cell: f64,
    /// Whether the side goes from left to right.
    across: bool,
}

impl Side<'_> {
    /// Whether names of groups are written along their brackets: where these lie and are long enough.
    fn along(&self) -> bool {
        let fits = |group: &Group| width(group.name, THEME.text) <= group.count as f64 * self.cell;
        self.across && self.groups.iter().all(fits)
    }

    /// How far names reach.
    fn reach(&self) -> f64 {
        match self.cell >= NAMED {
            true => {
                6.0 + self.names.iter().map(|name| width(name, THEME.text)).fold(0.0, f64::max).min(NAMES)
            }
            false => 0.0,
        }
    }

    fn width(&self) -> f64 {
        let groups =
            self.groups.iter().map(|group| width(group.name, THEME.text)).fold(0.0, f64::max).min(NAMES);
        let groups = if self.along() { THEME.text } else { groups };
        if self.groups.is_empty() { self.reach() } else { self.reach() + BRACKET + groups }
    }

    /// Draws names and brackets from the edge at 0 outwards, which is -1 to the left and 1 to the right.
    fn draw(&self, outwards: f64) -> Element {
        let word = |words: &str, away: f64, y: f64| {
            let words = cut(words, THEME.text, NAMES);
            let place = (outwards * away, y + base());
            if outwards < 0.0 { ending(&words, place.0, place.1) } else { text(&words, place.0, place.1) }
        };
        let shown = if self.cell >= NAMED { self.names } else { &[] };
        let names =
            shown.iter().enumerate().map(|(row, name)| word(name, 5.0, (row as f64 + 0.5) * self.cell));
        let bounds = bounds(self.groups);
        let ends =
            bounds.iter().map(|(from, to)| (*from as f64 * self.cell + 1.5, *to as f64 * self.cell - 1.5));
        let ends: Vec<(f64, f64)> = ends.collect();
        let (near, far) = (outwards * (self.reach() + 6.0), outwards * (self.reach() + 11.0));
        let brackets = ends.iter().flat_map(|(from, to)| {
            [((near, *from), (far, *from)), ((far, *from), (far, *to)), ((far, *to), (near, *to))]
        });
        let middles: Vec<f64> = ends.iter().map(|(from, to)| (from + to) / 2.0).collect();
        let middles = apart(&middles, THEME.line - 2.0, 0.0, self.cell * self.names.len() as f64);
        let groups = self.groups.iter().zip(middles).map(|(group, y)| match self.along() {
            true => turned(group.name, self.reach() + 16.0, y),
            false => word(group.name, self.reach() + 16.0, y),
        });
        Element::group()
            .children(names)
            .child(stroke(pieces(brackets), THEME.axis, THEME.thin))
            .children(groups)
    }
}

/// Words along a side that is drawn upright and then turned.
fn turned(words: &str, x: f64, y: f64) -> Element {
    let turn = format!("translate({} {}) rotate(90)", number(x), number(y));
    centred(words, 0.0, 0.0).with("transform", turn)
}

/// What shades mean.
fn legend(plot: &Matrix) -> Block {
    let sample = |share: f64| {
        let fill = shade(share).map(colour).unwrap_or_default();
        rectangle((5.0, -6.0), (12.0, 12.0))
            .with("fill", fill)
            .with("stroke", THEME.guide)
            .with("stroke-width", 0.6)
    };
    let binary = plot.values.iter().all(|value| value.is_nan() || *value == 0.0 || *value == 1.0);
    let mut keys: Vec<Key> = match binary {
        true => vec![Key::of(sample(1.0), plot.meaning), Key::of(sample(0.0), "not")],
        false => [1.0, 0.75, 0.5, 0.25, 0.0].map(|share| Key::of(sample(share), fixed(share, 2))).into(),
    };
    if plot.values.iter().any(|value| value.is_nan()) {
        let cross = stroke(pieces(cross((5.0, -6.0), 12.0)), THEME.guide, THEME.thin);
        keys.push(Key::of(cross, "not known"));
    }
    column(keys)
}
