//! Files that are right: the specs of the language's design, and small ones for each construct.

use super::{sound, spec};
use crate::parse;
use crate::tree::{ExprKind, Item, Statement};

#[test]
fn the_specs_of_the_design_have_nothing_wrong() {
    for name in super::SPECS {
        let parsed = parse(0, spec(name));
        assert_eq!(parsed.diagnostics, [], "{name}");
    }
}
