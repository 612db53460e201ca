//! Working memory: zeroed numbers at an address that suits vectors.

use super::lanes::LANES;
use std::ops::{Deref, DerefMut};

/// A line of the cache, in numbers.
const LINE: usize = 16;

/// `len` numbers, zero at first, aligned to a cache line, with a vector's worth behind the last one, which kernels may
/// read but never write.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    memory: Vec<f32>,
    start: usize,
}

impl Buffer {
    /// A zeroed buffer.
    pub fn new(len: usize) -> Buffer {
        let memory = vec![0.0; len + LANES + LINE];
        // Never reallocated, so the alignment stays.
        let start = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Buffer { memory, start }
    }

    /// Makes room for `len` numbers; what was in the buffer is lost if it has to grow.
    pub fn reserve(&mut self, len: usize) {
        if self.len() < len + LANES {
            *self = Buffer::new(len);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.memory.get(self.start..).unwrap_or_default()
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        self.memory.get_mut(self.start..).unwrap_or_default()
    }
}
