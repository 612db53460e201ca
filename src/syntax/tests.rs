//! Tests of the whole crate, one file for each topic.

mod good;

use crate::tree::File;
use crate::{Parsed, parse};

/// The specs of the language's design.
macro_rules! specs {
    ($($name:literal),+ $(,)?) => {
        const SPECS: &[&str] = &[$($name),+];

        fn spec(name: &str) -> &'static str {
            match name {
                $($name => include_str!(concat!("tests/specs/", $name, ".sbi")),)+
                _ => panic!("there is no spec {name}"),
            }
        }
    };
}

specs!(
    "two_moons",
    "linear_gaussian",
    "reference",
    "decision",
    "decision_paired",
    "ddm",
    "lotka_volterra",
    "sird",
    "hodgkin_huxley",
    "closure",
);

/// Parses a text that must have nothing wrong.
fn sound(text: &str) -> File {
    let Parsed { tree, diagnostics } = parse(0, text);
    assert_eq!(diagnostics, [], "{text}");
    tree
}
