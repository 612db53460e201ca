//! Functions of time: the covariance of a process, what a dynamics sees of it, and fixed functions from files.

use crate::dynamics::{column, run};
use sbi_model::{NodeId, ReadError, Role, World};
use sbi_sim::Simulator;

/// The covariance of draws at all pairs of times against the kernel: entries of 20,000 draws are off by 1/140 of the
/// variance each, so five of those are allowed.
#[test]
fn a_process_has_its_covariance() {
    const DRAWS: u64 = 20_000;
    type Kernel = fn(f64) -> f64;
    let kernels: [(&str, Kernel); 5] = [
        ("rbf(length = 2, scale = 1.5)", |d| (-0.5 * (d / 2.0).powi(2)).exp()),
        ("matern(length = 2, scale = 1.5, nu = 0.5)", |d| (-d / 2.0).exp()),
        ("matern(length = 2, scale = 1.5, nu = 1.5)", |d| {
            let r = 3f64.sqrt() * d / 2.0;
            (1.0 + r) * (-r).exp()
        }),
        ("matern(length = 2, scale = 1.5, nu = 2.5)", |d| {
            let r = 5f64.sqrt() * d / 2.0;
            (1.0 + r + r * r / 3.0) * (-r).exp()
        }),
        ("periodic(length = 1.2, scale = 1.5, period = 5)", |d| {
            (-2.0 * (std::f64::consts::PI * d / 5.0).sin().powi(2) / 1.44).exp()
        }),
    ];
    for (kernel, exact) in kernels {
        let (made, table) = run(
            &format!(
                "axis knot : time(grid(from = 0, to = 8, step = 1))
                param f(t) ~ gaussian_process(mean = 3, kernel = {kernel}) at knot
                dynamics sum over 0 .. 8 by rk4(step = 0.5) {{
                    init x = 0
                    x' = f(t)
                }}
                data half = f(2.5)
                data total = sum.x(8)"
            ),
            DRAWS,
        );
        let place = |time: f64| match time {
            2.5 => column(&made, "half"),
            whole => column(&made, &format!("f[{}]", whole as usize + 1)),
        };
        let times = [0.0, 1.0, 2.0, 2.5, 3.0, 8.0];
        for s in times {
            for t in times {
                let (a, b) = (place(s), place(t));
                let products =
                    (0..table.rows).map(|row| table.row(row)).map(|row| (row[a] - 3.0) * (row[b] - 3.0));
                let found = products.sum::<f64>() / DRAWS as f64 / 2.25;
                assert!((found - exact((s - t).abs())).abs() < 5.0 / 140.0, "{kernel}, {s} and {t}: {found}");
            }
        }
    }
}

/// A dynamics sees the very process that is read elsewhere: by the classical method an integral over a function of time is
/// Simpson's rule.
#[test]
fn a_dynamics_sees_the_process_at_its_own_steps() {
    let (made, table) = run(
        "axis knot : time(grid(from = 0, to = 4, step = 0.25))
        param f(t) ~ gaussian_process(mean = 0, kernel = matern(length = 1, scale = 2, nu = 1.5))
            |> between(0, 1) at knot
        dynamics sum over 0 .. 4 by rk4(step = 0.5) {
            init x = 0
            let seen = f(t)
            x' = seen
        }
        dynamics free over 0 .. 4 by dormand_prince(rtol = 1e-8, atol = 1e-8) {
            init x = 0
            let seen = f(t)
            x' = seen
        }
        data total = sum.x(4)
        data smooth = free.x(4)",
        200,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        let f = |k: usize| row[column(&made, &format!("f[{}]", k + 1))];
        let simpson: f64 = (0..8).map(|k| (f(2 * k) + 4.0 * f(2 * k + 1) + f(2 * k + 2)) / 12.0).sum();
        assert!((row[column(&made, "total")] - simpson).abs() < 1e-12);
        assert!((row[column(&made, "smooth")] - simpson).abs() < 0.05);
        assert!((0..17).all(|k| (0.0..1.0).contains(&f(k))));
    }
}

/// At times that each draw has by itself, a smooth process lies on the curve through its neighbours.
#[test]
fn a_process_is_read_at_any_time() {
    let (made, table) = run(
        "axis knot : time(grid(from = 0, to = 10, step = 0.25))
        param f(t) ~ gaussian_process(mean = 0, kernel = rbf(length = 2, scale = 1)) at knot
        param when ~ uniform(0.3, 9.7)
        dynamics clock over 0 .. 10 by rk4(step = 0.25) {
            init x = 0
            x' = f(t)
        }
        data seen = f(when)",
        500,
    );
    for row in (0..table.rows).map(|row| table.row(row)) {
        let when = row[column(&made, "when")] / 0.25;
        let f = |k: usize| row[column(&made, &format!("f[{}]", k + 1))];
        let (k, s) = (when as usize, when.fract());
        let line = f(k) + s * (f(k + 1) - f(k));
        let bend = (f(k + 1) - 2.0 * f(k) + f(k - 1)).abs().max(0.01);
        assert!((row[column(&made, "seen")] - line).abs() < bend, "{when}");
    }
}

struct Tide;

impl World for Tide {
    fn read(&self, _: &str) -> Result<Vec<u8>, ReadError> {
        Ok(b"t,height\n0,1\n2,5\n3,4\n".to_vec())
    }
}

/// A function from a file is linear between its times, and stays at its ends.
#[test]
fn a_function_from_a_file_is_read() {
    let text = "edition 2026
model m {
    const height(t) from \"tide.csv\"
    param a ~ uniform(-1, 4)
    dynamics pool over 0 .. 3 by rk4(step = 0.5) {
        init x = 0
        x' = height(t)
    }
    data seen = height(a)
    data fixed = height(2.5)
    data total = pool.x(3)
}
";
    let checked = sbi_model::compile(text, &Tide);
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let model = &file.models[0];
    assert!(model.later.is_empty(), "{:#?}", model.later);
    let tokens = (0..model.nodes.len()).map(NodeId);
    let tokens = tokens.filter(|id| matches!(model.node(*id).role, Role::Param | Role::Data));
    let outputs: Vec<_> = tokens.map(|id| (id, 0)).collect();
    let table = Simulator::new(model, &outputs).unwrap().run(3, 0..100, 1).unwrap();
    for row in (0..table.rows).map(|row| table.row(row)) {
        let [a, seen, fixed, total] = row else { panic!("four columns") };
        let exact = if *a < 2.0 { 1.0 + 2.0 * a.max(0.0) } else { 5.0 - (a - 2.0).min(1.0) };
        assert!((seen - exact).abs() < 1e-12 && (fixed - 4.5).abs() < 1e-12, "{row:?}");
        // The kink at 2 is a step's end: 1 to 5 over two, 5 to 4 over one.
        assert!((total - 10.5).abs() < 1e-12, "{total}");
    }
}

/// A length that each draw has by itself: given it, products of values at two times have the kernel as their mean. Entries of
/// 20,000 draws are off by 1/140 of the variance each, so five of those are allowed, also where they are weighted by the length.
#[test]
fn a_kernel_has_the_length_that_is_drawn() {
    const DRAWS: u64 = 20_000;
    type Kernel = fn(f64, f64, f64) -> f64;
    let (made, table) = run(
        "axis knot : time(grid(from = 0, to = 6, step = 0.5))
        param l ~ uniform(1, 3)
        param p ~ uniform(4, 6)
        param s ~ uniform(1, 2)
        param smooth(t) ~ gaussian_process(mean = 1, kernel = rbf(length = l, scale = s)) at knot
        param turns(t) ~ gaussian_process(mean = 0, kernel = periodic(length = 1.2, scale = s, period = p)) at knot
        dynamics sum over 0 .. 6 by rk4(step = 0.5) {
            init x = 0
            x' = smooth(t)
        }
        data x = sum.x(6)",
        DRAWS,
    );
    let of = |name: &str| column(&made, name);
    let kernels: [(&str, f64, Kernel); 2] = [
        ("smooth", 1.0, |d, l, _| (-0.5 * (d / l).powi(2)).exp()),
        ("turns", 0.0, |d, _, p| (-2.0 * (std::f64::consts::PI * d / p).sin().powi(2) / 1.44).exp()),
    ];
    for (name, mean, kernel) in kernels {
        for (first, second) in [(0, 0), (0, 2), (1, 9), (4, 12)] {
            let distance = 0.5 * f64::from(second - first);
            let [mut plain, mut weighted] = [0.0; 2];
            for row in (0..table.rows).map(|row| table.row(row)) {
                let [a, b] =
                    [first, second].map(|k| (row[of(&format!("{name}[{}]", k + 1))] - mean) / row[of("s")]);
                let apart = a * b - kernel(distance, row[of("l")], row[of("p")]);
                plain += apart / DRAWS as f64;
                weighted += apart * (row[of("l")] + row[of("p")] - 7.0) / DRAWS as f64;
            }
            assert!(plain.abs() < 5.0 / 140.0, "{name} at {distance}: {plain}");
            assert!(weighted.abs() < 5.0 / 140.0, "{name} at {distance}, by length: {weighted}");
        }
    }
    // The dynamics sees the same function: of its half steps it has those between the knots alone.
    let row = table.row(0);
    let knots: f64 = (1..13).map(|k| row[of(&format!("smooth[{}]", k + 1))]).sum::<f64>() * 0.5;
    assert!((row[of("x")] - knots).abs() < 1.0, "{} beside {knots}", row[of("x")]);
    let whole = run_of("by rk4(step = 0.5)").run(5, 0..70, 1).unwrap();
    assert_eq!(whole.row(33), run_of("by rk4(step = 0.5)").with_width(64).run(5, 33..34, 1).unwrap().row(0));
}

fn run_of(by: &str) -> Simulator {
    crate::dynamics::simulator(&format!(
        "param l ~ uniform(1, 3)
        axis knot : time(grid(from = 0, to = 6, step = 0.5))
        param f(t) ~ gaussian_process(mean = 0, kernel = matern(length = l, scale = 1, nu = 1.5)) at knot
        dynamics sum over 0 .. 6 {by} {{
            init x = 0
            x' = f(t)
        }}
        data x = sum.x(6)"
    ))
}

/// A factor for each draw is no matter of a thousand times.
#[test]
fn many_times_with_a_length_that_is_drawn_are_refused() {
    let text = "edition 2026
model m {
    axis knot : time(grid(from = 0, to = 6, step = 0.5))
    param l ~ uniform(1, 3)
    param f(t) ~ gaussian_process(mean = 0, kernel = rbf(length = l, scale = 1)) at knot
    dynamics sum over 0 .. 6 by rk4(step = 0.01) {
        init x = 0
        x' = f(t)
    }
    data x = sum.x(6)
}
";
    let file = sbi_model::compile(text, &()).file.expect("a sound file");
    let told = Simulator::new(&file.models[0], &[(NodeId(0), 0)]).err().expect("1201 times");
    assert!(told.message.contains("`f` is drawn at 1201 times"), "{}", told.message);
}
