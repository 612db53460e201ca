//! Faults of our own: a panic says that it is our fault and what to report, and ends as a failed run.

use super::failure::{Failure, Outcome, say};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};

/// Runs a command; a panic in it is told and becomes a failure.
pub fn guard(command: impl FnOnce() -> Outcome) -> Outcome {
    set_hook(Box::new(tell));
    // Nothing of the command is used after a panic, so that it cannot be seen half-done.
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| Err(Failure::failed("")))
}

fn tell(panic: &PanicHookInfo) {
    let what = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    say(&format!(
        "error: this is a fault of sbi, not of your file: {what}{place}\n\
         help: please report it with the file, the command and the version, sbi {}. What was finished is kept.\n",
        env!("CARGO_PKG_VERSION")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Exit;

    #[test]
    fn a_panic_ends_as_a_failed_run_that_was_told() {
        let failure = guard(|| panic!("a broken invariant")).unwrap_err();
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Failed, ""));
    }
}
