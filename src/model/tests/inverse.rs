//! Directed and faithful masks: published ones, and faithful and minimal ones against d-separation and covariances.

use super::examples::example;
use super::graph::{graph_of, random_parents};
use super::linear::{linear_gaussian, precision};
use super::{Random, model};
use crate::bits::Bits;
use crate::inverse::inverse;
use crate::moral::{ancestors, moral};
use crate::{Graph, Mask, MaskKind, Role};

/// The tokens of a graph of which something holds.
fn of(graph: &Graph, holds: impl Fn(&crate::Token) -> bool) -> Vec<bool> {
    graph.tokens.iter().map(holds).collect()
}

/// What tokens attend to in a mask, as `1: 0 1 3`, for those that are not given.
fn rows(mask: &Mask, given: &[bool]) -> Vec<String> {
    let inferred = (0..mask.size()).filter(|token| !given[*token]);
    let columns = |row: usize| {
        let columns = (0..mask.size()).filter(|column| mask.get(row, *column));
        columns.map(|column| column.to_string()).collect::<Vec<_>>().join(" ")
    };
    inferred.map(|row| format!("{row}: {}", columns(row))).collect()
}

/// The inverse of a graph of which nothing is absent: each token with its row, in the order of elimination.
fn eliminated(graph: &Graph, given: &[bool]) -> Vec<(usize, Bits)> {
    let size = graph.tokens.len();
    let known = Bits::filter(size, |token| given[token]);
    inverse(graph.base.rows(), &known, &Bits::filter(size, |token| !given[token]))
}

fn order(graph: &Graph, given: &[bool]) -> Vec<usize> {
    eliminated(graph, given).into_iter().map(|(token, _)| token).collect()
}

fn directed(graph: &Graph, given: &[bool]) -> Mask {
    graph.mask(MaskKind::Directed, given, &vec![false; given.len()])
}

fn faithful(graph: &Graph, given: &[bool]) -> Mask {
    graph.mask(MaskKind::Faithful, given, &vec![false; given.len()])
}

/// Checks the posterior of an example: the order from last to first, and the rows.
#[track_caller]
fn check_posterior(name: &str, expected: &[String]) {
    let graph = Graph::of(&example(name).models[0]);
    let given = of(&graph, |token| token.role == Role::Data);
    let params = given.iter().filter(|given| !**given).count();
    assert_eq!(order(&graph, &given), (0..params).rev().collect::<Vec<_>>(), "{name}");
    let mask = directed(&graph, &given);
    assert_eq!(rows(&mask, &given), expected, "{name}");
    for row in params..given.len() {
        (0..given.len())
            .for_each(|column| assert_eq!(mask.get(row, column), graph.base.get(row, column), "{name}"));
    }
}

#[test]
fn posteriors_are_the_published_ones() {
    check_posterior("tree", &["0: 0 3 4 5 6", "1: 0 1 3 4", "2: 0 2 5 6"].map(String::from));
    check_posterior("two_moons", &["0: 0 2 3", "1: 0 1 2 3"].map(String::from));
    check_posterior("gaussian_mixture", &["0: 0 2 3", "1: 0 1 2 3"].map(String::from));
    let numbers =
        |range: std::ops::Range<usize>| range.map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let pairs: Vec<String> = (0..10).map(|own| format!("{own}: {own} {}", own + 10)).collect();
    check_posterior("linear_gaussian", &pairs);
    let chain: Vec<String> = (0..10_usize)
        .map(|own| format!("{own}: {} {}", numbers(own.saturating_sub(1)..own + 1), numbers(own + 10..20)))
        .collect();
    check_posterior("hmm", &chain);
    let all: Vec<String> =
        (0..5).map(|own| format!("{own}: {} {}", numbers(0..own + 1), numbers(5..13))).collect();
    check_posterior("slcp", &all);
}

#[test]
fn likelihoods_are_the_base_graph_from_last_to_first() {
    for name in ["tree", "hmm", "two_moons", "gaussian_mixture", "linear_gaussian", "slcp"] {
        let graph = Graph::of(&example(name).models[0]);
        let given = of(&graph, |token| token.role == Role::Param);
        let data = given.iter().filter(|given| !**given).count();
        let last = given.len();
        assert_eq!(order(&graph, &given), (last - data..last).rev().collect::<Vec<_>>(), "{name}");
        assert_eq!(directed(&graph, &given), graph.base, "{name}");
        assert_eq!(faithful(&graph, &given), graph.base, "{name}");
    }
}

#[test]
fn with_nothing_given_masks_are_the_base_graph() {
    let mut random = Random(11);
    for _ in 0..50 {
        let size = 1 + random.below(10);
        let graph = graph_of(&random_parents(&mut random, size));
        let none = vec![false; size];
        assert_eq!(directed(&graph, &none), graph.base);
        assert_eq!(faithful(&graph, &none), graph.base);
    }
}

#[test]
fn what_is_inferred_and_known_by_nothing_joins_nothing() {
    // `c` says nothing of `a` and `b`, as it is not given, nor is anything below it.
    let sum = model(
        "param a ~ normal(0, 1)
         param b ~ normal(0, 1)
         data c ~ normal(a + b, 1)
         data seen_a ~ normal(a, 1)
         data seen_b ~ normal(b, 1)",
    );
    let graph = Graph::of(&sum);
    let given = of(&graph, |token| token.name.starts_with("seen"));
    assert_eq!(rows(&directed(&graph, &given), &given), ["0: 0 3", "1: 1 4", "2: 0 1 2"]);
    let given = of(&graph, |token| token.name == "c");
    assert_eq!(rows(&directed(&graph, &given), &given), ["0: 0 2", "1: 0 1 2", "3: 0 3", "4: 1 4"]);
}

#[test]
fn a_token_waits_for_all_of_its_children() {
    // `root` has few neighbours, and could go after `b` alone if one child were enough.
    let tree = model(
        "axis i : index(5)
         param root ~ normal(0, 1)
         param a ~ normal(root, 1)
         param b ~ normal(root, 1)
         data x[i] ~ normal(a, 1)
         data y ~ normal(b, 1)",
    );
    let graph = Graph::of(&tree);
    let given = of(&graph, |token| token.role == Role::Data);
    assert_eq!(order(&graph, &given), [2, 1, 0]);
    assert_eq!(rows(&directed(&graph, &given), &given), ["0: 0 3 4 5 6 7 8", "1: 0 1 3 4 5 6 7", "2: 0 2 8"]);
}

#[test]
fn missing_edges_count_and_not_neighbours() {
    // `b` has two data that hang apart, `a` four that each read those before: no edge is missing around `a`.
    let pair = model(
        "param a ~ normal(0, 1)
         param b ~ normal(0, 1)
         data x_1 ~ normal(a, 1)
         data x_2 ~ normal(a + x_1, 1)
         data x_3 ~ normal(a + x_1 + x_2, 1)
         data y_1 ~ normal(b, 1)
         data y_2 ~ normal(b, 1)",
    );
    let graph = Graph::of(&pair);
    let given = of(&graph, |token| token.role == Role::Data);
    assert_eq!(order(&graph, &given), [0, 1]);
}

#[test]
fn absent_tokens_go_first() {
    let chain = model(
        "param a ~ normal(0, 1)\nparam b ~ normal(a, 1)\nparam c ~ normal(b, 1)\ndata d ~ normal(c, 1)",
    );
    let graph = Graph::of(&chain);
    let (given, absent) = ([false, false, false, true], [false, true, false, false]);
    for kind in [MaskKind::Directed, MaskKind::Faithful] {
        let mask = graph.mask(kind, &given, &absent);
        // `c` reads `a`, now that nothing stands between, and `d` keeps its row.
        let expected = match kind {
            MaskKind::Directed => ["0: 0 3", "1: ", "2: 0 2 3", "3: 2 3"],
            _ => ["0: 0 2 3", "1: ", "2: 0 2 3", "3: 2 3"],
        };
        assert_eq!(rows(&mask, &[false; 4]), expected);
    }
}

#[test]
fn ancestors_of_what_is_given_attend_to_it_and_to_each_other() {
    let graph = Graph::of(&example("tree").models[0]);
    let given = of(&graph, |token| token.role == Role::Data);
    let mask = faithful(&graph, &given);
    assert_eq!(rows(&mask, &given), ["0: 0 1 2 3 4 5 6", "1: 0 1 3 4", "2: 0 2 5 6"]);
    (3..7).for_each(|row| {
        (0..7).for_each(|column| assert_eq!(mask.get(row, column), graph.base.get(row, column)))
    });
    // One branch: what hangs on the other is left as it is.
    let given = of(&graph, |token| token.name == "x_0");
    let expected = ["0: 0 1 3", "1: 0 1 3", "2: 0 2", "4: 1 4", "5: 2 5", "6: 2 6"];
    assert_eq!(rows(&faithful(&graph, &given), &given), expected);
    // Ancestors are counted beyond given ones.
    let given = of(&graph, |token| ["theta_1", "x_0"].contains(&token.name.as_str()));
    let expected = ["0: 0 1 3", "2: 0 2", "4: 1 4", "5: 2 5", "6: 2 6"];
    assert_eq!(rows(&faithful(&graph, &given), &given), expected);
}

/// A directed graph, where independence is decided by its definition, path by path.
struct Paths<'a> {
    parents: &'a [Bits],
}

impl Paths<'_> {
    /// A vertex and all its descendants.
    fn below(&self, top: usize) -> Bits {
        let mut found = Bits::filter(self.parents.len(), |vertex| vertex == top);
        for child in top + 1..self.parents.len() {
            if self.parents[child].iter().any(|parent| found.contains(parent)) {
                found.insert(child);
            }
        }
        found
    }

    /// Whether two vertices are d-connected, given others.
    fn connected(&self, (start, end): (usize, usize), known: &Bits) -> bool {
        self.goes_on(&mut vec![start], end, known)
    }

    /// Whether a path that is open up to its last vertex goes on to `end`.
    fn goes_on(&self, path: &mut Vec<usize>, end: usize, known: &Bits) -> bool {
        let last = path[path.len() - 1];
        if last == end {
            return true;
        }
        let before = path.len().checked_sub(2).map(|place| path[place]);
        (0..self.parents.len()).any(|next| {
            let comes_in = self.parents[last].contains(next);
            if path.contains(&next) || !(comes_in || self.parents[next].contains(last)) {
                return false;
            }
            let collider = comes_in && before.is_some_and(|before| self.parents[last].contains(before));
            let passes = match collider {
                true => self.below(last).iter().any(|low| known.contains(low)),
                false => before.is_none() || !known.contains(last),
            };
            path.push(next);
            let found = passes && self.goes_on(path, end, known);
            path.pop();
            found
        })
    }

    /// Whether two vertices depend on each other, given all others of a set.
    fn joined(&self, one: usize, other: usize, among: &Bits) -> bool {
        one != other && self.connected((one, other), &but(among, &[one, other]))
    }

    /// The members of a set without which a vertex depends on others of them.
    fn near(&self, vertex: usize, among: &Bits) -> Bits {
        Bits::filter(self.parents.len(), |other| among.contains(other) && self.joined(vertex, other, among))
    }

    /// How many pairs around a vertex do not depend on each other, each counted from both sides.
    fn missing(&self, vertex: usize, among: &Bits) -> usize {
        let near: Vec<usize> = self.near(vertex, among).iter().collect();
        let lacks = |one: usize| {
            near.iter().filter(|other| one != **other && !self.joined(one, **other, among)).count()
        };
        near.iter().map(|one| lacks(*one)).sum()
    }

    /// The vertex to go next of those left that are not given.
    fn next(&self, left: &Bits, given: &Bits) -> usize {
        let open: Vec<usize> = left.iter().filter(|vertex| !given.contains(*vertex)).collect();
        let barren = |vertex: &&usize| self.below(**vertex).iter().all(|low| !given.contains(low));
        if let Some(vertex) = open.iter().rev().find(barren) {
            return *vertex;
        }
        let ready = |vertex: &&usize| open.iter().all(|child| !self.parents[*child].contains(**vertex));
        let ready = open.iter().filter(ready).copied();
        ready.min_by_key(|vertex| (self.missing(*vertex, left), std::cmp::Reverse(*vertex))).unwrap()
    }
}

/// A set without some members.
fn but(set: &Bits, gone: &[usize]) -> Bits {
    let mut left = set.clone();
    gone.iter().for_each(|vertex| left.remove(*vertex));
    left
}

#[test]
fn inverses_are_minimal_and_faithful() {
    let mut random = Random(12);
    let (mut turned, mut free) = (0, 0);
    for _ in 0..1000 {
        let size = 2 + random.below(5);
        let parents = random_parents(&mut random, size);
        let (graph, paths) = (graph_of(&parents), Paths { parents: &parents });
        let given: Vec<bool> = (0..size).map(|_| random.happens(0.4)).collect();
        let known = Bits::filter(size, |token| given[token]);
        let mask = directed(&graph, &given);
        let mut left = Bits::filter(size, |_| true);
        for (token, row) in eliminated(&graph, &given) {
            assert_eq!(token, paths.next(&left, &known), "{parents:?} given {given:?}");
            let found = but(&row, &[token]);
            assert!(
                row.contains(token)
                    && (0..size).all(|column| mask.get(token, column) == row.contains(column))
            );
            for other in left.iter().filter(|other| *other != token) {
                // Nothing else tells more, and without any one of them the row would tell of an independence
                // that the graph does not have.
                let needed = paths.connected((token, other), &but(&found, &[other]));
                assert_eq!(needed, found.contains(other), "{token}, {other} of {parents:?} given {given:?}");
                turned += usize::from(needed && other > token);
                free += usize::from(!needed);
            }
            left.remove(token);
        }
        assert_eq!(left, known);
        for row in known.iter() {
            assert!((0..size).all(|column| mask.get(row, column) == graph.base.get(row, column)));
        }
    }
    assert!(turned > 500 && free > 500, "{turned} edges turned round and {free} left out prove nothing");
}

/// As above on graphs that are too large for paths: what is counted from step to step is what counting anew finds.
#[test]
fn counts_of_missing_edges_keep_up() {
    let mut random = Random(15);
    for _ in 0..200 {
        let size = 8 + random.below(20);
        let parents = random_parents(&mut random, size);
        let graph = graph_of(&parents);
        let given: Vec<bool> = (0..size).map(|_| random.happens(0.4)).collect();
        let base = graph.base.rows();
        let informed = ancestors(base, &Bits::filter(size, |token| given[token]));
        let mut near = moral(base, &informed);
        let order = eliminated(&graph, &given).into_iter().filter(|(token, _)| informed.contains(*token));
        let mut open: Vec<usize> = informed.iter().filter(|token| !given[*token]).collect();
        for (token, row) in order {
            let ready =
                open.iter().filter(|token| open.iter().all(|child| !parents[*child].contains(**token)));
            let missing = |token: usize| {
                near[token].iter().map(|other| near[token].beyond(&near[other])).sum::<usize>()
            };
            let next = ready.copied().min_by_key(|token| (missing(*token), std::cmp::Reverse(*token)));
            assert_eq!((Some(token), &row), (next, &near[token]), "{parents:?} given {given:?}");
            for other in row.iter() {
                near[other].union(&row);
                near[other].remove(token);
            }
            open.retain(|other| *other != token);
        }
        assert_eq!(open, []);
    }
}

#[test]
fn no_inverse_forbids_a_dependence_that_the_covariance_has() {
    let mut random = Random(13);
    let mut forbidden = 0;
    for _ in 0..300 {
        let (model, covariance) = linear_gaussian(&mut random);
        let graph = Graph::of(&model);
        let size = graph.tokens.len();
        let absent: Vec<bool> = (0..size).map(|_| random.happens(0.15)).collect();
        let given: Vec<bool> = absent.iter().map(|absent| !absent && random.happens(0.4)).collect();
        let mask = graph.mask(MaskKind::Directed, &given, &absent);
        let known = Bits::filter(size, |token| given[token]);
        let inferred = Bits::filter(size, |token| !given[token] && !absent[token]);
        let mut left: Vec<usize> = (0..size).filter(|token| !absent[*token]).collect();
        for (token, _) in inverse(graph.without(&absent).rows(), &known, &inferred) {
            // The regression of a token on all that are left is in its row of their common precision.
            let precision = precision(&covariance, &left);
            let row = left.iter().position(|other| *other == token).unwrap();
            for (other, entry) in left.iter().zip(&precision[row]) {
                assert!(entry.abs() < 1e-9 || mask.get(token, *other), "{token}, {other} of {model:?}");
                forbidden += usize::from(!mask.get(token, *other));
            }
            left.remove(row);
        }
        assert_eq!(left, known.iter().collect::<Vec<_>>());
    }
    assert!(forbidden > 1000, "masks that forbid nothing prove nothing");
}

#[test]
fn faithful_masks_reach_all_that_the_covariance_needs() {
    let mut random = Random(14);
    let (mut direct, mut relayed) = (0, 0);
    for _ in 0..800 {
        let (model, covariance) = linear_gaussian(&mut random);
        let graph = Graph::of(&model);
        let size = graph.tokens.len();
        let given: Vec<bool> = (0..size).map(|_| random.happens(0.3)).collect();
        let mask = faithful(&graph, &given);
        let known = Bits::filter(size, |token| given[token]);
        let informed: Vec<usize> = ancestors(graph.base.rows(), &known).iter().collect();
        let precision = precision(&covariance, &informed);
        for (r, row) in informed.iter().enumerate().filter(|(_, row)| !given[**row]) {
            let needed = informed.iter().zip(&precision[r]).filter(|(_, entry)| entry.abs() > 1e-9);
            for (column, _) in needed {
                if mask.get(*row, *column) {
                    direct += 1;
                    continue;
                }
                // Of a given token that shares a child with it, a token hears by way of the child.
                let by_way = |child: usize| mask.get(*row, child) && graph.base.get(child, *column);
                assert!(given[*column] && (0..size).any(by_way), "{row}, {column} of {model:?}");
                relayed += 1;
            }
        }
    }
    assert!(direct > 1000 && relayed > 50, "{direct} direct and {relayed} relayed dependences prove nothing");
}

#[test]
fn a_thousand_tokens_are_no_burden() {
    let half = |reads: fn(usize, usize) -> bool| {
        let parents = |child: usize| Bits::filter(1000, move |parent| parent < child && reads(child, parent));
        graph_of(&(0..1000).map(parents).collect::<Vec<_>>())
    };
    let given: Vec<bool> = (0..1000).map(|token| token >= 500).collect();
    let graphs = [
        // A hidden chain with a reading of each state.
        half(|child, parent| if child < 500 { parent + 1 == child } else { parent + 500 == child }),
        // Readings of all parameters, independent of each other until these have gone.
        half(|child, parent| child >= 500 && parent < 500),
        // Everything reads everything before it.
        half(|_, _| true),
        // A few parents each, here and there.
        half(|child, parent| (child * 7919 + parent * 104_729) % 331 == 0),
    ];
    let start = std::time::Instant::now();
    let masks: Vec<[Mask; 2]> =
        graphs.iter().map(|graph| [directed(graph, &given), faithful(graph, &given)]).collect();
    // Ten times what it takes without optimisation on a slow machine.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    let [chain, wide, full, _] = [0, 1, 2, 3].map(|place| &masks[place][0]);
    assert!(chain.get(0, 999) && chain.get(499, 498) && !chain.get(499, 0) && !chain.get(499, 998));
    for mask in [wide, full] {
        assert!(mask.get(0, 999) && mask.get(499, 0) && !mask.get(0, 499));
    }
    assert!(!wide.get(999, 998) && full.get(999, 998));
    assert!(masks[0][1].get(0, 499) && masks[0][1].get(0, 999) && !masks[0][1].get(499, 998));
}
