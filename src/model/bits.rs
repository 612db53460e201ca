//! Sets of small whole numbers, kept as words of bits: the rows of graphs and masks.

/// A set of numbers below a size fixed when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// The empty set of numbers below `size`.
    pub(crate) fn new(size: usize) -> Bits {
        Bits { words: vec![0; size.div_ceil(64)] }
    }

    /// The numbers below `size` for which `holds` is true.
    pub(crate) fn filter(size: usize, mut holds: impl FnMut(usize) -> bool) -> Bits {
        let mut bits = Bits::new(size);
        (0..size).filter(|&number| holds(number)).for_each(|number| bits.insert(number));
        bits
    }

    pub(crate) fn insert(&mut self, number: usize) {
        let word = self.words.get_mut(number / 64).expect("a set holds only numbers below its size");
        *word |= 1 << (number % 64);
    }

    pub(crate) fn remove(&mut self, number: usize) {
        if let Some(word) = self.words.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    pub(crate) fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds all of `other`.
    pub(crate) fn union(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Adds the `count` members of `other` from `from` on, moved to stand from `to` on.
    pub(crate) fn add_run(&mut self, other: &Bits, (from, to, count): (usize, usize, usize)) {
        let mut done = 0;
        while done < count {
            let (word, shift) = ((to + done) / 64, (to + done) % 64);
            let taken = (64 - shift).min(count - done);
            let bits = other.window(from + done) & (u64::MAX >> (64 - taken));
            self.words.get_mut(word).into_iter().for_each(|own| *own |= bits << shift);
            done += taken;
        }
    }

    /// The 64 numbers from one on.
    fn window(&self, from: usize) -> u64 {
        let word = |place: usize| self.words.get(place).copied().unwrap_or(0);
        let (place, shift) = (from / 64, from % 64);
        let high = if shift == 0 { 0 } else { word(place + 1) << (64 - shift) };
        word(place) >> shift | high
    }

    /// Keeps only what is also in `other`.
    pub(crate) fn intersect(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= theirs);
    }

    /// Removes all of `other`.
    pub(crate) fn subtract(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// How many members are not in `other`.
    pub(crate) fn beyond(&self, other: &Bits) -> usize {
        self.words.iter().zip(&other.words).map(|(mine, theirs)| (mine & !theirs).count_ones() as usize).sum()
    }

    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }

    /// How many members there are.
    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The members in rising order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(number, &word)| Members { base: number * 64, word })
    }
}

/// The members that one word holds.
struct Members {
    base: usize,
    word: u64,
}

impl Iterator for Members {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.word == 0 {
            return None;
        }
        let lowest = self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(self.base + lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_rising_order_across_words() {
        let mut bits = Bits::new(200);
        [199, 0, 64, 63, 128].into_iter().for_each(|number| bits.insert(number));
        bits.remove(64);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 128, 199]);
        assert!(bits.contains(128) && !bits.contains(64) && !bits.contains(1000));
    }

    #[test]
    fn runs_are_moved_across_words() {
        let third = Bits::filter(300, |number| number % 3 == 0);
        for (from, to, count) in [(0, 0, 300), (5, 70, 130), (64, 1, 64), (130, 64, 128), (7, 9, 0)] {
            let mut bits = Bits::filter(300, |number| number == 299);
            bits.add_run(&third, (from, to, count));
            let moved =
                |number: usize| (to..to + count).contains(&number) && third.contains(number - to + from);
            assert_eq!(
                bits,
                Bits::filter(300, |number| number == 299 || moved(number)),
                "{from} {to} {count}"
            );
        }
    }

    #[test]
    fn union_intersection_and_difference() {
        let even = Bits::filter(100, |number| number % 2 == 0);
        let mut third = Bits::filter(100, |number| number % 3 == 0);
        let mut both = even.clone();
        both.intersect(&third);
        assert_eq!(both, Bits::filter(100, |number| number % 6 == 0));
        assert_eq!(third.beyond(&even), 17);
        third.union(&even);
        assert_eq!(third, Bits::filter(100, |number| number % 2 == 0 || number % 3 == 0));
        third.subtract(&even);
        assert_eq!(third, Bits::filter(100, |number| number % 6 == 3));
    }
}
