//! `sbi compare`: networks judged on data sets whose parameters are known, over a grid of approximators, budgets, missing rates and seeds.
//!
//! Each network is that of `sbi run` with the same budget and seed, so that one made by either is used by both. All are judged on
//! the same test sets, which are drawn under a seed of their own; what data lack is the only thing that a missing rate changes in
//! them. Scores are kept like all else: a grid that was stopped goes on where it was, and a larger one makes only what is new.

mod grid;
mod picture;
mod report;
mod scoring;
mod test_sets;

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
use test_sets::TestSets;

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
    let tests = TestSets::of(&spec, &grid, args.sets as usize)?;
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

/// A network of the grid, with what the store has of it.
struct Cell<'a> {
    network: &'a Network<'a>,
    /// For each kind of test sets.
    scorings: Vec<Job<Scoring<'a>>>,
    /// None where all scores are kept.
    training: Option<Job<Training<'a>>>,
}

impl<'a> Cell<'a> {
    fn look(network: &'a Network<'a>, tests: &'a [TestSets<'a>], draws: usize, bench: &Bench) -> Cell<'a> {
        let scoring = |test| Job::look(Scoring::of(network, test, draws, &bench.store), bench.progress);
        let scorings: Vec<Job<Scoring>> = tests.iter().map(scoring).collect();
        let lacks = scorings.iter().any(|job| job.product().is_none());
        let training = lacks.then(|| Job::look(Training::of(network, &bench.store), bench.progress));
        Cell { network, scorings, training }
    }

    /// Whether it is to be trained.
    fn is_untrained(&self) -> bool {
        self.training.as_ref().is_some_and(|training| training.product().is_none())
    }

    /// Judges the network, which is trained first on the simulations where that is to do.
    fn score(&mut self, simulations: Option<&mut Job<Simulations>>, bench: &Bench) -> Outcome {
        let Some(mut training) = self.training.take() else { return Ok(()) };
        if let Some(simulations) = simulations {
            let simulated = simulations.obtain(&(), bench)?;
            simulated.made.tell(bench.progress);
            training.obtain(simulated, bench)?;
        }
        let trained =
            training.product().ok_or_else(|| Failure::failed("a training ended without weights"))?;
        self.scorings.iter_mut().try_for_each(|job| job.obtain(trained, bench).map(drop))
    }
}

/// The scores of all networks: what the store lacks is made, in order, each thing once.
fn work(networks: &[Network], tests: &[TestSets], args: &args::Compare, bench: &Bench) -> Outcome<Table> {
    let draws = args.draws as usize;
    let mut cells: Vec<Cell> =
        networks.iter().map(|network| Cell::look(network, tests, draws, bench)).collect();
    ensure_possible(&cells, bench)?;
    let mut simulations: BTreeMap<&str, Job<Simulations>> = BTreeMap::new();
    for place in 0..cells.len() {
        let rest = cells.get_mut(place..).unwrap_or_default();
        // Simulations that no network is trained on any more need no memory.
        simulations
            .retain(|key, _| rest.iter().any(|cell| cell.is_untrained() && cell.network.simulations == *key));
        let network = networks.get(place).expect("each cell is of a network");
        let peers =
            rest.iter().filter(|cell| cell.is_untrained() && cell.network.simulations == network.simulations);
        let rows = peers.map(|cell| cell.network.approximator.train.simulations).max();
        let Some(cell) = rest.first_mut().filter(|cell| cell.training.is_some()) else { continue };
        bench.progress.say(&format!(
            "network   {} of {}: {}",
            place + 1,
            networks.len(),
            grid::words(network)
        ));
        let wanted = rows.filter(|_| cell.is_untrained());
        let look = |rows| Job::look(Simulations::of(network, rows, &bench.store), bench.progress);
        let job = wanted.map(|rows| simulations.entry(&network.simulations).or_insert_with(|| look(rows)));
        cell.score(job, bench)?;
    }
    let rows = cells.iter().flat_map(|cell| {
        let of = |(test, job): (&TestSets, &Job<Scoring>)| Some(Row::of(cell.network, test, job.product()?));
        tests.iter().zip(&cell.scorings).filter_map(of).collect::<Vec<Row>>()
    });
    Ok(Table { rows: rows.collect(), sets: args.sets as usize, draws })
}

/// Says what is kept, and fails where what is to be done cannot be.
fn ensure_possible(cells: &[Cell], bench: &Bench) -> Outcome {
    let judged = cells.iter().filter(|cell| cell.training.is_none()).count();
    if judged > 0 {
        bench.progress.say(&format!("scores       kept: {judged} of {} networks", cells.len()));
    }
    let untrained = || cells.iter().filter(|cell| cell.is_untrained()).map(|cell| cell.network);
    untrained().try_for_each(|network| memory::ensure_trains(network, &bench.machine))?;
    if judged == cells.len() {
        return Ok(());
    }
    if let Some(network) = untrained().find(|network| network.outside.is_some()) {
        tell_imports(network.model, bench.progress);
    }
    bench.store.ensure_writable()
}
