//! Units by themselves: their sizes, their names, and factors to the bit.

use super::{Factor, Measure, Power, Scale, Step, Unit, Units};
use std::rc::Rc;

fn unit(text: &str) -> Rc<Unit> {
    let written = sbi_syntax::unit(text).unwrap_or_else(|| panic!("{text} is read"));
    Units::default().unit(&written).unwrap_or_else(|unknown| panic!("{} is known", unknown.name))
}

fn factor(from: &str, to: &str) -> Factor {
    let (from, to) = (unit(from), unit(to));
    assert!(from.fits(&to), "{from} fits {to}");
    from.factor(&to)
}

/// Definitions of the SI brochure and of NIST's Guide (Special Publication 811), appendix B.
#[test]
fn sizes_are_those_of_the_definitions() {
    let sizes = [
        ("ms", "s", 1e-3),
        ("kg", "g", 1e3),
        ("day", "s", 86_400.0),
        ("week", "day", 7.0),
        ("year", "day", 365.25),
        ("min", "s", 60.0),
        ("L", "m^3", 1e-3),
        ("uL", "mm^3", 1.0),
        ("mmHg", "Pa", 133.322_387_415),
        ("atm", "kPa", 101.325),
        ("Torr", "Pa", 101_325.0 / 760.0),
        ("eV", "J", 1.602_176_634e-19),
        ("cal", "J", 4.184),
        ("Da", "kg", 1.660_539_068_92e-27),
        ("mM", "mol/m^3", 1.0),
        ("mM", "umol/mL", 1.0),
        ("S", "A/V", 1.0),
        ("mS/cm^2", "S/m^2", 10.0),
        ("uF/cm^2*mV/ms", "uA/cm^2", 1.0),
        ("ohm*F", "s", 1.0),
        ("H", "V*s/A", 1.0),
        ("T", "Wb/m^2", 1.0),
        ("W", "V*A", 1.0),
        ("nC", "uA*ms", 1.0),
        ("deg", "rad", std::f64::consts::PI / 180.0),
        ("turn", "rad", 2.0 * std::f64::consts::PI),
        ("percent", "1", 0.01),
        ("mV/sqrt(ms)", "V/sqrt(s)", 1e-3 * 1000_f64.sqrt()),
        ("s^(1/3)", "ms^(1/3)", 10.0),
        ("km/h", "m/s", 1.0 / 3.6),
        ("kilometre", "m", 1e3),
        ("milliseconds", "s", 1e-3),
    ];
    for (from, to, expected) in sizes {
        let found = factor(from, to).size();
        assert!(
            (found - expected).abs() <= 2.0 * f64::EPSILON * expected,
            "{from} in {to}: {found} for {expected}"
        );
    }
}

#[test]
fn a_written_number_is_converted_as_it_is_written() {
    let same = [
        ("5", "ms", "s", 0.005),
        ("0.1", "ms", "s", 1e-4),
        ("0.3", "ms", "s", 3e-4),
        ("0.7", "min", "s", 42.0),
        ("1.1", "s", "ms", 1100.0),
        ("2.675", "V", "mV", 2675.0),
        ("1e-300", "ns", "s", 1e-309),
        ("42", "s", "min", 0.7),
        ("7", "day", "week", 1.0),
        ("18", "km/h", "m/s", 5.0),
    ];
    for (number, from, to, expected) in same {
        let number: f64 = number.parse().unwrap();
        assert_eq!(
            factor(from, to).exact(number).to_bits(),
            f64::to_bits(expected),
            "{number} {from} in {to}"
        );
        assert_eq!(factor(from, to).exact(-number), -expected);
    }
    assert_eq!(factor("s", "h").exact(0.0), 0.0);
}

/// A conversion of what is computed is one operation, and exact where a product or a quotient can be.
#[test]
fn steps_are_exact_where_they_can_be() {
    assert_eq!(factor("s", "ms").step(), Step::Times(1000.0));
    assert_eq!(factor("ms", "s").step(), Step::Over(1000.0));
    assert_eq!(factor("s", "day").step(), Step::Over(86_400.0));
    assert_eq!(factor("year", "s").step(), Step::Times(31_557_600.0));
    assert_eq!(factor("min", "h").step(), Step::Over(60.0));
    assert_eq!(factor("m/s", "km/h").step(), Step::Times(3.6));
    assert!(factor("mS*mV/uF", "mV/ms").is_one());
}

#[test]
fn conversion_there_and_back_is_none() {
    let units = ["ms", "day", "year", "mV/sqrt(ms)", "deg", "mmHg", "s^(2/3)", "eV", "Torr"];
    for text in units {
        let unit = unit(text);
        let back = unit.times(&unit.inverse()).unwrap();
        assert!(back.is_pure() && back.scale().is_one() && back.parts() == 0, "{text}");
        let root = unit.to(Power::HALF).unwrap();
        assert_eq!(root.times(&root).unwrap().reduced(), unit.reduced(), "{text}");
    }
}

#[test]
fn units_are_shown_as_they_are_written() {
    for text in ["mV", "mV/ms", "1/sqrt(s)", "uW*cm^2/nC", "s^(3/2)", "1/ms/mV", "um^2/h"] {
        assert_eq!(unit(text).to_string(), text);
    }
    assert_eq!(unit("mV*ms/ms").to_string(), "mV");
    let current = unit("mS/cm^2").times(&unit("mV")).unwrap();
    assert_eq!(current.to_string(), "mS*mV/cm^2");
    assert_eq!(unit("1").to_string(), "1");
    assert_eq!(Measure::pure().text(), None);
}

#[test]
fn however_it_is_written_a_unit_reduces_to_one_form() {
    let mut units = Units::default();
    assert!(units.define("conductance", 1.0, &unit("mS/cm^2")));
    assert!(units.define("shift", 8.0, &unit("h")));
    let named = |units: &Units, text: &str| units.unit(&sbi_syntax::unit(text).unwrap()).unwrap().reduced();
    assert_eq!(named(&units, "conductance"), unit("mS/cm^2").reduced());
    assert_eq!(named(&units, "shift"), unit("min").many(480.0).unwrap().reduced());
    assert_eq!(unit("V").reduced(), unit("W/A").reduced());
    assert_ne!(unit("V").reduced(), unit("mV").reduced());
    assert_ne!(unit("deg").reduced(), unit("rad").reduced());
}

#[test]
fn wrong_names_are_taken_for_those_that_are_meant() {
    let units = Units::default();
    let meant = [
        ("mv", "mV"),
        ("sec", "s"),
        ("hrs", "h"),
        ("mins", "min"),
        ("khz", "kHz"),
        ("Volt", "volt"),
        ("secnds", "seconds"),
        ("mmhg", "mmHg"),
        ("ua", "uA"),
    ];
    for (wrong, right) in meant {
        assert!(!units.is_unit(wrong), "{wrong}");
        let similar = units.similar(wrong);
        assert_eq!(similar.as_deref(), Some(right), "{wrong}");
    }
    assert!(units.similar("flea").is_none(), "{:?}", units.similar("flea"));
    // What has no prefix takes none, and words take no signs.
    for none in ["mmin", "kday", "mmeter", "millis", "kmmHg", "degC", "month"] {
        assert!(!units.is_unit(none), "{none}");
    }
    for own in ["kg", "mg", "min", "Pa", "hPa", "cd", "mol", "mmol", "dL", "kbp", "MOhm", "Mohm", "kilohm"] {
        let known = units.is_unit(own);
        assert_eq!(known, own != "kilohm", "{own}");
    }
}

#[test]
fn powers_that_no_unit_has_are_refused() {
    let second = unit("s");
    let mut power = second.to(Power::new(9_999, 1).unwrap());
    assert!(power.is_some());
    power = power.and_then(|unit| unit.times(&unit));
    assert!(power.is_none());
    assert_eq!(Power::of(0.5), Some(Power::HALF));
    assert_eq!(Power::of(1.0 / 3.0).map(Power::parts), Some((1, 3)));
    assert_eq!(Power::of(std::f64::consts::PI), None);
    assert_eq!(Scale::whole(u64::MAX).times(&Scale::whole(u64::MAX).inverse()), Some(Scale::ONE));
}
