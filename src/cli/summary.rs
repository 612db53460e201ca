//! What draws say in short: a table for the terminal and `summary.json`.
//!
//! ```text
//! {
//!   "format": 1,                      this layout
//!   "sbi": "0.1.0",                   the version that wrote it
//!   "query", "approximator", "model"  names
//!   "device": "cpu" | "cuda",
//!   "seed", "simulations", "draws"    whole numbers
//!   "keys": {"simulations", "weights", "draws"}         what names these in the store
//!   "given": {"x[1]": 0.3, …}         what the query fixed
//!   "absent": ["y", …]                what it left out
//!   "quantities": [{"name", "unit", "doc", "mean", "sd", "quantiles": {"0.05", "0.25", "0.5", "0.75", "0.95"}}]
//!   "cautions": ["…", …]              why to take the answer with care, a sentence each
//!   "redrawn": {"draws", "share"}     draws made again: outside the prior's support, or not as `where` says; share of all made
//!   "prior": {"share_without", "guided", "share_guided"}, or null       under changed priors: as a share of draws under the model's own, how many equally
//!                                     weighed ones these are worth; whether draws were guided, which is approximate
//!   "where": {"share_without", "guided", "share_guided"}, or null       the share of draws that satisfy it by themselves; whether
//!                                     the others were guided, which is approximate, or all made again; the share of guided
//!                                     ones that satisfy it at once, by a few of them, where any were tried
//!   "plan": {…}                       network, most steps, batch and noise as chosen or stated
//!   "steps"                           steps of training that were taken
//!   "solver_steps"                    looks at the network from noise to a draw
//!   "seconds": {"simulate", "train", "draw"}            spent when each was made, in whichever run
//! }
//! ```

use super::draws::{Answer, Restricted};
use super::numbers::rounded;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use sbi_infer::quantile;
use serde::Serialize;
use std::collections::BTreeMap;

/// The quantiles that are reported, with their names in JSON.
const QUANTILES: [(f64, &str); 5] =
    [(0.05, "0.05"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (0.95, "0.95")];

/// `summary.json`.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    /// This layout.
    pub format: u32,
    /// The version that wrote it.
    pub sbi: &'static str,
    /// The query's name.
    pub query: &'a str,
    /// The approximator's name.
    pub approximator: &'a str,
    /// The model's name.
    pub model: &'a str,
    /// `cpu` or `cuda`.
    pub device: &'static str,
    /// The seed of simulations, training and draws.
    pub seed: u64,
    /// The budget, validation included.
    pub simulations: usize,
    /// Number of draws.
    pub draws: usize,
    /// What names the results in the store.
    pub keys: StoreKeys<'a>,
    /// What the query fixed.
    pub given: BTreeMap<&'a str, f64>,
    /// What the query left out.
    pub absent: Vec<&'a str>,
    /// What it asked for, in the order asked.
    pub quantities: Vec<Quantity<'a>>,
    /// Why to take the answer with care.
    pub cautions: &'a [String],
    /// Draws made again.
    pub redrawn: Redrawn,
    /// How draws came to have changed priors.
    #[serde(rename = "prior")]
    pub reweighed: Option<Restricted>,
    /// How draws came to satisfy the conditions of the query.
    #[serde(rename = "where")]
    pub restricted: Option<Restricted>,
    /// What was chosen.
    pub plan: &'a serde_json::Value,
    /// Steps of training that were taken.
    pub steps: usize,
    /// Looks at the network from noise to a draw.
    pub solver_steps: usize,
    /// Time spent.
    pub seconds: Seconds,
}

/// The keys of the three stages.
#[derive(Debug, Serialize)]
pub struct StoreKeys<'a> {
    /// Of the simulations.
    pub simulations: &'a str,
    /// Of the weights.
    pub weights: &'a str,
    /// Of the draws.
    pub draws: &'a str,
}

/// One inferred quantity.
#[derive(Debug, Serialize)]
pub struct Quantity<'a> {
    /// Its name, elements as `theta[1]`.
    pub name: &'a str,
    /// The unit as written in the file.
    pub unit: Option<&'a str>,
    /// Its doc comment.
    pub doc: Option<&'a str>,
    /// Mean of the draws.
    pub mean: f64,
    /// Standard deviation of the draws.
    pub sd: f64,
    /// Quantiles of the draws, by linear interpolation.
    pub quantiles: BTreeMap<&'static str, f64>,
}

/// Draws that were made again.
#[derive(Debug, Serialize)]
pub struct Redrawn {
    /// How many.
    pub draws: usize,
    /// Of all draws made.
    pub share: f64,
}

/// Time spent on each stage.
#[derive(Debug, Serialize)]
pub struct Seconds {
    /// On the simulations that the store has.
    pub simulate: f64,
    /// On training.
    pub train: f64,
    /// On drawing.
    pub draw: f64,
}

impl Redrawn {
    /// `redrawn` made again for `draws` kept.
    pub fn new(redrawn: usize, draws: usize) -> Redrawn {
        Redrawn { draws: redrawn, share: redrawn as f64 / (redrawn + draws).max(1) as f64 }
    }
}

/// The quantities of an answer; `label` gives the unit and doc comment of each by its number.
pub fn quantities<'a>(
    answer: &'a Answer,
    label: impl Fn(usize) -> (Option<&'a str>, Option<&'a str>),
) -> Vec<Quantity<'a>> {
    let width = answer.names.len();
    let quantity = |(number, name): (usize, &'a String)| {
        let mut column: Vec<f64> = answer.values.iter().skip(number).step_by(width).copied().collect();
        let (mean, sd) = moments(&column);
        column.sort_by(f64::total_cmp);
        let quantiles = QUANTILES.iter().map(|(level, key)| (*key, quantile(&column, *level))).collect();
        let (unit, doc) = label(number);
        Quantity { name, unit, doc, mean, sd, quantiles }
    };
    answer.names.iter().enumerate().map(quantity).collect()
}

/// Mean, and standard deviation with one degree of freedom taken by the mean; zero for a single number.
pub fn moments(column: &[f64]) -> (f64, f64) {
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    let squares: f64 = column.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

/// The table for the terminal: a row for each quantity.
pub fn table(quantities: &[Quantity]) -> String {
    let units = quantities.iter().any(|q| q.unit.is_some());
    let docs = quantities.iter().any(|q| q.doc.is_some());
    let mut table = Table::new();
    table.load_style(rule_below_header()).force_no_tty();
    let mut header = vec!["", "mean", "sd", "5 %", "50 %", "95 %"];
    header.extend(units.then_some("unit"));
    header.extend(docs.then_some("about"));
    table.set_header(header);
    for quantity in quantities {
        let value = |x| rounded(x, quantity.sd);
        let level = |key| quantity.quantiles.get(key).copied().map_or_else(String::new, value);
        let numbers = [value(quantity.mean), value(quantity.sd), level("0.05"), level("0.5"), level("0.95")];
        let mut row = vec![quantity.name.to_string()];
        row.extend(numbers);
        row.extend(units.then(|| quantity.unit.unwrap_or("").to_string()));
        // The first line of a doc comment says what the thing is.
        row.extend(docs.then(|| quantity.doc.and_then(|d| d.lines().next()).unwrap_or("").to_string()));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1).take(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// A table with a line below its header.
pub fn rule_below_header() -> TableStyle {
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::draws::Notes;

    fn answer(values: Vec<f64>) -> Answer {
        Answer { names: vec!["a".into(), "b".into()], values, csv: Vec::new(), notes: Notes::default() }
    }

    #[test]
    fn moments_and_quantiles_are_those_of_the_column() {
        let answer = answer(vec![1.0, 5.0, 2.0, 5.0, 3.0, 5.0, 4.0, 5.0]);
        let [a, b] = &quantities(&answer, |_| (None, None))[..] else { panic!("two columns") };
        assert_eq!((a.mean, b.mean, b.sd), (2.5, 5.0, 0.0));
        assert!((a.sd - (5.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        // numpy.quantile([1, 2, 3, 4], [.05, .5, .95])
        assert!((a.quantiles["0.05"] - 1.15).abs() < 1e-15);
        assert_eq!(a.quantiles["0.5"], 2.5);
        assert!((a.quantiles["0.95"] - 3.85).abs() < 1e-15);
    }

    #[test]
    fn the_table_shows_units_and_docs_where_there_are_any() {
        let answer = answer(vec![1.0, 5.0, 2.0, 7.0]);
        let plain = table(&quantities(&answer, |_| (None, None)));
        assert!(plain.contains("95 %") && !plain.contains("unit") && !plain.contains("about"), "{plain}");
        let labelled = table(&quantities(&answer, |i| ((i == 0).then_some("mV"), Some("First.\nMore."))));
        assert!(
            labelled.contains("mV") && labelled.contains("First.") && !labelled.contains("More."),
            "{labelled}"
        );
    }

    #[test]
    fn the_share_of_redrawn_is_of_all_made() {
        assert_eq!(Redrawn::new(0, 0).share, 0.0);
        assert_eq!(Redrawn::new(25, 75).share, 0.25);
    }
}
