//! Which edit mends units that do not fit: what is lacking, in the user's own units.

use super::mismatch::What;
use super::model::Builder;
use super::names::Symbol;
use super::shown::{divisor, factor, shown};
use super::units::Operand;
use super::{family, walk};
use crate::units::{Measure, Power, Unit};
use crate::{NodeId, Role};
use sbi_syntax::tree::{BinaryOperator, Expr as Tree, ExprKind, Path, UnaryOperator};

/// Two units that should be one.
pub(super) struct Sides<'u> {
    pub(super) expected: &'u Unit,
    pub(super) found: &'u Unit,
    /// Where the expression stands, unless beside another.
    pub(super) what: Option<What<'u>>,
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
        let lines = ["needed", "found "].iter().zip(&halves).map(|(word, (above, below))| {
            let line = match below.is_empty() {
                true => above.clone(),
                false => format!("{above:width$} / {below}"),
            };
            format!("\n    {word}  {line}")
        });
        lines.collect()
    }
}

/// A name that an expression is a product of.
struct Factor<'e> {
    path: &'e Path,
    id: NodeId,
    /// Whether it stands below the line.
    below: bool,
}

impl<'t> Builder<'t> {
    /// What to write in place of what is at fault.
    pub(super) fn remedy(&self, culprit: Operand<'_, 't>, sides: &Sides<'_>) -> String {
        format!("{}{}", self.edit(culprit, sides), sides.aligned())
    }

    fn edit(&self, culprit: Operand<'_, 't>, sides: &Sides<'_>) -> String {
        let (expected, found) = (sides.expected.proper(), sides.found.proper());
        let tree = culprit.tree;
        if let Some((number, sign)) = literal(tree) {
            let number = format!("{sign}{number}");
            return match (expected.parts(), expected.behind(&number)) {
                (0, _) => format!("write a number without unit: `{number}`"),
                (_, Some(whole)) if found.parts() == 0 => format!("give the number its unit: `{whole}`"),
                (_, Some(whole)) => format!("write a number in `{expected}`: `{whole}`"),
                _ => format!(
                    "give it a name with its unit, `const level : {expected} = {number}`, and read `level` here"
                ),
            };
        }
        let Some(lacking) = expected.over(&found) else {
            return "write both in units of one kind".to_owned();
        };
        let lacking = lacking.single_of_its_dimension().unwrap_or(lacking);
        let factors = self.factors(tree);
        self.noise(tree, &factors, &lacking)
            .or_else(|| other_way(tree, sides))
            .or_else(|| self.wrong_side(tree, &factors, &lacking))
            .or_else(|| self.undeclared(&factors, &lacking))
            .or_else(|| by_shape(tree, &expected, &found))
            .or_else(|| self.by_name(tree, &found, &lacking))
            .unwrap_or_else(|| by_unit(tree, &expected, &found, &lacking))
    }

    /// The names that an expression is a product or a quotient of.
    fn factors<'e>(&self, tree: &'e Tree) -> Vec<Factor<'e>> {
        let (mut factors, mut waiting) = (Vec::new(), vec![(tree, false)]);
        while let Some((tree, below)) = waiting.pop() {
            let path = match &tree.kind {
                ExprKind::Binary { operator: BinaryOperator::Mul, left, right, .. } => {
                    waiting.extend([(&**right, below), (&**left, below)]);
                    continue;
                }
                ExprKind::Binary { operator: BinaryOperator::Div, left, right, .. } => {
                    waiting.extend([(&**right, !below), (&**left, below)]);
                    continue;
                }
                ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
                    waiting.push((operand, below));
                    continue;
                }
                ExprKind::Path(path) => path,
                ExprKind::Index { base, .. } => match &base.kind {
                    ExprKind::Path(path) => path,
                    _ => continue,
                },
                ExprKind::Call(call) => &call.path,
                _ => continue,
            };
            if let Some(Symbol::Node(id)) = path.as_name().and_then(|name| self.names.get(&name.text)) {
                factors.push(Factor { path, id, below });
            }
        }
        factors
    }

    fn role(&self, factor: &Factor<'_>) -> Option<Role> {
        self.nodes.get(factor.id.0).map(|node| node.role)
    }

    /// What a noise lacks: itself, where its strength stands alone, or the root of the time in the unit of its strength.
    fn noise(&self, tree: &Tree, factors: &[Factor<'_>], lacking: &Unit) -> Option<String> {
        let run = self.here().dynamics?;
        let unit = self.noise_unit(run);
        let own = unit.unit().filter(|unit| !unit.is_pure())?;
        if factors.iter().any(|factor| self.role(factor) == Some(Role::Noise)) {
            let mut others = factors.iter().filter(|factor| self.role(factor) != Some(Role::Noise));
            let (first, second) = (others.next(), others.next());
            let strength = first.filter(|_| second.is_none()).and_then(|factor| {
                let unit = self.measures.get(factor.id.0)?.unit()?.proper().times(lacking)?;
                let unit = unit.single_of_its_dimension().unwrap_or(unit);
                Some(format!(
                    "a noise is in `{own}`, so that its strength is in another unit: `{} : {unit}`",
                    factor.path.text()
                ))
            });
            return Some(strength.unwrap_or_else(|| {
                format!(
                    "a noise is in `{own}`, and its strength has a unit too: `const strength : {lacking} = …`, read in place of the number"
                )
            }));
        }
        let of_run = self.nodes_of_runs.iter().filter(|(_, of)| **of == run);
        let noise =
            of_run.filter_map(|(id, _)| self.nodes.get(id.0)).find(|node| node.role == Role::Noise)?;
        own.fits(lacking).then_some(())?;
        let name = noise.name.rsplit('.').next().unwrap_or(&noise.name);
        Some(format!("multiply by a noise, which is in `{own}`: `{} * {name}`", factor(tree)?))
    }

    /// A factor that stands above the line in place of below it, or the reverse: a rate in place of a time.
    fn wrong_side(&self, tree: &Tree, factors: &[Factor<'_>], lacking: &Unit) -> Option<String> {
        let moved = factors.iter().find(|factor| {
            let twice = Power::new(if factor.below { 2 } else { -2 }, 1);
            let unit = self.measures.get(factor.id.0).and_then(Measure::unit).filter(|unit| !unit.is_pure());
            unit.zip(twice).and_then(|(unit, twice)| unit.to(twice)).is_some_and(|unit| unit.fits(lacking))
        })?;
        let name = moved.path.text();
        let unit = self.measures.get(moved.id.0)?.unit()?.proper();
        let swapped = swapped(tree, moved.path)?;
        Some(format!("`{name}` is in `{unit}`: write `{swapped}`, or declare it in `{}`", unit.inverse()))
    }

    /// A factor that is declared without a unit, where a unit would mend it all.
    fn undeclared(&self, factors: &[Factor<'_>], lacking: &Unit) -> Option<String> {
        let mut found = factors.iter().filter(|factor| {
            let fixed =
                matches!(self.role(factor), Some(Role::Param | Role::Data | Role::Latent | Role::Let));
            let pure =
                self.measures.get(factor.id.0).and_then(Measure::unit).is_some_and(|unit| unit.parts() == 0);
            fixed && pure
        });
        let (first, second) = (found.next(), found.next());
        let factor = first.filter(|_| second.is_none())?;
        let unit = if factor.below { lacking.inverse() } else { lacking.clone() };
        self.declaring(factor.id, &unit, true)
    }

    /// The one quantity of the model that has the unit that is lacking.
    fn by_name(&self, tree: &Tree, found: &Unit, lacking: &Unit) -> Option<String> {
        let mut read: Vec<String> = Vec::new();
        walk::names(tree, &mut |path| read.push(path.text()));
        // A number is no quantity that is multiplied with another.
        if read.is_empty() && found.parts() == 0 {
            return None;
        }
        let inverse = lacking.inverse();
        let mut candidates = self.nodes.iter().zip(&self.measures).filter_map(|(node, measure)| {
            let known =
                matches!(node.role, Role::Param | Role::Let) && node.unit.is_some() && node.axes.is_empty();
            let unit = measure.unit().filter(|_| known && !node.name.contains('.'))?;
            let fits = unit.fits(lacking) || unit.fits(&inverse);
            (fits && !read.contains(&node.name)).then(|| (node.name.as_str(), unit.fits(lacking)))
        });
        let (first, second) = (candidates.next(), candidates.next());
        let (name, times) = first.filter(|_| second.is_none())?;
        let (verb, sign) = if times { ("multiply by", "*") } else { ("divide by", "/") };
        Some(format!("{verb} what is lacking, `{} {sign} {name}` perhaps", factor(tree)?))
    }
}

/// A number that stands alone, and the sign before it.
fn literal(tree: &Tree) -> Option<(f64, &'static str)> {
    match &tree.kind {
        ExprKind::Number(number) => Some((number.value, "")),
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
            literal(operand).filter(|(_, sign)| sign.is_empty()).map(|(number, _)| (number, "-"))
        }
        _ => None,
    }
}

/// The other name of an argument under which it has the unit that was found: a variance, a mean for a rate.
fn other_way(tree: &Tree, sides: &Sides<'_>) -> Option<String> {
    let Some(What::Argument(distribution, argument, _)) = sides.what else { return None };
    let entry = family::find(distribution)?;
    let slot = entry.slots.iter().find(|slot| slot.ways.iter().any(|way| way.name == argument))?;
    let own = slot.ways.iter().find(|way| way.name == argument)?;
    let unit = sides.expected.to(Power::new(1, i64::from(own.power))?)?;
    let fits = slot.ways.iter().find(|way| {
        let power = Power::new(i64::from(way.power), 1);
        power.and_then(|power| unit.to(power)).is_some_and(|unit| unit.fits(sides.found))
    })?;
    Some(format!("name it for what it is: `{} = {}`", fits.name, shown(tree)?))
}

/// The expression with a factor on the other side of the line: only the last one can be moved with ease.
fn swapped(tree: &Tree, moved: &Path) -> Option<String> {
    let ExprKind::Binary { operator, left, right, .. } = &tree.kind else { return None };
    let is = |tree: &Tree| matches!(&tree.kind, ExprKind::Path(path) if path.span == moved.span);
    match operator {
        BinaryOperator::Mul if is(right) => Some(format!("{} / {}", factor(left)?, divisor(right)?)),
        BinaryOperator::Div if is(right) => Some(format!("{} * {}", factor(left)?, factor(right)?)),
        BinaryOperator::Mul if is(left) => Some(format!("{} / {}", factor(right)?, divisor(left)?)),
        _ => None,
    }
}

/// What the shape of the expression suggests: a root, a square, a quotient for a product.
fn by_shape(tree: &Tree, expected: &Unit, found: &Unit) -> Option<String> {
    let same = |a: &Unit, b: Option<Unit>| b.is_some_and(|b| a.fits(&b));
    if expected.is_pure() {
        // The product of a time and a time was to be their ratio.
        let (sign, tree) = match &tree.kind {
            ExprKind::Unary { operator: UnaryOperator::Neg, operand } => ("-", &**operand),
            _ => ("", tree),
        };
        let ExprKind::Binary { operator, left, right, .. } = &tree.kind else { return None };
        let even = found.to(Power::HALF).is_some_and(|half| half.parts() == 1 && whole(&half));
        return match operator {
            BinaryOperator::Mul if even => {
                Some(format!("a ratio has no unit: `{sign}{} / {}`", factor(left)?, divisor(right)?))
            }
            BinaryOperator::Div if even => Some(format!(
                "a rate times a time has no unit: `{sign}{} * {}`",
                factor(left)?,
                factor(right)?
            )),
            _ => None,
        };
    }
    if found.is_pure() {
        return None;
    }
    let squares = |tree: &Tree| matches!(tree.kind, ExprKind::Binary { operator: BinaryOperator::Pow, .. });
    let simple = match &tree.kind {
        ExprKind::Path(_) | ExprKind::Index { .. } => true,
        ExprKind::Binary { operator: BinaryOperator::Add, left, right, .. } => {
            squares(left) || squares(right)
        }
        _ => squares(tree),
    };
    if simple && same(expected, found.to(Power::HALF)) {
        return Some(format!("take its root: `sqrt({})`", shown(tree)?));
    }
    if simple && same(expected, Power::new(2, 1).and_then(|two| found.to(two))) {
        return Some(format!("square it: `{}^2`", factor(tree)?));
    }
    if same(expected, Some(found.inverse())) {
        return Some(match &tree.kind {
            ExprKind::Binary { operator: BinaryOperator::Div, left, right, .. } => {
                format!("turn it round: `{} / {}`", factor(right)?, divisor(left)?)
            }
            _ => format!("turn it round: `1 / {}`", divisor(tree)?),
        });
    }
    None
}

/// Whether it is one name to a whole power, which can stand behind a number.
fn whole(unit: &Unit) -> bool {
    unit.single().is_some_and(|(_, power)| power.parts().1 == 1)
}

/// The factor that is lacking, by its unit alone.
fn by_unit(tree: &Tree, expected: &Unit, found: &Unit, lacking: &Unit) -> String {
    let text = factor(tree).unwrap_or_else(|| "(…)".to_owned());
    let one = |unit: &Unit| unit.behind("1").filter(|_| whole(unit));
    if expected.is_pure() {
        return match one(found) {
            Some(one) => format!("divide by what is in `{found}` too: `{text} / {one}`"),
            None => format!(
                "divide by what is in `{found}` too: `const reference : {found} = 1`, and `{text} / reference`"
            ),
        };
    }
    if found.is_pure() {
        let inverse = expected.inverse();
        return match (one(expected), one(&inverse)) {
            (_, Some(one)) if expected.halves().0 == "1" => format!("give it its unit: `{text} / {one}`"),
            (Some(one), _) => format!("give it its unit: `{text} * {one}`"),
            _ => format!("multiply by what is in `{expected}`"),
        };
    }
    let instead = match &tree.kind {
        ExprKind::Path(_) | ExprKind::Index { .. } => format!("read what is in `{expected}` here, or "),
        _ => String::new(),
    };
    if lacking.halves().0 == "1" {
        let by = lacking.inverse();
        return match one(&by) {
            Some(one) => format!("{instead}divide by what is in `{by}`, one of it is `{text} / {one}`"),
            None => format!("{instead}divide by what is in `{by}`"),
        };
    }
    match one(lacking) {
        Some(one) => format!("{instead}multiply by what is in `{lacking}`, one of it is `{text} * {one}`"),
        None => format!("{instead}multiply by what is in `{lacking}`"),
    }
}
