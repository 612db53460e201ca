//! The most memory that `sbi simulate` takes, for ever more draws.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A table of the peak memory for each number of draws.
pub fn report() -> Result<String> {
    let program = super::here().join("../../target/release/sbi");
    let spec = super::here().join("../../examples/two_moons.sbi");
    let folder = std::env::temp_dir().join(format!("sbi-memory-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let mut report = "draws,peak_mebibytes\n".to_owned();
    for draws in [10_000, 100_000, 1_000_000, 10_000_000] {
        let mut child = Command::new(&program)
            .arg("simulate")
            .arg(&spec)
            .args(["--quiet", "--n", &draws.to_string()])
            .arg("--store")
            .arg(folder.join(draws.to_string()))
            .arg("--out")
            .arg(folder.join("draws.npz"))
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| {
                format!("{} does not start: `cargo build --release` makes it", program.display())
            })?;
        let mut most = 0;
        // The system keeps the peak itself, so that looking now and then is enough.
        let status = loop {
            most = most.max(peak(child.id()).unwrap_or(0));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        ensure!(status.success(), "sbi simulate failed");
        report += &format!("{draws},{:.1}\n", most as f64 / 1024.0);
    }
    fs::remove_dir_all(&folder)?;
    Ok(report)
}

/// The most memory that a process ever had, in kibibytes, as Linux tells it.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
