//! Whether training and drawing fit into memory, asked before anything is simulated: the system ends a process that takes
//! too much without a word.

use super::case::Case;
use super::failure::{Failure, Outcome};
use super::network::Network;
use sbi_infer::{Device, Machine, drawing_bytes, training_bytes};
use sbi_model::Estimator;
use sysinfo::{MemoryRefreshKind, System};

pub const GIB: f64 = 1_073_741_824.0;

/// Fails where the training of a network would take more memory than is free.
pub fn ensure_trains(network: &Network, machine: &Machine) -> Outcome {
    let Estimator::Joint(transformer) = &network.approximator.estimator else { return Ok(()) };
    let (tokens, train) = (network.subject.tokens().len(), &network.approximator.train);
    let needed = training_bytes(&network.subject, network.differ(), transformer, train, machine.threads);
    ensure(needed, machine, &format!("to train `{}`", network.approximator.name), || {
        format!(
            "a smaller network (`width`, `layers`), `batch` or number of `simulations` takes less; so do shorter axes: \
             `{}` has {tokens} tokens",
            network.model.name
        )
    })
}

/// Fails where the draws of a case would take more memory than is free.
pub fn ensure_draws(case: &Case, machine: &Machine) -> Outcome {
    let Estimator::Joint(transformer) = &case.network.approximator.estimator else { return Ok(()) };
    let (trained, tokens) = (case.network.subject.tokens().len(), case.asked.subject.tokens().len());
    let needed = drawing_bytes(trained, tokens, transformer, machine.threads);
    ensure(needed, machine, &format!("to answer `{}`", case.query.name), || {
        format!(
            "`{}` has {tokens} tokens as it is placed, each of which is compared with all: place fewer",
            case.query.name
        )
    })
}

/// Fails where this many bytes are more than the free ones.
fn ensure(needed: f64, machine: &Machine, work: &str, help: impl FnOnce() -> String) -> Outcome {
    match free() {
        Some(free) if machine.device == Device::Cpu && needed > free => Err(Failure::failed(format!(
            "{work} would take about {:.1} GiB of memory, and {:.1} GiB are free",
            needed / GIB,
            free / GIB
        ))
        .help(help())),
        _ => Ok(()),
    }
}

/// Bytes that this process may take, where the system tells.
pub fn free() -> Option<f64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    // A container may be allowed less than the machine has; what of that is in use tells little, as caches count.
    let allowed = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    let free = allowed.min(system.available_memory());
    (free > 0).then_some(free as f64)
}
