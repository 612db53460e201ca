//! Text that nobody meant as a spec: parsing gives a message, never a panic, a hang or an exhausted stack.

use super::{SPECS, codes};
use crate::{LARGEST_FILE, parse};
use proptest::prelude::*;

/// Every span lies in the text, on characters' borders, and every message tells what to do.
fn check(text: &str) {
    let parsed = parse(0, text);
    for told in &parsed.diagnostics {
        for span in std::iter::once(told.span).chain(told.labels.iter().map(|(span, _)| *span)) {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{told:?} in {text:?}");
        }
        assert!(told.help.is_some(), "{told:?} has no help in {text:?}");
        assert!(!told.message.contains("Rule::") && !told.message.contains("kw_"), "{told:?}");
    }
    assert!(parsed.tree.edition.is_some() || !parsed.is_ok());
}

#[test]
fn what_is_no_text_is_told() {
    assert_eq!(codes("\0"), ["not-text"]);
    assert_eq!(codes("edition 2026\nmodel \u{1}m {}\n"), ["not-text"]);
    assert_eq!(codes("PK\u{3}\u{4}\u{14}"), ["not-text"]);
    assert_eq!(codes(&" ".repeat(LARGEST_FILE + 1)), ["file-too-large"]);
}

#[test]
fn nesting_is_bounded() {
    let in_model = |value: &str| format!("edition 2026\nmodel m {{\nlet x = {value}\n}}\n");
    let nested =
        |open: &str, close: &str, n: usize| in_model(&format!("{}1{}", open.repeat(n), close.repeat(n)));
    assert_eq!(codes(&nested("(", ")", 60)), [""; 0]);
    for n in [64, 1000, 20_000] {
        assert_eq!(codes(&nested("(", ")", n)), ["nesting-too-deep"]);
        assert_eq!(codes(&nested("[", "]", n)), ["nesting-too-deep"]);
        assert_eq!(codes(&nested("f(", ")", n)), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&"(".repeat(n))), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&format!("{}1", "if a then 1 else ".repeat(n)))), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&"if ".repeat(n))), ["nesting-too-deep"]);
    }
    for n in [300, 20_000] {
        assert_eq!(codes(&in_model(&format!("{}1", "-".repeat(n)))), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&format!("{}1", "not ".repeat(n)))), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&format!("{}1", "1 + ".repeat(n)))), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&format!("{}1", "2^".repeat(n)))), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&format!("a{}", ".b".repeat(n)))), ["nesting-too-deep"]);
        assert_eq!(codes(&in_model(&format!("a{}", "[1]".repeat(n)))), ["nesting-too-deep"]);
    }
    // Many brackets that are each left open are many mistakes, not deep nesting.
    let open = "param a ~ f((\n".repeat(200);
    assert_eq!(codes(&format!("edition 2026\nmodel m {{\n{open}}}\n")).len(), 200);
    let many = format!("[{}1]", "if a then 1 else 0, ".repeat(200));
    assert_eq!(codes(&in_model(&many)), [""; 0]);
}

/// Each text has the length where anything quadratic would take minutes.
#[test]
fn long_lines_and_long_files_take_linear_time() {
    let in_model = |body: &str| format!("edition 2026\nmodel m {{\n{body}\n}}\n");
    let n = LARGEST_FILE / 32;
    let cases = [
        in_model(&format!("let x = [{}1]", "1.5,".repeat(n / 4))),
        in_model(&format!("let x = [{}1)", "1.5,".repeat(n / 4))),
        in_model(&"\n".repeat(n)),
        in_model(&format!("let x = 1{}", "\n".repeat(n))),
        in_model(&"let x = a.b[1] * 3 ^^ 2\n".repeat(n / 24)),
        in_model(&"foo(\n".repeat(n / 5)),
        in_model(&",\n".repeat(n / 2)),
        in_model(&format!("let x : m{} = 1", "*m".repeat(n / 2))),
        "\"".repeat(n),
        "(\n".repeat(60),
        "a ".repeat(n / 2),
        "}".repeat(n),
        "/// doc\n".repeat(n / 8),
        "model m {\n}\n".repeat(n / 12),
        "σ".repeat(n / 2),
    ];
    for text in &cases {
        check(text);
    }
}

fn mutated() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "~",
        "=",
        "==",
        "..",
        ".",
        ",",
        ":",
        "::",
        "|>",
        "->",
        "\n",
        "\r\n",
        " ",
        "//",
        "///",
        "-",
        "^",
        "if ",
        " then ",
        " else ",
        "not ",
        " in ",
        "param ",
        "query q {",
        "model m {",
        "given ",
        "1e999",
        "10%",
        "é",
        "≤",
        "\u{FEFF}",
        "\t",
        "x' = 1\n",
        "$",
        "over ",
        "at ",
        "pub ",
        "with ",
        "edition 2026\n",
    ]);
    let edit = (any::<prop::sample::Index>(), 0..12_usize, pieces);
    let spec = prop::sample::select(SPECS.iter().map(|(_, text)| *text).collect::<Vec<_>>());
    (spec, prop::collection::vec(edit, 1..8)).prop_map(|(spec, edits)| {
        let mut text: Vec<char> = spec.chars().collect();
        for (place, removed, inserted) in edits {
            let at = place.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, inserted.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed(text in "\\PC*") {
        check(&text);
    }

    #[test]
    fn any_text_in_a_model_is_parsed(text in "[ -~\n]{0,200}") {
        check(&format!("edition 2026\nmodel m {{\n{text}\n}}\n"));
    }

    #[test]
    fn any_row_of_words_is_parsed(words in prop::collection::vec(0..60_usize, 0..60)) {
        let all: Vec<_> = crate::words::WORDS.iter().map(|word| word.text)
            .chain(["x", "1", "~", "=", "(", ")", "{", "}", "\n", "f(1)", "[i]", "'", ",", "a.b"]).collect();
        let text: Vec<_> = words.iter().map(|word| all[word % all.len()]).collect();
        check(&text.join(" "));
    }

    #[test]
    fn any_mutation_of_a_spec_is_parsed(text in mutated()) {
        check(&text);
    }
}
