//! Cosine series of tables on a regular grid. Their terms are even around both ends of the grid, so that smoothing by
//! them lets no mass out of it.

use super::portable::quarter_cosine;

/// The cosines of a grid of `size` cells.
pub struct Cosines {
    size: usize,
    /// `[term × cell]`: the cosine of `π term (cell + ½) / size`.
    terms: Vec<f64>,
    /// `[cell × term]`.
    cells: Vec<f64>,
}

impl Cosines {
    /// The cosines of a grid.
    pub fn new(size: usize) -> Cosines {
        let at = |term: usize, cell: usize| turned(term * (2 * cell + 1), size);
        let table = |at: &dyn Fn(usize, usize) -> f64| {
            (0..size)
                .flat_map(|one| (0..size).map(move |other| (one, other)))
                .map(|(one, other)| at(one, other))
                .collect()
        };
        Cosines { size, terms: table(&at), cells: table(&|cell, term| at(term, cell)) }
    }

    /// How many cells the grid has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The coefficients of a line `[cell]`, without any scale: sums of the values times the cosines.
    pub fn line(&self, values: &[f64]) -> Vec<f64> {
        product(values, &self.cells, self.size)
    }

    /// The coefficients `[term of y × term of x]` of a table `[cell of y × cell of x]`.
    pub fn table(&self, values: &[f64]) -> Vec<f64> {
        product(&self.terms, &product(values, &self.cells, self.size), self.size)
    }

    /// The values of a line that has these coefficients, each weighted.
    pub fn line_of(&self, coefficients: &[f64], weights: &[f64]) -> Vec<f64> {
        let weighted: Vec<f64> = coefficients.iter().zip(weights).map(|(own, weight)| own * weight).collect();
        product(&weighted, &self.terms, self.size)
    }

    /// The values of a table that has these coefficients, each weighted by its terms of y and of x.
    pub fn table_of(&self, coefficients: &[f64], weights_y: &[f64], weights_x: &[f64]) -> Vec<f64> {
        let rows = coefficients.chunks_exact(self.size.max(1)).zip(weights_y);
        let weighted: Vec<f64> =
            rows.flat_map(|(row, y)| row.iter().zip(weights_x).map(move |(own, x)| own * y * x)).collect();
        product(&self.cells, &product(&weighted, &self.terms, self.size), self.size)
    }
}

/// The cosine of so many quarter turns divided by `size`.
fn turned(parts: usize, size: usize) -> f64 {
    let parts = parts % (4 * size);
    let half = if parts > 2 * size { 4 * size - parts } else { parts };
    if half > size { -quarter_cosine(2 * size - half, size) } else { quarter_cosine(half, size) }
}

/// The product of two matrices, row-major; the left one has `inner` columns. Zeros on the left cost nothing.
fn product(left: &[f64], right: &[f64], inner: usize) -> Vec<f64> {
    let inner = inner.max(1);
    let wide = (right.len() / inner).max(1);
    let mut out = vec![0.0; left.len() / inner * wide];
    for (row, out) in left.chunks_exact(inner).zip(out.chunks_exact_mut(wide)) {
        for (factor, right) in row.iter().zip(right.chunks_exact(wide)).filter(|(factor, _)| **factor != 0.0)
        {
            for (out, right) in out.iter_mut().zip(right) {
                *out += factor * right;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_their_coefficients() {
        let cosines = Cosines::new(8);
        let weights: Vec<f64> = (0..8).map(|term| if term == 0 { 0.125 } else { 0.25 }).collect();
        let line = [0.0, 1.0, 3.0, 0.0, 0.0, 2.0, 0.5, 1.0];
        let back = cosines.line_of(&cosines.line(&line), &weights);
        assert!(back.iter().zip(line).all(|(a, b)| (a - b).abs() < 1e-14), "{back:?}");
        let table: Vec<f64> = (0..64).map(|n| f64::from(n * n % 7)).collect();
        let back = cosines.table_of(&cosines.table(&table), &weights, &weights);
        assert!(back.iter().zip(&table).all(|(a, b)| (a - b).abs() < 1e-13), "{back:?}");
    }
}
