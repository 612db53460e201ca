//! Whose outputs are differentiated by the values of their own tokens, and which of them at once.

use super::Architecture;
use sbi_model::Mask;

/// Tokens whose outputs are differentiated, in groups of which no token reaches another: one way back through the network
/// serves a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probes {
    /// `[T]`: the group of each token; none where its output is not wanted.
    pub groups: Vec<Option<usize>>,
    /// How many groups there are.
    pub count: usize,
}

impl Probes {
    /// The tokens that are `wanted`, `[T]`, of a network under this mask.
    pub fn new(architecture: &Architecture, mask: &Mask, wanted: &[bool]) -> Probes {
        let reached = reached(architecture, mask);
        let meet = |a: usize, b: usize| {
            let of = |a: usize, b: usize| reached.get(a).is_none_or(|reached| reached.get(b) != Some(&false));
            of(a, b) || of(b, a)
        };
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (token, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
            let apart = |group: &&mut Vec<usize>| group.iter().all(|other| !meet(token, *other));
            match groups.iter_mut().find(apart) {
                Some(group) => group.push(token),
                None => groups.push(vec![token]),
            }
        }
        let of = |token: usize| groups.iter().position(|group| group.contains(&token));
        Probes { groups: (0..wanted.len()).map(of).collect(), count: groups.len() }
    }
}

/// For each token the ones whose values its output depends on.
fn reached(architecture: &Architecture, mask: &Mask) -> Vec<Vec<bool>> {
    let tokens = 0..architecture.tokens;
    let mut reached: Vec<Vec<bool>> =
        tokens.clone().map(|own| tokens.clone().map(|other| other == own).collect()).collect();
    for _ in 0..architecture.layers {
        let further = |own: usize| {
            let seen = |through: &usize| *through == own || mask.get(own, *through);
            let through: Vec<&Vec<bool>> =
                tokens.clone().filter(seen).filter_map(|at| reached.get(at)).collect();
            tokens.clone().map(|other| through.iter().any(|at| at.get(other) == Some(&true))).collect()
        };
        reached = tokens.clone().map(further).collect();
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::architecture;

    /// Of a chain of nine, two layers carry two steps: every third token shares a group.
    #[test]
    fn tokens_far_apart_share_a_group() {
        let mut mask = Mask::empty(9);
        for token in 0..9 {
            (token..9.min(token + 2)).for_each(|next| mask.set(token, next));
        }
        let sizes = Architecture { layers: 2, ..architecture(9, &Default::default(), 1.0) };
        let all = Probes::new(&sizes, &mask, &[true; 9]);
        assert_eq!(all.groups, (0..9).map(|token| Some(token % 3)).collect::<Vec<_>>());
        let some: Vec<bool> = (0..9).map(|token| token % 4 == 0).collect();
        assert_eq!(Probes::new(&sizes, &mask, &some).count, 1);
    }
}
