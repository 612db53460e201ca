//! What tree-sitter reads.

use super::{HIGHLIGHTS, LOCALS, PEST, rules::Rules};
use crate::LANGUAGE;
use std::fs;
use std::path::{Path, PathBuf};
use tree_sitter::{Language, Node, Parser, Query, QueryCursor, StreamingIterator as _, Tree};

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&LANGUAGE.into()).expect("the library reads what its generator wrote");
    parser.parse(text, None).expect("nothing stops the parser")
}

/// The first node that is an error, or that is missing from the text.
fn trouble(node: Node<'_>) -> Option<Node<'_>> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    (0..node.child_count()).find_map(|index| node.child(index).and_then(trouble))
}

#[track_caller]
fn reads(name: &str, text: &str) {
    let tree = parse(text);
    if let Some(node) = trouble(tree.root_node()) {
        let at = node.start_position();
        panic!(
            "{name}:{}:{}: {} in\n{text}\n{}",
            at.row + 1,
            at.column + 1,
            node.to_sexp(),
            tree.root_node().to_sexp()
        );
    }
}

/// The specs of a folder of the repository; none where there is no such folder.
fn specs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a folder that can be read").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "sbi")).collect()
}

fn model(lines: &str) -> String {
    format!("edition 2026\nmodel m {{\n{lines}\n}}\n")
}

fn dynamics(lines: &str) -> String {
    model(&format!("dynamics d over 0 .. 1 {{\n{lines}\n}}"))
}

/// The tree of one statement of a model, without the names of fields.
fn shape(line: &str) -> String {
    let text = model(line);
    let tree = parse(&text);
    let body = tree.root_node().child(1).and_then(|model| model.child_by_field_name("body"));
    body.and_then(|body| body.named_child(0)).map(outline).expect("a model with one statement")
}

/// A tree with operators in brackets, to be compared at a glance.
fn outline(node: Node<'_>) -> String {
    let mut cursor = node.walk();
    let parts: Vec<_> = node
        .children(&mut cursor)
        .filter(|part| part.is_named() || node.child_by_field_name("operator") == Some(*part))
        .map(|part| if part.is_named() { outline(part) } else { part.kind().to_owned() })
        .collect();
    match (node.kind(), parts.len()) {
        (kind, 0) => kind.to_owned(),
        ("path" | "literal" | "parenthesized", 1) => parts.concat(),
        ("binary" | "unary" | "range", _) => format!("({})", parts.join(" ")),
        (kind, _) => format!("{kind}[{}]", parts.join(" ")),
    }
}

#[test]
fn every_spec_of_the_repository_is_read() {
    let mut read = 0;
    for folder in ["examples", "src/syntax/tests/specs", "stdlib"] {
        for path in specs(folder) {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            reads(&path.display().to_string(), &text);
            read += 1;
        }
    }
    assert!(read >= 14, "only {read} specs were found");
}

/// Statements of each kind, and lines that go on: both parsers find nothing wrong with them.
#[test]
fn good_texts_are_good_for_both_parsers() {
    let texts = [
        "edition 2026".to_owned(),
        "\u{FEFF}// first\r\nedition 2026\r\n\r\nmodel m\r\n{\r\n    param a ~ normal(0, 1)\r\n}\r\n".to_owned(),
        "edition 2026\nuse std::decision::ddm as walk\nuse \"./prior.sbi\"::{a, b} as c\nuse std::a::{b,\n c,\n}\n".to_owned(),
        "edition 2026\nunit rate = 1/s\nunit min = 60 s\nunit one = 1 s\nunit root = sqrt(s)^(1/2)\nunit dose = (mg)/(kg*day)\n".to_owned(),
        "edition 2026\npub const g = 9.81\npub fn half(x : m = 1,\n y) : m\n  = x / 2\n".to_owned(),
        "edition 2026\nexternal e() -> { a } = process(\"p\")\nexternal f(a : s) -> { a[t] : m, b }\n  = process(\"p\") {\n  batch 64\n}\n".to_owned(),
        "edition 2026\nexternal e() -> { a } = process(\"p\")".to_owned(),
        "edition 2026\npub simulator s(a, b = 2) -> { c } { return { c = a + b } }\n".to_owned(),
        model("param contact(t : day) : 1/day\n  // why\n  ~ gp(mean = 0)\n\n  /// a note within\n  |> between(0, 1) |> exp at knot // placed"),
        model("missing all with probability 1%\nmissing all eeg with probability uniform(0%, 40%)\nmissing rt[trial] in blocks(of = 5) with probability 10%"),
        model("let a = x\n  + 2 *\n  3\n  - 4\nlet b = a < 3\n  and not a in 0 .. 1\n  or a == 2"),
        model("let a = if x in 0 ms .. 1 ms\n  then 3 mV\n  else -y^2"),
        model("let a = f(over = 3, if = 4, mean = 2, true = 1, not x,\n  y,\n)[1, 2].z(3)"),
        model("let a = mean over i (x[i]) + mean + max(1, mean(3)) + sum over j (1)"),
        model("let a : uA/(cm^2*(K))/sqrt(ms*s)^(1/2) = 5 m^-1 ^ 2\nlet b = 1e-3 s..2.5E+2 s\nlet c = 0..15"),
        model("let a = { left = 0, right = [1, 2,\n 3, ] }\nreturn {\n  x = 1,\n}\non_failure \"absent\""),
        model("depends a from b, c[i], d[2 .. 3]\nconst design[t, k] from \"d.csv\" (column = \"a\")\nlet a = std::f(1)"),
        model("modality eeg\n{ data x = 1 }\nmodality rt { }\nlet a = b.c[i](t)"),
        dynamics("noise w[d], u\ninit v[d] : mV = rest\nv[d]' = n * w[d]\nnext k ~ normal(k, 1)\nstop when v >= bound or v <= 0"),
        dynamics("when v > 1 {\n  v = 0\n  k = k + 1\n}\nwhen (v > 1)\n{ k = 1 }\nwhen [1, 2] == x { }\njump at rate beta * s { s = s - 1 }"),
        dynamics("when' = 1\nwhen[d]' = 2\nnoise' = 3\ninit' = next + stop\nlet' = jump\nwhen > 1\n  { when = when - 1 }").replace("when > 1", "when when > 1"),
        "edition 2026\napproximator a for m extends b {\n  encode eeg with t()\n  encode rt\n  fuse late(a,\n b)\n  posterior with flow\n  joint with d()\n}\n".to_owned(),
        "edition 2026\ntrain a::b {\n  simulations 10_000\n  seed 1\n  focus posterior }\n".to_owned(),
        "edition 2026\nquery q of a::b {\n  given x from \"s.csv\" (column = \"rt\",\n coding = {left = 0})\n  given y[2 .. 4]\n = [1,\n 2]\n  at t = grid(from = 0, to = 1)\n  where a < 3 and b in 1 .. 2\n  infer x\n , y[1], params\n  draws 40\n}\n".to_owned(),
    ];
    for text in texts {
        let told = sbi_syntax::parse(0, &text).diagnostics;
        assert!(told.is_empty(), "{text}\n{told:?}");
        reads("a good text", &text);
    }
}

/// What must not be taken for something else: neither parser reads it.
#[test]
fn bad_texts_are_bad_for_both_parsers() {
    let texts = [
        model("param if ~ normal(0, 1)"),
        model("let a = over + 1"),
        model("let a = 2 (x)"),
        model("let a = 10 %"),
        model("let a = \"open"),
        model("param a ~ normal(0, 1) param b ~ normal(0, 1)"),
        model("let a = f(x\nlet b = 2"),
        model("given x = 1"),
        model("draws 4000"),
        dynamics("param a = 1"),
        "edition 2026\ntrain a {\n  simulation 10\n}\n".to_owned(),
        "edition 2026\nquery q {\n  infer a\n  simulations 3\n}\n".to_owned(),
        "edition 2026\nmodel m {\n  param a = 1\n".to_owned(),
        "edition 2026\nlet a = 1\n".to_owned(),
    ];
    for text in texts {
        assert!(!sbi_syntax::parse(0, &text).diagnostics.is_empty(), "the grammar reads {text}");
        assert!(trouble(parse(&text).root_node()).is_some(), "tree-sitter reads {text}");
    }
}

#[test]
fn every_statement_word_is_a_name_elsewhere() {
    let pest = Rules::of_pest(PEST);
    let mut words = pest.all("file");
    pest.all("reserved").iter().for_each(|word| assert!(words.remove(word), "{word}"));
    assert!(words.len() > 50);
    for word in words {
        let text = format!(
            "edition 2026\nmodel {word} {{\n  axis {word} : index(3)\n  param {word}[{word}] : {word} ~ {word}({word}, {word} = 1)\n  \
             let x = {word} + 2 * {word} - {word}.{word}\n  missing {word} with probability 10%\n  depends {word} from {word}\n  \
             dynamics {word} {{\n    {word}' = {word}\n    {word}[{word}]' = 1\n    when {word} > 1 {{ {word} = 2 }}\n  }}\n}}\n\
             approximator {word} for {word} extends {word} {{\n  encode {word} with {word}\n}}\n\
             query {word} of {word} {{\n  given {word} from \"a.csv\"\n  at {word} = {word}\n  infer {word}, {word}\n}}\n"
        );
        assert_eq!(sbi_syntax::parse(0, &text).diagnostics, [], "{word}");
        reads(&word, &text);
    }
}

#[test]
fn operators_bind_as_in_the_language() {
    let cases = [
        ("-x^2 * y", "((- (name ^ number)) * name)"),
        ("a + b * c - d", "((name + (name * name)) - name)"),
        ("a ^ b ^ c", "(name ^ (name ^ name))"),
        ("not a < b and c or d", "(((not (name < name)) and name) or name)"),
        ("x in a + 1 .. b * 2", "(name in ((name + number) .. (name * number)))"),
        ("a ^ -b + c", "((name ^ (- name)) + name)"),
    ];
    for (text, tree) in cases {
        assert_eq!(shape(&format!("let n = {text}")), format!("let[name {tree}]"), "{text}");
    }
    let tree = "let[name conditional[name number (number + name)]]";
    assert_eq!(shape("let n = if a then 1 else 2 + b"), tree);
}

#[test]
fn a_newline_ends_a_statement_unless_it_goes_on() {
    let statements = |lines: &str| {
        let text = model(lines);
        let tree = parse(&text);
        assert!(trouble(tree.root_node()).is_none(), "{}", tree.root_node().to_sexp());
        let body = tree.root_node().child(1).and_then(|model| model.child_by_field_name("body"));
        body.expect("a model has a body").named_child_count()
    };
    for operator in ["+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "..", "in", "and", "or"] {
        assert_eq!(statements(&format!("let a = b\n\n  {operator} c\nlet d = 1")), 2, "{operator}");
        assert_eq!(statements(&format!("let a = b {operator}\n\n  c\nlet d = 1")), 2, "{operator}");
    }
    // Words that only begin like an operator are statements of their own.
    assert_eq!(statements("let a = b\nmissing a with probability 1%\nlet order = 1"), 3);
    assert_eq!(statements("let a = b // + \n// - c\nlet d = 1"), 4);
}

#[test]
fn the_queries_fit_the_grammar_and_colour_what_they_should() {
    let language: Language = LANGUAGE.into();
    Query::new(&language, LOCALS).unwrap_or_else(|error| panic!("locals.scm: {error}"));
    let query = Query::new(&language, HIGHLIGHTS).unwrap_or_else(|error| panic!("highlights.scm: {error}"));
    let text = "edition 2026\n/// why\nmodel m {\n  param rate[i] : 1/ms ~ normal(mean = 2 mV, sd = pi) at knot\n}\n";
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut found = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut colours: Vec<(&str, &str)> = Vec::new();
    while let Some((matched, index)) = found.next() {
        let capture = matched.captures()[*index];
        let part = &text[capture.node.byte_range()];
        let colour = query.capture_names()[capture.index as usize];
        // The last pattern holds, as in editors.
        colours.retain(|(other, _)| *other != part);
        colours.push((part, colour));
    }
    let expected = [
        ("model", "keyword"),
        ("m", "type"),
        ("/// why", "comment.documentation"),
        ("param", "keyword.type"),
        ("rate", "variable"),
        ("i", "variable.parameter"),
        ("ms", "type"),
        ("~", "operator"),
        ("normal", "function.builtin"),
        ("mean", "variable.parameter"),
        ("mV", "type"),
        ("pi", "constant.builtin"),
        ("at", "keyword"),
        ("knot", "variable.parameter"),
    ];
    for (part, colour) in expected {
        let found = colours.iter().find(|(other, _)| *other == part).map(|(_, colour)| *colour);
        assert_eq!(found, Some(colour), "{part}");
    }
}
