//! Trainings that are stopped and go on, and trainings and draws on other numbers of threads.

use super::{Watcher, machine, normal_pairs, pairs_of, question};
use crate::{Conditional, Damaged, Plan, Subject, Table, TrainError, Weights, plan, train};
use sbi_model::{Support, Train, Transformer};
use std::ops::ControlFlow;

fn small() -> (Plan, Subject, Table) {
    let (subject, table) = (pairs_of(2, Support::REAL), normal_pairs(2, 200));
    let transformer = Transformer { width: Some(16), layers: Some(2), ..Transformer::default() };
    let train = Train { steps: Some(60), batch: Some(32), ..Train::default() };
    (plan("test", &subject, &transformer, &train, &table), subject, table)
}

fn run(resume: Option<&[u8]>, threads: usize, watcher: &mut Watcher) -> Result<Weights, TrainError> {
    let (plan, subject, table) = small();
    train(&plan, &subject, crate::Material::kept(&table), &machine(threads), resume, watcher)
}

#[test]
fn a_stopped_training_goes_on_to_the_same_bits() {
    let whole = run(None, 2, &mut Watcher::default()).unwrap();
    let mut watcher = Watcher { stop_after: Some(23), kept: None };
    assert_eq!(run(None, 2, &mut watcher), Err(TrainError::Stopped));
    let resumed = run(watcher.kept.as_deref(), 2, &mut Watcher::default()).unwrap();
    assert_eq!(whole.to_bytes(), resumed.to_bytes());
    assert_eq!(Weights::from_bytes(&whole.to_bytes()), Ok(whole));
}

/// A training that ends when it has learnt goes on from before and from within its fall.
#[test]
fn a_training_of_no_stated_length_goes_on_to_the_same_bits() {
    let (subject, table) = (pairs_of(1, Support::REAL), normal_pairs(1, 200));
    let transformer = Transformer { width: Some(16), layers: Some(1), ..Transformer::default() };
    let train_ = Train { batch: Some(16), ..Train::default() };
    let plan = plan("test", &subject, &transformer, &train_, &table);
    let run = |resume: Option<&[u8]>, watcher: &mut Watcher| {
        train(&plan, &subject, crate::Material::kept(&table), &machine(2), resume, watcher)
    };
    let whole = run(None, &mut Watcher::default()).unwrap();
    let end = whole.curve.last().unwrap().step;
    assert!(end < plan.course.steps, "{end} steps");
    for stop_after in [end / 3, end - end / 6] {
        let mut watcher = Watcher { stop_after: Some(stop_after), kept: None };
        assert_eq!(run(None, &mut watcher), Err(TrainError::Stopped));
        let resumed = run(watcher.kept.as_deref(), &mut Watcher::default()).unwrap();
        assert_eq!(whole.to_bytes(), resumed.to_bytes(), "stopped after {stop_after} of {end}");
    }
}

#[test]
fn threads_change_neither_weights_nor_draws() {
    let (_, subject, _) = small();
    let [one, two] = [1, 2].map(|threads| run(None, threads, &mut Watcher::default()).unwrap());
    assert_eq!(one.to_bytes(), two.to_bytes());
    let question = question(&[None, None, Some(0.3), Some(-1.0)]);
    let conditional = Conditional::new(&one, &subject, &question, 1);
    let ask = |numbers, threads| {
        conditional.draw(numbers, &machine(threads), &mut |_| ControlFlow::Continue(())).unwrap().values
    };
    let many = ask(0..1_500, 1);
    assert_eq!(many, ask(0..1_500, 2));
    assert_eq!(many[2 * 301..2 * 600], ask(301..600, 2), "a draw depends on its number alone");
}

#[test]
fn damaged_or_foreign_checkpoints_are_refused() {
    let mut watcher = Watcher { stop_after: Some(5), kept: None };
    run(None, 1, &mut watcher).unwrap_err();
    let kept = watcher.kept.unwrap();
    let cut = run(Some(&kept[..kept.len() - 40]), 1, &mut Watcher::default());
    assert!(matches!(cut, Err(TrainError::Checkpoint(_))));
    let (mut plan, subject, table) = small();
    plan.course.seed += 1;
    let foreign = train(
        &plan,
        &subject,
        crate::Material::kept(&table),
        &machine(1),
        Some(&kept),
        &mut Watcher::default(),
    );
    assert_eq!(foreign, Err(TrainError::Checkpoint(Damaged("it belongs to another training".into()))));
}
