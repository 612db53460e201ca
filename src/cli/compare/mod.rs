//! `sbi compare`: networks judged on data sets whose parameters are known, over a grid of approximators, budgets, missing rates and seeds.
//!
//! Each network is that of `sbi run` with the same budget and seed, so that one made by either is used by both. All are judged on
//! the same test sets, which are drawn under a seed of their own; what data lack is the only thing that a missing rate changes in
//! them. Scores are kept like all else: a grid that was stopped goes on where it was, and a larger one makes only what is new.

mod grid;
mod picture;
mod report;
mod scoring;
mod tests;

use super::args;
use super::failure::{Failure, Outcome};
use super::interrupt;
use super::memory;
use super::network::Network;
use super::outside::{ensure_allowed, tell_imports};
use super::run::bench;
use super::simulations::Simulations;
use super::spec::Spec;
use super::stage::{Bench, Job};
use super::weights::Training;
use grid::Grid;
pub use grid::{Budget, Missing, parse_budget, parse_missing, parse_seeds};
use report::{Row, Table};
use sbi_model::Role;
use scoring::Scoring;
use std::collections::BTreeMap;
use tests::Tests;

/// Compares the approximators of a file.
pub fn compare(args: &args::Compare) -> Outcome {
    let spec = Spec::read(&args.file)?;
    let grid = Grid::of(&spec, args)?;
    let model = spec.model(grid.model);
    ensure_allowed(model, &args.work.allow)?;
    let folder = args.out.clone().unwrap_or_else(|| args.file.with_extension("out").join("compare"));
    for name in report::FILES {
        spec.ensure_not_read(&folder.join(name))?;
    }
    Table::ensure_writable(&folder)?;
    let bench = bench(args.device, args.store.as_deref(), &args.file, &args.work)?;
    let tests = Tests::of(&spec, &grid, args.sets as usize)?;
    let networks = grid.cells.iter().map(|cell| Network::of(&spec, cell, args.device));
    let networks: Vec<Network> = networks.collect::<Outcome<_>>()?;
    networks.iter().try_for_each(ensure_judged)?;
    let table = work(&networks, &tests, args, &bench).map_err(interrupt::to_go_on)?;
    table.give(&folder, &model.name)
}

/// Fails where a model has no parameter that all data sets share.
fn ensure_judged(network: &Network) -> Outcome {
    let subject = &network.subject;
    let mut parameters =
        subject.scalars().iter().enumerate().filter(|(_, own)| own.role == Role::Param).peekable();
    let name = &network.model.name;
    if parameters.peek().is_none() {
        return Err(Failure::wrong(format!(
            "`{name}` has no parameters, and networks are judged by how they find these"
        ))
        .help("declare what is asked about as `param`"));
    }
    match parameters.all(|(scalar, _)| subject.is_placed(scalar)) {
        true => Err(Failure::wrong(format!("`{name}` has no parameter that all data sets share"))
            .help("functions at scattered times differ between data sets: ask `sbi query` for them")),
        false => Ok(()),
    }
}

/// The scores of all networks: what the store lacks is made, in order, each thing once.
fn work(networks: &[Network], tests: &[Tests], args: &args::Compare, bench: &Bench) -> Outcome<Table> {
    let scorings = |network| -> Vec<Job<Scoring>> {
        let of =
            |test| Job::look(Scoring::of(network, test, args.draws as usize, &bench.store), bench.progress);
        tests.iter().map(of).collect()
    };
    let mut scorings: Vec<Vec<Job<Scoring>>> = networks.iter().map(scorings).collect();
    let lacking = |jobs: &Vec<Job<Scoring>>| jobs.iter().any(|job| job.product().is_none());
    let judged = scorings.iter().filter(|jobs| !lacking(jobs)).count();
    if judged > 0 {
        bench.progress.say(&format!("scores       kept: {judged} of {} networks", networks.len()));
    }
    for (network, _) in networks.iter().zip(&scorings).filter(|(_, jobs)| lacking(jobs)) {
        if Job::look(Training::of(network, &bench.store), bench.progress).product().is_none() {
            memory::ensure_trains(network, &bench.machine)?;
        }
    }
    if judged < networks.len() {
        bench.store.ensure_writable()?;
        if let Some(network) = networks.iter().find(|network| network.outside.is_some()) {
            tell_imports(network.model, bench.progress);
        }
    }
    let mut simulations: BTreeMap<&str, Job<Simulations>> = BTreeMap::new();
    for (place, (network, jobs)) in networks.iter().zip(&mut scorings).enumerate() {
        if jobs.iter().all(|job| job.product().is_some()) {
            continue;
        }
        let mut training = Job::look(Training::of(network, &bench.store), bench.progress);
        bench.progress.say(&format!(
            "network   {} of {}: {}",
            place + 1,
            networks.len(),
            grid::words(network)
        ));
        if training.product().is_none() {
            let peers = networks.iter().filter(|peer| peer.simulations == network.simulations);
            let rows = peers.map(|peer| peer.approximator.train.simulations).max().unwrap_or(0);
            let look = || Job::look(Simulations::of(network, rows, &bench.store), bench.progress);
            let simulated =
                simulations.entry(&network.simulations).or_insert_with(look).obtain(&(), bench)?;
            simulated.made.tell(bench.progress);
            training.obtain(simulated, bench)?;
        }
        let trained =
            training.product().ok_or_else(|| Failure::failed("a training ended without weights"))?;
        jobs.iter_mut().try_for_each(|job| job.obtain(trained, bench).map(drop))?;
        // Simulations that no later network is trained on need no memory any more.
        let later = networks.get(place + 1..).unwrap_or_default();
        simulations.retain(|key, _| later.iter().any(|network| network.simulations == *key));
    }
    let row = |(network, jobs): (&Network, &Vec<Job<Scoring>>)| -> Vec<Row> {
        let of = |(test, job): (&Tests, &Job<Scoring>)| Some(Row::of(network, test, job.product()?));
        tests.iter().zip(jobs).filter_map(of).collect()
    };
    let rows = networks.iter().zip(&scorings).flat_map(row).collect();
    Ok(Table { rows, sets: args.sets as usize, draws: args.draws as usize })
}
