//! What studies have in common.

pub mod records;
