//! The instruction sets that the kernel is compiled for.

#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Avx512};
use super::lanes::{Portable, Simd};

/// What the kernel's inner loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// What every machine has.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 (F, DQ, VL, BW).
    Avx512,
}

/// Work that is compiled for each instruction set.
pub(super) trait Work {
    /// What comes of it.
    type Result;

    /// Does it with this one.
    fn on<S: Simd>(self, s: S) -> Self::Result;
}

impl InstructionSet {
    /// All of them, the best last.
    pub const ALL: [InstructionSet; 3] =
        [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512];

    /// The best that this machine has.
    pub fn detect() -> InstructionSet {
        InstructionSet::ALL
            .into_iter()
            .rev()
            .find(|set| set.available())
            .expect("every machine has the portable set")
    }

    /// Whether this machine has it.
    pub fn available(self) -> bool {
        match self {
            InstructionSet::Portable => true,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => Avx512::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx2 | InstructionSet::Avx512 => false,
        }
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Portable => "portable",
            InstructionSet::Avx2 => "AVX2",
            InstructionSet::Avx512 => "AVX-512",
        }
    }

    /// Does work with this instruction set; panics where the machine does not have it.
    pub(super) fn run<W: Work>(self, work: W) -> W::Result {
        assert!(self.available(), "this machine does not have {}", self.name());
        match self {
            InstructionSet::Portable => work.on(Portable),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => work.on(Avx2::detect().expect("it is available")),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => work.on(Avx512::detect().expect("it is available")),
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx2 | InstructionSet::Avx512 => unreachable!("it is available"),
        }
    }
}
