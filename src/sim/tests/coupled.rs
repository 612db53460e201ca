//! Dynamics that read another one as they run: against both in one, against closed forms, and step by step.

use crate::dynamics::{column, run, simulator};
use sbi_sim::{Failure, InstructionSet};

const NAMES: [&str; 2] = ["seen[3]", "seen[11]"];

/// How far two columns are apart at most, as a share.
fn apart(a: (&str, &str), b: (&str, &str), draws: u64) -> f64 {
    let [(one, first), (other, second)] = [a.0, b.0].map(|text| run(text, draws));
    let (a, b) = (column(&one, a.1), column(&other, b.1));
    let rows = (0..first.rows).map(|row| (first.row(row)[a] / second.row(row)[b] - 1.0).abs());
    rows.fold(0.0, f64::max)
}

/// A pond whose algae do not feel the fleas, in two and in one.
fn pond(by: [&str; 2], joint: bool) -> String {
    let algae = "init algae = 1
        algae' = growth * algae * (1 - algae / 4)";
    let fleas = |algae: &str| format!("init fleas = 0.5\nfleas' = 0.4 * fleas * {algae} - death * fleas");
    let [first, second] = by;
    let dynamics =
        |name: &str, by: &str, body: &str| format!("dynamics {name} over 0 .. 5 {by} {{\n{body}\n}}\n");
    let both = match joint {
        true => dynamics("fleas", second, &format!("{algae}\n{}", fleas("algae"))),
        false => dynamics("fleas", second, &fleas("water.algae(t)")) + &dynamics("water", first, algae),
    };
    format!(
        "axis t : time(grid(from = 0, to = 5, step = 0.5))
        param growth ~ uniform(0.5, 2)
        param death ~ uniform(0.1, 1)
        {both}
        data seen[t] = fleas.fleas(t)"
    )
}

/// Cubics and quartics between the steps of the one that is read are of the order of the methods themselves.
#[test]
fn two_dynamics_are_one_in_two_parts() {
    for (by, tolerance) in [
        (["by rk4(step = 0.05)", "by rk4(step = 0.05)"], 2e-6),
        (["by rk4(step = 0.03)", "by rk4(step = 0.07)"], 5e-6),
        (["by dormand_prince()", "by rk4(step = 0.05)"], 5e-5),
        (["by rk4(step = 0.05)", "by dormand_prince()"], 5e-5),
        (["by dormand_prince()", "by dormand_prince()"], 5e-5),
        (["by rosenbrock(rtol = 1e-6)", "by dormand_prince()"], 2e-3),
        (["by dormand_prince()", "by rosenbrock(rtol = 1e-6)"], 2e-3),
    ] {
        let joint = pond(["", "by dormand_prince(rtol = 1e-9, atol = 1e-10)"], true);
        for name in NAMES {
            let off = apart((&pond(by, false), name), (&joint, name), 40);
            assert!(off < tolerance, "{by:?}: {off}");
        }
    }
}

/// `x' = k (e^{-a t} - x)` with `x(0) = 0` is `k (e^{-a t} - e^{-k t}) / (k - a)`.
#[test]
fn what_follows_a_decay_has_its_closed_form() {
    let solvers = ["rk4(step = 0.05)", "dormand_prince()"];
    for (leader, follower) in solvers.iter().flat_map(|one| solvers.iter().map(move |other| (one, other))) {
        let (made, table) = run(
            &format!(
                "param a ~ uniform(0.2, 1)
                param k ~ uniform(1.5, 4)
                dynamics main over 0 .. 4 by {follower} {{
                    init x = 0
                    let off = lead.height(t) - x
                    x' = k * off
                }}
                dynamics lead over 0 .. 4 by {leader} {{
                    init y = 2
                    let height = 0.5 * y
                    y' = -a * y
                }}
                data seen = main.x(3.3)
                data high = main.off(1.7)"
            ),
            70,
        );
        for row in (0..table.rows).map(|row| table.row(row)) {
            let of = |name: &str| row[column(&made, name)];
            let (a, k) = (of("a"), of("k"));
            let x = |t: f64| k * ((-a * t).exp() - (-k * t).exp()) / (k - a);
            assert!((of("seen") - x(3.3)).abs() < 2e-5, "{leader}, {follower}: {}", of("seen") - x(3.3));
            let high = (-a * 1.7).exp() - x(1.7);
            assert!((of("high") - high).abs() < 2e-5, "{leader}, {follower}: {}", of("high") - high);
        }
    }
}

/// By Euler's method each step of one reads the same step of the other: two are one, to rounding, noise and all.
#[test]
fn noise_is_read_at_its_own_steps() {
    let (made, table) = run(
        "axis t : time(grid(from = 0, to = 5, step = 0.5))
        axis s : time(grid(from = 0, to = 5, step = 0.1))
        param p ~ uniform(0, 1)
        dynamics lead over 0 .. 5 by euler_maruyama(step = 0.1) {
            noise w
            init y = 1
            y' = -y + 0.5 * w
        }
        dynamics walk over 0 .. 5 by euler_maruyama(step = 0.1) {
            init x = 0
            x' = lead.y(t) - x
        }
        data seen[t] = walk.x(t)
        data before[s] = lead.y(s)",
        70,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        let lead = |k: usize| row[column(&made, &format!("before[{}]", k + 1))];
        let mut x = 0.0;
        for k in 0..50 {
            if k % 5 == 0 {
                let seen = row[column(&made, &format!("seen[{}]", k / 5 + 1))];
                assert!((seen - x).abs() < 1e-11, "{k}: {seen}, {x}");
            }
            x += 0.1 * (lead(k) - x);
        }
    }
}

/// Generations read the generation of another that there is: every second step of it is read twice.
#[test]
fn recurrences_read_each_others_steps() {
    let (made, table) = run(
        "axis i : ordered(3)
        axis k : ordered(7)
        param p ~ uniform(0.5, 1.5)
        dynamics slow over 0 .. 6 every 2 {
            init n ~ normal(5, 1)
            next n ~ normal(p * n, 1)
        }
        dynamics fast over 0 .. 6 every 1 {
            init m = 1
            next m = 0.5 * m + slow.n(t)
        }
        data n[i] = slow.n(2 * i - 2)
        data m[k] = fast.m(k - 1)",
        70,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        let n = |k: usize| row[column(&made, &format!("n[{}]", k + 1))];
        let mut m = 1.0;
        for k in 0..7 {
            let found = row[column(&made, &format!("m[{}]", k + 1))];
            assert!((found - m).abs() < 1e-12, "{k}: {found}, {m}");
            m = 0.5 * m + n((k / 2).min(2));
        }
    }
}

/// A delay, at every step: the past is that of the other's curve.
#[test]
fn a_past_state_is_read() {
    let (made, table) = run(
        "param a ~ uniform(0.2, 1)
        dynamics lead over 0 .. 6 by rk4(step = 0.05) {
            init y = 1
            y' = -a * y
        }
        dynamics late over 0 .. 6 by rk4(step = 0.05) {
            init x = 0
            x' = lead.y(max(t - 2, 0))
        }
        data seen = late.x(5)",
        50,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        let of = |name: &str| row[column(&made, name)];
        let exact = 2.0 + (1.0 - (-3.0 * of("a")).exp()) / of("a");
        // One step has the kink in its middle.
        assert!((of("seen") - exact).abs() < 1e-3, "{} of {exact}", of("seen"));
    }
}

/// What has ended stays where it is, for what reads it too; and draws that leave the columns at different times find their own.
#[test]
fn a_dynamics_that_has_ended_is_read() {
    let text = "param a ~ uniform(0.5, 2)
        param far ~ uniform(0.5, 6)
        dynamics lead over 0 .. 9 by rk4(step = 0.1) {
            init y = 0
            y' = a
            stop when y >= 3
        }
        dynamics sum over 0 .. 40 by rk4(step = 0.1) {
            init x = 0
            x' = lead.y(min(t, 9))
            stop when x >= far
        }
        data end = sum.end
        data length = lead.end";
    let (made, table) = run(text, 700);
    let mut ended = 0;
    for row in (0..table.rows).map(|row| table.row(row)) {
        let of = |name: &str| row[column(&made, name)];
        let (a, far) = (of("a"), of("far"));
        assert!((of("length") - 3.0 / a).abs() < 1e-9);
        // The area of a ramp up to 3, then of a plateau.
        let ramp = 4.5 / a;
        let exact = if far < ramp { (2.0 * far / a).sqrt() } else { 3.0 / a + (far - ramp) / 3.0 };
        ended += usize::from(far > ramp);
        assert!((of("end") - exact).abs() < 2e-3, "{} of {exact}", of("end"));
    }
    assert!((100..600).contains(&ended), "{ended}");
    let whole = simulator(text).run(5, 0..700, 1).unwrap();
    for width in [64, 512] {
        let other = simulator(text).with_width(width);
        assert_eq!(whole, other.run(5, 0..700, 1).unwrap());
    }
    for set in InstructionSet::available() {
        let other = simulator(text).with_instructions(set);
        assert_eq!(whole, other.run(5, 0..700, 1).unwrap());
    }
}

/// Jumps in steps feel another dynamics: the mean of births at the rate `2 e^{-a t}` is their integral.
#[test]
fn jumps_in_steps_read_another_dynamics() {
    let (made, table) = run(
        "dynamics lead over 0 .. 4 by dormand_prince() {
            init y = 20
            y' = -y
        }
        dynamics births over 0 .. 4 by tau_leap(step = 0.01) {
            init n = 0
            jump at rate lead.y(t) {
                n = n + 1
            }
        }
        param p ~ uniform(0, 1)
        data n = births.n(2)",
        4_000,
    );
    let n = column(&made, "n");
    let mean = (0..table.rows).map(|row| table.row(row)[n]).sum::<f64>() / 4_000.0;
    // The rate at the start of each step is half a step too early.
    let exact = 20.0 * (1.0 - (-2.0f64).exp()) * 1.005;
    assert!((mean - exact).abs() < 4.0 * (exact / 4_000.0).sqrt(), "{mean} of {exact}");
}

/// At times that the other is not solved for nothing is made up.
#[test]
fn a_time_outside_of_the_other_fails() {
    let text = "param a ~ uniform(0, 3)
        dynamics lead over 0 .. 4 by rk4(step = 0.1) {
            init y = 1
            y' = -y
        }
        dynamics main over 0 .. 4 by rk4(step = 0.1) {
            init x = 0
            x' = lead.y(t - a)
        }
        data x = main.x(4)";
    assert!(matches!(simulator(text).run(3, 0..100, 1), Err(Failure::NotFinite { .. })));
}
