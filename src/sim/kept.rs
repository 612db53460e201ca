//! How much a loop keeps of its way, reckoned before it is taken: what is read at times that differ between draws needs every
//! step.

use crate::error::TOO_LARGE;
use crate::lower::Lower;
use crate::motion::Pace;
use crate::schedule::Needs;
use crate::ssa::Value;
use sbi_syntax::Diagnostic;

/// The most bytes that the loops of one dynamics may keep, for each of a thread's draws: 64 draws, the fewest of a column, take
/// a gigabyte.
const MOST: u64 = 1 << 24;

impl Lower<'_> {
    /// # Errors
    /// A dynamics that keeps more of its steps than fits, where these values come out.
    pub(crate) fn keeps_little(&self, outputs: &[Value]) -> Result<(), Diagnostic> {
        let needs = Needs::of(&self.program, outputs);
        let dynamics = self.model.dynamics.iter().zip(&self.motions);
        for (dynamics, motion) in dynamics.filter_map(|(dynamics, motion)| Some((dynamics, motion.as_ref()?)))
        {
            let Pace::Even(clock) = motion.pace else { continue };
            let kept = motion.runs.iter().map(|run| needs.kept(run.value)).filter(|kept| kept.anywhere);
            let values: u64 = kept.map(|kept| kept.slots.len() as u64).sum();
            let bytes = values * (u64::from(clock.steps) + 1) * size_of::<f64>() as u64;
            if bytes > MOST {
                let message = format!(
                    "`{}` is read at times that differ between draws, so that all of its {} steps are kept: {:.0} MB for each draw, and {:.0} are the limit",
                    dynamics.name,
                    clock.steps,
                    bytes as f64 / 1e6,
                    MOST as f64 / 1e6
                );
                let help = "take a longer step, or read it at times that are known: `time(grid(from = 0, to = 60, step = 1))`";
                return Err(TOO_LARGE.at(dynamics.span, message).help(help));
            }
        }
        Ok(())
    }
}
