//! Programs from outside as a simulator calls them, and what becomes of draws that fail: the program is a function here.

use sbi_model::{Model, NodeId, Role};
use sbi_sim::outside::Answer;
use sbi_sim::{Failure, Outside, Simulator, Table};
use std::ops::ControlFlow;

pub(crate) fn model(text: &str) -> Model {
    let checked = sbi_model::compile(&format!("edition 2026\n{text}"), &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let model = file.models.into_iter().next().expect("a model");
    assert!(model.later.is_empty(), "{:#?}", model.later);
    model
}

fn simulator(model: &Model) -> Simulator {
    let tokens = (0..model.nodes.len()).map(NodeId);
    let tokens = tokens.filter(|id| matches!(model.node(*id).role, Role::Param | Role::Data));
    let outputs: Vec<_> =
        tokens.flat_map(|id| (0..model.elements(model.node(id))).map(move |k| (id, k))).collect();
    Simulator::new(model, &outputs).expect("it is small")
}

/// Gives, for inputs `a` and `b`, the three numbers `a + k` and then `b - a`; refuses where `a` is above a bound.
pub(crate) struct Sums {
    pub(crate) bound: f64,
}

impl Outside for Sums {
    fn at_once(&self) -> u64 {
        16
    }

    fn draw(&self, external: usize, draws: &[u64], seeds: &[u64], inputs: &[f64]) -> Result<Answer, Failure> {
        assert_eq!((external, draws.len() * 2, seeds.len()), (0, inputs.len(), draws.len()));
        let mut answered = Answer::default();
        for (draw, row) in draws.iter().zip(inputs.chunks(2)) {
            let (a, b) = (row[0], row[1]);
            if a > self.bound {
                answered.refused.push((*draw, format!("a is above {}", self.bound)));
                answered.rows.extend([f64::NAN; 4]);
            } else {
                answered.rows.extend([a, a + 1.0, a + 2.0, b - a]);
            }
        }
        Ok(answered)
    }
}

pub(crate) const EXTERNAL: &str = "external sums(a, b) -> { up[i], off } = process(\"sums\") {
    SETTING
}
model m {
    axis i : index(3)
    axis trial : index(2)
    param mu ~ uniform(0, 1)
    latent shift[trial] ~ uniform(0, 1)
    latent run[trial] ~ sums(mu + shift[trial], mu)
    data up[trial, i] = 2 * run[trial].up[i]
    data off[trial] = run[trial].off
    data shift_seen[trial] = shift[trial]
}
";

fn text(setting: &str) -> String {
    EXTERNAL.replace("    SETTING\n", setting)
}

fn run(simulator: &Simulator, bound: f64, draws: std::ops::Range<u64>) -> Result<Table, Failure> {
    simulator.run_blocks(3, draws, 2, Some(&Sums { bound }), &mut |_| ControlFlow::Continue(()))
}

#[test]
fn a_program_is_called_for_each_element_of_its_draw() {
    let simulator = simulator(&model(&text("")));
    let place = |name: &str| simulator.columns().iter().position(|known| known == name).unwrap();
    let table = run(&simulator, f64::INFINITY, 0..700).unwrap();
    for row in (0..table.rows).map(|row| table.row(row)) {
        for trial in 1..=2 {
            let of = |name: &str, more: &str| row[place(&format!("{name}[{trial}{more}]"))];
            let a = row[place("mu")] + of("shift_seen", "");
            for i in 0..3 {
                assert_eq!(of("up", &format!(",{}", i + 1)), 2.0 * (a + f64::from(i)));
            }
            assert_eq!(of("off", ""), row[place("mu")] - a);
        }
    }
    let half = run(&simulator, f64::INFINITY, 300..700).unwrap();
    assert_eq!(table.values[300 * table.columns..], half.values);
}

#[test]
fn a_refused_draw_is_told_with_its_reason_or_drawn_anew() {
    let told = run(&simulator(&model(&text(""))), 1.2, 0..500);
    let Err(Failure::NotFinite { reason, parameters, .. }) = told else { panic!("{told:?}") };
    assert_eq!((reason.as_deref(), parameters[0].0.as_str()), (Some("a is above 1.2"), "mu"));
    for text in [
        text("    on_failure \"resample\"\n"),
        text("").replace("    axis i", "    on_failure \"resample\"\n    axis i"),
    ] {
        let simulator = simulator(&model(&text));
        let table = run(&simulator, 1.2, 0..500).unwrap();
        let up = simulator.columns().iter().position(|name| name == "up[1,1]").unwrap();
        assert!((0..table.rows).all(|row| table.row(row)[up] <= 2.4));
        assert!(table.resampled > 100, "{}", table.resampled);
        // A draw is what it is, whichever others are made with it.
        let some = run(&simulator, 1.2, 123..140).unwrap();
        assert_eq!(table.values[123 * table.columns..140 * table.columns], some.values);
    }
}

/// `x = theta^0.5` of a normal draw fails for every second; drawn anew, the parameter has the law of a half-normal.
#[test]
fn what_fails_is_drawn_anew() {
    let model = model(
        "model m {
    on_failure \"resample\"
    param theta ~ normal(0, 1)
    data x = theta^0.5
}
",
    );
    let simulator = simulator(&model);
    let table = simulator.run(1, 0..20_000, 2).unwrap();
    let mean = (0..table.rows).map(|row| table.row(row)[0]).sum::<f64>() / 20_000.0;
    let exact = (2.0 / std::f64::consts::PI).sqrt();
    // The sd of a half-normal is .6, so that a mean of 20,000 is off by .0043.
    assert!((mean - exact).abs() < 0.02, "{mean}, not {exact}");
    assert!((19_000..21_000).contains(&table.resampled), "{}", table.resampled);
}

#[test]
fn what_always_fails_is_given_up() {
    let model = model(
        "model m {\n    on_failure \"resample\"\n    param theta ~ normal(0, 1)\n    data x = (-1 - theta^2)^0.5\n}\n",
    );
    let told = simulator(&model).run(1, 0..10, 1);
    assert!(matches!(told, Err(Failure::NotFinite { draw: 0, .. })), "{told:?}");
}

/// A refused draw has failed, even where no output shows it.
#[test]
fn a_refusal_that_nothing_shows_is_a_failure() {
    let text = text("")
        .replace(
            "data up[trial, i] = 2 * run[trial].up[i]",
            "data up[trial, i] = if run[trial].up[i] > 0.5 then 1 else 0",
        )
        .replace("data off[trial] = run[trial].off", "data off[trial] = mu");
    let told = run(&simulator(&model(&text)), 1.2, 0..500);
    assert!(matches!(told, Err(Failure::NotFinite { reason: Some(_), .. })), "{told:?}");
}
