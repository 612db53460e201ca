//! Files broken in random places: nothing panics, and what is accepted can be used.

use super::examples::Folder;
use super::{Random, key};
use crate::{Graph, Key, MaskKind, compile};
use std::path::Path;

/// Words that fit somewhere and break things elsewhere.
const WORDS: [&str; 46] = [
    "theta",
    "x",
    "i",
    "j",
    "k",
    "[i]",
    "[1]",
    "[9]",
    "[i, j]",
    "1",
    "0",
    "-1",
    "1e300",
    "0.5",
    "mean over i (",
    ")",
    "(",
    "[1, 2]",
    "[",
    "]",
    "normal(0, 1)",
    "normal",
    "gamma(2, 1)",
    "categorical([0.5, 0.5])",
    "mixture([0.5, 0.5], of = [normal(0, 1), uniform(0, 1)])",
    "dirichlet([1, 1])",
    "gaussian_process(0, rbf(1, 1))",
    "at i",
    "(t)",
    "|> exp()",
    "|> between(0, 1)",
    "modality",
    "missing",
    "from \"data/two_moons.csv\"",
    "uniform(",
    "index(3)",
    "index(1e9)",
    "param",
    "data",
    "latent",
    "let",
    "=",
    "~",
    ",",
    "if theta > 0 then 1 else 0",
    "\n",
];

/// The specs that are broken: the examples, and those of the page of messages.
fn specs() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(here.join("tests/messages.md")).unwrap();
    let blocks = page.split("```sbi\n").skip(1).filter_map(|rest| rest.split("```").next());
    // The page has specs that are slow on purpose: they are tried once there, not a thousand times here.
    let quick = blocks.filter(|text| {
        !text.contains("f9") && !text.contains("index(1000)") && !text.contains("index(5000)")
    });
    let mut specs: Vec<String> = quick
        .map(|text| {
            if text.contains("edition") {
                text.to_owned()
            } else {
                format!("edition 2026\nmodel m {{\n{text}}}\n")
            }
        })
        .collect(); // Sound ones more often, so that some remain sound when broken.
    for _ in 0..5 {
        specs.push(key::SPEC.to_owned());
        for name in ["two_moons", "linear_gaussian", "gaussian_mixture", "slcp"] {
            let path = here.join("../../examples").join(name).with_extension("sbi");
            specs.push(std::fs::read_to_string(path).unwrap());
        }
    }
    specs
}

/// The text with a few of its pieces dropped, doubled, swapped or replaced.
fn break_up(text: &str, random: &mut Random) -> String {
    let mut pieces: Vec<&str> = text.split_inclusive([' ', '\n', ',', '(', ')', '[', ']']).collect();
    for _ in 0..1 + random.below(4) {
        let (place, other) = (random.below(pieces.len()), random.below(pieces.len()));
        match random.below(4) {
            0 => drop(pieces.remove(place)),
            1 => pieces.insert(place, pieces[other]),
            2 => pieces.swap(place, other),
            _ => pieces[place] = WORDS[random.below(WORDS.len())],
        }
        if pieces.is_empty() {
            break;
        }
    }
    pieces.concat()
}

#[test]
fn no_broken_file_makes_the_checker_panic() {
    let specs = specs();
    let world = Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples"));
    let mut random = Random(5);
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(300);
    let mut accepted = 0;
    for _ in 0..rounds {
        let text = break_up(&specs[random.below(specs.len())], &mut random);
        let checked = compile(&text, &world);
        for told in &checked.diagnostics {
            assert!(told.help.is_some(), "{}: {}\n{text}", told.code, told.message);
        }
        let Some(file) = checked.file else { continue };
        accepted += 1;
        for model in &file.models {
            let graph = Graph::of(model);
            let none = vec![false; graph.tokens.len()];
            assert_eq!(graph.mask(MaskKind::Undirected, &none, &none).size(), graph.tokens.len());
        }
        for query in &file.queries {
            let approximator = &file.approximators[query.approximator];
            let model = &file.models[approximator.model];
            let key = Key::weights(model, approximator, "f32", "cpu");
            drop(Key::draws(key, model, query, 1).to_string());
        }
    }
    assert!(accepted > rounds / 100, "{accepted} of {rounds} were accepted: too few to prove anything");
}
