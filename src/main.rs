//! `sbi`: simulation-based inference that scientists can write down.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::main())
}
