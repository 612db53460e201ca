//! `axis name : kind(…)`.

use crate::grammar::{Pair, Rule, presume};
use crate::parse::Builder;
use crate::tree::Axis;

impl<'t> Builder<'t> {
    pub(crate) fn axis(&mut self, pair: &Pair<'t>) -> Axis {
        Axis {
            doc: self.take_doc(),
            name: self.name(&presume(pair, Rule::name)),
            kind: self.call(&presume(pair, Rule::call)),
            span: self.span(pair),
        }
    }
}
