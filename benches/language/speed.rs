//! How long does `sbi check` take? Compiles specs of 200 to 20,000 lines in this process, and prints milliseconds and
//! microseconds a line, without units and with them; then the largest spec of the project.

use anyhow::{Result, ensure};
use sbi_language_bench::specs;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

/// The best of so many runs: others share the machine.
const RUNS: usize = 5;

fn main() -> Result<()> {
    let mut report = "lines,units,milliseconds,microseconds_per_line\n".to_owned();
    for (lines, units) in [200, 2_000, 20_000].into_iter().flat_map(|lines| [(lines, false), (lines, true)]) {
        let text = if units { with_units(&spec(lines)) } else { spec(lines) };
        let found = sbi_model::compile(&text, &());
        ensure!(found.file.is_some(), "the spec of {lines} lines is wrong: {:?}", found.diagnostics.first());
        let (lines, best) = (text.lines().count(), best(&text));
        let units = if units { "yes" } else { "no" };
        writeln!(report, "{lines},{units},{:.2},{:.2}", 1e3 * best, 1e6 * best / lines as f64)?;
    }
    let largest: Option<(PathBuf, String)> = specs()?.into_iter().max_by_key(|(_, text)| text.len());
    if let Some((path, text)) = largest {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(report, "{name},yes,{:.2},", 1e3 * best(&text))?;
    }
    // The figures are the product of this command.
    #[allow(clippy::print_stdout)]
    {
        print!("{report}");
    }
    Ok(())
}

fn best(text: &str) -> f64 {
    let run = || {
        let start = Instant::now();
        std::hint::black_box(sbi_model::compile(text, &()));
        start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// The same studies in units, some of which are converted.
fn with_units(text: &str) -> String {
    let pairs = [
        ("amount[dose] =", "amount[dose] : mg ="),
        ("param base ~", "param base : mmHg ~"),
        ("param top ~", "param top : mmHg ~"),
        ("param half ~", "param half : g ~"),
        ("param between ~", "param between : mmHg ~"),
        ("param within ~", "param within : Pa ~"),
        ("x^steep / (half^steep + x^steep)", "1 / (1 + (half / x)^steep)"),
        ("latent own[animal] ~", "latent own[animal] : mmHg ~"),
        ("let expected[dose] =", "let expected[dose] : mmHg ="),
        ("data response[animal, dose] ~", "data response[animal, dose] : mmHg ~"),
        ("logistic(own[animal] - base)", "logistic((own[animal] - base) / 1 mmHg)"),
        ("response[1, 1] = 0.3", "response[1, 1] = 0.04 kPa"),
        ("response[1, 2] = 0.5", "response[1, 2] = 0.5 mmHg"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (plain, measured)| text.replace(plain, measured))
}

/// A file of about so many lines: studies of one laboratory, one after the other, each a model with its questions.
fn spec(lines: usize) -> String {
    let mut text = "edition 2026\n".to_owned();
    let mut number = 0;
    while text.lines().count() < lines {
        number += 1;
        text += &format!(
            "
/// Study {number}: dose and response in ten animals.
model study_{number} {{
    axis animal : index(10)
    axis dose : index(4)

    const amount[dose] = [0, 1, 3, 10]

    /// Response without a dose.
    param base ~ normal(1, 0.5)
    /// Response to a very large dose.
    param top ~ uniform(2, 10)
    param half ~ lognormal(median = 2, spread = 0.5)
    param steep ~ uniform(0.5, 4)
    param between ~ half_normal(0.5)
    param within ~ half_normal(0.5)

    fn hill(x, half, steep) = x^steep / (half^steep + x^steep)

    latent own[animal] ~ normal(0, between)
    let expected[dose] = base + (top - base) * hill(amount[dose], half, steep)

    data response[animal, dose] ~ normal(expected[dose] + own[animal], within)
    data asleep[animal] ~ bernoulli(logistic(own[animal] - base))
}}

query posterior_{number} of study_{number} {{
    given asleep = [0, 1, 0, 0, 1, 0, 0, 1, 1, 0]
    infer base, top, half
}}

query one_animal_{number} of study_{number} {{
    given response[1, 1] = 0.3
    given response[1, 2] = 0.5
    infer response[1, 3], response[1, 4]
    draws 2_000
}}
"
        );
    }
    text
}
