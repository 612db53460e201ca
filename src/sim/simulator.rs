//! A model made ready to simulate, and its runs.

use crate::bytecode::{self, Code};
use crate::error::Failure;
use crate::isa::InstructionSet;
use crate::lower::{self, Call, Lowered, Output};
use crate::outside::Answer;
use crate::rng::mix;
use crate::runner::{Draws, Runner, threads_of};
use crate::ssa::Value;
use rayon::ThreadPool;
use sbi_model::{FAILED, Model, NodeId, OnFailure, Role};
use sbi_syntax::Diagnostic;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

/// Draws between two calls of a progress hook.
const BLOCK: u64 = 1 << 14;

/// Programs from outside are slow, and what they gave should soon be kept: as many draws as take about so long, once it is
/// known how fast they are.
const BLOCK_TIME: Duration = Duration::from_secs(1);

/// Seeds for programs from outside have so many bits: every language has whole numbers as large.
const SEED_BITS: u32 = 53;

/// How often a draw that fails is drawn anew before its model is given up: where one in twenty succeeds, a draw in 10^22
/// fails so often.
const ATTEMPTS: u64 = 1_000;

/// A model made ready to simulate: which elements come out, and the code that makes them.
pub struct Simulator {
    code: Code,
    names: Vec<String>,
    /// Which columns a data set may lack: there NaN is what is absent, and infinity what failed.
    may_lack: Vec<bool>,
    /// What a failed draw is told with: its parameters, and the program in which its reason is looked for.
    parameters: Vec<(NodeId, usize)>,
    parameter_names: Vec<String>,
    lowered: Lowered,
    stages: Stages,
    on_failure: OnFailure,
    runner: Runner,
}

/// Simulations: one row for each draw, one column for each output, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The values, row by row.
    pub values: Vec<f64>,
    /// The number of columns.
    pub columns: usize,
    /// The number of rows.
    pub rows: usize,
    /// How many draws failed and were drawn anew, as the model asks with `on_failure "resample"`. Each attempt counts.
    pub resampled: u64,
}

/// The programs from outside that a model draws from.
pub trait Outside: Sync {
    /// What the model's external of this number gives for draws with these numbers and seeds; `inputs` has a row of its
    /// inputs for each.
    ///
    /// # Errors
    /// [`Failure::Outside`] where it gives nothing, [`Failure::Interrupted`] where the user wants no more.
    fn draw(&self, external: usize, draws: &[u64], seeds: &[u64], inputs: &[f64]) -> Result<Answer, Failure>;

    /// How many draws it takes to keep all processes at work for a while.
    fn at_once(&self) -> u64;
}

/// Which of the model's externals refused a draw, and why, by draw.
type Refusals = BTreeMap<u64, Vec<(usize, String)>>;

/// The calls of programs from outside, in order.
struct Stages {
    all: Vec<Stage>,
    /// How many numbers all of them give for a draw.
    columns: usize,
    /// What becomes of a draw that each of the model's externals refuses.
    on_refusal: Vec<OnFailure>,
    /// Whether some failures are absent: what a program refuses because it was given what failed is then no failure of its own.
    absent: bool,
}

struct Stage {
    /// What makes the inputs.
    code: Code,
    external: usize,
    places: usize,
    /// Its first column among what all programs give.
    first: usize,
    /// The hash of its name: the seeds of its draws are its own.
    path: u64,
}

impl Stages {
    fn of(model: &Model, lowered: &Lowered) -> Stages {
        let stage = |call: &Call| Stage {
            code: bytecode::compile(&lowered.program, &call.inputs),
            external: call.external,
            places: call.places,
            first: call.first,
            path: call.path,
        };
        Stages {
            all: lowered.calls.iter().map(stage).collect(),
            columns: lowered.calls.iter().map(|call| call.places * call.width()).sum(),
            on_refusal: model
                .externals
                .iter()
                .map(|external| external.on_failure.unwrap_or(model.on_failure))
                .collect(),
            absent: model.tells_failures(),
        }
    }
}

/// Draws to be made, and with what.
#[derive(Clone, Copy)]
struct Work<'a> {
    /// The seed of this attempt, and that of the first.
    seed: u64,
    origin: u64,
    attempt: u64,
    draws: &'a [u64],
    pool: Option<&'a ThreadPool>,
    outside: Option<&'a dyn Outside>,
}

impl Simulator {
    /// Compiles `model` so that every draw gives the elements `outputs` (a node and the row-major number of one
    /// of its elements), in their order.
    ///
    /// # Errors
    /// A diagnostic with the node whose elements are too many to simulate.
    pub fn new(model: &Model, outputs: &[(NodeId, usize)]) -> Result<Simulator, Diagnostic> {
        let elements = outputs.iter().map(|(node, element)| Output::Element(*node, *element));
        Simulator::of(model, &elements.collect::<Vec<_>>())
    }

    /// As [`new`](Simulator::new), for any outputs. Where a data set lacks one, it is NaN in the table.
    ///
    /// # Errors
    /// As [`new`](Simulator::new).
    pub fn of(model: &Model, outputs: &[Output]) -> Result<Simulator, Diagnostic> {
        let lowered = lower::lower(model, outputs)?;
        let of_params = model.numbered().filter(|(_, node)| node.role == Role::Param);
        let elements = |(id, node)| (0..model.elements(node)).map(move |element| (id, element));
        let parameters: Vec<_> = of_params.flat_map(elements).collect();
        let name = |(id, element): (NodeId, usize)| model.element_name(model.node(id), element);
        let names = outputs.iter().map(|output| match *output {
            Output::Element(node, element) => name((node, element)),
            Output::Coordinate(axis, position) => format!("{}[{}]", model.axis(axis).name, position + 1),
            Output::Failed => FAILED.to_owned(),
        });
        let (shown, may_lack): (Vec<Value>, Vec<bool>) = lowered.shown.iter().copied().unzip();
        let code = bytecode::compile(&lowered.program, &shown);
        Ok(Simulator {
            runner: Runner::best(&code),
            code,
            names: names.collect(),
            may_lack,
            parameter_names: parameters.iter().map(|parameter| name(*parameter)).collect(),
            parameters,
            stages: Stages::of(model, &lowered),
            lowered,
            on_failure: model.on_failure,
        })
    }

    /// The same simulator with these instructions in place of the machine's best. The results have the same bits.
    #[must_use]
    pub fn with_instructions(mut self, set: InstructionSet) -> Simulator {
        self.runner.set = set;
        self
    }

    /// The same simulator with columns of 64, 128, 256 or 512 draws in place of the width chosen from the size
    /// of the model. The results have the same bits.
    #[must_use]
    pub fn with_width(mut self, width: usize) -> Simulator {
        self.runner.set_width(width);
        self
    }

    /// The names of the columns, as the file writes them: `theta`, `x[1]`.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// For each call of a program from outside, the number of the model's external and the sizes of its outputs.
    pub fn outside(&self) -> impl Iterator<Item = (usize, &[Vec<usize>])> {
        self.lowered.calls.iter().map(|call| (call.external, call.outputs.as_slice()))
    }

    /// The instructions that it runs with.
    pub fn instructions(&self) -> InstructionSet {
        self.runner.set
    }

    /// Simulates a range of draws on `threads` threads. A draw depends on the seed and its number alone: neither
    /// the threads nor the division of the range into runs matter.
    ///
    /// # Errors
    /// [`Failure`]: the first draw of the range in which something is not finite, or a table larger than memory.
    pub fn run(&self, seed: u64, draws: Range<u64>, threads: usize) -> Result<Table, Failure> {
        self.run_blocks(seed, draws, threads, None, &mut |_| ControlFlow::Continue(()))
    }

    /// [`run`](Simulator::run), telling `done` how many draws are finished from time to time; when it breaks off, the
    /// table ends there. So it does where a program from outside broke or was interrupted after some
    /// draws were finished: asked for the next ones, it fails.
    ///
    /// # Errors
    /// As [`run`](Simulator::run).
    pub fn run_blocks(
        &self,
        seed: u64,
        draws: Range<u64>,
        threads: usize,
        outside: Option<&dyn Outside>,
        done: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Table, Failure> {
        let columns = self.code.columns;
        let wanted = draws.end.saturating_sub(draws.start);
        let mut table = Table { values: room(wanted, columns)?, columns, rows: 0, resampled: 0 };
        let pool = threads_of(threads);
        let fewest = outside.filter(|_| !self.stages.all.is_empty()).map_or(BLOCK, Outside::at_once);
        let mut size = fewest;
        while (table.rows as u64) < wanted {
            let (start, began) = (draws.start + table.rows as u64, Instant::now());
            let numbers: Vec<u64> = (start..draws.end.min(start + size)).collect();
            let filled = table.values.len();
            table.values.resize(filled + numbers.len() * columns, 0.0);
            let block = table.values.get_mut(filled..).unwrap_or_default();
            let work = Work { seed, origin: seed, attempt: 0, draws: &numbers, pool: pool.as_ref(), outside };
            match self.make(&work, block) {
                Ok(resampled) => table.resampled += resampled,
                Err(Failure::Interrupted | Failure::Outside { .. }) if table.rows > 0 => {
                    table.values.truncate(filled);
                    break;
                }
                Err(failure) => return Err(failure),
            }
            table.rows += numbers.len();
            size = if began.elapsed() < BLOCK_TIME { size * 2 } else { size / 2 }
                .clamp(fewest, BLOCK.max(fewest));
            if done(table.rows as u64).is_break() {
                break;
            }
        }
        Ok(table)
    }

    /// Runs `code` for these draws, until `block` is full.
    fn fill(&self, code: &Code, work: &Work<'_>, given: &[f64], block: &mut [f64]) {
        let Work { seed, draws: numbers, pool, .. } = *work;
        let draws = Draws { seed, numbers, given: (given, self.stages.columns), pool };
        self.runner.fill(code, draws, block);
    }

    /// What the programs from outside give for these draws, and why they refused some.
    fn ask(&self, work: &Work<'_>) -> Result<(Vec<f64>, Refusals), Failure> {
        let mut given = vec![0.0; work.draws.len() * self.stages.columns];
        let mut refusals = Refusals::new();
        for stage in &self.stages.all {
            let mut inputs = vec![0.0; work.draws.len() * stage.code.columns];
            self.fill(&stage.code, work, &given, &mut inputs);
            let outside = work.outside.expect("who runs a model with programs from outside brings them");
            let places = stage.places as u64;
            let ids: Vec<u64> = work
                .draws
                .iter()
                .flat_map(|draw| (0..places).map(move |place| draw * places + place))
                .collect();
            let seeds: Vec<u64> =
                ids.iter().map(|id| mix(mix(work.seed, stage.path), *id) >> (64 - SEED_BITS)).collect();
            let answer = outside.draw(stage.external, &ids, &seeds, &inputs)?;
            for (id, reason) in answer.refused {
                let row =
                    ids.binary_search(&id).expect("a program answers what it is asked, in rising order");
                let of = stage.code.columns / stage.places;
                let given = inputs.get(row * of..(row + 1) * of).unwrap_or_default();
                if !self.stages.absent || given.iter().all(|input| input.is_finite()) {
                    refusals.entry(id / places).or_default().push((stage.external, reason));
                }
            }
            let width = answer.rows.len() / work.draws.len().max(1);
            let places = given.chunks_mut(self.stages.columns).zip(answer.rows.chunks(width.max(1)));
            for (row, found) in places {
                let place = row.get_mut(stage.first..stage.first + width);
                place.into_iter().for_each(|place| place.copy_from_slice(found));
            }
        }
        Ok((given, refusals))
    }

    /// Makes these draws; how many attempts failed and were made anew.
    fn make(&self, work: &Work<'_>, block: &mut [f64]) -> Result<u64, Failure> {
        let (given, refusals) = self.ask(work)?;
        self.fill(&self.code, work, &given, block);
        let mut failed: Vec<usize> = self.failed(block);
        // What a program refused has failed, even where nothing that comes out shows it; unless it is to be absent.
        let draws = work.draws.iter().enumerate();
        let refused = draws.filter(|(_, draw)| self.untaken(**draw, &refusals).is_some());
        failed.extend(refused.map(|(row, _)| row));
        failed.sort_unstable();
        failed.dedup();
        let again = failed.iter().filter(|row| self.policy(work, **row, &refusals) == OnFailure::Resample);
        let again: Vec<usize> = again.copied().collect();
        if again.len() < failed.len() {
            let told = failed.iter().find(|row| !again.contains(row)).copied().unwrap_or_default();
            return Err(self.failure(work, &given, told, block, &refusals));
        }
        if again.is_empty() {
            return Ok(0);
        }
        let draws: Vec<u64> = again.iter().filter_map(|row| work.draws.get(*row).copied()).collect();
        if work.attempt >= ATTEMPTS {
            return Err(self.failure(
                work,
                &given,
                again.first().copied().unwrap_or_default(),
                block,
                &refusals,
            ));
        }
        // The random numbers of an attempt have a seed of their own, so that a draw depends on the seed and its number alone.
        let attempt = work.attempt + 1;
        let next = Work { draws: &draws, attempt, seed: mix(work.origin, attempt), ..*work };
        let columns = self.code.columns;
        let mut rows = vec![0.0; draws.len() * columns];
        let more = self.make(&next, &mut rows)?;
        for (row, values) in again.iter().zip(rows.chunks(columns)) {
            let place = block.get_mut(row * columns..(row + 1) * columns);
            place.into_iter().for_each(|place| place.copy_from_slice(values));
        }
        Ok(again.len() as u64 + more)
    }

    /// What becomes of a draw that failed: a program from outside that refused it may have its own word.
    fn policy(&self, work: &Work<'_>, row: usize, refusals: &Refusals) -> OnFailure {
        let own = work.draws.get(row).and_then(|draw| self.untaken(*draw, refusals));
        match own.unwrap_or(self.on_failure) {
            // What fails all the same is a parameter.
            OnFailure::Absent => OnFailure::Stop,
            chosen => chosen,
        }
    }

    /// What the programs say becomes of a draw that they refused, where that is not to be absent.
    fn untaken(&self, draw: u64, refusals: &Refusals) -> Option<OnFailure> {
        let refused = refusals.get(&draw).into_iter().flatten();
        let mut chosen = refused.filter_map(|(external, _)| self.stages.on_refusal.get(*external).copied());
        chosen.find(|chosen| *chosen != OnFailure::Absent)
    }

    /// The rows of a block in which something is not finite.
    fn failed(&self, block: &[f64]) -> Vec<usize> {
        // Without an early end, which would keep the loop from becoming vector code.
        if !block.iter().fold(false, |bad, value| bad | !value.is_finite()) {
            return Vec::new();
        }
        let rows = block.chunks(self.code.columns.max(1)).enumerate();
        rows.filter(|(_, row)| self.bad(row).is_some()).map(|(k, _)| k).collect()
    }

    /// The first value of a row that is not finite though the data set has it, and its column.
    fn bad(&self, row: &[f64]) -> Option<(usize, f64)> {
        let mut values = row.iter().copied().zip(&self.may_lack).enumerate();
        let bad = values.find(|(_, (value, may_lack))| !(value.is_finite() || value.is_nan() && **may_lack));
        bad.map(|(column, (value, _))| (column, value))
    }

    /// How the draw of a row failed.
    fn failure(
        &self,
        work: &Work<'_>,
        given: &[f64],
        row: usize,
        block: &[f64],
        refusals: &Refusals,
    ) -> Failure {
        let columns = self.code.columns;
        let values = block.get(row * columns..(row + 1) * columns).unwrap_or_default();
        let (column, value) = self.bad(values).unwrap_or((0, f64::NAN));
        let draw = work.draws.get(row).copied().expect("each row is a draw");
        let parameters = self.lowered.values(&self.parameters);
        let signs: Vec<Value> = self.lowered.signs.iter().map(|sign| sign.sound).collect();
        let looked = bytecode::compile(&self.lowered.program, &[parameters, signs].concat());
        let mut found = vec![0.0; looked.columns];
        let given = given.get(row * self.stages.columns..).unwrap_or_default();
        self.fill(&looked, &Work { draws: &[draw], pool: None, ..*work }, given, &mut found);
        let signs = found.split_off(self.parameters.len());
        let mut signs = self.lowered.signs.iter().zip(signs);
        let sign = signs.find(|(_, sound)| *sound == 0.0).map(|(sign, _)| sign);
        let (refused, anew) = (
            refusals.get(&draw).and_then(|refused| refused.first()),
            "let the program refuse none, or draw such draws anew: `on_failure \"resample\"`",
        );
        let reason = match refused {
            Some((_, reason)) => Some((reason.clone(), anew.to_owned())),
            None => sign.map(|sign| (sign.else_said.clone(), sign.help.clone())),
        };
        let element = self.names.get(column).cloned().unwrap_or_default();
        let reason = match reason {
            reason if !self.stages.absent || self.untaken(draw, refusals).is_some() => reason,
            // Data would be absent, so it is a parameter that failed.
            Some((said, _)) => {
                Some((format!("{said}, and the parameter `{element}` depends on it"), never_absent()))
            }
            None => Some((format!("the parameter `{element}` is no finite number"), never_absent())),
        };
        let (reason, help) = reason.unzip();
        Failure::NotFinite {
            draw,
            element,
            value,
            parameters: self.parameter_names.iter().cloned().zip(found).collect(),
            reason,
            help,
        }
    }
}

/// What to do about a parameter that fails where data would be absent.
fn never_absent() -> String {
    "only data can be absent: keep it finite, declare it as `data`, or write `on_failure \"resample\"`".into()
}

/// An empty table with room for all its values.
fn room(rows: u64, columns: usize) -> Result<Vec<f64>, Failure> {
    let count = u128::from(rows) * columns as u128;
    let mut values = Vec::new();
    match usize::try_from(count).map(|count| values.try_reserve_exact(count)) {
        Ok(Ok(())) => Ok(values),
        _ => Err(Failure::Memory { bytes: count * size_of::<f64>() as u128 }),
    }
}

impl Table {
    /// One draw.
    pub fn row(&self, row: usize) -> &[f64] {
        self.values.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }
}
