//! Every page of `sbi explain` says the truth: its wrong spec gives the code, its mended one nothing.

use crate::explain::{Page, Spec, codes, pages};
use crate::{advice, compile};
use sbi_syntax::Severity;

/// Codes that no spec in a page can show, as it is the bytes of a file that are wrong, or its size.
const WITHOUT_SPEC: &[&str] = &[
    "file-unreadable",
    "file-empty",
    "file-too-large",
    "not-text",
    "data-unreadable",
    "data-large",
    "data-binary",
];

/// Codes told by the crate that simulates.
const OF_SIMULATION: &[&str] = &["program-too-large", "program-fails", "unstable-prior"];

fn told(page: &Page, spec: &Spec) -> Vec<&'static str> {
    let checked = compile(&spec.text(), page);
    let mut told = checked.diagnostics;
    told.extend(checked.file.iter().flat_map(advice));
    told.retain(|told| told.severity != Severity::Advice || told.code == page.code);
    told.sort_by_key(|told| told.span.start);
    told.iter().map(|told| told.code).collect()
}

#[test]
fn each_code_has_one_page() {
    let pages = pages();
    for code in codes() {
        let found = pages.iter().filter(|page| page.code == code.name).count();
        assert_eq!(found, 1, "pages on {}", code.name);
    }
    let known =
        |page: &&Page| codes().any(|code| code.name == page.code) || OF_SIMULATION.contains(&page.code);
    assert_eq!(pages.iter().find(|page| !known(page)), None, "a page on nothing");
}

#[test]
fn wrong_specs_give_their_code_and_mended_ones_nothing() {
    for page in pages() {
        assert!(page.text.split_whitespace().count() > 15, "{} says why", page.code);
        let (Some(wrong), Some(mended)) = (page.wrong, page.mended) else {
            let none = WITHOUT_SPEC.contains(&page.code) || OF_SIMULATION.contains(&page.code);
            assert!(none, "{} has no specs", page.code);
            continue;
        };
        let codes = told(&page, &wrong);
        assert!(codes.contains(&page.code), "{}: its wrong spec gives {codes:?}", page.code);
        assert_eq!(told(&page, &mended), Vec::<&str>::new(), "{}: its mended spec", page.code);
    }
}
