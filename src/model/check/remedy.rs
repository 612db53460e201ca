//! Which edit mends units that do not fit: what is lacking, in the user's own units.

use super::model::Builder;
use super::shown::{operand, shown};
use super::units::Operand;
use crate::units::{Measure, Power, Unit};
use crate::{Expr, Role};
use sbi_syntax::tree::{BinaryOperator, Expr as Tree, ExprKind};

/// Two units that should be one.
pub(super) struct Sides<'u> {
    pub(super) expected: &'u Unit,
    pub(super) found: &'u Unit,
    /// What they are called, where they are shown under each other.
    pub(super) words: [&'static str; 2],
}

impl Sides<'_> {
    /// Both under each other, above and below the line, where one of them is made of several names.
    fn aligned(&self) -> String {
        let units = [self.expected.proper(), self.found.proper()];
        if units.iter().all(|unit| unit.parts() < 2) {
            return String::new();
        }
        let halves = units.each_ref().map(Unit::halves);
        let width = halves.iter().map(|(above, _)| above.chars().count()).max().unwrap_or_default();
        let wide = self.words.iter().map(|word| word.len()).max().unwrap_or_default();
        let lines = self.words.iter().zip(&halves).map(|(word, (above, below))| {
            let line = match below.is_empty() {
                true => above.clone(),
                false => format!("{above:width$} / {below}"),
            };
            format!("\n    {word:wide$}  {line}")
        });
        lines.collect()
    }
}

impl<'t> Builder<'t> {
    /// What to write in place of what is at fault.
    pub(super) fn remedy(&self, culprit: Operand<'_, 't>, sides: &Sides<'_>) -> String {
        format!("{}{}", self.edit(culprit, sides), sides.aligned())
    }

    fn edit(&self, culprit: Operand<'_, 't>, sides: &Sides<'_>) -> String {
        let (expected, found) = (sides.expected.proper(), sides.found.proper());
        let text = operand(culprit.tree).unwrap_or_else(|| "(…)".to_owned());
        if matches!(culprit.value.measure, Measure::Bare { .. }) {
            let number = shown(culprit.tree).unwrap_or_else(|| "1".to_owned());
            return match expected.behind(&number) {
                Some(whole) => format!("give the number its unit: `{whole}`"),
                None => format!(
                    "give it a name with its unit, `const level : {expected} = {number}`, and read `level` here"
                ),
            };
        }
        if let ExprKind::Number(number) = &culprit.tree.kind
            && let Some(meant) = expected.behind(&number.value.to_string())
        {
            return format!("write a number in `{expected}`: `{meant}`");
        }
        let Some(lacking) = expected.over(&found).map(|unit| simplified(&unit)) else {
            return "write both in units of one kind".to_owned();
        };
        self.noise(&text, culprit, &lacking)
            .or_else(|| by_shape(culprit.tree, &text, &expected, &found))
            .or_else(|| self.by_name(culprit, &text, &lacking))
            .unwrap_or_else(|| by_unit(&text, &lacking))
    }

    /// A noise that is lacking: the strength of one stands alone.
    fn noise(&self, text: &str, culprit: Operand<'_, 't>, lacking: &Unit) -> Option<String> {
        let run = self.here().dynamics?;
        let of_run = self.nodes_of_runs.iter().filter(|(_, of)| **of == run);
        let mut noises = of_run.filter_map(|(id, _)| self.nodes.get(id.0)).filter(|node| node.role == Role::Noise);
        let noise = noises.next()?;
        let unit = self.noise_unit(run);
        let own = unit.unit()?;
        if self.reads_role(culprit, Role::Noise) {
            let strength = lacking.proper();
            return Some(format!(
                "the strength of a noise has a unit too, and lacks `{strength}`: `const strength : {strength} = …`"
            ));
        }
        own.fits(lacking).then_some(())?;
        let name = noise.name.rsplit('.').next().unwrap_or(&noise.name);
        Some(format!("multiply by a noise, which is in `{own}`: `{text} * {name}`"))
    }

    fn reads_role(&self, culprit: Operand<'_, 't>, role: Role) -> bool {
        let mut waiting = vec![culprit.value.raw];
        while let Some(id) = waiting.pop() {
            let Some(expr) = self.arena.exprs.get(id.0) else { continue };
            if let Expr::Element { node, .. } = expr
                && self.nodes.get(node.0).is_some_and(|node| node.role == role)
            {
                return true;
            }
            waiting.extend(expr.operands());
        }
        false
    }

    /// The one quantity of the model that has the unit that is lacking.
    fn by_name(&self, culprit: Operand<'_, 't>, text: &str, lacking: &Unit) -> Option<String> {
        let inverse = lacking.inverse();
        let mut found = self.nodes.iter().zip(&self.measures).filter_map(|(node, measure)| {
            let known = matches!(node.role, Role::Param | Role::Let) && node.unit.is_some() && node.axes.is_empty();
            let unit = measure.unit().filter(|_| known && !node.name.contains('.'))?;
            let sign = if unit.fits(lacking) { "*" } else { "/" };
            (unit.fits(lacking) || unit.fits(&inverse)).then(|| (node.name.as_str(), sign))
        });
        let (first, second) = (found.next(), found.next());
        let (name, sign) = first.filter(|_| second.is_none())?;
        let whole = shown(culprit.tree)?;
        let read = whole.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name);
        let verb = if sign == "*" { "multiply by" } else { "divide by" };
        (!read).then(|| format!("{verb} what is lacking, `{text} {sign} {name}` perhaps"))
    }
}

/// What the shape of the expression suggests: a root, a square, a quotient for a product.
fn by_shape(tree: &Tree, text: &str, expected: &Unit, found: &Unit) -> Option<String> {
    let two = Power::new(2, 1)?;
    let same = |a: &Unit, b: Option<Unit>| b.is_some_and(|b| a.fits(&b));
    if expected.is_pure() {
        // The product of a time and a time was to be their ratio.
        let ExprKind::Binary { operator, left, right, .. } = &innermost(tree).kind else { return None };
        let even = found.to(Power::HALF).is_some_and(|half| half.parts() == 1 && whole(&half));
        let (left, right) = (operand(left)?, operand(right)?);
        return match operator {
            BinaryOperator::Mul if even => Some(format!("a ratio has no unit: `{left} / {right}`")),
            BinaryOperator::Div if even => Some(format!("a product of a rate and a time has no unit: `{left} * {right}`")),
            _ => None,
        };
    }
    if found.is_pure() {
        return None;
    }
    if same(expected, found.to(Power::HALF)) {
        return Some(format!("take its root: `sqrt({})`", shown(tree).unwrap_or_else(|| "…".to_owned())));
    }
    if same(expected, found.to(two)) {
        return Some(format!("square it: `{text}^2`"));
    }
    if same(expected, Some(found.inverse())) {
        return Some(format!("turn it round: `1 / {text}`"));
    }
    None
}

/// An expression without a sign before it.
fn innermost(tree: &Tree) -> &Tree {
    match &tree.kind {
        ExprKind::Unary { operand, .. } => innermost(operand),
        _ => tree,
    }
}

/// Whether all powers are whole.
fn whole(unit: &Unit) -> bool {
    unit.single().is_some_and(|(_, power)| power.parts().1 == 1)
}

/// The factor that is lacking, by its unit alone.
fn by_unit(text: &str, lacking: &Unit) -> String {
    if lacking.halves().0 == "1" {
        let by = lacking.inverse();
        return match by.behind("1").filter(|_| whole(&by)) {
            Some(one) => format!("divide by what is in `{by}`, or by one of it: `{text} / {one}`"),
            None => format!("divide by what is in `{by}`"),
        };
    }
    match lacking.behind("1").filter(|_| whole(lacking)) {
        Some(one) => format!("multiply by what is in `{lacking}`, or by one of it: `{text} * {one}`"),
        None => format!("multiply by what is in `{lacking}`"),
    }
}

/// A unit by one of its names, where that has all of its dimension: `mV/V/s` lacks `1/s`.
fn simplified(unit: &Unit) -> Unit {
    unit.single_of_its_dimension().unwrap_or_else(|| unit.clone())
}
