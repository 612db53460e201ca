//! The words of the grammar are those of its twins, block by block.

use super::rules::{Rules, Words};
use super::{GRAMMAR_JS, HIGHLIGHTS, PEST, TEXTMATE, TREE_SITTER};
use serde_json::Value;

/// The blocks: the rule of their body in both grammars, and their entry in the TextMate grammar.
const BLOCKS: [(&str, &str); 7] = [
    ("file", "file"),
    ("model_body", "model"),
    ("dynamics_body", "dynamics"),
    ("external_body", "external"),
    ("approximator_body", "approximator"),
    ("train_body", "train"),
    ("query_body", "query"),
];

/// The scopes of words that start a statement.
const STATEMENT: [&str; 4] =
    ["keyword.control.", "storage.type.", "storage.modifier.", "support.type.property-name."];

/// `sqrt` is a word within units, where the TextMate grammar has one scope for the whole.
const UNIT_WORD: &str = "sqrt";

/// Fails with the words that a twin lacks and those it has left over.
#[track_caller]
fn same(place: &str, twin: &str, truth: &Words, found: &Words) {
    let missing: Vec<_> = truth.difference(found).collect();
    let left_over: Vec<_> = found.difference(truth).collect();
    assert!(
        missing.is_empty() && left_over.is_empty(),
        "{place}: sbi.pest has {missing:?}, which {twin} lacks; {twin} has {left_over:?}, which sbi.pest lacks"
    );
}

fn pest() -> Rules {
    Rules::of_pest(PEST)
}

fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Words {
    words.into_iter().map(str::to_owned).collect()
}

/// The parts of a text that look like words of the language.
fn split(text: &str) -> Words {
    words(text.split(|c: char| !c.is_ascii_alphabetic() && c != '_').filter(|word| word.len() > 1))
}

/// The groups of a regular expression, from the whole at 0 on, without classes of characters and escapes.
fn groups(pattern: &str) -> Vec<String> {
    let mut groups = vec![String::new()];
    let mut open = vec![Some(0)];
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
            }
            '[' => while rest.next().is_some_and(|c| c != ']') {},
            '(' => {
                let captures = rest.peek() != Some(&'?');
                open.push(captures.then_some(groups.len()));
                if captures {
                    groups.push(String::new());
                }
            }
            ')' => {
                open.pop();
            }
            c => open.iter().flatten().for_each(|&group| groups[group].push(c)),
        }
        // What stands apart must not grow together to one word.
        if matches!(c, '\\' | '[' | '(') {
            open.iter().flatten().for_each(|&group| groups[group].push(' '));
        }
    }
    groups
}

/// The words of one entry of the TextMate grammar whose scope fits.
fn textmate(entry: &str, fits: impl Fn(&str) -> bool) -> Words {
    let json: Value = serde_json::from_str(TEXTMATE).expect("the TextMate grammar is JSON");
    let patterns = json["repository"][entry]["patterns"].as_array().cloned();
    let mut found = Words::new();
    for pattern in patterns.unwrap_or_else(|| panic!("the TextMate grammar has no entry {entry:?}")) {
        let Some(captures) = pattern["captures"].as_object() else { continue };
        let groups = groups(pattern["match"].as_str().expect("every pattern is a `match`"));
        for (number, scope) in captures {
            if scope["name"].as_str().is_some_and(&fits) {
                found.extend(split(&groups[number.parse::<usize>().expect("captures are numbered")]));
            }
        }
    }
    found
}

fn starts_statement(scope: &str) -> bool {
    STATEMENT.iter().any(|start| scope.starts_with(start))
}

#[test]
fn every_block_has_the_same_statements() {
    let (pest, tree_sitter) = (pest(), Rules::of_tree_sitter(TREE_SITTER));
    for (rule, entry) in BLOCKS {
        let truth = pest.first(rule);
        assert!(!truth.is_empty(), "no words in {rule}");
        same(rule, "grammar.js", &truth, &tree_sitter.first(rule));
        same(rule, "sbi.tmLanguage.json", &truth, &textmate(entry, starts_statement));
    }
    assert!(pest.first("event_body").is_empty() && tree_sitter.first("event_body").is_empty());
}

#[test]
fn the_same_words_are_reserved() {
    let truth = pest().all("reserved");
    let json: Value = serde_json::from_str(TREE_SITTER).expect("tree-sitter writes JSON");
    let reserved = json["reserved"]["global"].as_array().expect("grammar.js reserves words");
    let reserved = words(reserved.iter().filter_map(|word| word["value"].as_str()));
    same("reserved", "grammar.js", &truth, &reserved);
    same("reserved", "sbi.tmLanguage.json", &truth, &textmate("reserved", |_| true));
}

#[test]
fn the_same_words_reduce() {
    let truth = pest().all("reducer");
    same("reducer", "grammar.js", &truth, &Rules::of_tree_sitter(TREE_SITTER).all("reducer"));
    let found = textmate("reducers", |scope| scope.starts_with("support.function."));
    same("reducer", "sbi.tmLanguage.json", &truth, &found);
}

#[test]
fn no_word_is_missing_or_left_over() {
    let mut truth = pest().all("file");
    same("file", "grammar.js", &truth, &Rules::of_tree_sitter(TREE_SITTER).all("file"));
    assert!(truth.remove(UNIT_WORD));
    let mut found = textmate("connectives", |_| true);
    for (_, entry) in BLOCKS {
        found.extend(textmate(entry, starts_statement));
    }
    found.extend(textmate("reserved", |_| true));
    found.extend(textmate("reducers", |scope| scope.starts_with("support.function.")));
    same("file", "sbi.tmLanguage.json", &truth, &found);
}

#[test]
fn the_same_words_are_no_units_behind_a_number() {
    let pest = pest();
    let statements = pest.first("statement_word");
    let mut truth: Words = pest.first("connective").difference(&statements).cloned().collect();
    truth.extend(pest.all("reserved"));
    let json: Value = serde_json::from_str(TEXTMATE).expect("the TextMate grammar is JSON");
    let pattern =
        json["repository"]["numbers"]["patterns"][0]["match"].as_str().expect("numbers have a pattern");
    let mut found = Words::new();
    // Look-arounds belong to the group around them, so group 0 has all words.
    groups(pattern).first().into_iter().for_each(|all| found.extend(split(all)));
    same("connective", "sbi.tmLanguage.json", &truth, &found);
}

/// The words in quotes in `grammar.js`, without the names of fields and of the grammar itself.
fn written() -> Words {
    let code = GRAMMAR_JS.lines().filter(|line| !line.trim_start().starts_with(['*', '/']));
    // The one quote within quotes is the sign of a derivative.
    let code = code.collect::<Vec<_>>().join("\n").replace("\"'\"", "");
    let parts: Vec<_> = code.split('\'').collect();
    let quoted = parts.chunks_exact(2).filter(|part| {
        let before = part[0].trim_end();
        !before.ends_with("field(") && !before.ends_with("name:")
    });
    quoted.flat_map(|part| split(part[1])).collect()
}

#[test]
fn the_parser_is_made_of_the_grammar() {
    let made = Rules::of_tree_sitter(TREE_SITTER).all("file");
    let written = written();
    let stale: Vec<_> = made.symmetric_difference(&written).collect();
    assert!(stale.is_empty(), "{stale:?} changed: run `tree-sitter generate` in grammar/tree-sitter");
}

#[test]
fn every_word_has_a_colour_in_tree_sitter() {
    let quoted = |text: &str| words(text.split('"').skip(1).step_by(2)).into_iter().collect::<Words>();
    let rules = Rules::of_tree_sitter(TREE_SITTER);
    let mut found = Words::new();
    for line in HIGHLIGHTS.lines().filter(|line| !line.contains('#') && !line.starts_with("    \"")) {
        found.extend(quoted(line).iter().flat_map(|word| split(word)));
    }
    // These are coloured as nodes.
    for rule in ["role", "reducer", "public", "truth", "unit_root"] {
        found.extend(rules.all(rule));
    }
    for rule in ["model_setting", "external_setting", "train_setting", "query_setting"] {
        found.extend(rules.first(rule));
    }
    same("file", "highlights.scm", &pest().all("file"), &found);
}

#[test]
fn both_twins_know_the_same_built_in_names() {
    let json: Value = serde_json::from_str(TEXTMATE).expect("the TextMate grammar is JSON");
    let textmate = |scope: &str| -> Words {
        let patterns = json["repository"]["names"]["patterns"].as_array().cloned().unwrap_or_default();
        let fitting = patterns.iter().filter(|pattern| pattern["name"] == scope);
        fitting.flat_map(|pattern| split(&groups(pattern["match"].as_str().unwrap_or(""))[0])).collect()
    };
    let lists: Vec<Words> = HIGHLIGHTS
        .split("#any-of? @function.builtin")
        .skip(1)
        .map(|list| words(list.split(')').next().unwrap_or("").split('"').skip(1).step_by(2)))
        .collect();
    let [functions, distributions] = lists.as_slice() else { panic!("two lists of built-in names") };
    assert_eq!(functions, &textmate("support.function.sbi"));
    assert_eq!(distributions, &textmate("support.function.distribution.sbi"));
}
