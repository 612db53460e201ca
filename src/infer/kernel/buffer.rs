//! Working memory: zeroed numbers at an address that suits vectors.

use super::lanes::LANES;
use std::ops::{Deref, DerefMut};

/// A line of the cache, in numbers.
const LINE: usize = 16;

/// Numbers, zero at first, aligned to a cache line, with a vector's worth of zeros behind the last one, which kernels
/// may read but never write.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// A buffer of `len` numbers.
    pub fn new(len: usize) -> Buffer {
        let len = len + LANES;
        // Never reallocated, so the alignment stays.
        let memory = vec![0.0; len + LINE];
        let start = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Buffer { memory, start, len }
    }

    /// Makes it a buffer of `len` numbers, whose contents are lost unless it was one already.
    pub fn resize(&mut self, len: usize) {
        if self.len != len + LANES {
            *self = Buffer::new(len);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.memory.get(self.start..self.start + self.len).unwrap_or_default()
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        self.memory.get_mut(self.start..self.start + self.len).unwrap_or_default()
    }
}
