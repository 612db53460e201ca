//! Signs from elsewhere are told once, and the rest of their lines is read.

use crate::slips::mended;
use crate::tree::{Item, Statement};
use crate::{Source, parse};
use proptest::prelude::*;

/// The codes with what they point at, and how many of a model's statements were read.
fn told(body: &str) -> (Vec<(&'static str, String)>, usize) {
    let text = format!("edition 2026\n\nmodel m {{\n{body}\n}}\n");
    let source = Source::new("spec.sbi", text.as_str());
    let parsed = parse(0, &text);
    let told =
        parsed.diagnostics.iter().map(|told| (told.code, source.slice(told.span).to_owned())).collect();
    let Some(Item::Model(model)) = parsed.tree.items.first() else { panic!("a model in {text}") };
    let read = model.body.iter().filter(|statement| !matches!(statement, Statement::Bad(_))).count();
    (told, read)
}

#[test]
fn the_rest_of_the_line_is_read() {
    let cases = [
        ("param a ~ normal(0, 1);\ndata x ~ normal(a, 1);", "operator-foreign", ";", 2),
        ("param a ~ normal(0, 1); data x ~ normal(a, 1)", "operator-foreign", ";", 2),
        ("let a = [1; 2]", "operator-foreign", ";", 1),
        ("let a = 1 # one", "operator-foreign", "#", 1),
        ("let a = 1 /* one */", "operator-foreign", "/*", 1),
        ("/* none\nof this */\nlet a = 1", "operator-foreign", "/*", 1),
        ("\"\"\"None\nof this\"\"\"\nlet a = 1", "unexpected", "\"\"\"", 1),
        ("let a = 2 ** 3 ** 4", "operator-foreign", "**", 1),
        ("param β ~ normal(0, 1)\ndata x ~ normal(β, 1)", "character-unknown", "β", 2),
        ("let a = 1 − 2", "character-unknown", "−", 1),
        ("let a = 1 ≤ 2", "character-unknown", "≤", 1),
        ("let a = b²", "character-unknown", "²", 1),
        ("let a\u{a0}= 1", "character-unknown", "\u{a0}", 1),
        ("param a ~ normal(0, 1),\nlet b = a", "unexpected", ",", 2),
        ("let a = 1 &lt; 2", "operator-foreign", "&lt;", 1),
        ("const a from “a.csv” (column = “b”)", "character-unknown", "“", 1),
        ("<<<<<<< ours\nlet a = 1\n=======\nlet a = 2\n>>>>>>> theirs", "operator-foreign", "<<<<<<<", 1),
        (">>> let a = 1\n... let b = 2", "operator-foreign", ">>>", 2),
    ];
    for (body, code, at, read) in cases {
        assert_eq!(told(body), (vec![(code, at.to_owned())], read), "{body}");
    }
}

#[test]
fn signs_in_texts_and_comments_are_left_alone() {
    for body in [
        "let a = 1 // β; # ² “x”",
        "const a from \"β;#.csv\"",
        "/// β; “x”\nlet a = 1",
        "let a = [\n1,\n2,\n]",
    ] {
        assert_eq!(told(body), (vec![], 1), "{body}");
    }
}

#[test]
fn the_other_lines_are_said_once() {
    let text = "edition 2026\nmodel m {\nlet a = 1;\nlet b = 1;\nlet c = 1;\n}\n";
    let help: Vec<_> = parse(0, text).diagnostics.into_iter().filter_map(|told| told.help).collect();
    assert_eq!(help, ["remove the `;`, and give each statement a line of its own; also in lines 4 and 5"]);
}

proptest! {
    /// What is read is as long as what is written, in every line, and what is plain stays as it is.
    #[test]
    fn spans_hold_for_both(text in "[a-z0-9βµ²;#“”\"'`*./,<>=|&\\[\\]() \n]{0,80}") {
        let read = mended(0, &text).text;
        prop_assert_eq!(read.len(), text.len());
        prop_assert!(read.lines().count() >= text.lines().count());
        if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ') {
            prop_assert_eq!(read.as_ref(), text.as_str());
        }
    }
}
