//! What the machine could do at best: multiply-adds on registers alone, with the instructions of the kernel. No
//! product can be faster, so a kernel is held to it.

use super::instructions::{InstructionSet, Work};
use super::lanes::{LANES, Lanes, Simd};
use std::hint::black_box;
use std::time::Instant;

/// The best of so many short runs counts, as other programs take turns on the machine; each of so many rounds.
const RUNS: usize = 40;
const ROUNDS: usize = 1_000_000;

/// Floating-point operations a second of `threads` threads that do nothing but multiply and add, two for each
/// multiply-add.
pub fn peak_rate(set: InstructionSet, threads: usize) -> f64 {
    // How many independent sums hide the time that each takes, and still fit into the registers, differs between sets.
    let of = |sums: usize| {
        let run = || {
            let began = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| set.run(MultiplyAdds { sums }));
                }
            });
            (2 * threads * sums * LANES * ROUNDS) as f64 / began.elapsed().as_secs_f64()
        };
        (0..RUNS).map(|_| run()).fold(0.0, f64::max)
    };
    [2, 6, 12].into_iter().map(of).fold(0.0, f64::max)
}

/// So many sums side by side.
struct MultiplyAdds {
    sums: usize,
}

impl Work for MultiplyAdds {
    type Result = ();

    fn on<S: Simd>(self, s: S) {
        match self.sums {
            2 => chains::<S, 2>(s),
            6 => chains::<S, 6>(s),
            12 => chains::<S, 12>(s),
            sums => unreachable!("no loop of {sums} sums"),
        }
    }
}

fn chains<S: Simd, const SUMS: usize>(s: S) {
    s.enter(
        #[inline(always)]
        || {
            let factor = s.splat(black_box(1e-3));
            let mut sums = [s.zero(); SUMS];
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = factor.mul_add(factor, *sum);
                }
            }
            for sum in sums {
                let mut numbers = [0.0; LANES];
                sum.store(&mut numbers);
                black_box(numbers);
            }
        },
    );
}
