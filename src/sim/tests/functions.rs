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
