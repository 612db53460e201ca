//! The examples, from their files: what comes out has the law that they state.

use crate::dynamics::predator_and_prey;
use crate::models::two_moons;
use crate::rng::kolmogorov;
use sbi_model::{AxisId, AxisKind, Graph, Model, ReadError, World, compile};
use sbi_sim::{Output, Simulator, Table};
use statrs::distribution::Normal;
use std::path::{Path, PathBuf};

struct Examples(PathBuf);

impl World for Examples {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        std::fs::read(self.0.join(path)).map_err(|error| ReadError::Other(error.to_string()))
    }
}

/// The model of an example.
pub(crate) fn model(name: &str) -> Model {
    let examples = Examples(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples"));
    let text = std::fs::read_to_string(examples.0.join(name)).unwrap();
    let checked = compile(&text, &examples);
    let file = checked.file.unwrap_or_else(|| panic!("{name}: {:?}", checked.diagnostics));
    file.models.into_iter().next().expect("an example has a model")
}

/// The first draws of the tokens of an example's model, under seed 1.
fn simulate(name: &str, draws: u64) -> Table {
    let model = model(name);
    let tokens = Graph::of(&model).tokens;
    let outputs: Vec<_> = tokens.iter().map(|token| (token.node, token.element)).collect();
    let simulator = Simulator::new(&model, &outputs).unwrap();
    assert!(simulator.columns().iter().eq(tokens.iter().map(|token| &token.name)));
    simulator.run(1, 0..draws, 2).unwrap()
}

/// Draws of all that comes out of an example's model: tokens, then the times that differ between draws.
fn simulate_all(name: &str, draws: u64) -> (Vec<String>, Table) {
    let model = model(name);
    let tokens = Graph::of(&model).tokens;
    let tokens = tokens.iter().map(|token| Output::Element(token.node, token.element));
    let simulator = Simulator::of(&model, &tokens.chain(times(&model)).collect::<Vec<_>>()).unwrap();
    (simulator.columns().to_vec(), simulator.run(1, 0..draws, 2).unwrap())
}

/// The times that differ between the draws of a model.
pub(crate) fn times(model: &Model) -> impl Iterator<Item = Output> {
    let axes = (0..model.axes.len()).map(AxisId);
    let scattered = axes.filter(|id| matches!(model.axis(*id).kind, AxisKind::Scattered { .. }));
    scattered.flat_map(|id| (0..model.axis(id).size()).map(move |k| Output::Coordinate(id, k)))
}

pub(crate) fn rows(table: &Table) -> impl Iterator<Item = &[f64]> {
    (0..table.rows).map(|row| table.row(row))
}

#[test]
fn two_moons_from_its_file_is_the_model_made_by_hand() {
    let (model, nodes) = two_moons();
    assert_eq!(simulate("two_moons.sbi", 100), model.simulator(&nodes).run(1, 0..100, 1).unwrap());
}

#[test]
fn linear_gaussian_adds_noise_of_a_tenth() {
    let table = simulate("linear_gaussian.sbi", 4_000);
    let standard = Normal::new(0.0, 0.1f64.sqrt()).unwrap();
    let mut theta: Vec<f64> = rows(&table).flat_map(|row| row[..10].to_vec()).collect();
    let mut noise: Vec<f64> = rows(&table).flat_map(|row| (0..10).map(|i| row[10 + i] - row[i])).collect();
    assert!(kolmogorov(&mut theta, &standard) < 1.95);
    assert!(kolmogorov(&mut noise, &standard) < 1.95);
}

/// The squares of the two residuals share their scale: E r1^2 = 1.01 / 2 and E r1^2 r2^2 = (1 + .1^4) / 2, where
/// independent scales would give a quarter of 1.01^2.
#[test]
fn the_mixture_has_one_scale_for_both_dimensions() {
    let n = 40_000;
    let table = simulate("gaussian_mixture.sbi", n);
    let squares: Vec<[f64; 2]> =
        rows(&table).map(|r| [(r[2] - r[0]).powi(2), (r[3] - r[1]).powi(2)]).collect();
    let mean = squares.iter().map(|[a, _]| a).sum::<f64>() / n as f64;
    let product = squares.iter().map(|[a, b]| a * b).sum::<f64>() / n as f64;
    // Variances: 3 (1 + .1^4) / 2 - .505^2, and 9 / 2 - .5^2.
    assert!((mean - 0.505).abs() < 4.0 * (1.245 / n as f64).sqrt(), "{mean}");
    assert!((product - 0.50005).abs() < 4.0 * (4.25 / n as f64).sqrt(), "{product}");
}

/// Whitened by the covariance that the file states, the four points are standard normal.
#[test]
fn slcp_draws_four_points_with_the_stated_covariance() {
    let table = simulate("slcp.sbi", 5_000);
    let mut whitened = Vec::new();
    for row in rows(&table) {
        let (theta, x) = row.split_at(5);
        let (s_1, s_2) = (theta[2].powi(2), theta[3].powi(2));
        let cross = theta[4].tanh() * s_1 * s_2;
        let (v_1, v_2) = (s_1 * s_1 + 1e-6, s_2 * s_2 + 1e-6);
        for point in x.chunks(2) {
            let (a, b) = (point[0] - theta[0], point[1] - theta[1]);
            whitened.push(a / v_1.sqrt());
            whitened.push((b - cross / v_1 * a) / (v_2 - cross * cross / v_1).sqrt());
        }
    }
    let products: f64 = whitened.chunks(2).map(|z| z[0] * z[1]).sum();
    assert!(products.abs() / (whitened.len() as f64 / 2.0).sqrt() < 4.0);
    assert!(kolmogorov(&mut whitened, &Normal::new(0.0, 1.0).unwrap()) < 1.95);
}

/// All examples draw; those that start programs are drawn from in `outside`.
#[test]
fn all_examples_are_simulated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.extension().is_none_or(|extension| extension != "sbi") || !model(name).externals.is_empty() {
            continue;
        }
        assert!(model(name).later.is_empty(), "{name}: {:#?}", model(name).later);
        let (columns, table) = simulate_all(name, 20);
        assert_eq!((table.rows, table.columns), (20, columns.len()), "{name}");
        seen += 1;
    }
    assert!(seen >= 16, "only {seen} examples");
}

/// Each reading of hunters and their prey, at its own time, against an independent integration: standard normal once the sd
/// is divided out.
#[test]
fn lotka_volterra_is_read_at_scattered_times() {
    let (columns, table) = simulate_all("lotka_volterra.sbi", 40);
    let place = |name: String| columns.iter().position(|known| *known == name).unwrap();
    let mut residuals = Vec::new();
    for row in rows(&table) {
        let [alpha, beta, gamma, delta] =
            ["alpha", "beta", "gamma", "delta"].map(|name| row[place(name.into())]);
        for k in 1..=20 {
            for (state, (time, seen)) in
                [("t_prey", "prey_seen"), ("t_hunter", "hunter_seen")].into_iter().enumerate()
            {
                let time = row[place(format!("{time}[{k}]"))];
                let exact = predator_and_prey([alpha, beta, gamma, delta], time)[state];
                residuals.push((row[place(format!("{seen}[{k}]"))] - exact) / 0.1);
            }
        }
    }
    let standard = Normal::new(0.0, 1.0).unwrap();
    assert!(kolmogorov(&mut residuals, &standard) < 1.95);
}

/// Sets of 60 to 300 trials, of which a tenth lacks its time and a tenth of the sets its waves.
#[test]
fn decisions_have_sizes_and_gaps() {
    let (columns, table) = simulate_all("decision.sbi", 400);
    let of = |prefix: &str| -> Vec<usize> {
        (0..columns.len()).filter(|k| columns[*k].starts_with(prefix)).collect()
    };
    let [choice, rt, cpp] = ["choice[", "rt[", "cpp["].map(of);
    let (mut lacking, mut trials, mut waves) = (0.0, 0.0, 0.0);
    for row in rows(&table) {
        let choices = choice.iter().filter(|k| !row[**k].is_nan()).count();
        assert!((60..=300).contains(&choices));
        trials += choices as f64;
        lacking += choices as f64 - rt.iter().filter(|k| !row[**k].is_nan()).count() as f64;
        waves += f64::from(u8::from(cpp.iter().all(|k| row[*k].is_nan())));
    }
    assert!((lacking / trials - 0.1).abs() < 0.005, "{}", lacking / trials);
    assert!((waves / 400.0 - 0.1).abs() < 0.06, "{waves}");
}
