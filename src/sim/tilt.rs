//! How much likelier numbers are under the priors of a query than under those of its model.

use crate::bytecode::{self, Code};
use crate::given::{Given, NO_DENSITY, Refusal};
use crate::lower::{Lower, Output};
use crate::runner::Runner;
use sbi_model::{ChangedPrior, Model, NodeId, Support};

/// The laws of parameters whose priors a query changes, compiled for rows of all their elements. Each law is one of its own number
/// alone.
pub struct Tilt {
    elements: Vec<(NodeId, usize)>,
    supports: Vec<Support>,
    old: Law,
    new: Law,
}

/// The logarithms of densities, one for each element.
struct Law {
    code: Code,
    runner: Runner,
}

impl Tilt {
    /// Compiles both laws of each parameter.
    ///
    /// # Errors
    /// A law that has no density; or a model that takes too many steps.
    pub fn of(model: &Model, priors: &[ChangedPrior]) -> Result<Tilt, Refusal> {
        let (mut elements, mut supports) = (Vec::new(), Vec::new());
        for ChangedPrior { node, supports: own, .. } in priors {
            elements.extend((0..model.elements(model.node(*node))).map(|element| (*node, element)));
            supports.extend(own);
        }
        let nodes: Vec<NodeId> = priors.iter().map(|prior| prior.node).collect();
        let altered = priors.iter().fold(model.clone(), |model, prior| model.with_prior(prior));
        let [old, new] = [model, &altered].map(|model| Law::of(model, &nodes, &elements));
        Ok(Tilt { elements, supports, old: old?, new: new? })
    }

    /// The elements of the parameters, in the order of the values of a row.
    pub fn elements(&self) -> &[(NodeId, usize)] {
        &self.elements
    }

    /// For each element where both laws have values.
    pub fn supports(&self) -> &[Support] {
        &self.supports
    }

    /// The logarithms of the densities under the model's priors, `[rows · elements]` as the values are, on one thread.
    pub fn before(&self, values: &[f64]) -> Vec<f64> {
        self.old.logs(values, self.elements.len())
    }

    /// The same under the changed ones.
    pub fn after(&self, values: &[f64]) -> Vec<f64> {
        self.new.logs(values, self.elements.len())
    }

    /// The logarithms of how much likelier each value is than in the model, `[rows · elements]`: minus infinity outside of either law.
    pub fn log_weights(&self, values: &[f64]) -> Vec<f64> {
        let ratio = |(new, old): (f64, f64)| {
            let ratio = new - old;
            if ratio.is_nan() || old == f64::NEG_INFINITY { f64::NEG_INFINITY } else { ratio }
        };
        self.after(values).into_iter().zip(self.before(values)).map(ratio).collect()
    }
}

impl Law {
    /// The laws of these nodes in a model, for rows of all their elements.
    fn of(model: &Model, nodes: &[NodeId], elements: &[(NodeId, usize)]) -> Result<Law, Refusal> {
        let columns: Vec<Output> = elements.iter().map(|(node, k)| Output::Element(*node, *k)).collect();
        let given = Given::of(model, &columns);
        let pairs: Vec<(NodeId, NodeId)> = nodes.iter().map(|id| (*id, *id)).collect();
        let needed = given.behind(&pairs, NO_DENSITY)?;
        let mut lower = Lower::given(model, &given, &needed)?;
        let mut logs = Vec::with_capacity(elements.len());
        for &id in nodes {
            let (_, draw) = given.draw_of(id)?;
            lower.ready(id)?;
            let each = lower.variates(model.node(id), draw, |lower, variate, first| {
                vec![lower.log_density([id, id], variate, first)]
            })?;
            logs.extend(each);
            lower.bounded(model.node(id))?;
        }
        let code = bytecode::compile(&lower.program, &logs);
        let runner = Runner::best(&code);
        Ok(Law { code, runner })
    }

    fn logs(&self, values: &[f64], columns: usize) -> Vec<f64> {
        self.runner.table(&self.code, (values, columns), 1)
    }
}
