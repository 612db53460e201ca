//! Which draws are asked for together, and again.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

/// How often a batch is tried before its draws are tried one by one.
pub(super) const TRIES: u32 = 3;

/// The most draws of a batch whose size is left to us.
const LARGEST: usize = 1000;

/// How long a batch should take: long enough that talking costs nothing, short enough that little is lost with it.
const TARGET: Duration = Duration::from_secs(1);

/// Draws that are asked for together, by their places in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub places: Range<usize>,
    tries: u32,
    /// Whether it is what became of a larger batch that failed too often.
    alone: bool,
}

/// The batches of a request that are still to be asked for.
#[derive(Debug)]
pub(super) struct Queue {
    fresh: Range<usize>,
    again: VecDeque<Batch>,
}

impl Queue {
    /// All places below `count`.
    pub(super) fn new(count: usize) -> Queue {
        Queue { fresh: 0..count, again: VecDeque::new() }
    }

    /// The next batch; `size` says of how many draws, given how many were never asked for.
    pub(super) fn take(&mut self, size: impl FnOnce(usize) -> usize) -> Option<Batch> {
        if let Some(batch) = self.again.pop_front() {
            return Some(batch);
        }
        let left = self.fresh.len();
        if left == 0 {
            return None;
        }
        let end = self.fresh.start + size(left).clamp(1, left);
        let places = self.fresh.start..end;
        self.fresh.start = end;
        Some(Batch { places, tries: 0, alone: false })
    }

    /// Puts back a batch that failed: to be asked for once more, or draw by draw.
    ///
    /// # Errors
    ///
    /// A single draw that was tried often enough is given back, with how often that was.
    pub(super) fn fail(&mut self, mut batch: Batch) -> Result<(), (usize, u32)> {
        batch.tries += 1;
        if batch.alone {
            return Err((batch.places.start, TRIES + 1));
        }
        if batch.tries < TRIES {
            self.again.push_front(batch);
        } else {
            for place in batch.places.rev() {
                self.again.push_front(Batch { places: place..place + 1, tries: 0, alone: true });
            }
        }
        Ok(())
    }
}

/// How many draws make a batch.
#[derive(Debug)]
pub(super) struct Pace {
    fixed: Option<usize>,
    target: Duration,
    size: usize,
}

impl Pace {
    /// `fixed` draws, or as many as take about a second, and a quarter of the timeout at most.
    pub(super) fn new(fixed: Option<usize>, timeout: Option<Duration>) -> Pace {
        let target = timeout.map_or(TARGET, |timeout| TARGET.min(timeout / 4));
        Pace { fixed, target, size: 1 }
    }

    /// The size of the next batch, where so many draws are left for so many workers: none is left idle at the end.
    pub(super) fn size(&self, left: usize, workers: usize) -> usize {
        self.fixed.unwrap_or_else(|| self.size.min(left.div_ceil(workers)))
    }

    /// Learns from a batch of so many draws that took so long.
    pub(super) fn measured(&mut self, draws: usize, took: Duration) {
        let each = took.as_secs_f64() / draws.max(1) as f64;
        let fits = (self.target.as_secs_f64() / each.max(1e-9)) as usize;
        // One quick draw says little of the next, so the size grows by steps.
        self.size = fits.clamp(1, LARGEST).min(self.size.max(draws * 8));
    }

    /// Learns from a batch that failed, perhaps because it was too much at once.
    pub(super) fn failed(&mut self) {
        self.size = (self.size / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_tried_three_times_and_then_draw_by_draw() {
        let mut queue = Queue::new(5);
        for _ in 0..TRIES {
            let batch = queue.take(|_| 3).unwrap();
            assert_eq!(batch.places, 0..3);
            queue.fail(batch).unwrap();
        }
        let mut singles: Vec<_> = (0..3).map(|_| queue.take(|_| 3).unwrap()).collect();
        assert_eq!(singles.iter().map(|batch| batch.places.clone()).collect::<Vec<_>>(), [0..1, 1..2, 2..3]);
        assert_eq!(queue.fail(singles.remove(1)), Err((1, 4)));
        assert_eq!(queue.take(|_| 3).unwrap().places, 3..5);
        assert!(queue.take(|_| 3).is_none());
    }

    #[test]
    fn batches_grow_to_a_second_and_not_beyond_a_thousand() {
        let mut pace = Pace::new(None, None);
        assert_eq!(pace.size(10_000, 2), 1);
        pace.measured(1, Duration::from_millis(10));
        assert_eq!(pace.size(10_000, 2), 8);
        pace.measured(8, Duration::from_millis(80));
        pace.measured(64, Duration::from_millis(640));
        assert_eq!(pace.size(10_000, 2), 100);
        assert_eq!(pace.size(100, 3), 34);
        pace.measured(100, Duration::from_micros(100));
        pace.measured(800, Duration::from_micros(800));
        assert_eq!(pace.size(10_000, 2), 1000);
        pace.measured(1000, Duration::from_secs(100));
        assert_eq!(pace.size(10_000, 2), 10);
        assert_eq!(Pace::new(Some(64), None).size(100, 3), 64);
    }
}
