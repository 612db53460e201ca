//! Attention masks made of the base graph (`papers/simformer.md` 1.6).

use crate::bits::Bits;
use crate::inverse::{directed, faithful};
use crate::moral::moral;
use crate::{Graph, Mask, MaskKind};

impl Graph {
    /// The mask of `kind` for the tokens that are present; rows and columns of absent tokens are empty.
    /// Absent tokens are eliminated from the base graph by the exact rule before anything else is done to it.
    ///
    /// What is given changes directed and faithful masks alone. `given` and `absent` have an entry for each token,
    /// and no token is both.
    pub fn mask(&self, kind: MaskKind, given: &[bool], absent: &[bool]) -> Mask {
        let size = self.tokens.len();
        let (given, gone) = (self.members(given), self.members(absent));
        assert!(given.iter().all(|token| !gone.contains(token)), "no token is given and absent");
        let present = Bits::filter(size, |token| !gone.contains(token));
        let mut inferred = present.clone();
        inferred.subtract(&given);
        let mut rows = match kind {
            MaskKind::Undirected => moral(&self.arranged(), &present),
            MaskKind::Directed => directed(self.left(&gone), &given, &inferred),
            MaskKind::Faithful => faithful(self.left(&gone), &given, &inferred),
            MaskKind::Dense => vec![present.clone(); size],
        };
        for (place, row) in rows.iter_mut().enumerate() {
            if gone.contains(place) {
                row.clear();
            }
            row.intersect(&present);
        }
        self.settled(&rows)
    }
}
