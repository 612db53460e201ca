//! The examples that are tasks of published papers, from their files, against closed forms.

use crate::examples::{model, rows, times};
use crate::rng::kolmogorov;
use sbi_model::Role;
use sbi_sim::{Output, Simulator, Table};
use statrs::distribution::Normal;
use std::path::Path;

/// Draws of a model, by the names of its elements.
pub(crate) struct Draws {
    columns: Vec<String>,
    table: Table,
}

impl Draws {
    /// The first draws of an example under seed 1: all that it names, but for states and noises, and its times.
    pub(crate) fn of(name: &str, count: u64) -> Draws {
        let model = model(name);
        let named = model.numbered().filter(|(_, node)| !matches!(node.role, Role::State | Role::Noise));
        let named = named.map(|(id, node)| (id, model.elements(node)));
        let elements = named.flat_map(|(id, size)| (0..size).map(move |k| Output::Element(id, k)));
        let outputs: Vec<Output> = elements.chain(times(&model)).collect();
        let simulator = Simulator::of(&model, &outputs).unwrap();
        let table = simulator.run(1, 0..count, 2).unwrap();
        Draws { columns: simulator.columns().to_vec(), table }
    }

    /// One element in all draws.
    pub(crate) fn column(&self, name: &str) -> Vec<f64> {
        let place = self.columns.iter().position(|known| known == name);
        let place = place.unwrap_or_else(|| panic!("no {name} in {:?}", self.columns));
        rows(&self.table).map(|row| row[place]).collect()
    }

    /// The elements of a vector, `name[1]` and so on, in all draws.
    pub(crate) fn vector(&self, name: &str, length: usize) -> Vec<Vec<f64>> {
        (1..=length).map(|k| self.column(&format!("{name}[{k}]"))).collect()
    }
}

/// Whether a sample is standard normal.
fn is_standard(mut sample: Vec<f64>) {
    let distance = kolmogorov(&mut sample, &Normal::new(0.0, 1.0).unwrap());
    assert!(distance < 1.95, "{distance}");
}

/// `(x - mean(parent)) / sd`, element by element.
fn residuals(x: &[f64], parent: &[f64], mean: impl Fn(f64) -> f64, sd: f64) -> Vec<f64> {
    x.iter().zip(parent).map(|(x, parent)| (x - mean(*parent)) / sd).collect()
}

/// The mean of a sample, and four times its standard error.
pub(crate) fn mean_and_bound(sample: &[f64]) -> (f64, f64) {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 4.0 * (variance / n).sqrt())
}

/// Whether the mean of a sample is this, as far as its size tells.
pub(crate) fn has_mean(sample: &[f64], exact: f64, what: &str) {
    let (mean, bound) = mean_and_bound(sample);
    assert!((mean - exact).abs() < bound, "{what}: {mean}, not {exact}, within {bound}");
}

fn products(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

/// Each node is normal around its parent, and by the characteristic function of a normal number of variance 2 the means of
/// the data are (1 - e^-4) / 2, .2, .2 and (1 + e^-4) / 2.
#[test]
fn tree_branches() {
    let draws = Draws::of("tree.sbi", 20_000);
    let [t_0, t_1, t_2] = ["theta_0", "theta_1", "theta_2"].map(|name| draws.column(name));
    let [x_0, x_1, x_2, x_3] = ["x_0", "x_1", "x_2", "x_3"].map(|name| draws.column(name));
    let branches = [residuals(&t_1, &t_0, |t| t, 1.0), residuals(&t_2, &t_0, |t| t, 1.0)];
    has_mean(&products(&branches[0], &branches[1]), 0.0, "the branches are independent");
    branches.into_iter().chain([t_0.clone()]).for_each(is_standard);
    is_standard(residuals(&x_0, &t_1, |t| t.sin().powi(2), 0.2));
    is_standard(residuals(&x_1, &t_1, |t| 0.1 * t * t, 0.2));
    is_standard(residuals(&x_2, &t_2, |t| 0.1 * t * t, 0.6));
    is_standard(residuals(&x_3, &t_2, |t| t.cos().powi(2), 0.1));
    let wave = (-4.0f64).exp();
    has_mean(&x_0, (1.0 - wave) / 2.0, "x_0");
    has_mean(&x_1, 0.2, "x_1");
    has_mean(&x_2, 0.2, "x_2");
    has_mean(&x_3, (1.0 + wave) / 2.0, "x_3");
    has_mean(&products(&t_1, &t_2), 1.0, "the covariance of theta_1 and theta_2");
}

/// Steps and readings have noise of one half, the first state too; after ten of them a square has the mean 2.5.
#[test]
fn hmm_walks_and_is_squared() {
    let draws = Draws::of("hmm.sbi", 20_000);
    let (theta, x) = (draws.vector("theta", 10), draws.vector("x", 10));
    is_standard(residuals(&theta[0], &theta[0], |_| 0.0, 0.5));
    for k in 0..10 {
        is_standard(residuals(&x[k], &theta[k], |theta| theta * theta, 0.5));
        has_mean(&x[k], 0.25 * (k + 1) as f64, "the mean of a square");
        if k > 0 {
            is_standard(residuals(&theta[k], &theta[k - 1], |theta| theta, 0.5));
            has_mean(&products(&theta[k], &theta[0]), 0.25, "the covariance with the first state");
        }
    }
}

/// The numbers of a table of the examples, row by row.
fn table(name: &str) -> Vec<Vec<f64>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let numbers = |line: &str| line.split(',').map(|number| number.parse().unwrap()).collect();
    text.lines().skip(1).map(numbers).collect()
}

/// The prior is the recurrence that the precision of the benchmark factors into, and the data have the mean and the
/// covariance of sums of independent spikes.
#[test]
fn the_glm_has_its_prior_and_its_spikes() {
    let draws = Draws::of("bernoulli_glm.sbi", 20_000);
    let (theta, x) = (draws.vector("theta", 10), draws.vector("x", 10));
    is_standard(residuals(&theta[0], &theta[0], |_| 0.0, 2.0f64.sqrt()));
    let mut noises = Vec::new();
    for k in 0..9 {
        let before = |back: usize, draw: usize| if k >= back { theta[1 + k - back][draw] } else { 0.0 };
        let firm = 1.0 + (k as f64 / 9.0).sqrt();
        let noise = |draw| firm * before(0, draw) - 2.0 * before(1, draw) + before(2, draw);
        noises.push((0..20_000).map(noise).collect::<Vec<f64>>());
    }
    for (k, noise) in noises.iter().enumerate() {
        is_standard(noise.clone());
        for other in &noises[..k] {
            has_mean(&products(noise, other), 0.0, "the noises of the filter are independent");
        }
    }
    let design = table("bernoulli_glm_design.csv");
    for (bin, row) in design.iter().enumerate() {
        assert!(
            row[0] == 1.0
                && (0..9).all(|lag| row[1 + lag] == if bin >= lag { design[bin - lag][1] } else { 0.0 })
        );
    }
    // Of each datum and each pair of them, how far the draw is from what its parameters let expect.
    let mut off = vec![Vec::new(); 10];
    let mut pairs = vec![Vec::new(); 9];
    for draw in 0..20_000 {
        let rate = |row: &Vec<f64>| {
            1.0 / (1.0 + (-row.iter().zip(&theta).map(|(d, t)| d * t[draw]).sum::<f64>()).exp())
        };
        let rates: Vec<f64> = design.iter().map(rate).collect();
        let mean = |i: usize| design.iter().zip(&rates).map(|(row, p)| row[i] * p).sum::<f64>();
        let covariance = |i: usize, j: usize| {
            design.iter().zip(&rates).map(|(row, p)| row[i] * row[j] * p * (1.0 - p)).sum::<f64>()
        };
        let residual: Vec<f64> = (0..10).map(|i| x[i][draw] - mean(i)).collect();
        (0..10).for_each(|i| off[i].push(residual[i]));
        (0..9).for_each(|i| pairs[i].push(residual[i] * residual[i + 1] - covariance(i, i + 1)));
        assert!(x[0][draw].fract() == 0.0 && (0.0..=100.0).contains(&x[0][draw]));
    }
    off.iter().for_each(|off| has_mean(off, 0.0, "a datum"));
    pairs.iter().for_each(|pair| has_mean(pair, 0.0, "a covariance of data"));
}

/// The exact posterior of the file's comment: what is left of the true mean is normal with the precision 33, 21 from the
/// cloud and 13 from the path.
#[test]
fn the_reference_task_has_its_posterior() {
    let draws = Draws::of("multinpe_reference.sbi", 4_000);
    let (mut cloud, mut path, mut both) = (Vec::new(), Vec::new(), Vec::new());
    let (mut theta, mut centre, mut end) = (Vec::new(), Vec::new(), Vec::new());
    for d in 1..=10 {
        let theta_d = draws.column(&format!("theta[{d}]"));
        let last = draws.column(&format!("y[49,{d}]"));
        let points: Vec<Vec<f64>> = (1..=20).map(|n| draws.column(&format!("x[{n},{d}]"))).collect();
        for draw in 0..theta_d.len() {
            let mean = points.iter().map(|x| x[draw]).sum::<f64>() / 20.0;
            let by = |cloud: f64, path: f64| {
                let precision: f64 = 1.0 + 20.0 * cloud + 12.0 * path;
                let centre = (20.0 * cloud * mean + 4.0 * path * last[draw]) / precision;
                (theta_d[draw] - centre) * precision.sqrt()
            };
            cloud.push(by(1.0, 0.0));
            path.push(by(0.0, 1.0));
            both.push(by(1.0, 1.0));
            centre.push(mean);
        }
        theta.extend(theta_d);
        end.extend(last);
    }
    [cloud, path, both].into_iter().for_each(is_standard);
    // E theta x = 1 and E theta y = t; variances 1 + 1 / 20 and t^2 + t / 4.
    has_mean(&products(&theta, &centre), 1.0, "theta and the cloud");
    has_mean(&products(&theta, &end), 3.0, "theta and the path");
    has_mean(&products(&centre, &end), 3.0, "the cloud and the path");
    has_mean(&products(&centre, &centre), 1.05, "the cloud");
    has_mean(&products(&end, &end), 9.75, "the path");
}

/// The path starts at 0 unseen, is first read at .12, and drifts with independent steps of variance .06 / 4.
#[test]
fn the_reference_path_is_a_drifted_brownian_motion() {
    let draws = Draws::of("multinpe_reference.sbi", 4_000);
    let theta = draws.column("theta[3]");
    let tick = |k: usize| draws.column(&format!("y[{k},3]"));
    let first = tick(1);
    is_standard(residuals(&first, &theta, |theta| 0.12 * theta, 0.5 * 0.12f64.sqrt()));
    let step = |k: usize| {
        let moved: Vec<f64> = tick(k + 1).iter().zip(tick(k)).map(|(after, before)| after - before).collect();
        residuals(&moved, &theta, |theta| 0.06 * theta, 0.5 * 0.06f64.sqrt())
    };
    let steps: Vec<Vec<f64>> = [1, 2, 24, 48].map(step).into();
    for pair in steps.windows(2) {
        has_mean(&products(&pair[0], &pair[1]), 0.0, "steps are independent");
    }
    steps.into_iter().for_each(is_standard);
}
