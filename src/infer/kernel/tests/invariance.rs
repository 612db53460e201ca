//! What must not change results, and how results of different batches belong together.

use super::problem::{Problem, Random, architecture, sets, shapes};
use crate::kernel::Kernel;
use crate::network::Inputs;
use sbi_model::Mask;
use std::sync::Arc;

#[test]
fn threads_and_earlier_calls_leave_the_bits_alone() {
    for (k, architecture) in shapes().into_iter().enumerate() {
        let samples = 3 + 700 / architecture.tokens;
        let problem = Problem::new(architecture.clone(), samples, 200 + k as u64);
        let other = Problem::new(architecture, samples / 2 + 1, 300 + k as u64);
        for set in sets() {
            let mut one = problem.kernel(1, set);
            let expected =
                (problem.outputs(&mut one), problem.loss(&mut one), problem.loss_gradient(&mut one));
            assert_eq!(expected.1, expected.2.0, "the loss with and without its gradient");
            for threads in [1, 2, 3] {
                let mut kernel = problem.kernel(threads, set);
                other.loss_gradient(&mut kernel);
                other.outputs(&mut kernel);
                let gradient = problem.loss_gradient(&mut kernel);
                let got = (problem.outputs(&mut kernel), problem.loss(&mut kernel), gradient);
                assert_eq!(got, expected, "{} threads, {}", threads, set.name());
            }
        }
    }
}

#[test]
fn samples_do_not_see_each_other() {
    for (k, architecture) in shapes().into_iter().enumerate() {
        let (t, samples) = (architecture.tokens, 3 + 200 / architecture.tokens);
        let problem = Problem::new(architecture, samples, 400 + k as u64);
        let turned = problem.reordered((0..samples).rev());
        for set in sets() {
            let mut kernel = problem.kernel(2, set);
            let outputs = problem.outputs(&mut kernel);
            let backwards: Vec<f32> = outputs.chunks(t).rev().flatten().copied().collect();
            assert_eq!(turned.outputs(&mut kernel), backwards, "{}", set.name());
        }
    }
}

#[test]
fn the_gradient_of_a_batch_is_the_sum_of_those_of_its_samples() {
    for (k, architecture) in shapes().into_iter().enumerate() {
        let samples = 2 + 600 / architecture.tokens;
        let problem = Problem::new(architecture, samples, 500 + k as u64);
        for set in sets() {
            let mut kernel = problem.kernel(1, set);
            let (loss, gradient) = problem.loss_gradient(&mut kernel);
            let mut sum = vec![0.0; gradient.len()];
            let mut sum_of_losses = 0.0;
            for sample in 0..samples {
                let (loss, gradient) = problem.reordered(std::iter::once(sample)).loss_gradient(&mut kernel);
                sum_of_losses += loss;
                sum.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += f64::from(g));
            }
            assert!((loss - sum_of_losses).abs() < 1e-6 * loss, "{loss} is not {sum_of_losses}");
            for piece in problem.architecture.layout().pieces {
                let of = |at: usize| (f64::from(gradient[at]) - sum[at]).abs();
                let largest = piece.range.clone().map(|at| sum[at].abs()).fold(0.0, f64::max);
                let error = piece.range.map(of).fold(0.0, f64::max);
                assert!(error < 1e-5 * largest + 1e-5, "{}, {}: {error}", set.name(), piece.name);
            }
        }
    }
}

/// One kernel for several masks and several tokens that are wanted, or none: others have the first sample's numbers.
#[test]
fn what_is_wanted_is_the_same_as_if_all_were() {
    for (k, architecture) in shapes().into_iter().enumerate() {
        let (t, samples) = (architecture.tokens, 3 + 300 / architecture.tokens);
        let mut random = Random(k as u64);
        let problem = Problem::new(architecture, samples, 700 + k as u64);
        let wanted = [t / 2, 0, t].map(|first| {
            let of = |token| first < t && (token == first || random.below(3) == 0);
            (0..t).map(of).collect::<Vec<bool>>()
        });
        for (set, threads) in sets().flat_map(|set| [(set, 1), (set, 2)]) {
            let mut kernel = problem.kernel(threads, set);
            for (mask, wanted) in
                problem.masks.masks.iter().flat_map(|mask| wanted.iter().map(move |w| (mask, w)))
            {
                check_wanted(&problem, &mut kernel, mask.clone(), wanted);
            }
        }
    }
}

fn check_wanted(problem: &Problem, kernel: &mut Kernel, mask: Arc<Mask>, wanted: &[bool]) {
    let t = wanted.len();
    let mut problem = problem.reordered(0..problem.inputs.samples());
    problem.masks.masks = vec![mask];
    let Inputs { value, given, time, mask, .. } = &mut problem.inputs;
    mask.fill(0);
    for numbers in [value, given, time] {
        for at in (t.min(numbers.len())..numbers.len()).filter(|at| !wanted[at % t]) {
            numbers[at] = numbers[at % t];
        }
    }
    let all = problem.outputs(kernel);
    problem.inputs.wanted = wanted.to_vec();
    let some = problem.outputs(kernel);
    for (at, (some, all)) in some.iter().zip(&all).enumerate() {
        let is_wanted = wanted[at % t];
        assert!(!is_wanted || some == all, "F[{at}] is {some}, not {all}");
        assert!(is_wanted || some.is_nan(), "F[{at}] is computed for nobody");
    }
}

/// Tokens that nobody looks at and that have no loss go nowhere, so that they may be anything.
#[test]
fn what_does_not_matter_is_not_computed() {
    for (tokens, width) in [(4, 32), (13, 48), (40, 24)] {
        let mut problem = Problem::new(architecture(tokens, width, 2, [2, 12], 40, 3), 30, 800);
        let absent = |token: usize| token.is_multiple_of(3);
        let mut mask = Mask::empty(tokens);
        for (i, j) in (0..tokens * tokens).map(|at| (at / tokens, at % tokens)) {
            if !absent(i) && !absent(j) {
                mask.set(i, j);
            }
        }
        problem.masks.masks.fill(mask.into());
        for at in (0..30 * tokens).filter(|at| absent(at % tokens)) {
            (problem.inputs.value[at], problem.targets.weight[at]) = (f32::INFINITY, 0.0);
        }
        for set in sets() {
            let (loss, gradient) = problem.loss_gradient(&mut problem.kernel(2, set));
            assert!(loss.is_finite() && gradient.iter().all(|g| g.is_finite()), "{}", set.name());
        }
    }
}

#[test]
fn what_nobody_attends_to_changes_nothing() {
    for (tokens, width) in [(4, 32), (5, 24), (20, 50), (40, 32)] {
        let mut problem =
            Problem::new(architecture(tokens, width, 2, [2, 16], 40, 7), 9, 600 + tokens as u64);
        let hidden = tokens / 2;
        for mask in &mut problem.masks.masks {
            *mask = without_column(mask, hidden).into();
        }
        for set in sets() {
            let mut kernel = problem.kernel(1, set);
            let before = problem.outputs(&mut kernel);
            problem.inputs.value.iter_mut().skip(hidden).step_by(tokens).for_each(|v| *v = 70.0 - *v);
            let after = problem.outputs(&mut kernel);
            for (i, (before, after)) in before.iter().zip(&after).enumerate() {
                assert!(before == after || i % tokens == hidden, "{}: F[{i}]", set.name());
            }
            assert_ne!(before, after, "the token itself sees its value");
        }
    }
}

/// The same mask with nobody attending to `column` but itself.
fn without_column(mask: &Mask, column: usize) -> Mask {
    let mut without = Mask::empty(mask.size());
    for i in 0..mask.size() {
        for j in (0..mask.size()).filter(|&j| mask.get(i, j) && (j != column || i == column)) {
            without.set(i, j);
        }
    }
    without
}

#[test]
fn an_absent_token_attends_to_nothing() {
    // With no pair in the mask, attention adds its bias alone, so that the other weights cannot matter.
    let mut problem = Problem::new(architecture(5, 24, 1, [3, 8], 50, 3), 4, 7);
    problem.masks.masks.fill(Mask::empty(5).into());
    for set in sets() {
        let mut kernel = problem.kernel(1, set);
        let before = problem.outputs(&mut kernel);
        let block = &problem.architecture.layout().blocks[0];
        let mut changed = problem.reordered(0..4);
        changed.parameters[block.qkv[0].clone()].fill(3.0);
        changed.parameters[block.out[0].clone()].fill(-2.0);
        assert_eq!(changed.outputs(&mut kernel), before, "{}", set.name());
    }
}

#[test]
fn an_empty_batch_has_no_loss() {
    let problem = Problem::new(architecture(4, 32, 2, [2, 16], 64, 7), 0, 8);
    let mut kernel = Kernel::new(&problem.architecture, 2);
    assert!(problem.outputs(&mut kernel).is_empty());
    let (loss, gradient) = problem.loss_gradient(&mut kernel);
    assert_eq!(loss, 0.0);
    assert!(gradient.iter().all(|&g| g == 0.0), "no sample, no gradient");
}

#[test]
fn large_values_stay_finite() {
    let mut problem = Problem::new(architecture(13, 48, 2, [3, 16], 96, 7), 20, 9);
    problem.inputs.value.iter_mut().for_each(|v| *v *= 40.0);
    for set in sets() {
        let mut kernel = problem.kernel(1, set);
        let (loss, gradient) = problem.loss_gradient(&mut kernel);
        assert!(loss.is_finite() && gradient.iter().all(|g| g.is_finite()), "{}", set.name());
    }
}
