//! The kernel against the network in double precision, and what must not change its results.

mod invariance;
mod parts;
mod problem;
mod reference;
mod speed;

use crate::network::Probes;
use problem::{Problem, Random, sets, shapes};
use reference::Reference;

#[test]
fn outputs_and_loss_equal_the_reference() {
    for (k, architecture) in shapes().into_iter().enumerate() {
        let samples = 2 + 100 / architecture.tokens;
        let problem = Problem::new(architecture, samples, k as u64);
        let reference = Reference::new(&problem.architecture, &problem.parameters);
        let outputs = reference.outputs(&problem.inputs, &problem.masks);
        let loss = reference.loss(&problem.inputs, &problem.targets, &problem.masks);
        for set in sets() {
            let mut kernel = problem.kernel(1, set);
            for (i, (a, b)) in problem.outputs(&mut kernel).iter().zip(&outputs).enumerate() {
                let error = (f64::from(*a) - b).abs();
                assert!(error < 3e-5, "{}, {:?}: F[{i}] is {a}, not {b}", set.name(), problem.architecture);
            }
            let got = problem.loss(&mut kernel);
            assert!((got - loss).abs() < 1e-5 * loss, "{}: loss {got}, not {loss}", set.name());
        }
    }
}

/// For every piece: one entry, and a random direction in which every entry takes part.
#[test]
fn gradients_equal_differences_of_the_reference() {
    for (k, architecture) in shapes().into_iter().enumerate() {
        let problem = Problem::new(architecture, 2, 100 + k as u64);
        let mut random = Random(k as u64);
        let gradients: Vec<_> =
            sets().map(|set| (set, problem.loss_gradient(&mut problem.kernel(1, set)).1)).collect();
        for piece in problem.architecture.layout().pieces {
            let mut direction = vec![0.0; piece.range.len()];
            direction[random.below(piece.range.len())] = 1.0;
            check_direction(&problem, &gradients, &piece, &direction);
            let length = (piece.range.len() as f32).sqrt();
            direction.fill_with(|| random.signed() / length);
            check_direction(&problem, &gradients, &piece, &direction);
        }
    }
}

/// Each output's derivative by its own value, at a mask whose tokens are of several groups, for all tokens and for some.
#[test]
fn slopes_equal_differences_of_the_reference() {
    for (k, architecture) in shapes().into_iter().enumerate() {
        let (t, samples) = (architecture.tokens, 2 + 60 / architecture.tokens);
        let mut problem = Problem::new(architecture, samples, 600 + k as u64);
        problem.inputs.mask.fill(0);
        problem.masks.masks.swap(0, 1);
        let reference = Reference::new(&problem.architecture, &problem.parameters);
        let outputs = reference.outputs(&problem.inputs, &problem.masks);
        let moved = |own: usize, step: f32| {
            let mut inputs = problem.inputs.clone();
            inputs.value.iter_mut().skip(own).step_by(t).for_each(|value| *value += step);
            (inputs.value.clone(), reference.outputs(&inputs, &problem.masks))
        };
        let step = 1e-4;
        let moved: Vec<_> = (0..t).map(|own| (moved(own, step), moved(own, -step))).collect();
        for wanted in [vec![true; t], (0..t).map(|own| own % 2 == 0).collect()] {
            let probes = Probes::new(&problem.architecture, &problem.masks.masks[0], &wanted);
            for set in sets() {
                let mut found = vec![f32::NAN; 2 * samples * t];
                let Problem { parameters, inputs, masks, .. } = &problem;
                problem.kernel(2, set).slopes(parameters, inputs, masks, &probes, &mut found);
                for (at, wanted) in (0..samples * t).map(|at| (at, wanted[at % t])) {
                    let (sample, own) = (at / t, at % t);
                    let [f, slope] = [0, 1].map(|part| found[(2 * sample + part) * t + own]);
                    if !wanted {
                        assert!(f.is_nan() && slope.is_nan(), "nothing is said of what is not wanted");
                        continue;
                    }
                    let ((high, above), (low, below)) = &moved[own];
                    let difference = (above[at] - below[at]) / f64::from(high[at] - low[at]);
                    assert!((f64::from(f) - outputs[at]).abs() < 3e-5);
                    let error = (f64::from(slope) - difference).abs();
                    let name = format!("{}, {:?}", set.name(), problem.architecture);
                    assert!(error < 3e-4 * (1.0 + difference.abs()), "{name}: {slope} is not {difference}");
                }
            }
        }
    }
}

/// The change of the loss along `direction` of a piece, by a central difference and by the gradients.
fn check_direction(
    problem: &Problem,
    gradients: &[(crate::kernel::InstructionSet, Vec<f32>)],
    piece: &crate::network::Piece,
    direction: &[f32],
) {
    let step = 1e-4;
    let loss = |step: f64| {
        let mut reference = Reference::new(&problem.architecture, &problem.parameters);
        for (p, d) in reference.parameters[piece.range.clone()].iter_mut().zip(direction) {
            *p += step * f64::from(*d);
        }
        reference.loss(&problem.inputs, &problem.targets, &problem.masks)
    };
    let difference = (loss(step) - loss(-step)) / (2.0 * step);
    for (set, gradient) in gradients {
        let gradient = &gradient[piece.range.clone()];
        let along: f64 = gradient.iter().zip(direction).map(|(g, d)| f64::from(g * d)).sum();
        let size = gradient.iter().map(|g| f64::from(g * g)).sum::<f64>().sqrt();
        assert!(
            (along - difference).abs() < 1e-5 * size + 1e-5,
            "{}, {:?}, {}: {along} is not {difference}",
            set.name(),
            problem.architecture,
            piece.name
        );
    }
}
