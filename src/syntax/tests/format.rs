//! The formatter: its style in pairs of texts, and what holds for every text.

use super::SPECS;
use crate::{format, parse};
use proptest::prelude::*;
use proptest::sample::Index;

const EXAMPLES: &[&str] = &[
    include_str!("../../../examples/two_moons.sbi"),
    include_str!("../../../examples/linear_gaussian.sbi"),
    include_str!("../../../examples/gaussian_mixture.sbi"),
    include_str!("../../../examples/slcp.sbi"),
];

/// Every statement and clause of the language at least once, in no particular style.
const ALL: &str = include_str!("format/all.sbi");

fn texts() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|(_, text)| *text).chain(EXAMPLES.iter().copied()).chain([ALL])
}

/// The tree of a text without its spans and comments, and its diagnostics' codes.
fn meaning(text: &str) -> String {
    let mut parsed = parse(0, text);
    parsed.tree.comments.clear();
    let codes: Vec<_> = parsed.diagnostics.iter().map(|told| told.code).collect();
    let debug = format!("{:?} {codes:?}", parsed.tree);
    let mut parts = debug.split("Span {");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('}').expect("a span ends").1)
}

/// The comments of a text, doc comments included, without the slashes.
fn comments(text: &str) -> Vec<String> {
    let behind_slashes = |line: &str| {
        let mut quotes = 0;
        let at = line.char_indices().find(|(at, c)| {
            quotes += usize::from(*c == '"');
            quotes % 2 == 0 && line[*at..].starts_with("//")
        });
        at.map(|(at, _)| line[at..].trim_start_matches('/').trim().to_owned())
    };
    text.split(['\n', '\r']).filter_map(behind_slashes).collect()
}

/// Formats a text and checks all that must hold.
#[track_caller]
fn formatted(text: &str) -> String {
    let once = format(text).unwrap_or_else(|told| panic!("{told:#?}\n{text}"));
    assert_eq!(format(&once).as_deref(), Ok(once.as_str()), "formatted twice\n{text}");
    assert_eq!(meaning(&once), meaning(text), "another meaning\n{text}\n---\n{once}");
    assert_eq!(comments(&once), comments(text), "other comments\n{text}\n---\n{once}");
    assert!(once.ends_with('\n') && !once.ends_with("\n\n"), "{once}");
    for line in once.lines() {
        assert_eq!(line, line.trim_end(), "space at a line's end");
    }
    once
}

#[test]
fn the_style_is_that_of_the_page() {
    let page = include_str!("format.md");
    let mut blocks = page.split("```").skip(1).step_by(2);
    let mut count = 0;
    while let (Some(before), Some(after)) = (blocks.next(), blocks.next()) {
        let before = before.strip_prefix("before\n").expect("a block `before`");
        let after = after.strip_prefix("after\n").expect("a block `after` behind it");
        assert_eq!(formatted(before), after, "got:\n{}", formatted(before));
        count += 1;
    }
    assert!(count >= 6);
}

/// The specs are laid out as wanted by hand but for their aligned columns.
#[test]
fn the_specs_keep_their_layout() {
    for (name, text) in SPECS {
        let tidy = |line: &str| {
            let indent = line.len() - line.trim_start().len();
            let words: Vec<_> = line.split_whitespace().collect();
            format!("{}{}", " ".repeat(indent), words.join(" "))
        };
        let expected: Vec<_> = text.lines().map(tidy).collect();
        let got = formatted(text);
        assert_eq!(got.lines().collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn every_construct_is_printed() {
    texts().for_each(|text| {
        formatted(text);
    });
}

#[test]
fn line_ends_of_other_systems_become_plain() {
    for text in texts() {
        let expected = formatted(text);
        assert_eq!(formatted(&text.replace('\n', "\r\n")), expected);
        assert_eq!(formatted(&text.replace('\n', "\r")), expected);
        assert_eq!(format(&format!("\u{FEFF}{text}")).as_deref(), Ok(expected.as_str()));
    }
}

#[test]
fn a_text_with_errors_gives_its_diagnostics() {
    let told = format("edition 2026\nmodel m {\n    parm x ~ normal(0, 1)\n}\n").expect_err("an error");
    assert_eq!(told.iter().map(|told| told.code).collect::<Vec<_>>(), ["unknown-word"]);
    assert!(format("").is_err());
}

#[test]
fn long_texts_take_linear_time() {
    let in_model = |body: &str| format!("edition 2026\nmodel m {{\n{body}}}\n");
    let cases = [
        in_model(&format!("let x = [{}1]\n", "1.5,".repeat(3_000))),
        in_model(&format!("let x = [{}1]\n", "[1, a],".repeat(1_000))),
        in_model(&format!("let x = {}1{}\n", "f(".repeat(60), ")".repeat(60))),
        in_model(&format!("let x = {}1\n", "a + ".repeat(250))),
        in_model(&"let x = a // note\n".repeat(1_000)),
        in_model(&"// alone\n".repeat(10_000)),
    ];
    cases.iter().for_each(|text| {
        formatted(text);
    });
}

// ---- generated texts ---------------------------------------------------------------------------------

/// The places between the words of a text, as bytes; strings and comments are words, and so are
/// numbers, since a point or an exponent cannot be set apart.
fn borders(text: &str) -> Vec<usize> {
    let mut borders = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let length = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '0'..='9' => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            _ if first.is_ascii_alphabetic() || first == '_' => {
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        borders.push(at);
        at += length;
    }
    borders.push(text.len());
    borders
}

/// A spec with space, line ends, comments and brackets put where they change nothing.
fn mangled() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        " ",
        "   ",
        "\t",
        "\n",
        "\n\n\n",
        "\r\n",
        "// note\n",
        "\n// alone\n",
        "\n\n   // apart\n\n",
        " // \n",
        "/// doc\n",
        "\n/// doc\n",
        "//\n// two\n",
        "//// four\n",
    ]);
    let edit = (any::<Index>(), pieces);
    let spec = prop::sample::select(texts().collect::<Vec<_>>());
    (spec, prop::collection::vec(edit, 1..12)).prop_map(|(spec, edits)| {
        let mut text = spec.to_owned();
        let wanted = meaning(spec);
        for (place, piece) in edits {
            let borders = borders(&text);
            let at = borders[place.index(borders.len())];
            let mut next = text.clone();
            next.insert_str(at, piece);
            // A doc comment may be one that documents: the text then has another meaning, and is right.
            let parsed = parse(0, &next);
            if parsed.is_ok() && (piece.contains("///") || meaning(&next) == wanted) {
                text = next;
            }
        }
        text
    })
}

/// Expressions with brackets wherever they may stand.
fn expression() -> impl Strategy<Value = String> {
    let leaf =
        prop::sample::select(vec!["a", "1_0", "2.50 ms", "10%", "x[i]", "f(y)", "p.q(t)", "true", "\"a b\""]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let binary = prop::sample::select(vec!["+", "-", "*", "/", "^", "<", "==", "and", "or"]);
        prop_oneof![
            4 => (inner.clone(), binary, inner.clone()).prop_map(|(a, sign, b)| format!("({a}) {sign} ({b})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => inner.clone().prop_map(|a| format!("not ({a})")),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}, b]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("g({a}, k = {b},)")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}).m[{b}]({a})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a}) in ({b}) .. ({c})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("if {a} then {b} else {c}")),
            1 => inner.clone().prop_map(|a| format!("mean over i ({a})")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("{{ u = {a}, v = {b} }}")),
        ]
    })
}

fn in_model(expression: &str) -> String {
    format!("edition 2026\nmodel m {{\n    let x = {expression}\n}}\n")
}

/// A text without one pair of round brackets.
fn without_pair(text: &str, open: usize) -> Option<String> {
    let mut depth = 0;
    let close = text[open..].char_indices().find(|(_, c)| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    })?;
    let close = open + close.0;
    Some(format!("{}{}{}", &text[..open], &text[open + 1..close], &text[close + 1..]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mangled_spec_is_formatted(text in mangled()) {
        formatted(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_expression_keeps_its_meaning(expression in expression()) {
        let text = in_model(&expression);
        prop_assume!(parse(0, &text).is_ok());
        formatted(&text);
    }

    #[test]
    fn no_brackets_are_needless(expression in expression()) {
        // `not` and `if` may keep brackets that the user gave them, and so does what has a unit.
        prop_assume!(!["not", "if", "ms"].iter().any(|word| expression.contains(word)));
        let text = in_model(&expression);
        prop_assume!(parse(0, &text).is_ok());
        let once = formatted(&text);
        for (open, _) in once.match_indices('(') {
            let without = without_pair(&once, open).expect("brackets are in pairs");
            prop_assert_ne!(meaning(&without), meaning(&text), "{}", without);
        }
    }
}
