//! The outlines of lines and areas, as SVG writes them.

use super::element::number;

/// What a path may leave out lies nearer to it than this, in pixels.
const FINE: f64 = 0.08;

/// A line through points, broken where a point is not a number.
pub fn polyline(points: &[(f64, f64)]) -> String {
    let whole = |point: &(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let pieces = points.chunk_by(|one, next| whole(one) == whole(next));
    pieces.filter(|piece| piece.iter().all(whole)).map(|piece| piece_of(&thinned(piece))).collect()
}

/// A closed line through points.
pub fn ring(points: &[(f64, f64)]) -> String {
    // Thinned as a line that ends where it starts.
    let closed: Vec<(f64, f64)> = points.iter().chain(points.first()).copied().collect();
    let mut kept = thinned(&closed);
    kept.pop();
    if kept.len() < 3 { String::new() } else { piece_of(&kept) + "Z" }
}

/// The area between an upper and a lower line above the same places, `[place, lower, upper]`; broken where one is not a
/// number.
pub fn area(strip: &[[f64; 3]]) -> String {
    let whole = |own: &[f64; 3]| own.iter().all(|x| x.is_finite());
    let pieces = strip.chunk_by(|one, next| whole(one) == whole(next));
    pieces
        .filter(|piece| piece.iter().all(whole))
        .map(|piece| {
            let lower: Vec<(f64, f64)> = piece.iter().map(|[x, lower, _]| (*x, *lower)).collect();
            let upper: Vec<(f64, f64)> = piece.iter().rev().map(|[x, _, upper]| (*x, *upper)).collect();
            let both: Vec<(f64, f64)> = thinned(&lower).into_iter().chain(thinned(&upper)).collect();
            piece_of(&both) + "Z"
        })
        .collect()
}

/// Pieces of straight lines, each from the first point to the second.
pub fn pieces(pieces: impl IntoIterator<Item = ((f64, f64), (f64, f64))>) -> String {
    pieces.into_iter().map(|(from, to)| piece_of(&[from, to])).collect()
}

fn piece_of(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let mut last = None;
    for (x, y) in points {
        let (x, y) = (number(*x), number(*y));
        match &last {
            None => path += &format!("M{x} {y}"),
            Some((same, _)) if *same == x => path += &format!("V{y}"),
            Some((_, same)) if *same == y => path += &format!("H{x}"),
            Some(_) => path += &format!("L{x} {y}"),
        }
        last = Some((x, y));
    }
    // A path that goes nowhere has no caps in some viewers.
    if points.len() == 1 { path + "h0.01" } else { path }
}

/// The points of a line without those that lie upon it as good as exactly (Douglas and Peucker 1973).
pub fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let Some(last) = points.len().checked_sub(1) else { return Vec::new() };
    let mut kept = vec![false; points.len()];
    let mut open = vec![(0, last)];
    for end in [0, last] {
        kept.get_mut(end).into_iter().for_each(|kept| *kept = true);
    }
    while let Some((from, to)) = open.pop() {
        if let Some((far, distance)) = farthest(points, from, to)
            && distance > FINE
        {
            kept.get_mut(far).into_iter().for_each(|kept| *kept = true);
            open.extend([(from, far), (far, to)]);
        }
    }
    points.iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}

/// The point between two others that is farthest from the line through them, with its distance.
fn farthest(points: &[(f64, f64)], from: usize, to: usize) -> Option<(usize, f64)> {
    let ((x, y), (end_x, end_y)) = (*points.get(from)?, *points.get(to)?);
    let (dx, dy) = (end_x - x, end_y - y);
    let square = dx * dx + dy * dy;
    let distance = |point: &(f64, f64)| {
        let (px, py) = (point.0 - x, point.1 - y);
        let along = if square > 0.0 { ((px * dx + py * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
        let (px, py) = (px - along * dx, py - along * dy);
        (px * px + py * py).sqrt()
    };
    let between = points.iter().enumerate().take(to).skip(from + 1);
    let distances = between.map(|(place, point)| (place, distance(point)));
    distances.reduce(|one, other| if other.1 > one.1 { other } else { one })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_break_where_nothing_is() {
        let points = [(0.0, 0.0), (1.0, 2.0), (f64::NAN, 0.0), (3.0, 1.0), (4.0, 3.0)];
        assert_eq!(polyline(&points), "M0 0L1 2M3 1L4 3");
        assert_eq!(polyline(&[(1.0, 1.0)]), "M1 1h0.01");
        assert_eq!(polyline(&[]), "");
        assert_eq!(ring(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]), "M0 0H4V4Z");
        assert_eq!(ring(&[(0.0, 0.0), (0.01, 0.0), (0.0, 0.01)]), "");
        assert_eq!(area(&[[0.0, 1.0, 2.0], [5.0, 1.0, 3.0]]), "M0 1H5V3L0 2Z");
    }

    #[test]
    fn what_lies_upon_a_line_is_left_out() {
        let straight: Vec<(f64, f64)> = (0..100).map(|n| (f64::from(n), f64::from(n) * 0.5)).collect();
        assert_eq!(thinned(&straight), [(0.0, 0.0), (99.0, 49.5)]);
        let bent = [(0.0, 0.0), (5.0, 5.0), (10.0, 0.0)];
        assert_eq!(thinned(&bent), bent);
    }
}
