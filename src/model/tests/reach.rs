//! How far what tokens hold gets through a mask: by hand, and against powers of random masks.

use super::{Random, model};
use crate::{Graph, Mask, MaskKind, Reach};

/// The moral mask of a model without some of its tokens, with who is left.
fn mask(body: &str, absent: &[&str]) -> (Mask, Vec<bool>) {
    let graph = Graph::of(&model(body));
    let absent: Vec<bool> = graph.tokens.iter().map(|token| absent.contains(&&*token.name)).collect();
    let present = absent.iter().map(|absent| !absent).collect();
    (graph.mask(MaskKind::Undirected, &vec![false; absent.len()], &absent), present)
}

fn walk(steps: usize) -> String {
    let step = |step: usize| format!("param theta_{step} ~ normal(theta_{}, 1)\n", step - 1);
    format!("param theta_0 ~ normal(0, 1)\n{}", (1..steps).map(step).collect::<String>())
}

#[test]
fn a_chain_of_ten_takes_nine_layers() {
    let (mask, present) = mask(&walk(10), &[]);
    assert_eq!(mask.reach(&present), Reach { parts: vec![(0..10).collect()], layers: Ok(9) });
    assert_eq!(mask.kept(&present), 0.28);
}

#[test]
fn what_is_left_out_is_no_step_of_the_way() {
    let (mask, present) = mask(&walk(10), &["theta_4", "theta_9"]);
    let part = (0..9).filter(|token| *token != 4).collect();
    assert_eq!(mask.reach(&present), Reach { parts: vec![part], layers: Ok(7) });
    assert_eq!(mask.kept(&present), 22.0 / 64.0);
}

#[test]
fn pairs_are_parts_of_two() {
    let (mask, present) = mask(
        "axis i : index(10)
         param theta[i] ~ normal(mean = 0, var = 0.1)
         data x[i] ~ normal(mean = theta[i], var = 0.1)",
        &[],
    );
    let Reach { parts, layers } = mask.reach(&present);
    assert_eq!(parts, (0..10).map(|i| vec![i, i + 10]).collect::<Vec<_>>());
    assert_eq!(layers, Ok(1));
    assert_eq!(mask.kept(&present), 0.1);
}

#[test]
fn the_ends_of_a_hidden_chain_are_eleven_layers_apart() {
    let seen: String = (0..10).map(|step| format!("data x_{step} ~ normal(theta_{step}^2, 1)\n")).collect();
    let (mask, present) = mask(&(walk(10) + &seen), &[]);
    assert_eq!(mask.reach(&present).layers, Ok(11));
    assert_eq!(mask.kept(&present), 58.0 / 400.0);
}

#[test]
fn tokens_alone_need_no_layer() {
    let (mask, present) = mask("param a ~ normal(0, 1)\nparam b ~ normal(0, 1)", &[]);
    assert_eq!(mask.reach(&present), Reach { parts: vec![vec![0], vec![1]], layers: Ok(0) });
    let none = Mask::empty(2);
    assert_eq!(none.reach(&[false, false]), Reach { parts: Vec::new(), layers: Ok(0) });
    assert_eq!(none.kept(&[false, false]), 1.0);
}

/// Who sees whom after so many layers: the mask to that power.
fn seen(mask: &Mask, layers: usize) -> Vec<Vec<bool>> {
    let size = mask.size();
    let mut seen: Vec<Vec<bool>> =
        (0..size).map(|row| (0..size).map(|column| row == column).collect()).collect();
    for _ in 0..layers {
        let step = |row: usize, column: usize| (0..size).any(|via| mask.get(row, via) && seen[via][column]);
        seen = (0..size).map(|row| (0..size).map(|column| step(row, column)).collect()).collect();
    }
    seen
}

#[test]
fn layers_are_the_least_power_that_is_full_within_each_part() {
    let mut random = Random(21);
    let mut never = 0;
    for round in 0..300 {
        let size = 2 + round % 8;
        let mut mask = Mask::empty(size);
        for row in 0..size {
            mask.set(row, row);
            (0..size).filter(|_| random.happens(1.5 / size as f64)).for_each(|column| mask.set(row, column));
        }
        let Reach { parts, layers } = mask.reach(&vec![true; size]);
        let mut all: Vec<usize> = parts.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..size).collect::<Vec<_>>());
        let part = |token: usize| parts.iter().position(|part| part.contains(&token)).unwrap();
        let pairs = || (0..size).flat_map(|a| (0..size).map(move |b| (a, b)));
        assert!(pairs().all(|(a, b)| part(a) == part(b) || !mask.get(a, b)), "parts are apart");
        let full = |layers: usize| {
            let seen = seen(&mask, layers);
            pairs().all(|(a, b)| part(a) != part(b) || seen[a][b])
        };
        match layers {
            Ok(0) => assert!(full(0)),
            Ok(layers) => assert!(full(layers) && !full(layers - 1)),
            Err((token, unseen)) => {
                assert_eq!(part(token), part(unseen));
                assert!(!seen(&mask, size)[token][unseen]);
                never += 1;
            }
        }
    }
    assert!((30..270).contains(&never), "{never} of 300");
}
