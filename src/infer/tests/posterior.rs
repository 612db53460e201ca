//! Posteriors: what fusions read and may not see, densities of flows, gradients, and posteriors that are known.

use super::{Watcher, machine, moments};
use crate::backend::{Bodies, Cpu, Readings};
use crate::posterior::{PosteriorPlan, Reals};
use crate::{Posterior, Question, Subject, Table, Weights, train_posterior};
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use sbi_model::{File, State};
use sbi_sim::rng::Stream;
use sbi_sim::{Output, Simulator};
use std::ops::ControlFlow;

/// A set of varying size, its partner along the same axis, a series, and a number by itself.
const FILE: &str = "edition 2026
model m {
    axis i : set(size = 2 .. 5)
    axis t : time(grid(from = 0, to = 6, step = 1))
    param mu ~ normal(0, 1)
    param rate ~ uniform(0, 2)
    param shift ~ normal(0, 1)
    modality cloud {
        data x[i] ~ normal(mu, 1)
    }
    modality partner {
        data w[i] ~ normal(mu, rate + 0.1)
    }
    modality path {
        data y[t] ~ normal(mu + shift, 1)
    }
    data single ~ normal(mu, 1)
    missing x[i] with probability 10%
    missing all path with probability 10%
}
approximator net {
    fuse FUSION
    posterior with ESTIMATOR
}
";

/// What a fusion of the file reads, with random parameters all of which matter.
struct Reading {
    subject: Subject,
    plan: PosteriorPlan,
    parameters: Vec<f32>,
}

impl Reading {
    /// By a flow with such couplings, or by what is written whole.
    fn of(fusion: &str, estimator: &str) -> Reading {
        let flow = || format!("flow(couplings = 2, width = 16, {estimator})");
        let estimator = if estimator.contains('(') { estimator.to_owned() } else { flow() };
        let file = compiled(&FILE.replace("FUSION", fusion).replace("ESTIMATOR", &estimator));
        let (subject, reals, table) = problem(&file, 200);
        let plan = PosteriorPlan::of(&file.approximators[0], &subject, &reals, &table, 1);
        let (fusion, flow) = plan.sizes();
        let stream = Stream::new(3, "parameters");
        let parameters = (0..(fusion + flow) as u64).map(|at| 0.15 * stream.normal(at, 0, 0) as f32);
        Reading { parameters: parameters.collect(), subject, plan }
    }

    fn context(&self, readings: &[Readings]) -> Vec<f32> {
        let parameters = Tensor::<Cpu, 1>::from_data(
            TensorData::from(&self.parameters[..self.plan.sizes().0]),
            &Default::default(),
        );
        self.plan.fusion.context(&parameters, &bodies(), readings).into_data().to_vec().unwrap()
    }

    /// What a data set has of each source.
    fn readings(&self, values: &[f32]) -> Vec<Readings> {
        let modalities = self.subject.modalities.iter();
        let read = |own: &crate::modality::Modality| own.read(|scalar| values[scalar], &[]);
        modalities.map(|own| own.readings(vec![read(own)])).collect()
    }

    fn scalars(&self, name: &str) -> Vec<usize> {
        let own =
            |(number, token): (usize, &sbi_model::Token)| token.name.starts_with(name).then_some(number);
        self.subject.scalars().iter().enumerate().filter_map(own).collect()
    }
}

fn bodies() -> Bodies {
    Bodies::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap().into())
}

pub fn compiled(text: &str) -> File {
    let checked = sbi_model::compile(text, &());
    checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

pub fn problem(file: &File, rows: u64) -> (Subject, Reals, Table) {
    let model = &file.models[0];
    let subject = Subject::of_approximator(model, &file.approximators[0]);
    let outputs: Vec<Output> =
        subject.scalars().iter().map(|own| Output::Element(own.node, own.element)).collect();
    let made = Simulator::of(model, &outputs).unwrap().run(1, 0..rows, 2).unwrap();
    let values = made.values.chunks_exact(made.values.len() / rows as usize);
    let values = values.flat_map(|row| row[..outputs.len()].to_vec()).collect();
    let reals = Reals::of(model, &file.approximators[0], &subject).unwrap();
    let table = Table::plain(outputs.len(), values);
    (subject, reals, table)
}

/// What is said of each scalar, of which those that are inferred are asked for.
pub fn asked(subject: &Subject, states: &[State]) -> Question {
    let infer: Vec<usize> = (0..states.len()).filter(|own| states[*own] == State::Inferred).collect();
    let origins: Vec<Option<usize>> = (0..states.len()).map(Some).collect();
    Question::of("q".into(), (subject, subject), (states, &origins, &infer), Vec::new())
}

/// A posterior before a question.
pub fn answered<'a>(
    weights: &'a Weights<PosteriorPlan>,
    (subject, reals): (&'a Subject, &'a Reals),
    question: &'a Question,
) -> Posterior<'a> {
    Posterior { weights, subject, reals, question, steps: None, seed: 3 }
}

fn numbers(subject: &Subject, seed: u64) -> Vec<f32> {
    let stream = Stream::new(seed, "fused");
    (0..subject.scalars().len() as u64).map(|at| stream.normal(at, 0, 0) as f32).collect()
}

fn differ(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The order of a set's rows changes nothing, whatever it is joined with; that of a series does.
#[test]
fn contexts_know_no_order_of_sets() {
    for fusion in [
        "late(cloud, path)",
        "early(cloud, path)",
        "early(path, cloud)",
        "hybrid(cloud, path)",
        "late(hybrid(cloud, path), scalars)",
        "hybrid(late(cloud, path), scalars)",
        "hybrid(cloud, path, scalars)",
        "cloud",
    ] {
        let net = Reading::of(fusion, "coupling = affine");
        let values = numbers(&net.subject, 1);
        let swapped = |name: &str| {
            let (own, mut values) = (net.scalars(name), values.clone());
            values.swap(own[0], own[1]);
            net.context(&net.readings(&values))
        };
        let context = net.context(&net.readings(&values));
        assert_eq!(context.len(), net.plan.fusion.outputs, "{fusion}");
        assert!(differ(&context, &swapped("x[")) < 1e-5, "{fusion}: a set has no order");
        if fusion.contains("path") {
            assert!(differ(&context, &swapped("y[")) > 1e-4, "{fusion}: a series has one");
        }
    }
}

/// Rows that go with each other are found by attention across: whether partners are exchanged among rows matters with a pairing alone.
#[test]
fn rows_that_go_together_are_known_to() {
    let exchanged = |fusion: &str| {
        let net = Reading::of(fusion, "coupling = affine");
        let values = numbers(&net.subject, 2);
        let one = net.context(&net.readings(&values));
        let (x, w) = (net.scalars("x["), net.scalars("w["));
        let mut apart = values.clone();
        apart.swap(w[0], w[1]);
        let mut together = apart.clone();
        together.swap(x[0], x[1]);
        let other = |values: &[f32]| differ(&one, &net.context(&net.readings(values)));
        (other(&apart), other(&together))
    };
    for fusion in ["hybrid(cloud, partner)", "early(cloud, partner)", "concat(cloud, partner)"] {
        let (apart, together) = exchanged(fusion);
        assert!(apart > 1e-4, "{fusion} tells which rows go together");
        assert!(together < 1e-5, "{fusion}: rows together have no order");
    }
    for fusion in ["hybrid(cloud, partner, pairing = none)", "late(cloud, partner)"] {
        let (apart, together) = exchanged(fusion);
        assert!(apart < 1e-5 && together < 1e-5, "{fusion} knows nothing of pairs");
    }
}

/// In a late fusion the summary of one source hears nothing of the others; in a hybrid one it does. Early fusion has one summary.
#[test]
fn sources_hear_of_each_other_where_they_are_to() {
    for (fusion, apart) in [("late(cloud, path)", true), ("hybrid(cloud, path)", false)] {
        let net = Reading::of(fusion, "coupling = affine");
        let values = numbers(&net.subject, 3);
        let mut other = values.clone();
        net.scalars("y[").into_iter().for_each(|scalar| other[scalar] += 1.0);
        let summary = (net.plan.fusion.outputs - 2) / 2;
        let [one, other] = [values, other].map(|values| net.context(&net.readings(&values)));
        let change = differ(&one[..summary], &other[..summary]);
        assert_eq!(change < 1e-6, apart, "{fusion}: {change}");
        assert!(differ(&one[summary..], &other[summary..]) > 1e-3, "{fusion}");
    }
    let [late, early] = ["late(cloud, path)", "early(cloud, path)"]
        .map(|fusion| Reading::of(fusion, "coupling = affine").plan.fusion.outputs);
    assert_eq!((late - 2) / 2, early - 2, "one summary in place of two");
}

/// Gaps and rows beyond the end of a set are the same whatever they would hold, and data sets beside another change nothing.
#[test]
fn gaps_and_padding_change_nothing() {
    for fusion in ["late(cloud, path)", "hybrid(cloud, path)", "hybrid(cloud, partner)"] {
        let net = Reading::of(fusion, "coupling = affine");
        let mut values = numbers(&net.subject, 4);
        let (x, w, y) = (net.scalars("x["), net.scalars("w["), net.scalars("y["));
        for gap in [x[3], x[4], w[3], w[4], y[2]] {
            values[gap] = f32::NAN;
        }
        let short = net.readings(&values);
        let mut filled = short.clone();
        for reading in filled.iter_mut().flat_map(|own| &mut own.samples).flatten() {
            for (value, present) in reading.values.iter_mut().zip(&reading.present) {
                *value += 100.0 * (1.0 - present);
            }
        }
        let alone = net.context(&short);
        assert!(differ(&alone, &net.context(&filled)) < 1e-5, "{fusion}: what a gap holds is not looked at");
        let mut lacking = values.clone();
        y.iter().for_each(|scalar| lacking[*scalar] = f32::NAN);
        let both: Vec<Readings> = short
            .iter()
            .zip(net.readings(&lacking))
            .map(|(one, other)| Readings {
                samples: [one.samples.clone(), other.samples].concat(),
                ..one.clone()
            })
            .collect();
        let beside = net.context(&both);
        assert!(differ(&alone, &beside[..alone.len()]) < 1e-5, "{fusion}: data sets do not see each other");
    }
}

/// The loss of a batch rises along its gradient as the gradient says, for each piece of every network.
#[test]
fn gradients_go_back_through_fusions_and_what_they_are_for() {
    for (fusion, coupling) in [
        ("late(cloud, path)", "coupling = affine"),
        ("hybrid(cloud, partner, path)", "coupling = spline, bins = 4"),
        ("late(early(path, cloud), scalars)", "coupling = affine"),
        ("concat(cloud, partner)", "coupling = spline, bins = 3"),
        ("late(cloud, path)", "diffusion(width = 16, layers = 2)"),
    ] {
        let net = Reading::of(fusion, coupling);
        let samples: Vec<Vec<Readings>> =
            (0..4).map(|seed| net.readings(&numbers(&net.subject, seed))).collect();
        let source = |(number, own): (usize, &Readings)| Readings {
            samples: samples.iter().map(|sample| sample[number].samples[0].clone()).collect(),
            ..own.clone()
        };
        let readings: Vec<Readings> = samples[0].iter().enumerate().map(source).collect();
        let stream = Stream::new(6, "wanted");
        let wanted: Vec<f32> = (0..12).map(|at| stream.normal(at, 0, 0) as f32).collect();
        // Levels and noise, which only a diffusion takes.
        let noise: Vec<f32> = (0..16).map(|at| stream.uniform(at, 1, 0) as f32).collect();
        let noise = &noise[..4 * net.plan.density.noises()];
        let (sizes, all) = (net.plan.sizes(), bodies());
        let tracked = Tensor::<Autodiff<Cpu>, 1>::from_data(
            TensorData::from(net.parameters.as_slice()),
            &Default::default(),
        )
        .require_grad();
        let made = net.plan.loss_of(&tracked, &all, &readings, (&wanted, noise));
        let gradient: Vec<f32> = tracked.grad(&made.backward()).unwrap().into_data().to_vec().unwrap();
        let loss = |parameters: &[f32]| -> f64 {
            let parameters = Tensor::<Cpu, 1>::from_data(TensorData::from(parameters), &Default::default());
            f64::from(net.plan.loss_of(&parameters, &all, &readings, (&wanted, noise)).into_scalar())
        };
        let (read, flow) = net.plan.pieces();
        let moved = flow
            .into_iter()
            .map(|piece| (sizes.0 + piece.range.start..sizes.0 + piece.range.end, piece.name));
        for (range, name) in read.into_iter().map(|piece| (piece.range, piece.name)).chain(moved) {
            let own = &gradient[range.clone()];
            let square: f64 = own.iter().map(|d| f64::from(*d).powi(2)).sum();
            assert!(square > 0.0, "{fusion}: {name} matters");
            let reach = 1e-2 / square.sqrt();
            let at = |sign: f64| {
                let mut moved = net.parameters.clone();
                let along = moved[range.clone()].iter_mut().zip(own);
                along.for_each(|(w, d)| *w += (sign * reach * f64::from(*d)) as f32);
                loss(&moved)
            };
            let slope = (at(1.0) - at(-1.0)) / (2.0 * reach);
            let known = 0.03 * square + 1e-5 / reach;
            assert!((slope - square).abs() < known, "{fusion}: {name}: {slope} is not {square}");
        }
    }
}

/// The density of a flow is one in all, and its draws are as it says: their shares in cells are those of the density.
#[test]
fn flows_draw_what_their_density_says() {
    let text = "edition 2026
model m {
    param a ~ uniform(-1, 3)
    param b ~ lognormal(median = 1, spread = 0.5)
    data x ~ normal(a + b, 1)
}
approximator net {
    fuse scalars
    posterior with flow(couplings = 3, width = 16, COUPLING)
}
";
    for coupling in ["coupling = affine", "coupling = spline, bins = 6"] {
        let file = compiled(&text.replace("COUPLING", coupling));
        let (subject, reals, table) = problem(&file, 500);
        let plan = PosteriorPlan::of(&file.approximators[0], &subject, &reals, &table, 1);
        let (fusion, flow) = plan.sizes();
        let stream = Stream::new(8, "parameters");
        let parameters =
            (0..(fusion + flow) as u64).map(|at| 0.12 * stream.normal(at, 0, 0) as f32).collect();
        let weights = Weights { plan, parameters, curve: Vec::new() };
        let states = [State::Inferred, State::Inferred, State::Given(0.7)];
        let question = asked(&subject, &states);
        let posterior = answered(&weights, (&subject, &reals), &question);
        let draws =
            posterior.draw(0..20_000, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap().values;
        // A fine grid over nearly all draws, in the logarithm of b, where the density is broad.
        let cells = 400;
        let at = |cell: usize| (cell as f64 + 0.5) / cells as f64;
        let place = |i: usize, j: usize| (-1.0 + 4.0 * at(i), (-6.0 + 12.0 * at(j)).exp());
        let points: Vec<f64> =
            (0..cells * cells).flat_map(|cell| <[f64; 2]>::from(place(cell / cells, cell % cells))).collect();
        let log = posterior.log_density(&points, &machine(2)).unwrap();
        let cell = (4.0 / cells as f64) * (12.0 / cells as f64);
        let mass: Vec<f64> =
            log.iter().zip(points.chunks(2)).map(|(log, point)| log.exp() * point[1] * cell).collect();
        let total: f64 = mass.iter().sum();
        assert!((total - 1.0).abs() < 0.01, "{coupling}: {total} in all");
        let left = |split: f64, column: usize| {
            let drawn = draws.chunks(2).filter(|draw| draw[column] < split).count() as f64 / 20_000.0;
            let said = points.chunks(2).zip(&mass).filter(|(point, _)| point[column] < split);
            (drawn, said.map(|(_, mass)| mass).sum::<f64>())
        };
        for (split, column) in [(0.0, 0), (1.0, 0), (2.0, 0), (0.7, 1), (1.0, 1), (1.5, 1)] {
            let (drawn, said) = left(split, column);
            // Four standard errors of 20,000 draws, and the width of a cell.
            assert!(
                (drawn - said).abs() < 0.015 + 0.01,
                "{coupling}: {drawn} drawn below {split}, {said} said"
            );
        }
        assert!(draws.chunks(2).all(|draw| (-1.0..=3.0).contains(&draw[0]) && draw[1] > 0.0));
        let outside = posterior.log_density(&[4.0, 1.0, 0.0, -1.0], &machine(1)).unwrap();
        assert_eq!(outside, [f64::NEG_INFINITY; 2]);
    }
}

/// mu ~ N(0, 1), a set of 2 to 5 numbers x ~ N(mu, 1) some of which are gaps, and a series y ~ N(mu, 1) that may be missing: the
/// posterior is N(Σ / (n + 1), 1 / (n + 1)) of the n numbers that are there.
#[test]
fn the_posterior_of_a_mean_follows_what_is_there_of_two_sources() {
    let text = "edition 2026
model m {
    axis i : set(size = 2 .. 5)
    axis t : time(grid(from = 0, to = 3, step = 1))
    param mu ~ normal(0, 1)
    modality cloud {
        data x[i] ~ normal(mu, 1)
    }
    modality path {
        data y[t] ~ normal(mu, 1)
    }
    missing all path with probability 30%
}
approximator net {
    encode cloud with set_transformer(width = 32, blocks = 1)
    encode path with time_transformer(width = 32, blocks = 1)
    fuse hybrid(cloud, path)
    posterior with flow(couplings = 2, width = 32)
}
train net {
    simulations 6000
    steps 800
    batch 128
}
";
    let file = compiled(text);
    let (subject, reals, table) = problem(&file, 6_000);
    let plan = PosteriorPlan::of(&file.approximators[0], &subject, &reals, &table, 2);
    let read = (&subject, &reals);
    let weights = train_posterior(
        &plan,
        read,
        crate::Material::kept(&table),
        &machine(2),
        None,
        &mut Watcher::default(),
    )
    .unwrap();
    let nothing: &[f64] = &[];
    for (x, y) in [(&[1.1, 0.4, 0.9][..], nothing), (&[-0.5, -1.0], &[0.3, -0.7, -0.2, -0.9])] {
        let x_states = x.iter().map(|x| State::Given(*x)).chain(std::iter::repeat(State::Absent)).take(5);
        let y_states = y.iter().map(|y| State::Given(*y)).chain(std::iter::repeat(State::Absent)).take(4);
        let states: Vec<State> = std::iter::once(State::Inferred).chain(x_states).chain(y_states).collect();
        let question = asked(&subject, &states);
        let posterior = answered(&weights, (&subject, &reals), &question);
        let draws = posterior.draw(0..4_000, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap().values;
        let (mean, sd) = moments(&draws);
        let precision = (x.len() + y.len()) as f64 + 1.0;
        let (wanted, spread) = (x.iter().chain(y).sum::<f64>() / precision, precision.sqrt().recip());
        // 0.2 posterior sds: four standard errors of 4,000 draws, and twice as much for the training.
        assert!((mean - wanted).abs() < 0.2 * spread, "mean {mean}, not {wanted}, of {x:?} and {y:?}");
        assert!((sd / spread - 1.0).abs() < 0.15, "sd {sd}, not {spread}, of {x:?} and {y:?}");
    }
}

/// Simulates as a network asks.
struct Simulating<'a> {
    simulator: &'a Simulator,
    columns: usize,
}

impl crate::Fresh for Simulating<'_> {
    fn simulate(&self, numbers: std::ops::Range<usize>) -> Result<Table, Box<sbi_sim::Failure>> {
        let made = self.simulator.run(1, numbers.start as u64..numbers.end as u64, 1)?;
        Ok(Table::plain(self.columns, made.values))
    }
}

/// A training on fresh simulations goes on after a stop to the same bits, and none of them is held out.
#[test]
fn fresh_simulations_are_the_same_after_a_stop() {
    let text = "edition 2026
model m {
    param mu ~ normal(0, 1)
    data x ~ normal(mu, 1)
}
approximator net {
    fuse scalars
    posterior with flow(couplings = 1, width = 8)
}
train net {
    simulations online
    steps 40
    batch 16
}
";
    let file = compiled(text);
    let (subject, reals, table) = problem(&file, 60);
    let model = &file.models[0];
    let outputs: Vec<Output> =
        subject.scalars().iter().map(|own| Output::Element(own.node, own.element)).collect();
    let simulator = Simulator::of(model, &outputs).unwrap();
    let fresh = Simulating { simulator: &simulator, columns: outputs.len() };
    let material = crate::Material { table: &table, fresh: Some(&fresh) };
    assert_eq!(material.parted(), ((0..60).collect(), Vec::new()), "all that is kept is held out");
    let plan = PosteriorPlan::of(&file.approximators[0], &subject, &reals, &table, 1);
    let train = |resume: Option<&[u8]>, watcher: &mut Watcher| {
        train_posterior(&plan, (&subject, &reals), material, &machine(2), resume, watcher)
    };
    let whole = train(None, &mut Watcher::default()).unwrap();
    let mut watcher = Watcher { stop_after: Some(17), ..Watcher::default() };
    assert_eq!(train(None, &mut watcher), Err(crate::TrainError::Stopped));
    let rest = train(watcher.kept.as_deref(), &mut Watcher::default()).unwrap();
    assert_eq!(rest.parameters, whole.parameters);
    let bytes = whole.to_bytes();
    assert_eq!(Weights::<PosteriorPlan>::from_bytes(&bytes).unwrap(), whole);
}

/// Parameters of any size, and readings at times in any order, which a query places elsewhere: numbers are standardised like those of
/// simulations, and rows stand in the order of time.
#[test]
fn parameters_may_be_large_and_readings_in_any_order() {
    let text = "edition 2026
model m {
    axis t : time(scattered(n = 4, over = 0 .. 10))
    param iq ~ normal(100, 15)
    data y[t] ~ normal(iq, 5)
}
approximator net {
    fuse t
    posterior with flow(couplings = 1, width = 8)
}
";
    let file = compiled(text);
    let (subject, reals, mut table) = problem(&file, 400);
    table.places = subject.coordinates;
    table.coordinates = [1.0, 3.0, 4.0, 8.0].repeat(400);
    let plan = PosteriorPlan::of(&file.approximators[0], &subject, &reals, &table, 1);
    let (mean, sd) = plan.reals[0];
    assert!((mean - 100.0).abs() < 4.0 && (sd - 15.0).abs() < 3.0, "{mean} and {sd}");
    assert_eq!(
        subject.clone().with_kinds_of(&subject).scaling,
        subject.scaling,
        "a placed query reads alike"
    );
    let own = &subject.modalities[0];
    let scale = |scalar: usize| &plan.scales[subject.scaling[scalar]];
    let y = own.cells[0].unwrap();
    assert!((scale(y).standardise(100.0)).abs() < 0.3, "data are standardised like data");
    let value = |values: [f32; 4]| move |scalar: usize| values[scalar - y];
    let sorted = own.read(value([1.0, 2.0, 3.0, 4.0]), &[1.0, 2.0, 5.0, 9.0]);
    let mixed = own.read(value([3.0, 1.0, 4.0, 2.0]), &[5.0, 1.0, 9.0, 2.0]);
    assert_eq!(sorted, mixed);
}
