//! Names in files where each may stand once.

use std::collections::BTreeSet;

/// `name`, or `name_2`, `name_3`, … where that is taken; taken from now on.
pub fn fresh(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
    candidates.find(|candidate| taken.insert(candidate.clone())).expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let mut taken = BTreeSet::from(["x_2".to_string()]);
        let names = ["x", "y", "x", "x"].map(|name| fresh(name, &mut taken));
        assert_eq!(names, ["x", "y", "x_3", "x_4"]);
    }
}
