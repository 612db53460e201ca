//! The command line. The doc comments here are the help that users read.

use super::compare::{Budget, Missing, parse_budget, parse_missing, parse_seeds};
use super::numbers::whole;
use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand, ValueEnum};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// As in a file's `draws`.
const MOST_DRAWS: u64 = 10_000_000;
const MOST_ROWS: u64 = 1_000_000_000;
const MOST_THREADS: u64 = 1024;
const MOST_SETS: u64 = 100_000;

/// Simulation-based inference that scientists can write down.
#[derive(Debug, Parser)]
#[command(name = "sbi", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulates, trains and answers the queries of a file; whatever is still valid is used again
    Run(Run),
    /// Answers queries from networks that are kept, and says more of the answers: log-densities of points, the mode
    Query(Query),
    /// Shows all errors of a file at once, and does nothing else
    Check(Check),
    /// Formats files in place: the same text in the layout that all specs have
    Fmt(Fmt),
    /// Shows what depends on what in a file, and what each query lets its network look at: as text, JSON or a picture
    Graph(Graph),
    /// Draws the kept answer to a query as a picture (SVG), or how its network was trained
    Plot(Plot),
    /// Makes joint draws of a model, parameters and data, and writes them to a file
    Simulate(Simulate),
    /// Judges networks on data sets whose parameters are known: approximators, budgets, missing rates and seeds side by side
    Compare(Compare),
    /// Compares two files in the language's terms, and says what an edit from one to the other redoes
    Diff(Diff),
    /// Prints a page on one message of the checker, or on a module of the library
    Explain(Explain),
    /// Writes a commented file to start from
    New(New),
    /// Says what this machine has for simulating and training
    Doctor(Doctor),
}

/// `sbi run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The .sbi file
    pub file: PathBuf,
    /// Answers this query only (may be repeated)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub query: Vec<String>,
    /// Draws for each query, in place of what the file says
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 1..=MOST_DRAWS))]
    pub draws: Option<u64>,
    /// Folder for the answers [default: the file's name with `.out` for `.sbi`]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where networks are trained and draws are made
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    pub device: Device,
    /// Folder in which simulations, weights and draws are kept [default: `.sbi` beside the file]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Seed of everything random, in place of what the file says
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 0..=u64::MAX))]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub work: Work,
}

/// `sbi query`.
#[derive(Debug, clap::Args)]
pub struct Query {
    #[command(flatten)]
    pub run: Run,
    /// Log-densities of the rows of a CSV file that has the columns of draws.csv; needs one query
    #[arg(long, value_name = "FILE")]
    pub log_prob: Option<PathBuf>,
    /// The mode of each answer: where its density is largest
    #[arg(long)]
    pub mode: bool,
}

/// `sbi check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The .sbi file
    pub file: PathBuf,
    /// Prints the diagnostics as one JSON array on standard output
    #[arg(long)]
    pub json: bool,
    /// Adds statistical advice: what runs, but perhaps not as meant
    #[arg(long)]
    pub pedantic: bool,
    /// Lets the file do what could harm: its `external`s are started, once each, and asked for a few draws
    #[arg(long, value_enum, value_name = "WHAT")]
    pub allow: Vec<Allow>,
}

/// `sbi compare`.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The .sbi file
    pub file: PathBuf,
    /// The approximators, separated by commas [default: all of the file]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub approximators: Vec<String>,
    /// Numbers of simulations to train on, separated by commas; `online` draws fresh ones in every step [default: as the file says]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = parse_budget)]
    pub simulations: Vec<Budget>,
    /// How often test sets lack what the model declares missing, separated by commas: `0%,20%`, or `x=20%` for one of
    /// several [default: as the model says]
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = parse_missing)]
    pub missing: Vec<Missing>,
    /// Seeds of simulations and training: `1,2`, `1..3` [default: as the file says]
    #[arg(long, value_name = "SEEDS", value_delimiter = ',', value_parser = parse_seeds)]
    pub seeds: Vec<RangeInclusive<u64>>,
    /// Data sets that each network is judged on
    #[arg(long, value_name = "N", default_value = "500", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 10..=MOST_SETS))]
    pub sets: u64,
    /// Draws for each data set
    #[arg(long, value_name = "N", default_value = "200", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 10..=MOST_SETS))]
    pub draws: u64,
    /// Folder for scores and pictures [default: `compare` in the file's name with `.out` for `.sbi`]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where networks are trained and draws are made
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    pub device: Device,
    /// Folder in which simulations, weights and scores are kept [default: `.sbi` beside the file]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub work: Work,
}

/// `sbi diff`.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The .sbi file as it was
    pub old: PathBuf,
    /// The .sbi file as it is
    pub new: PathBuf,
}

/// `sbi explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A code such as `axis-unbound`, a module such as `std::decision` or one thing in it [default: a list of all]
    pub topic: Option<String>,
}

/// `sbi new`.
#[derive(Debug, clap::Args)]
pub struct New {
    /// The file to write; `.sbi` is added
    #[arg(required_unless_present = "list")]
    pub name: Option<PathBuf>,
    /// What kind of model it holds
    #[arg(long, value_enum, default_value_t = Kind::Posterior)]
    pub kind: Kind,
    /// Lists the kinds
    #[arg(long)]
    pub list: bool,
}

/// What `sbi new` can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Parameters of a plain model, from measurements
    Posterior,
    /// Two kinds of data that tell of the same
    Modalities,
    /// A series in time, and its forecast
    Series,
    /// A simulator in another language
    External,
}

/// `sbi doctor`.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// The store to look at [default: `.sbi` in this folder]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

/// `sbi fmt`.
#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// The .sbi files; `-` formats standard input to standard output
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Changes nothing; lists the files that would change, and fails if there are any
    #[arg(long)]
    pub check: bool,
}

/// `sbi graph`.
#[derive(Debug, clap::Args)]
pub struct Graph {
    /// The .sbi file
    pub file: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub format: GraphFormat,
    /// Shows this query only, and its model (may be repeated)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub query: Vec<String>,
    /// Lists what depends on what by element, however many there are (text only)
    #[arg(long)]
    pub elements: bool,
}

/// `sbi plot`.
#[derive(Debug, clap::Args)]
pub struct Plot {
    /// The .sbi file
    pub file: PathBuf,
    /// Draws the answer to this query (may be repeated, with a folder for the pictures) [default: all]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub query: Vec<String>,
    /// The picture to write, or a folder for one of each query [default: standard output]
    #[arg(long, value_name = "FILE.svg|DIR")]
    pub out: Option<PathBuf>,
    /// Draws the losses of the query's network in training instead
    #[arg(long)]
    pub losses: bool,
    /// Marks true values: a CSV file whose first line of numbers has them, as `sbi simulate --n 1` writes it
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// The answer with so many draws, as `sbi run --draws` made it
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 1..=MOST_DRAWS))]
    pub draws: Option<u64>,
    /// The answer under this seed, as `sbi run --seed` made it
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 0..=u64::MAX))]
    pub seed: Option<u64>,
    /// The answer of a network that was trained there
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    pub device: Device,
    /// Folder in which simulations, weights and draws are kept [default: `.sbi` beside the file]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

/// `sbi simulate`.
#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// The .sbi file
    pub file: PathBuf,
    /// The model to simulate; needed when the file has several
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub model: Option<String>,
    /// How many draws
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 1..=MOST_ROWS))]
    pub n: u64,
    /// The file to write: .csv, .npz or .safetensors [default: none, the draws are kept in the store]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Folder in which simulations are kept [default: `.sbi` beside the file]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Seed of everything random, in place of what the file says
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 0..=u64::MAX))]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub work: Work,
}

/// Options of every command that computes.
#[derive(Debug, clap::Args)]
pub struct Work {
    /// Threads; results are the same for any number [default: all cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |n: &str| whole(n, 1..=MOST_THREADS))]
    pub threads: Option<u64>,
    /// Lets the file do what could harm: start the programs of its `external`s (may be repeated)
    #[arg(long, value_enum, value_name = "WHAT")]
    pub allow: Vec<Allow>,
    /// Prints results and errors only
    #[arg(long)]
    pub quiet: bool,
}

/// What a file may do only where the user says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Allow {
    /// Start programs
    Process,
}

impl Work {
    /// The number of threads asked for, or that of the machine.
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(cores, |threads| threads as usize)
    }
}

/// How many threads run at once on this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// An argument as a shell takes it.
pub fn quoted(arg: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=,:@%+".contains(&byte);
    if !arg.is_empty() && arg.bytes().all(plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}

/// Where networks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// The processor
    Cpu,
    /// An NVIDIA graphics card (needs a build with `--features cuda`)
    Cuda,
}

impl Device {
    /// Its name in keys and files.
    pub fn name(self) -> &'static str {
        match self {
            Device::Cpu => "cpu",
            Device::Cuda => "cuda",
        }
    }
}

/// How `sbi graph` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// A picture: `--format svg > graph.svg`
    Svg,
}
