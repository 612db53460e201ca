//! Data sets judged side by side, each on a thread of its own.

use anyhow::Result;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sets between two words of progress.
const WORDS: usize = 100;

/// What `judge` finds of each of so many things, in their order, on so many threads.
///
/// # Errors
/// One of those that judging fails of.
pub fn each<T: Send>(
    count: usize,
    threads: usize,
    judge: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(done);
            }
            done.push((number, judge(number)?));
            if number.is_multiple_of(WORDS) {
                eprintln!("{number} of {count}");
            }
        }
    };
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let made = workers.into_iter().map(|worker| worker.join().expect("a worker does not panic"));
        made.collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, found)| found).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_come_in_order_and_a_failure_is_told() {
        for threads in [1, 3] {
            assert_eq!(each(50, threads, |number| Ok(number * number)).unwrap()[7], 49);
            let failing = |number| if number == 31 { anyhow::bail!("no") } else { Ok(number) };
            assert!(each(50, threads, failing).is_err());
        }
    }
}
