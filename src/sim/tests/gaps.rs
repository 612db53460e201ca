//! What differs from data set to data set: sizes, places and gaps.

use sbi_model::{AxisId, Model, NodeId, Role};
use sbi_sim::{Output, Simulator, Table};

fn model(body: &str) -> Model {
    let checked = sbi_model::compile(&format!("edition 2026\nmodel m {{\n{body}\n}}\n"), &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let model = file.models.into_iter().next().expect("a model");
    assert!(model.later.is_empty(), "{:#?}", model.later);
    model
}

/// Draws of all parameters, data and coordinates of the axis `t`, if there is one.
fn run(body: &str, draws: u64) -> (Vec<String>, Table) {
    let model = model(body);
    let tokens = (0..model.nodes.len()).map(NodeId);
    let tokens = tokens.filter(|id| matches!(model.node(*id).role, Role::Param | Role::Data));
    let elements =
        tokens.flat_map(|id| (0..model.elements(model.node(id))).map(move |k| Output::Element(id, k)));
    let times = model.axes.iter().enumerate().filter(|(_, axis)| axis.name == "t");
    let times = times.flat_map(|(id, axis)| (0..axis.size()).map(move |k| Output::Coordinate(AxisId(id), k)));
    let simulator = Simulator::of(&model, &elements.chain(times).collect::<Vec<_>>()).unwrap();
    let table = simulator.run(3, 0..draws, 2).unwrap();
    (simulator.columns().to_vec(), table)
}

fn place(columns: &[String], name: &str) -> usize {
    columns.iter().position(|known| known == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Sizes are uniform between their ends, and what is reduced is what there is.
#[test]
fn sets_have_their_sizes() {
    let (columns, table) = run(
        "axis trial : set(size = 3 .. 7)
        param mu ~ normal(0, 1)
        data x[trial] ~ normal(mu, 1)
        data sum = sum over trial (x[trial])
        data mean = mean over trial (x[trial])
        data most = max over trial (x[trial])
        data above = count over trial (x[trial] > 0)",
        20_000,
    );
    let mut sizes = [0.0; 8];
    for row in (0..table.rows).map(|row| table.row(row)) {
        let x: Vec<f64> = (1..=7).map(|k| row[place(&columns, &format!("x[{k}]"))]).collect();
        let size = x.iter().filter(|x| !x.is_nan()).count();
        assert!(x.iter().take(size).all(|x| x.is_finite()), "the last are absent: {x:?}");
        sizes[size] += 1.0 / table.rows as f64;
        let there = &x[..size];
        let sum: f64 = there.iter().sum();
        let of = |name: &str| row[place(&columns, name)];
        assert!((of("sum") - sum).abs() < 1e-12 && (of("mean") - sum / size as f64).abs() < 1e-12);
        assert_eq!(of("most"), there.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        assert_eq!(of("above"), there.iter().filter(|x| **x > 0.0).count() as f64);
    }
    // A share of a fifth among 20,000 is off by .0028.
    assert!(
        sizes[3..].iter().all(|share| (share - 0.2).abs() < 0.014) && sizes[..3] == [0.0; 3],
        "{sizes:?}"
    );
}

/// Instants are sorted and uniform: the k-th of n has mean k / (n + 1) of the span; a curve is read at each draw's own.
#[test]
fn scattered_instants_are_uniform_and_sorted() {
    let (columns, table) = run(
        "axis t : time(scattered(n = 3 .. 5, over = 2 .. 12))
        param a ~ uniform(1, 2)
        dynamics path over 0 .. 12 by rk4(step = 0.5) {
            init x = 0
            x' = a
        }
        data seen[t] = path.x(t)
        data area = integral over t (seen[t])
        data gain[t] = gained(path.x, t)",
        20_000,
    );
    let mut means = [[0.0; 5]; 6];
    let mut counts = [0.0; 6];
    for row in (0..table.rows).map(|row| table.row(row)) {
        let of = |name: String| row[place(&columns, &name)];
        let times: Vec<f64> = (1..=5).map(|k| of(format!("t[{k}]"))).filter(|t| !t.is_nan()).collect();
        assert!(
            times.windows(2).all(|pair| pair[0] < pair[1]) && times[0] > 2.0 && times[times.len() - 1] < 12.0
        );
        counts[times.len()] += 1.0;
        let a = of("a".into());
        let mut before = 0.0;
        for (k, time) in times.iter().enumerate() {
            means[times.len()][k] += time;
            assert!((of(format!("seen[{}]", k + 1)) - a * time).abs() < 1e-9);
            assert!((of(format!("gain[{}]", k + 1)) - a * (time - before)).abs() < 1e-9);
            before = *time;
        }
        assert!((times.len()..5).all(|k| of(format!("seen[{}]", k + 1)).is_nan()));
        let area: f64 = times.windows(2).map(|t| a * (t[1] * t[1] - t[0] * t[0]) / 2.0).sum();
        assert!((of("area".into()) - area).abs() < 1e-8);
    }
    for n in 3..=5usize {
        for (k, sum) in means[n].iter().enumerate().take(n) {
            let (mean, exact) = (sum / counts[n], 2.0 + 10.0 * (k + 1) as f64 / (n + 1) as f64);
            // The sd of each is below 2.6, of which the mean of some 6,600 has an eightieth.
            assert!((mean - exact).abs() < 0.14, "{k} of {n}: {mean}, not {exact}");
        }
    }
}

/// The share of draws in which elements are missing together, by statement.
fn share(body: &str, both: [&str; 2]) -> [f64; 3] {
    let (columns, table) = run(body, 20_000);
    let [a, b] = both.map(|name| place(&columns, name));
    let rows = || (0..table.rows).map(|row| table.row(row));
    let count =
        |test: &dyn Fn(&[f64]) -> bool| rows().filter(|row| test(row)).count() as f64 / table.rows as f64;
    [
        count(&|row| row[a].is_nan()),
        count(&|row| row[b].is_nan()),
        count(&|row| row[a].is_nan() && row[b].is_nan()),
    ]
}

fn near(found: [f64; 3], exact: [f64; 3]) {
    // Shares of 20,000 are off by .0035 at most.
    assert!(found.iter().zip(exact).all(|(a, b)| (a - b).abs() < 0.018), "{found:?}, not {exact:?}");
}

#[test]
fn gaps_are_as_declared() {
    let head = "axis i : set(size = 6)\nparam mu ~ normal(0, 1)\n";
    let data = "data x[i] ~ normal(mu, 1)\ndata y[i] ~ normal(mu, 1)\n";
    let model = |rest: &str| format!("{head}modality both {{\n{data}}}\n{rest}\n");
    near(share(&model("missing x[i] with probability 30%"), ["x[1]", "x[2]"]), [0.3, 0.3, 0.09]);
    near(share(&model("missing both[i] with probability 30%"), ["x[1]", "y[1]"]), [0.3, 0.3, 0.3]);
    near(share(&model("missing both[i] with probability 30%"), ["x[1]", "y[2]"]), [0.3, 0.3, 0.09]);
    near(share(&model("missing all both with probability 30%"), ["x[1]", "y[5]"]), [0.3, 0.3, 0.3]);
    // A rate uniform from 0 to 40 % has mean .2 and mean square .16 / 3.
    let drawn = "missing x[i] with probability uniform(0%, 40%)";
    near(share(&model(drawn), ["x[1]", "x[2]"]), [0.2, 0.2, 0.16 / 3.0]);
    let twice = "missing x[i] with probability 50%\nmissing all x with probability 50%";
    near(share(&model(twice), ["x[1]", "x[2]"]), [0.75, 0.75, 0.5 + 0.5 * 0.25]);
}

#[test]
fn gaps_along_a_series_hang_together() {
    let model = |rest: &str| {
        format!(
            "axis t : time(grid(from = 0, to = 5, step = 1))
            param mu ~ normal(0, 1)
            data x[t] ~ normal(mu, 1)
            {rest}"
        )
    };
    let blocks = model("missing x[t] in blocks(of = 2) with probability 30%");
    near(share(&blocks, ["x[1]", "x[2]"]), [0.3, 0.3, 0.3]);
    near(share(&blocks, ["x[2]", "x[3]"]), [0.3, 0.3, 0.09]);
    // The last instant that is there is uniform over six: the third is missing where it is the first or the second.
    let tail = model("missing x[t] in tail with probability 60%");
    near(share(&tail, ["x[3]", "x[6]"]), [0.2, 0.5, 0.2]);
    near(share(&tail, ["x[1]", "x[2]"]), [0.0, 0.1, 0.0]);
}

/// Axes of one node have sizes of their own, and a modality has gaps of its own beside those of its first datum.
#[test]
fn what_is_drawn_for_one_is_not_drawn_for_another() {
    let (columns, table) = run(
        "axis i : set(size = 2 .. 6)
        axis j : set(size = 2 .. 6)
        param mu ~ normal(0, 1)
        data x[i, j] ~ normal(mu, 1)
        data rows = count over i (mu < 9)
        data lines = count over j (mu < 9)",
        4_000,
    );
    let [rows, lines] = ["rows", "lines"].map(|name| place(&columns, name));
    let same = (0..table.rows).filter(|row| table.row(*row)[rows] == table.row(*row)[lines]).count();
    assert!((same as f64 / 4_000.0 - 0.2).abs() < 0.04, "{same}");
    let both = "axis i : set(size = 6)
        param mu ~ normal(0, 1)
        modality both {
            data x[i] ~ normal(mu, 1)
            data y[i] ~ normal(mu, 1)
        }
        missing both[i] with probability 30%
        missing x[i] with probability 30%";
    near(share(both, ["x[1]", "y[1]"]), [0.51, 0.3, 0.3]);
}
