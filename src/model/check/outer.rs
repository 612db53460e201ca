//! Constants of a file: put in where they are read.

use super::constant::DEPTH;
use super::expr::Scope;
use super::home::HomeId;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::series::says_unit;
use super::units::Operand;
use super::value::Value;
use crate::units::Measure;
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{self, Source};

impl<'t> Builder<'t> {
    /// A constant of the file, put in where it is read. What is wrong with it is told where it stands.
    pub(super) fn outer(
        &mut self,
        constant: &'t tree::Const,
        home: HomeId,
    ) -> Result<Value, Option<Diagnostic>> {
        let name = constant.target.name.text.as_str();
        let value = match &constant.value {
            Source::Equals(value) => value,
            Source::From(table) => return self.outer_from(constant, table, home),
        };
        if self.calls.contains(&(home, name)) || self.calls.len() >= DEPTH {
            return Err(None);
        }
        self.calls.push((home, name));
        let told = self.told.len();
        let found = self.within(home, |builder| {
            let found = builder.number(value, &Scope::default());
            match &constant.unit {
                None => builder.kept(found).unread(),
                Some(unit) => {
                    let measure = builder.measured_again(unit);
                    let place = Place { measure, what: What::Declared(name, constant.target.span) };
                    let raw = builder.fit(Operand { value: &found, tree: value }, &place);
                    Value { raw, measure: place.measure, declared: true, unitless: false, ..found }
                }
            }
        });
        self.calls.pop();
        self.told.truncate(told);
        Ok(found)
    }

    /// As [`Builder::outer`], of one that comes from a file.
    fn outer_from(
        &mut self,
        constant: &'t tree::Const,
        table: &tree::Table,
        home: HomeId,
    ) -> Result<Value, Option<Diagnostic>> {
        let constants = match home == self.home {
            true => Some(&self.constants),
            false => self.homes.get(home).map(|home| &home.constants),
        };
        let read = constants.and_then(|constants| constants.in_file(&constant.target.name.text));
        let number = *read.and_then(|read| read.as_ref().ok()).ok_or(None)?;
        let measure = match &constant.unit {
            Some(unit) => self.within(home, |builder| builder.measured_again(unit)),
            None => self.unmeasured(),
        };
        let (declared, unitless) = (constant.unit.is_some(), constant.unit.is_none() && !says_unit(table));
        Ok(Value { declared, unitless, ..Value::number(self.arena.number(number), measure) })
    }

    /// Checks a constant of the file where it stands.
    pub(super) fn outer_constant(&mut self, constant: &'t tree::Const) {
        let measure = constant.unit.as_ref().map_or(Measure::Unknown, |unit| self.measured(unit));
        match &constant.value {
            Source::Equals(value) => {
                let scope = Scope { target: Some(&constant.target), ..Scope::default() };
                let name = constant.target.name.text.as_str();
                let place = Place { measure, what: What::Declared(name, constant.target.span) };
                self.number_in(value, &scope, &place);
            }
            // Read where it was added to the constants.
            Source::From(_) => {}
        }
    }
}
