//! What is passed to the inputs of a function, a simulator or a program: in the units of the inputs, and in their order.

use super::codes::UNIT_MISMATCH;
use super::expr::Scope;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::shown::shown_or_dots;
use super::units::Operand;
use super::value::{Sort, Value};
use crate::units::Measure;
use sbi_syntax::tree::{Expr, Input};

/// A value on its way to an input.
pub(super) struct Passing<'t> {
    pub(super) input: &'t Input,
    pub(super) expr: &'t Expr,
    /// Whether it is what the input has where nothing is passed.
    pub(super) default: bool,
    /// The unit of the input; unknown where it has none.
    pub(super) measure: Measure,
    pub(super) value: Value,
}

impl Passing<'_> {
    /// Whether it fits an input of this unit.
    fn fits(&self, measure: &Measure) -> bool {
        self.value.measure.unit().zip(measure.unit()).is_some_and(|(own, unit)| own.fits(unit))
    }

    /// Whether it is of another dimension than its input.
    fn misfits(&self) -> bool {
        let known = self.value.measure.unit().is_some() && self.measure.unit().is_some();
        known && !self.default && !self.fits(&self.measure)
    }
}

impl<'t> Builder<'t> {
    /// The value of an expression that is passed to an input of this unit.
    pub(super) fn valued(&mut self, expr: &'t Expr, scope: &Scope<'t>, measure: &Measure) -> Value {
        self.place = measure.unit().cloned();
        self.value(expr, scope)
    }

    /// The values of all inputs of what is called so, in their units.
    pub(super) fn pass_all(&mut self, called: &str, mut passing: Vec<Passing<'t>>) -> Vec<Value> {
        self.exchange(called, &mut passing);
        passing.into_iter().map(|passing| self.arrived(called, passing)).collect()
    }

    /// A value that is passed to an input: in the unit of that input, or in its own where that has none.
    fn arrived(&mut self, called: &str, passing: Passing<'t>) -> Value {
        let Passing { input, expr, measure, value, .. } = passing;
        let place = Place { measure, what: What::Input(called, &input.name.text, input.name.span) };
        let operand = Operand { value: &value, tree: expr };
        // Whoever has a name stands alone no more; zero is zero in every unit.
        let bare = matches!(value.measure, Measure::Bare { zero: false });
        match &place.measure {
            // A function of time keeps its unit: its readings are converted.
            Measure::Of(_) if value.sort == Sort::Curve => {
                self.ensure_fits(operand, &place);
                Value { view: place.measure.unit().cloned(), declared: true, ..value }
            }
            Measure::Of(_) => {
                let raw = self.fit(operand, &place);
                Value { raw, measure: place.measure, declared: true, unitless: false, ..value }
            }
            _ if bare => Value { measure: self.unmeasured(), ..value },
            _ => Value { declared: false, ..value },
        }
    }

    /// Tells of two values that fit each other's inputs and not their own, and exchanges them.
    fn exchange(&mut self, called: &str, passing: &mut [Passing<'t>]) {
        let mut wrong: Vec<&mut Passing<'t>> =
            passing.iter_mut().filter(|passing| passing.misfits()).collect();
        let [one, two] = wrong.as_mut_slice() else { return };
        if !self.strict || !one.fits(&two.measure) || !two.fits(&one.measure) {
            return;
        }
        let span = one.expr.span.to(two.expr.span);
        let texts = [&*one, &*two].map(|passing| shown_or_dots(passing.expr));
        let takes = [&*one, &*two].map(|passing| {
            let unit = passing.measure.text().unwrap_or_else(|| "1".to_owned());
            format!("`{}` in `{unit}`", passing.input.name.text)
        });
        let ([first, second], [takes, and]) = (texts, takes);
        std::mem::swap(&mut one.expr, &mut two.expr);
        std::mem::swap(&mut one.value, &mut two.value);
        let message = format!(
            "`{first}` and `{second}` stand in each other's place: `{called}` takes {takes} and {and}"
        );
        let told = UNIT_MISMATCH.at(span, message);
        self.told.push(told.help(format!("write `{called}({})`", in_order(passing))));
    }
}

/// What is passed, in the order of the inputs: by name behind an input to which nothing is passed.
fn in_order(passing: &[Passing<'_>]) -> String {
    let given = passing.iter().enumerate().filter(|(_, passing)| !passing.default);
    let texts = given.enumerate().map(|(place, (input, passing))| {
        let text = shown_or_dots(passing.expr);
        if place == input { text } else { format!("{} = {text}", passing.input.name.text) }
    });
    texts.collect::<Vec<_>>().join(", ")
}
