//! Equations solved to tolerances: against closed forms and an independent integrator, stiff ones, and those that fail.

use crate::dynamics::{by_hand, column, run, simulator};
use sbi_sim::{Failure, InstructionSet};

/// Hunter and prey, read at whole times.
fn pond(by: &str) -> String {
    format!(
        "axis t : time(grid(from = 0, to = 15, step = 0.5))
        param alpha ~ uniform(1, 3)
        param beta ~ uniform(1, 3)
        dynamics pond over 0 .. 15 {by} {{
            init prey = 1
            init hunter = 0.5
            prey' = alpha * prey - beta * prey * hunter
            hunter' = -1.2 * hunter + 1.4 * prey * hunter
        }}
        data seen[t] = pond.prey(t)"
    )
}

/// The worst difference from the integration by hand, over draws and times.
fn off(by: &str) -> f64 {
    let (made, table) = run(&pond(by), 30);
    let (alpha, beta) = (column(&made, "alpha"), column(&made, "beta"));
    let mut worst = 0.0f64;
    for row in (0..table.rows).map(|row| table.row(row)) {
        for element in [1, 2, 8, 17, 31] {
            let exact = by_hand(row[alpha], row[beta], 0.5 * f64::from(element - 1));
            worst = worst.max((row[column(&made, &format!("seen[{element}]"))] - exact).abs());
        }
    }
    worst
}

/// Errors grow along the cycles; `solve_ivp` of SciPy 1.17 by RK45 on the like is off by .05, 6e-5 and 3e-7.
#[test]
fn errors_follow_the_tolerances() {
    for tolerance in [1e-4, 1e-6, 1e-8] {
        let worst = off(&format!("by dormand_prince(rtol = {tolerance}, atol = {tolerance})"));
        assert!(worst < 300.0 * tolerance, "{worst} at {tolerance}");
    }
    // Without any word on how, 1e-6.
    assert!(off("") < 1e-4);
    // Of order two, whose error over all steps goes with the power 2/3 of what a step may be off.
    for (tolerance, bound) in [(1e-4, 0.1), (1e-6, 0.004)] {
        let worst = off(&format!("by rosenbrock(rtol = {tolerance}, atol = {tolerance})"));
        assert!(worst < bound, "{worst} at {tolerance}");
    }
}

/// Robertson's reactions, whose rates differ by nine orders; the reference of Hairer and Wanner at t = 40.
#[test]
fn a_stiff_system_is_solved() {
    let (made, table) = run(
        "param rate ~ uniform(0.0399999, 0.0400001)
        dynamics tank over 0 .. 40 by rosenbrock(rtol = 1e-6, atol = 1e-10) {
            init a = 1
            init b = 0
            init c = 0
            a' = -rate * a + 1e4 * b * c
            b' = rate * a - 1e4 * b * c - 3e7 * b^2
            c' = 3e7 * b^2
        }
        data a = tank.a(40)
        data b = tank.b(40)
        data c = tank.c(40)",
        3,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        for (name, exact) in [("a", 0.715_827_07), ("b", 9.185_534_76e-6), ("c", 0.284_163_75)] {
            let found = row[column(&made, name)];
            assert!((found / exact - 1.0).abs() < 1e-4, "{name} = {found}, not {exact}");
        }
    }
}

/// A right side of every function there is, with time in it: the implicit method needs its exact derivatives.
#[test]
fn both_methods_agree_on_every_function() {
    let text = |by: &str| {
        format!(
            "param p ~ uniform(0.5, 1.5)
            dynamics path over 0 .. 2 by {by} {{
                init x = p
                init y = 0.3
                x' = sin(y) - tanh(x) + exp(-x^2) + logistic(t * y) + min(x, y^3) - max(0.1, cos(t))
                y' = log(1 + x^2) - abs(y) / (2 + atan(x)) + sqrt(1 + t * x^2) - (if x > y then x * y else y^1.5)
            }}
            data x = path.x(2)
            data y = path.y(1.3)"
        )
    };
    let [(made, explicit), (_, implicit)] =
        ["dormand_prince(rtol = 1e-9)", "rosenbrock(rtol = 1e-7, atol = 1e-7)"].map(|by| run(&text(by), 40));
    assert_eq!(made.columns().len(), 3);
    for (a, b) in explicit.values.iter().zip(&implicit.values) {
        assert!((a - b).abs() < 1e-4, "{a}, {b}");
    }
}

#[test]
fn an_equation_ends_where_it_meets_its_condition() {
    for by in ["by dormand_prince()", "by rosenbrock(rtol = 1e-7, atol = 1e-9)"] {
        let (made, table) = run(
            &format!(
                "param a ~ uniform(0.5, 1.5)
                param b ~ uniform(1.001, 4)
                dynamics growth over 0 .. 5 {by} {{
                    init x = 1
                    init y = 0
                    x' = a * x
                    y' = 1
                    stop when x >= b
                }}
                data end = growth.end
                data high = growth.x(growth.end)
                data early = growth.x(0.5 * growth.end)
                data late = growth.y(5)"
            ),
            100,
        );
        for row in (0..table.rows).map(|row| table.row(row)) {
            let of = |name: &str| row[column(&made, name)];
            let end = of("b").ln() / of("a");
            assert!(
                (of("end") - end).abs() < 5e-5 && (of("late") - end).abs() < 5e-5,
                "{} of {end}",
                of("end")
            );
            assert!((of("high") - of("b")).abs() < 5e-5 && (of("early") - of("b").sqrt()).abs() < 1e-4);
        }
    }
}

#[test]
fn bits_do_not_depend_on_how_the_work_is_divided() {
    let whole = simulator(&pond("")).run(5, 0..700, 1).unwrap();
    assert_eq!(whole, simulator(&pond("")).run(5, 0..700, 2).unwrap());
    for width in [64, 512] {
        assert_eq!(whole, simulator(&pond("")).with_width(width).run(5, 0..700, 1).unwrap());
    }
    for set in InstructionSet::available() {
        assert_eq!(whole, simulator(&pond("")).with_instructions(set).run(5, 0..700, 1).unwrap());
    }
}

/// `x' = x²` from 1 is 1 / (1 - t), and no longer a number at 1.
#[test]
fn what_grows_beyond_all_numbers_says_so() {
    let text = |by: &str| {
        format!(
            "param a ~ uniform(0.9, 1)
            dynamics blast over 0 .. 2 {by} {{
                init x = a
                x' = x^2
            }}
            data y = blast.x(2)"
        )
    };
    let reason = |by: &str| match simulator(&text(by)).run(3, 0..10, 1) {
        Err(Failure::NotFinite { draw: 0, reason: Some(reason), .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason("by rk4(step = 0.01)"), "`blast.x` is no finite number any more when `blast` ends");
    assert!(
        reason("").starts_with("`blast` is not solved to its tolerances in 20000 steps"),
        "{}",
        reason("")
    );
}

/// The last instant of a grid is its end, up to the rounding of sums of steps; a process is read there too.
#[test]
fn the_last_instant_is_read() {
    let (made, table) = run(
        "axis t : time(grid(from = 0, to = 0.6, step = 0.1))
        axis knot : time(grid(from = 0, to = 60, step = 5))
        param a ~ uniform(1, 2)
        param food(t) ~ gaussian_process(mean = 0, kernel = rbf(length = 7, scale = 1)) at knot
        dynamics path over 0 .. 0.6 {
            init x = 0
            x' = a
        }
        dynamics water over 0 .. 60 {
            init y = 0
            y' = food(t)
        }
        data seen[t] = path.x(t)
        data y = water.y(60)",
        20,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        assert!((row[column(&made, "seen[7]")] - 0.6 * row[column(&made, "a")]).abs() < 1e-6);
    }
}

/// An oral dose of 10 nmol/L and one of 10 mol/L are the same but for a factor: what is tolerated is no number of units.
#[test]
fn small_numbers_are_solved_as_well_as_large_ones() {
    for solver in ["dormand_prince()", "rosenbrock()"] {
        for size in [1e-8, 1.0, 1e12] {
            let (made, table) = run(
                &format!(
                    "param k ~ uniform(0.2999999, 0.3000001)
                 axis t : time(grid(from = 1, to = 12, step = 1))
                 dynamics a over 0 .. 12 by {solver} {{
                     init gut = {size}
                     init c = 0
                     gut' = -1.5 * gut
                     c' = 1.5 * gut - k * c
                 }}
                 data x[t] = a.c(t)"
                ),
                1,
            );
            for hour in 1..=12 {
                let t = f64::from(hour);
                let exact = size * 1.5 / 1.2 * ((-0.3 * t).exp() - (-1.5 * t).exp());
                let found = table.row(0)[column(&made, &format!("x[{hour}]"))];
                let bound = if solver.starts_with('r') { 3e-3 } else { 2e-5 };
                assert!((found / exact - 1.0).abs() < bound, "{solver} {size} {hour}: {found} {exact}");
            }
        }
    }
}

/// A chain of compartments that starts with all in the first: the others grow as powers of time, and have no size at first.
#[test]
fn a_chain_of_compartments_is_solved() {
    for solver in ["", "by rosenbrock()"] {
        let mut body = String::from("init x1 = 1\nx1' = -k * x1\n");
        for n in 2..=8 {
            body += &format!("init x{n} = 0\nx{n}' = k * x{} - k * x{n}\n", n - 1);
        }
        let (made, table) = run(
            &format!(
                "param k ~ uniform(0.9999999, 1.0000001)
                 dynamics a over 0 .. 10 {solver} {{
                     {body}
                 }}
                 data last = a.x8(7)"
            ),
            1,
        );
        let (found, exact) = (table.row(0)[column(&made, "last")], 7.0f64.powi(7) * (-7.0f64).exp() / 5040.0);
        assert!((found / exact - 1.0).abs() < 2e-3, "{solver}: {found}, not {exact}");
    }
}
