//! `query name of approximator { … }`.

use crate::grammar::{Pair, Rule, child, children, presume};
use crate::parse::Builder;
use crate::tree::{Bad, Given, Inferred, Prior, Query, QueryStatement};
use crate::words::Block;

impl<'t> Builder<'t> {
    pub(crate) fn query(&mut self, pair: &Pair<'t>) -> Result<Query, Bad> {
        let doc = self.take_doc();
        let head = self.head(pair, Rule::query_head, Block::Query, Block::Top);
        let body = presume(pair, Rule::query_body);
        let body = self.statements(&body, Block::Query, QueryStatement::Bad, Self::query_line);
        let head = head?;
        Ok(Query {
            doc,
            name: self.name(&presume(&head, Rule::name)),
            of: child(&head, Rule::path).map(|path| self.path(&path)),
            body,
            span: self.span(pair),
        })
    }

    fn query_line(&mut self, pair: &Pair<'t>) -> Result<QueryStatement, Bad> {
        let span = self.span(pair);
        Ok(match pair.as_rule() {
            Rule::prior => QueryStatement::Prior(Prior {
                target: self.target(&presume(pair, Rule::target)),
                unit: self.ascription(pair),
                draw: self.draw(&presume(&presume(pair, Rule::draws_from), Rule::draw)),
                span,
            }),
            Rule::given => {
                let target = self.place(&presume(pair, Rule::place));
                QueryStatement::Given(Given { target, value: self.source(pair), span })
            }
            Rule::place_axis => {
                let axis = self.name(&presume(pair, Rule::name));
                QueryStatement::At { axis, value: self.equals(pair), span }
            }
            Rule::where_line => {
                QueryStatement::Where { condition: self.expr(&presume(pair, Rule::expr)), span }
            }
            Rule::infer => {
                let what = children(pair, Rule::place).map(|place| self.inferred(&place)).collect();
                QueryStatement::Infer { what, span }
            }
            Rule::query_setting => QueryStatement::Setting(self.setting(pair, Rule::query_setting_word)),
            rule => unreachable!("the grammar puts no {rule:?} in a query"),
        })
    }

    fn inferred(&mut self, pair: &Pair<'t>) -> Inferred {
        let place = self.place(pair);
        if place.name.text == "params" && place.index.is_empty() {
            return Inferred::Params(place.span);
        }
        Inferred::Place(place)
    }
}
