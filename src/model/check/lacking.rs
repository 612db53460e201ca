//! What an expression lacks: a factor that the model has, or one that is known by its unit alone; and what is wrong with a
//! number.

use super::mismatch::What;
use super::model::{Builder, Written};
use super::names::list;
use super::product::Change;
use super::readings::contains;
use super::remedy::{Case, Sides, only};
use super::shown::{factor, left_side, shown};
use super::value::Value;
use super::walk;
use crate::units::{Measure, Power, Unit};
use crate::{Definition, Node, Role};
use sbi_syntax::Span;
use sbi_syntax::tree::{self, BinaryOperator, Expr as Tree, ExprKind, Number, Path, UnaryOperator};
use std::f64::consts::PI;

/// How many quantities are named as what may be lacking.
const MOST: usize = 3;

impl<'t> Builder<'t> {
    /// What to write for a number that stands alone; none for anything else.
    pub(super) fn of_number(
        &self,
        tree: &'t Tree,
        expected: &Unit,
        found: &Unit,
        sides: &Sides<'_, 't>,
    ) -> Option<String> {
        let (written, sign) = literal(tree)?;
        let number = format!("{sign}{}", written.value);
        if expected.parts() == 0 {
            return Some(format!("write a number without unit: `{number}`"));
        }
        if written.unit.is_none() {
            return Some(self.number_without_unit(&number, written.value, expected, sides));
        }
        let below = found.single().is_none_or(|(_, power)| power.is_negative());
        if found.inverse().fits(expected) && !below {
            return Some(format!("turn it round: `{sign}1 / {}`", unsigned(tree)));
        }
        let fits = self.in_prefix_of(written, expected).unwrap_or_else(|| expected.clone());
        let write = match fits.numbered(&number) {
            Some(whole) => format!("write a number in `{fits}`: `{whole}`"),
            None => named_number(expected, &number),
        };
        let meant = self.quantity_in(found, sides);
        Some(match meant {
            Some((name, unit)) => format!("compare `{name}`, which is in `{unit}`, or {write}"),
            None => write,
        })
    }

    /// A bare number with the unit that is lacking. Where what it stands beside is in a unit that follows from its value, that
    /// can be declared as well.
    fn number_without_unit(
        &self,
        number: &str,
        value: f64,
        expected: &Unit,
        sides: &Sides<'_, 't>,
    ) -> String {
        let inferred = sides.beside.filter(|beside| sides.compared && !beside.value.declared);
        let name = inferred.and_then(|beside| match &beside.tree.kind {
            ExprKind::Path(path) => Some(path.text()),
            ExprKind::Index { base, .. } => walk::name(base).map(Path::text),
            _ => None,
        });
        let mut whole: Vec<String> = expected.numbered(number).into_iter().collect();
        // A small number may be a fraction, or in radians.
        if let Some(share) = expected.share() {
            let angle = !share.scale().of_pi().is_zero();
            let other = match angle {
                true => Some(format!("{number} rad")).filter(|_| value <= 2.0 * PI),
                false => {
                    let many = Unit::one().factor(&share).exact(number.parse().unwrap_or(value));
                    share.behind(&many.to_string()).filter(|_| value < 1.0)
                }
            };
            whole.extend(other);
        }
        let whole: Vec<String> = whole.iter().map(|whole| format!("`{whole}`")).collect();
        let whole = whole.join(" or ");
        match (name, whole.is_empty()) {
            (Some(name), true) => {
                format!(
                    "say in which unit `{name}` is where it is declared, `{name} : {expected}`: the number is then in that"
                )
            }
            (Some(name), false) => {
                format!(
                    "give the number its unit, {whole}, or say in which `{name}` is where it is declared, `{name} : {expected}`"
                )
            }
            (None, true) => named_number(expected, number),
            (None, false) => format!("give the number its unit: {whole}"),
        }
    }

    /// Tells of both ends of a range in one, where neither fits what is compared with them: what is told since `since` is of
    /// them, and up to `first` of the lower one.
    pub(super) fn range_misfits(&mut self, x: &Value, range: &'t Tree, (first, since): (usize, usize)) {
        let ExprKind::Range { low, high } = &range.kind else { return };
        let (Some((one, _)), Some((two, _)), Some(expected)) =
            (literal(low), literal(high), x.measure.unit())
        else {
            return;
        };
        let expected = expected.proper();
        let unit = |number: &Number| number.unit.as_ref().map(|unit| unit.text.clone());
        let fits = self.in_prefix_of(one, &expected).unwrap_or(expected);
        let ends = [(low, one), (high, two)].map(|(tree, number)| {
            let sign = literal(tree).map_or("", |(_, sign)| sign);
            fits.numbered(&format!("{sign}{}", number.value))
        });
        let [Some(from), Some(to)] = ends else { return };
        if unit(one) != unit(two) {
            return;
        }
        self.told.truncate(first);
        if let Some(told) = self.told.get_mut(since..).and_then(|told| told.last_mut()) {
            told.span = range.span;
            told.help = Some(format!("write `{from} .. {to}`"));
        }
    }

    /// The unit that is expected with the prefix of the one that is written, where it has none of its own: `50 mV` of a time
    /// in `s` are `50 ms`.
    fn in_prefix_of(&self, written: &Number, expected: &Unit) -> Option<Unit> {
        let unit = written.unit.as_ref()?.text.as_str();
        let (name, _) = expected.single()?;
        let prefixed = self.constants.units.with_prefix_of(unit, name)?;
        prefixed.to(expected.single()?.1).filter(|unit| unit.fits(expected))
    }

    /// The one name of an expression that is of the kind of a number, and computed of what that is compared with.
    fn quantity_in(&self, found: &Unit, sides: &Sides<'_, 't>) -> Option<(String, Unit)> {
        let beside = walk::name(sides.beside.filter(|_| sides.compared)?.tree)?.text();
        let named = self.written.iter().enumerate().filter_map(|(id, written)| {
            let Written::Let(binding) = written else { return None };
            let unit = self.measures.get(id)?.unit().filter(|unit| unit.fits(found) && !unit.is_pure())?;
            let mut reads = false;
            walk::names(&binding.value, &mut |path| reads |= path.text() == beside);
            reads.then(|| (left_side(&binding.target), unit.proper()))
        });
        only(named)
    }

    /// The one quantity of the model that has the unit that is lacking, or the few that have it. What the statement reads
    /// already is not forgotten there; and where a left side has another power of the time, that is declared otherwise.
    pub(super) fn by_name(&self, case: &Case<'_, 't>) -> Option<String> {
        let left =
            matches!(case.sides.what, Some(What::Declared(..) | What::Argument(_, "mean" | "median", ..)));
        let state = self.here().dynamics.is_some();
        if case.lacks_time() && left && !state {
            return None;
        }
        let read = self.readings.in_statement(case.tree.span);
        self.of_what_is_lacking(case, |name| !read.contains(name))
    }

    /// As [`Builder::by_name`], where nothing else is at hand: what stands in the statement, but rather not beside it.
    pub(super) fn by_name_beside(&self, case: &Case<'_, 't>) -> Option<String> {
        let squared = matches!(case.tree.kind, ExprKind::Binary { operator: BinaryOperator::Pow, .. });
        if case.found.parts() == 0 || (!squared && self.redeclared(case, false).is_some()) {
            return None;
        }
        let mut beside: Vec<String> = Vec::new();
        if let Some(other) = case.sides.beside {
            walk::names(other.tree, &mut |path| beside.push(path.text()));
        }
        let apart = self.of_what_is_lacking(case, |name| !beside.iter().any(|beside| beside == name));
        apart.or_else(|| self.of_what_is_lacking(case, |_| true))
    }

    /// As [`Builder::by_name`], of how fast a state changes: what one term is divided by another one may be as well.
    pub(super) fn by_rate(&self, case: &Case<'_, 't>) -> Option<String> {
        let state = self.here().dynamics.is_some() && case.lacks_time();
        state.then(|| self.of_what_is_lacking(case, |_| true)).flatten()
    }

    fn of_what_is_lacking(&self, case: &Case<'_, 't>, may: impl Fn(&str) -> bool) -> Option<String> {
        if matches!(case.sides.what, Some(What::Time(_) | What::At(_))) {
            return None;
        }
        let mut read: Vec<String> = Vec::new();
        walk::names(case.tree, &mut |path| read.push(path.text()));
        // A number is no quantity that is multiplied with another.
        if read.is_empty() && case.found.parts() == 0 {
            return None;
        }
        // What is squared may lack something before it is.
        let (base, power) = match &case.tree.kind {
            ExprKind::Binary { operator: BinaryOperator::Pow, left, right, .. } => match &right.kind {
                ExprKind::Number(number) => (Some(&**left), Power::of(1.0 / number.value)?),
                _ => (None, Power::ONE),
            },
            _ => (None, Power::ONE),
        };
        let lacking = case.lacking.to(power)?;
        let inverse = lacking.inverse();
        let fits = |measure: &Measure| {
            let unit = measure.unit()?;
            (unit.fits(&lacking) || unit.fits(&inverse)).then(|| unit.fits(&lacking))
        };
        let mut candidates: Vec<(&str, bool)> = match self.locals.is_empty() {
            // A function reads its inputs.
            false => {
                let fitting = |(name, measure): &(&'t str, Measure)| Some((*name, fits(measure)?));
                self.locals.iter().filter_map(fitting).collect()
            }
            true => {
                let nodes = self.nodes.iter().zip(&self.measures).zip(&self.written);
                let named = nodes.filter(|((node, _), written)| {
                    let fixed = matches!(node.role, Role::Param | Role::Let) && node.unit.is_some();
                    let free = fixed && node.axes.is_empty() && !node.name.contains('.');
                    free && may(&node.name) && !reads_itself(node, written, case.tree.span)
                });
                named.filter_map(|((node, measure), _)| Some((node.name.as_str(), fits(measure)?))).collect()
            }
        };
        candidates.retain(|(name, _)| !read.iter().any(|read| read == name));
        let text = factor(base.unwrap_or(case.tree))?;
        match candidates.as_slice() {
            [(name, times)] => {
                let (verb, sign) = if *times { ("multiply by", "*") } else { ("divide by", "/") };
                let written = format!("{text} {sign} {name}");
                let written = match (base, &case.tree.kind) {
                    (Some(_), ExprKind::Binary { right, .. }) => format!("({written})^{}", shown(right)?),
                    _ => written,
                };
                Some(format!("{verb} what is lacking, `{written}` perhaps"))
            }
            [] => None,
            // Which of several, a person knows.
            several => {
                let times = several.iter().all(|(_, times)| *times);
                let over = several.iter().all(|(_, times)| !times);
                let names = list(several.iter().take(MOST).map(|(name, _)| *name)).replace(" and ", " or ");
                let such = if several.len() > MOST { ", such as" } else { ":" };
                let (verb, unit) = if times { ("multiply", &lacking) } else { ("divide", &inverse) };
                (times || over).then(|| format!("{verb} by what is in `{unit}`{such} {names}"))
            }
        }
    }

    /// The numbers without units in a product, which may have them.
    pub(super) fn of_bare_number(&self, case: &Case<'_, 't>) -> Option<String> {
        let mut numbers: Vec<(usize, &Number)> = case.product.bare_numbers().collect();
        // Of numbers alone the last one has the unit.
        if numbers.is_empty() && case.factors.is_empty() {
            let last = case.product.parts.iter().enumerate().next_back();
            numbers.extend(last.and_then(|(place, part)| Some((place, literal(part.tree)?.0))));
        }
        let [(place, number)] = numbers.as_slice() else {
            let first = numbers.first().filter(|_| case.found.is_pure())?.1.value;
            return Some(format!(
                "give its numbers their units, or names with units, `const … : … = {first}`, so that it comes out in `{}`",
                case.expected
            ));
        };
        let below = case.product.parts.get(*place)?.below;
        let unit = if below { case.lacking.inverse() } else { case.lacking.clone() };
        let value = number.value.to_string();
        let written = unit.numbered(&value).and_then(|text| {
            let text = if below && unit.behind(&value).is_none() { format!("({text})") } else { text };
            case.product.with(&Change::Replaced(*place, &text))
        });
        Some(match written {
            Some(written) => format!("give the number its unit: `{written}`"),
            None => format!(
                "give the number a name with its unit, `const level : {unit} = {value}`, and read `level` in its place"
            ),
        })
    }

    /// A one that has another unit than is needed: `speed * 1 m` in place of `speed * 1 s`.
    pub(super) fn of_one(&self, case: &Case<'_, 't>) -> Option<String> {
        let ones = case.product.parts.iter().enumerate().filter_map(|(place, part)| match &part.tree.kind {
            ExprKind::Number(Number { value, unit: Some(unit), .. }) if *value == 1.0 => {
                Some((place, part.below, self.constants.units.unit(unit).ok()?))
            }
            _ => None,
        });
        let (place, below, unit) = only(ones)?;
        let lacking = if below { case.ratio.inverse() } else { case.ratio.clone() };
        let needed = unit.times(&lacking)?;
        let one = needed.single_of_its_dimension()?.behind("1")?;
        let written = case.product.with(&Change::Replaced(place, &one))?;
        Some(format!("write a number in another unit: `{written}`"))
    }

    /// The factor that is lacking, by its unit alone.
    pub(super) fn by_unit(&self, case: &Case<'_, 't>) -> String {
        let Case { expected, found, lacking, .. } = case;
        let text = factor(case.tree).unwrap_or_else(|| "(…)".to_owned());
        let times = |unit: &Unit| match (unit.behind("1"), unit.inverse().behind("1")) {
            (Some(one), _) => Some(format!("`{text} * {one}`")),
            (None, Some(one)) => Some(format!("`{text} / {one}`")),
            (None, None) => None,
        };
        if expected.parts() == 0 {
            return match times(&found.inverse()) {
                Some(written) => format!("divide by what is in `{found}` too: {written}"),
                None => format!(
                    "divide by what is in `{found}` too: `const reference : {found} = 1`, and `{text} / reference`"
                ),
            };
        }
        if found.parts() == 0 {
            return match times(expected) {
                Some(written) => format!("give it its unit: {written}"),
                None => format!("multiply by what is in `{expected}`"),
            };
        }
        let instead = match &case.tree.kind {
            ExprKind::Path(_) | ExprKind::Index { .. } => format!("read what is in `{expected}` here, or "),
            _ => String::new(),
        };
        let (verb, by) = match lacking.halves().0 == "1" {
            true => ("divide", lacking.inverse()),
            false => ("multiply", lacking.clone()),
        };
        match times(lacking) {
            Some(written) => format!("{instead}{verb} by what is in `{by}`, one of it is {written}"),
            None => format!("{instead}{verb} by what is in `{by}`"),
        }
    }
}

/// Whether a quantity would be defined by itself if it were read at a place: it is what is defined there, or it is computed
/// and not yet known, perhaps of that.
fn reads_itself(node: &Node, written: &Written<'_>, place: Span) -> bool {
    let whole = match written {
        Written::Node(node) => node.span,
        Written::Let(binding) => binding.span,
        _ => return false,
    };
    let computed = match written {
        Written::Node(node) => matches!(node.definition, tree::Definition::Equals(_)),
        _ => true,
    };
    let unknown = matches!(&node.definition, Definition::Table(entries) if entries.is_empty());
    contains(whole, place) || (computed && unknown)
}

/// What to write for a number in a unit that cannot stand behind it.
fn named_number(unit: &Unit, number: &str) -> String {
    format!("give it a name with its unit, `const level : {unit} = {number}`, and read `level` here")
}

/// A number that stands alone, and the sign before it.
pub(super) fn literal(tree: &Tree) -> Option<(&Number, &'static str)> {
    match &tree.kind {
        ExprKind::Number(number) => Some((number, "")),
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
            literal(operand).filter(|(_, sign)| sign.is_empty()).map(|(number, _)| (number, "-"))
        }
        _ => None,
    }
}

/// A number without its sign, as it is written.
fn unsigned(tree: &Tree) -> String {
    match &tree.kind {
        ExprKind::Unary { operand, .. } => unsigned(operand),
        _ => shown(tree).unwrap_or_default(),
    }
}
