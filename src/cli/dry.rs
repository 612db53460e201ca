//! A few draws of the programs of a model, before a study needs many: whether each starts, answers, and gives what its file
//! says it does.

use super::failure::{Failure, Outcome};
use super::outside::Programs;
use sbi_model::Model;
use sbi_sim::outside::Answer;
use sbi_sim::{OUTSIDE_FAILS, Outside, Simulator};
use sbi_syntax::Diagnostic;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many draws are asked for.
const DRAWS: u64 = 4;

/// Programs, and which of them was asked last.
struct Tried {
    programs: Programs,
    last: AtomicUsize,
}

impl Outside for Tried {
    fn at_once(&self) -> u64 {
        DRAWS
    }

    fn draw(
        &self,
        external: usize,
        draws: &[u64],
        seeds: &[u64],
        inputs: &[f64],
    ) -> Result<Answer, sbi_sim::Failure> {
        self.last.store(external, Ordering::Relaxed);
        self.programs.draw(external, draws, seeds, inputs)
    }
}

/// Asks the programs of a model for a few draws of its priors; says what goes wrong, at the program that was asked last.
///
/// # Errors
/// The user wants no more.
pub fn dry_run(model: &Model, simulator: &Simulator, spec: &Path) -> Outcome<Option<Diagnostic>> {
    let Some(programs) = Programs::once(model, simulator, spec) else { return Ok(None) };
    let tried = Tried { programs, last: AtomicUsize::new(0) };
    let go_on = &mut |_| ControlFlow::Continue(());
    let Err(failure) = simulator.run_blocks(1, 0..DRAWS, 1, Some(&tried), go_on) else { return Ok(None) };
    let last = tried.last.load(Ordering::Relaxed);
    let span = model.externals.get(last).map(|external| external.span).unwrap_or_default();
    match failure {
        sbi_sim::Failure::Interrupted => Err(Failure::interrupted()),
        sbi_sim::Failure::Outside { message, help } => Ok(Some(OUTSIDE_FAILS.at(span, message).help(help))),
        sbi_sim::Failure::NotFinite { ref help, .. } => {
            let told = OUTSIDE_FAILS.at(span, format!("of {DRAWS} draws of the priors, {failure}"));
            let else_help = "bound a prior so that the program stands all of its draws: `uniform(low, high)`";
            Ok(Some(told.help(help.as_deref().unwrap_or(else_help))))
        }
        sbi_sim::Failure::Memory { .. } => Ok(None),
    }
}
