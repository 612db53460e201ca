//! What belongs to a dynamics: its states, what is computed of them, and its noises.

use crate::lower::Lower;
use crate::motion::{Clock, Slot};
use crate::rng::path_hash;
use crate::ssa::{Driving, Value};
use sbi_model::{Binary, ChangeKind, Definition, Dynamics, ExprId, NodeId, Role};

/// What the noises of a dynamics are.
#[derive(Clone, Copy)]
pub(crate) enum Noises {
    Drawn,
    None,
    /// One of them is 1, the others are 0.
    Unit(Slot),
}

impl Lower<'_> {
    /// An expression of the dynamics, with its `let`s as the states at hand make them.
    pub(crate) fn members(&mut self, dynamics: &Dynamics, expr: ExprId) -> Value {
        if let Some(time) = self.clock {
            self.refreshed(dynamics, time);
        }
        self.expression(expr)
    }

    /// Computes the `let`s of a dynamics anew, as the states at hand and the time make them; noises are at rest.
    pub(crate) fn refreshed(&mut self, dynamics: &Dynamics, time: Value) {
        self.refresh(dynamics, time, Noises::None);
    }

    /// Computes the `let`s and noises of a dynamics anew.
    pub(crate) fn refresh(&mut self, dynamics: &Dynamics, time: Value, noises: Noises) {
        self.reductions.clear();
        let model = self.model;
        let members = model.order.iter().filter(|id| dynamics.members.contains(id));
        for &id in members {
            let node = model.node(id);
            let values = match &node.definition {
                Definition::Noise => self.noises(id, dynamics, noises),
                Definition::Equals(expr) if !self.is_state(id) => {
                    self.elements_of(id, |this| this.at_time(time, |this| this.expression(*expr)))
                }
                _ => continue,
            };
            self.elements_here(id).zip(values).for_each(|(element, value)| self.set((id, element), value));
        }
    }

    /// White noise over a step: standard normal numbers over the root of its length.
    fn noises(&mut self, id: NodeId, dynamics: &Dynamics, noises: Noises) -> Vec<Value> {
        let scale = 1.0 / Clock::of(dynamics).step.sqrt();
        let value = |this: &mut Self, element| match noises {
            Noises::None => this.program.number(0.0),
            Noises::Unit(slot) => this.program.number(f64::from(u8::from(slot == (id, element)))),
            Noises::Drawn => {
                let z = this.normal((id, element));
                let scale = this.program.number(scale);
                this.program.binary(Binary::Mul, z, scale)
            }
        };
        self.elements_here(id).map(|element| value(self, element)).collect()
    }

    /// The standard normal number of a noise in this step.
    pub(crate) fn normal(&mut self, (id, element): Slot) -> Value {
        let path = path_hash(&self.model.node(id).name);
        self.program.driving(Driving { path, element: element as u32 })
    }

    pub(crate) fn noise_slots(&self, dynamics: &Dynamics) -> Vec<Slot> {
        let is_noise = |id: &NodeId| matches!(self.model.node(*id).definition, Definition::Noise);
        self.slots_here(dynamics.members.iter().copied().filter(is_noise))
    }

    /// The elements of all states at the place where we stand.
    pub(crate) fn states_here(&self, dynamics: &Dynamics) -> Vec<Slot> {
        self.slots_here(self.states(dynamics).into_iter())
    }

    /// The states of a dynamics, in the order written.
    pub(crate) fn states(&self, dynamics: &Dynamics) -> Vec<NodeId> {
        dynamics.members.iter().copied().filter(|id| self.is_state(*id)).collect()
    }

    pub(crate) fn is_state(&self, id: NodeId) -> bool {
        self.model.node(id).role == Role::State
    }

    /// The elements of nodes at the place where we stand.
    pub(crate) fn slots_here(&self, nodes: impl Iterator<Item = NodeId>) -> Vec<Slot> {
        nodes.flat_map(|id| self.elements_here(id).map(move |element| (id, element))).collect()
    }

    // ---- values at hand ------------------------------------------------------------------------

    /// Does work at a time of the clock.
    pub(crate) fn at_time<R>(&mut self, time: Value, work: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.clock.replace(time);
        let result = work(self);
        self.clock = before;
        result
    }

    pub(crate) fn put(&mut self, slots: &[Slot], values: &[Value]) {
        slots.iter().zip(values).for_each(|(slot, value)| self.set(*slot, *value));
        self.reductions.clear();
    }
}

/// How a state changes from step to step, if it does.
pub(crate) fn change(dynamics: &Dynamics, state: NodeId) -> Option<&ChangeKind> {
    dynamics.changes.iter().find(|change| change.state == state).map(|change| &change.kind)
}
