//! A folder to try things in, and the outcome of a command in words that tests can ask about.

use assert_cmd::cargo::cargo_bin;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A model whose network is trained in about a second.
pub const TINY: &str = "\
edition 2026

model tiny {
    param theta ~ uniform(-1, 1)
    data  x ~ normal(mean = theta, sd = 0.3)
}

approximator small for tiny {
    joint with diffusion_transformer(width = 16, layers = 1, heads = 1)
}

train small {
    simulations 500
    steps 300
    batch 64
}

query posterior {
    given x = 0.3
    infer theta
    draws 200
}
";

/// A folder of its own, gone when the test ends.
pub struct Bench {
    folder: TempDir,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Bench {
    /// An empty folder.
    pub fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with the tiny model in `tiny.sbi`.
    pub fn tiny() -> Bench {
        Bench::with("tiny.sbi", TINY)
    }

    /// A folder with one file.
    pub fn with(name: &str, text: impl AsRef<[u8]>) -> Bench {
        let bench = Bench::new();
        bench.write(name, text);
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The command in this folder, arguments separated by spaces.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(cargo_bin("sbi"));
        command.current_dir(self.folder.path()).args(arguments.split_whitespace()).env_remove("NO_COLOR");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the command to its end.
    pub fn sbi(&self, arguments: &str) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// All files below a folder with their bytes, by path.
    pub fn files(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(&self.path(name), &mut found);
        found
    }

    /// The only file below a folder whose name starts with `start`.
    pub fn the_file(&self, folder: &str, start: &str) -> PathBuf {
        let files = self.files(folder).into_keys();
        let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(start);
        let found: Vec<PathBuf> = files.filter(named).collect();
        assert_eq!(found.len(), 1, "files named {start}… in {folder}: {found:?}");
        found[0].clone()
    }

    /// No file that was being written is left anywhere.
    pub fn assert_nothing_half_written(&self) {
        let parts: Vec<PathBuf> =
            self.files("").into_keys().filter(|path| path.extension().is_some_and(|e| e == "part")).collect();
        assert!(parts.is_empty(), "{parts:?}");
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if let Ok(bytes) = fs::read(&path) {
            found.insert(path, bytes);
        }
    }
}

impl Ran {
    pub fn of(output: std::process::Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended with this status, and no panic reached the user.
    #[track_caller]
    pub fn code(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.out, self.err);
        assert!(!self.err.contains("fault of sbi") && !self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// Standard error has each of these.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Ran {
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in\n{}", self.err);
        }
        self
    }

    /// Standard output has each of these.
    #[track_caller]
    pub fn prints(self, words: &[&str]) -> Ran {
        for word in words {
            assert!(self.out.contains(word), "`{word}` is not in\n{}", self.out);
        }
        self
    }
}

/// Whether there is a Python to try programs from outside with; says so where there is none.
pub fn has_python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no python3");
    }
    there
}

/// The Python to look at results with: that of `SBI_PYTHON`, else `python3`.
pub fn python() -> Command {
    Command::new(std::env::var_os("SBI_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// Whether that Python has ArviZ and reads netCDF; says so where it does not.
pub fn has_arviz() -> bool {
    let tries = "import arviz\ntry:\n    import h5py, h5netcdf\nexcept ImportError:\n    import netCDF4";
    let there = python().args(["-c", tries]).output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: there is no Python with arviz and h5netcdf or netCDF4; SBI_PYTHON names one");
    }
    there
}

/// A model that draws from the program `echo.py`, which is called with these settings.
pub fn echo(settings: &str) -> String {
    format!(
        "edition 2026

external echo(theta) -> {{ y }} = process(\"python3\", \"echo.py\") {{
    protocol \"lines\"
    {settings}
}}

model m {{
    param theta ~ uniform(0, 1)
    latent run ~ echo(theta)
    data y = run.y
}}
"
    )
}

/// Waits until something holds; fails after a minute.
#[track_caller]
pub fn wait_until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it did not come about within a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}
