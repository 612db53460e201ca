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

/// What is gained between instants in milliseconds of a state that is solved in seconds.
#[test]
fn what_is_gained_is_read_at_the_instants_of_its_axis() {
    let text = "edition 2026
model growth {
    axis t : time(grid(from = 10 ms, to = 50 ms, step = 10 ms))
    param rate : 1/s ~ uniform(1, 5)
    dynamics cell over 0 s .. 0.05 s by rk4(step = 0.5 ms) {
        init x = 1
        x' = rate * x
    }
    data gain[t] = gained(cell.x, t)
    data area : ms = integral over t (cell.x(t))
}
";
    let other =
        replaced(text, &[("0 s .. 0.05 s", "0 ms .. 50 ms"), ("param rate : 1/s", "param rate : Hz")]);
    let drawn = draws(text, 40);
    assert_same(&drawn, &draws(&other, 40), |_| 1.0);
    let column = |name: &str| &drawn.iter().find(|(known, _)| known == name).unwrap().1;
    for (rate, gain) in column("rate").iter().zip(column("gain[2]")) {
        let expected = (rate * 0.02).exp() - (rate * 0.01).exp();
        assert!((gain - expected).abs() < 1e-9, "{gain} for {expected}");
    }
}

/// Angles in degrees and in radians, and shares in percent and as fractions.
#[test]
fn shares_and_angles_draw_the_same_in_any_unit() {
    let text = "edition 2026
model tuning {
    axis k : index(2)
    const theta[k] : deg = [0, 45]
    param preferred : deg ~ von_mises(mean = 90, concentration = 2)
    param saturation : percent ~ uniform(80, 100)
    param share : percent ~ beta(8, 2)
    data low ~ bernoulli(if saturation < 90 then 0.9 else 0.1)
    data within = count over k (theta[k] - preferred in -60 deg .. 60 deg and saturation in 85 .. 95)
    data left : percent ~ normal(100 percent - saturation, sd = 1)
    data fraction : 1 = 1 - saturation
    data rate[k] : 1 ~ normal(cos(theta[k] - preferred)^2 * share, sd = 0.1)
    data shown = saturation - 2 percent
    data squared = sqrt(saturation)
}
";
    let other = replaced(
        text,
        &[
            ("const theta[k] : deg = [0, 45]", "const theta[k] : rad = [0, 0.7853981633974483]"),
            ("preferred : deg ~ von_mises(mean = 90,", "preferred : rad ~ von_mises(mean = pi / 2,"),
            ("saturation : percent ~ uniform(80, 100)", "saturation ~ uniform(0.8, 1)"),
            ("share : percent ~ beta", "share ~ beta"),
            ("saturation < 90 ", "saturation < 0.9 "),
            ("-60 deg .. 60 deg", "-pi / 3 .. pi / 3"),
            ("in 85 .. 95", "in 0.85 .. 0.95"),
            (
                "left : percent ~ normal(100 percent - saturation, sd = 1)",
                "left ~ normal(1 - saturation, sd = 0.01)",
            ),
            ("saturation - 2 percent", "saturation - 0.02"),
        ],
    );
    let size = |name: &str| match name {
        "preferred" => std::f64::consts::PI / 180.0,
        "saturation" | "share" | "left" | "shown" => 0.01,
        _ => 1.0,
    };
    assert_same(&draws(text, 200), &draws(&other, 200), size);
}
