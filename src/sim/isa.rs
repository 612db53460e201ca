//! Instruction sets, chosen when the program runs.
//!
//! A column kernel is compiled once for each set, from the same source; as its arithmetic is IEEE to the last bit
//! and nothing is fused, the sets differ in speed alone.

use std::fmt;

/// A set of vector instructions that this machine has: one exists only if it may be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstructionSet(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Work over columns, compiled once for each instruction set.
pub(crate) trait Kernel {
    /// Does the work. Implementations are `#[inline(always)]`, and so is whatever they call in their loops:
    /// only what is inlined is compiled for the chosen set.
    fn run(self);
}

impl InstructionSet {
    /// What every machine of this architecture has: SSE2 on x86-64.
    pub const BASELINE: InstructionSet = InstructionSet(Level::Baseline);

    /// The sets of this machine, from the narrowest to the widest.
    pub fn available() -> Vec<InstructionSet> {
        let baseline = vec![InstructionSet::BASELINE];
        #[cfg(target_arch = "x86_64")]
        let baseline = [baseline, wider()].concat();
        baseline
    }

    /// The widest set of this machine.
    pub fn best() -> InstructionSet {
        InstructionSet::available().pop().unwrap_or(InstructionSet::BASELINE)
    }

    /// Does the work of `kernel` with these instructions.
    #[allow(unsafe_code)]
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        match self.0 {
            Level::Baseline => kernel.run(),
            // SAFETY: a value of this type other than the baseline comes from `wider` alone, which
            // has asked the processor for every feature that the function enables.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { with_avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { with_avx512(kernel) },
        }
    }
}

/// What this processor has beyond SSE2, narrowest first.
#[cfg(target_arch = "x86_64")]
fn wider() -> Vec<InstructionSet> {
    let avx2 = is_x86_feature_detected!("avx2");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw");
    let has = [(avx2, Level::Avx2), (avx512, Level::Avx512)];
    has.into_iter().filter(|(has, _)| *has).map(|(_, level)| InstructionSet(level)).collect()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn with_avx512<K: Kernel>(kernel: K) {
    kernel.run();
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Level::Baseline if cfg!(target_arch = "x86_64") => "SSE2",
            Level::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "AVX-512",
        })
    }
}
