//! Base graphs and masks: rules of the semantics one by one, and soundness against covariances.

use super::linear::{linear_gaussian, precision};
use super::{Random, model};
use crate::bits::Bits;
use crate::eliminate::eliminate;
use crate::{Graph, Mask, MaskKind, Model};

/// The base graph as text: each token with its parents, in token order.
fn base(model: &Model) -> Vec<String> {
    let graph = Graph::of(model);
    let names: Vec<&str> = graph.tokens.iter().map(|token| token.name.as_str()).collect();
    let parents = |row: usize| {
        let parents = (0..names.len()).filter(|column| *column != row && graph.base.get(row, *column));
        parents.map(|column| names[column]).collect::<Vec<_>>().join(" ")
    };
    assert!((0..names.len()).all(|row| graph.base.get(row, row)), "every token has its self-loop");
    (0..names.len()).map(|row| format!("{} <- {}", names[row], parents(row)).trim_end().to_owned()).collect()
}

#[test]
fn hidden_markov() {
    let mut body = String::from("param theta_0 ~ normal(0, 0.5)\ndata x_0 ~ normal(theta_0^2, 0.5)\n");
    for step in 1..10 {
        let before = step - 1;
        body += &format!(
            "param theta_{step} ~ normal(theta_{before}, 0.5)\ndata x_{step} ~ normal(theta_{step}^2, 0.5)\n"
        );
    }
    let lines = base(&model(&body));
    for step in 1..10 {
        assert_eq!(lines[step], format!("theta_{step} <- theta_{}", step - 1));
        assert_eq!(lines[10 + step], format!("x_{step} <- theta_{step}"));
    }
}

#[test]
fn names_are_ordered_naturally() {
    let many = model("param x_10 ~ normal(0, 1)\nparam x_2 ~ normal(0, 1)\nparam x_1 ~ normal(x_10, 1)");
    assert_eq!(base(&many), ["x_2 <-", "x_10 <-", "x_1 <- x_10"]);
}

#[test]
fn depends_overrides_what_is_derived() {
    let mixture = "axis i : index(2)
         param theta[i] ~ uniform(-10, 10)
         latent narrow ~ bernoulli(0.5)
         data x[i] ~ normal(theta[i], if narrow then 0.1 else 1)\n";
    let derived = ["theta[1] <-", "theta[2] <-", "x[1] <- theta[1]", "x[2] <- theta[1] theta[2] x[1]"];
    assert_eq!(base(&model(mixture)), derived);
    // The mask published with Simformer, made by hand.
    let published =
        ["theta[1] <-", "theta[2] <-", "x[1] <- theta[1] theta[2]", "x[2] <- theta[1] theta[2] x[1]"];
    assert_eq!(base(&model(&format!("{mixture} depends x from theta, x"))), published);
    let apart = ["theta[1] <-", "theta[2] <-", "x[1] <- theta[1]", "x[2] <- theta[2]"];
    assert_eq!(base(&model(&format!("{mixture} depends x from theta[i]"))), apart);
    // A latent may be named, and is eliminated as ever.
    assert_eq!(
        base(&model(&format!("{mixture} depends x from theta[1], narrow"))).last().unwrap(),
        "x[2] <- theta[1] x[1]"
    );
}

#[test]
fn what_is_computed_is_substituted() {
    let sir = model(
        "param beta ~ uniform(0, 1)
         param gamma ~ uniform(0, 1)
         param r0 = beta / gamma
         let double = 2 * r0
         data x ~ normal(double, 1)
         data y = x + 1
         data z ~ normal(y, 1)",
    );
    // A computed parameter is no token; a computed datum is one, and couples nothing by itself.
    assert_eq!(base(&sir), ["beta <-", "gamma <-", "x <- beta gamma", "y <- x", "z <- y"]);
}

#[test]
fn latents_without_a_token_below_are_dropped() {
    let idle = model(
        "param theta ~ normal(0, 1)
         latent a ~ normal(theta, 1)
         latent b ~ normal(a, 1)
         data x ~ normal(theta, 1)
         data y ~ normal(theta, 1)",
    );
    assert_eq!(base(&idle), ["theta <-", "x <- theta", "y <- theta"]);
}

#[test]
fn children_of_a_latent_are_joined_in_order() {
    let shared = model(
        "param theta ~ normal(0, 1)
         param phi ~ normal(0, 1)
         latent blur ~ normal(theta, 1)
         data x_10 ~ normal(blur, 1)
         data x_2 ~ normal(blur + phi, 1)
         data x_1 ~ normal(blur, 1)",
    );
    let expected =
        ["phi <-", "theta <-", "x_1 <- theta", "x_2 <- phi theta x_1", "x_10 <- phi theta x_1 x_2"];
    assert_eq!(base(&shared), expected);
    // Elements along a shared axis are not joined, though the statements look alike.
    let own = model(
        "axis i : index(2)
         param theta ~ normal(0, 1)
         latent blur[i] ~ normal(theta, 1)
         data x[i] ~ normal(blur[i], 1)
         data y[i] ~ normal(blur[i], 1)",
    );
    let expected = ["theta <-", "x[1] <- theta", "x[2] <- theta", "y[1] <- theta x[1]", "y[2] <- theta x[2]"];
    assert_eq!(base(&own), expected);
}

#[test]
fn a_node_that_equals_an_element_is_that_element() {
    let copies = model(
        "axis k : index(2)
         param mu ~ normal(0, 1)
         latent z[k] ~ normal(mu, 1)
         data first = z[1]
         data second ~ normal(z[1], 1)
         data again = z[1]
         data other ~ normal(z[2], 1)",
    );
    // `again` comes first by name, and so it is the element; `first` is computed from it.
    let expected = ["mu <-", "again <- mu", "first <- again", "second <- again", "other <- mu"];
    assert_eq!(base(&copies), expected);
    let parameter = model("latent z ~ uniform(0, 2)\nparam a = z\ndata x ~ normal(z, 1)");
    assert_eq!(base(&parameter), ["a <-", "x <- a"]);
    assert_eq!(Graph::of(&parameter).tokens[0].support.high, 2.0);
}

#[test]
fn vectors_are_groups_of_siblings() {
    let vector = model(
        "axis k : index(3)
         param mu ~ normal(0, 1)
         latent z[k] ~ multivariate_normal(mean = [mu, 0, 0], cov = [[2, 1, 1], [1, 2, 1], [1, 1, 2]])
         data b = z[1]
         data a ~ normal(z[2], 1)",
    );
    assert_eq!(base(&vector), ["mu <-", "b <- mu", "a <- mu b"]);
}

#[test]
fn conditions_known_beforehand_read_one_side() {
    let chain = model(
        "axis i : index(3)
         param theta[i] ~ normal(0, 1)
         data x[i] ~ normal(if i == 1 then theta[1] else theta[2], 1)
         data y[i] ~ normal(theta[i], 1)",
    );
    assert_eq!(base(&chain)[3..6], ["x[1] <- theta[1]", "x[2] <- theta[2]", "x[3] <- theta[2]"]);
}

#[test]
fn reductions_read_every_element() {
    let mean = model(
        "axis i : index(3)
         axis j : index(2)
         param theta[i] ~ normal(0, 1)
         data x[j] ~ normal(j * mean over i (theta[i]), 1)",
    );
    assert_eq!(
        base(&mean)[3..],
        ["x[1] <- theta[1] theta[2] theta[3]", "x[2] <- theta[1] theta[2] theta[3]"]
    );
}

#[test]
fn supports_come_from_constant_arguments() {
    let bounds = model(
        "axis i : index(2)
         const top[i] = [3, 4]
         param a[i] ~ uniform(-i, top[i])
         param b ~ uniform(a[1], 5)
         data c ~ bernoulli(0.5)
         data d ~ normal(b, 1)",
    );
    let found: Vec<(f64, f64, bool)> = Graph::of(&bounds)
        .tokens
        .iter()
        .map(|token| (token.support.low, token.support.high, token.support.whole))
        .collect();
    let infinite = f64::INFINITY;
    let expected = [
        (-1.0, 3.0, false),
        (-2.0, 4.0, false),
        (-infinite, 5.0, false),
        (0.0, 1.0, true),
        (-infinite, infinite, false),
    ];
    assert_eq!(found, expected);
}

/// A random directed graph as sets of parents, numbered topologically.
pub(super) fn random_parents(random: &mut Random, size: usize) -> Vec<Bits> {
    let density = random.unit() * 0.6;
    (0..size).map(|child| Bits::filter(size, |parent| parent < child && random.happens(density))).collect()
}

/// The moral graph of the vertices that are kept.
fn moral(parents: &[Bits], kept: &Bits) -> Mask {
    let mut mask = Mask::empty(parents.len());
    for child in kept.iter() {
        let family: Vec<usize> = parents[child].iter().chain([child]).collect();
        family.iter().for_each(|a| family.iter().for_each(|b| mask.set(*a, *b)));
    }
    mask
}

/// A graph of tokens without anything behind them.
pub(super) fn graph_of(parents: &[Bits]) -> Graph {
    let mut base = Mask::empty(parents.len());
    for (row, family) in parents.iter().enumerate() {
        base.set(row, row);
        family.iter().for_each(|column| base.set(row, column));
    }
    let token = |element: usize| crate::Token {
        name: format!("x[{}]", element + 1),
        node: crate::NodeId(0),
        role: crate::Role::Data,
        element,
        support: crate::Support::REAL,
    };
    Graph { tokens: (0..parents.len()).map(token).collect(), base, order: (0..parents.len()).collect() }
}

#[test]
fn the_order_of_elimination_changes_no_moral_graph() {
    let mut random = Random(1);
    for _ in 0..300 {
        let size = 2 + random.below(10);
        let parents = random_parents(&mut random, size);
        let gone = Bits::filter(size, |_| random.happens(0.4));
        let kept = Bits::filter(size, |vertex| !gone.contains(vertex));
        // What has nothing kept below it is dropped before anything else, whatever the order.
        let mut start = parents.clone();
        let barren: Vec<usize> = gone.iter().collect();
        for vertex in barren.into_iter().rev() {
            if start.iter().all(|family| !family.contains(vertex)) {
                start[vertex].clear();
            }
        }
        let mut at_once = parents.clone();
        eliminate(&mut at_once, &gone);
        let mut one_by_one = start;
        let mut order: Vec<usize> = gone.iter().collect();
        (1..order.len()).for_each(|place| order.swap(place, random.below(place + 1)));
        for vertex in order {
            eliminate(&mut one_by_one, &Bits::filter(size, |other| other == vertex));
        }
        assert_eq!(moral(&one_by_one, &kept), moral(&at_once, &kept));
    }
}

#[test]
fn a_mask_is_the_moral_graph_of_what_is_left() {
    let mut random = Random(2);
    for _ in 0..300 {
        let size = 1 + random.below(12);
        let graph = graph_of(&random_parents(&mut random, size));
        let absent: Vec<bool> = (0..size).map(|_| random.happens(0.3)).collect();
        let left = graph.without(&absent);
        let present = Bits::filter(size, |token| !absent[token]);
        // What is given makes no difference to either.
        let given: Vec<bool> = absent.iter().map(|absent| !absent && random.happens(0.3)).collect();
        assert_eq!(graph.mask(MaskKind::Undirected, &given, &absent), moral(left.rows(), &present));
        let dense = graph.mask(MaskKind::Dense, &given, &absent);
        for (row, column) in (0..size).flat_map(|row| (0..size).map(move |column| (row, column))) {
            assert_eq!(dense.get(row, column), !absent[row] && !absent[column]);
        }
    }
}

#[test]
fn absent_tokens_join_what_they_stood_between() {
    let chain = model(
        "param a ~ normal(0, 1)\nparam b ~ normal(a, 1)\nparam c ~ normal(b, 1)\ndata d ~ normal(c, 1)",
    );
    let graph = Graph::of(&chain);
    let rows = |mask: &Mask| -> Vec<String> {
        let row = |row| (0..4).map(|column| if mask.get(row, column) { '1' } else { '.' }).collect();
        (0..4).map(row).collect()
    };
    assert_eq!(
        rows(&graph.mask(MaskKind::Undirected, &[false; 4], &[false; 4])),
        ["11..", "111.", ".111", "..11"]
    );
    let without_b = [false, true, false, false];
    assert_eq!(
        rows(&graph.mask(MaskKind::Undirected, &[false; 4], &without_b)),
        ["1.1.", "....", "1.11", "..11"]
    );
    assert_eq!(rows(&graph.without(&without_b)), ["1...", "....", "1.1.", "..11"]);
    let without_d = [false, false, false, true];
    assert_eq!(
        rows(&graph.mask(MaskKind::Undirected, &[false; 4], &without_d)),
        ["11..", "111.", ".11.", "...."]
    );
}

#[test]
fn no_mask_forbids_a_dependence_that_the_covariance_has() {
    let mut random = Random(3);
    let mut forbidden = 0;
    for _ in 0..200 {
        let (model, covariance) = linear_gaussian(&mut random);
        let graph = Graph::of(&model);
        let size = graph.tokens.len();
        let absent: Vec<bool> = (0..size).map(|_| random.happens(0.25)).collect();
        let present: Vec<usize> = (0..size).filter(|token| !absent[*token]).collect();
        // Two of several normals are independent given the rest where the precision is zero.
        let precision = precision(&covariance, &present);
        let mask = graph.mask(MaskKind::Undirected, &vec![false; size], &absent);
        for (r, row) in present.iter().enumerate() {
            for (c, column) in present.iter().enumerate() {
                let dependent = precision[r][c].abs() > 1e-9;
                assert!(
                    !dependent || mask.get(*row, *column),
                    "{} and {}",
                    graph.tokens[*row].name,
                    graph.tokens[*column].name
                );
                forbidden += usize::from(!mask.get(*row, *column));
            }
        }
    }
    assert!(forbidden > 1000, "masks that forbid nothing prove nothing");
}

#[test]
fn a_token_needs_no_more_of_those_before_it_than_its_parents() {
    let mut random = Random(4);
    for _ in 0..200 {
        let (model, covariance) = linear_gaussian(&mut random);
        let graph = Graph::of(&model);
        for token in 1..graph.tokens.len() {
            // The regression of a token on all before it is in the last row of their common precision.
            let precision = precision(&covariance, &(0..=token).collect::<Vec<_>>());
            for (before, entry) in precision[token][..token].iter().enumerate() {
                assert!(entry.abs() < 1e-9 || graph.base.get(token, before), "{model:?}");
            }
        }
    }
}

#[test]
fn a_thousand_tokens_are_no_burden() {
    let wide = model(
        "axis i : index(500)
         param theta[i] ~ normal(0, 1)
         latent shared ~ normal(0, 1)
         data x[i] ~ normal(theta[i] + shared, 1)",
    );
    let start = std::time::Instant::now();
    let graph = Graph::of(&wide);
    let none = vec![false; 1000];
    let mask = graph.mask(MaskKind::Undirected, &none, &none);
    assert!(mask.get(0, 999) && graph.base.get(999, 998) && !graph.base.get(500, 1));
    // Ten times what it takes without optimisation on a slow machine.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
