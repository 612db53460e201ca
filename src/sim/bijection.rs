//! Between the parameters of a model and the real line.

use crate::bytecode::{self, Code};
use crate::dist::{Measure, Straight, measure};
use crate::given::{Given, Implicit, Refusal};
use crate::jumps::Pauses;
use crate::lower::{Lower, Output};
use crate::runner::Runner;
use crate::ssa::Value;
use sbi_model::{Definition, Draw, Model, NodeId, Range};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is said of what real numbers cannot stand for.
const NO_WAY: &str = "has no way to the real line";

/// A smooth one-to-one map between the values that a model's parameters can take and the whole real line, number by number
/// in the order of the model: where a parameter lies may depend on those before it, as in `uniform(0, theta)`.
///
/// There are as many real numbers as parameters, in the same order, but for shares that add up to one
/// (`dirichlet`): of these the last, which follows from the others, has none. The real line of a mixture covers all from
/// the least to the greatest end of its components, gaps between them included.
pub struct Bijection {
    to: Code,
    from: Code,
    values: usize,
    reals: usize,
    runner: Runner,
}

/// Rows of values or of real numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// The numbers, row-major.
    pub values: Vec<f64>,
    /// How many a row has.
    pub columns: usize,
    /// For each row the logarithm of the size of the determinant of the derivatives of parameters with respect to real
    /// numbers: what is added to a density of parameters to make it one of real numbers.
    pub log_slopes: Vec<f64>,
}

impl Bijection {
    /// The map for rows of these elements of nodes, in this order: all elements of each node that is there.
    ///
    /// # Errors
    /// A node that is not drawn, takes whole numbers or is a function of time, or lies where something random says that is
    /// not there; or a model that takes too many steps.
    ///
    /// # Panics
    /// Where only some elements of a node are there.
    pub fn of(model: &Model, parameters: &[(NodeId, usize)]) -> Result<Bijection, Refusal> {
        let outputs: Vec<Output> =
            parameters.iter().map(|(node, element)| Output::Element(*node, *element)).collect();
        let given = Given::of(model, &outputs);
        let mut draws: BTreeMap<NodeId, &Draw> = BTreeMap::new();
        for (id, _) in parameters {
            draws.insert(*id, draw_of(model, *id)?);
            assert!(given.columns(*id).is_some(), "all elements of a parameter are mapped together");
        }
        let pairs: Vec<(NodeId, NodeId)> = draws.keys().map(|id| (*id, *id)).collect();
        let needed = given.behind(&pairs, NO_WAY)?;
        let real: Vec<(NodeId, usize)> =
            parameters.iter().copied().filter(|place| !follows(model, &draws, *place)).collect();
        let map = Map { model, given: &given, needed: &needed, draws: &draws, real: &real };
        let (to, from) = (map.there()?, map.back(parameters)?);
        let runner = Runner::best(&from);
        Ok(Bijection { to, from, values: parameters.len(), reals: real.len(), runner })
    }

    /// How many real numbers a row has.
    pub fn reals(&self) -> usize {
        self.reals
    }

    /// The real numbers that stand for rows of parameters. At an end of where a parameter lies they are infinite, and
    /// outside NaN.
    pub fn to_real(&self, values: &[f64], threads: usize) -> Mapped {
        self.run(&self.to, (values, self.values), threads)
    }

    /// The parameters that rows of real numbers stand for; they never lie outside of where they can.
    pub fn from_real(&self, reals: &[f64], threads: usize) -> Mapped {
        self.run(&self.from, (reals, self.reals), threads)
    }

    fn run(&self, code: &Code, given: (&[f64], usize), threads: usize) -> Mapped {
        let (mut values, columns) = (self.runner.table(code, given, threads), code.columns - 1);
        let log_slopes = values.iter().skip(columns).step_by(code.columns).copied().collect();
        let mut place = 0;
        values.retain(|_| {
            place += 1;
            place % code.columns != 0
        });
        Mapped { values, columns, log_slopes }
    }
}

/// The draw of a parameter that real numbers can stand for.
fn draw_of(model: &Model, id: NodeId) -> Result<&Draw, Implicit> {
    let node = model.node(id);
    let refused = |reason: &str| Err(Implicit::new(node, &format!("{NO_WAY}: {reason}")));
    match &node.definition {
        Definition::Draw(draw) if !node.curve => match measure(draw) {
            Some(Measure::Length) => Ok(draw),
            Some(Measure::Count) => refused("it takes whole numbers"),
            None => refused("it mixes whole numbers and real ones"),
        },
        Definition::Draw(_) => refused("it is a function of time"),
        _ => refused("it is computed, not drawn"),
    }
}

/// Whether an element is the last of shares, which the others tell.
fn follows(model: &Model, draws: &BTreeMap<NodeId, &Draw>, (id, element): (NodeId, usize)) -> bool {
    let shares = draws.get(&id).is_some_and(|draw| draw.family.range() == Range::Simplex);
    let length = model.node(id).axes.last().map_or(1, |axis| model.axis(*axis).size());
    shares && (element + 1).is_multiple_of(length)
}

/// What both ways are compiled from.
struct Map<'a, 'm> {
    model: &'m Model,
    given: &'a Given<'m>,
    needed: &'a BTreeSet<NodeId>,
    draws: &'a BTreeMap<NodeId, &'m Draw>,
    /// The elements that real numbers stand for.
    real: &'a [(NodeId, usize)],
}

impl Map<'_, '_> {
    /// From parameters to real numbers.
    fn there(&self) -> Result<Code, Refusal> {
        let mut lower = Lower::given(self.model, self.given, self.needed)?;
        let mut made: HashMap<(NodeId, usize), Value> = HashMap::new();
        let mut logs = Vec::new();
        for (id, draw) in self.draws {
            let node = self.model.node(*id);
            lower.ready(*id)?;
            lower.variates(node, draw, |lower, variate, first| {
                let places = first..first + variate.bends.len();
                let values: Vec<Value> = places.map(|element| lower.value_of((*id, element))).collect();
                let Straight { values: real, log_slope } = variate.straighten(&mut lower.program, &values);
                logs.push(((*id, first), lower.unless_lacking(*id, first, &values, log_slope)));
                made.extend(real.iter().enumerate().map(|(place, y)| ((*id, first + place), *y)));
                real
            })?;
        }
        self.compile(lower, self.real, &made, logs)
    }

    /// From real numbers to parameters, each from what those before it say of where it lies.
    fn back(&self, parameters: &[(NodeId, usize)]) -> Result<Code, Refusal> {
        let columns: HashMap<(NodeId, usize), usize> =
            self.real.iter().enumerate().map(|(column, place)| (*place, column)).collect();
        let mut lower = Lower::of(self.model, vec![Pauses::default(); self.model.dynamics.len()]);
        let mut logs = Vec::new();
        for &id in &self.model.order {
            let Some(draw) = self.draws.get(&id) else {
                if self.needed.contains(&id) {
                    lower.make(id)?;
                }
                continue;
            };
            lower.ready(id)?;
            let values = lower.variates(self.model.node(id), draw, |lower, variate, first| {
                let places = first..first + variate.bends.len();
                let columns: Vec<usize> =
                    places.filter_map(|element| columns.get(&(id, element)).copied()).collect();
                let real = lower.read_columns(&columns);
                let Straight { values, log_slope } = variate.bend_back(&mut lower.program, &real);
                logs.push(((id, first), log_slope));
                values
            })?;
            lower.replace(id, values);
        }
        let value = |place: &(NodeId, usize)| (*place, lower.value_of(*place));
        let made = parameters.iter().map(value).collect();
        self.compile(lower, parameters, &made, logs)
    }

    /// Code for what was made of these elements, and the sum of the logarithms.
    fn compile(
        &self,
        mut lower: Lower<'_>,
        places: &[(NodeId, usize)],
        made: &HashMap<(NodeId, usize), Value>,
        mut logs: Vec<((NodeId, usize), Value)>,
    ) -> Result<Code, Refusal> {
        logs.sort_by_key(|(place, _)| *place);
        let zero = lower.program.number(0.0);
        let log = logs.iter().fold(zero, |sum, (_, log)| lower.program.add(*log, sum));
        let values = places.iter().map(|place| made.get(place).copied().expect("all places are made"));
        let outputs: Vec<Value> = values.chain([log]).collect();
        if let Some((id, _)) = places.first() {
            lower.bounded(self.model.node(*id))?;
        }
        Ok(bytecode::compile(&lower.program, &outputs))
    }
}
