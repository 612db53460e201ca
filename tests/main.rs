//! What users and scripts rely on, tried on the program itself.

// What fails to unwrap here fails the test, which is all it should do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod cli;
