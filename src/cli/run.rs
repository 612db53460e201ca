//! `sbi run`: from a file to answers, by way of simulations, weights and draws, each made only if the store lacks it.

use super::answers::Answers;
use super::args::{self, Device};
use super::case::Case;
use super::draws::Drawing;
use super::failure::{Failure, Outcome};
use super::interrupt;
use super::memory;
use super::outside::{ensure_allowed, tell_imports};
use super::progress::Progress;
use super::simulations::Simulations;
use super::spec::{Spec, find};
use super::stage::{Bench, Job};
use super::store::Store;
use super::weights::Training;
use sbi_infer::Machine;
use std::collections::BTreeMap;
use std::path::Path;

/// Answers the queries of a file.
pub fn run(args: &args::Run) -> Outcome {
    work(args, answer)
}

/// Does work on the queries that are asked, once it is known that nothing stands in its way.
pub fn work(args: &args::Run, work: impl FnOnce(&[Case], &Bench, &Answers) -> Outcome) -> Outcome {
    let mut spec = Spec::read(&args.file)?;
    spec.override_with(args.seed, args.draws.map(|draws| draws as usize));
    let bench = bench(args.device, args.store.as_deref(), &args.file, &args.work)?;
    let cases = asked(&spec, &args.query)?;
    cases.iter().try_for_each(|query| spec.ensure_query_runs(query))?;
    let models = cases.iter().map(|query| spec.model(spec.approximator(query).model));
    models.into_iter().try_for_each(|model| ensure_allowed(model, &args.work.allow))?;
    let cases: Outcome<Vec<Case>> =
        cases.into_iter().map(|query| Case::of(&spec, query, args.device)).collect();
    let cases = cases?;
    let folder = args.out.clone().unwrap_or_else(|| args.file.with_extension("out"));
    let answers = Answers::in_folder(folder);
    answers.ensure_writable()?;
    work(&cases, &bench, &answers).map_err(|failure| {
        answers.leave_nothing_empty();
        interrupt::to_go_on(failure)
    })
}

/// The work of the queries asked: what the store lacks, in order, each thing once.
fn answer(cases: &[Case], bench: &Bench, answers: &Answers) -> Outcome {
    let look = |case| Job::look(Drawing::of(case, &bench.store), bench.progress);
    let mut drawings: Vec<Job<Drawing>> = cases.iter().map(look).collect();

    let mut trainings: BTreeMap<&str, Job<Training>> = BTreeMap::new();
    for (case, _) in cases.iter().zip(&drawings).filter(|(_, drawing)| drawing.product().is_none()) {
        let look = || Job::look(Training::of(&case.network, &bench.store), bench.progress);
        trainings.entry(&case.network.weights).or_insert_with(look);
    }
    let mut simulations: BTreeMap<&str, Job<Simulations>> = BTreeMap::new();
    for case in cases {
        if trainings.get(case.network.weights.as_str()).is_some_and(|training| training.product().is_none()) {
            // Approximators of one model and seed share their simulations: the largest budget holds them all.
            let peers = cases.iter().filter(|other| other.network.simulations == case.network.simulations);
            let rows = peers.map(|peer| peer.network.approximator.train.simulations).max().unwrap_or(0);
            let look = || Job::look(Simulations::of(&case.network, rows, &bench.store), bench.progress);
            simulations.entry(&case.network.simulations).or_insert_with(look);
        }
    }

    simulations.values().for_each(|job| bench.progress.say(&job.outlook()));
    let begun = |case: &&Case| simulations.get(case.network.simulations.as_str()).is_some_and(Job::is_begun);
    if let Some(case) = cases.iter().filter(begun).find(|case| case.network.outside.is_some()) {
        tell_imports(case.network.model, bench.progress);
    }
    trainings.values().for_each(|job| bench.progress.say(&job.outlook()));
    drawings.iter().for_each(|job| bench.progress.say(&job.outlook()));
    for (case, drawing) in cases.iter().zip(&drawings) {
        if trainings.get(case.network.weights.as_str()).is_some_and(|training| training.product().is_none()) {
            memory::ensure_trains(&case.network, &bench.machine)?;
        }
        if drawing.product().is_none() {
            memory::ensure_draws(case, &bench.machine)?;
        }
    }
    if drawings.iter().any(|drawing| drawing.product().is_none()) {
        bench.store.ensure_writable()?;
    }

    for (case, drawing) in cases.iter().zip(&mut drawings) {
        if drawing.product().is_none() {
            let training =
                trainings.get_mut(case.network.weights.as_str()).expect("missing draws have their training");
            if training.product().is_none() {
                let simulation = simulations.get_mut(case.network.simulations.as_str());
                let simulation = simulation.expect("missing weights have their simulations");
                let simulated = simulation.obtain(&(), bench)?;
                simulated.made.tell(bench.progress);
                training.obtain(simulated, bench)?;
            }
            drawing.obtain(training.product().expect("the weights were made above"), bench)?;
        }
        answers.give(case, drawing.product().expect("the draws were made above"))?;
    }
    Ok(())
}

/// What the stages of a command may use.
///
/// # Errors
/// A device that cannot be used.
pub fn bench(device: Device, store: Option<&Path>, file: &Path, work: &args::Work) -> Outcome<Bench> {
    let device = match device {
        Device::Cpu => sbi_infer::Device::Cpu,
        Device::Cuda => {
            let failed = |why| Failure::failed(why).help("leave `--device cuda` out to use the processor");
            sbi_infer::probe_cuda().map_err(failed)?;
            sbi_infer::Device::Cuda
        }
    };
    Ok(Bench {
        store: Store::of(store, file),
        progress: Progress::new(work.quiet),
        machine: Machine { device, threads: work.threads() },
    })
}

/// The queries to answer: those named, in the order of the file, or all.
pub fn asked<'a>(spec: &'a Spec, names: &[String]) -> Outcome<Vec<&'a sbi_model::Query>> {
    let queries = &spec.file.queries;
    if queries.is_empty() {
        return Err(spec.no_query());
    }
    let known: Vec<&str> = queries.iter().map(|query| query.name.as_str()).collect();
    for name in names {
        find("query", name, &known)?;
    }
    Ok(queries.iter().filter(|query| names.is_empty() || names.contains(&query.name)).collect())
}
