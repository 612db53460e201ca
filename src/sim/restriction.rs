//! Whether draws satisfy the conditions of a query, and how far they are from where they do.

use crate::bytecode::{self, Code};
use crate::given::{Given, Refusal};
use crate::lower::{Lower, Output};
use crate::runner::Runner;
use sbi_model::{Condition, Conditioned, Margin, Model, NodeId};

/// What is said of a condition that cannot be computed from what is drawn.
const UNKNOWN: &str = "cannot be told of a draw";

/// The conditions of a query, compiled for rows of values of a model's elements.
pub struct Restriction {
    code: Code,
    columns: usize,
    margins: usize,
    whole: Margin,
    runner: Runner,
}

/// What is known of rows of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// `[rows · margins]`, of single comparisons.
    pub margins: Vec<f64>,
    /// For each row whether all conditions hold.
    pub holds: Vec<bool>,
}

impl Restriction {
    /// Compiles conditions for rows with these elements of nodes: all elements of each node that is there.
    ///
    /// # Errors
    /// A condition on something random that is not among the elements; or a model that takes too many steps.
    pub fn of(
        model: &Model,
        conditions: &[Condition],
        elements: &[(NodeId, usize)],
    ) -> Result<Restriction, Refusal> {
        let Conditioned { model, truths, margins, whole } = model.with_conditions(conditions);
        let columns: Vec<Output> =
            elements.iter().map(|(node, element)| Output::Element(*node, *element)).collect();
        let given = Given::of(&model, &columns);
        let targets: Vec<NodeId> = margins.iter().chain(&truths).copied().collect();
        let pairs: Vec<(NodeId, NodeId)> = targets.iter().map(|id| (*id, *id)).collect();
        let mut needed = given.behind(&pairs, UNKNOWN)?;
        needed.extend(&targets);
        let lower = Lower::given(&model, &given, &needed)?;
        let values: Vec<_> = targets.iter().map(|id| lower.value_of((*id, 0))).collect();
        let code = bytecode::compile(&lower.program, &values);
        let runner = Runner::best(&code);
        Ok(Restriction { code, columns: columns.len(), margins: margins.len(), whole, runner })
    }

    /// How many values a row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many margins a row has.
    pub fn margins(&self) -> usize {
        self.margins
    }

    /// How the comparisons make up the conditions.
    pub fn whole(&self) -> &Margin {
        &self.whole
    }

    /// Judges rows of values, on one thread. A margin that is no number is as far from holding as can be.
    pub fn judge(&self, values: &[f64]) -> Judged {
        let made = self.runner.table(&self.code, (values, self.columns), 1);
        let mut judged = Judged { margins: Vec::new(), holds: Vec::new() };
        for row in made.chunks_exact(self.code.columns) {
            let (margins, truths) = row.split_at(self.margins);
            judged.margins.extend(margins.iter().map(|m| if m.is_nan() { f64::NEG_INFINITY } else { *m }));
            judged.holds.push(truths.iter().all(|truth| *truth > 0.0));
        }
        judged
    }
}
