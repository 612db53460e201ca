//! `sbi simulate`: joint draws of a model as a file; and the source of draws that the store is filled from.

use super::args;
use super::failure::{Failure, Outcome};
use super::files::{self, Beside};
use super::interrupt;
use super::numbers::{exact, listed};
use super::outside::ensure_allowed;
use super::progress::{Progress, grouped};
use super::spec::{Spec, find};
use sbi_model::Train;
use sbi_sim::{Outside, Simulator, Table};
use std::io;
use std::ops::{ControlFlow, Range};
use std::path::Path;

/// A file is written from pieces of this many values, so that a long one takes no more memory than a short one.
const PIECE_VALUES: usize = 1 << 22;

/// Joint draws of one model under one seed: draw `n` is the same whatever is drawn before it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The name of the model.
    pub name: &'a str,
    /// What draws.
    pub simulator: &'a Simulator,
    /// The programs from outside that it draws from.
    pub outside: Option<&'a dyn Outside>,
    /// The seed.
    pub seed: u64,
}

impl<'a> Source<'a> {
    /// Names of the columns: the tokens of the model's graph.
    pub fn columns(&self) -> &'a [String] {
        self.simulator.columns()
    }

    /// So many rows have about `values` values.
    pub fn rows_of(&self, values: usize) -> usize {
        (values / self.columns().len().max(1)).max(1)
    }

    /// Draws `rows`, or the first of them where `go_on` breaks off; it hears how many rows are done.
    pub fn draw(
        &self,
        rows: Range<usize>,
        threads: usize,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Outcome<Table> {
        let mut go_on = |done| go_on(done as usize);
        let range = rows.start as u64..rows.end as u64;
        self.simulator.run_blocks(self.seed, range, threads, self.outside, &mut go_on).map_err(|e| failed(&e))
    }
}

/// A draw that is not finite, or a table that is too large, in the words of a failure.
pub fn failed(error: &sbi_sim::Failure) -> Failure {
    let failure = Failure::failed(error.to_string());
    match error {
        sbi_sim::Failure::NotFinite { help, .. } => failure.help(help.as_deref().unwrap_or(
            "no draw of the priors may lead there: bound a parameter, or write the expression so that it stays finite",
        )),
        sbi_sim::Failure::Outside { help, .. } => failure.help(help.clone()),
        sbi_sim::Failure::Interrupted => Failure::interrupted(),
        sbi_sim::Failure::Memory { .. } => failure.help("ask for fewer simulations, or make the axes smaller"),
    }
}

/// Writes the first draws of a model to a file.
pub fn simulate(args: &args::Simulate) -> Outcome {
    ensure_csv(&args.out)?;
    let spec = Spec::read(&args.file)?;
    let model = chosen(&spec, args.model.as_deref())?;
    spec.ensure_model_runs(model)?;
    let seed = args.work.seed.unwrap_or_else(|| file_seed(&spec, model));
    ensure_allowed(spec.model(model), &args.work.allow)?;
    let (simulator, outside) = (spec.simulator(model), spec.outside(model));
    let source = Source { name: &spec.model(model).name, simulator, outside, seed };
    write(&source, args, Progress::new(args.work.quiet))
}

fn write(source: &Source, args: &args::Simulate, progress: Progress) -> Outcome {
    let unwritable =
        |e: &io::Error| files::unwritable(&args.out, e, "name a file in a folder that can be written");
    let failed = |e: csv::Error| unwritable(&e.into());
    let mut writer = csv::Writer::from_writer(Beside::create(&args.out).map_err(|e| unwritable(&e))?);
    writer.write_record(source.columns()).map_err(failed)?;

    let total = args.n as usize;
    let title = format!("{} draws of `{}`", grouped(total), source.name);
    let mut bar = progress.start("simulate", &title, 0, total);
    let (mut done, mut resampled) = (0, 0);
    while done < total {
        let rows = done..total.min(done + source.rows_of(PIECE_VALUES));
        let table = source.draw(rows, args.work.threads(), &mut |made| {
            bar.set(done + made);
            interrupt::flow()
        })?;
        interrupt::check()?;
        for row in table.values.chunks_exact(table.columns) {
            // What a draw lacks is an empty cell.
            let cells = row.iter().map(|x| if x.is_nan() { String::new() } else { exact(*x) });
            writer.write_record(cells).map_err(failed)?;
        }
        (done, resampled) = (done + table.rows, resampled + table.resampled);
    }
    let file = writer.into_inner().map_err(|e| unwritable(e.error()))?;
    file.finish().map_err(|e| unwritable(&e))?;
    bar.finish("done");
    tell_resampled(resampled, progress);
    Ok(())
}

/// Says that draws were made anew: what is drawn is then not the prior as it is written.
pub fn tell_resampled(resampled: u64, progress: Progress) {
    if resampled > 0 {
        let count = grouped(resampled as usize);
        progress.say(&format!(
            "careful: {count} draws failed and were drawn anew, as `on_failure \"resample\"` says: the priors are those of \
             draws that do not fail"
        ));
    }
}

fn ensure_csv(out: &Path) -> Outcome {
    if out.is_dir() {
        return Err(Failure::wrong(format!("`{}` is a folder, and a file is to be written", out.display()))
            .help(format!("--out {}", out.join("draws.csv").display())));
    }
    match out.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("csv") => Ok(()),
        _ => Err(Failure::wrong(format!(
            "`{}` is no .csv file, the only kind that can be written",
            out.display()
        ))
        .help(format!("--out {}", out.with_extension("csv").display()))),
    }
}

/// The place of the model meant: the one named, or the only one.
fn chosen(spec: &Spec, name: Option<&str>) -> Outcome<usize> {
    let names: Vec<&str> = spec.file.models.iter().map(|model| model.name.as_str()).collect();
    match (name, names.as_slice()) {
        (Some(name), _) => find("model", name, &names),
        (None, [_]) => Ok(0),
        (None, []) => Err(Failure::wrong("the file has no model").help("write one: `model name { … }`")),
        (None, [first, ..]) => Err(Failure::wrong("the file has several models")
            .help(format!("say which: `--model {first}`; it has {}", listed(&names, "and")))),
    }
}

/// The seed that `sbi run` would simulate a model with.
fn file_seed(spec: &Spec, model: usize) -> u64 {
    let approximator = spec.file.approximators.iter().find(|approximator| approximator.model == model);
    approximator.map_or_else(|| Train::default().seed, |approximator| approximator.train.seed)
}
