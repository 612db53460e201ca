//! Modalities as tokens: what encoders read, what they may not see, and posteriors that are known.

use super::{Watcher, machine, moments};
use crate::backend::{Batch, Bodies, Cpu, Network, objective};
use crate::encoder::Encoder;
use crate::modality::Reading;
use crate::network::{Architecture, Inputs, Masks, Targets};
use crate::{Conditional, Question, Subject, Table};
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use sbi_model::{File, State, Train, Transformer};
use sbi_sim::rng::Stream;
use sbi_sim::{Output, Simulator};

/// A set, instants, cells and numbers without rows; one token, or two.
const FILE: &str = "edition 2026
model m {
    axis i : set(size = 2 .. 5)
    axis t : time(grid(from = 0, to = 70, step = 1))
    axis s : time(scattered(4, over = 0 .. 10))
    axis a : grid(from = 0, to = 1, step = 0.5)
    axis b : grid(from = 0, to = 1, step = 0.25)
    axis k : index(2)
    param mu ~ normal(0, 1)
    modality cloud {
        data x[i, k] ~ normal(mu, 1)
    }
    modality path {
        data y[t] ~ normal(mu, 1)
    }
    modality seen {
        data u[s] ~ normal(mu, 1)
    }
    modality image {
        data z[a, b] ~ normal(mu, 1)
    }
    modality many {
        data w[i, t] ~ normal(mu, 1)
    }
    data single ~ normal(mu, 1)
}
approximator net {
    joint with diffusion_transformer(width = 32)
    encode cloud with CLOUD
    encode path with PATH
    encode seen with SEEN
    encode image with IMAGE
    encode many with time_transformer(width = 16, blocks = 1)
    encode scalars with mlp(width = 16, layers = 2)
}
";

/// The encoders of the set, the instants, the scattered readings and the cells.
const ENCODERS: [[&str; 4]; 3] = [
    [
        "set_transformer(width = 16, blocks = 1)",
        "time_transformer(width = 16, blocks = 1)",
        "causal_transformer(width = 16, blocks = 2)",
        "grid_transformer(width = 16, blocks = 1, patch = 2, tokens = 2)",
    ],
    [
        "deep_set(width = 16)",
        "convolution(width = 16, layers = 3)",
        "lstm(width = 16, layers = 2)",
        "convolution(width = 16, layers = 2, tokens = 2)",
    ],
    [
        "set_transformer(width = 16, blocks = 2, inducing = 2)",
        "lstm(width = 16, tokens = 2)",
        "time_transformer(width = 16, blocks = 1)",
        "mlp(width = 16, layers = 2)",
    ],
];

fn file([cloud, path, seen, image]: [&str; 4]) -> File {
    let text =
        FILE.replace("CLOUD", cloud).replace("PATH", path).replace("SEEN", seen).replace("IMAGE", image);
    let checked = sbi_model::compile(&text, &());
    checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

fn subject(file: &File) -> Subject {
    Subject::of_approximator(&file.models[0], &file.approximators[0])
}

/// A data set of standard normal numbers, and times.
fn numbers(subject: &Subject, seed: u64) -> (Vec<f32>, Vec<f64>) {
    let stream = Stream::new(seed, "encoded");
    let values = (0..subject.scalars().len() as u64).map(|at| stream.normal(at, 0, 0) as f32).collect();
    (values, (0..subject.coordinates as u64).map(|at| 10.0 * stream.uniform(at, 1, 0)).collect())
}

/// Random parameters of an encoder; all of them matter.
fn parameters(encoder: &Encoder) -> Tensor<Cpu, 1> {
    let stream = Stream::new(5, "parameters");
    let values: Vec<f32> =
        (0..encoder.parameters() as u64).map(|at| 0.3 * stream.normal(at, 0, 0) as f32).collect();
    Tensor::from_data(TensorData::from(values.as_slice()), &Default::default())
}

fn bodies() -> Bodies {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    Bodies::new(pool.unwrap().into())
}

/// What the encoder of a modality makes of a data set.
fn made(subject: &Subject, modality: usize, (values, coordinates): &(Vec<f32>, Vec<f64>)) -> Vec<f32> {
    let modality = &subject.modalities[modality];
    let encoder = Encoder::of(modality, modality.tokens.len(), 32);
    let reading = modality.read(|scalar| values[scalar], coordinates);
    encoder
        .tokens(&parameters(&encoder), &bodies(), &modality.sizes, &[reading])
        .into_data()
        .to_vec()
        .unwrap()
}

fn differ(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The scalars of a node.
fn scalars(subject: &Subject, name: &str) -> Vec<usize> {
    let own = |(number, token): (usize, &sbi_model::Token)| token.name.starts_with(name).then_some(number);
    subject.scalars().iter().enumerate().filter_map(own).collect()
}

/// Only attention compares rows: a thousand numbers side by side are one.
#[test]
fn a_long_row_takes_little_memory() {
    let bytes = |encoder: &str| {
        let text = format!(
            "edition 2026\nmodel m {{\n    axis t : time(grid(from = 1, to = 1000, step = 1))\n    param mu ~ normal(0, 1)\n    data x[t] ~ normal(mu, 1)\n}}\napproximator net {{\n    joint with diffusion_transformer()\n    encode t with {encoder}\n}}\n"
        );
        let file = sbi_model::compile(&text, &()).file.unwrap();
        let train = &file.approximators[0].train;
        crate::training_bytes(&subject(&file), false, &Transformer::default(), train, 1)
    };
    let (side_by_side, in_patches) = (bytes("mlp(width = 128)"), bytes("time_transformer()"));
    assert!(side_by_side < 2.0 * in_patches, "{side_by_side} against {in_patches} bytes");
}

#[test]
fn modalities_are_tokens_behind_the_scalars() {
    let file = file(ENCODERS[0]);
    let subject = subject(&file);
    let names: Vec<&str> = subject.tokens().iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["mu", "cloud", "path", "seen", "image[1]", "image[2]", "many", "scalars"]);
    let given = vec![false; names.len()];
    let mask = subject.mask(sbi_model::MaskKind::Undirected, &numbers(&subject, 1).1, &given, &given);
    assert!((0..names.len()).all(|token| mask.get(0, token) && mask.get(token, 0)), "all hang on mu");
    assert!(mask.get(4, 5) && mask.get(5, 4) && !mask.get(1, 2), "and on each other within one");
    let sizes: Vec<&[usize]> = subject.modalities.iter().map(|modality| modality.sizes.as_slice()).collect();
    assert_eq!(sizes, [&[5][..], &[71], &[4], &[3, 5], &[5, 71], &[]]);
}

/// The order of a set's rows changes nothing; that of instants does.
#[test]
fn sets_have_no_order_and_series_have() {
    for encoders in ENCODERS {
        let (file, encoder) = (file(encoders), encoders[0]);
        let subject = subject(&file);
        let data = numbers(&subject, 1);
        let swapped = |name: &str, pairs: &[(usize, usize)]| {
            let (own, mut data) = (scalars(&subject, name), data.clone());
            pairs.iter().for_each(|(one, other)| data.0.swap(own[*one], own[*other]));
            data
        };
        // x[1, k] and x[3, k].
        let other = swapped("x", &[(0, 4), (1, 5)]);
        assert!(differ(&made(&subject, 0, &data), &made(&subject, 0, &other)) < 1e-5, "{encoder}");
        let torn = swapped("x", &[(0, 4)]);
        assert!(differ(&made(&subject, 0, &data), &made(&subject, 0, &torn)) > 1e-3, "rows stay together");
        let other = swapped("y", &[(0, 40)]);
        assert!(differ(&made(&subject, 1, &data), &made(&subject, 1, &other)) > 1e-4);
        // Scattered readings carry their times with them.
        let mut other = swapped("u", &[(0, 2)]);
        assert!(differ(&made(&subject, 2, &data), &made(&subject, 2, &other)) > 1e-4);
        other.1.swap(0, 2);
        let both = [made(&subject, 2, &data), made(&subject, 2, &other)];
        assert!(differ(&both[0], &both[1]) < 1e-5, "rows stand in the order of time however they are given");
    }
}

/// What stands in a gap, or beyond the end of a set, changes nothing; that it is a gap does.
#[test]
fn gaps_hide_what_stands_in_them() {
    for encoders in ENCODERS {
        let (file, encoder) = (file(encoders), encoders[0]);
        let subject = subject(&file);
        for (number, name) in [(0, "x"), (1, "y"), (2, "u"), (3, "z"), (4, "w")] {
            let modality = &subject.modalities[number];
            let network = Encoder::of(modality, modality.tokens.len(), 32);
            let (mut values, coordinates) = numbers(&subject, 2);
            let whole = modality.read(|scalar| values[scalar], &coordinates);
            let own = scalars(&subject, name);
            values[own[0]] = f32::NAN;
            values[own[1]] = f32::NAN;
            let holed = modality.read(|scalar| values[scalar], &coordinates);
            assert_eq!(holed.as_ref().unwrap().values.iter().filter(|value| **value == 0.0).count(), 2);
            let made = |reading: &Option<Reading>| -> Vec<f32> {
                let readings = std::slice::from_ref(reading);
                network
                    .tokens(&parameters(&network), &bodies(), &modality.sizes, readings)
                    .into_data()
                    .to_vec()
                    .unwrap()
            };
            assert!(differ(&made(&whole), &made(&holed)) > 1e-4, "{name}");
        }
        // A shorter axis is one whose end is a gap.
        let cloud = &subject.modalities[0];
        let network = Encoder::of(cloud, 1, 32);
        let (mut values, coordinates) = numbers(&subject, 3);
        scalars(&subject, "x")[6..].iter().for_each(|scalar| values[*scalar] = f32::NAN);
        let padded = cloud.read(|scalar| values[scalar], &coordinates).unwrap();
        let cut = Reading {
            values: padded.values[..6].to_vec(),
            present: padded.present[..6].to_vec(),
            positions: vec![padded.positions[0][..3].to_vec()],
        };
        let made = |size: usize, reading: Reading| -> Vec<f32> {
            network
                .tokens(&parameters(&network), &bodies(), &[size], &[Some(reading)])
                .into_data()
                .to_vec()
                .unwrap()
        };
        assert!(differ(&made(5, padded), &made(3, cut)) < 1e-5, "{encoder}");
    }
}

/// The gradient of the loss by every parameter, those of encoders included, is that of differences.
#[test]
fn gradients_go_back_through_encoders() {
    for encoders in ENCODERS {
        let file = file(encoders);
        let subject = subject(&file);
        let tokens = subject.tokens().len();
        let architecture = Architecture {
            tokens,
            identities: subject.identities.clone(),
            kinds: subject.kinds(),
            times: 0,
            width: 32,
            layers: 1,
            heads: 2,
            head_width: 16,
            hidden: 32,
            frequencies: 3,
            summaries: (1..tokens).collect(),
            states: None,
        };
        let encoders: Vec<Encoder> = subject
            .modalities
            .iter()
            .map(|modality| Encoder::of(modality, modality.tokens.len(), 32))
            .collect();
        let network = Network::new(&architecture, &encoders, 2);
        let batch = batch(&subject);
        let length = architecture.parameters() + encoders.iter().map(Encoder::parameters).sum::<usize>();
        let stream = Stream::new(9, "weights");
        let parameters: Vec<f32> =
            (0..length as u64).map(|at| 0.2 * stream.normal(at, 0, 0) as f32).collect();
        let loss = |parameters: &[f32]| -> f64 {
            let parameters = Tensor::<Cpu, 1>::from_data(TensorData::from(parameters), &Default::default());
            f64::from(objective(&parameters, &network, &batch).into_scalar())
        };
        let tracked = Tensor::<Autodiff<Cpu>, 1>::from_data(
            TensorData::from(parameters.as_slice()),
            &Default::default(),
        );
        let tracked = tracked.require_grad();
        let made = objective(&tracked, &network, &batch);
        let gradient: Vec<f32> = tracked.grad(&made.backward()).unwrap().into_data().to_vec().unwrap();
        let mut start = architecture.parameters();
        for encoder in &encoders {
            for piece in encoder.pieces() {
                // Along the gradient of a piece the loss rises by its square.
                let range = start + piece.range.start..start + piece.range.end;
                let own = &gradient[range.clone()];
                let square: f64 = own.iter().map(|d| f64::from(*d).powi(2)).sum();
                assert!(square > 0.0, "{} matters", piece.name);
                let reach = 1e-2 / square.sqrt();
                let moved = |sign: f64| {
                    let mut moved = parameters.clone();
                    moved[range.clone()]
                        .iter_mut()
                        .zip(own)
                        .for_each(|(w, d)| *w += (sign * reach * f64::from(*d)) as f32);
                    loss(&moved)
                };
                let slope = (moved(1.0) - moved(-1.0)) / (2.0 * reach);
                // The loss is known to about 1e-6.
                let known = 0.03 * square + 1e-6 / reach;
                assert!((slope - square).abs() < known, "{}: {slope} is not {square}", piece.name);
            }
            start += encoder.parameters();
        }
    }
}

/// Two samples of which each lacks a modality.
fn batch(subject: &Subject) -> Batch {
    let tokens = subject.tokens().len();
    let samples = 2;
    let readings = subject.modalities.iter().enumerate().map(|(number, modality)| {
        let sample = |sample: usize| {
            let (values, coordinates) = numbers(subject, sample as u64);
            modality.read(|scalar| values[scalar], &coordinates).filter(|_| number != sample)
        };
        modality.readings((0..samples).map(sample).collect())
    });
    let nothing = vec![false; tokens];
    let coordinates = numbers(subject, 0).1;
    let mask = subject.mask(sbi_model::MaskKind::Undirected, &coordinates, &nothing, &nothing);
    let of_mu =
        |value: f32| (0..samples * tokens).map(|at| if at % tokens == 0 { value } else { 0.0 }).collect();
    Batch {
        inputs: Inputs {
            value: of_mu(0.4),
            given: (0..samples * tokens).map(|at| f32::from(u8::from(at % tokens != 0))).collect(),
            level: vec![0.1, -0.2],
            mask: vec![0; samples],
            ..Inputs::default()
        },
        targets: Targets { target: of_mu(2.0), weight: of_mu(1.0) },
        masks: Masks { masks: vec![mask.into()] },
        readings: readings.collect(),
    }
}

/// mu ~ N(0, 1), a set of 2 to 6 numbers x ~ N(mu, 1), some of them gaps: the posterior is N(Σx / (n + 1), 1 / (n + 1)), whichever are
/// there; the prior where none is.
#[test]
fn the_posterior_of_a_mean_follows_the_numbers_that_are_there() {
    let text = "edition 2026
model m {
    axis i : set(size = 2 .. 6)
    param mu ~ normal(0, 1)
    modality cloud {
        data x[i] ~ normal(mu, 1)
    }
}
approximator net {
    joint with diffusion_transformer()
    encode cloud with set_transformer(width = 32, blocks = 2)
}
";
    let file = sbi_model::compile(text, &()).file.unwrap();
    let (model, subject) = (&file.models[0], subject(&file));
    let outputs: Vec<Output> =
        subject.scalars().iter().map(|own| Output::Element(own.node, own.element)).collect();
    let values = Simulator::of(model, &outputs).unwrap().run(1, 0..6_000, 2).unwrap().values;
    let table = Table::plain(outputs.len(), values);
    let train = Train { steps: Some(1_200), batch: Some(256), ..Train::default() };
    let transformer = Transformer { width: Some(32), layers: Some(2), ..Transformer::default() };
    let plan = crate::plan("net", &subject, &transformer, &train, &table);
    let weights = crate::train(
        &plan,
        &subject,
        crate::Material::kept(&table),
        &machine(2),
        None,
        &mut Watcher::default(),
    )
    .unwrap();
    for given in [&[][..], &[1.1, 0.4], &[-0.5, -1.0, 0.3, -0.7, -0.2]] {
        let states = std::iter::once(State::Inferred).chain(given.iter().map(|x| State::Given(*x)));
        let states: Vec<State> = states.chain(std::iter::repeat(State::Absent)).take(outputs.len()).collect();
        let origins: Vec<Option<usize>> = (0..outputs.len()).map(Some).collect();
        let question = Question::of("q".into(), (&subject, &subject), (&states, &origins, &[0]), Vec::new());
        let of = Conditional::new(&weights, &subject, &question, 3);
        let draws =
            of.draw(0..4_000, &machine(2), &mut |_| std::ops::ControlFlow::Continue(())).unwrap().values;
        let (mean, sd) = moments(&draws);
        let precision = given.len() as f64 + 1.0;
        let (wanted, spread) = (given.iter().sum::<f64>() / precision, precision.sqrt().recip());
        // 0.15 posterior sds: four standard errors of 4,000 draws, and as much for the training.
        assert!((mean - wanted).abs() < 0.15 * spread, "mean {mean}, not {wanted}, of {given:?}");
        assert!((sd / spread - 1.0).abs() < 0.15, "sd {sd}, not {spread}, of {given:?}");
    }
}
