//! sbi-infer
