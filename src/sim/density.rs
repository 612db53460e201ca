//! The density of a model's draws: of parameters, and of data given them.

use crate::bytecode::{self, Code};
use crate::dist::Variate;
use crate::given::{Given, Implicit, NO_DENSITY, Refusal};
use crate::isa::InstructionSet;
use crate::jumps::Pauses;
use crate::lower::{Lower, Output};
use crate::runner::Runner;
use crate::ssa::Value;
use sbi_model::{Binary, Definition, Model, NodeId, Role};
use sbi_syntax::Diagnostic;
use std::collections::BTreeSet;

/// The logarithms of a model's densities, compiled for tables with certain columns.
///
/// Parameters and data that are drawn have a density given what they depend on. A latent that is among the columns is
/// counted with the parameters; one that is not stands in the way of whatever depends on it, and so do noises, jumps and
/// programs from outside: then only simulating tells. Solutions of equations without noise are computed. A datum that merely
/// equals a latent has its density.
///
/// Where values lie where they cannot, the logarithm is minus infinity, whatever comes after them; where one is NaN, or
/// the arguments of a distribution name none, it is NaN. But what a data set may lack, as sets of different sizes
/// and `missing` say, contributes nothing where it is NaN (of a vector, where all of it is), and neither do the gaps, sizes
/// and times themselves: they are as they are. Counts, truths and categories have probabilities in place of densities.
pub struct Density {
    columns: usize,
    prior: Result<Code, Implicit>,
    likelihood: Result<Code, Implicit>,
    joint: Result<Code, Implicit>,
    runner: Runner,
}

impl Density {
    /// Compiles the densities of `model` for tables with these columns, such as those that a
    /// [`Simulator`](crate::Simulator) of the same outputs gives. A node counts where all its elements are there, and
    /// scattered instants where all coordinates of their axis are.
    ///
    /// # Errors
    /// A diagnostic with the node whose elements are too many. What has no density is told by the methods.
    pub fn of(model: &Model, columns: &[Output]) -> Result<Density, Diagnostic> {
        let given = Given::of(model, columns);
        let prior: Vec<NodeId> =
            model.order.iter().copied().filter(|id| is_prior(&given, model, *id)).collect();
        let is_datum = |id: &NodeId| model.node(*id).role == Role::Data;
        let likelihood: Vec<NodeId> = model.order.iter().copied().filter(is_datum).collect();
        let code = |targets: &[NodeId]| match compile(model, &given, targets) {
            Ok(code) => Ok(Ok(code)),
            Err(Refusal::Implicit(implicit)) => Ok(Err(implicit)),
            Err(Refusal::TooLarge(told)) => Err(*told),
        };
        let joint = code(&[prior.clone(), likelihood.clone()].concat())?;
        let (prior, likelihood) = (code(&prior)?, code(&likelihood)?);
        let largest = joint.as_ref().or(likelihood.as_ref()).or(prior.as_ref());
        let runner = largest.map_or(Runner::NARROW, Runner::best);
        Ok(Density { columns: columns.len(), prior, likelihood, joint, runner })
    }

    /// The same with these instructions in place of the machine's best. The results have the same bits.
    #[must_use]
    pub fn with_instructions(mut self, set: InstructionSet) -> Density {
        self.runner.set = set;
        self
    }

    /// The same with columns of 64, 128, 256 or 512 draws. The results have the same bits.
    #[must_use]
    pub fn with_width(mut self, width: usize) -> Density {
        self.runner.set_width(width);
        self
    }

    /// The logarithm of the prior density of parameters and given latents, for each row of a table (row-major, as many
    /// values in a row as there are columns).
    ///
    /// # Errors
    /// The first that has none.
    pub fn prior(&self, values: &[f64], threads: usize) -> Result<Vec<f64>, &Implicit> {
        Ok(self.run(self.prior.as_ref()?, values, threads))
    }

    /// The logarithm of the density of all data given parameters and given latents, for each row of a table.
    ///
    /// # Errors
    /// The first datum that has none.
    pub fn likelihood(&self, values: &[f64], threads: usize) -> Result<Vec<f64>, &Implicit> {
        Ok(self.run(self.likelihood.as_ref()?, values, threads))
    }

    /// The logarithm of both together, for each row of a table: minus infinity where the prior is, where the likelihood may
    /// be that of no distribution.
    ///
    /// # Errors
    /// The first that has none.
    pub fn joint(&self, values: &[f64], threads: usize) -> Result<Vec<f64>, &Implicit> {
        Ok(self.run(self.joint.as_ref()?, values, threads))
    }

    fn run(&self, code: &Code, values: &[f64], threads: usize) -> Vec<f64> {
        self.runner.table(code, (values, self.columns), threads)
    }
}

/// Whether a node has a part in the prior.
fn is_prior(given: &Given<'_>, model: &Model, id: NodeId) -> bool {
    let node = model.node(id);
    let drawn = matches!(node.definition, Definition::Draw(_));
    match node.role {
        Role::Param => drawn,
        Role::Latent => drawn && given.columns(id).is_some() && !given.stands_for_data(id),
        _ => false,
    }
}

/// Code that sums the logarithms of the densities of these nodes.
fn compile(model: &Model, given: &Given<'_>, targets: &[NodeId]) -> Result<Code, Refusal> {
    let draws: Result<Vec<_>, Implicit> = targets.iter().map(|id| Ok((*id, given.draw_of(*id)?))).collect();
    let draws = draws?;
    let pairs: Vec<(NodeId, NodeId)> = draws.iter().map(|(told, (drawn, _))| (*told, *drawn)).collect();
    let needed = given.behind(&pairs, NO_DENSITY)?;
    let mut lower = Lower::given(model, given, &needed)?;
    let mut total = lower.program.number(0.0);
    for (told, (id, draw)) in draws {
        let node = model.node(id);
        lower.ready(id)?;
        let logs = lower.variates(node, draw, |lower, variate, first| {
            vec![lower.log_density([told, id], variate, first)]
        })?;
        for log in logs {
            // What is impossible stays so, whatever the distributions of the rest are then.
            let sum = lower.program.add(log, total);
            let nothing = lower.program.number(f64::NEG_INFINITY);
            let impossible = lower.program.binary(Binary::Eq, total, nothing);
            total = lower.program.select(impossible, total, sum);
        }
        lower.bounded(node)?;
    }
    Ok(bytecode::compile(&lower.program, &[total]))
}

impl<'m> Lower<'m> {
    /// A model whose given nodes have the values of their columns, and of whose other nodes those needed are computed.
    pub(crate) fn given(
        model: &'m Model,
        given: &Given<'_>,
        needed: &BTreeSet<NodeId>,
    ) -> Result<Lower<'m>, Diagnostic> {
        let mut lower = Lower::of(model, vec![Pauses::default(); model.dynamics.len()]);
        lower.read_extents(given);
        for &id in &model.order {
            if let Some(columns) = given.columns(id) {
                let values = lower.read_columns(columns);
                lower.replace(id, values);
            } else if needed.contains(&id) {
                lower.make(id)?;
            }
        }
        Ok(lower)
    }

    /// The logarithm of the density of a number or vector whose values are at hand, from this element of its node on. The
    /// first of the two nodes is that which is told of, and which a data set may lack.
    pub(crate) fn log_density(&mut self, [told, id]: [NodeId; 2], variate: &Variate, first: usize) -> Value {
        let elements = first..first + variate.bends.len();
        let values: Vec<Value> = elements.clone().map(|element| self.value_of((id, element))).collect();
        let log = variate.log_density(&mut self.program, &values);
        self.unless_lacking(told, first, &values, log)
    }

    /// `log`, or zero where a data set lacks all of these values of a node, from this element on.
    pub(crate) fn unless_lacking(&mut self, id: NodeId, first: usize, values: &[Value], log: Value) -> Value {
        if !(first..first + values.len()).any(|element| self.may_lack(id, element)) {
            return log;
        }
        let zero = self.program.number(0.0);
        let mut there = zero;
        for value in values {
            let known = self.program.binary(Binary::Eq, *value, *value);
            there = self.program.binary(Binary::Or, there, known);
        }
        self.program.select(there, log, zero)
    }
}
