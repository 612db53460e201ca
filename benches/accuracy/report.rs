//! `README.md` beside the results: their tables, made from the result files and from nothing else.

use crate::arbitrary::{self, Subject};
use crate::forest::{self, Agreement};
use crate::guidance::energy;
use crate::guidance::moons::{self, QUESTIONS};
use crate::records;
use crate::tasks::{self, TASKS, Task};
use crate::{conditionals, lotka, race, study};
use anyhow::Result;

const INTRODUCTION: &str = "\
# Accuracy

Made by `cargo run --release -p sbi-bench --bin accuracy`; not to be edited. `../README.md` says what each study is.

C2ST is the accuracy with which a random forest tells draws from reference draws: .5 if they cannot be told apart, 1
if they never mix. Reference draws measured against one another read .47 to .51.
";

const POSTERIORS: &str = "
## Posteriors

One training answers observations 1 to 5 with 10,000 draws each. The specs state simulations and seed and nothing
else. \"Goal\" is the mean to stay below, \"sbi 0.27\" the mean of the Python package's NPE with a neural spline flow
(`baseline_sbi.py`). Whole time is from start to exit, all five answers included; on two cores that other work shared,
so that times say what was enough and not what is needed.
";

const CONDITIONALS: &str = "
## Conditionals

A hundred queries to one network, each answer against its closed form: KL(normal fitted to 10,000 draws || exact) in nats,
the mean furthest off in exact standard deviations, the standard deviation furthest off in percent. The network of the
linear Gaussian task is asked for the data given the parameters (25 queries) and for random subsets of parameters and
data given the rest (75); goals: mean KL .05, .15 sd, 12 %. That of `line.sbi`, where everything tells of everything,
knows each scalar, is asked for it, or it is left out, at random.
";

const LOTKA_VOLTERRA: &str = "
## Predator and prey

One training answers ten observations of `examples/lotka_volterra.sbi` with 2,000 draws each: twenty readings of prey
and twenty of hunter, every observation at its own times. Reference draws are by the exact likelihood; \"references\" is
the C2ST between two independent sets of them, mean and worst. \"Goal\" is the mean to stay at or below.
";

const ARBITRARY: &str = "
## Arbitrary conditionals

A hundred queries to one network, each answer of 2,000 draws against as many exact ones, by C2ST. What is known are values
of a joint draw of the model: nothing, all data, all parameters, or each scalar with probability .3 or .7, a fifth of the
queries each; all else is asked for. The tasks and these shares are those of Simformer (Gloeckler et al. 2024). \"Goal\"
is the mean to stay below. Exact draws in place of the answers have means of .500 and a worst of .522 to .525.
";

const GUIDANCE: &str = "
## Conditions

The network of two moons is asked under conditions that so few draws satisfy by themselves that they are guided to where they hold:
intervals on parameters, on data and on both, on a parameter given one datum or both, a half space in a corner of the prior,
and a band of width .04 about `theta_1 + theta_2 = 0`. \"Without\" is the share of draws that satisfy them by themselves, exactly and by the
network, \"inside\" that of guided ones, by 200 of them before any is discarded (goal: 99 %), \"kept\" the share of all made
that are inside and within the prior's support. C2ST is of 2,000 draws against as many exact ones (goal: at most .600).
";

const ENERGY: &str = "
## A bound on the energy

The network of `examples/hodgkin_huxley.sbi` is asked for channels that give the voltage that was seen on less energy than most
take: below the lowest tenth and the lowest hundredth of the energies that it expects. Channels are simulated again with fresh noise. \"Below\" are
shares of draws below the bound, by the energies drawn with them and when simulated (goals for the lowest tenth: 99 % and
90 %; Gloeckler et al. 2024 have 100.0 % and 94.3 % with ten times as many simulations, and 9.6 % when simulated without the bound).
";

const RACE: &str = "
## Race

From a spec and an empty store to 10,000 draws for observation 1, nothing else running: wall time of the process until
`draws.csv` has its final name, beside training and drawing of the Python package `sbi` 0.27 (NPE, neural spline flow).
Both sets of draws are scored by the same forest.
";

const FOREST: &str = "
## The forest

Our forest (smartcore's) and scikit-learn's `RandomForestClassifier()` on the same arrays.
";

const NOT_RUN: &str = "\nNot run yet.\n";

/// A table in Markdown.
struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Writes `README.md` anew.
///
/// # Errors
/// A result file that cannot be read, or a folder that cannot be written to.
pub fn write() -> Result<()> {
    let mut text = INTRODUCTION.to_owned();
    for (section, table) in [
        (POSTERIORS, posteriors()?),
        (CONDITIONALS, conditionals()?),
        (LOTKA_VOLTERRA, predators()?),
        (ARBITRARY, arbitrary()?),
        (GUIDANCE, guided()?),
        (ENERGY, energies()?),
        (RACE, races()?),
        (FOREST, agreements()?),
    ] {
        text += section;
        text += &table.text();
    }
    records::replace(&tasks::study().join("README.md"), text.as_bytes())
}

fn posteriors() -> Result<Table> {
    let mut rows: Vec<study::Row> = records::read(&study::results())?;
    rows.sort_by_key(|row| (position(&row.task), row.budget, row.seed));
    let cells = |row: study::Row| {
        let task = Task::named(&row.task).ok();
        let peer = task.filter(|_| row.budget == 10_000).map(|task| task.peer);
        let network = row.width.zip(row.layers).map(|(width, layers)| format!("{width} x {layers}"));
        vec![
            row.task,
            row.budget.to_string(),
            row.seed.to_string(),
            share(row.c2st_1),
            share(row.c2st_2),
            share(row.c2st_3),
            share(row.c2st_4),
            share(row.c2st_5),
            format!("**{}**", share(row.mean)),
            or_blank(task.and_then(|task| task.goal(row.budget)).map(share)),
            or_blank(peer.map(share)),
            or_blank(network),
            or_blank(row.steps.map(|steps| steps.to_string())),
            or_blank(row.train_s.map(|s| format!("{s:.0} s"))),
            or_blank(row.wall_s.map(|s| format!("{s:.0} s"))),
        ]
    };
    let heads = vec![
        "task",
        "simulations",
        "seed",
        "1",
        "2",
        "3",
        "4",
        "5",
        "mean",
        "goal",
        "sbi 0.27",
        "width x layers",
        "steps",
        "training",
        "whole",
    ];
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

fn conditionals() -> Result<Table> {
    let rows: Vec<conditionals::Row> = records::read(&conditionals::results())?;
    let cells = |row: conditionals::Row| {
        vec![
            row.task,
            row.budget.to_string(),
            row.seed.to_string(),
            row.queries.to_string(),
            format!("**{:.3}**", row.mean_kl),
            format!("{:.3}", row.worst_kl),
            format!("{:.3}", row.worst_mean_sd),
            format!("{:.1} %", row.worst_sd_percent),
        ]
    };
    let heads = vec![
        "task",
        "simulations",
        "seed",
        "queries",
        "mean KL",
        "worst KL",
        "worst mean, in sd",
        "worst sd",
    ];
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

fn predators() -> Result<Table> {
    let rows: Vec<lotka::Row> = records::read(&lotka::results())?;
    let cells = |row: lotka::Row| {
        let mut cells = vec![row.budget.to_string(), row.seed.to_string()];
        cells.extend(row.scores().map(share));
        cells.extend([
            format!("**{}**", share(row.mean)),
            or_blank(lotka::goal(row.budget).map(share)),
            format!("{}, {}", share(row.references_mean), share(row.references_worst)),
            or_blank(row.train_s.map(|s| format!("{s:.0} s"))),
        ]);
        cells
    };
    let mut heads = vec!["simulations", "seed"];
    heads.extend(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    heads.extend(["mean", "goal", "references", "training"]);
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

fn arbitrary() -> Result<Table> {
    let subjects = Subject::all();
    let place = |row: &arbitrary::Row| subjects.iter().position(|subject| subject.is(&row.task));
    let mut rows: Vec<arbitrary::Row> = records::read(&arbitrary::results())?;
    rows.sort_by_key(|row| (place(row), row.budget, row.seed));
    let cells = |row: arbitrary::Row| {
        let subject = subjects.iter().find(|subject| subject.is(&row.task));
        vec![
            row.task,
            row.budget.to_string(),
            row.seed.to_string(),
            row.queries.to_string(),
            format!("**{}**", share(row.mean)),
            or_blank(subject.and_then(|subject| subject.goal(row.budget)).map(share)),
            share(row.posterior),
            share(row.likelihood),
            share(row.joint),
            share(row.random),
            share(row.worst),
        ]
    };
    let heads = vec![
        "task",
        "simulations",
        "seed",
        "queries",
        "mean",
        "goal",
        "posteriors",
        "likelihoods",
        "joint",
        "random",
        "worst",
    ];
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

fn guided() -> Result<Table> {
    let mut rows: Vec<moons::Row> = records::read(&moons::results())?;
    let place = |row: &moons::Row| QUESTIONS.iter().position(|question| question.name == row.question);
    rows.sort_by_key(|row| (row.budget, row.seed, place(row)));
    let cells = |row: moons::Row| {
        vec![
            row.question.replace('_', " "),
            row.budget.to_string(),
            row.seed.to_string(),
            format!("{}, {}", percent(row.exact_without), percent(row.share_without)),
            format!("**{}**", percent(row.inside)),
            percent(row.kept),
            format!("**{}**", share(row.c2st)),
        ]
    };
    let heads = vec!["conditions", "simulations", "seed", "without", "inside", "kept", "C2ST"];
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

fn energies() -> Result<Table> {
    let rows: Vec<energy::Row> = records::read(&energy::results())?;
    let cells = |row: energy::Row| {
        vec![
            percent(row.lowest),
            row.budget.to_string(),
            row.seed.to_string(),
            format!("{:.3} uW", row.bound),
            if row.guided { "guided" } else { "made again" }.to_owned(),
            format!("{}, {}", percent(row.lowest), percent(row.simulated_before)),
            format!("**{}**, **{}**", percent(row.drawn_after), percent(row.simulated_after)),
            format!("{:.2}, {:.2} uW", row.mean_before, row.mean_after),
        ]
    };
    let heads = vec![
        "lowest",
        "simulations",
        "seed",
        "bound",
        "draws",
        "below without it",
        "below with it",
        "mean when simulated",
    ];
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

fn races() -> Result<Table> {
    let mut rows: Vec<race::Row> = records::read(&race::results())?;
    rows.sort_by_key(|row| (position(&row.task), row.budget, row.seed));
    let cells = |row: race::Row| {
        vec![
            row.task,
            row.budget.to_string(),
            row.seed.to_string(),
            row.threads.to_string(),
            format!("{:.1} s", row.ours_s),
            format!("{:.1} s", row.theirs_s),
            format!("**{:.2}**", row.ratio),
            share(row.ours_c2st),
            share(row.theirs_c2st),
        ]
    };
    let heads = vec![
        "task",
        "simulations",
        "seed",
        "threads",
        "ours",
        "sbi 0.27",
        "theirs / ours",
        "C2ST, ours",
        "C2ST, sbi 0.27",
    ];
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

fn agreements() -> Result<Table> {
    let rows: Vec<Agreement> = records::read(&forest::results())?;
    let cells = |row: Agreement| {
        vec![
            row.pair,
            format!("{} x {}", row.rows, row.columns),
            format!("{:.4}", row.ours),
            format!("{:.4}", row.sklearn),
            format!("{:+.4}", row.ours - row.sklearn),
        ]
    };
    let heads = vec!["pair", "size", "ours", "scikit-learn", "difference"];
    Ok(Table { heads, rows: rows.into_iter().map(cells).collect() })
}

impl Table {
    fn text(&self) -> String {
        if self.rows.is_empty() {
            return NOT_RUN.to_owned();
        }
        let heads: Vec<String> = self.heads.iter().map(|&head| head.to_owned()).collect();
        let rules = vec!["---".to_owned(); heads.len()];
        let lines = [heads, rules].into_iter().chain(self.rows.iter().cloned());
        let body: String = lines.map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
        format!("\n{body}")
    }
}

/// The place of a task among all, so that tables list them in one order.
fn position(task: &str) -> usize {
    TASKS.iter().position(|known| known.name == task).unwrap_or(TASKS.len())
}

/// A share as people write it: `.561`.
fn share(value: f64) -> String {
    let text = format!("{value:.3}");
    text.strip_prefix('0').map_or(text.clone(), str::to_owned)
}

/// A share in percent: `9.6 %`.
fn percent(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}

fn or_blank(cell: Option<String>) -> String {
    cell.unwrap_or_default()
}
