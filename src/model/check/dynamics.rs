//! `dynamics name over … by … { … }`: how states start and change.

use super::codes::{
    AXIS_MISMATCH, CHANGE_TWICE, CONDITION, EMPTY_DYNAMICS, MIXED_DYNAMICS, NAME_TAKEN, NESTED_DRAW,
    NO_START, NOISE_NONLINEAR, UNDETERMINED, UNKNOWN_MEMBER,
};
use super::distribution::Left;
use super::expr::Scope;
use super::home::{Home, HomeId};
use super::mismatch::{Place, What};
use super::misnamed::Misnamed;
use super::model::{Builder, Written};
use super::names::Symbol;
use super::over::Over;
use super::shown::{left_side, shown_or_dots};
use super::value::{Sort, Value};
use crate::units::Measure;
use crate::{Change, ChangeKind, Dynamics, Event, Expr, ExprId, Gauge, NodeId, Role, Solver};
use sbi_syntax::tree::{self, BinaryOperator, DynamicsStatement as Statement, ExprKind, State, Target};
use sbi_syntax::{Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A dynamics while its model is checked.
#[derive(Clone)]
pub(super) struct Run<'t> {
    /// Its dotted name.
    pub(super) name: String,
    pub(super) tree: &'t tree::Dynamics,
    /// The home of its statements, and the one around it.
    pub(super) home: HomeId,
    parent: HomeId,
    /// Over which it is solved, once that is known to be sound.
    pub(super) over: Option<Over>,
}

impl<'t> Builder<'t> {
    /// Gives a dynamics its name; its statements follow once all names around it are known.
    pub(super) fn declare_dynamics(&mut self, tree: &'t tree::Dynamics) {
        let name = format!("{}{}", self.here().prefix, tree.name.text);
        if let Err(told) = self.names.define(&tree.name, Symbol::Dynamics(self.runs.len())) {
            self.told.push(told);
            return;
        }
        self.runs.push(Run { name, tree, home: usize::MAX, parent: self.home, over: None });
    }

    /// Declares what stands in the dynamics of the block in hand.
    pub(super) fn populate_runs(&mut self) {
        for number in 0..self.runs.len() {
            let Some(run) =
                self.runs.get(number).filter(|run| run.parent == self.home && run.home == usize::MAX)
            else {
                continue;
            };
            let (tree, around) = (run.tree, self.here());
            let mut home = Home {
                names: self.names.inner(),
                constants: self.constants.clone(),
                prefix: format!("{}.", run.name),
                axes: around.axes.clone(),
                draw: around.draw,
                depth: around.depth,
                dynamics: Some(number),
                ..Home::default()
            };
            home.names.reserve("t", Symbol::Clock, tree.name.span);
            let home = self.add_home(home);
            if let Some(run) = self.runs.get_mut(number) {
                run.home = home;
            }
            self.within(home, |builder| builder.members(tree));
        }
    }

    fn members(&mut self, tree: &'t tree::Dynamics) {
        for statement in &tree.body {
            match statement {
                Statement::Noise { targets, .. } => {
                    targets.iter().for_each(|target| self.declare_node(Written::Noise(target)));
                }
                Statement::Init(state) => {
                    let hidden = self.hidden_by(state);
                    match hidden {
                        Some(told) => {
                            self.told.push(told);
                            self.names.refuse(&state.target.name);
                        }
                        None => self.declare_node(Written::State(state)),
                    }
                }
                Statement::Let(binding) => self.declare_node(Written::Let(binding)),
                Statement::Bad(bad) => bad.names.iter().for_each(|name| self.names.refuse(name)),
                _ => {}
            }
        }
        let nameless = tree
            .body
            .iter()
            .any(|statement| matches!(statement, Statement::Bad(bad) if bad.names.is_empty()));
        let misnamed = Misnamed::in_body(tree);
        self.told.extend(misnamed.iter().map(|misnamed| misnamed.told(tree)));
        for statement in &tree.body {
            let (Statement::Derivative(state) | Statement::Next(state)) = statement else { continue };
            let name = &state.target.name;
            if misnamed.as_ref().is_some_and(|misnamed| misnamed.changes.text == name.text) {
                self.names.refuse(name);
                continue;
            }
            let starts = match self.names.get(&name.text) {
                Some(Symbol::Node(id)) => self.nodes_of_runs.get(&id).copied() == self.here().dynamics,
                Some(Symbol::Refused) => true,
                _ => false,
            };
            // What lasts is told not to change, with its change.
            if !starts && self.lasting(&name.text).is_none() {
                // A line that could not be read may say how it starts.
                self.told.extend((!nameless).then(|| no_start(&state.target)));
                self.names.refuse(name);
            }
        }
    }

    /// A state with the name of something drawn that the dynamics would read.
    fn hidden_by(&self, state: &State) -> Option<Diagnostic> {
        let name = &state.target.name;
        let what = self.lasting(&name.text)?;
        let told = NAME_TAKEN
            .at(name.span, format!("`{0}` is {what} already, and a state `{0}` would hide it", name.text));
        Some(told.help(format!("give the state another name; {}", changing(&name.text))))
    }

    /// What a name of something is that is the same at all times. Data may be called like the state they show, and what is
    /// computed may well be computed of it.
    fn lasting(&self, name: &str) -> Option<&'static str> {
        match self.names.get(name)? {
            Symbol::Node(id) => match self.written.get(id.0)? {
                Written::Node(tree::Node { role, definition: tree::Definition::Draw(_), .. }) => match role {
                    tree::Role::Param => Some("a parameter"),
                    tree::Role::Latent => Some("a latent"),
                    tree::Role::Data => None,
                },
                _ => None,
            },
            Symbol::Constant(..) => Some("a constant"),
            Symbol::Input(_) => Some("an input"),
            _ => None,
        }
    }

    /// Checks how the states of all dynamics change, once every node is defined.
    pub(super) fn dynamics(&mut self) -> Vec<Dynamics> {
        (0..self.runs.len()).filter_map(|run| self.one_dynamics(run)).collect()
    }

    fn one_dynamics(&mut self, run: usize) -> Option<Dynamics> {
        let Run { name, tree, home, .. } = self.runs.get(run)?;
        let (name, tree, home) = (name.clone(), *tree, *home);
        Some(self.within(home, |builder| {
            let members = builder.nodes_of_runs.iter().filter(|(_, of)| **of == run);
            let members = members.map(|(id, _)| *id).collect();
            let over = builder.over(tree, run);
            builder.runs.get_mut(run).into_iter().for_each(|run| run.over.clone_from(&over));
            let mut dynamics = Dynamics {
                name,
                axes: builder.here().axes.clone(),
                over: over.as_ref().map_or([0.0, 1.0], |over| over.ends),
                clock: Gauge::of(&builder.clock(run)),
                solver: Solver::Steps { every: 1.0 },
                corrected: true,
                members,
                changes: Vec::new(),
                stops: Vec::new(),
                events: Vec::new(),
                jumps: Vec::new(),
                span: tree.name.span,
            };
            builder.changes(tree, &mut dynamics);
            builder.ensure_determined(tree, &dynamics);
            builder.solve(tree, &mut dynamics, over.as_ref());
            dynamics
        }))
    }

    /// Checks derivatives, steps, stops and events.
    fn changes(&mut self, tree: &'t tree::Dynamics, dynamics: &mut Dynamics) {
        let mut seen: Vec<(NodeId, Span)> = Vec::new();
        for statement in &tree.body {
            match statement {
                Statement::Derivative(state) | Statement::Next(state) => {
                    let Some(id) = self.state(&state.target) else { continue };
                    if let Some((_, first)) = seen.iter().find(|(known, _)| *known == id) {
                        let message = format!("`{}` changes twice", state.target.name.text);
                        let told = CHANGE_TWICE.at(state.target.span, message).label(*first, "first here");
                        self.told.push(told.help("write all of its change in one statement"));
                        continue;
                    }
                    seen.push((id, state.target.span));
                    let is_next = matches!(statement, Statement::Next(_));
                    if let Some(kind) = self.change(tree, id, state, is_next) {
                        dynamics.changes.push(Change { state: id, kind });
                    }
                }
                Statement::Stop { condition, .. } => {
                    self.told.extend(never_met(tree, condition));
                    let value = self.condition(condition, &Scope::model());
                    self.told.extend(self.fixed_beforehand("stop when", tree, condition, &value));
                    dynamics.stops.push(value.raw);
                }
                Statement::When(event) => {
                    let value = self.condition(&event.trigger, &Scope::model());
                    self.told.extend(self.fixed_beforehand("when", tree, &event.trigger, &value));
                    let trigger = value.raw;
                    let assignments = self.assignments(event);
                    dynamics.events.push(Event { trigger, assignments });
                }
                Statement::Jump(event) => {
                    let place = Place { measure: self.per_time(), what: What::Rate };
                    let (trigger, _) = self.number_in(&event.trigger, &Scope::model(), &place);
                    let assignments = self.assignments(event);
                    dynamics.jumps.push(Event { trigger, assignments });
                }
                Statement::Noise { .. } | Statement::Init(_) | Statement::Let(_) | Statement::Bad(_) => {}
            }
        }
    }

    /// Says that nothing in a condition changes while a dynamics runs.
    fn fixed_beforehand(
        &self,
        word: &str,
        tree: &tree::Dynamics,
        condition: &tree::Expr,
        value: &Value,
    ) -> Option<Diagnostic> {
        if value.sort == Sort::Refused || self.changes_in_time(value.raw, &mut BTreeSet::new()) {
            return None;
        }
        let state = tree.body.iter().find_map(|statement| match statement {
            Statement::Init(state) => Some(&state.target.name.text),
            _ => None,
        })?;
        let told = CONDITION.at(condition.span, "nothing in this condition changes in time");
        let bound = match &condition.kind {
            ExprKind::Binary { operator, right, .. } => {
                format!("{} {}", operator.text(), shown_or_dots(right))
            }
            _ => ">= …".to_owned(),
        };
        Some(told.help(format!("compare a state: `{word} {state} {bound}`")))
    }

    /// Whether an expression of a dynamics has another value at another time.
    fn changes_in_time(&self, id: ExprId, seen: &mut BTreeSet<ExprId>) -> bool {
        let Some(expr) = self.arena.exprs.get(id.0).filter(|_| seen.insert(id)) else { return false };
        match expr {
            Expr::Clock => true,
            Expr::Element { node, .. } => self.nodes.get(node.0).is_some_and(|node| match node.role {
                Role::State | Role::Noise => true,
                Role::Let => node.exprs().any(|id| self.changes_in_time(id, seen)),
                _ => false,
            }),
            other => other.operands().any(|operand| self.changes_in_time(operand, seen)),
        }
    }

    /// The unit of a rate: one over that of the time.
    fn per_time(&mut self) -> Measure {
        let clock = self.here().dynamics.map_or(Measure::Unknown, |run| self.clock(run));
        Self::per(&Measure::pure(), &clock)
    }

    fn assignments(&mut self, event: &'t tree::Event) -> Vec<(NodeId, ExprId)> {
        let mut assignments = Vec::new();
        for set in &event.assignments {
            let Some(id) = self.state(&set.target) else { continue };
            let scope = self.target_scope(id, &set.target, 0);
            let name = &set.target.name;
            let place = Place { measure: self.measure_of(id), what: What::Declared(&name.text, name.span) };
            assignments.push((id, self.number_in(&set.value, &scope, &place).0));
        }
        assignments
    }

    /// The state that a statement changes, on the very axes on which it starts.
    fn state(&mut self, target: &'t Target) -> Option<NodeId> {
        let name = &target.name.text;
        let run = self.here().dynamics;
        let id = match self.names.get(name) {
            Some(Symbol::Node(id)) if run.is_some() && self.nodes_of_runs.get(&id).copied() == run => id,
            Some(Symbol::Refused) => return None,
            _ if let Some(what) = self.lasting(name) => {
                let message = format!("`{name}` is {what}, and does not change");
                self.told.push(UNKNOWN_MEMBER.at(target.span, message).help(changing(name)));
                return None;
            }
            _ => {
                self.told.push(no_start(target));
                return None;
            }
        };
        if self.nodes.get(id.0).is_none_or(|node| node.role != Role::State) {
            let told = UNKNOWN_MEMBER.at(target.span, format!("`{name}` is no state, and does not change"));
            self.told.push(told.help(format!("states start with `init`: `init {} = 1`", left_side(target))));
            return None;
        }
        let written = self.target_axes(target)?;
        let own = self.shapes.get(id.0).cloned().flatten()?;
        if written != own {
            let names = self.axis_names(&own);
            let whole = if names.is_empty() { name.clone() } else { format!("{name}[{}]", names.join(", ")) };
            let start = self.nodes.get(id.0).map_or(target.span, |node| node.span);
            let told = AXIS_MISMATCH
                .at(target.span, format!("`{name}` starts as `{whole}`, and changes on other axes"));
            self.told.push(told.label(start, "it starts here").help(format!("write `{whole}`")));
            return None;
        }
        Some(id)
    }

    fn change(
        &mut self,
        tree: &tree::Dynamics,
        id: NodeId,
        state: &'t State,
        is_next: bool,
    ) -> Option<ChangeKind> {
        let name = &state.target.name.text;
        match (&state.definition, is_next) {
            (tree::Definition::Equals(value), _) => {
                let whole = self.drawn_by_equals("next ", &state.target, value).filter(|_| is_next);
                if let Some(told) = whole.or_else(|| self.drawn_in_change(tree, state, value, is_next)) {
                    self.told.push(told);
                    return None;
                }
                let scope = self.target_scope(id, &state.target, 0);
                let own = self.measure_of(id);
                if is_next {
                    let place = Place { measure: own, what: What::Declared(name, state.target.name.span) };
                    return Some(ChangeKind::Next(self.number_in(value, &scope, &place).0));
                }
                let clock = self.here().dynamics.map_or(Measure::Unknown, |run| self.clock(run));
                let place = Place { measure: Self::per(&own, &clock), what: What::Derivative(name) };
                let (raw, _) = self.number_in(value, &scope, &place);
                if self.noise_degree(raw, &mut BTreeMap::new()) > 1 {
                    let told =
                        NOISE_NONLINEAR.at(value.span, format!("noise does not enter `{name}'` linearly"));
                    self.told.push(
                        told.help("write it as a sum with a multiple of each noise: `drift + sigma * w`"),
                    );
                }
                Some(ChangeKind::Derivative(raw))
            }
            (tree::Definition::Draw(draw), true) => {
                let left = Left { id, target: &state.target };
                Some(ChangeKind::Draw(self.drawn(left, draw)))
            }
            (tree::Definition::Draw(draw), false) => {
                let told = NESTED_DRAW.at(draw.span, "a derivative is not drawn");
                self.told.push(told.help(format!("declare a noise, `noise w`, and write `{name}' = … + w`")));
                None
            }
        }
    }

    /// Every state changes somehow, and all in one way.
    fn ensure_determined(&mut self, tree: &'t tree::Dynamics, dynamics: &Dynamics) {
        let bad = tree.body.iter().any(|statement| matches!(statement, Statement::Bad(_)));
        let set = dynamics.events.iter().chain(&dynamics.jumps).flat_map(|event| &event.assignments);
        let moved: Vec<NodeId> =
            dynamics.changes.iter().map(|change| change.state).chain(set.map(|(id, _)| *id)).collect();
        let misnamed = Misnamed::in_body(tree);
        let mut states = 0;
        for statement in &tree.body {
            let Statement::Init(state) = statement else { continue };
            states += 1;
            let name = &state.target.name.text;
            if misnamed.as_ref().is_some_and(|misnamed| misnamed.starts.text == *name) {
                continue;
            }
            let Some(Symbol::Node(id)) = self.names.get(name) else { continue };
            let written = tree.body.iter().any(|statement| match statement {
                Statement::Derivative(other) | Statement::Next(other) => other.target.name.text == *name,
                _ => false,
            });
            if !bad && !written && !moved.contains(&id) {
                let change = if tree.every.is_some() {
                    format!("next {name} = …")
                } else {
                    format!("{name}' = …")
                };
                let told =
                    UNDETERMINED.at(state.target.span, format!("`{name}` starts but has no `{change}`"));
                self.told
                    .push(told.help(format!("add `{change}`, or make it a `let` where it does not change")));
            }
        }
        let changes =
            |statement: &Statement| matches!(statement, Statement::Derivative(_) | Statement::Next(_));
        if states == 0 && !bad && !tree.body.iter().any(changes) {
            let told = EMPTY_DYNAMICS.at(tree.name.span, format!("`{}` has no states", tree.name.text));
            self.told.push(told.help("add one: `init x = 1` and `x' = -x`"));
        }
        let derivative =
            tree.body.iter().find_map(|s| if let Statement::Derivative(s) = s { Some(s.span) } else { None });
        let next =
            tree.body.iter().find_map(|s| if let Statement::Next(s) = s { Some(s.span) } else { None });
        if let (Some(derivative), Some(next)) = (derivative, next) {
            let told = MIXED_DYNAMICS.at(next, "some states change in steps, and others continuously");
            let told = told.label(derivative, "a derivative");
            self.told.push(told.help("write two `dynamics`: one may read the other at a time"));
        }
    }
}

/// How a quantity is written that is another one from some time on.
fn changing(name: &str) -> String {
    format!("what changes at a time is written `let now = if t > 30 then {name} / 2 else {name}`")
}

fn no_start(target: &Target) -> Diagnostic {
    let message = format!("`{}` changes, and does not say how it starts", target.name.text);
    // A start of zero would be read, and many a state stays there.
    NO_START
        .at(target.span, message)
        .help(format!("say how it starts, with your own number: `init {} = 1`", left_side(target)))
}

/// Says that states that change continuously equal a number at no step.
fn never_met(tree: &tree::Dynamics, condition: &tree::Expr) -> Option<Diagnostic> {
    let continuous = tree.body.iter().any(|statement| matches!(statement, Statement::Derivative(_)));
    let ExprKind::Binary { operator: BinaryOperator::Eq, .. } = &condition.kind else { return None };
    let told = CONDITION.at(condition.span, "at no step is one number of these exactly the other");
    continuous.then(|| told.help("write `>=` or `<=`, for the step that passes it"))
}
