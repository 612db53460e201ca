//! The base masks published with Simformer, entry by entry, from the example files.

use super::examples::{example, text};
use crate::{Graph, Mask, MaskKind, compile};

/// A mask as text: one line for each row.
fn rows(mask: &Mask) -> Vec<String> {
    let row = |row| (0..mask.size()).map(|column| if mask.get(row, column) { '1' } else { '0' }).collect();
    (0..mask.size()).map(row).collect()
}

/// The graph of an example's model, whose tokens go by these names.
#[track_caller]
fn graph(name: &str, tokens: &str) -> Graph {
    let graph = Graph::of(&example(name).models[0]);
    let names: Vec<&str> = graph.tokens.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names.join(" "), tokens);
    graph
}

/// Names of ten elements, as in `x[1] x[2]`.
fn ten(name: &str) -> String {
    (1..=10).map(|element| format!("{name}[{element}]")).collect::<Vec<_>>().join(" ")
}

/// The moral graph of a whole model.
fn moral(graph: &Graph) -> Vec<String> {
    let none = vec![false; graph.tokens.len()];
    rows(&graph.mask(MaskKind::Undirected, &none, &none))
}

#[test]
fn linear_gaussian() {
    let expected = [
        "10000000000000000000",
        "01000000000000000000",
        "00100000000000000000",
        "00010000000000000000",
        "00001000000000000000",
        "00000100000000000000",
        "00000010000000000000",
        "00000001000000000000",
        "00000000100000000000",
        "00000000010000000000",
        "10000000001000000000",
        "01000000000100000000",
        "00100000000010000000",
        "00010000000001000000",
        "00001000000000100000",
        "00000100000000010000",
        "00000010000000001000",
        "00000001000000000100",
        "00000000100000000010",
        "00000000010000000001",
    ];
    let graph = graph("linear_gaussian", &format!("{} {}", ten("theta"), ten("x")));
    assert_eq!(rows(&graph.base), expected);
}

/// What both data read of angle and radius is eliminated, so that the second depends on the first.
#[test]
fn two_moons() {
    let graph = graph("two_moons", "theta_1 theta_2 x_1 x_2");
    assert_eq!(rows(&graph.base), ["1000", "0100", "1110", "1111"]);
    assert_eq!(moral(&graph), ["1111"; 4]);
}

/// Simformer's mask lets each datum read both parameters; it was made by hand. Of the file it follows that `x[1]` does not
/// depend on `theta[2]`, as only the choice of the bell is shared. The published one is written with `depends`, and
/// moral graphs are complete either way.
#[test]
fn gaussian_mixture() {
    let derived = graph("gaussian_mixture", "theta[1] theta[2] x[1] x[2]");
    assert_eq!(rows(&derived.base), ["1000", "0100", "1010", "1111"]);
    assert_eq!(moral(&derived), ["1111"; 4]);
    let (text, folder) = text("gaussian_mixture");
    let told = text.replacen("    data x[i] ~", "    depends x from theta, x\n    data x[i] ~", 1);
    let published = Graph::of(&compile(&told, &folder).file.unwrap().models[0]);
    assert_eq!(rows(&published.base), ["1000", "0100", "1110", "1111"]);
    assert_eq!(moral(&published), ["1111"; 4]);
}

#[test]
fn slcp() {
    let expected = [
        "1000000000000",
        "0100000000000",
        "0010000000000",
        "0001000000000",
        "0000100000000",
        "1111110000000",
        "1111111000000",
        "1111100100000",
        "1111100110000",
        "1111100001000",
        "1111100001100",
        "1111100000010",
        "1111100000011",
    ];
    let data = "x[1,1] x[1,2] x[2,1] x[2,2] x[3,1] x[3,2] x[4,1] x[4,2]";
    let graph = graph("slcp", &format!("theta[1] theta[2] theta[3] theta[4] theta[5] {data}"));
    assert_eq!(rows(&graph.base), expected);
}

#[test]
fn tree() {
    let expected = ["1000000", "1100000", "1010000", "0101000", "0100100", "0010010", "0010001"];
    let graph = graph("tree", "theta_0 theta_1 theta_2 x_0 x_1 x_2 x_3");
    assert_eq!(rows(&graph.base), expected);
}

#[test]
fn hmm() {
    let expected = [
        "10000000000000000000",
        "11000000000000000000",
        "01100000000000000000",
        "00110000000000000000",
        "00011000000000000000",
        "00001100000000000000",
        "00000110000000000000",
        "00000011000000000000",
        "00000001100000000000",
        "00000000110000000000",
        "10000000001000000000",
        "01000000000100000000",
        "00100000000010000000",
        "00010000000001000000",
        "00001000000000100000",
        "00000100000000010000",
        "00000010000000001000",
        "00000001000000000100",
        "00000000100000000010",
        "00000000010000000001",
    ];
    let graph = graph("hmm", &format!("{} {}", ten("theta"), ten("x")));
    assert_eq!(rows(&graph.base), expected);
}
