//! Lines around what is above a level, by marching squares.

#![allow(clippy::indexing_slicing, reason = "corners and edges of cells are numbered within the grid")]

use super::surface::Grid;

/// A side of a cell, by what it is of the cell.
#[derive(Clone, Copy)]
enum Side {
    Top,
    Right,
    Bottom,
    Left,
}

use Side::{Bottom, Left, Right, Top};

/// No edge.
const NONE: usize = usize::MAX;

/// The closed lines around what is above a level. Each leaves what is above on its left, seen with rows going down, and
/// its first point is not repeated. Between places the values change in proportion.
pub fn contours(grid: &Grid, level: f64) -> Vec<Vec<(f64, f64)>> {
    let mut next = steps(grid, level);
    let mut lines = Vec::new();
    for start in 0..next.len() {
        let mut line = Vec::new();
        let mut edge = start;
        while next[edge] != NONE {
            line.push(crossing(grid, edge, level));
            edge = std::mem::replace(&mut next[edge], NONE);
        }
        if line.len() > 2 {
            lines.push(line);
        }
    }
    lines
}

/// For each edge that a line crosses, the edge that it crosses next. Edge `2n` goes from place `n` to the right, edge
/// `2n + 1` down.
fn steps(grid: &Grid, level: f64) -> Vec<usize> {
    let columns = grid.xs.len();
    let mut next = vec![NONE; 2 * grid.values.len()];
    for row in 1..grid.ys.len() {
        for column in 1..columns {
            let corner = (row - 1) * columns + column - 1;
            let corners = [corner, corner + 1, corner + columns + 1, corner + columns];
            let edge = |side: Side| match side {
                Top => 2 * corner,
                Right => 2 * (corner + 1) + 1,
                Bottom => 2 * (corner + columns),
                Left => 2 * corner + 1,
            };
            for (from, to) in sides(corners.map(|place| grid.values[place]), level) {
                next[edge(*from)] = edge(*to);
            }
        }
    }
    next
}

/// How lines go through a cell with these corners: left above, right above, right below, left below.
fn sides(corners: [f64; 4], level: f64) -> &'static [(Side, Side)] {
    let above = corners.map(|value| value > level);
    // Two opposite corners are joined if the middle is above, too.
    let joined = || corners.iter().sum::<f64>() / 4.0 > level;
    match above {
        [false, false, false, false] | [true, true, true, true] => &[],
        [true, false, false, false] => &[(Left, Top)],
        [false, true, false, false] => &[(Top, Right)],
        [false, false, true, false] => &[(Right, Bottom)],
        [false, false, false, true] => &[(Bottom, Left)],
        [true, true, false, false] => &[(Left, Right)],
        [false, true, true, false] => &[(Top, Bottom)],
        [false, false, true, true] => &[(Right, Left)],
        [true, false, false, true] => &[(Bottom, Top)],
        [false, true, true, true] => &[(Top, Left)],
        [true, false, true, true] => &[(Right, Top)],
        [true, true, false, true] => &[(Bottom, Right)],
        [true, true, true, false] => &[(Left, Bottom)],
        [true, false, true, false] if joined() => &[(Right, Top), (Left, Bottom)],
        [true, false, true, false] => &[(Left, Top), (Right, Bottom)],
        [false, true, false, true] if joined() => &[(Top, Left), (Bottom, Right)],
        [false, true, false, true] => &[(Top, Right), (Bottom, Left)],
    }
}

/// Where a line crosses an edge.
fn crossing(grid: &Grid, edge: usize, level: f64) -> (f64, f64) {
    let columns = grid.xs.len();
    let (place, down) = (edge / 2, edge % 2 == 1);
    let (row, column) = (place / columns, place % columns);
    let other = if down { place + columns } else { place + 1 };
    let (one, two) = (grid.values[place], grid.values[other]);
    let share = (level - one) / (two - one);
    let between = |from: f64, to: f64| from + (to - from) * share;
    if down {
        (grid.xs[column], between(grid.ys[row], grid.ys[row + 1]))
    } else {
        (between(grid.xs[column], grid.xs[column + 1]), grid.ys[row])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(size: usize, value: impl Fn(f64, f64) -> f64) -> Grid {
        let places: Vec<f64> = (0..size).map(|n| 8.0 * n as f64 / (size - 1) as f64 - 4.0).collect();
        let values = places.iter().flat_map(|y| places.iter().map(|x| value(*x, *y))).collect();
        Grid { xs: places.clone(), ys: places.clone(), values }
    }

    #[test]
    fn contours_of_a_normal_law_are_circles() {
        let normal = grid(81, |x, y| (-0.5 * (x * x + y * y)).exp());
        for radius in [0.5_f64, 1.0, 2.0] {
            let lines = contours(&normal, (-0.5 * radius * radius).exp());
            assert_eq!(lines.len(), 1);
            assert!(lines[0].iter().all(|(x, y)| ((x * x + y * y).sqrt() - radius).abs() < 0.005));
        }
        assert!(contours(&normal, 2.0).is_empty());
    }

    #[test]
    fn holes_and_islands_are_lines_of_their_own() {
        let ring = grid(81, |x, y| 1.0 - ((x * x + y * y).sqrt() - 2.0).abs());
        assert_eq!(contours(&ring, 0.5).len(), 2);
        let saddle = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let places = vec![0.0, 1.0, 2.0, 3.0];
        let saddle = Grid { xs: places.clone(), ys: places, values: saddle.to_vec() };
        assert_eq!((contours(&saddle, 0.4).len(), contours(&saddle, 0.6).len()), (1, 2));
    }

    #[test]
    fn neighbours_in_a_line_share_a_cell() {
        let rough =
            grid(30, |x, y| if x.abs() + y.abs() < 3.9 { (7.0 * x).sin() * (5.0 * y).cos() } else { 0.0 });
        let cell = 8.0 / 29.0 + 1e-9;
        for line in contours(&rough, 0.2) {
            let next = line.iter().cycle().skip(1);
            assert!(
                line.iter().zip(next).all(|(a, b)| (a.0 - b.0).abs() <= cell && (a.1 - b.1).abs() <= cell)
            );
        }
    }
}
