//! `dynamics name over … by … { … }`: how states start and change.

use super::call::Signature;
use super::codes::{
    AXIS_MISMATCH, CHANGE_TWICE, CONDITION, EMPTY_DYNAMICS, MIXED_DYNAMICS, NAME_TAKEN, NESTED_DRAW,
    NO_START, NOISE_NONLINEAR, SOLVER, TOO_LARGE, UNDETERMINED, UNKNOWN_CHOICE, UNKNOWN_MEMBER,
    UNKNOWN_SOLVER,
};
use super::distribution::Left;
use super::expr::Scope;
use super::home::{Home, HomeId};
use super::model::{Builder, Written};
use super::names::{Symbol, list};
use super::over::Over;
use crate::{
    Binary, Change, ChangeKind, Dynamics, Event, Expr, ExprId, NodeId, Role, Solver, Tolerances, Unary,
};
use sbi_syntax::tree::{self, BinaryOperator, Call, DynamicsStatement as Statement, ExprKind, State, Target};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::collections::BTreeMap;

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

const fn steps(name: &'static str, example: &'static str) -> Signature {
    Signature { name, needs: &["step"], may: &[], elsewhere: &[("dt", "step"), ("h", "step")], example }
}

const RK4: Signature = steps("rk4", "rk4(step = 0.1)");
const EULER_MARUYAMA: Signature =
    Signature { may: &["boundary"], ..steps("euler_maruyama", "euler_maruyama(step = 0.01)") };
const MILSTEIN: Signature = steps("milstein", "milstein(step = 0.01)");
const TAU_LEAP: Signature = steps("tau_leap", "tau_leap(step = 0.1)");
const DORMAND_PRINCE: Signature = Signature {
    name: "dormand_prince",
    needs: &[],
    may: &["rtol", "atol"],
    elsewhere: &[("tolerance", "rtol"), ("tol", "rtol")],
    example: "dormand_prince(rtol = 1e-6, atol = 1e-8)",
};
const ROSENBROCK: Signature =
    Signature { name: "rosenbrock", example: "rosenbrock(rtol = 1e-4, atol = 1e-6)", ..DORMAND_PRINCE };
const GILLESPIE: Signature = Signature {
    name: "gillespie",
    needs: &["max"],
    may: &[],
    elsewhere: &[("steps", "max"), ("limit", "max")],
    example: "gillespie(max = 100_000)",
};
const SOLVERS: [Signature; 7] =
    [DORMAND_PRINCE, EULER_MARUYAMA, GILLESPIE, MILSTEIN, RK4, ROSENBROCK, TAU_LEAP];

/// What people call solvers elsewhere.
const ELSEWHERE: [(&str, &str); 10] = [
    ("euler", "euler_maruyama"),
    ("em", "euler_maruyama"),
    ("rk45", "dormand_prince"),
    ("dopri5", "dormand_prince"),
    ("ode45", "dormand_prince"),
    ("tsit5", "dormand_prince"),
    ("bdf", "rosenbrock"),
    ("lsoda", "rosenbrock"),
    ("ssa", "gillespie"),
    ("runge_kutta", "rk4"),
];

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
        for statement in &tree.body {
            let (Statement::Derivative(state) | Statement::Next(state)) = statement else { continue };
            let name = &state.target.name;
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
            let over = builder.over(tree);
            builder.runs.get_mut(run).into_iter().for_each(|run| run.over.clone_from(&over));
            let mut dynamics = Dynamics {
                name,
                axes: builder.here().axes.clone(),
                over: over.as_ref().map_or([0.0, 1.0], |over| over.ends),
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
                    if let Some(kind) = self.change(id, state, is_next) {
                        dynamics.changes.push(Change { state: id, kind });
                    }
                }
                Statement::Stop { condition, .. } => {
                    self.told.extend(never_met(tree, condition));
                    let value = self.condition(condition, &Scope::model());
                    dynamics.stops.push(value.expr);
                }
                Statement::When(event) => {
                    let trigger = self.condition(&event.trigger, &Scope::model()).expr;
                    let assignments = self.assignments(event);
                    dynamics.events.push(Event { trigger, assignments });
                }
                Statement::Jump(event) => {
                    let trigger = self.number(&event.trigger, &Scope::model()).expr;
                    let assignments = self.assignments(event);
                    dynamics.jumps.push(Event { trigger, assignments });
                }
                Statement::Noise { .. } | Statement::Init(_) | Statement::Let(_) | Statement::Bad(_) => {}
            }
        }
    }

    fn assignments(&mut self, event: &'t tree::Event) -> Vec<(NodeId, ExprId)> {
        let mut assignments = Vec::new();
        for set in &event.assignments {
            let Some(id) = self.state(&set.target) else { continue };
            let scope = self.target_scope(id, &set.target, 0);
            assignments.push((id, self.number(&set.value, &scope).expr));
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
            self.told.push(told.help(format!("states start with `init`: `init {name} = 0`")));
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

    fn change(&mut self, id: NodeId, state: &'t State, is_next: bool) -> Option<ChangeKind> {
        let name = &state.target.name.text;
        match (&state.definition, is_next) {
            (tree::Definition::Equals(value), _) => {
                if let Some(told) = self.drawn_by_equals("next ", &state.target, value).filter(|_| is_next) {
                    self.told.push(told);
                    return None;
                }
                let scope = self.target_scope(id, &state.target, 0);
                let found = self.number(value, &scope);
                if is_next {
                    return Some(ChangeKind::Next(found.expr));
                }
                if self.noise_degree(found.expr, &mut BTreeMap::new()) > 1 {
                    let told =
                        NOISE_NONLINEAR.at(value.span, format!("noise does not enter `{name}'` linearly"));
                    self.told.push(
                        told.help("write it as a sum with a multiple of each noise: `drift + sigma * w`"),
                    );
                }
                Some(ChangeKind::Derivative(found.expr))
            }
            (tree::Definition::Draw(draw), true) => {
                let left = Left { id, target: &state.target, unit: state.unit.as_ref() };
                Some(ChangeKind::Draw(self.drawn(left, draw)))
            }
            (tree::Definition::Draw(draw), false) => {
                let told = NESTED_DRAW.at(draw.span, "a derivative is not drawn");
                self.told.push(told.help(format!("declare a noise, `noise w`, and write `{name}' = … + w`")));
                None
            }
        }
    }

    /// The degree of an expression in the noises: 0 without any, 1 where they enter linearly, 2 for anything else.
    /// `known` holds what was found, and 0 for what is being looked at: a `let` may read itself, which is told elsewhere.
    fn noise_degree(&self, id: ExprId, known: &mut BTreeMap<ExprId, u8>) -> u8 {
        if let Some(degree) = known.get(&id) {
            return *degree;
        }
        known.insert(id, 0);
        let Some(expr) = self.arena.exprs.get(id.0) else { return 0 };
        let mut degree = |id: &ExprId| self.noise_degree(*id, known);
        let found = match expr {
            Expr::Element { node, .. } => match self.nodes.get(node.0) {
                Some(node) if node.role == Role::Noise => 1,
                Some(node) if node.role == Role::Let => node.exprs().map(|id| degree(&id)).max().unwrap_or(0),
                _ => 0,
            },
            Expr::Unary(Unary::Neg, operand) | Expr::Reduce { body: operand, .. } => degree(operand),
            Expr::Binary(Binary::Add | Binary::Sub, left, right) => degree(left).max(degree(right)),
            Expr::Binary(Binary::Mul, left, right) => (degree(left) + degree(right)).min(2),
            Expr::Binary(Binary::Div, left, right) if degree(right) == 0 => degree(left),
            Expr::Select { condition, yes, no } if degree(condition) == 0 => degree(yes).max(degree(no)),
            other => 2 * u8::from(other.operands().any(|operand| degree(&operand) > 0)),
        };
        known.insert(id, found);
        found
    }

    /// Every state changes somehow, and all in one way.
    fn ensure_determined(&mut self, tree: &'t tree::Dynamics, dynamics: &Dynamics) {
        let bad = tree.body.iter().any(|statement| matches!(statement, Statement::Bad(_)));
        let set = dynamics.events.iter().chain(&dynamics.jumps).flat_map(|event| &event.assignments);
        let moved: Vec<NodeId> =
            dynamics.changes.iter().map(|change| change.state).chain(set.map(|(id, _)| *id)).collect();
        let mut states = 0;
        for statement in &tree.body {
            let Statement::Init(state) = statement else { continue };
            states += 1;
            let name = &state.target.name.text;
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
            self.told.push(told.help("add one: `init x = 0` and `x' = -x`"));
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

    /// Chooses how a dynamics is solved.
    fn solve(&mut self, tree: &'t tree::Dynamics, dynamics: &mut Dynamics, over: Option<&Over>) {
        let has = |kind: fn(&Statement) -> bool| tree.body.iter().any(kind);
        let noisy = has(|s| matches!(s, Statement::Noise { .. }));
        let jumps = has(|s| matches!(s, Statement::Jump(_)));
        let stepwise = has(|s| matches!(s, Statement::Next(_)));
        let mixed = stepwise && has(|s| matches!(s, Statement::Derivative(_)));
        let name = &tree.name.text;
        let span = tree.by.as_ref().map_or(tree.name.span, |call| call.span);
        let told = match (&tree.every, &tree.by) {
            (Some(every), by) => {
                if let Some(every) = self.step(every, over) {
                    dynamics.solver = Solver::Steps { every };
                }
                if let Some(by) = by {
                    Some(SOLVER.at(by.span, "steps are not solved by anything").help("remove the `by …`"))
                } else if !stepwise && !dynamics.changes.is_empty() {
                    Some(
                        SOLVER
                            .at(every.span, "derivatives are not made in steps of the model")
                            .help("write `by rk4(step = 0.1)` in place of `every …`"),
                    )
                } else {
                    None
                }
            }
            // Which of the two is meant is asked first.
            (None, _) if mixed => None,
            (None, _) if stepwise => {
                let told = SOLVER.at(
                    tree.name.span,
                    format!("`{name}` goes in steps, and does not say how long they are"),
                );
                Some(told.help(format!("write `dynamics {name} over … every 1`")))
            }
            (None, None) if jumps => {
                let told =
                    SOLVER.at(tree.name.span, format!("`{name}` jumps, and does not say how it is solved"));
                Some(told.help(format!("write `by {}` or `by {}`", GILLESPIE.example, TAU_LEAP.example)))
            }
            (None, None) if noisy => {
                let told = SOLVER.at(
                    tree.name.span,
                    format!("`{name}` has noise, and does not say with what step it is solved"),
                );
                Some(told.help(format!("write `by {}`", EULER_MARUYAMA.example)))
            }
            (None, None) => {
                dynamics.solver = Solver::DormandPrince(Tolerances { relative: 1e-6, absolute: 1e-8 });
                None
            }
            (None, Some(call)) => {
                self.solver(call, dynamics, over);
                let (for_noise, for_jumps) = match dynamics.solver {
                    Solver::EulerMaruyama { .. } | Solver::Milstein { .. } => (true, false),
                    Solver::Gillespie { .. } | Solver::TauLeap { .. } => (false, true),
                    Solver::Steps { .. } => (noisy, jumps),
                    _ => (false, false),
                };
                if noisy && !for_noise {
                    let told = SOLVER.at(span, format!("`{}` cannot solve noise", call.path.text()));
                    Some(told.help(format!("write `by {}`", EULER_MARUYAMA.example)))
                } else if jumps != for_jumps && !has(|s| matches!(s, Statement::Bad(_))) {
                    let told =
                        SOLVER.at(span, format!("`{}` does not fit what changes here", call.path.text()));
                    let fits = if jumps { GILLESPIE.example } else { RK4.example };
                    Some(told.help(format!("write `by {fits}`")))
                } else {
                    None
                }
            }
        };
        self.told.extend(told);
    }

    fn solver(&mut self, call: &'t Call, dynamics: &mut Dynamics, over: Option<&Over>) {
        let name = call.path.text();
        let Some(signature) = SOLVERS.iter().find(|solver| solver.name == name) else {
            let told = UNKNOWN_SOLVER.at(call.path.span, format!("there is no solver `{name}`"));
            let here =
                ELSEWHERE.iter().find(|(other, _)| *other == name.to_lowercase()).map(|(_, here)| *here);
            let known = || SOLVERS.iter().map(|solver| solver.name);
            self.told.push(match here.or_else(|| suggest(&name, known())) {
                Some(here) => told.did_you_mean(Some(here)),
                None => told.help(format!("there are {}", list(known()))),
            });
            return;
        };
        let taken = match signature.take(call) {
            Ok(taken) => taken,
            Err(told) => {
                self.told.extend(told);
                return;
            }
        };
        let mut number = |name: &str, default: f64| match taken.get(name) {
            // Tolerances and counts are no times.
            Some(argument) => self.step(&argument.value, over.filter(|_| name == "step")),
            None => Some(default),
        };
        let solver = match signature.name {
            "rk4" => number("step", 0.0).map(|step| Solver::Rk4 { step }),
            "euler_maruyama" => number("step", 0.0).map(|step| Solver::EulerMaruyama { step }),
            "milstein" => number("step", 0.0).map(|step| Solver::Milstein { step }),
            "tau_leap" => number("step", 0.0).map(|step| Solver::TauLeap { step }),
            "gillespie" => number("max", 0.0).map(|max| Solver::Gillespie { max: max as usize }),
            tolerant => {
                let stiff = tolerant == ROSENBROCK.name;
                let (relative, absolute) = if stiff { (1e-4, 1e-6) } else { (1e-6, 1e-8) };
                let found = number("rtol", relative).zip(number("atol", absolute));
                found.map(|(relative, absolute)| {
                    let tolerances = Tolerances { relative, absolute };
                    if stiff { Solver::Rosenbrock(tolerances) } else { Solver::DormandPrince(tolerances) }
                })
            }
        };
        if let Some(solver) = solver {
            dynamics.solver = solver;
            self.told.extend(too_many_steps(dynamics, call.span));
        }
        if let Some(argument) = taken.get("boundary") {
            match &argument.value.kind {
                ExprKind::Path(path) if path.text() == "plain" => dynamics.corrected = false,
                ExprKind::Path(path) if path.text() == "corrected" => {}
                _ => {
                    let told = UNKNOWN_CHOICE.at(argument.value.span, "a boundary is `corrected` or `plain`");
                    self.told.push(told.help("write `boundary = plain`"));
                }
            }
        }
    }
}

/// How a quantity is written that is another one from some time on.
fn changing(name: &str) -> String {
    format!("what changes at a time is written `let now = if t > 30 then {name} / 2 else {name}`")
}

fn no_start(target: &Target) -> Diagnostic {
    let name = &target.name.text;
    let told = NO_START.at(target.span, format!("`{name}` changes, and does not say how it starts"));
    told.help(format!("add `init {name} = 0`"))
}

/// Says that states that change continuously equal a number at no step.
fn never_met(tree: &tree::Dynamics, condition: &tree::Expr) -> Option<Diagnostic> {
    let continuous = tree.body.iter().any(|statement| matches!(statement, Statement::Derivative(_)));
    let ExprKind::Binary { operator: BinaryOperator::Eq, .. } = &condition.kind else { return None };
    let told = CONDITION.at(condition.span, "at no step is one number of these exactly the other");
    continuous.then(|| told.help("write `>=` or `<=`, for the step that passes it"))
}

/// A step so short that no simulation ends.
fn too_many_steps(dynamics: &Dynamics, span: Span) -> Option<Diagnostic> {
    const MOST: f64 = 1e8;
    let step = match dynamics.solver {
        Solver::Rk4 { step }
        | Solver::EulerMaruyama { step }
        | Solver::Milstein { step }
        | Solver::TauLeap { step } => step,
        _ => return None,
    };
    let [from, to] = dynamics.over;
    let steps = (to - from) / step;
    (steps > MOST).then(|| {
        let message = format!(
            "from {from} to {to} in steps of {step} are {steps:.1e} steps; at most {MOST:.0e} are possible"
        );
        TOO_LARGE.at(span, message).help("take a longer step, or a shorter time")
    })
}
