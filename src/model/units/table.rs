//! The units that there are: SI and what is used beside it (Bureau International des Poids et Mesures, The International
//! System of Units, 9th edition 2019, tables 2 to 8), and counts. A year has 365.25 days, a calorie 4.184 J, mmHg is
//! 133.322387415 Pa. No temperature with an offset.

use super::power::Dimension;
use super::prefix::Prefixed;
use super::scale::Scale;

/// One unit.
pub(super) struct Entry {
    /// Its names; the first is the one that is offered.
    pub(super) names: &'static [&'static str],
    /// The powers of metre, kilogram, second, ampere, kelvin, mole and candela.
    powers: [i8; 7],
    size: Size,
    pub(super) prefixed: Prefixed,
}

/// How many of the base unit it is: digits times a power of ten, and perhaps π, over a divisor.
#[derive(Clone, Copy)]
struct Size {
    digits: u64,
    ten: i32,
    divisor: u64,
    pi: bool,
}

const ONE: Size = Size { digits: 1, ten: 0, divisor: 1, pi: false };

const fn size(digits: u64, ten: i32) -> Size {
    Size { digits, ten, ..ONE }
}

const fn turns(digits: u64, divisor: u64) -> Size {
    Size { digits, divisor, pi: true, ..ONE }
}

const fn sign(names: &'static [&'static str], powers: [i8; 7], size: Size) -> Entry {
    Entry { names, powers, size, prefixed: Prefixed::Sign }
}

const fn word(names: &'static [&'static str], powers: [i8; 7], size: Size) -> Entry {
    Entry { names, powers, size, prefixed: Prefixed::Word }
}

const fn plain(names: &'static [&'static str], powers: [i8; 7], size: Size) -> Entry {
    Entry { names, powers, size, prefixed: Prefixed::Never }
}

impl Entry {
    pub(super) fn dimension(&self) -> Dimension {
        Dimension::of(self.powers)
    }

    pub(super) fn scale(&self) -> Scale {
        let Size { digits, ten, divisor, pi } = self.size;
        let parts = [
            Scale::whole(digits),
            Scale::ten(ten),
            Scale::whole(divisor).inverse(),
            if pi { Scale::pi() } else { Scale::ONE },
        ];
        parts
            .iter()
            .try_fold(Scale::ONE, |scale, part| scale.times(part))
            .expect("the table has small powers")
    }
}

const NONE: [i8; 7] = [0; 7];
const LENGTH: [i8; 7] = [1, 0, 0, 0, 0, 0, 0];
const AREA: [i8; 7] = [2, 0, 0, 0, 0, 0, 0];
const VOLUME: [i8; 7] = [3, 0, 0, 0, 0, 0, 0];
const MASS: [i8; 7] = [0, 1, 0, 0, 0, 0, 0];
const TIME: [i8; 7] = [0, 0, 1, 0, 0, 0, 0];
const RATE: [i8; 7] = [0, 0, -1, 0, 0, 0, 0];
const CURRENT: [i8; 7] = [0, 0, 0, 1, 0, 0, 0];
const TEMPERATURE: [i8; 7] = [0, 0, 0, 0, 1, 0, 0];
const AMOUNT: [i8; 7] = [0, 0, 0, 0, 0, 1, 0];
const CONCENTRATION: [i8; 7] = [-3, 0, 0, 0, 0, 1, 0];
const LIGHT: [i8; 7] = [0, 0, 0, 0, 0, 0, 1];
const FORCE: [i8; 7] = [1, 1, -2, 0, 0, 0, 0];
const PRESSURE: [i8; 7] = [-1, 1, -2, 0, 0, 0, 0];
const ENERGY: [i8; 7] = [2, 1, -2, 0, 0, 0, 0];
const POWER: [i8; 7] = [2, 1, -3, 0, 0, 0, 0];
const CHARGE: [i8; 7] = [0, 0, 1, 1, 0, 0, 0];
const VOLTAGE: [i8; 7] = [2, 1, -3, -1, 0, 0, 0];
const RESISTANCE: [i8; 7] = [2, 1, -3, -2, 0, 0, 0];
const CONDUCTANCE: [i8; 7] = [-2, -1, 3, 2, 0, 0, 0];
const CAPACITANCE: [i8; 7] = [-2, -1, 4, 2, 0, 0, 0];
const INDUCTANCE: [i8; 7] = [2, 1, -2, -2, 0, 0, 0];
const FLUX: [i8; 7] = [2, 1, -2, -1, 0, 0, 0];
const FIELD: [i8; 7] = [0, 1, -2, -1, 0, 0, 0];
const DOSE: [i8; 7] = [2, 0, -2, 0, 0, 0, 0];
const CATALYSIS: [i8; 7] = [0, 0, -1, 0, 0, 1, 0];

/// The units.
pub(super) static TABLE: &[Entry] = &[
    sign(&["m"], LENGTH, ONE),
    word(&["meter", "metre", "meters", "metres"], LENGTH, ONE),
    plain(&["micron", "microns"], LENGTH, size(1, -6)),
    plain(&["angstrom"], LENGTH, size(1, -10)),
    plain(&["ha", "hectare", "hectares"], AREA, size(1, 4)),
    sign(&["g"], MASS, size(1, -3)),
    word(&["gram", "grams"], MASS, size(1, -3)),
    plain(&["t", "tonne", "tonnes"], MASS, size(1, 3)),
    sign(&["Da"], MASS, size(166_053_906_892, -38)),
    word(&["dalton", "daltons"], MASS, size(166_053_906_892, -38)),
    sign(&["s"], TIME, ONE),
    word(&["second", "seconds"], TIME, ONE),
    plain(&["min", "minute", "minutes"], TIME, size(60, 0)),
    plain(&["h", "hour", "hours"], TIME, size(3600, 0)),
    plain(&["day", "d", "days"], TIME, size(86_400, 0)),
    plain(&["week", "weeks"], TIME, size(604_800, 0)),
    plain(&["year", "years"], TIME, size(31_557_600, 0)),
    sign(&["yr"], TIME, size(31_557_600, 0)),
    sign(&["Hz"], RATE, ONE),
    word(&["hertz"], RATE, ONE),
    sign(&["Bq"], RATE, ONE),
    sign(&["A"], CURRENT, ONE),
    word(&["ampere", "amperes", "amp", "amps"], CURRENT, ONE),
    sign(&["K"], TEMPERATURE, ONE),
    word(&["kelvin", "kelvins"], TEMPERATURE, ONE),
    sign(&["mol"], AMOUNT, ONE),
    word(&["mole", "moles"], AMOUNT, ONE),
    sign(&["Osm"], AMOUNT, ONE),
    sign(&["M"], CONCENTRATION, size(1, 3)),
    word(&["molar"], CONCENTRATION, size(1, 3)),
    sign(&["kat"], CATALYSIS, ONE),
    sign(&["cd"], LIGHT, ONE),
    sign(&["lm"], LIGHT, ONE),
    sign(&["lx"], [-2, 0, 0, 0, 0, 0, 1], ONE),
    sign(&["L", "l"], VOLUME, size(1, -3)),
    word(&["liter", "litre", "liters", "litres"], VOLUME, size(1, -3)),
    sign(&["N"], FORCE, ONE),
    word(&["newton", "newtons"], FORCE, ONE),
    sign(&["Pa"], PRESSURE, ONE),
    word(&["pascal", "pascals"], PRESSURE, ONE),
    sign(&["bar"], PRESSURE, size(1, 5)),
    plain(&["atm"], PRESSURE, size(101_325, 0)),
    plain(&["mmHg"], PRESSURE, size(133_322_387_415, -9)),
    plain(&["Torr"], PRESSURE, Size { divisor: 760, ..size(101_325, 0) }),
    plain(&["cmH2O"], PRESSURE, size(980_665, -4)),
    sign(&["J"], ENERGY, ONE),
    word(&["joule", "joules"], ENERGY, ONE),
    sign(&["eV"], ENERGY, size(1_602_176_634, -28)),
    sign(&["cal"], ENERGY, size(4184, -3)),
    sign(&["Wh"], ENERGY, size(3600, 0)),
    sign(&["W"], POWER, ONE),
    word(&["watt", "watts"], POWER, ONE),
    sign(&["C"], CHARGE, ONE),
    word(&["coulomb", "coulombs"], CHARGE, ONE),
    sign(&["V"], VOLTAGE, ONE),
    word(&["volt", "volts"], VOLTAGE, ONE),
    sign(&["ohm", "Ohm"], RESISTANCE, ONE),
    word(&["ohm", "ohms"], RESISTANCE, ONE),
    sign(&["S"], CONDUCTANCE, ONE),
    word(&["siemens"], CONDUCTANCE, ONE),
    sign(&["F"], CAPACITANCE, ONE),
    word(&["farad", "farads"], CAPACITANCE, ONE),
    sign(&["H"], INDUCTANCE, ONE),
    word(&["henry"], INDUCTANCE, ONE),
    sign(&["Wb"], FLUX, ONE),
    sign(&["T"], FIELD, ONE),
    word(&["tesla"], FIELD, ONE),
    word(&["gauss"], FIELD, size(1, -4)),
    sign(&["Gy", "Sv"], DOSE, ONE),
    sign(&["rad"], NONE, ONE),
    word(&["radian", "radians"], NONE, ONE),
    sign(&["sr"], NONE, ONE),
    plain(&["deg", "degree", "degrees"], NONE, turns(1, 180)),
    plain(&["arcmin"], NONE, turns(1, 10_800)),
    plain(&["arcsec"], NONE, turns(1, 648_000)),
    plain(&["turn", "turns"], NONE, turns(2, 1)),
    plain(&["percent"], NONE, size(1, -2)),
    plain(&["permille"], NONE, size(1, -3)),
    plain(&["ppm"], NONE, size(1, -6)),
    plain(&["ppb"], NONE, size(1, -9)),
    sign(&["bp"], NONE, ONE),
    plain(&["count", "counts"], NONE, ONE),
    plain(&["cell", "cells"], NONE, ONE),
    plain(&["spike", "spikes"], NONE, ONE),
    plain(&["event", "events"], NONE, ONE),
    plain(&["molecule", "molecules"], NONE, ONE),
    plain(&["copy", "copies"], NONE, ONE),
    plain(&["particle", "particles"], NONE, ONE),
    plain(&["photon", "photons"], NONE, ONE),
    plain(&["individual", "individuals"], NONE, ONE),
    plain(&["person", "persons", "people"], NONE, ONE),
    plain(&["animal", "animals"], NONE, ONE),
    plain(&["trial", "trials"], NONE, ONE),
    plain(&["item", "items"], NONE, ONE),
    plain(&["pixel", "pixels"], NONE, ONE),
];
