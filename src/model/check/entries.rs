//! The numbers of an array of numpy.

/// The entries of an array, as a file holds them.
pub(super) struct Entries<'e> {
    pub(super) bytes: &'e [u8],
    /// The kind of an entry: `f8`.
    pub(super) kind: &'e str,
    /// Whether the first byte of an entry is its largest.
    pub(super) big_endian: bool,
    /// Whether the first axis runs fastest.
    pub(super) first_fastest: bool,
    pub(super) shape: &'e [usize],
}

impl Entries<'_> {
    /// The numbers in the order of the file; none where entries of this kind are not read.
    pub(super) fn numbers(&self) -> Option<Vec<f64>> {
        let all = self.shape.iter().product::<usize>();
        match self.kind {
            "f8" => Some(self.each(all, f64::from_le_bytes)),
            "f4" => Some(self.each(all, |bytes| f64::from(f32::from_le_bytes(bytes)))),
            "i8" => Some(self.each(all, |bytes| i64::from_le_bytes(bytes) as f64)),
            "i4" => Some(self.each(all, |bytes| f64::from(i32::from_le_bytes(bytes)))),
            "i2" => Some(self.each(all, |bytes| f64::from(i16::from_le_bytes(bytes)))),
            "i1" => Some(self.each(all, |bytes| f64::from(i8::from_le_bytes(bytes)))),
            "u8" => Some(self.each(all, |bytes| u64::from_le_bytes(bytes) as f64)),
            "u4" => Some(self.each(all, |bytes| f64::from(u32::from_le_bytes(bytes)))),
            "u2" => Some(self.each(all, |bytes| f64::from(u16::from_le_bytes(bytes)))),
            "u1" | "b1" => Some(self.each(all, |[byte]: [u8; 1]| f64::from(byte))),
            _ => None,
        }
    }

    fn each<const SIZE: usize>(&self, all: usize, number: impl Fn([u8; SIZE]) -> f64) -> Vec<f64> {
        let entries = self.bytes.chunks_exact(SIZE).take(all);
        let entry = |bytes: &[u8]| {
            let mut entry: [u8; SIZE] = bytes.try_into().unwrap_or([0; SIZE]);
            if self.big_endian {
                entry.reverse();
            }
            number(entry)
        };
        entries.map(entry).collect()
    }

    /// Where an entry stands, with indices from 1: `[2, 5]`; nothing where the array is one number.
    pub(super) fn place(&self, mut entry: usize) -> String {
        let mut index = vec![1; self.shape.len()];
        let places = index.iter_mut().zip(self.shape);
        let mut own = |(place, length): (&mut usize, &usize)| {
            *place = entry % (*length).max(1) + 1;
            entry /= (*length).max(1);
        };
        match self.first_fastest {
            true => places.for_each(&mut own),
            false => places.rev().for_each(&mut own),
        }
        let index: Vec<String> = index.iter().map(usize::to_string).collect();
        if index.is_empty() { String::new() } else { format!("[{}]", index.join(", ")) }
    }
}
