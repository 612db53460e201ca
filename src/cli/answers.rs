//! What users get: `DIR/<query>/draws.csv`, `draws.nc` and `summary.json`, and a table on standard output.

use super::case::{Asked, Case};
use super::draws::Answer;
use super::failure::{Outcome, print};
use super::files;
use super::netcdf;
use super::numbers::exact;
use super::progress::grouped;
use super::summary::{self, Redrawn, Seconds, StoreKeys, Summary};
use std::io::ErrorKind;
use std::path::PathBuf;

/// What `sbi query` writes beside draws.
pub const DENSITIES: &str = "log_prob.csv";
pub const MODE: &str = "mode.csv";

const HELP: &str = "name a folder that can be written: `--out DIR`";

/// The folder of the answers.
pub struct Answers {
    folder: PathBuf,
}

impl Answers {
    /// Answers go to `folder`, which need not exist.
    pub fn in_folder(folder: PathBuf) -> Answers {
        Answers { folder }
    }

    /// Fails where nothing can be written: to be asked before any long work.
    pub fn ensure_writable(&self) -> Outcome {
        files::probe(&self.folder).map_err(|e| files::unwritable(&self.folder, &e, HELP))
    }

    /// Removes the folder where no answer has come to it.
    pub fn leave_nothing_empty(&self) {
        // Only an empty folder can be removed; what is in it is somebody's.
        let _ = std::fs::remove_dir(&self.folder);
    }

    /// Writes a file beside the draws of a query, and says where it is.
    pub fn put(&self, case: &Case, name: &str, bytes: &[u8]) -> Outcome<PathBuf> {
        let path = self.folder.join(&case.query.name).join(name);
        files::output(&path, bytes, HELP)?;
        Ok(path)
    }

    /// Writes the answer to one query and prints it.
    pub fn give(&self, case: &Case, answer: &Answer) -> Outcome {
        let folder = self.folder.join(&case.query.name);
        files::probe(&folder).map_err(|e| files::unwritable(&folder, &e, HELP))?;
        // They are of the answer that is replaced.
        let beside = [DENSITIES, MODE].map(|name| std::fs::remove_file(folder.join(name)));
        if let Some(Err(e)) =
            beside.into_iter().find(|done| done.as_ref().is_err_and(|e| e.kind() != ErrorKind::NotFound))
        {
            return Err(files::unwritable(&folder, &e, HELP));
        }
        let draws = folder.join("draws.csv");
        files::output(&draws, &answer.csv, HELP)?;
        if let Some(times) = coordinates(case) {
            files::output(&folder.join("coordinates.csv"), &times, HELP)?;
        }
        netcdf::write(&folder.join("draws.nc"), case, answer, HELP)?;
        let summary = summary(case, answer);
        let mut json = serde_json::to_string_pretty(&summary).expect("a summary is plain data");
        json.push('\n');
        files::output(&folder.join("summary.json"), json.as_bytes(), HELP)?;
        let (cautions, table) = (cautions(summary.cautions), summary::table(&summary.quantities));
        print(&format!(
            "\n{}: {}\n{cautions}{table}\ndraws: {}, and draws.nc for ArviZ\n",
            case.query.name,
            headline(case),
            draws.display()
        ))
    }
}

/// When the inferred readings at scattered times are, a row each; none where there are none.
fn coordinates(case: &Case) -> Option<Vec<u8>> {
    let Asked { model, subject, question, .. } = &case.asked;
    let asked = question.infer.iter().filter_map(|token| subject.tokens().get(*token));
    let rows: Vec<[String; 4]> = asked
        .filter_map(|token| {
            let node = model.node(token.node);
            let mut places = node.axes.iter().zip(model.places(node, token.element));
            let (time, axis) = places.find_map(|(id, place)| {
                let placed = case.query.placed.iter().find(|placed| placed.axis == *id)?;
                Some((placed.at.get(place)?, model.axis(*id)))
            })?;
            Some([token.name.clone(), axis.name.clone(), exact(*time), axis.unit.clone().unwrap_or_default()])
        })
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = writer.write_record(["name", "axis", "coordinate", "unit"]);
    let written = header.and_then(|()| rows.iter().try_for_each(|row| writer.write_record(row)));
    written.expect("rows of equal length are written to memory");
    (!rows.is_empty()).then(|| writer.into_inner().expect("memory is flushed without error"))
}

/// `10,000 draws given x_1 = 0, x_2 = 0`.
pub fn headline(case: &Case) -> String {
    const MOST: usize = 6;
    let given = case.given();
    let mut parts: Vec<String> =
        given.iter().take(MOST).map(|(name, value)| format!("{name} = {}", exact(*value))).collect();
    if given.len() > MOST {
        parts.push(format!("and {} more", given.len() - MOST));
    }
    let condition = if parts.is_empty() { String::new() } else { format!(" given {}", parts.join(", ")) };
    format!("{} draws{condition}", grouped(case.query.draws))
}

/// A line each, the first few of them.
fn cautions(all: &[String]) -> String {
    const MOST: usize = 3;
    let mut lines: String = all.iter().take(MOST).map(|caution| format!("careful: {caution}\n")).collect();
    if let Some(more @ 1..) = all.len().checked_sub(MOST) {
        lines += &format!("careful: the same holds of {more} more\n");
    }
    lines
}

fn summary<'a>(case: &'a Case, answer: &'a Answer) -> Summary<'a> {
    let notes = &answer.notes;
    Summary {
        format: 1,
        sbi: env!("CARGO_PKG_VERSION"),
        query: &case.query.name,
        approximator: &case.network.approximator.name,
        model: &case.network.model.name,
        device: case.network.device.name(),
        seed: case.network.seed(),
        simulations: case.network.approximator.train.simulations,
        draws: case.query.draws,
        keys: StoreKeys {
            simulations: &case.network.simulations,
            weights: &case.network.weights,
            draws: &case.key,
        },
        given: case.given().into_iter().collect(),
        absent: case.absent(),
        quantities: summary::quantities(answer, |number| case.label(number)),
        cautions: &notes.cautions,
        redrawn: Redrawn::new(notes.redrawn, case.query.draws),
        reweighed: notes.reweighed,
        restricted: notes.restricted,
        plan: &notes.plan,
        steps: notes.steps,
        solver_steps: notes.solver_steps,
        seconds: Seconds {
            simulate: notes.simulate_seconds,
            train: notes.train_seconds,
            draw: notes.draw_seconds,
        },
    }
}
