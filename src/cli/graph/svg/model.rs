//! The graph of a model by statement: a figure for each, a dynamics in one, plates for axes, regions for modalities.

use super::diagram::{Chip, Diagram, Figure, Frame, Look, Run};
use super::joints::join;
use super::layout::Link;
use crate::cli::graph::statements::{Place, Statement, Word};
use crate::cli::graph::view::Shown;
use crate::cli::graph::words;
use sbi_model::{AxisId, Dynamics, Model, Solver};
use std::collections::{BTreeMap, BTreeSet};

/// Where something stands in the diagram: its figure, and in a dynamics its part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seat {
    figure: usize,
    chip: Option<usize>,
}

/// The diagram of a model.
pub fn diagram(shown: &Shown) -> Diagram {
    let statements = shown.statements.iter().map(|own| (own.place, own)).collect();
    let axes = shown
        .model
        .axes
        .iter()
        .map(|axis| Frame { label: format!("{}: {}", axis.name, words::axis(axis)), plate: true });
    let modalities = shown.model.modalities.iter().map(|own| Frame { label: own.name.clone(), plate: false });
    let mut drawing = Drawing {
        shown,
        statements,
        seats: BTreeMap::new(),
        made: Diagram { frames: axes.chain(modalities).collect(), ..Diagram::default() },
    };
    drawing.figures();
    drawing.runs();
    drawing.links();
    join(&mut drawing.made);
    drawing.made
}

struct Drawing<'a> {
    shown: &'a Shown<'a>,
    statements: BTreeMap<Place, &'a Statement<'a>>,
    seats: BTreeMap<Place, Seat>,
    made: Diagram,
}

impl<'a> Drawing<'a> {
    fn model(&self) -> &'a Model {
        self.shown.model
    }

    fn run_of(&self, place: Place) -> Option<usize> {
        match place {
            Place::Node(id) => self.model().run_of(id),
            Place::End(run) => Some(run),
        }
    }

    /// All that is no part of a dynamics. Single numbers are told by what reads them.
    fn figures(&mut self) {
        for own in &self.shown.statements {
            if self.run_of(own.place).is_some()
                || (own.word == Word::Const && own.axes.is_empty() && !own.function)
            {
                continue;
            }
            let name = if own.function { format!("{}(t)", own.name) } else { own.name.clone() };
            let mut figure = Figure::new(look(own), &name);
            figure.small = own.unit.map(str::to_owned).into_iter().collect();
            figure.frames = self.frames(own.place, own.axes);
            let figure = self.made.add(figure);
            self.seats.insert(own.place, Seat { figure, chip: None });
        }
    }

    /// The plates of axes, and the region of its modality.
    fn frames(&self, place: Place, axes: &[AxisId]) -> Vec<usize> {
        let mut frames: BTreeSet<usize> = axes.iter().map(|axis| axis.0).collect();
        let modalities = self.model().modalities.iter().enumerate();
        let own = modalities.filter(|(_, own)| own.nodes.iter().any(|id| Place::Node(*id) == place));
        frames.extend(own.map(|(number, _)| self.model().axes.len() + number));
        frames.into_iter().collect()
    }

    fn runs(&mut self) {
        for (number, dynamics) in self.model().dynamics.iter().enumerate() {
            let parts = self.parts(number);
            let axes = common(&parts, dynamics);
            let figure = self.made.figures.len();
            let run = Run {
                chips: parts.iter().map(|own| self.chip(own, dynamics, &axes)).collect(),
                arcs: Vec::new(),
            };
            for (chip, own) in parts.iter().enumerate() {
                self.seats.insert(own.place, Seat { figure, chip: Some(chip) });
            }
            let mut own = Figure::new(Look::Run, &dynamics.name);
            own.small.push(method(dynamics.solver).to_owned());
            own.frames = axes.iter().map(|axis| axis.0).collect();
            own.run = Some(run);
            self.made.add(own);
        }
    }

    /// The parts of a dynamics that are shown: names of expressions only where something outside reads them.
    fn parts(&self, run: usize) -> Vec<&'a Statement<'a>> {
        let all = self.shown.statements.iter().filter(|own| self.run_of(own.place) == Some(run));
        let outside = |place: Place| {
            let mut others = self.shown.statements.iter().filter(|own| self.run_of(own.place) != Some(run));
            others.any(|own| own.reads.contains(&place))
        };
        all.filter(|own| matches!(own.word, Word::State | Word::Noise | Word::End) || outside(own.place))
            .collect()
    }

    fn chip(&self, own: &Statement, dynamics: &Dynamics, shared: &[AxisId]) -> Chip {
        let name = own.name.strip_prefix(&dynamics.name).unwrap_or(&own.name).trim_start_matches('.');
        let axes: Vec<&str> = own
            .axes
            .iter()
            .filter(|axis| !shared.contains(axis))
            .map(|axis| self.model().axis(*axis).name.as_str())
            .collect();
        let name = if axes.is_empty() { name.to_owned() } else { format!("{name}[{}]", axes.join(",")) };
        let look = match own.word {
            Word::Noise => Look::Latent,
            Word::Let | Word::End => Look::Let,
            _ => Look::Run,
        };
        Chip { name, unit: own.unit.map(str::to_owned), look }
    }

    fn links(&mut self) {
        let mut links = BTreeSet::new();
        for own in &self.shown.statements {
            let Some(&seat) = self.seats.get(&own.place) else { continue };
            let reads: Vec<Seat> =
                self.behind(own).into_iter().filter_map(|place| self.seats.get(&place).copied()).collect();
            for read in reads {
                match (read.figure == seat.figure, read.chip, seat.chip) {
                    (true, Some(from), Some(to)) if from != to => {
                        let run =
                            self.made.figures.get_mut(seat.figure).and_then(|figure| figure.run.as_mut());
                        run.into_iter().for_each(|run| run.arcs.push((from, to)));
                    }
                    (true, _, _) => {}
                    (false, _, _) => drop(links.insert((read, seat))),
                }
            }
        }
        for (read, seat) in links {
            let (leave, enter) = (self.aside(read), self.aside(seat));
            self.made.links.push(Link { from: read.figure, to: seat.figure, leave, enter });
        }
    }

    /// What a statement reads, through what is not shown.
    fn behind(&self, own: &Statement) -> BTreeSet<Place> {
        let mut found = BTreeSet::new();
        let mut waiting = own.reads.clone();
        let mut seen: BTreeSet<Place> = waiting.iter().copied().collect();
        while let Some(place) = waiting.pop() {
            if self.seats.contains_key(&place) {
                found.insert(place);
                continue;
            }
            let reads = self.statements.get(&place).map(|own| own.reads.as_slice()).unwrap_or_default();
            waiting.extend(reads.iter().copied().filter(|read| seen.insert(*read)));
        }
        found
    }

    /// How far a part of a dynamics is from the middle of its figure.
    fn aside(&self, seat: Seat) -> Option<f64> {
        let figure = self.made.figures.get(seat.figure)?;
        let run = figure.run.as_ref()?;
        Some(figure.room().0 / 2.0 - 12.0 - run.width() + run.middle(seat.chip?))
    }
}

/// The axes that all parts of a dynamics have.
fn common(parts: &[&Statement], dynamics: &Dynamics) -> Vec<AxisId> {
    let Some(first) = parts.first() else { return dynamics.axes.clone() };
    let all = |axis: &&AxisId| parts.iter().all(|own| own.axes.contains(axis));
    first.axes.iter().filter(all).copied().collect()
}

fn look(own: &Statement) -> Look {
    match own.word {
        Word::Param if own.computed => Look::ComputedParam,
        Word::Param => Look::Param,
        Word::Data if own.computed => Look::ComputedData,
        Word::Data => Look::Data,
        Word::Latent if own.program.is_some() => Look::Program,
        Word::Latent if own.computed => Look::Let,
        Word::Latent | Word::Noise => Look::Latent,
        Word::Const => Look::Known,
        Word::Let | Word::State | Word::End => Look::Let,
    }
}

fn method(solver: Solver) -> &'static str {
    match solver {
        Solver::Steps { .. } => "step by step",
        Solver::Rk4 { .. } => "rk4",
        Solver::DormandPrince(_) => "dormand_prince",
        Solver::Rosenbrock(_) => "rosenbrock",
        Solver::EulerMaruyama { .. } => "euler_maruyama",
        Solver::Milstein { .. } => "milstein",
        Solver::Gillespie { .. } => "gillespie",
        Solver::TauLeap { .. } => "tau_leap",
    }
}
