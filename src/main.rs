//! sbi
fn main() {}
