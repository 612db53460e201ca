//! Does any text break the compiler? Parses, checks, formats and outlines specs with accidents in them, by the million.
//!
//! A text that makes it panic, that takes longer than a second, or that shows another flaw is written to
//! `target/fuzz/`, and the study fails.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sbi_language_bench::{accident, flaw, specs};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A text that takes longer counts as a hang.
const LONGEST: Duration = Duration::from_secs(1);

/// Texts between two lines of progress.
const STRIDE: u64 = 100_000;

/// Tries texts with accidents in them on the compiler.
#[derive(Debug, Parser)]
struct Args {
    /// How many texts
    #[arg(long, default_value_t = 10_000_000)]
    inputs: u64,
    /// The number of the first
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Prints this text, and tries none
    #[arg(long)]
    print: Option<u64>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let corpus: Vec<String> = specs()?.into_iter().map(|(_, text)| text).collect();
    if let Some(number) = args.print {
        std::io::stdout().write_all(accident(&corpus, number).as_bytes())?;
        return Ok(());
    }
    std::panic::set_hook(Box::new(|_| {}));
    let (began, flaws, sound) = (Instant::now(), AtomicU64::new(0), AtomicU64::new(0));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
    let mut number = args.first;
    let end = args.first + args.inputs;
    while number < end {
        let next = end.min(number + STRIDE);
        (number..next).into_par_iter().try_for_each(|number| {
            let text = accident(&corpus, number);
            // A machine that paused is slow once, a text that hangs the compiler every time.
            let (mut found, mut spent) = tried(&text);
            if spent > LONGEST {
                (found, spent) = tried(&text);
            }
            let slow = (spent > LONGEST).then(|| format!("took {:.1} s", spent.as_secs_f64()));
            sound.fetch_add(u64::from(sbi_syntax::parse(0, &text).diagnostics.is_empty()), Ordering::Relaxed);
            match found.or(slow) {
                None => Ok(()),
                Some(what) => {
                    flaws.fetch_add(1, Ordering::Relaxed);
                    keep(&folder, number, &what, &text)
                }
            }
        })?;
        number = next;
        eprintln!(
            "{} texts, {} of them parse, {} flaws, {:.0} s",
            number - args.first,
            sound.load(Ordering::Relaxed),
            flaws.load(Ordering::Relaxed),
            began.elapsed().as_secs_f64()
        );
    }
    let flaws = flaws.into_inner();
    ensure!(flaws == 0, "{flaws} texts show a flaw; they are in {}", folder.display());
    Ok(())
}

/// What is wrong with the compiler on a text, and how long it took.
fn tried(text: &str) -> (Option<String>, Duration) {
    let start = Instant::now();
    let found = catch_unwind(AssertUnwindSafe(|| flaw(text))).unwrap_or_else(|panic| Some(said(&*panic)));
    (found, start.elapsed())
}

/// The words of a panic.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without words"))
}

fn keep(folder: &Path, number: u64, what: &str, text: &str) -> Result<()> {
    eprintln!("text {number}: {what}");
    std::fs::create_dir_all(folder)?;
    let path: PathBuf = folder.join(format!("{number}.sbi"));
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
