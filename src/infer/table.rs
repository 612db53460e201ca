//! Simulations as the network crate takes them.

/// Simulations, one row each, columns in token order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Number of columns: one for each token of the graph.
    pub columns: usize,
    /// `[rows · columns]`, row-major.
    pub values: Vec<f64>,
}

impl Table {
    /// Number of simulations.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// The rows, one slice each.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.values.chunks_exact(self.columns.max(1))
    }
}

/// Whether simulation `row` is held out to judge the training: every 20th is.
pub fn is_validation(row: usize) -> bool {
    row % 20 == 19
}
