//! Jump processes against their exact laws.

use crate::dynamics::{column, run, simulator};
use sbi_sim::{Failure, InstructionSet};
use statrs::distribution::{Binomial, Discrete, Poisson};

const DRAWS: u64 = 40_000;

/// The chi-squared statistic over its degrees of freedom of counts against their law, tails joined.
fn chi_squared(counts: &[f64], law: impl Fn(u64) -> f64) -> f64 {
    let most = counts.iter().fold(0.0f64, |a, b| a.max(*b)) as u64;
    let (mut sum, mut cells, mut seen, mut wanted) = (0.0, 0.0, 0.0, 0.0);
    for k in 0..=most {
        seen += counts.iter().filter(|x| **x == k as f64).count() as f64;
        wanted += law(k) * counts.len() as f64;
        if wanted > 30.0 {
            sum += (seen - wanted).powi(2) / wanted;
            (cells, seen, wanted) = (cells + 1.0, 0.0, 0.0);
        }
    }
    sum / (cells - 1.0)
}

/// Immigration at rate 6 and death at rate .5 each: at every time a Poisson count of mean 12 (1 - e^(-t / 2)), and two times
/// are correlated by e^(-.5).
#[test]
fn immigration_and_death() {
    let (made, table) = run(
        "param rate ~ uniform(5.999999, 6.000001)
        dynamics town over 0 .. 6 by gillespie(max = 1000) {
            init n = 0
            jump at rate rate {
n = n + 1
}
            jump at rate 0.5 * n {
n = n - 1
}
        }
        data one = town.n(1)
        data two = town.n(2)
        data six = town.n(6)
        data end = town.n(town.end)
        data none = town.n(0)",
        DRAWS,
    );
    let of = |name: &str| {
        let place = column(&made, name);
        (0..table.rows).map(|row| table.row(row)[place]).collect::<Vec<f64>>()
    };
    for (name, time) in [("one", 1.0f64), ("two", 2.0), ("six", 6.0)] {
        let law = Poisson::new(12.0 * (1.0 - (-0.5 * time).exp())).unwrap();
        let statistic = chi_squared(&of(name), |k| law.pmf(k));
        assert!(statistic < 2.2, "{name}: {statistic}");
    }
    assert_eq!(of("six"), of("end"));
    assert!(of("none").iter().all(|n| *n == 0.0));
    // The covariance of n(1) and n(2) is the variance of n(1), times e^(-.5).
    let (one, two) = (of("one"), of("two"));
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (m1, m2) = (mean(&one), mean(&two));
    let product = one.iter().zip(&two).map(|(a, b)| (a - m1) * (b - m2)).sum::<f64>() / one.len() as f64;
    let exact = 12.0 * (1.0 - (-0.5f64).exp()) * (-0.5f64).exp();
    assert!((product - exact).abs() < 0.1, "{product}, not {exact}");
}

/// Pure death: each of twenty survives by itself, and the last is gone when the process stops.
#[test]
fn a_process_stops() {
    let (made, table) = run(
        "param rate ~ uniform(0.999999, 1.000001)
        dynamics decay over 0 .. 60 by gillespie(max = 20) {
            init n = 20
            jump at rate rate * n {
n = n - 1
}
            stop when n <= 0
        }
        data half = decay.n(0.7)
        data end = decay.end
        data left = decay.n(decay.end)",
        DRAWS,
    );
    let of = |name: &str| {
        let place = column(&made, name);
        (0..table.rows).map(|row| table.row(row)[place]).collect::<Vec<f64>>()
    };
    let law = Binomial::new((-0.7f64).exp(), 20).unwrap();
    let statistic = chi_squared(&of("half"), |k| law.pmf(k));
    assert!(statistic < 2.2, "{statistic}");
    assert!(of("left").iter().all(|n| *n == 0.0));
    // The largest of twenty exponential times: (1 - e^(-t))^20.
    let end = of("end");
    for time in [2.0f64, 3.0, 4.0, 6.0] {
        let below = end.iter().filter(|x| **x < time).count() as f64 / end.len() as f64;
        let exact = (1.0 - (-time).exp()).powi(20);
        assert!((below - exact).abs() < 0.01, "{below}, not {exact} at {time}");
    }
}

/// The states jump one by one as well as by short leaps: a final size of an epidemic, by both.
#[test]
fn leaps_agree_with_jumps() {
    let epidemic = |by: &str| {
        format!(
            "param beta ~ uniform(0.4999, 0.5001)
            dynamics town over 0 .. 30 {by} {{
                init s = 490
                init i = 10
                jump at rate beta * s * i / 500 {{
                    s = s - 1
                    i = i + 1
                }}
                jump at rate 0.2 * i {{
i = i - 1
}}
            }}
            data half = town.s(15)
            data rest = town.s(30)"
        )
    };
    let moments = |by: &str| {
        let (made, table) = run(&epidemic(by), 4_000);
        ["half", "rest"].map(|name| {
            let place = column(&made, name);
            let x: Vec<f64> = (0..table.rows).map(|row| table.row(row)[place]).collect();
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            let sd = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt();
            [mean, sd]
        })
    };
    let [exact, leaps] = ["by gillespie(max = 2000)", "by tau_leap(step = 0.05)"].map(moments);
    for ([m, s], [n, r]) in exact.iter().zip(leaps) {
        // Means of 4,000 are off by s / 63 each; a leap of .05 adds a bias below that.
        assert!((m - n).abs() < 6.0 * s / 63.0 && (s / r - 1.0).abs() < 0.08, "{exact:?}, {leaps:?}");
    }
}

#[test]
fn bits_do_not_depend_on_how_the_work_is_divided() {
    let text = "param rate ~ uniform(1, 6)
        axis t : time(grid(from = 1, to = 6, step = 1))
        dynamics town over 0 .. 6 by gillespie(max = 1000) {
            init n = 0
            jump at rate rate {
n = n + 1
}
            jump at rate 0.5 * n {
n = n - 1
}
        }
        data seen[t] = town.n(t)";
    let whole = simulator(text).run(5, 0..1_500, 1).unwrap();
    assert_eq!(whole, simulator(text).run(5, 0..1_500, 2).unwrap());
    for width in [64, 128, 512] {
        assert_eq!(whole, simulator(text).with_width(width).run(5, 0..1_500, 1).unwrap());
    }
    for set in InstructionSet::available() {
        assert_eq!(whole, simulator(text).with_instructions(set).run(5, 0..1_500, 1).unwrap());
    }
}

#[test]
fn what_jumps_too_often_or_at_no_rate_fails() {
    for (rate, max) in [("50 * a", 100), ("a - 5", 1000)] {
        let text = format!(
            "param a ~ uniform(1, 2)
            dynamics town over 0 .. 6 by gillespie(max = {max}) {{
                init n = 0
                jump at rate {rate} {{
n = n + 1
}}
            }}
            data y = town.n(6)"
        );
        let Err(Failure::NotFinite { reason, .. }) = simulator(&text).run(3, 0..10, 1) else {
            panic!("{rate}")
        };
        let often = format!("`town` jumps more than {max} times");
        let told = if max == 100 { often } else { "a rate of `town` is below zero, or no number".to_owned() };
        assert_eq!(reason, Some(told));
    }
}

/// A leap takes no more than there is: pure death, immigration and death, and an epidemic that dies out end at zero.
#[test]
fn leaps_take_no_more_than_there_is() {
    let (made, table) = run(
        "param rate ~ uniform(0.9999, 1.0001)
        dynamics decay over 0 .. 20 by tau_leap(step = 0.1) {
            init n = 10
            jump at rate rate * n { n = n - 1 }
        }
        dynamics town over 0 .. 20 by tau_leap(step = 0.02) {
            init n = 0
            jump at rate 5 { n = n + 1 }
            jump at rate 0.5 * n { n = n - 1 }
        }
        data half = decay.n(1)
        data end = decay.n(20)
        data folk = town.n(20)",
        20_000,
    );
    let mean = |name: &str| {
        let place = column(&made, name);
        (0..table.rows).map(|row| table.row(row)[place]).sum::<f64>() / table.rows as f64
    };
    assert_eq!(mean("end"), 0.0);
    // Each step of a tenth keeps nine tenths; the mean of 20,000 counts of sd 1.5 is off by .011.
    assert!((mean("half") - 10.0 * 0.9f64.powi(10)).abs() < 0.1, "{}", mean("half"));
    assert!((mean("folk") - 10.0).abs() < 0.12, "{}", mean("folk"));
}

/// At a time that each draw has by itself, a pure birth process of rate `b` has grown by `e^{b t}` on average; crossings of a
/// level are one or none.
#[test]
fn jumps_are_read_at_any_time() {
    const DRAWS: u64 = 20_000;
    let (made, table) = run(
        "param when ~ uniform(0, 2)
        dynamics births over 0 .. 2 by gillespie(max = 10_000) {
            init n = 4
            jump at rate 0.7 * n {
                n = n + 1
            }
        }
        dynamics sum over 0 .. 2 by euler_maruyama(step = 0.002) {
            noise w
            init x = 0
            x' = births.n(t) + 0 * w
        }
        data n = births.n(when)
        data start = births.n(0)
        data end = births.n(2)
        data risen = crossings(births.n, level = 8.5)
        data area = sum.x(2)",
        DRAWS,
    );
    let of = |name: &str| column(&made, name);
    let (mut off, mut square) = (0.0, 0.0);
    let mut area = 0.0;
    for row in (0..table.rows).map(|row| table.row(row)) {
        let (n, end) = (row[of("n")], row[of("end")]);
        assert!(row[of("start")] == 4.0 && n >= 4.0 && n <= end && n.fract() == 0.0);
        assert_eq!(row[of("risen")], f64::from(u8::from(end >= 9.0)));
        let apart = n - 4.0 * (0.7 * row[of("when")]).exp();
        (off, square) = (off + apart, square + apart * apart);
        area += row[of("area")];
    }
    let draws = DRAWS as f64;
    let error = (square / draws).sqrt() / draws.sqrt();
    assert!((off / draws).abs() < 4.0 * error, "{} +- {error}", off / draws);
    // The integral of the mean, 4 (e^{1.4} - 1) / 0.7; its deviation is some 6.5, and Euler's sum is short by half a step of rise.
    let exact = 4.0 * (1.4f64.exp() - 1.0) / 0.7;
    assert!((area / draws - exact).abs() < 4.0 * 7.0 / draws.sqrt() + 0.02, "{} of {exact}", area / draws);
}

/// What has stopped stays as it was then, at any time.
#[test]
fn jumps_that_have_stopped_are_read_at_any_time() {
    let (made, table) = run(
        "param when ~ uniform(0, 50)
        dynamics births over 0 .. 50 by gillespie(max = 10_000) {
            init n = 4
            jump at rate n {
                n = n + 1
            }
            stop when n >= 30
        }
        data n = births.n(when)
        data end = births.end",
        500,
    );
    let of = |name: &str| column(&made, name);
    for row in (0..table.rows).map(|row| table.row(row)) {
        let (n, over) = (row[of("n")], row[of("when")] >= row[of("end")]);
        assert!(if over { n == 30.0 } else { (4.0..30.0).contains(&n) }, "{n}");
    }
}
