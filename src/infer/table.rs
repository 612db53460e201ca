//! Simulations as the network crate takes them.

/// Simulations, one row each: values in token order, NaN of what a data set lacks, and the times of what is at scattered
/// times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Number of values in a row: one for each token of the graph.
    pub columns: usize,
    /// `[rows · columns]`, row-major.
    pub values: Vec<f64>,
    /// Number of coordinates in a row, as in [`crate::Subject::coordinates`].
    pub places: usize,
    /// `[rows · places]`, row-major; NaN of places that a data set does not have.
    pub coordinates: Vec<f64>,
}

impl Table {
    /// Simulations of data sets that have no times of their own.
    pub fn plain(columns: usize, values: Vec<f64>) -> Table {
        Table { columns, values, places: 0, coordinates: Vec::new() }
    }

    /// Number of simulations.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// The rows, one slice each.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.values.chunks_exact(self.columns.max(1))
    }

    /// The coordinates of a row.
    pub fn coordinates(&self, row: usize) -> &[f64] {
        self.coordinates.get(row * self.places..(row + 1) * self.places).unwrap_or_default()
    }
}

/// Whether simulation `row` is held out to judge the training: every 20th is.
pub fn is_validation(row: usize) -> bool {
    row % 20 == 19
}
