//! `sbi doctor`: what this machine has for simulating and training, and what is missing.

use super::args;
use super::failure::{Outcome, print};
use super::memory;
use super::store::Store;
use sbi_sim::InstructionSet;
use std::path::Path;

/// Prints a line for each thing that a run depends on.
pub fn doctor(args: &args::Doctor) -> Outcome {
    let cores = args::cores();
    let free = memory::free()
        .map_or_else(|| "unknown".to_owned(), |free| format!("{:.1} GiB free", free / memory::GIB));
    let root = args.store.clone().unwrap_or_else(|| ".sbi".into());
    let lines = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("cores", cores.to_string()),
        ("instructions", InstructionSet::best().to_string()),
        ("memory", free),
        ("gpu", gpu()),
        ("store", kept(&root)),
    ];
    print(&lines.map(|(what, found)| format!("{what:<13} {found}\n")).concat())
}

/// The graphics card as its driver tells, and whether this program can use it.
fn gpu() -> String {
    let driver = std::fs::read_to_string("/proc/driver/nvidia/version").ok();
    let driver = driver.as_deref().and_then(|text| text.lines().next()).map(str::trim);
    match (driver, sbi_infer::probe_cuda()) {
        (Some(driver), Ok(())) => format!("can be used, `--device cuda` ({driver})"),
        (None, Ok(())) => "can be used, `--device cuda`".to_owned(),
        (Some(driver), Err(why)) => format!("not used: {why} ({driver})"),
        (None, Err(why)) => format!("not used: {why}"),
    }
}

/// Where results are kept, how much they take, and whether more can be written.
fn kept(root: &Path) -> String {
    let shown = root.display();
    if !root.exists() {
        return format!("`{shown}`, not made yet");
    }
    let writable = match Store::at(root).ensure_writable() {
        Ok(()) => "",
        Err(_) => "; it cannot be written, name another with `--store DIR`",
    };
    format!("`{shown}`, {:.1} MiB{writable}", size(root) as f64 / f64::from(1 << 20))
}

/// Bytes of all files below a folder; links are not followed.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}
