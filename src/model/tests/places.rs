//! Files with times and places that the query has chosen: which element each row fills, and what may be asked of the others.

use super::{Files, show};
use crate::{Graph, GraphRule, State, Structure, compile};

const MODEL: &str = "edition 2026
model m {
    axis k : index(2)
    axis t : time(scattered(n = 4, over = 0 .. 10))
    axis g : time(grid(from = 0, to = 3, step = 1))
    param a ~ normal(0, 1)
    data x[t] ~ normal(a, 1)
    data y[t, k] ~ normal(a, 1)
    data z[g] ~ normal(a, 1)
}
";

fn files() -> Files {
    let mut files = Files::default();
    files.0.insert("three.csv", b"t,x\n1,10\n2,20\n3,30\n".to_vec());
    files.0.insert("turned.csv", b"when,x\n3,30\n1,10\n2,20\n".to_vec());
    files.0.insert("twice.csv", b"t,x\n2,20\n1,10\n2,21\n".to_vec());
    files.0.insert("gap.csv", b"t,x\n1,10\n2,\n3,30\n".to_vec());
    files.0.insert("bare.csv", b"x\n10\n20\n30\n".to_vec());
    files.0.insert("rounded.csv", b"t,x\n0.3,30\n0.6666667,60\n".to_vec());
    files.0.insert("pairs.csv", b"t,y[1],y[2]\n3,31,32\n1,11,\n".to_vec());
    files.0.insert("late.csv", b"g,z\n2,20\n3,30\n".to_vec());
    files
}

/// What a query says of each of its tokens over `node`: a value, `?` where it is inferred, or `-`; then those that it reports.
#[track_caller]
fn said(node: &str, query: &str) -> String {
    let text = format!("{MODEL}query q {{\n{query}\n}}\n");
    let checked = compile(&text, &files());
    assert_eq!(show(&text, &checked), "", "{query}");
    let file = checked.file.expect("a file without errors");
    let (model, query) = (&file.models[0], &file.queries[0]);
    let placed = query.placed_model(model).expect("an axis of scattered instants");
    let tokens = Structure::of(&placed, GraphRule::Exact).nominal().tokens.clone();
    let placement = query.placement(model, &Graph::of(model), placed, &tokens);
    let own = tokens.iter().zip(&placement.states).filter(|(token, _)| {
        let name = token.name.split('[').next().unwrap_or_default();
        name == node
    });
    let states = own.map(|(_, state)| match state {
        State::Given(value) => value.to_string(),
        State::Inferred => "?".to_owned(),
        State::Absent => "-".to_owned(),
    });
    let states: Vec<String> = states.collect();
    let reported: Vec<&str> = placement.infer.iter().map(|token| tokens[*token].name.as_str()).collect();
    format!("{}; {}", states.join(" "), reported.join(" "))
}

/// The first thing told of a query.
fn told(query: &str) -> String {
    let text = format!("{MODEL}query q {{\n{query}\n}}\n");
    let checked = compile(&text, &files());
    assert_eq!(checked.diagnostics.len(), 1, "{}", show(&text, &checked));
    let told = &checked.diagnostics[0];
    format!("{}: {} | {}", told.code, told.message, told.help.as_deref().unwrap_or_default())
}

#[test]
fn rows_stand_where_the_query_has_their_times() {
    let forecast = "at t = [1, 2, 3, 9]\ngiven x from";
    let expected = "10 20 30 ?; x[4]";
    assert_eq!(said("x", &format!("{forecast} \"three.csv\"\ninfer x[4]")), expected);
    assert_eq!(said("x", &format!("{forecast} \"three.csv\"\ninfer x")), expected);
    assert_eq!(said("x", &format!("{forecast} \"turned.csv\" (time = \"when\")\ninfer x")), expected);
    assert_eq!(said("x", "at t = [9, 3, 2, 1]\ngiven x from \"three.csv\"\ninfer x"), "? 30 20 10; x[1]");
    // Where no column has times, rows stand in the order of the places.
    assert_eq!(said("x", "at t = [4, 5, 6]\ngiven x from \"bare.csv\"\ninfer a"), "10 20 30 -; a");
    // Two thirds and three tenths are rounded in a file, and in a sum of steps.
    assert_eq!(said("x", "at t = [0.1 + 0.2, 2 / 3]\ngiven x from \"rounded.csv\"\ninfer a"), "30 60 - -; a");
}

#[test]
fn rows_of_one_time_fill_equal_places_in_order() {
    let query = |at: &str| said("x", &format!("at t = {at}\ngiven x from \"twice.csv\"\ninfer x"));
    assert_eq!(query("[1, 2, 2, 5]"), "10 20 21 ?; x[4]");
    assert_eq!(query("[2, 2, 2, 1]"), "20 21 ? 10; x[3]");
}

#[test]
fn what_a_file_lacks_may_be_asked() {
    assert_eq!(said("x", "at t = [1, 2, 3]\ngiven x from \"gap.csv\"\ninfer x"), "10 ? 30 -; x[2]");
    assert_eq!(
        said("y", "at t = [1, 2, 3]\ngiven y from \"pairs.csv\"\ninfer y"),
        "11 ? ? ? 31 32 - -; y[1,2] y[2,1] y[2,2]"
    );
    let both = "at t = [1, 2, 3, 9]\ngiven x from \"three.csv\"\ngiven x[4] = 90\ninfer a";
    assert_eq!(said("x", both), "10 20 30 90; a");
    assert_eq!(said("x", "at t = [1, 2]\ngiven x[2] = 5\ninfer x"), "? 5 - -; x[1]");
}

#[test]
fn some_elements_of_a_file_agree_with_their_places() {
    let rows = |at: &str| format!("at t = {at}\ngiven x[1 .. 3] from \"three.csv\"\ninfer x[4]");
    assert_eq!(said("x", &rows("[1, 2, 3, 9]")), "10 20 30 ?; x[4]");
    assert_eq!(said("x", &rows("[3, 1, 2, 9]")), "30 10 20 ?; x[4]");
    let wrong = told(&rows("[1, 2, 9, 3]"));
    assert!(wrong.starts_with("outside-axis: `three.csv`, row 3 (line 4): 3 is place 4 of `t`"), "{wrong}");
    // A row stands at its own instant of a grid, too.
    assert_eq!(said("z", "given z[3 .. 4] from \"late.csv\"\ninfer z[1]"), "? - 20 30; z[1]");
}

#[test]
fn a_row_without_a_place_is_told() {
    let wrong = told("at t = [1, 2, 9]\ngiven x from \"three.csv\"\ninfer x[3]");
    assert_eq!(
        wrong,
        "outside-axis: `three.csv`, row 3 (line 4): 3 is none of the places of `t` | write `at t = [1, 2, 9, 3]`"
    );
    let none = told("at t = [4, 5, 6]\ngiven x from \"three.csv\"\ninfer a");
    assert!(
        none.contains("row 1 (line 2): 1 is none of the places of `t` | remove the line `at t`"),
        "{none}"
    );
    let again = told("at t = [1, 2, 3]\ngiven x from \"twice.csv\"\ninfer a");
    assert!(again.contains("row 3 (line 4): the file has more rows at 2 than `t` has places"), "{again}");
    assert!(again.ends_with("| write `at t = [1, 2, 3, 2]`"), "{again}");
    let beyond = told("at t = [5, 6, 7, 8, 1, 2, 3]\ngiven x from \"three.csv\"\ninfer a");
    assert!(beyond.starts_with("length: `three.csv`, row 1 (line 2): 1 is place 5 of `t`"), "{beyond}");
}

/// Data sets have four readings at most; a query may ask for as many as it places.
#[test]
fn indices_run_to_the_number_of_places() {
    let at = "at t = [1, 2, 3, 4, 5, 6]\n";
    let given = format!("{at}given x[1 .. 3] = [10, 20, 30]\n");
    assert_eq!(said("x", &format!("{given}infer a, x[4 .. 6]")), "10 20 30 ? ? ?; a x[4] x[5] x[6]");
    assert_eq!(said("x", &format!("{given}infer x[6], a")), "10 20 30 - - ?; x[6] a");
    assert_eq!(said("x", &format!("{given}infer x[4], a, x[5]")), "10 20 30 ? ? -; x[4] a x[5]");
    assert_eq!(said("x", &format!("{given}infer x")), "10 20 30 ? ? ?; x[4] x[5] x[6]");
    assert_eq!(
        said("x", "at t = [1, 2, 3, 4, 5, 6]\ngiven x from \"three.csv\"\ninfer x"),
        "10 20 30 ? ? ?; x[4] x[5] x[6]"
    );
    assert_eq!(
        said("y", &format!("{at}infer y[4 .. 5, 2], y[4 .. 5, 1]")),
        "- - - - - - ? ? ? ? - -; y[4,2] y[5,2] y[4,1] y[5,1]"
    );
    let more = told(&format!("{given}infer x[7]"));
    assert!(more.starts_with("index-range: `t` has 6 places in this query, and no element 7"), "{more}");
    let given = told(&format!("{at}given x[5] = 1\ninfer a"));
    assert!(given.starts_with("index-range: up to 4 readings can be given along `t`"), "{given}");
}
