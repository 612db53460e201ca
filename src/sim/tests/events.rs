//! `when` in equations that are solved to tolerances: when it happens, and what of it is read.

use crate::dynamics::{column, run, simulator};

const SOLVERS: [(&str, f64); 2] =
    [("by dormand_prince()", 1e-5), ("by rosenbrock(rtol = 1e-7, atol = 1e-9)", 2e-4)];

/// A ball that falls from a height `h` under `g = 10` is back on the ground after `√(2 h / 10)`, and with a share `r` of its
/// speed it then flies `2 r v / 10`, `2 r² v / 10`, …, to heights `r² h`, `r⁴ h`, …
#[test]
fn a_ball_bounces_when_it_should() {
    for (by, tolerance) in SOLVERS {
        let (made, table) = run(
            &format!(
                "param h ~ uniform(1, 3)
                param r ~ uniform(0.7, 0.9)
                dynamics ball over 0 .. 2.2 {by} {{
                    init y = h
                    init v = 0
                    init bounces = 0
                    init first = 0
                    init second = 0
                    y' = v
                    v' = -10
                    when y <= 0 and v < 0 {{
                        v = -r * v
                        second = if bounces == 1 then t else second
                        first = if bounces == 0 then t else first
                        bounces = bounces + 1
                    }}
                }}
                data first = ball.first(2.2)
                data second = ball.second(2.2)
                data bounces = ball.bounces(2.2)
                param top = sqrt(h / 5) * (1 + r)
                data high = ball.y(top)
                data end = ball.y(2.2)"
            ),
            100,
        );
        for row in (0..table.rows).map(|row| table.row(row)) {
            let of = |name: &str| row[column(&made, name)];
            let (h, r) = (of("h"), of("r"));
            // When it is on the ground, with the speed behind it, until the next is too late.
            let (mut time, mut speed) = ((h / 5.0).sqrt(), r * (20.0 * h).sqrt());
            let mut times = Vec::new();
            while time < 2.2 {
                times.push((time, speed));
                (time, speed) = (time + speed / 5.0, r * speed);
            }
            let second = times.get(1).map_or(0.0, |(time, _)| *time);
            assert!((of("first") - times[0].0).abs() < tolerance, "{by}: {} of {}", of("first"), times[0].0);
            assert!((of("second") - second).abs() < tolerance, "{by}: {} of {second}", of("second"));
            assert_eq!(of("bounces"), times.len() as f64, "{by}");
            assert!((of("high") - r * r * h).abs() < tolerance, "{by}: {} of {}", of("high"), r * r * h);
            let (last, speed) = times[times.len() - 1];
            let flown = 2.2 - last;
            let end = speed * flown - 5.0 * flown * flown;
            assert!((of("end") - end).abs() < 10.0 * tolerance, "{by}: {} of {end}", of("end"));
        }
    }
}

/// A drug that leaves at a rate `k` is given anew whenever it has fallen to a quarter: every `ln(4) / k`.
#[test]
fn a_dose_is_given_at_a_threshold() {
    for (by, tolerance) in SOLVERS {
        let (made, table) = run(
            &format!(
                "axis t : time(grid(from = 0, to = 19.5, step = 1.3))
                param k ~ uniform(0.3, 1.5)
                dynamics blood over 0 .. 20 {by} {{
                    init level = 1
                    init doses = 0
                    level' = -k * level
                    when level < 0.25 {{
                        level = level + 0.75
                        doses = doses + 1
                    }}
                    stop when doses >= 15 or t >= 19.9
                }}
                data level[t] = blood.level(t)
                data doses = blood.doses(blood.end)
                data end = blood.end"
            ),
            100,
        );
        let mut stopped = 0;
        for row in (0..table.rows).map(|row| table.row(row)) {
            let of = |name: &str| row[column(&made, name)];
            let (k, every) = (of("k"), 4f64.ln() / of("k"));
            let end = (15.0 * every).min(19.9);
            stopped += usize::from(end < 19.9);
            assert!((of("end") - end).abs() < 20.0 * tolerance, "{by}: {} of {end}", of("end"));
            assert_eq!(of("doses"), ((end + 1e-9) / every).floor().min(15.0), "{by}");
            for place in 0..16 {
                let time = 1.3 * f64::from(place);
                let since = time - (time / every).floor() * every;
                // Beside a dose, and behind the end, it is another level.
                if since > 0.01 && every - since > 0.01 && time < end {
                    let found = of(&format!("level[{}]", place + 1));
                    assert!((found - (-k * since).exp()).abs() < 20.0 * tolerance, "{by} at {time}: {found}");
                }
            }
        }
        assert!(stopped > 10, "{stopped}");
    }
}

/// What happens at a moment of the clock happens then, in the order written, and once.
#[test]
fn the_clock_starts_what_is_written() {
    let (made, table) = run(
        "param a ~ uniform(0.5, 3.5)
        dynamics tank over 0 .. 5 by dormand_prince() {
            init x = 0
            init rate = 0
            x' = rate
            when t >= a {
                rate = 1
            }
            when rate > 0 {
                x = 7
            }
            when t >= a + 1 {
                rate = -1
            }
        }
        data x = tank.x(5)
        data before = tank.x(0.4)",
        100,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        let of = |name: &str| row[column(&made, name)];
        let exact = 7.0 + 1.0 - (5.0 - of("a") - 1.0);
        assert!((of("x") - exact).abs() < 1e-7, "{} of {exact}", of("x"));
        assert_eq!(of("before"), 0.0);
    }
}

/// A draw's events are its own: however wide columns are, and whoever stands beside it.
#[test]
fn events_of_one_draw_leave_others_alone() {
    let text = "param a ~ uniform(0.5, 3)
        dynamics tank over 0 .. 9 by dormand_prince() {
            init x = 1
            x' = a * x
            when x >= 10 {
                x = 1
            }
        }
        data x = tank.x(9)";
    let whole = simulator(text).run(5, 0..700, 1).unwrap();
    assert_eq!(whole, simulator(text).with_width(64).run(5, 0..700, 2).unwrap());
    let single = simulator(text).run(5, 300..301, 1).unwrap();
    assert_eq!(whole.row(300), single.row(0));
}
