//! How a dynamics is solved: in steps of the model, or `by` a solver that fits what changes in it.

use super::call::Signature;
use super::codes::{SOLVER, TOO_LARGE, UNKNOWN_SOLVER};
use super::mismatch::{Place, What};
use super::model::Builder;
use super::names::list;
use super::network::choice;
use super::over::Over;
use super::shown::shown;
use crate::units::Measure;
use crate::{Dynamics, Solver, Tolerances};
use sbi_syntax::tree::{self, Call, DynamicsStatement as Statement};
use sbi_syntax::{Diagnostic, Span, suggest};

const fn steps(name: &'static str, example: &'static str) -> Signature {
    Signature { name, needs: &["step"], may: &[], elsewhere: &[("dt", "step"), ("h", "step")], example }
}

const RK4: Signature = steps("rk4", "rk4(step = 0.1)");
pub(super) const EULER_MARUYAMA: Signature =
    Signature { may: &["boundary"], ..steps("euler_maruyama", "euler_maruyama(step = 0.01)") };
pub(super) const MILSTEIN: Signature = steps("milstein", "milstein(step = 0.01)");
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
    /// Chooses how a dynamics is solved.
    pub(super) fn solve(&mut self, tree: &'t tree::Dynamics, dynamics: &mut Dynamics, over: Option<&Over>) {
        let has = |kind: fn(&Statement) -> bool| tree.body.iter().any(kind);
        let noisy = has(|s| matches!(s, Statement::Noise { .. }));
        let jumps = has(|s| matches!(s, Statement::Jump(_)));
        let stepwise = has(|s| matches!(s, Statement::Next(_)));
        let mixed = stepwise && has(|s| matches!(s, Statement::Derivative(_)));
        let fits = if noisy { EULER_MARUYAMA.example } else { RK4.example };
        let name = &tree.name.text;
        let span = tree.by.as_ref().map_or(tree.name.span, |call| call.span);
        let idle = self.idle_noises(tree);
        // A noise that nothing reads is solved by whatever solves the rest.
        let noisy = noisy && idle.is_empty();
        self.told.extend(idle);
        let told = match (&tree.every, &tree.by) {
            (Some(every), by) => {
                let place = self.length_of_time();
                if let Some(every) = self.step(every, &place, over) {
                    dynamics.solver = Solver::Steps { every };
                }
                if let Some(by) = by {
                    Some(SOLVER.at(by.span, "steps are not solved by anything").help("remove the `by …`"))
                } else if !stepwise && !dynamics.changes.is_empty() {
                    Some(
                        SOLVER
                            .at(every.span, "derivatives are not made in steps of the model")
                            .help(format!("write `by {fits}` in place of `every …`")),
                    )
                } else {
                    self.noise_in_steps(tree)
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
                dynamics.solver = Solver::DormandPrince(Tolerances { relative: 1e-6, absolute: None });
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
                    Some(told.help(format!("write `by {}`", with_its_step(EULER_MARUYAMA, call))))
                } else if jumps != for_jumps && !has(|s| matches!(s, Statement::Bad(_))) {
                    let told =
                        SOLVER.at(span, format!("`{}` does not fit what changes here", call.path.text()));
                    let fits = if jumps { GILLESPIE.example.to_owned() } else { with_its_step(RK4, call) };
                    Some(told.help(format!("write `by {fits}`")))
                } else {
                    None
                }
            }
        };
        self.told.extend(told);
    }

    /// The place of a length of time.
    fn length_of_time(&mut self) -> Place<'static> {
        let measure = self.here().dynamics.map_or(Measure::Unknown, |run| self.clock(run));
        Place { measure, what: What::Time("the time") }
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
        let length = self.length_of_time();
        let mut number = |name: &str, default: f64| match taken.get(name) {
            Some(argument) if name == "step" => self.step(&argument.value, &length, over),
            // Tolerances and counts are no times.
            Some(argument) => self.step(&argument.value, &Place::number("this"), None),
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
                let relative = number("rtol", if stiff { 1e-4 } else { 1e-6 });
                let absolute = taken.get("atol").map(|_| number("atol", 0.0));
                let read = absolute.is_none_or(|number| number.is_some());
                relative.filter(|_| read).map(|relative| {
                    let absolute = absolute.flatten();
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
            match choice("boundary", argument, &[("corrected", ()), ("plain", ())]) {
                Ok(place) => dynamics.corrected = place == 0,
                Err(told) => self.told.push(told),
            }
        }
    }
}

/// A solver with the step that is written for another one.
fn with_its_step(solver: Signature, call: &Call) -> String {
    let step = call.arguments.iter().find(|argument| {
        argument.label.as_ref().is_none_or(|label| ["step", "dt", "h"].contains(&label.text.as_str()))
    });
    match step.and_then(|step| shown(&step.value)) {
        Some(step) => format!("{}(step = {step})", solver.name),
        None => solver.example.to_owned(),
    }
}

/// A step so short that no simulation ends.
fn too_many_steps(dynamics: &Dynamics, span: Span) -> Option<Diagnostic> {
    const MOST: f64 = 1e8;
    if let Solver::Gillespie { max } = dynamics.solver
        && max as f64 > MOST
    {
        let told = TOO_LARGE.at(span, format!("at most {MOST:.0e} jumps are possible"));
        return Some(told.help("write a smaller number: `gillespie(max = 100_000)`"));
    }
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
