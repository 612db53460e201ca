//! Functions of time that are drawn: where their readings stand, and the kernels of processes.

use super::call::Signature;
use super::codes::{AXIS_MISMATCH, FUNCTION_OF_TIME, UNIT_MISMATCH, UNKNOWN_CHOICE};
use super::demand::Demanded;
use super::distribution::Left;
use super::expr::Scope;
use super::family::{self, Demand};
use super::mismatch::{Place, What};
use super::model::{Builder, Written};
use super::names::{Symbol, list};
use crate::units::Measure;
use crate::{AxisId, ExprId, Family, Kernel};
use sbi_syntax::tree::{self, Definition, ExprKind, Name, Role, Source};
use sbi_syntax::{Diagnostic, suggest};

const RBF: Signature = Signature {
    name: "rbf",
    needs: &["length", "scale"],
    may: &[],
    elsewhere: &[
        ("lengthscale", "length"),
        ("length_scale", "length"),
        ("ls", "length"),
        ("rho", "length"),
        ("sd", "scale"),
        ("sigma", "scale"),
        ("alpha", "scale"),
    ],
    example: "rbf(length = 7, scale = 1)",
};
const MATERN: Signature = Signature {
    name: "matern",
    needs: &["length", "scale", "nu"],
    example: "matern(length = 7, scale = 1, nu = 1.5)",
    ..RBF
};
const PERIODIC: Signature = Signature {
    name: "periodic",
    needs: &["length", "scale", "period"],
    example: "periodic(length = 1, scale = 1, period = 24)",
    ..RBF
};

/// An axis of instants to paste.
const INSTANTS: &str = "time(grid(from = 0, to = 10, step = 1))";

/// What people call kernels elsewhere.
const ELSEWHERE: [(&str, &str); 10] = [
    ("squared_exponential", "rbf"),
    ("exp_quad", "rbf"),
    ("expquad", "rbf"),
    ("gaussian", "rbf"),
    ("se", "rbf"),
    ("ou", "matern"),
    ("exponential", "matern"),
    ("matern12", "matern"),
    ("matern32", "matern"),
    ("matern52", "matern"),
];

impl<'t> Builder<'t> {
    /// The axes of what a statement defines: those on its left, or that on which a function of time is placed. `None` where
    /// they are refused.
    pub(super) fn written_axes(&mut self, written: Written<'t>) -> Option<Vec<AxisId>> {
        let (target, draw, role) = match written {
            Written::Node(node) => match &node.definition {
                Definition::Draw(draw) => (&node.target, Some(draw), Some(node.role)),
                Definition::Equals(_) => (&node.target, None, Some(node.role)),
            },
            Written::Let(binding) => (&binding.target, None, None),
            Written::Const(constant) => (&constant.target, None, None),
            Written::State(state) => (&state.target, None, None),
            Written::Noise(target) => (target, None, None),
            Written::Field(output, _) => (&output.target, None, None),
            Written::Output(..) => unreachable!("outputs are declared with their axes"),
        };
        let at = draw.and_then(|draw| draw.at.as_ref());
        let Some(formal) = &target.formal else {
            // That a process in time needs one is told with the process.
            let process = draw.is_some_and(|draw| {
                family::find(&draw.call.path.text())
                    .is_some_and(|entry| entry.family == Family::GaussianProcess)
            });
            if let Some(at) = at.filter(|_| !process) {
                let name = &target.name.text;
                let message = format!("`at` places a function of time, and `{name}` is none");
                let told = FUNCTION_OF_TIME.at(at.span, message).label(target.span, "it has no time");
                self.told.push(told.help(format!("name the axis on the left: `{name}[{}]`", at.text)));
            }
            return self.target_axes(target);
        };
        match (at, draw, role) {
            (Some(at), ..) => self.place(target, at).map(|axis| vec![axis]),
            // A latent is no token, and has no readings.
            (None, Some(_), Some(Role::Latent)) => Some(Vec::new()),
            // What draws no function of time is told of where it is drawn from.
            (None, Some(draw), _) if draw.call.path.text() != Family::GaussianProcess.name() => None,
            (None, Some(_), _) => {
                let message = format!(
                    "`{}` is a function of time, and its readings are placed nowhere",
                    target.name.text
                );
                let help = "write `… at knot` behind what it is drawn from, with `axis knot : time(grid(from = 0, to = 10, step = 1))`";
                self.told.push(FUNCTION_OF_TIME.at(target.span, message).help(help));
                None
            }
            (None, None, _)
                if matches!(written, Written::Const(tree::Const { value: Source::From(_), .. })) =>
            {
                Some(Vec::new())
            }
            (None, None, _) => {
                let (name, time) = (&target.name.text, &formal.name.text);
                let message = format!("`{name}` takes an argument, and is computed");
                let told = FUNCTION_OF_TIME.at(target.span, message);
                self.told.push(told.help(format!("write `fn {name}({time}) = …`")));
                None
            }
        }
    }

    /// The axis on which the readings of a function of time stand.
    fn place(&mut self, target: &'t tree::Target, at: &'t Name) -> Option<AxisId> {
        let id = match self.names.get(&at.text) {
            Some(Symbol::Axis(id)) => id?,
            Some(Symbol::Refused) => return None,
            _ => {
                let told = self.unknown_axis(at);
                let times = self.names.axes().any(|name| suggest(&at.text, [name]).is_some());
                self.told.extend(told.map(|told| match times {
                    true => told,
                    false => told.help(format!("declare it: `axis {} : {INSTANTS}`", at.text)),
                }));
                return None;
            }
        };
        let axis = self.axes.get(id.0)?;
        let told = if !axis.is_time() {
            let message =
                format!("`{}` is placed at instants, and `{}` is no axis of time", target.name.text, at.text);
            let help = format!("declare it as one: `axis {} : {INSTANTS}`", at.text);
            Some(AXIS_MISMATCH.at(at.span, message).label(axis.span, "declared here").help(help))
        } else {
            let written = target.formal.as_ref().and_then(|formal| formal.unit.as_ref());
            let own = self.coordinates.get(id.0).and_then(Measure::unit);
            let pair = written.and_then(|unit| Some((unit, self.constants.units.unit(unit).ok()?))).zip(own);
            pair.filter(|((_, unit), own)| !unit.fits(own)).map(|((written, unit), own)| {
                let (at, label) = (&at.text, axis.unit.clone().unwrap_or_else(|| "no unit".to_owned()));
                let name = &target.name.text;
                let message = match own.parts() {
                    0 => format!(
                        "`{name}` is a function of a time in `{unit}`, and its axis `{at}` has no unit"
                    ),
                    _ => format!(
                        "`{name}` is a function of a time in `{unit}`, and its axis `{at}` is in `{own}`"
                    ),
                };
                let told = UNIT_MISMATCH.at(written.span, message).label(axis.span, label);
                told.help(match (own.is_time(), unit.behind("1")) {
                    (true, _) => format!("write `: {own}`, as the axis has it"),
                    (false, Some(one)) => {
                        format!("write the coordinates of `{at}` with the unit of the time, each as `{one}`")
                    }
                    (false, None) => format!("write the coordinates of `{at}` with the unit of the time"),
                })
            })
        };
        self.told.extend(told);
        Some(id)
    }

    /// The kernel of a process, with its numbers.
    pub(super) fn kernel(
        &mut self,
        left: Left<'t>,
        value: &'t tree::Expr,
        scope: &Scope<'t>,
        own: &Measure,
    ) -> Option<(Kernel, Vec<ExprId>)> {
        let found = self.kernel_of(left, value, scope, own);
        found.map_err(|told| self.told.extend(told)).ok()
    }

    fn kernel_of(
        &mut self,
        left: Left<'t>,
        value: &'t tree::Expr,
        scope: &Scope<'t>,
        own: &Measure,
    ) -> Result<(Kernel, Vec<ExprId>), Vec<Diagnostic>> {
        let ExprKind::Call(call) = &value.kind else {
            let told = UNKNOWN_CHOICE.at(value.span, "a kernel is expected here");
            return Err(vec![told.help(format!("write `kernel = {}`", RBF.example))]);
        };
        let name = call.path.text();
        let known = [RBF, MATERN, PERIODIC];
        let Some(signature) = known.iter().find(|signature| signature.name == name) else {
            let told = UNKNOWN_CHOICE.at(call.path.span, format!("there is no kernel `{name}`"));
            let lower = name.to_lowercase();
            let here = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == lower).map(|(_, here)| *here);
            let similar = here.or_else(|| suggest(&name, known.iter().map(|signature| signature.name)));
            return Err(vec![match known.iter().find(|signature| Some(signature.name) == similar) {
                Some(signature) => told.help(format!("write `{}`", signature.example)),
                None => {
                    told.help(format!("there are {}", list(known.iter().map(|signature| signature.name))))
                }
            }]);
        };
        let taken = signature.take(call)?;
        let argument = |name| taken.get(name).expect("what a signature needs has been taken");
        let time = self.times.get(&left.id).cloned().unwrap_or(Measure::Unknown);
        let mut numbers = Vec::new();
        for name in signature.needs.iter().filter(|name| **name != "nu") {
            let written = argument(name);
            let measure = match *name {
                "scale" => own.clone(),
                // The length of a periodic kernel is a pure number.
                "length" if signature.name == PERIODIC.name => Measure::pure(),
                _ => time.clone(),
            };
            let place =
                Place { measure, what: What::Argument(signature.name, name, &left.target.name.text, false) };
            let (number, _) = self.number_in(&written.value, scope, &place);
            self.demands.push(Demanded::argument(left.id, Demand::Positive, number, written.span, name));
            numbers.push(number);
        }
        let kernel = match signature.name {
            "rbf" => Kernel::Rbf,
            "periodic" => Kernel::Periodic,
            _ => self.smoothness(&argument("nu").value).map_err(|told| vec![told])?,
        };
        Ok((kernel, numbers))
    }

    /// Matérn's kernel of a smoothness.
    fn smoothness(&self, value: &tree::Expr) -> Result<Kernel, Diagnostic> {
        let choices =
            [(0.5, Kernel::MaternHalf), (1.5, Kernel::MaternThreeHalves), (2.5, Kernel::MaternFiveHalves)];
        let nu = self.constants.number(value)?;
        let found = choices.into_iter().find(|(known, _)| *known == nu).map(|(_, kernel)| kernel);
        found.ok_or_else(|| {
            let told = UNKNOWN_CHOICE.at(value.span, format!("`nu` is {nu}, and must be 0.5, 1.5 or 2.5"));
            told.help("write `nu = 1.5`; for a smoother function, `rbf(length, scale)`")
        })
    }
}
