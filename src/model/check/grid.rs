//! Elements of arrays in the rows and columns of a table.

use super::names::list;
use crate::Axis;

/// Elements in rows and columns: one axis of rows, and index axes as columns.
pub(super) struct Grid {
    pub(super) rows: usize,
    /// What the columns are called: `x[1]`, or `x[1,2]`.
    pub(super) columns: Vec<String>,
    /// The row and the column of each element.
    pub(super) places: Vec<(usize, usize)>,
}

impl Grid {
    /// How elements over these axes lie; none where one row or one column holds them all.
    ///
    /// # Errors
    /// Several axes of rows, which no table has; in words.
    pub(super) fn of(name: &str, axes: &[&Axis]) -> Result<Option<Grid>, String> {
        let mut rows = axes.iter().enumerate().filter(|(_, axis)| axis.is_row());
        let (Some((place, row)), None) = (rows.next(), rows.next()) else {
            let several = axes.iter().filter(|axis| axis.is_row()).map(|axis| axis.name.as_str());
            let several: Vec<&str> = several.collect();
            return match several.as_slice() {
                [] => Ok(None),
                _ => Err(format!("{} are all axes of rows, and a table has one", list(several))),
            };
        };
        if axes.len() == 1 {
            return Ok(None);
        }
        let others: Vec<&Axis> =
            axes.iter().enumerate().filter(|(number, _)| *number != place).map(|(_, axis)| *axis).collect();
        let inner: usize = axes.iter().skip(place + 1).map(|axis| axis.size()).product();
        let size = row.size();
        let elements = axes.iter().map(|axis| axis.size()).product();
        let at = |element: usize| {
            let (above, below) = (element / (inner * size), element % inner);
            ((element / inner) % size, above * inner + below)
        };
        Ok(Some(Grid {
            rows: size,
            columns: element_names(name, &others),
            places: (0..elements).map(at).collect(),
        }))
    }
}

/// The names of all elements over these axes, row-major, with indices from 1.
pub(super) fn element_names(name: &str, axes: &[&Axis]) -> Vec<String> {
    if axes.is_empty() {
        return vec![name.to_owned()];
    }
    let indices = axes.iter().fold(vec![String::new()], |before, axis| {
        let longer = |start: &String| {
            let comma = if start.is_empty() { "" } else { "," };
            (1..=axis.size()).map(|place| format!("{start}{comma}{place}")).collect::<Vec<_>>()
        };
        before.iter().flat_map(longer).collect()
    });
    indices.iter().map(|index| format!("{name}[{index}]")).collect()
}
