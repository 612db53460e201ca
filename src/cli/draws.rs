//! The stage of draws: the answer to one query, kept as the very CSV file that users get.

use super::case::Case;
use super::failure::{Failure, Outcome};
use super::interrupt;
use super::numbers::exact;
use super::progress::grouped;
use super::stage::{Bench, Found, Stage};
use super::store::{Change, Damage, Entry, Held, Kind, Manifest, Store};
use super::weights::Trained;
use sbi_infer::DrawError;
use sbi_model::{Graph, Query};
use serde::{Deserialize, Serialize};

const DRAWS: &str = "draws.csv";

/// The draws of one query.
pub struct Drawing<'a> {
    entry: Entry,
    query: &'a Query,
    graph: &'a Graph,
    seed: u64,
}

/// The draws of a query and how they came about.
pub struct Answer {
    /// One name for each inferred quantity, in the order asked.
    pub names: Vec<String>,
    /// `[draws, names]`, row-major.
    pub values: Vec<f64>,
    /// The same as a CSV file.
    pub csv: Vec<u8>,
    /// How they came about.
    pub notes: Notes,
}

/// What is noted with draws: all that a summary says beside the draws, so that it needs no other entry of the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Seconds spent on simulations.
    pub simulate_seconds: f64,
    /// Seconds spent on training.
    pub train_seconds: f64,
    /// Seconds spent on drawing.
    pub draw_seconds: f64,
    /// Draws that fell outside the prior's support and were made again.
    pub redrawn: usize,
    /// What was chosen for the network and its training.
    pub plan: serde_json::Value,
    /// The choice in a line.
    pub choice: String,
}

impl Stage for Drawing<'_> {
    type Input = Trained;
    type Product = Answer;

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn title(&self) -> String {
        format!("{} draws for `{}`", grouped(self.query.draws), self.query.name)
    }

    fn load(&self, manifest: &Manifest) -> Result<Found<Answer>, Damage> {
        if !manifest.lists(DRAWS) {
            return Ok(Found::Nothing);
        }
        let damage = || Damage(format!("the kept answer to `{}` is damaged", self.query.name));
        let csv = self.entry.read(manifest, DRAWS)?;
        let names = self.names();
        let values = parse(&csv, &names).ok_or_else(damage)?;
        let whole = values.len() == self.query.draws * names.len();
        let notes = manifest.notes().filter(|_| whole).ok_or_else(damage)?;
        Ok(Found::Whole(Answer { names, values, csv, notes }))
    }

    fn make(&self, trained: &Trained, bench: &Bench, held: &mut Held) -> Outcome<Answer> {
        let bytes = self.query.draws.saturating_mul(self.query.infer.len()).saturating_mul(size_of::<f64>());
        if Vec::<u8>::new().try_reserve_exact(bytes).is_err() {
            return Err(Failure::failed(format!("{} need more memory than there is", self.title()))
                .help("ask for fewer: `--draws N`"));
        }
        let bar = bench.progress.start("draw", &self.title(), 0, self.query.draws);
        let mut progress = |done, _total| {
            bar.set(done);
            interrupt::flow()
        };
        let Trained { weights, notes } = trained;
        let draws =
            sbi_infer::draw(weights, self.graph, self.query, self.seed, &bench.machine, &mut progress)
                .map_err(|e| self.failed(&e))?;
        let names = self.names();
        let csv = csv_of(&names, &draws.values);
        let notes = Notes {
            simulate_seconds: notes.simulate_seconds,
            train_seconds: notes.train_seconds,
            draw_seconds: bar.elapsed().as_secs_f64(),
            redrawn: draws.redrawn,
            plan: serde_json::to_value(&weights.plan).expect("a plan is plain data"),
            choice: weights.plan.summary(),
        };
        held.clear()?;
        held.commit(Change {
            put: vec![(DRAWS.into(), csv.clone())],
            drop: Vec::new(),
            notes: serde_json::to_value(&notes).expect("notes are plain data"),
        })?;
        bar.finish("done");
        Ok(Answer { names, values: draws.values, csv, notes })
    }
}

impl<'a> Drawing<'a> {
    /// The draws for a case.
    pub fn of(case: &Case<'a>, store: &Store) -> Drawing<'a> {
        let entry = store.entry(Kind::Draws, &case.keys.draws);
        Drawing { entry, query: case.query, graph: case.graph, seed: case.seed() }
    }

    fn names(&self) -> Vec<String> {
        let name = |&token: &usize| self.graph.tokens.get(token).map(|token| token.name.clone());
        self.query.infer.iter().filter_map(name).collect()
    }

    fn failed(&self, error: &DrawError) -> Failure {
        let failure = Failure::failed(format!("`{}` was not answered: {error}", self.query.name));
        match error {
            DrawError::Stopped => Failure::interrupted(),
            DrawError::Device(_) => failure.help("leave `--device cuda` out to draw on the processor"),
            DrawError::OutsideSupport { .. } | DrawError::NotFinite { .. } => failure
                .help("train longer or on more simulations (`steps`, `simulations` in `train`), and look whether the \
                       given values are ones that the model can produce"),
        }
    }
}

/// A header, then one row a draw, each number in the shortest form that reads back the same.
pub fn csv_of(names: &[String], values: &[f64]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(names).and_then(|()| {
        values
            .chunks_exact(names.len().max(1))
            .try_for_each(|row| writer.write_record(row.iter().map(|x| exact(*x))))
    });
    written.expect("rows of equal length are written to memory");
    writer.into_inner().expect("memory is flushed without error")
}

/// The numbers of a CSV file with this very header.
fn parse(csv: &[u8], names: &[String]) -> Option<Vec<f64>> {
    let mut reader = csv::Reader::from_reader(csv);
    reader.headers().ok()?.iter().eq(names).then_some(())?;
    let mut values = Vec::new();
    for record in reader.records() {
        for cell in &record.ok()? {
            values.push(cell.parse().ok()?);
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_come_back_bit_for_bit() {
        let names = ["theta[1,2]".to_string(), "x".to_string()];
        let values = [0.1 + 0.2, -0.0, 1e-300, 7.0];
        let csv = csv_of(&names, &values);
        assert!(csv.starts_with(b"\"theta[1,2]\",x\n"));
        let back = parse(&csv, &names).unwrap();
        assert!(back.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(parse(&csv, &names[1..]), None, "another header");
    }
}
