//! Units change no draw: a model in other units is the same model, and one without them too.

use sbi_model::{Graph, Model, compile};
use sbi_sim::Simulator;
use std::path::Path;

/// The text of the membrane of Hodgkin and Huxley, without its questions.
fn membrane() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/hodgkin_huxley.sbi");
    let text = std::fs::read_to_string(path).unwrap();
    let end = text.find("approximator ").or_else(|| text.find("query ")).unwrap();
    text[..end].to_owned()
}

/// A text with these pieces in place of others, each of which is there.
fn replaced(text: &str, pieces: &[(&str, &str)]) -> String {
    pieces.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} stands in the text");
        text.replace(from, to)
    })
}

/// A text without any unit: none behind a colon, none behind a number.
fn bare(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("unit ")) {
        let mut line = line.to_owned();
        for unit in [
            "1/ms/mV",
            "uA/cm^2",
            "mV/sqrt(ms)",
            "uW*cm^2/nC",
            "uF/cm^2",
            "nC/cm^2",
            "conductance",
            "mV^2",
            "1/ms",
            "uW",
            "mV",
            "ms",
        ] {
            line = line.replace(&format!(" : {unit}"), "");
        }
        for unit in [" ms", " mV"] {
            // Only behind numbers: a name is never followed by another.
            line = line.replace(unit, "");
        }
        lines.push(line);
    }
    lines.join("\n")
}

fn model(text: &str) -> Model {
    let checked = compile(text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:?}\n{text}", checked.diagnostics));
    file.models.into_iter().next().expect("a model")
}

/// Draws of all tokens, by name.
fn draws(text: &str, count: u64) -> Vec<(String, Vec<f64>)> {
    let model = model(text);
    let tokens = Graph::of(&model).tokens;
    let outputs: Vec<_> = tokens.iter().map(|token| (token.node, token.element)).collect();
    let table = Simulator::new(&model, &outputs).unwrap().run(1, 0..count, 2).unwrap();
    let columns = tokens.iter().enumerate().map(|(place, token)| {
        (token.name.clone(), (0..table.rows).map(|row| table.row(row)[place]).collect())
    });
    columns.collect()
}

/// Every column of the second is the same column of the first in another unit, to rounding.
fn assert_same(first: &[(String, Vec<f64>)], second: &[(String, Vec<f64>)], size: impl Fn(&str) -> f64) {
    assert_eq!(first.len(), second.len());
    for ((name, a), (other, b)) in first.iter().zip(second) {
        assert_eq!(name, other);
        for (a, b) in a.iter().zip(b) {
            // A spike is steep: what rounds at one step grows a thousandfold until the next ones.
            let (expected, slack) = (a * size(name), 1e-9 * (a * size(name)).abs());
            assert!((expected - b).abs() <= slack, "{name}: {b} for {expected}");
        }
    }
}

#[test]
fn a_membrane_with_units_draws_as_one_without() {
    let text = membrane();
    let bare = bare(&text);
    let quoted = ["mV", "ms", "cm^2", "nC"];
    assert!(
        quoted.iter().all(|unit| !bare.lines().any(|line| !line.contains("//") && line.contains(unit))),
        "{bare}"
    );
    assert_same(&draws(&text, 16), &draws(&bare, 16), |_| 1.0);
}

#[test]
fn a_membrane_in_seconds_and_volts_draws_as_one_in_milliseconds_and_millivolts() {
    // The current is switched between two steps: at a step, rounding decides on which side of it.
    let text = replaced(&membrane(), &[("if t in 50 ms .. 150 ms", "if t in 50.01 ms .. 149.99 ms")]);
    let other = replaced(
        &text,
        &[
            (
                "over 0 ms .. 200 ms by euler_maruyama(step = 0.04 ms)",
                "over 0 s .. 0.2 s by euler_maruyama(step = 0.04 ms)",
            ),
            ("init v : mV = rest", "init v : V = rest"),
            ("init charge : nC/cm^2 = 0", "init charge : C/m^2 = 0"),
            ("param cap : uF/cm^2 ~ uniform(1, 2)", "param cap : F/m^2 ~ uniform(0.01, 0.02)"),
            ("data calm_mean : mV", "data calm_mean : V"),
            ("const rest : mV = -65", "const rest : V = -0.065"),
            ("- 13 mV", "- 0.013 V"),
        ],
    );
    let size = |name: &str| match name {
        "calm_mean" => 1e-3,
        "cap" => 1e-2,
        _ => 1.0,
    };
    assert_same(&draws(&text, 16), &draws(&other, 16), size);
}

/// A function of time, jumps and an integral, in days and in hours.
#[test]
fn functions_of_time_and_jumps_in_other_units_draw_the_same() {
    let text = "edition 2026
model outbreak {
    axis knot : time(grid(from = 0 day, to = 10 day, step = 2 day))
    param contact(t : day) : 1/day
        ~ gaussian_process(mean = 0, kernel = rbf(length = 3 day, scale = 1)) |> between(0, 1) at knot
    param recovery : 1/day ~ uniform(0.1, 0.5)
    dynamics shares over 0 day .. 10 day by rk4(step = 0.25 day) {
        init i = 0.01
        i' = contact(t) * i * (1 - i) - recovery * i
    }
    dynamics fleas over 0 day .. 10 day by tau_leap(step = 0.5 day) {
        init n = 5
        jump at rate recovery * n {
            n = n + 1
        }
    }
    data ill[knot] = shares.i(knot)
    data late = shares.i(7 day)
    data wait : day ~ exponential(recovery)
    data alive = fleas.n(10 day)
    data area : day = integral over knot (shares.i(knot))
}
";
    let other = replaced(
        text,
        &[
            // What is drawn at the steps of a solver is drawn elsewhere where its clock is in another unit.
            ("by rk4(step = 0.25 day)", "by rk4(step = 360 min)"),
            (
                "over 0 day .. 10 day by tau_leap(step = 0.5 day)",
                "over 0 h .. 240 h by tau_leap(step = 720 min)",
            ),
            ("length = 3 day", "length = 72 h"),
            ("shares.i(7 day)", "shares.i(1 week)"),
            ("data wait : day", "data wait : h"),
        ],
    );
    let size = |name: &str| if name == "wait" { 24.0 } else { 1.0 };
    assert_same(&draws(text, 40), &draws(&other, 40), size);
}
