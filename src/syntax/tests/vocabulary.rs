//! The words of the language are the same in the grammar and in the messages, and only a few are reserved.

use super::{codes, sound};
use crate::words::{Block, RESERVED, WORDS, find, stands_in};
use std::collections::BTreeSet;

const GRAMMAR: &str = include_str!("../../../grammar/sbi.pest");

/// The quoted words of one rule of the grammar.
fn rule(name: &str) -> BTreeSet<&'static str> {
    let start = format!("{name} ");
    let line =
        GRAMMAR.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no rule {name}"));
    line.split('"')
        .skip(1)
        .step_by(2)
        .filter(|word| word.chars().all(|c| c.is_ascii_alphabetic() || c == '_'))
        .collect()
}

#[test]
fn the_grammar_and_the_messages_know_the_same_words() {
    let statements: BTreeSet<_> = rule("statement_word").union(&rule("top_word")).copied().collect();
    let listed: BTreeSet<_> = WORDS.iter().filter(|word| !word.setting).map(|word| word.text).collect();
    assert_eq!(statements, listed);
    assert_eq!(rule("reserved"), RESERVED.iter().copied().collect());
    let blocks = [
        ("model_setting_word", Block::Model),
        ("external_setting_word", Block::External),
        ("train_setting_word", Block::Train),
        ("query_setting_word", Block::Query),
    ];
    for (name, block) in blocks {
        let listed: BTreeSet<_> = WORDS
            .iter()
            .filter(|word| word.setting && stands_in(word, block))
            .map(|word| word.text)
            .collect();
        assert_eq!(rule(name), listed, "{name}");
    }
}

#[test]
fn every_statement_word_is_a_name_elsewhere() {
    for word in WORDS {
        let name = word.text;
        sound(&format!(
            "edition 2026\nmodel {name} {{\n  axis {name} : index(3)\n  param {name}[{name}] ~ normal({name}, {name} = 1)\n  \
             let x = {name} + 2 * {name}\n  missing {name} with probability 10%\n}}\napproximator {name} for {name} {{\n}}\n\
             query {name} of {name} {{\n  given {name} = {name}\n  infer {name}, {name}\n}}\n"
        ));
    }
}

#[test]
fn reserved_words_are_no_names() {
    for word in RESERVED {
        let text = format!("edition 2026\nmodel m {{\n  param {word} ~ normal(0, 1)\n}}\n");
        assert_eq!(codes(&text), ["name-reserved"], "{word}");
    }
}

#[test]
fn every_example_of_a_statement_is_right() {
    for word in WORDS {
        let example = word.example.replace('…', "");
        let place = word.homes.first().expect("every word has a place");
        let text = match place {
            Block::Top => format!("edition 2026\n{}", example.replace("edition 2026", "")),
            Block::Model => format!("edition 2026\nmodel m {{\n{example}\n}}\n"),
            Block::Dynamics => format!("edition 2026\nmodel m {{\ndynamics d {{\n{example}\n}}\n}}\n"),
            Block::External => {
                format!("edition 2026\nexternal e() -> {{ a }} = process(\"p\") {{\n{example}\n}}\n")
            }
            Block::Approximator => format!("edition 2026\napproximator a {{\n{example}\n}}\n"),
            Block::Train => format!("edition 2026\ntrain a {{\n{example}\n}}\n"),
            Block::Query => format!("edition 2026\nquery q {{\n{example}\n}}\n"),
            Block::Simulator | Block::Modality | Block::Event => panic!("no word is at home there"),
        };
        sound(&text);
    }
}

#[test]
fn words_are_found_where_they_stand() {
    let param = find("param").expect("a word of the language");
    assert!(stands_in(param, Block::Modality) && stands_in(param, Block::Simulator));
    assert!(
        stands_in(param, Block::Query) && !stands_in(param, Block::Train) && !stands_in(param, Block::Top)
    );
    assert!(find("theta").is_none());
}
