//! `sbi plot`: pictures of what is kept, of answers and of how networks were trained. Nothing is simulated, trained or drawn.

mod answer;
mod priors;
mod series;
mod target;
mod truths;

use super::answers::headline;
use super::args;
use super::case::Case;
use super::draws::Drawing;
use super::failure::{Failure, Outcome};
use super::progress::Progress;
use super::query::untrained;
use super::run::asked;
use super::spec::Spec;
use super::stage::Job;
use super::store::Store;
use super::weights::Training;
use answer::Parts;
use sbi_plot::{Losses, Page, Unplottable};
use target::Target;

/// Draws the answers to queries of a file.
pub fn plot(args: &args::Plot) -> Outcome {
    let mut spec = Spec::read(&args.file)?;
    spec.override_with(args.seed, args.draws.map(|draws| draws as usize));
    let queries = asked(&spec, &args.query)?;
    let names: Vec<&str> = queries.iter().map(|query| query.name.as_str()).collect();
    let target = Target::of(args.out.as_deref(), &names)?;
    target.file().map_or(Ok(()), |file| spec.ensure_not_read(file))?;
    queries.iter().try_for_each(|query| spec.ensure_query_runs(query))?;
    let store = Store::of(args.store.as_deref(), &args.file);
    let case = |query| Case::of(&spec, query, args.device);
    let cases: Vec<Case> = queries.into_iter().map(case).collect::<Outcome<_>>()?;
    let picture = |case| match args.losses {
        true => losses(case, args, &store),
        false => answer(case, args, &store),
    };
    // All of them before any is written.
    let pictures: Vec<String> = cases.iter().map(picture).collect::<Outcome<_>>()?;
    let what = if args.losses { "_losses" } else { "" };
    names.iter().zip(&pictures).try_for_each(|(name, picture)| target.put(&format!("{name}{what}"), picture))
}

/// The picture of an answer.
fn answer(case: &Case, args: &args::Plot, store: &Store) -> Outcome<String> {
    let job = Job::look(Drawing::of(case, store), Progress::new(false));
    let answer = job.product().ok_or_else(|| unanswered(case, args))?;
    let truth = truths::read(case, args.truth.as_deref())?;
    let parts = Parts::of(case, answer);
    let figures = parts.figures(&truth, store).map_err(|why| unplottable(case, &why))?;
    let cautions = answer.notes.cautions.iter().map(|caution| format!("Careful: {caution}."));
    let notes: Vec<String> = parts.notes().into_iter().chain(cautions).collect();
    let about = [format!("{}.", headline(case))];
    let title = format!("{}: {}", case.network.model.name, case.query.name);
    Ok(Page { title: &title, about: &about, figures, notes: &notes }.render())
}

/// The picture of a training.
fn losses(case: &Case, args: &args::Plot, store: &Store) -> Outcome<String> {
    let job = Job::look(Training::of(&case.network, store), Progress::new(false));
    let trained = job.product().ok_or_else(|| untrained(case, &args.file))?;
    let curve = trained.weights.curve();
    let training: Vec<(f64, f64)> = curve.iter().map(|own| (own.step as f64, own.training)).collect();
    let held_out: Vec<(f64, f64)> = curve.iter().map(|own| (own.step as f64, own.validation)).collect();
    let figure = sbi_plot::losses(&Losses { training: &training, held_out: &held_out });
    let figures = vec![figure.map_err(|why| unplottable(case, &why))?];
    let about = [format!("{}.", trained.weights.summary())];
    let title = format!("training of {}", case.network.approximator.name);
    Ok(Page { title: &title, about: &about, figures, notes: &[] }.render())
}

fn unanswered(case: &Case, args: &args::Plot) -> Failure {
    let name = &case.query.name;
    Failure::failed(format!("the answer to `{name}` is not kept in this store")).help(format!(
        "make it first: sbi run {} --query {name}, with the same `--store`, `--seed`, `--draws` and `--device`",
        args::quoted(&args.file.to_string_lossy())
    ))
}

fn unplottable(case: &Case, why: &Unplottable) -> Failure {
    Failure::failed(format!("`{}` cannot be plotted: {why}", case.query.name))
}
