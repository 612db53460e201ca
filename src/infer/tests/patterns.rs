//! Condition masks: families in their shares, absent tokens with the masks of the graph without them.

use super::pairs_of;
use crate::pattern::{Mixture, Patterns, Role};
use sbi_model::{MaskKind, Support};
use sbi_sim::rng::Stream;

#[test]
fn families_come_in_their_shares() {
    let subject = pairs_of(3, Support::REAL);
    let stream = Stream::new(1, "patterns");
    let mixture = Mixture::with_posterior(0.6, 0.0);
    let patterns = Patterns::new(&subject, MaskKind::Undirected, &mixture, &stream);
    let mut roles = [Role::Hidden; 6];
    let draws = 20_000;
    let (mut posteriors, mut likelihoods, mut joints) = (0, 0, 0);
    for draw in 0..draws {
        assert_eq!(patterns.draw(&stream, draw, 0, &[false; 6], &mut roles), 0);
        let (params, data) = roles.split_at(3);
        let all = |roles: &[Role], role| roles.iter().all(|r| *r == role);
        posteriors += u32::from(all(params, Role::Hidden) && all(data, Role::Given));
        likelihoods += u32::from(all(params, Role::Given) && all(data, Role::Hidden));
        joints += u32::from(all(&roles, Role::Hidden));
    }
    // The random family makes the same patterns by chance: at a uniform rate r, three given and three hidden with
    // ∫ r³(1−r)³ dr = 1/140, all or none with 1/7 each.
    let chance = 0.2 / 140.0;
    let empty = 0.2 * 2.0 / 7.0;
    let share = |count: u32| f64::from(count) / draws as f64;
    let error = |p: f64| 4.0 * (p * (1.0 - p) / draws as f64).sqrt();
    assert!((share(posteriors) - 0.6 - chance).abs() < error(0.6));
    assert!((share(likelihoods) - 0.1 - chance).abs() < error(0.1));
    // A pattern that gives everything asks for everything instead, hence both ends.
    assert!((share(joints) - 0.1 - empty).abs() < error(0.2));
}

/// Half of all examples are of the pattern in focus, and the other half as without it.
#[test]
fn a_focus_takes_half() {
    let subject = pairs_of(3, Support::REAL);
    let stream = Stream::new(1, "patterns");
    let mixture = Mixture::with_posterior(0.6, 0.0).focused_on(&[1, 3]);
    let patterns = Patterns::new(&subject, MaskKind::Undirected, &mixture, &stream);
    let mut roles = [Role::Hidden; 6];
    let draws = 20_000;
    let (mut focused, mut posteriors) = (0, 0);
    for draw in 0..draws {
        patterns.draw(&stream, draw, 0, &[false; 6], &mut roles);
        let given: Vec<usize> = (0..6).filter(|token| roles[*token] == Role::Given).collect();
        focused += u32::from(given == [1, 3]);
        posteriors += u32::from(given == [3, 4, 5]);
    }
    let share = |count: u32| f64::from(count) / draws as f64;
    let error = |p: f64| 4.0 * (p * (1.0 - p) / draws as f64).sqrt();
    // Of the random family, two or three given tokens of six are these with ∫ r²(1−r)⁴ dr = 1/105, ∫ r³(1−r)³ dr = 1/140.
    assert!((share(focused) - 0.5 - 0.1 / 105.0).abs() < error(0.5), "{}", share(focused));
    assert!((share(posteriors) - 0.3 - 0.1 / 140.0).abs() < error(0.3), "{}", share(posteriors));
}

#[test]
fn absent_tokens_take_the_mask_of_the_graph_without_them() {
    let subject = pairs_of(4, Support::REAL);
    let stream = Stream::new(2, "patterns");
    let mixture = Mixture::with_posterior(0.5, 1.0);
    let patterns = Patterns::new(&subject, MaskKind::Undirected, &mixture, &stream);
    let mut roles = [Role::Hidden; 8];
    let mut with_absent = 0;
    for draw in 0..2_000 {
        let pattern = patterns.draw(&stream, draw, 5, &[false; 8], &mut roles);
        let mask = patterns.mask(pattern).expect("undirected masks of data sets that are alike are kept");
        let absent: Vec<bool> = roles.iter().map(|role| *role == Role::Absent).collect();
        with_absent += usize::from(absent.contains(&true));
        assert_eq!(**mask, subject.mask(MaskKind::Undirected, &[], &[false; 8], &absent));
        assert!(roles.contains(&Role::Hidden));
    }
    assert!(with_absent > 1_500);
}
