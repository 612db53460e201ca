//! The programs from outside that a model draws from: started only where the user allows it.

use super::args::Allow;
use super::failure::{Failure, Outcome};
use super::interrupt;
use super::numbers::listed;
use super::progress::Progress;
use super::world::folder_of;
use sbi_model::Model;
use sbi_sim::outside::{Answer, Pool, Program, Request};
use sbi_sim::{Outside, Simulator};
use std::path::Path;

/// The programs of one model, by the number of their external. None runs before it is asked for draws.
pub struct Programs(Vec<(usize, Pool)>);

impl Programs {
    /// The programs of a model in the folder of its spec, if it has any.
    pub fn of(model: &Model, simulator: &Simulator, spec: &Path) -> Option<Programs> {
        Programs::started_as(model, simulator, spec, |workers| workers)
    }

    /// The same, each of which is started once.
    pub fn once(model: &Model, simulator: &Simulator, spec: &Path) -> Option<Programs> {
        Programs::started_as(model, simulator, spec, |_| Some(1))
    }

    fn started_as(
        model: &Model,
        simulator: &Simulator,
        spec: &Path,
        workers: impl Fn(Option<usize>) -> Option<usize>,
    ) -> Option<Programs> {
        let folder = folder_of(spec);
        let pools = simulator.outside().filter_map(|(number, sizes)| {
            let external = model.externals.get(number)?;
            let mut program = Program::of(&external.name, external, &folder, sizes);
            program.workers = workers(program.workers);
            Some((number, Pool::new(program)))
        });
        let pools: Vec<(usize, Pool)> = pools.collect();
        (!pools.is_empty()).then_some(Programs(pools))
    }
}

/// Fails where a model starts programs and nobody allowed that.
pub fn ensure_allowed(model: &Model, allowed: &[Allow]) -> Outcome {
    if model.externals.is_empty() || allowed.contains(&Allow::Process) {
        return Ok(());
    }
    let commands: Vec<String> = model.externals.iter().map(|external| external.command.join(" ")).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let starts = listed(&commands, "and");
    Err(Failure::wrong(format!("`{}` starts {starts}, with all that you may do", model.name))
        .help("read what it starts, and then add: --allow process"))
}

/// Says of draws that were kept which changes of their programs nobody noticed.
pub fn tell_imports(model: &Model, progress: Progress) {
    if !model.externals.is_empty() {
        progress.say(
            "             made by its programs as their files are; what these import is not looked at: if that has changed, use \
             another `--store DIR`",
        );
    }
}

impl Outside for Programs {
    fn at_once(&self) -> u64 {
        self.0.iter().map(|(_, pool)| pool.at_once()).max().unwrap_or(1)
    }

    fn draw(
        &self,
        external: usize,
        draws: &[u64],
        seeds: &[u64],
        inputs: &[f64],
    ) -> Result<Answer, sbi_sim::Failure> {
        let pool = self.0.iter().find(|(number, _)| *number == external).map(|(_, pool)| pool);
        let pool = pool.expect("a simulator asks the programs of its own model");
        let answer = pool.draw(Request { draws, seeds, inputs }, &|| !interrupt::caught());
        answer.map_err(|error| match error.trouble() {
            None => sbi_sim::Failure::Interrupted,
            Some(trouble) => {
                sbi_sim::Failure::Outside { message: trouble.message(), help: trouble.help.clone() }
            }
        })
    }
}
