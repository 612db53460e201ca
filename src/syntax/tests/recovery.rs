//! One wrong line does not hide the next, and one mistake is one message.

use super::{SPECS, codes};
use crate::tree::{Item, Statement};
use crate::{Source, parse};

/// The code and line of each message.
fn told(text: &str) -> Vec<(&'static str, usize)> {
    let source = Source::new("spec.sbi", text);
    parse(0, text).diagnostics.iter().map(|told| (told.code, source.position(told.span.start).line)).collect()
}

#[test]
fn seven_bad_lines_are_seven_messages() {
    let text = "\
edition 2026
model m {
    axis i index(3)
    param a ~ normal(0, 1)
    parma b ~ normal(0, 1)
    param c ~ normal(0, 1
    data x = a ** 2
}
approximator n for m {
    joint diffusion_transformer()
}
train n {
    simulations = 100
}
query q {
    given x = 1
    infer a b
}
";
    let lines: Vec<_> = told(text).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, [3, 5, 6, 7, 10, 13, 17]);
    let parsed = parse(0, text);
    assert_eq!(parsed.tree.items.len(), 4);
    let Some(Item::Model(model)) = parsed.tree.items.first() else { panic!("a model") };
    let named: Vec<_> = model
        .body
        .iter()
        .map(|statement| match statement {
            Statement::Node(node) => (true, node.target.name.text.as_str()),
            Statement::Bad(bad) => (false, bad.names.first().map_or("", |name| name.text.as_str())),
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert_eq!(named, [(false, "i"), (true, "a"), (false, "b"), (false, "c"), (true, "x")]);
}

#[test]
fn a_mistake_over_several_lines_is_told_once() {
    let cases = [
        "param a ~ normal(\n    mean = 0,\n    sd = $,\n)\n",
        "param a ~ normal(\n    mean = 0,\n    sd = 1\n",
        "let a = 3 +\n    $ +\n    4\n",
        "param a ~ normal(0, $)\n    |> exp\n    |> between(0, 1)\n",
        "let a = 3\n// and\n\n  + 4 $\n",
        "let a = [1, 2,\n  3, 4\n",
        "param a = f(\"x)\n",
    ];
    for case in cases {
        let text = format!("edition 2026\nmodel m {{\n{case}param z ~ normal(0, 1)\ndata y = z\n}}\n");
        assert_eq!(codes(&text).len(), 1, "{text}\n{:?}", parse(0, &text).diagnostics);
        let parsed = parse(0, &text);
        let Some(Item::Model(model)) = parsed.tree.items.first() else { panic!("a model") };
        assert_eq!(model.body.len(), 3, "{text}");
    }
}

#[test]
fn an_open_block_is_blamed_where_it_opened() {
    let text = SPECS[0].1.replacen("\n}\n", "\n", 1);
    let parsed = parse(0, &text);
    let source = Source::new("two_moons.sbi", text.as_str());
    let [block] = &parsed.diagnostics[..] else { panic!("{:?}", parsed.diagnostics) };
    assert_eq!(block.code, "block-open");
    assert_eq!(source.position(block.span.start), crate::Position { line: 4, column: 17 });
    assert_eq!(source.slice(block.span), "{");
    let [_, (next, why)] = &block.labels[..] else { panic!("{:?}", block.labels) };
    assert_eq!(
        (source.position(next.start).line, why.as_str()),
        (14, "`approximator` cannot stand in a model")
    );
    assert_eq!(block.help.as_deref(), Some("close the block with `}` before line 14"));
    assert_eq!(parsed.tree.items.len(), 5);
}

#[test]
fn a_block_open_at_the_end_is_told() {
    assert_eq!(told("edition 2026\nmodel m {\n  param a ~ normal(0, 1)\n"), [("block-open", 2)]);
    // By its place the `}` belongs to the model, so the modality is the one left open.
    assert_eq!(told("edition 2026\nmodel m {\n  modality k {\n    data a ~ f()\n}\n"), [("block-open", 3)]);
    let text = "edition 2026\nmodel m {\n  modality k {\n  data a ~ f()\n  }\n  modality l {\n  data b ~ f()\n}\nquery q {\n}\n";
    assert_eq!(told(text), [("block-open", 6)]);
    assert_eq!(parse(0, text).diagnostics[0].help.as_deref(), Some("close the block with `}` before line 8"));
}

#[test]
fn a_query_inside_a_model_is_one_message() {
    let text =
        "edition 2026\nmodel m {\n  param a ~ f()\n  query q {\n    infer a\n  }\n  param b ~ f()\n}\n";
    assert_eq!(told(text), [("statement-misplaced", 4)]);
}

#[test]
fn a_block_with_a_bad_head_still_has_its_lines_read() {
    let text = "edition 2026\nmodel two moons {\n  parma a ~ f()\n}\nquery {\n  infr a\n}\n";
    assert_eq!(told(text), [("unexpected", 2), ("unknown-word", 3), ("unexpected", 5), ("unknown-word", 6)]);
}

#[test]
fn a_block_without_its_brace_still_has_its_lines_read() {
    let text = "edition 2026\nmodel m\n  param a ~ f()\n  parma b ~ f()\n}\nquery q {\n}\n";
    assert_eq!(told(text), [("block-unopened", 2), ("unknown-word", 4)]);
}

#[test]
fn an_unknown_block_is_skipped_whole() {
    let text = "edition 2026\nmodle m {\n  param a ~ f()\n  modality k {\n  }\n}\nquery q {\n  infr a\n}\n";
    assert_eq!(told(text), [("unknown-word", 2), ("unknown-word", 8)]);
}

#[test]
fn a_stray_brace_is_told() {
    assert_eq!(told("edition 2026\nmodel m {\n}\n}\n}\n"), [("block-stray", 4)]);
}

#[test]
fn a_mistake_found_in_the_tree_makes_its_statement_bad() {
    let parsed = parse(0, "edition 2026\nmodel m {\n  param a ~ normal(0, 1e999)\n  data x = a\n}\n");
    let Some(Item::Model(model)) = parsed.tree.items.first() else { panic!("a model") };
    assert!(
        matches!(&model.body[..], [Statement::Bad(bad), Statement::Node(_)] if bad.names.first().is_some_and(|n| n.text == "a"))
    );
    assert!(!parsed.is_ok());
}

#[test]
fn a_number_behind_slashes_is_a_warning() {
    let warned = |line: &str| {
        let text = format!("edition 2026\nmodel m {{\n{line}\n}}\n");
        parse(0, &text).diagnostics.iter().map(|told| told.code).collect::<Vec<_>>()
    };
    assert_eq!(warned("let half = n // 2"), ["division-comment"]);
    assert!(warned("let half = n / 2 // 2 halves").is_empty());
    assert!(warned("// 2\nlet half = n / 2").is_empty());
}

#[test]
fn docs_above_nothing_are_a_warning() {
    let text = "edition 2026\nmodel m {\n  param a ~ f() /// trailing\n  /// for nothing\n}\n";
    assert_eq!(told(text), [("doc-misplaced", 3), ("doc-misplaced", 4)]);
    assert!(parse(0, text).is_ok());
}

#[test]
fn the_edition_is_checked() {
    assert_eq!(codes("model m {\n}\n"), ["edition-missing"]);
    assert_eq!(codes("edition 2019\n"), ["edition-unknown"]);
    assert_eq!(codes("edition next\n"), ["edition-unknown"]);
    assert_eq!(codes("model m {\n}\nedition 2026\n"), ["edition-misplaced"]);
    assert_eq!(codes("edition 2026\nedition 2026\n"), ["edition-misplaced"]);
    assert_eq!(codes("edition\n"), ["unexpected"]);
    assert_eq!(codes(""), ["file-empty"]);
    assert_eq!(codes("\u{FEFF}\n// nothing\n\n"), ["file-empty"]);
}
