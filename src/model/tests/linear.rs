//! Random models of normals, whose independences can be read off their covariances.

use super::{Random, model};
use crate::{Graph, Model};

/// A random model of normals whose means are linear, with the covariance of its tokens in token order.
pub(super) fn linear_gaussian(random: &mut Random) -> (Model, Vec<Vec<f64>>) {
    let size = 3 + random.below(7);
    let density = 0.2 + 0.4 * random.unit();
    let mut body = String::new();
    let mut weights = vec![vec![0.0; size]; size];
    let mut names: Vec<String> = Vec::new();
    for (node, row) in weights.iter_mut().enumerate() {
        let role = ["param", "data", "latent"][random.below(3)];
        // Names in no order, so that token order and order of writing differ.
        let name = format!("v{}_{node}", random.below(30));
        let mut mean = String::from("0");
        for parent in 0..node {
            if random.happens(density) {
                row[parent] = 0.5 + random.unit();
                mean += &format!(" + {} * {}", row[parent], names[parent]);
            }
        }
        body += &format!("let mean_{node} = {mean}\n{role} {name} ~ normal(mean_{node}, sd = 1)\n");
        names.push(name);
    }
    body += "data last ~ normal(0, 1)";
    let model = model(&body);
    // x = (I - W)^-1 e: rows of the inverse from the top, as W is lower triangular.
    let mut inverse = vec![vec![0.0; size]; size];
    for row in 0..size {
        inverse[row][row] = 1.0;
        for parent in 0..row {
            let above = inverse[parent].clone();
            let through = above.iter().map(|entry| weights[row][parent] * entry);
            inverse[row].iter_mut().zip(through).for_each(|(entry, more)| *entry += more);
        }
    }
    let graph = Graph::of(&model);
    let place = |name: &str| names.iter().position(|known| known == name);
    let covariance = graph.tokens.iter().map(|row| {
        let entry = |column: &crate::Token| match (place(&row.name), place(&column.name)) {
            (Some(r), Some(c)) => (0..size).map(|noise| inverse[r][noise] * inverse[c][noise]).sum(),
            _ => f64::from(u8::from(row.name == column.name)),
        };
        graph.tokens.iter().map(entry).collect()
    });
    let covariance = covariance.collect();
    (model, covariance)
}

/// The precision of some tokens: the inverse of their part of a covariance, by Gauss and Jordan.
pub(super) fn precision(covariance: &[Vec<f64>], tokens: &[usize]) -> Vec<Vec<f64>> {
    let size = tokens.len();
    let unit = |row: usize| (0..size).map(move |column| f64::from(u8::from(row == column)));
    let part = |token: usize| tokens.iter().map(move |other| covariance[token][*other]);
    let mut rows: Vec<Vec<f64>> =
        tokens.iter().enumerate().map(|(row, token)| part(*token).chain(unit(row)).collect()).collect();
    for pivot in 0..size {
        let scale = rows[pivot][pivot];
        rows[pivot].iter_mut().for_each(|entry| *entry /= scale);
        let above = rows[pivot].clone();
        for (_, entries) in rows.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
            let factor = entries[pivot];
            entries.iter_mut().zip(&above).for_each(|(entry, other)| *entry -= factor * other);
        }
    }
    rows.into_iter().map(|row| row[size..].to_vec()).collect()
}
