//! What the names of units mean: those of the table, and those that a file defines.

use super::power::Power;
use super::prefix::{PREFIXES, Prefixed, split};
use super::scale::Scale;
use super::table::TABLE;
use super::unit::{Named, Unit};
use sbi_syntax::tree::{self, Name, UnitBase};
use sbi_syntax::{Span, suggest};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// The units that can be named in a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Units {
    own: BTreeMap<String, Rc<Named>>,
    /// Those whose definitions are told to be wrong.
    refused: BTreeSet<String>,
    /// What has been asked for, by its text.
    known: RefCell<HashMap<String, Result<Rc<Unit>, Unknown>>>,
}

/// A name that no unit has, or a power beyond all units.
#[derive(Clone, Debug)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    /// Where it stands where it was read first; the same text elsewhere has it elsewhere.
    offset: u32,
}

impl Unknown {
    /// Where the name stands in a unit that is written at a place.
    pub(crate) fn span(&self, unit: &tree::Unit) -> Span {
        let start = unit.span.start + self.offset;
        let end = start + self.name.len() as u32;
        if end <= unit.span.end { Span::new(unit.span.file, start as usize, end as usize) } else { unit.span }
    }
}

impl Units {
    /// The unit that is written.
    ///
    /// # Errors
    /// The first name in it that is none.
    pub(crate) fn unit(&self, written: &tree::Unit) -> Result<Rc<Unit>, Unknown> {
        if let Some(known) = self.known.borrow().get(&written.text) {
            return known.clone();
        }
        let found = self.product(written, written.span.start).map(Rc::new);
        self.known.borrow_mut().insert(written.text.clone(), found.clone());
        found
    }

    fn product(&self, written: &tree::Unit, start: u32) -> Result<Unit, Unknown> {
        let beyond = || Unknown { name: written.text.clone(), offset: 0 };
        let mut product = Unit::one();
        for factor in &written.factors {
            let base = match &factor.base {
                UnitBase::One => Unit::one(),
                UnitBase::Name(name) => self.named(name, start)?,
                UnitBase::Group(unit) => self.product(unit, start)?,
                UnitBase::Sqrt(unit) => self.product(unit, start)?.to(Power::HALF).ok_or_else(beyond)?,
            };
            let (above, below) = factor.power;
            let power = Power::new(i64::from(above), i64::from(below)).ok_or_else(beyond)?;
            let power = if factor.over { power.negated() } else { power };
            let raised = base.to(power).and_then(|raised| product.times(&raised));
            product = raised.ok_or_else(beyond)?;
        }
        Ok(product)
    }

    fn named(&self, name: &Name, start: u32) -> Result<Unit, Unknown> {
        let text = name.text.as_str();
        let found = self.own.get(text).cloned().or_else(|| lookup(text).map(Rc::new));
        let unknown = || Unknown { name: text.to_owned(), offset: name.span.start.saturating_sub(start) };
        found.map(Unit::named).ok_or_else(unknown)
    }

    /// Defines `unit name = 60 s`; false where a power or the number is beyond what can be held.
    pub(crate) fn define(&mut self, name: &str, factor: f64, unit: &Unit) -> bool {
        let Some(whole) = unit.many(factor) else { return false };
        let named =
            Named { text: name.to_owned(), dimension: *unit.dimension(), scale: whole.scale().clone() };
        self.own.insert(name.to_owned(), Rc::new(named));
        self.known.borrow_mut().clear();
        true
    }

    /// Notes that the definition of a unit is wrong.
    pub(crate) fn refuse(&mut self, name: &str) {
        self.refused.insert(name.to_owned());
    }

    /// Whether a name is that of a unit whose definition has been told to be wrong.
    pub(crate) fn is_refused(&self, name: &str) -> bool {
        self.refused.contains(name)
    }

    /// Takes over a unit that another file defines.
    pub(crate) fn import(&mut self, name: &str, called: &str, from: &Units) -> bool {
        let Some(named) = from.own.get(name) else { return false };
        self.own.insert(called.to_owned(), named.clone());
        self.known.borrow_mut().clear();
        true
    }

    /// Seconds, in which the settings of programs are.
    pub(crate) fn seconds() -> Rc<Unit> {
        let named = lookup("s").expect("the second is in the table");
        Rc::new(Unit::named(Rc::new(named)))
    }

    /// Whether a word is that of a unit.
    pub(crate) fn is_unit(&self, text: &str) -> bool {
        self.own.contains_key(text) || lookup(text).is_some()
    }

    /// A unit of SI without a prefix with that of another: with the one of `mV`, `s` is `ms`.
    pub(crate) fn with_prefix_of(&self, other: &str, name: &str) -> Option<Unit> {
        let find = |name: &str| TABLE.iter().find(|entry| entry.names.contains(&name));
        find(name).filter(|entry| entry.prefixed == Prefixed::Sign)?;
        let (rest, ..) = split(other).find(|(rest, _, prefixed)| {
            *prefixed == Prefixed::Sign && find(rest).is_some_and(|entry| entry.prefixed == *prefixed)
        })?;
        let prefix = other.strip_suffix(rest).filter(|_| find(other).is_none())?;
        lookup(&format!("{prefix}{name}")).map(|named| Unit::named(Rc::new(named)))
    }

    /// The unit that a wrong name was meant for.
    pub(crate) fn similar(&self, text: &str) -> Option<String> {
        let meant = ELSEWHERE.iter().find(|(other, _)| *other == text).map(|(_, own)| (*own).to_owned());
        // `MV` may be a slip for `mV`; what differs in its case alone comes first.
        meant.or_else(|| other_case(text)).or_else(|| {
            let table = TABLE.iter().flat_map(|entry| entry.names).copied();
            let own = self.own.keys().map(String::as_str);
            suggest(text, own.chain(table.filter(|name| name.len() > 2))).map(str::to_owned)
        })
    }
}

/// What people write for units that are called otherwise.
const ELSEWHERE: [(&str, &str); 35] = [
    ("sec", "s"),
    ("secs", "s"),
    ("msec", "ms"),
    ("msecs", "ms"),
    ("usec", "us"),
    ("mins", "min"),
    ("hr", "h"),
    ("hrs", "h"),
    ("wk", "week"),
    ("w", "week"),
    ("y", "year"),
    ("yrs", "year"),
    ("a", "year"),
    ("mio", "Myr"),
    ("cc", "mL"),
    ("um2", "um^2"),
    ("cm2", "cm^2"),
    ("cm3", "cm^3"),
    ("m2", "m^2"),
    ("m3", "m^3"),
    ("mm2", "mm^2"),
    ("mm3", "mm^3"),
    ("s2", "s^2"),
    ("mho", "S"),
    ("torr", "Torr"),
    ("pct", "percent"),
    ("dimensionless", "1"),
    ("unitless", "1"),
    ("none", "1"),
    ("rpm", "turn/min"),
    ("bpm", "1/min"),
    ("dpm", "1/min"),
    ("cpm", "1/min"),
    ("omega", "ohm"),
    ("Omega", "ohm"),
];

/// Units that no file knows before it defines them, and how large they are: of the same kind as others, and of another size.
const OTHERS: [(&str, &str); 22] = [
    ("psi", "6.894757 kPa"),
    ("inch", "2.54 cm"),
    ("inches", "2.54 cm"),
    ("ft", "0.3048 m"),
    ("foot", "0.3048 m"),
    ("feet", "0.3048 m"),
    ("yard", "0.9144 m"),
    ("yards", "0.9144 m"),
    ("mile", "1.609344 km"),
    ("miles", "1.609344 km"),
    ("lb", "453.59237 g"),
    ("lbs", "453.59237 g"),
    ("pound", "453.59237 g"),
    ("oz", "28.349523125 g"),
    ("gal", "3.785411784 L"),
    ("gallon", "3.785411784 L"),
    ("acre", "4046.8564224 m^2"),
    ("dyn", "1e-5 N"),
    ("erg", "1e-7 J"),
    ("Ci", "37 GBq"),
    ("mmH2O", "9.80665 Pa"),
    ("fortnight", "14 day"),
];

/// Words for what is counted that do not end as plurals do, and international units, which are no amount of anything.
const COUNTED: [&str; 14] = [
    "IU", "UI", "CFU", "PFU", "fish", "sheep", "mice", "larvae", "bacteria", "nuclei", "vertices",
    "children", "men", "women",
];

/// How a unit of elsewhere is defined here.
pub(crate) fn definition(name: &str) -> Option<&'static str> {
    OTHERS.iter().find(|(other, _)| *other == name).map(|(_, size)| *size)
}

/// Whether a word looks like one for things that are counted: a plural.
pub(crate) fn is_count(name: &str) -> bool {
    let plural = name.len() > 4 && name.ends_with('s') && !name.ends_with("ss") && !name.ends_with("us");
    let word = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    COUNTED.contains(&name) || (plural && word)
}

/// The unit that is written with other capitals.
fn other_case(text: &str) -> Option<String> {
    let same = |name: &str| name.eq_ignore_ascii_case(text);
    let alone = TABLE.iter().flat_map(|entry| entry.names).copied().find(|name| same(name));
    alone.map(str::to_owned).or_else(|| {
        // Of several prefixes, the one that is written as it is comes first: `mv` is `mV`, not `MV`.
        let written = |(sign, ..): &&(&str, &str, i32)| text.starts_with(*sign);
        let others = |(sign, ..): &&(&str, &str, i32)| !text.starts_with(*sign);
        let prefixes = PREFIXES.iter().filter(written).chain(PREFIXES.iter().filter(others));
        let signs = || TABLE.iter().filter(|entry| entry.prefixed == Prefixed::Sign);
        let mut ways = prefixes.flat_map(|(sign, ..)| {
            signs().flat_map(|entry| entry.names).map(move |name| format!("{sign}{name}"))
        });
        ways.find(|way| same(way) && way != text)
    })
}

/// A unit of the table, with its prefix.
fn lookup(text: &str) -> Option<Named> {
    let find = |name: &str, prefixed: Option<Prefixed>| {
        TABLE.iter().find(|entry| {
            entry.names.contains(&name) && prefixed.is_none_or(|prefixed| entry.prefixed == prefixed)
        })
    };
    let (entry, ten) = match find(text, None) {
        Some(entry) => (entry, 0),
        None => split(text).find_map(|(rest, ten, prefixed)| Some((find(rest, Some(prefixed))?, ten)))?,
    };
    let scale = entry.scale().times(&Scale::ten(ten))?;
    Some(Named { text: text.to_owned(), dimension: entry.dimension(), scale })
}
