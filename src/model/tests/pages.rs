//! Whole specs on their way through the language, a page each: `pages/*.md` shows SOURCE, PROBLEMS, FORMATTED, GRAPH, PLAN.
//!
//! `UPDATE=1 cargo test -p sbi-model pages` writes everything behind SOURCE anew; read the difference before committing it.

use super::show;
use crate::explain::whole;
use crate::{Estimator, File, Graph, Mask, Model, Query, State, compile};
use std::path::Path;

#[test]
fn pages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        let source = page.split("```sbi\n").nth(1).and_then(|rest| rest.split("```").next());
        let source = source.unwrap_or_else(|| panic!("{} has no ```sbi block", path.display()));
        let head = page.split("## PROBLEMS").next().unwrap().trim_end();
        let new = format!("{head}\n\n{}", behind(source));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, new).unwrap();
        } else {
            assert_eq!(new, page, "{}", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 6, "{seen} pages");
}

/// What stands behind the source of a page.
fn behind(source: &str) -> String {
    let text = whole(source);
    let checked = compile(&text, &());
    let problems = Some(show(&text, &checked)).filter(|told| !told.is_empty());
    let formatted = sbi_syntax::format(&text).ok().map(|formatted| match formatted == text {
        true => "As written.\n".to_owned(),
        false => format!("```sbi\n{formatted}```\n"),
    });
    let file = checked.file.as_ref();
    let fenced =
        |text: Option<String>| text.map_or("None.\n".to_owned(), |text| format!("```text\n{text}```\n"));
    [
        ("PROBLEMS", fenced(problems)),
        ("FORMATTED", formatted.unwrap_or_else(|| "None.\n".to_owned())),
        ("GRAPH", fenced(file.map(graphs).filter(|graphs| !graphs.is_empty()))),
        ("PLAN", fenced(file.map(plan))),
    ]
    .map(|(title, body)| format!("## {title}\n\n{body}"))
    .join("\n")
}

/// Tokens and their parents, model by model; then each query's mask, `x` where the row attends to the column.
fn graphs(file: &File) -> String {
    let mut text = String::new();
    // What is not run yet has no graph to rely on.
    let runs = |model: &&Model| model.later.is_empty() && model.unlearned.is_empty();
    for model in file.models.iter().filter(runs) {
        let graph = Graph::of(model);
        text += &format!("model {}\n", model.name);
        for (row, token) in graph.tokens.iter().enumerate() {
            let parents =
                (0..graph.tokens.len()).filter(|column| *column != row && graph.base.get(row, *column));
            let parents: Vec<&str> = parents.map(|column| graph.tokens[column].name.as_str()).collect();
            text += &format!("  {} <- {}", token.name, parents.join(", "));
            text = text.trim_end_matches(" <- ").to_owned() + "\n";
        }
    }
    for query in &file.queries {
        let approximator = &file.approximators[query.approximator];
        let Estimator::Joint(transformer) = &approximator.estimator else { continue };
        let Some(model) = Some(&file.models[approximator.model]).filter(runs) else { continue };
        let graph = Graph::of(model);
        let of = |wanted: fn(&State) -> bool| query.states.iter().map(wanted).collect::<Vec<bool>>();
        let given = of(|state| matches!(state, State::Given(_)));
        let absent = of(|state| *state == State::Absent);
        let mask = graph.mask(transformer.mask, &given, &absent);
        text += &format!("query {}\n{}", query.name, rows(&mask, query));
    }
    text
}

fn rows(mask: &Mask, query: &Query) -> String {
    let row = |row: usize| {
        let role = match query.states[row] {
            State::Given(_) => 'g',
            State::Inferred => 'i',
            State::Absent => '-',
        };
        let entries = (0..mask.size()).map(|column| if mask.get(row, column) { 'x' } else { '.' });
        format!("  {role} {}\n", entries.collect::<String>())
    };
    (0..mask.size()).map(row).collect()
}

/// What would be trained and asked.
fn plan(file: &File) -> String {
    let mut text = String::new();
    for approximator in &file.approximators {
        let train = &approximator.train;
        let model = &file.models[approximator.model].name;
        let kind = match approximator.estimator {
            Estimator::Joint(_) => "joint",
            Estimator::Posterior(_) => "posterior",
        };
        let name = &approximator.name;
        text += &format!(
            "train {name}: {kind} of {model}, {} simulations, seed {}\n",
            train.simulations, train.seed
        );
    }
    for query in &file.queries {
        let of = |wanted: fn(&State) -> bool| query.states.iter().filter(|state| wanted(state)).count();
        text += &format!(
            "draw {}: {} draws of {} numbers, {} given, {} left out\n",
            query.name,
            query.draws,
            query.infer.len(),
            of(|state| matches!(state, State::Given(_))),
            of(|state| *state == State::Absent),
        );
    }
    let later: usize =
        file.models.iter().map(|model| model.later.len() + model.unlearned.len()).sum::<usize>()
            + file.approximators.iter().map(|own| own.later.len()).sum::<usize>()
            + file.queries.iter().map(|own| own.later.len()).sum::<usize>();
    text + &match later {
        0 => "all of it runs\n".to_owned(),
        later => format!("{later} things in it are checked and not run by this version\n"),
    }
}
