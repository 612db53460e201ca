//! `stop when`: first passages against their laws, ends of equations against closed forms, and runs that do not end.

use crate::dynamics::{column, run, simulator};
use sbi_sim::{Failure, InstructionSet};

/// Decisions of one subject: drift that varies between trials (sd .7 about 1.5), bounds 1.2 apart, an even start.
fn decisions(boundary: &str) -> String {
    format!(
        "latent drift ~ normal(1.5, 0.7)
        dynamics evidence over 0 .. 40 by euler_maruyama(step = 0.005{boundary}) {{
            noise w
            init x = 0.6
            x' = drift + w
            stop when x <= 0 or x >= 1.2
        }}
        data time = evidence.end
        data upper = evidence.x(evidence.end) >= 1.2"
    )
}

/// The mean time to decide, and the probability of the upper bound: by quadrature over the drift of the closed forms for
/// one drift, `P = (1 - e^(-2 d z)) / (1 - e^(-2 d a))` and `E T = (a P - z) / d`, they are .2847 and .8302.
#[test]
fn first_passages_have_their_laws() {
    const DRAWS: u64 = 1_000_000;
    let means = |boundary: &str| {
        let (made, table) = run(&decisions(boundary), DRAWS);
        ["time", "upper"].map(|name| {
            let place = column(&made, name);
            (0..table.rows).map(|row| table.row(row)[place]).sum::<f64>() / DRAWS as f64
        })
    };
    let [time, upper] = means("");
    assert!((time - 0.2847).abs() < 0.001 && (upper - 0.8302).abs() < 0.003, "{time}, {upper}");
    // Looking at the steps alone finds each passage too late; this is how far.
    let [time, upper] = means(", boundary = plain");
    assert!((time - 0.319).abs() < 0.001 && (upper - 0.845).abs() < 0.003, "{time}, {upper}");
}

/// A path is on its bound when it ends, and close to it shortly before.
#[test]
fn a_path_does_not_jump_to_its_bound() {
    let text = decisions("")
        + "
        data there = evidence.x(evidence.end)
        data before = evidence.x(evidence.end - 0.000001)
        data half = evidence.x(evidence.end - 0.001875)
        data start = evidence.x(evidence.end - 0.00375)";
    let (made, table) = run(&text, 2_000);
    let [there, before, half, start] = ["there", "before", "half", "start"].map(|name| column(&made, name));
    for row in (0..table.rows).map(|row| table.row(row)) {
        assert!(row[there] == 0.0 || row[there] == 1.2);
        assert!((row[before] - row[there]).abs() < 1e-3, "{} before {}", row[before], row[there]);
        // The last step ends a quarter of 5 ms early, and the line from its start is straight.
        let middle = 0.5 * (row[start] + row[there]);
        assert!((row[half] - middle).abs() < 1e-6, "{} for {middle}", row[half]);
    }
}

#[test]
fn bits_do_not_depend_on_how_the_work_is_divided() {
    let whole = simulator(&decisions("")).run(5, 0..2_000, 1).unwrap();
    assert_eq!(whole, simulator(&decisions("")).run(5, 0..2_000, 2).unwrap());
    let half = simulator(&decisions("")).run(5, 700..2_000, 1).unwrap();
    assert_eq!(whole.values[700 * whole.columns..], half.values);
    for width in [64, 128, 256, 512] {
        assert_eq!(whole, simulator(&decisions("")).with_width(width).run(5, 0..2_000, 1).unwrap());
    }
    for set in InstructionSet::available() {
        assert_eq!(whole, simulator(&decisions("")).with_instructions(set).run(5, 0..2_000, 1).unwrap());
    }
}

/// Each trial is a run of its own; a state that stopped stays where it is, and the bound is reached exactly.
#[test]
fn each_element_of_a_draw_stops_by_itself() {
    let text = "axis trial : index(3)
        param drift ~ uniform(1, 3)
        latent bound[trial] ~ uniform(0.5, 1.5)
        latent outcome[trial] ~ passage(drift, bound[trial])
        data time[trial] = outcome[trial].time
        data high[trial] = outcome[trial].high
        data late[trial] = outcome[trial].late
        data bound_seen[trial] = bound[trial]";
    let library = "simulator passage(drift, bound) -> { time, high, late } {
        dynamics path over 0 .. 4 by euler_maruyama(step = 0.01) {
            init x = 0
            noise w
            x' = drift + 0 * w
            stop when x >= bound
        }
        return { time = path.end, high = path.x(path.end), late = path.x(4) }
    }";
    let checked = sbi_model::compile(&format!("edition 2026\n{library}\nmodel m {{\n{text}\n}}\n"), &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let model = &file.models[0];
    let outputs: Vec<_> = ["drift", "time", "high", "late", "bound_seen"]
        .into_iter()
        .map(|name| model.find(name).unwrap())
        .flat_map(|id| (0..model.elements(model.node(id))).map(move |k| (id, k)))
        .collect();
    let table = sbi_sim::Simulator::new(model, &outputs).unwrap().run(3, 0..300, 1).unwrap();
    for row in (0..table.rows).map(|row| table.row(row)) {
        for k in 0..3 {
            let (drift, time, bound) = (row[0], row[1 + k], row[10 + k]);
            assert_eq!([row[4 + k], row[7 + k]], [bound, bound]);
            // Without noise a bound is reached at the step that passes it.
            let steps = bound / (drift * 0.01);
            assert!(((time / 0.01).round() - steps.ceil()).abs() < 1e-6, "{time}, {steps} steps");
        }
    }
}

/// An equation ends between its steps: `x' = a x` from 1 reaches b at ln(b) / a, and what is read later is read there.
#[test]
fn an_equation_ends_where_it_meets_its_condition() {
    let (made, table) = run(
        "param a ~ uniform(0.5, 1.5)
        param b ~ uniform(1, 4)
        dynamics growth over 0 .. 5 by rk4(step = 0.05) {
            init x = 1
            init y = 0
            let double = 2 * x
            x' = a * x
            y' = 1
            stop when double >= 2 * b and y > 0.001 or x < 0
        }
        data end = growth.end
        data high = growth.x(growth.end)
        data twice = growth.double(growth.end)
        data early = growth.x(0.5 * growth.end)
        data late = growth.y(5)",
        200,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        let of = |name: &str| row[column(&made, name)];
        let end = (of("b").ln() / of("a")).max(0.001);
        assert!((of("end") - end).abs() < 1e-6, "{} of {end}", of("end"));
        let high = (of("a") * end).exp();
        assert!((of("high") - high).abs() < 1e-5 && (of("twice") - 2.0 * high).abs() < 2e-5);
        assert!((of("early") - high.sqrt()).abs() < 1e-5);
        assert!((of("late") - end).abs() < 1e-6);
    }
}

/// What meets its condition at the start ends there.
#[test]
fn a_run_may_end_at_its_start() {
    for by in ["by rk4(step = 0.1)", "by euler_maruyama(step = 0.1)"] {
        let (made, table) = run(
            &format!(
                "param a ~ uniform(-1, 1)
                dynamics path over 0 .. 5 {by} {{
                    init x = a
                    x' = 1
                    stop when x >= 0
                }}
                data end = path.end"
            ),
            100,
        );
        let (a, end) = (column(&made, "a"), column(&made, "end"));
        for row in (0..table.rows).map(|row| table.row(row)) {
            let late = row[end] - (-row[a]).max(0.0);
            assert!((-1e-9..0.1 + 1e-9).contains(&late) && (row[a] < 0.0 || row[end] == 0.0), "{row:?}");
        }
    }
}

/// A run that never ends is a failure that says so.
#[test]
fn a_run_that_does_not_end_fails() {
    let model = simulator(
        "param a ~ uniform(-1, 1)
        dynamics path over 0 .. 5 by rk4(step = 0.1) {
            init x = 0
            x' = a
            stop when x > 1
        }
        data end = path.end",
    );
    let Err(Failure::NotFinite { element, parameters, reason, .. }) = model.run(3, 0..100, 2) else {
        panic!("half of the draws go down")
    };
    assert!(element == "end" && parameters[0].1 < 0.2);
    assert_eq!(reason.as_deref(), Some("`path` meets no `stop when` before it ends at 5"));
}

/// What a `let` does once its draw has stopped counts nowhere, whichever draws go on beside it.
#[test]
fn crossings_end_with_their_draw() {
    let text = "param g ~ uniform(0.11, 60)
        dynamics p over 0 .. 100 by euler_maruyama(step = 0.1) {
            init x = 0
            let v = x + 20 * sin(t)
            x' = g
            stop when x >= 10
        }
        data c = crossings(p.v, level = 5)";
    let made = simulator(text);
    let all = made.run(3, 0..400, 1).unwrap();
    for draw in [0, 7, 100, 399] {
        assert_eq!(made.run(3, draw..draw + 1, 1).unwrap().values, all.row(draw as usize));
    }
}
