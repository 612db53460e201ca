//! The commands of `sbi`: arguments, terminal, files, and the store of results.

mod answers;
pub mod args;
mod case;
mod check;
mod compare;
mod diff;
mod doctor;
mod draws;
mod dry;
mod explain;
mod failure;
mod fault;
mod files;
mod fmt;
mod graph;
mod groups;
mod interrupt;
mod memory;
mod names;
mod netcdf;
mod network;
mod new;
mod numbers;
mod outside;
mod plot;
mod points;
mod progress;
mod query;
mod report;
mod run;
mod shards;
mod simulate;
mod simulations;
mod source;
mod spec;
mod stage;
mod store;
mod summary;
mod tables;
mod weights;
mod world;

use args::{Args, Command};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use failure::{Failure, Outcome};

/// Does what the command line says; gives the status for the shell.
pub fn main() -> u8 {
    let outcome = fault::guard(|| {
        let args = parse()?;
        interrupt::install()?;
        match &args.command {
            Command::Run(args) => run::run(args),
            Command::Query(args) => query::query(args),
            Command::Check(args) => check::check(args),
            Command::Fmt(args) => fmt::fmt(args),
            Command::Graph(args) => graph::graph(args),
            Command::Plot(args) => plot::plot(args),
            Command::Simulate(args) => simulate::simulate(args),
            Command::Compare(args) => compare::compare(args),
            Command::Diff(args) => diff::diff(args),
            Command::Explain(args) => explain::explain(args),
            Command::New(args) => new::new(args),
            Command::Doctor(args) => doctor::doctor(args),
        }
    });
    match outcome {
        Ok(()) => 0,
        Err(failure) => {
            failure::say(&failure.render(failure::colour()));
            failure.exit as u8
        }
    }
}

/// The command line; its mistakes in the form of all failures.
fn parse() -> Outcome<Args> {
    Args::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let done = if error.print().is_ok() { 0 } else { 1 };
            std::process::exit(done)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            failure::say(&error.render().to_string());
            Failure::told()
        }
        _ => misused(&error),
    })
}

/// What clap says, cut into what is wrong and what to do.
fn misused(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(str::trim);
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let mut help: Vec<String> = paragraphs.map(|p| p.trim_start_matches("tip: ").to_string()).collect();
    if error.kind() == ErrorKind::InvalidSubcommand {
        let command = Args::command();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        help.insert(0, format!("the commands are {}", numbers::listed(&names, "and")));
    }
    Failure::wrong(message).help(help.join("\n"))
}
