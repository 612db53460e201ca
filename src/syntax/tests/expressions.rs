//! Expressions: precedence, what may be an operand, numbers, line ends.

use super::{brackets, codes, model};
use crate::tree::{ExprKind, Statement};

/// The brackets that an expression gets.
fn read(text: &str) -> String {
    match model(&format!("let x = {text}")).as_slice() {
        [Statement::Let(line)] => brackets(&line.value),
        other => panic!("expected one `let`, found {other:?}"),
    }
}

fn wrong(text: &str) -> Vec<&'static str> {
    codes(&format!("edition 2026\nmodel m {{\nlet x = {text}\n}}\n"))
}

#[test]
fn operators_bind_as_in_mathematics() {
    let cases = [
        ("-x^2", "(-(x ^ 2))"),
        ("2^-1", "(2 ^ (-1))"),
        ("2^-x^2 * 3", "((2 ^ (-(x ^ 2))) * 3)"),
        ("a^b^c", "(a ^ (b ^ c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c", "((a / b) * c)"),
        ("-a * b", "((-a) * b)"),
        ("a * -b + c", "((a * (-b)) + c)"),
        ("a + b * c^d", "(a + (b * (c ^ d)))"),
        ("not a < b", "(not (a < b))"),
        ("not a and b", "((not a) and b)"),
        ("not not a", "(not (not a))"),
        ("a or b and c", "(a or (b and c))"),
        ("a < b and b <= c or d != e", "(((a < b) and (b <= c)) or (d != e))"),
        ("a + 1 .. b * 2", "((a + 1) .. (b * 2))"),
        ("t in 50 ms .. 150 ms", "(t in (50 ms .. 150 ms))"),
        ("not t in 0 .. 1 and b", "((not (t in (0 .. 1))) and b)"),
        ("(a < b) == (c < d)", "((a < b) == (c < d))"),
        ("a == not b", "(a == (not b))"),
        ("(a + b) * c", "((a + b) * c)"),
        ("- -a", "(-(-a))"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn operands_take_calls_indices_and_members() {
    let cases = [
        ("pond.prey(t_prey)", "pond.prey(t_prey)"),
        ("walk.y[d](tick)", "walk.y[d](tick)"),
        ("outcome[trial].rt", "outcome[trial].rt"),
        ("x[i, 3]", "x[i, 3]"),
        ("x[2 .. 4]", "x[(2 .. 4)]"),
        ("std::decision::ddm(a, step = 5 ms)", "std::decision::ddm(a, step = 5 ms)"),
        ("scattered(n = 30, over = 0 .. 15)", "scattered(n = 30, over = (0 .. 15))"),
        ("f(from = 0, unit = \"ms\", in = 1)", "f(from = 0, unit = \"ms\", in = 1)"),
        ("mean over t (x[t]) ^ 2", "((mean over t x[t]) ^ 2)"),
        ("mean(a, b)", "mean(a, b)"),
        ("mean * max", "(mean * max)"),
        ("if a then b else c + 1", "(if a then b else (c + 1))"),
        ("if a then b else if c then d else e", "(if a then b else (if c then d else e))"),
        ("1 + if a then b else c", "(1 + (if a then b else c))"),
        ("f({left = 0, right = 1})", "f({left = 0, right = 1})"),
        ("[[1, 2], [3, 4]]", "[[1, 2], [3, 4]]"),
        ("[]", "[]"),
        ("true or falsehood", "(true or falsehood)"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn numbers_keep_what_was_written() {
    let number = |text: &str| match model(&format!("let x = {text}")).pop() {
        Some(Statement::Let(line)) => match line.value.kind {
            ExprKind::Number(number) => number,
            other => panic!("expected a number, found {other:?}"),
        },
        other => panic!("expected a `let`, found {other:?}"),
    };
    assert_eq!((number("10_000").value, number("10_000").integer), (1e4, Some(10_000)));
    assert_eq!(number("18446744073709551615").integer, Some(u64::MAX));
    assert_eq!((number("1.5e-3").value, number("1.5e-3").integer), (1.5e-3, None));
    assert_eq!(number("1E3").integer, None);
    assert_eq!((number("10%").value, number("10%").percent, number("10%").integer), (0.1, true, None));
    let with_unit = number("3 cm^-2").unit.expect("a unit");
    assert_eq!(
        (with_unit.text.as_str(), with_unit.factors.first().map(|f| f.power)),
        ("cm^-2", Some((-2, 1)))
    );
    assert_eq!(read("0..15"), "(0 .. 15)");
    assert_eq!(read("0 ms..3 ms"), "(0 ms .. 3 ms)");
    assert_eq!(read("1.5 .. 2.5"), "(1.5 .. 2.5)");
    assert_eq!(read("10 mV / tau"), "(10 mV / tau)");
}

#[test]
fn numbers_that_cannot_be_held_are_told() {
    for text in
        ["1e999", "-1e999", "1e-999", "1234567890123456789012345678901234567890", "18446744073709551616"]
    {
        assert_eq!(wrong(text), ["number-range"], "{text}");
    }
    assert_eq!(wrong("0.000e-999"), [""; 0]);
    assert_eq!(wrong(&"9".repeat(400)), ["number-range"]);
}

#[test]
fn what_does_not_chain_is_told() {
    assert_eq!(wrong("a < b < c"), ["comparison-chain"]);
    assert_eq!(wrong("a == b == c"), ["comparison-chain"]);
    assert_eq!(wrong("a < t in 0 .. 1"), ["comparison-chain"]);
    assert_eq!(wrong("0 .. 1 .. 2"), ["range-chain"]);
    assert_eq!(wrong("x in 3"), ["in-without-range"]);
}

#[test]
fn lines_go_on_in_brackets_and_round_operators() {
    assert_eq!(read("a +\n    b"), "(a + b)");
    assert_eq!(read("a\n    + b // why\n\n  // and\n    * c"), "(a + (b * c))");
    assert_eq!(read("a\n  and b"), "(a and b)");
    assert_eq!(read("f(\n  a,\n  b = 1,\n)"), "f(a, b = 1)");
    assert_eq!(read("[\r\n  1,\r\n  2\r\n]"), "[1, 2]");
    assert_eq!(read("if a\n  then b\n  else c"), "(if a then b else c)");
    assert_eq!(read("\n  3"), "3");
    assert_eq!(model("let a = b\nlet c = d").len(), 2);
}

#[test]
fn spans_end_with_the_last_token() {
    let text = "edition 2026\nmodel m {\n  let x = a + f (1)  // note\n\n}";
    let parsed = crate::parse(7, text);
    let crate::tree::Item::Model(model) = &parsed.tree.items[0] else { panic!("a model") };
    let Statement::Let(line) = &model.body[0] else { panic!("a let") };
    let slice = |span: crate::Span| &text[span.start as usize..span.end as usize];
    assert_eq!(slice(line.span), "let x = a + f (1)");
    assert_eq!(slice(line.value.span), "a + f (1)");
    assert_eq!(slice(model.span), &text[13..]);
    assert_eq!(line.span.file, 7);
}

#[test]
fn a_doc_comment_within_an_expression_is_a_comment() {
    let text = "edition 2026\nmodel m {\n  let a = 1\n    /// why two\n    + (2\n    /// why three\n    - [3, // four\n    /// five\n    5])\n}\n";
    assert!(crate::parse(0, text).is_ok());
}
