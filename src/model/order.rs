//! Kahn's order: everything after what it reads, and of what is ready always the first by rank.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Orders the numbers `0 .. reads.len()` so that each comes after what it reads; among those that are ready the one
/// with the smallest rank comes first. Ranks are distinct. Each entry of `reads` lists numbers once.
///
/// # Errors
/// A circle: each number reads the one after it, the last the first.
pub(crate) fn order(reads: &[Vec<usize>], rank: &[usize]) -> Result<Vec<usize>, Vec<usize>> {
    let mut readers = vec![Vec::new(); reads.len()];
    let mut waits: Vec<usize> = reads.iter().map(Vec::len).collect();
    for (number, read) in reads.iter().enumerate() {
        for &other in read {
            readers.get_mut(other).expect("only listed numbers are read").push(number);
        }
    }
    let key = |number: usize| Reverse((rank.get(number).copied(), number));
    let mut ready: BinaryHeap<_> =
        waits.iter().enumerate().filter(|(_, waits)| **waits == 0).map(|(number, _)| key(number)).collect();
    let mut order = Vec::with_capacity(reads.len());
    while let Some(Reverse((_, number))) = ready.pop() {
        order.push(number);
        for &reader in readers.get(number).into_iter().flatten() {
            let Some(wait) = waits.get_mut(reader) else { continue };
            *wait -= 1;
            if *wait == 0 {
                ready.push(key(reader));
            }
        }
    }
    if order.len() == reads.len() { Ok(order) } else { Err(circle(reads, &waits)) }
}

/// Follows what unplaced numbers read, which is always another unplaced one, until one comes again.
fn circle(reads: &[Vec<usize>], waits: &[usize]) -> Vec<usize> {
    let unplaced = |number: &usize| waits.get(*number).is_some_and(|waits| *waits > 0);
    let mut path: Vec<usize> = Vec::new();
    let mut next = (0..reads.len()).find(unplaced);
    while let Some(number) = next {
        if let Some(start) = path.iter().position(|seen| *seen == number) {
            return path.split_off(start);
        }
        path.push(number);
        next = reads.get(number).into_iter().flatten().copied().find(|read| unplaced(read));
    }
    unreachable!("a number that could not be placed reads another that could not be placed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_ones_come_by_rank() {
        // 0 reads 3; ranks reversed.
        let reads = [vec![3], vec![], vec![], vec![]];
        assert_eq!(order(&reads, &[3, 2, 1, 0]), Ok(vec![3, 2, 1, 0]));
        assert_eq!(order(&reads, &[0, 1, 2, 3]), Ok(vec![1, 2, 3, 0]));
    }

    #[test]
    fn a_circle_is_named_without_what_hangs_on_it() {
        let reads = [vec![1], vec![2], vec![1], vec![]];
        assert_eq!(order(&reads, &[0, 1, 2, 3]), Err(vec![1, 2]));
        assert_eq!(order(&[vec![0]], &[0]), Err(vec![0]));
    }
}
