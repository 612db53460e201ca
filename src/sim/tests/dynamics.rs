//! Dynamics against closed forms, an independent integrator, and the same steps by hand.

use sbi_model::{NodeId, Role};
use sbi_sim::rng::Stream;
use sbi_sim::{Failure, InstructionSet, Simulator, Table};

/// A simulator of all parameters and data of a model, and the names of its columns.
pub(crate) fn simulator(body: &str) -> Simulator {
    let text = format!("edition 2026\nmodel m {{\n{body}\n}}\n");
    let checked = sbi_model::compile(&text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let model = file.models.first().expect("a model");
    let tokens = (0..model.nodes.len()).map(NodeId);
    let tokens = tokens.filter(|id| matches!(model.node(*id).role, Role::Param | Role::Data));
    let outputs: Vec<_> =
        tokens.flat_map(|id| (0..model.elements(model.node(id))).map(move |k| (id, k))).collect();
    Simulator::new(model, &outputs).expect("it is small")
}

pub(crate) fn run(body: &str, draws: u64) -> (Simulator, Table) {
    let simulator = simulator(body);
    let table = simulator.run(3, 0..draws, 2).expect("all is finite");
    (simulator, table)
}

pub(crate) fn column(simulator: &Simulator, name: &str) -> usize {
    simulator.columns().iter().position(|known| known == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Hunter and prey with a step, read at whole times.
fn pond(step: f64) -> String {
    format!(
        "axis t : time(grid(from = 1, to = 15, step = 0.7))
        param alpha ~ uniform(1, 3)
        param beta ~ uniform(1, 3)
        dynamics pond over 0 .. 15.4 by rk4(step = {step}) {{
            init prey = 1
            init hunter = 0.5
            prey' = alpha * prey - beta * prey * hunter
            hunter' = -1.2 * hunter + 1.4 * prey * hunter
        }}
        data seen[t] = pond.prey(t)"
    )
}

/// The same written out, with steps of a thousandth by the rule of three eighths (Kutta 1901).
pub(crate) fn by_hand(alpha: f64, beta: f64, until: f64) -> f64 {
    predator_and_prey([alpha, beta, 1.2, 1.4], until)[0]
}

/// Both of them, with their four rates.
pub(crate) fn predator_and_prey([alpha, beta, gamma, delta]: [f64; 4], until: f64) -> [f64; 2] {
    let slope = |[x, y]: [f64; 2]| [alpha * x - beta * x * y, -gamma * y + delta * x * y];
    let steps = (until * 1_000.0).round().max(1.0);
    let h = until / steps;
    let mut z = [1.0, 0.5];
    for _ in 0..steps as u32 {
        let at = |weights: &[(f64, [f64; 2])]| {
            weights.iter().fold(z, |[x, y], (weight, [f, g])| [x + h * weight * f, y + h * weight * g])
        };
        let k1 = slope(z);
        let k2 = slope(at(&[(1.0 / 3.0, k1)]));
        let k3 = slope(at(&[(-1.0 / 3.0, k1), (1.0, k2)]));
        let k4 = slope(at(&[(1.0, k1), (-1.0, k2), (1.0, k3)]));
        z = at(&[(0.125, k1), (0.375, k2), (0.375, k3), (0.125, k4)]);
    }
    z
}

#[test]
fn equations_are_solved_to_order_four() {
    let mut errors = Vec::new();
    for step in [0.1, 0.05] {
        let (made, table) = run(&pond(step), 20);
        let (alpha, beta) = (column(&made, "alpha"), column(&made, "beta"));
        let mut worst = 0.0f64;
        for row in (0..table.rows).map(|row| table.row(row)) {
            // 1 + 0.7 * 9 = 7.3 lies on a step of both, 1 + 0.7 * 7 = 5.9 as well; 1.7 is the second reading.
            for (element, time) in [(2, 1.7), (8, 5.9), (10, 7.3), (21, 15.0)] {
                let exact = by_hand(row[alpha], row[beta], time);
                worst = worst.max((row[column(&made, &format!("seen[{element}]"))] - exact).abs());
            }
        }
        errors.push(worst);
    }
    assert!(errors[0] < 2e-3 && errors[1] < 1.5e-4, "{errors:?}");
    let order = (errors[0] / errors[1]).log2();
    assert!((3.4..4.6).contains(&order), "of order {order}: {errors:?}");
}

/// Between steps: `x' = 3 t²` from 0 is t³, which a cubic through values and slopes is everywhere.
#[test]
fn a_cubic_is_read_exactly_between_steps() {
    let (made, table) = run(
        "axis t : time(grid(from = 0.1, to = 1.9, step = 0.1))
        param a ~ normal(0, 1)
        dynamics path over 0 .. 2 by rk4(step = 0.5) {
            init x = a
            let speed = 3 * t^2
            x' = speed
        }
        data seen[t] = path.x(t)
        data fast[t] = path.speed(t)",
        50,
    );
    let a = column(&made, "a");
    for row in (0..table.rows).map(|row| table.row(row)) {
        for element in 1..=19 {
            let time = 0.1 * f64::from(element);
            let x = row[column(&made, &format!("seen[{element}]"))];
            assert!((x - row[a] - time.powi(3)).abs() < 1e-12, "{x} at {time}");
            let speed = row[column(&made, &format!("fast[{element}]"))];
            assert!((speed - 3.0 * time * time).abs() < 1e-12, "{speed} at {time}");
        }
    }
}

/// Noise has the name of what is drawn, and a number for each step: the walk by hand has the same bits but for rounding.
#[test]
fn noise_drives_a_state_step_by_step() {
    let (made, table) = run(
        "axis k : index(2)
        axis t : time(grid(from = 0.5, to = 2, step = 0.25))
        param pull ~ uniform(0.5, 2)
        dynamics walk over 0 .. 2 by euler_maruyama(step = 0.5) {
            noise w[k]
            init x[k] = 1
            x[k]' = -pull * x[k] + 0.3 * w[k]
        }
        data seen[t, k] = walk.x[k](t)",
        200,
    );
    let (pull, h) = (column(&made, "pull"), 0.5f64);
    for (draw, row) in (0..).zip((0..table.rows).map(|row| table.row(row))) {
        for k in 0..2u32 {
            let stream = Stream::new(3, "walk.w");
            let mut x = vec![1.0];
            for step in 0..4 {
                let last = x[x.len() - 1];
                x.push(last - h * row[pull] * last + 0.3 * h.sqrt() * stream.driving(draw, step, k));
            }
            for (element, place) in [(1, 1.0), (2, 1.5), (3, 2.0), (6, 3.5), (7, 4.0)] {
                let (whole, part) = (f64::floor(place) as usize, place % 1.0);
                let wanted = x[whole] + part * (x[(whole + 1).min(4)] - x[whole]);
                let found = row[column(&made, &format!("seen[{element},{}]", k + 1))];
                assert!(
                    (found - wanted).abs() < 1e-12,
                    "{found}, not {wanted}: draw {draw}, element {element}"
                );
            }
        }
    }
}

/// A chain: its first value and its steps are drawn apart, and read at their places.
#[test]
fn a_recurrence_goes_step_by_step() {
    let (made, table) = run(
        "axis i : ordered(4)
        dynamics walk over 1 .. 4 every 1 {
            init theta ~ normal(0, 0.5)
            next theta ~ normal(mean = 0.9 * theta, sd = 0.5)
        }
        param theta[i] = walk.theta(i)
        data x[i] ~ normal(theta[i]^2, 0.5)",
        300,
    );
    let number = |name: &str, draw, step| Stream::new(3, name).normal(draw, step, 0);
    for (draw, row) in (0..).zip((0..table.rows).map(|row| table.row(row))) {
        let mut theta = 0.5 * Stream::new(3, "walk.theta").normal_alone(draw);
        for i in 1..=4u32 {
            let found = row[column(&made, &format!("theta[{i}]"))];
            assert!((found - theta).abs() < 1e-12, "{found}, not {theta}: draw {draw}, place {i}");
            theta = 0.9 * theta + 0.5 * number("walk.theta.next", draw, i - 1);
        }
    }
}

/// Leaks up and starts again: an event acts once as its condition becomes true, and reads the states as they were.
#[test]
fn events_act_as_they_become_true() {
    let (made, table) = run(
        "axis t : time(grid(from = 0.5, to = 5, step = 0.5))
        param speed ~ uniform(0.9, 1.1)
        dynamics cell over 0 .. 5 by euler_maruyama(step = 0.25) {
            init v = 0
            init spikes = 0
            v' = speed
            spikes' = 0
            when v > 1 {
                v = v - 1
                spikes = spikes + 1
            }
        }
        data level[t] = cell.v(t)
        data count[t] = cell.spikes(t)",
        100,
    );
    let speed = column(&made, "speed");
    for row in (0..table.rows).map(|row| table.row(row)) {
        let (mut v, mut spikes) = (0.0, 0.0);
        for step in 1..=20 {
            v += 0.25 * row[speed];
            if v > 1.0 {
                (v, spikes) = (v - 1.0, spikes + 1.0);
            }
            if step % 2 == 0 {
                let name = |what: &str| format!("{what}[{}]", step / 2);
                assert!((row[column(&made, &name("level"))] - v).abs() < 1e-9, "at step {step}");
                assert_eq!(row[column(&made, &name("count"))], spikes, "at step {step}");
            }
        }
    }
}

/// A dynamics that is read by another model part twice, and one that starts from what another gave.
#[test]
fn dynamics_follow_one_another() {
    let first = "dynamics first over 0 .. 1 by rk4(step = 0.1) {
            init x = a
            x' = 1
        }";
    let second = "dynamics second over 0 .. 1 by rk4(step = 0.25) {
            init y = first.x(first.end)
            y' = first.x(0.5) - y * 0
        }";
    // In whichever order they are written.
    for [one, other] in [[first, second], [second, first]] {
        let (made, table) =
            run(&format!("param a ~ normal(0, 1)\n{one}\n{other}\ndata end = second.y(1)"), 20);
        for row in (0..table.rows).map(|row| table.row(row)) {
            let a = row[column(&made, "a")];
            assert!((row[column(&made, "end")] - (2.0 * a + 1.5)).abs() < 1e-12);
        }
    }
}

/// A step that does not divide the time: a solver makes it shorter, a recurrence makes as many as fit and stays there.
#[test]
fn steps_that_do_not_divide_the_time() {
    let (made, table) = run(
        "param a ~ uniform(8.9, 9.9)
        dynamics smooth over 0 .. 10 by rk4(step = 3) {
            init x = 0
            x' = 4 * t^3
        }
        dynamics stepwise over 0 .. 10 every 3 {
            init n = 0
            next n = n + 1
        }
        data high = smooth.x(10)
        data whole = stepwise.n(9.5)
        data part = stepwise.n(a)",
        50,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        // The classical method is exact for a cubic slope.
        assert!((row[column(&made, "high")] - 1e4).abs() < 1e-8);
        assert_eq!(row[column(&made, "whole")], 3.0);
        assert_eq!(row[column(&made, "part")], if row[column(&made, "a")] < 9.0 { 2.0 } else { 3.0 });
    }
}

/// At a time that a draw has by itself, before the start or behind the end, there is nothing to read.
#[test]
fn nothing_is_read_outside_of_the_time() {
    for body in ["by rk4(step = 0.1) {\ninit x = 1\nx' = x", "every 0.25 {\ninit x = 1\nnext x = x + 1"] {
        for time in ["1.01 + a", "-0.01 - a"] {
            let text = format!(
                "param a ~ uniform(0, 1)\ndynamics path over 0 .. 1 {body}\n}}\nlet late = {time}\ndata y = path.x(late)"
            );
            let Err(Failure::NotFinite { element, value, .. }) = simulator(&text).run(3, 0..1, 1) else {
                panic!("{time} is outside of the time:\n{text}")
            };
            assert!(element == "y" && value.is_nan());
        }
    }
}

/// A geometric walk, whose noise grows with the state, against its closed form with the same noise: halving the step halves
/// the error of Milstein's method, and makes Euler's smaller by √2.
#[test]
fn milstein_is_of_order_one() {
    let error = |method: &str, step: f64| {
        let (made, table) = run(
            &format!(
                "param a ~ uniform(0.5, 1)
                dynamics walk over 0 .. 1 by {method}(step = {step}) {{
                    noise w
                    init x = 1
                    x' = 0.5 * x + a * x * w
                }}
                data end = walk.x(1)"
            ),
            40_000,
        );
        let stream = Stream::new(3, "walk.w");
        let squares: f64 = (0..)
            .zip((0..table.rows).map(|row| table.row(row)))
            .map(|(draw, row)| {
                let steps = (1.0 / step).round() as u32;
                let w: f64 = (0..steps).map(|k| step.sqrt() * stream.driving(draw, k, 0)).sum();
                let a = row[column(&made, "a")];
                (row[column(&made, "end")] - (0.5 - 0.5 * a * a + a * w).exp()).powi(2)
            })
            .sum();
        (squares / table.rows as f64).sqrt()
    };
    let gain = |method| error(method, 1.0 / 32.0) / error(method, 1.0 / 64.0);
    let (milstein, euler) = (gain("milstein"), gain("euler_maruyama"));
    assert!((1.8..2.2).contains(&milstein), "{milstein}");
    assert!((1.25..1.6).contains(&euler), "{euler}");
}

/// What states do on the way: rises through a level, of a state and of a `let`; the gain since the time before; an integral.
#[test]
fn what_happens_on_the_way_is_read() {
    let (made, table) = run(
        "axis t : time(grid(from = 1, to = 10, step = 1.5))
        axis fine : time(grid(from = 0, to = 10, step = 0.02))
        param speed ~ uniform(1, 3)
        dynamics swing over 0 .. 10 by rk4(step = 0.02) {
            init x = 0
            init v = speed
            let twice = 2 * x
            x' = v
            v' = -speed^2 * x
        }
        data rises = crossings(swing.x, level = 0.3)
        data doubled = crossings(swing.twice, level = 0.6)
        data gain[t] = gained(swing.x, t)
        data area = integral over fine (swing.x(fine))",
        60,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        // x = sin(speed t), which rises through .3 once in a period.
        let speed = row[column(&made, "speed")];
        let first = 0.3f64.asin() / speed;
        let rises = ((10.0 - first) * speed / std::f64::consts::TAU).floor() + 1.0;
        assert_eq!(row[column(&made, "rises")], rises, "at {speed}");
        assert_eq!(row[column(&made, "doubled")], rises, "at {speed}");
        for (k, time) in (1..=7).zip([1.0, 2.5, 4.0, 5.5, 7.0, 8.5, 10.0]) {
            let before = if k == 1 { 0.0 } else { time - 1.5 };
            let gain = (speed * time).sin() - (speed * before).sin();
            assert!((row[column(&made, &format!("gain[{k}]"))] - gain).abs() < 1e-5);
        }
        let area = (1.0 - (10.0 * speed).cos()) / speed;
        assert!((row[column(&made, "area")] - area).abs() < 3e-4 * speed);
    }
}

/// A state that only events change stays as it is between them, however it is solved.
#[test]
fn a_state_that_only_events_change() {
    for body in ["by rk4(step = 0.1) {\ninit x = 0\nx' = 1", "every 0.1 {\ninit x = 0\nnext x = x + 0.1"] {
        let (made, table) = run(
            &format!(
                "param a ~ uniform(0.2, 0.8)
                dynamics path over 0 .. 1 {body}
                    init dose = a
                    when x > 0.5 {{
                        dose = 3 * a
                    }}
                }}
                data before = path.dose(0.4)
                data after = path.dose(0.9)"
            ),
            20,
        );
        for row in (0..table.rows).map(|row| table.row(row)) {
            let a = row[column(&made, "a")];
            assert_eq!([row[column(&made, "before")], row[column(&made, "after")]], [a, 3.0 * a]);
        }
    }
}

#[test]
fn bits_do_not_depend_on_how_the_work_is_divided() {
    let whole = simulator(&pond(0.1)).run(5, 0..900, 1).unwrap();
    assert_eq!(whole, simulator(&pond(0.1)).run(5, 0..900, 2).unwrap());
    for width in [64, 512] {
        assert_eq!(whole, simulator(&pond(0.1)).with_width(width).run(5, 0..900, 1).unwrap());
    }
    for set in InstructionSet::available() {
        assert_eq!(whole, simulator(&pond(0.1)).with_instructions(set).run(5, 0..900, 1).unwrap());
    }
}

/// A state may start from what is computed of another, and of the time.
#[test]
fn a_state_starts_from_what_others_make() {
    let (made, table) = run(
        "param a ~ uniform(1, 2)
        dynamics path over 3 .. 4 by rk4(step = 0.1) {
            init v = a
            let gate = 2 * v + t
            init m = gate / 2
            v' = 1
            m' = gate
        }
        data y = path.m(3)",
        20,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        assert!((row[column(&made, "y")] - row[column(&made, "a")] - 1.5).abs() < 1e-12);
    }
}
