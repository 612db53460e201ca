//! One step of a dynamics, by each of the methods with steps of one length.

use crate::lower::Lower;
use crate::members::{Noises, change};
use crate::motion::Slot;
use crate::ssa::Value;
use sbi_model::{Binary, ChangeKind, Dynamics, Event, Unary};
use sbi_syntax::Diagnostic;

const MIXED: &str = "the checker gives a solver the changes that it can make";

impl Lower<'_> {
    /// The classical method of order four. The loop carries the slopes at the start of the step.
    pub(crate) fn runge_kutta(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        [now, then]: [Value; 2],
        step: f64,
    ) -> Vec<Value> {
        let half = self.program.number(0.5 * step);
        let middle = self.program.binary(Binary::Add, now, half);
        let first: Vec<Value> = (slots.len()..2 * slots.len()).map(|slot| self.carried(slot)).collect();
        let mut slopes = vec![first];
        for (reach, time) in [(0.5 * step, middle), (0.5 * step, middle), (step, then)] {
            let ahead = self.along(x, slopes.last().map_or(&[][..], Vec::as_slice), reach);
            self.put(slots, &ahead);
            slopes.push(self.slopes(dynamics, time, Noises::None));
        }
        let mut weighted = x.to_vec();
        for (slope, weight) in slopes.iter().zip([1.0, 2.0, 2.0, 1.0]) {
            weighted = self.along(&weighted, slope, step * weight / 6.0);
        }
        weighted
    }

    /// Milstein's method without derivatives (Kloeden and Platen 1992, 11.1.3), for noises of which each moves states of
    /// its own: `x + a h + Σ b w + Σ (b(x + a h + b √h) - b) (w² - h) / 2√h` with normal increments `w`.
    pub(crate) fn milstein(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        now: Value,
        step: f64,
    ) -> Vec<Value> {
        let drift = self.slopes(dynamics, now, Noises::None);
        let without = self.along(x, &drift, step);
        let mut next = without.clone();
        for noise in self.noise_slots(dynamics) {
            let strength = self.strength(dynamics, noise, &drift, now);
            let ahead = self.along(&without, &strength, step.sqrt());
            self.put(slots, &ahead);
            let there = self.slopes(dynamics, now, Noises::None);
            let there = self.strength(dynamics, noise, &there, now);
            self.put(slots, x);
            let z = self.normal(noise);
            let (one, root) = (self.program.number(1.0), self.program.number(step.sqrt()));
            let increment = self.program.binary(Binary::Mul, z, root);
            let square = self.program.binary(Binary::Mul, z, z);
            let square = self.program.binary(Binary::Sub, square, one);
            let half = self.program.number(0.5 * step.sqrt());
            let bent = self.program.binary(Binary::Mul, square, half);
            for ((next, here), there) in next.iter_mut().zip(strength).zip(there) {
                let change = self.program.binary(Binary::Sub, there, here);
                let [a, b] = [(here, increment), (change, bent)]
                    .map(|(strength, by)| self.program.binary(Binary::Mul, strength, by));
                let both = self.program.binary(Binary::Add, a, b);
                *next = self.program.binary(Binary::Add, *next, both);
            }
        }
        next
    }

    /// How strongly a noise moves each state, where the slopes without any are these: noises enter linearly.
    pub(crate) fn strength(
        &mut self,
        dynamics: &Dynamics,
        noise: Slot,
        drift: &[Value],
        now: Value,
    ) -> Vec<Value> {
        let with = self.slopes(dynamics, now, Noises::Unit(noise));
        with.into_iter()
            .zip(drift)
            .map(|(with, drift)| self.program.binary(Binary::Sub, with, *drift))
            .collect()
    }

    /// How far the noises together move each state in a unit of time: the root of the sum of their squared strengths.
    pub(crate) fn diffusion(&mut self, dynamics: &Dynamics, now: Value) -> Vec<Value> {
        let drift = self.slopes(dynamics, now, Noises::None);
        let mut squares = vec![self.program.number(0.0); drift.len()];
        for noise in self.noise_slots(dynamics) {
            let strength = self.strength(dynamics, noise, &drift, now);
            for (sum, b) in squares.iter_mut().zip(strength) {
                let square = self.program.binary(Binary::Mul, b, b);
                *sum = self.program.binary(Binary::Add, square, *sum);
            }
        }
        squares.into_iter().map(|square| self.program.unary(Unary::Sqrt, square)).collect()
    }

    /// `x + length slope`.
    pub(crate) fn along(&mut self, x: &[Value], slopes: &[Value], length: f64) -> Vec<Value> {
        let length = self.program.number(length);
        let moved = x.iter().zip(slopes).map(|(x, slope)| {
            let off = self.program.binary(Binary::Mul, *slope, length);
            self.program.binary(Binary::Add, off, *x)
        });
        moved.collect()
    }

    /// The derivatives of all states at a time, with the states at hand and all noises at rest.
    pub(crate) fn calm_slopes(&mut self, dynamics: &Dynamics, time: Value) -> Vec<Value> {
        self.slopes(dynamics, time, Noises::None)
    }

    /// The derivatives of all states at a time, with the states at hand.
    pub(crate) fn slopes(&mut self, dynamics: &Dynamics, time: Value, noises: Noises) -> Vec<Value> {
        self.refresh(dynamics, time, noises);
        let mut slopes = Vec::new();
        for state in self.states(dynamics) {
            slopes.extend(match change(dynamics, state) {
                Some(ChangeKind::Derivative(value)) => {
                    self.elements_of(state, |this| this.at_time(time, |this| this.expression(*value)))
                }
                // What only events change.
                None => self.elements_of(state, |this| this.program.number(0.0)),
                _ => unreachable!("{MIXED}"),
            });
        }
        slopes
    }

    /// The states a step later, where the file says what they are.
    pub(crate) fn recurrence(&mut self, dynamics: &Dynamics, now: Value) -> Result<Vec<Value>, Diagnostic> {
        self.refresh(dynamics, now, Noises::None);
        let model = self.model;
        let mut next = Vec::new();
        for state in self.states(dynamics) {
            let node = model.node(state);
            next.extend(match change(dynamics, state) {
                Some(ChangeKind::Next(value)) => {
                    self.elements_of(state, |this| this.at_time(now, |this| this.expression(*value)))
                }
                Some(ChangeKind::Draw(draw)) => {
                    self.at_time(now, |this| this.draw(node, draw, &format!("{}.next", node.name)))?
                }
                Some(ChangeKind::Derivative(_)) => unreachable!("{MIXED}"),
                None => {
                    let here = self.elements_here(state);
                    here.map(|element| self.value_of((state, element))).collect()
                }
            });
        }
        Ok(next)
    }

    /// Sets states where a condition has become true within the step.
    pub(crate) fn happen(&mut self, dynamics: &Dynamics, event: &Event, before: Value, then: Value) {
        let after = self.at_time(then, |this| this.members(dynamics, event.trigger));
        let calm = self.program.unary(Unary::Not, before);
        let rises = self.program.binary(Binary::And, calm, after);
        // All assignments read the states as they were.
        let mut set = Vec::new();
        for (state, value) in &event.assignments {
            let values = self.elements_of(*state, |this| this.at_time(then, |this| this.expression(*value)));
            set.push((*state, values));
        }
        for (state, values) in set {
            for (element, value) in self.elements_here(state).zip(values) {
                let old = self.value_of((state, element));
                let new = self.program.select(rises, value, old);
                self.set((state, element), new);
            }
        }
        self.reductions.clear();
    }
}
