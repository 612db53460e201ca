//! What the pest grammar and the tree-sitter grammar have in common: rules made of words.

use pest_meta::ast;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A set of words.
pub(super) type Words = BTreeSet<String>;

/// The right side of a rule, as far as words go.
enum Form {
    /// A word, such as `model`.
    Word(String),
    /// Another rule.
    Rule(String),
    /// One after the other.
    Seq(Vec<Form>),
    /// One of them.
    Choice(Vec<Form>),
    /// Perhaps.
    Optional(Box<Form>),
    /// Text that is no word.
    Text,
    /// No text at all: what looks ahead, and what is left out here.
    Nothing,
}

/// A grammar, as far as words go.
pub(super) struct Rules(BTreeMap<String, Form>);

impl Rules {
    /// Reads a pest grammar. What looks ahead has no words, nor has what recovers from mistakes.
    pub(super) fn of_pest(text: &str) -> Rules {
        let pairs = pest_meta::parser::parse(pest_meta::parser::Rule::grammar_rules, text)
            .unwrap_or_else(|error| panic!("{error}"));
        let rules = pest_meta::parser::consume_rules(pairs).unwrap_or_else(|errors| panic!("{errors:?}"));
        Rules(rules.into_iter().map(|rule| (rule.name, of_pest(rule.expr))).collect())
    }

    /// Reads the `grammar.json` that tree-sitter writes.
    pub(super) fn of_tree_sitter(text: &str) -> Rules {
        let json: Value = serde_json::from_str(text).expect("tree-sitter writes JSON");
        let rules = json["rules"].as_object().expect("a grammar has rules");
        Rules(rules.iter().map(|(name, form)| (name.clone(), of_tree_sitter(form))).collect())
    }

    /// The words a rule can start with.
    pub(super) fn first(&self, rule: &str) -> Words {
        let mut words = Words::new();
        self.add_first(self.form(rule), &mut BTreeSet::new(), &mut words);
        words
    }

    /// All words of a rule and of those it is made of.
    pub(super) fn all(&self, rule: &str) -> Words {
        let mut words = Words::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![rule];
        while let Some(rule) = todo.pop() {
            if seen.insert(rule) {
                collect(self.form(rule), &mut words, &mut todo);
            }
        }
        words
    }

    /// The right side of a rule; those built into pest match text, or the ends of it.
    fn form(&self, rule: &str) -> &Form {
        match self.0.get(rule) {
            Some(form) => form,
            None if rule == "SOI" => &Form::Nothing,
            None => &Form::Text,
        }
    }

    /// Adds the words a form can start with, and tells whether it can be empty. A rule that is met within
    /// itself adds nothing new.
    fn add_first<'g>(&'g self, form: &'g Form, open: &mut BTreeSet<&'g str>, words: &mut Words) -> bool {
        match form {
            Form::Word(word) => {
                words.insert(word.clone());
                false
            }
            Form::Text => false,
            Form::Nothing => true,
            Form::Rule(rule) => {
                let entered = open.insert(rule);
                let empty = entered && self.add_first(self.form(rule), open, words);
                if entered {
                    open.remove(rule.as_str());
                }
                empty
            }
            Form::Seq(parts) => parts.iter().all(|part| self.add_first(part, open, words)),
            Form::Choice(parts) => {
                let mut empty = false;
                for part in parts {
                    empty |= self.add_first(part, open, words);
                }
                empty
            }
            Form::Optional(part) => {
                self.add_first(part, open, words);
                true
            }
        }
    }
}

fn collect<'g>(form: &'g Form, words: &mut Words, rules: &mut Vec<&'g str>) {
    match form {
        Form::Word(word) => {
            words.insert(word.clone());
        }
        Form::Rule(rule) => rules.push(rule),
        Form::Seq(parts) | Form::Choice(parts) => parts.iter().for_each(|part| collect(part, words, rules)),
        Form::Optional(part) => collect(part, words, rules),
        Form::Text | Form::Nothing => {}
    }
}

/// Single letters are parts of numbers.
fn text(text: &str) -> Form {
    let word = text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if word { Form::Word(text.to_owned()) } else { Form::Text }
}

fn of_pest(expr: ast::Expr) -> Form {
    match expr {
        ast::Expr::Str(word) => text(&word),
        ast::Expr::Ident(rule) if rule.starts_with("bad") || rule.starts_with("stray") => Form::Nothing,
        ast::Expr::Ident(rule) => Form::Rule(rule),
        ast::Expr::Seq(left, right) => Form::Seq(vec![of_pest(*left), of_pest(*right)]),
        ast::Expr::Choice(left, right) => Form::Choice(vec![of_pest(*left), of_pest(*right)]),
        ast::Expr::Opt(part) | ast::Expr::Rep(part) => Form::Optional(Box::new(of_pest(*part))),
        ast::Expr::RepOnce(part) => of_pest(*part),
        ast::Expr::PosPred(_) | ast::Expr::NegPred(_) => Form::Nothing,
        other => panic!("the grammar uses a form this test does not know: {other:?}"),
    }
}

fn of_tree_sitter(form: &Value) -> Form {
    let parts = || form["members"].as_array().into_iter().flatten().map(of_tree_sitter).collect();
    match form["type"].as_str().expect("every form has a type") {
        // The body of a block has its braces here; in the pest grammar it stands within them.
        "STRING" if form["value"] == "{" => Form::Nothing,
        "STRING" => text(form["value"].as_str().expect("a string has a value")),
        "PATTERN" => Form::Text,
        "BLANK" => Form::Nothing,
        "SYMBOL" => Form::Rule(form["name"].as_str().expect("a symbol has a name").to_owned()),
        "SEQ" => Form::Seq(parts()),
        "CHOICE" => Form::Choice(parts()),
        "REPEAT" => Form::Optional(Box::new(of_tree_sitter(&form["content"]))),
        _ => of_tree_sitter(&form["content"]),
    }
}

#[test]
fn first_words_skip_what_may_be_empty_and_what_looks_ahead() {
    let rules = Rules::of_pest(
        "file = { SOI ~ maybe? ~ !\"never\" ~ (kw ~ \"after\" | again) }\nmaybe = { \"pub\" }\n\
         kw = @{ \"model\" ~ !ANY }\nagain = { \"axis\" ~ file? | bad_line }\nbad_line = { \"oops\" }",
    );
    assert_eq!(rules.first("file").into_iter().collect::<Vec<_>>(), ["axis", "model", "pub"]);
    assert_eq!(rules.all("file").into_iter().collect::<Vec<_>>(), ["after", "axis", "model", "pub"]);
}
