//! Which edit mends units that do not fit: what a person is likeliest to have meant, in the user's own units. Each hypothesis
//! is one function; the first that holds is told, with where the left side or a quantity may be declared otherwise.

use super::family::{self, Entry};
use super::mismatch::What;
use super::model::{Builder, Written};
use super::product::{self, Change, Factor, Product};
use super::shown::{factor, shown};
use super::units::Operand;
use crate::units::{Power, Unit};
use crate::{NodeId, Role};
use sbi_syntax::tree::{self, Expr as Tree, ExprKind};

/// Two units that should be one.
pub(super) struct Sides<'u, 't> {
    pub(super) expected: &'u Unit,
    pub(super) found: &'u Unit,
    /// Where the expression stands, unless beside another.
    pub(super) what: Option<What<'u>>,
    /// What it stands beside.
    pub(super) beside: Option<Operand<'u, 't>>,
    /// Whether it is compared with that.
    pub(super) compared: bool,
}

impl Sides<'_, '_> {
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

/// An expression that does not fit, and what it lacks.
pub(super) struct Case<'c, 't> {
    pub(super) tree: &'t Tree,
    pub(super) sides: &'c Sides<'c, 't>,
    pub(super) expected: Unit,
    pub(super) found: Unit,
    /// What it is to be multiplied by, in the names of both.
    pub(super) ratio: Unit,
    /// The same by one name, where one has all of its dimension.
    pub(super) lacking: Unit,
    pub(super) product: Product<'t>,
    pub(super) factors: Vec<Factor>,
}

impl Case<'_, '_> {
    /// Whether a time is lacking, or one over a time.
    pub(super) fn lacks_time(&self) -> bool {
        self.lacking.is_time() || self.lacking.is_rate()
    }
}

impl<'t> Builder<'t> {
    /// What to write in place of what is at fault.
    pub(super) fn remedy(&self, culprit: Operand<'_, 't>, sides: &Sides<'_, 't>) -> String {
        format!("{}{}", self.edit(culprit, sides), sides.aligned())
    }

    fn edit(&self, culprit: Operand<'_, 't>, sides: &Sides<'_, 't>) -> String {
        let (expected, found) = (sides.expected.proper(), sides.found.proper());
        let tree = culprit.tree;
        if let Some(edit) = self.of_number(tree, &expected, &found, sides) {
            return edit;
        }
        let Some(ratio) = expected.over(&found) else {
            return "write both in units of one kind".to_owned();
        };
        let lacking = ratio.single_of_its_dimension().unwrap_or_else(|| ratio.clone());
        let product = Product::of(tree);
        let factors = self.factors(&product);
        let case = Case { tree, sides, expected, found, ratio, lacking, product, factors };
        if case.ratio.is_pure() {
            return self.by_unit(&case);
        }
        let certain = self
            .noise(&case)
            .or_else(|| self.other_way(&case))
            .or_else(|| self.other_reduction(&case))
            .or_else(|| self.wrong_side(&case))
            .or_else(|| self.of_other_power(&case))
            .or_else(|| self.undeclared(&case));
        if let Some(edit) = certain {
            return edit;
        }
        // What is left is a factor that is forgotten, or a unit that is declared otherwise than it is meant.
        let factor = self
            .by_name(&case)
            .or_else(|| self.of_bare_number(&case))
            .or_else(|| self.of_one(&case))
            .or_else(|| self.by_rate(&case));
        let extra = self.once_too_often(&case);
        let factor = factor.or_else(|| self.by_name_beside(&case).filter(|_| extra.is_none()));
        let declared = self.redeclared(&case, factor.is_some() || extra.is_some());
        match (factor, declared) {
            (None, Some(declared)) if let Some(extra) = extra => format!("{declared}, or {extra}"),
            (None, None) if let Some(extra) = extra => extra,
            (Some(factor), Some(declared)) => format!("{factor}, or {declared}"),
            (Some(edit), None) | (None, Some(edit)) => edit,
            (None, None) => self.by_unit(&case),
        }
    }

    /// Whether an expression is a name alone.
    pub(super) fn is_alone(&self, case: &Case<'_, 't>) -> bool {
        matches!(case.factors.as_slice(), [factor] if factor.whole) && case.product.parts.len() == 1
    }

    /// What a noise lacks: itself, where its strength stands alone, or the root of the time in the unit of its strength.
    fn noise(&self, case: &Case<'_, 't>) -> Option<String> {
        let run = self.here().dynamics?;
        let unit = self.noise_unit(run);
        let own = unit.unit().filter(|unit| !unit.is_plain())?;
        let is_noise = |factor: &&Factor| self.role(factor) == Some(Role::Noise);
        if case.factors.iter().any(|factor| is_noise(&factor)) {
            return self.strength(case, own);
        }
        let of_run = self.nodes_of_runs.iter().filter(|(_, of)| **of == run);
        let noise =
            of_run.filter_map(|(id, _)| self.nodes.get(id.0)).find(|node| node.role == Role::Noise)?;
        own.fits(&case.lacking).then_some(())?;
        let name = noise.name.rsplit('.').next().unwrap_or(&noise.name);
        Some(format!("multiply by a noise, which is in `{own}`: `{} * {name}`", factor(case.tree)?))
    }

    /// In which unit the strength of a noise is: a name is declared in it, and numbers are divided by the root of a time.
    fn strength(&self, case: &Case<'_, 't>, own: &Unit) -> Option<String> {
        let strength = case.expected.over(own)?;
        let strength = strength.single_of_its_dimension().unwrap_or(strength);
        let others: Vec<&Factor> =
            case.factors.iter().filter(|factor| self.role(factor) != Some(Role::Noise)).collect();
        if let [other] = others.as_slice() {
            let unit = other.unit.proper().times(&case.ratio)?;
            let unit = unit.single_of_its_dimension().unwrap_or(unit);
            return Some(format!(
                "a noise is in `{own}`, so that its strength is in another unit: `{} : {unit}`",
                other.name
            ));
        }
        let says = format!("a noise is in `{own}`, and its strength in `{strength}`");
        let root = self.root_of_time(case).or_else(|| self.in_root_of_time(case, &strength));
        Some(match root {
            Some(written) => format!("{says}: write `{written}`"),
            None => format!("{says}: `const strength : {strength} = …`, read in place of the number"),
        })
    }

    /// A product of a noise and numbers with the root of a time below the line.
    fn root_of_time(&self, case: &Case<'_, 't>) -> Option<String> {
        let parts = case.product.parts.iter().enumerate();
        let time = parts.clone().find_map(|(place, part)| match &part.tree.kind {
            ExprKind::Number(tree::Number { unit: Some(unit), .. }) if part.below => {
                let unit = self.constants.units.unit(unit).ok().filter(|unit| unit.is_time())?;
                unit.to(Power::HALF)?.fits(&case.lacking).then_some((place, part))
            }
            _ => None,
        });
        if let Some((place, part)) = time {
            return case.product.with(&Change::Replaced(place, &format!("sqrt({})", shown(part.tree)?)));
        }
        // The last name of what is lacking is the root of a time, where the numbers have the rest.
        let (name, power) = case.lacking.single()?;
        let root = power.negated() == Power::HALF;
        root.then(|| Some(format!("{} / sqrt(1 {name})", factor(case.tree)?))).flatten()
    }

    /// A product of a noise and a bare number, with the unit of its strength: `0.5 mV * w / sqrt(1 ms)`.
    fn in_root_of_time(&self, case: &Case<'_, 't>, strength: &Unit) -> Option<String> {
        let (rest, time) = strength.over_root()?;
        let numbers =
            case.product.parts.iter().enumerate().filter_map(|(place, part)| match &part.tree.kind {
                ExprKind::Number(number) if number.unit.is_none() && !part.below => Some((place, number)),
                _ => None,
            });
        let (place, number) = only(numbers)?;
        let number = rest.behind(&number.value.to_string())?;
        Some(format!("{} / sqrt(1 {time})", case.product.with(&Change::Replaced(place, &number))?))
    }

    /// A factor that stands above the line in place of below it, or the reverse: a rate in place of a time.
    fn wrong_side(&self, case: &Case<'_, 't>) -> Option<String> {
        let minus_two = Power::new(-2, 1)?;
        let is_moved = |factor: &&Factor| {
            let simple = factor.whole && matches!(factor.power.parts(), (1 | -1, 1));
            let twice = factor.power.times(minus_two).and_then(|power| factor.unit.to(power));
            simple && !factor.unit.is_pure() && twice.is_some_and(|unit| unit.fits(&case.lacking))
        };
        // A time stands where it does, and what belongs to it is on the wrong side.
        let quantity = |factor: &&Factor| is_moved(factor) && factor.what != product::What::Time;
        let moved = case.factors.iter().find(quantity).or_else(|| case.factors.iter().find(is_moved))?;
        let written = case.product.with(&Change::Moved(moved.part))?;
        let (name, unit) = (&moved.name, moved.unit.proper());
        let here = matches!(moved.what, product::What::Node(id) if self.is_declared_here(id));
        Some(match here {
            true => {
                format!("`{name}` is in `{unit}`: write `{written}`, or declare it in `{}`", unit.inverse())
            }
            false => format!("`{name}` is in `{unit}`: write `{written}`"),
        })
    }

    /// Whether a line of the model declares a quantity in a unit.
    pub(super) fn is_declared_here(&self, id: NodeId) -> bool {
        let line = matches!(
            self.written.get(id.0),
            Some(Written::Node(_) | Written::Let(_) | Written::Const(_) | Written::State(_))
        );
        line && self.declared.contains(&id)
    }

    /// A factor that is declared without a unit, where a unit would mend it all.
    fn undeclared(&self, case: &Case<'_, 't>) -> Option<String> {
        let mut found = case.factors.iter().filter(|factor| {
            let fixed =
                matches!(self.role(factor), Some(Role::Param | Role::Data | Role::Latent | Role::Let));
            fixed && factor.whole && factor.unit.parts() == 0 && !self.is_fraction(factor)
        });
        let (first, second) = (found.next(), found.next());
        let (factor, id) = match (first, second) {
            (Some(factor), None) => match factor.what {
                product::What::Node(id) => (factor, id),
                _ => return None,
            },
            _ => return None,
        };
        let (above, below) = factor.power.parts();
        let unit = case.lacking.to(Power::new(i64::from(below), i64::from(above))?)?;
        (unit.parts() <= 2).then(|| self.declaring(id, &unit, true)).flatten()
    }

    /// Whether a factor is drawn as a number that never has a unit: a share, a count.
    fn is_fraction(&self, factor: &Factor) -> bool {
        let product::What::Node(id) = factor.what else { return false };
        let Some(Written::Node(tree::Node { definition: tree::Definition::Draw(draw), .. })) =
            self.written.get(id.0)
        else {
            return false;
        };
        family::find(&draw.call.path.text()).is_some_and(Entry::is_pure)
    }
}

/// The one name among several, or none.
pub(super) fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next();
    first.filter(|_| found.next().is_none())
}
