//! sbi-sim
