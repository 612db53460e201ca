//! What studies have in common: specs made from examples, runs of `sbi`, tables of draws and their scores, and files of results.

pub mod drive;
pub mod kept;
pub mod records;
pub mod sample;
pub mod score;
pub mod spec;
