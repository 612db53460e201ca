//! `sbi graph`: the dependency graph of a file and the attention mask of each query.

use super::args::{self, GraphFormat};
use super::failure::{Outcome, print};
use super::spec::Spec;
use sbi_model::{Estimator, Graph, Mask, Query, State};
use serde::Serialize;

/// All queries of a file: the contract of `--format json`.
#[derive(Serialize)]
struct Queries<'a> {
    queries: Vec<View<'a>>,
}

/// What one query sees of its model.
#[derive(Serialize)]
struct View<'a> {
    /// Its name.
    name: &'a str,
    /// Names of the tokens, in token order.
    tokens: Vec<&'a str>,
    /// `given`, `inferred` or `absent` for each token.
    condition: Vec<&'static str>,
    /// Row = child, columns = itself and its parents; 0 or 1.
    base: Vec<Vec<u8>>,
    /// Row attends to column; 0 or 1.
    mask: Vec<Vec<u8>>,
}

/// Prints the graphs of a file.
pub fn graph(args: &args::Graph) -> Outcome {
    let spec = Spec::read(&args.file)?;
    (0..spec.file.models.len()).try_for_each(|model| spec.ensure_model_runs(model))?;
    spec.file.queries.iter().try_for_each(|query| spec.ensure_query_runs(query))?;
    let views: Vec<View> = spec.file.queries.iter().map(|query| view(&spec, query)).collect();
    match args.format {
        GraphFormat::Json => {
            let text = serde_json::to_string(&Queries { queries: views }).expect("graphs are plain data");
            print(&format!("{text}\n"))
        }
        GraphFormat::Text => {
            let models = spec.file.models.iter().enumerate();
            let models = models.map(|(place, model)| model_text(&model.name, spec.graph(place)));
            print(&models.chain(views.iter().map(View::text)).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn view<'a>(spec: &'a Spec, query: &'a Query) -> View<'a> {
    let approximator = spec.approximator(query);
    let graph = spec.graph(approximator.model);
    let Estimator::Joint(transformer) = &approximator.estimator else {
        unreachable!("a command asks first whether an approximator runs, and only joint ones do")
    };
    let kind = transformer.mask;
    let given: Vec<bool> = query.states.iter().map(|state| matches!(state, State::Given(_))).collect();
    let absent: Vec<bool> = query.states.iter().map(|state| *state == State::Absent).collect();
    let condition = query.states.iter().map(|state| match state {
        State::Given(_) => "given",
        State::Inferred => "inferred",
        State::Absent => "absent",
    });
    View {
        name: &query.name,
        tokens: graph.tokens.iter().map(|token| token.name.as_str()).collect(),
        condition: condition.collect(),
        base: rows(&graph.without(&absent)),
        mask: rows(&graph.mask(kind, &given, &absent)),
    }
}

fn rows(mask: &Mask) -> Vec<Vec<u8>> {
    let row = |row| (0..mask.size()).map(|column| u8::from(mask.get(row, column))).collect();
    (0..mask.size()).map(row).collect()
}

/// The dependency graph, a line for each token.
fn model_text(name: &str, graph: &Graph) -> String {
    let width = graph.tokens.iter().map(|token| token.name.chars().count()).max().unwrap_or(0);
    let mut text = format!("model {name}\n");
    for (row, token) in graph.tokens.iter().enumerate() {
        let parents = graph.tokens.iter().enumerate();
        let parents = parents.filter(|(column, _)| *column != row && graph.base.get(row, *column));
        let parents: Vec<&str> = parents.map(|(_, parent)| parent.name.as_str()).collect();
        match parents.is_empty() {
            true => text.push_str(&format!("  {}\n", token.name)),
            false => text.push_str(&format!("  {:width$} <- {}\n", token.name, parents.join(", "))),
        }
    }
    text
}

impl View<'_> {
    /// The query's tokens with their mask: `x` where the row's token attends to the column's.
    fn text(&self) -> String {
        let width = self.tokens.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let mut text = format!("query {}\n", self.name);
        for ((name, condition), row) in self.tokens.iter().zip(&self.condition).zip(&self.mask) {
            let row: Vec<&str> = row.iter().map(|bit| if *bit == 1 { "x" } else { "." }).collect();
            text.push_str(&format!("  {name:width$} {condition:8} {}\n", row.join(" ")));
        }
        text
    }
}
