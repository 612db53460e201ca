//! `axis name : kind(…)`.

use super::call::{Signature, Taken};
use super::codes::{
    ARGUMENT_EXTRA, AXIS_SIZE, EMPTY_RANGE, NOT_A_NUMBER, NOT_CONSTANT, TOO_LARGE, UNKNOWN_AXIS, UNKNOWN_NAME,
};
use super::constant::Constants;
use super::limits::{ELEMENTS, thousands};
use super::names::list;
use super::sequence::as_grid;
use super::shown::shown_or_dots;
use super::walk;
use crate::axis::{Count, Steps};
use crate::units::{Measure, Unit};
use crate::{Axis, AxisKind, Gauge};
use sbi_syntax::tree::{self, Argument, BinaryOperator, Call, Expr, ExprKind, Statement};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::rc::Rc;

const INDEX: Signature = Signature {
    name: "index",
    needs: &["n"],
    may: &[],
    elsewhere: &[("size", "n"), ("length", "n")],
    example: "index(10)",
};
const ORDERED: Signature = Signature { name: "ordered", example: "ordered(10)", ..INDEX };
const SET: Signature = Signature {
    name: "set",
    needs: &["size"],
    may: &[],
    elsewhere: &[("n", "size"), ("length", "size")],
    example: "set(size = 60 .. 300)",
};
const TIME: Signature = Signature {
    name: "time",
    needs: &["instants"],
    may: &[],
    elsewhere: &[],
    example: "time(grid(from = 0, to = 10, step = 0.5))",
};
const GRID: Signature = Signature {
    name: "grid",
    needs: &["from", "to", "step"],
    may: &[],
    elsewhere: &[("start", "from"), ("end", "to"), ("stop", "to"), ("by", "step"), ("every", "step")],
    example: "grid(from = 0, to = 10, step = 0.5)",
};
const SCATTERED: Signature = Signature {
    name: "scattered",
    needs: &["n", "over"],
    may: &[],
    elsewhere: &[("size", "n"), ("range", "over"), ("in", "over")],
    example: "scattered(n = 30, over = 0 .. 10)",
};

/// The kinds of axes.
const KINDS: [&str; 5] = ["grid", "index", "ordered", "set", "time"];

/// Reads the numbers of an axis.
struct Reader<'c, 't> {
    name: &'c str,
    constants: &'c Constants<'t>,
    /// The unit of its coordinates: that of the first number that has one.
    unit: Option<Rc<Unit>>,
}

/// The axis that a statement declares, with the unit of its coordinates where one is written.
///
/// # Errors
/// Everything that is wrong with its kind, its size or its coordinates.
pub(super) fn axis(
    statement: &tree::Axis,
    constants: &Constants<'_>,
) -> Result<(Axis, Measure), Vec<Diagnostic>> {
    let mut reader = Reader { name: &statement.name.text, constants, unit: None };
    let kind = reader.kind(&statement.kind)?;
    let measure = reader.unit.map_or(Measure::Bare { zero: false }, Measure::Of);
    let axis = Axis {
        name: statement.name.text.clone(),
        kind,
        unit: measure.text(),
        gauge: Gauge::of(&measure),
        span: statement.name.span,
    };
    Ok((axis, measure))
}

/// The coordinates of `grid(from, to, step)` for an axis, in its unit.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn grid(
    name: &str,
    call: &Call,
    constants: &Constants<'_>,
    own: Option<Rc<Unit>>,
) -> Result<Steps, Vec<Diagnostic>> {
    Reader { name, constants, unit: own }.steps(call)
}

/// Says that the arguments of a grid, or of scattered instants, stand in `time` itself.
fn bare_instants(call: &Call) -> Option<Diagnostic> {
    let laid = [GRID, SCATTERED].into_iter().find_map(|kind| {
        let meant = |argument: &Argument| {
            let label = argument.label.as_ref()?.text.as_str();
            let own = kind.names().find(|name| *name == label);
            let other = || kind.elsewhere.iter().find(|(other, _)| *other == label).map(|(_, own)| *own);
            Some(format!("{} = {}", own.or_else(other)?, shown_or_dots(&argument.value)))
        };
        let written: Vec<String> = call.arguments.iter().map(meant).collect::<Option<_>>()?;
        let whole = kind.needs.iter().all(|name| written.iter().any(|own| own.starts_with(name)));
        whole.then(|| format!("time({}({}))", kind.name, written.join(", ")))
    })?;
    let told = UNKNOWN_AXIS.at(call.span, "`time` lays out its instants as a grid or scattered");
    Some(told.help(format!("write `{laid}`")))
}

impl Reader<'_, '_> {
    fn kind(&mut self, call: &Call) -> Result<AxisKind, Vec<Diagnostic>> {
        match call.path.text().as_str() {
            "index" => match call.arguments.as_slice() {
                [_, extra, ..] if extra.label.is_none() => Err(vec![
                    ARGUMENT_EXTRA
                        .at(extra.span, "`index` takes one number: how many elements there are")
                        .help("an axis for each dimension: `axis i : index(2)` and `axis j : index(3)`"),
                ]),
                _ => Ok(AxisKind::Index { size: self.size(argument(&INDEX.take(call)?, "n"))? }),
            },
            "ordered" => Ok(AxisKind::Ordered { size: self.size(argument(&ORDERED.take(call)?, "n"))? }),
            "set" => Ok(AxisKind::Set(self.count(argument(&SET.take(call)?, "size"))?)),
            "grid" => Ok(AxisKind::Cells(self.steps(call)?)),
            "time" if let Some(told) = bare_instants(call) => Err(vec![told]),
            "time" => self.time(argument(&TIME.take(call)?, "instants")),
            kind => Err(vec![unknown(call, kind)]),
        }
    }

    fn time(&mut self, instants: &Argument) -> Result<AxisKind, Vec<Diagnostic>> {
        let ExprKind::Call(call) = &instants.value.kind else {
            let told = UNKNOWN_AXIS.at(instants.span, "`time` lays out its instants as a grid or scattered");
            let meant = as_grid(&instants.value);
            return Err(vec![told.help(meant.map_or_else(
                || format!("write `{}`", TIME.example),
                |grid| format!("write `time({grid})`"),
            ))]);
        };
        match call.path.text().as_str() {
            "grid" => Ok(AxisKind::Instants(self.steps(call)?)),
            "scattered" => {
                let taken = SCATTERED.take(call)?;
                let count = self.count(argument(&taken, "n"))?;
                let (from, to) = self.range(&argument(&taken, "over").value)?;
                Ok(AxisKind::Scattered { count, from, to })
            }
            other => {
                let told =
                    UNKNOWN_AXIS.at(call.path.span, format!("instants cannot be laid out by `{other}`"));
                Err(vec![match (as_grid(&instants.value), suggest(other, ["grid", "scattered"])) {
                    (Some(grid), _) => told.help(format!("write `time({grid})`")),
                    (None, Some(similar)) => told.did_you_mean(Some(similar)),
                    (None, None) => {
                        told.help(format!("write `{}` or `time({})`", TIME.example, SCATTERED.example))
                    }
                }])
            }
        }
    }

    fn steps(&mut self, call: &Call) -> Result<Steps, Vec<Diagnostic>> {
        let taken = GRID.take(call)?;
        let [from, to, step] = ["from", "to", "step"].map(|name| self.number(&argument(&taken, name).value));
        let (from, to, step) = (from?, to?, step?);
        let at = |name| argument(&taken, name).value.span;
        if from >= to {
            let told =
                EMPTY_RANGE.at(at("to"), format!("`to` is {to}, and must lie above `from`, which is {from}"));
            return Err(vec![told.help(format!("write `from = {to}, to = {from}`"))]);
        }
        let steps = (to - from) / step;
        if step <= 0.0 || steps < 0.5 {
            let message = format!("a step of {step} does not lead from {from} to {to}");
            let help = format!("write a step above zero and up to {}", to - from);
            return Err(vec![AXIS_SIZE.at(at("step"), message).help(help)]);
        }
        self.bounded(steps + 1.0, call.span)?;
        let whole = steps.round();
        // The last coordinate may miss the end by a millionth of a step: steps like 0.06 are not exact.
        if (steps - whole).abs() > 1e-6 {
            // What rounding adds is nothing that a person would write.
            let nearest = ((from + whole * step) * 1e9).round() / 1e9;
            let told = AXIS_SIZE.at(at("step"), format!("steps of {step} do not lead from {from} to {to}"));
            return Err(vec![told.help(format!("write `to = {nearest}`, or another step"))]);
        }
        Ok(Steps { from, step, size: whole as usize + 1 })
    }

    /// `low .. high`, two numbers.
    fn range(&mut self, value: &Expr) -> Result<(f64, f64), Vec<Diagnostic>> {
        let ExprKind::Range { low, high } = &value.kind else {
            let told = NOT_A_NUMBER.at(value.span, "a range is expected here");
            return Err(vec![told.help("write `0 .. 10`")]);
        };
        let (from, to) = (self.number(low)?, self.number(high)?);
        if from >= to {
            let told = EMPTY_RANGE.at(value.span, format!("no number lies between {from} and {to}"));
            return Err(vec![told.help(format!("write `{to} .. {from}`"))]);
        }
        Ok((from, to))
    }

    /// A whole number of elements, or a range of such numbers.
    fn count(&mut self, argument: &Argument) -> Result<Count, Vec<Diagnostic>> {
        let ExprKind::Range { low, high } = &argument.value.kind else {
            if let ExprKind::Binary { operator: BinaryOperator::Sub, left, right, .. } = &argument.value.kind
                && let (ExprKind::Number(low), ExprKind::Number(high)) = (&left.kind, &right.kind)
                && low.value < high.value
            {
                let message = format!("`-` subtracts, and `{}` would have less than no elements", self.name);
                let told = AXIS_SIZE.at(argument.value.span, message);
                return Err(vec![told.help(format!("write `{} .. {}`", low.value, high.value))]);
            }
            let size = self.size(argument)?;
            return Ok(Count { least: size, most: size });
        };
        let (least, most) = (self.whole(low)?, self.whole(high)?);
        if least > most {
            let told =
                EMPTY_RANGE.at(argument.value.span, format!("no number lies between {least} and {most}"));
            return Err(vec![told.help(format!("write `{most} .. {least}`"))]);
        }
        Ok(Count { least, most })
    }

    fn size(&mut self, argument: &Argument) -> Result<usize, Vec<Diagnostic>> {
        self.whole(&argument.value)
    }

    fn whole(&mut self, value: &Expr) -> Result<usize, Vec<Diagnostic>> {
        let count = self.constants.number(value).map_err(|told| vec![told])?;
        self.bounded(count, value.span)?;
        if count < 1.0 || count.fract() != 0.0 {
            let told = AXIS_SIZE.at(value.span, format!("`{}` would have {count} elements", self.name));
            return Err(vec![told.help("an axis has a whole number of elements, at least 1: `index(10)`")]);
        }
        Ok(count as usize)
    }

    fn bounded(&self, count: f64, span: Span) -> Result<(), Vec<Diagnostic>> {
        if count <= ELEMENTS as f64 {
            return Ok(());
        }
        let (count, most) = (thousands(count), thousands(ELEMENTS as f64));
        let message = format!("`{}` would have {count} elements; at most {most} are possible", self.name);
        Err(vec![TOO_LARGE.at(span, message).help(
            "every element of a parameter or datum is a token of the network: tens to hundreds are usual",
        )])
    }

    /// A number in the unit of the axis.
    fn number(&mut self, value: &Expr) -> Result<f64, Vec<Diagnostic>> {
        if let Some(own) = &self.unit {
            let what = format!("the coordinates of `{}` are in `{own}`", self.name);
            return self.constants.number_in(value, Some(own), &what).map_err(|told| vec![told]);
        }
        let found = self.constants.quantity(value).map_err(|told| vec![told])?;
        let Some(unit) = found.measure.unit() else { return Ok(found.value) };
        let proper = Rc::new(unit.proper());
        let number = unit.factor(&proper).exact(found.value);
        self.unit = (proper.parts() > 0).then_some(proper);
        Ok(number)
    }
}

/// An argument that the signature needs.
fn argument<'t>(taken: &Taken<'t>, name: &str) -> &'t Argument {
    taken.get(name).expect("what a signature needs has been taken")
}

fn unknown(call: &Call, kind: &str) -> Diagnostic {
    let told = UNKNOWN_AXIS.at(call.path.span, format!("there is no axis of the kind `{kind}`"));
    match suggest(kind, KINDS) {
        Some(similar) => told.did_you_mean(Some(similar)),
        None => told.help(format!("kinds are {}; write `index(10)`", list(KINDS))),
    }
}

/// Says in place of an unknown constant that a size is drawn or computed, where the model has something of that name.
pub(super) fn drawn_size<'t>(
    told: &mut Diagnostic,
    axis: &tree::Axis,
    body: impl IntoIterator<Item = &'t Statement>,
) {
    let mut paths = Vec::new();
    axis.kind
        .arguments
        .iter()
        .for_each(|argument| walk::names(&argument.value, &mut |path| paths.push(path)));
    let size = paths.into_iter().find(|path| path.span == told.span).map(tree::Path::text);
    let Some(size) = size else { return };
    for statement in body {
        let (found, message) = match statement {
            Statement::Node(node) if node.target.name.text == size => {
                (&node.target, format!("`{size}` is drawn, and an axis has a size that is known beforehand"))
            }
            Statement::Let(binding) if binding.target.name.text == size => (
                &binding.target,
                format!("`{size}` is computed, and an axis has a size that is known beforehand"),
            ),
            _ => continue,
        };
        let help = format!(
            "write the number, `axis {0} : index(10)`; what varies from data set to data set is `axis {0} : set(size = 1 .. 10)`",
            axis.name.text
        );
        *told = NOT_CONSTANT.at(told.span, message).label(found.span, "declared here").help(help);
        return;
    }
}

/// Drops that there is no constant for the size of an axis from what is told `since`, where a line that could not be read
/// seems to define it.
pub(super) fn forget_lost<'t>(
    told: &mut Vec<Diagnostic>,
    since: usize,
    axis: &tree::Axis,
    body: impl IntoIterator<Item = &'t Statement>,
) {
    let bad = body.into_iter().filter_map(|statement| match statement {
        Statement::Bad(bad) => Some(&bad.names),
        _ => None,
    });
    let lost: Vec<&str> = bad.flatten().map(|name| name.text.as_str()).collect();
    let mut places = Vec::new();
    for argument in &axis.kind.arguments {
        walk::names(&argument.value, &mut |path| {
            places.extend(lost.contains(&path.text().as_str()).then_some(path.span));
        });
    }
    let later = told.split_off(since);
    let follows = |told: &Diagnostic| told.code == UNKNOWN_NAME.name && places.contains(&told.span);
    told.extend(later.into_iter().filter(|told| !follows(told)));
}
