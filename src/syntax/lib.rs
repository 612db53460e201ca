//! sbi-syntax: text to tree, with diagnostics. Parsing never fails and does no I/O.

/// A range of bytes in one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Which file: the spec itself is 0, imports follow.
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}
