//! Ctrl-C and SIGTERM: the first one asks the work to stop at the next safe point, a second one ends at once.

use super::args;
use super::failure::{self, Exit, Failure, Outcome};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

static CAUGHT: AtomicBool = AtomicBool::new(false);

/// Starts to listen. To be called once.
pub fn install() -> Outcome {
    ctrlc::set_handler(|| {
        if CAUGHT.swap(true, Ordering::SeqCst) {
            // Files reach their names only when whole, so that ending here harms nothing.
            std::process::exit(Exit::Interrupted as i32);
        }
        failure::say("stopping at the next safe point; once more ends it at once\n");
    })
    .map_err(|e| {
        Failure::failed(format!("cannot listen for Ctrl-C: {e}")).help("start it from another terminal")
    })
}

/// Whether a stop was asked for.
pub fn caught() -> bool {
    CAUGHT.load(Ordering::SeqCst)
}

/// Break when a stop was asked for.
pub fn flow() -> ControlFlow<()> {
    if caught() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// An interruption, with what to type to go on; any other failure as it is.
pub fn to_go_on(failure: Failure) -> Failure {
    if failure.exit != Exit::Interrupted {
        return failure;
    }
    let typed: Vec<String> = std::env::args_os().map(|arg| args::quoted(&arg.to_string_lossy())).collect();
    failure.help(format!("what was finished is kept; to go on: {}", typed.join(" ")))
}

/// Fails when a stop was asked for.
pub fn check() -> Outcome {
    if caught() { Err(Failure::interrupted()) } else { Ok(()) }
}
