//! Work on parts of a batch by several workers side by side.

use std::sync::{Mutex, PoisonError};

/// Tokens that a worker takes at once.
const PART_TOKENS: usize = 1_024;

/// What `work` makes of items of so many tokens each, `each` numbers of one, in their order whoever made them.
pub fn side_by_side<W: Send, T: Sync>(
    workers: &mut [W],
    items: &[T],
    tokens: usize,
    each: usize,
    work: impl Fn(&mut W, &[T]) -> Vec<f64> + Sync,
) -> Vec<f64> {
    let (size, mut made) = ((PART_TOKENS / tokens.max(1)).max(1), vec![0.0; items.len() * each]);
    let parts = Mutex::new(items.chunks(size).zip(made.chunks_mut(size * each.max(1))));
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for worker in workers {
            scope.spawn(|| {
                while let Some((items, made)) = next() {
                    made.copy_from_slice(&work(worker, items));
                }
            });
        }
    });
    made
}
