//! `approximator name for model { … }` and `train approximator { … }`.

use crate::grammar::{Pair, Rule, child, presume};
use crate::parse::Builder;
use crate::tree::{Approximator, ApproximatorStatement, Bad, Path, Train};
use crate::words::Block;

impl<'t> Builder<'t> {
    pub(crate) fn approximator(&mut self, pair: &Pair<'t>) -> Result<Approximator, Bad> {
        let doc = self.take_doc();
        let head = self.head(pair, Rule::approximator_head, Block::Approximator, Block::Top);
        let body = presume(pair, Rule::approximator_body);
        let body =
            self.statements(&body, Block::Approximator, ApproximatorStatement::Bad, Self::approximator_line);
        let head = head?;
        Ok(Approximator {
            doc,
            name: self.name(&presume(&head, Rule::name)),
            model: self.path_behind(&head, Rule::for_model),
            extends: self.path_behind(&head, Rule::extends),
            body,
            span: self.span(pair),
        })
    }

    fn path_behind(&mut self, head: &Pair<'t>, rule: Rule) -> Option<Path> {
        child(head, rule).map(|clause| self.path(&presume(&clause, Rule::path)))
    }

    fn approximator_line(&mut self, pair: &Pair<'t>) -> Result<ApproximatorStatement, Bad> {
        let span = self.span(pair);
        let call = child(pair, Rule::call).map(|call| self.call(&call));
        Ok(match (pair.as_rule(), call) {
            (Rule::joint, Some(call)) => ApproximatorStatement::Joint { call, span },
            (Rule::posterior, Some(call)) => ApproximatorStatement::Posterior { call, span },
            (Rule::encode, call) => {
                ApproximatorStatement::Encode { modality: self.name(&presume(pair, Rule::name)), call, span }
            }
            (Rule::fuse, _) => {
                ApproximatorStatement::Fuse { scheme: self.expr(&presume(pair, Rule::expr)), span }
            }
            (rule, _) => unreachable!("the grammar puts no {rule:?} in an approximator"),
        })
    }

    pub(crate) fn train(&mut self, pair: &Pair<'t>) -> Result<Train, Bad> {
        let doc = self.take_doc();
        let head = self.head(pair, Rule::train_head, Block::Train, Block::Top);
        let body = presume(pair, Rule::train_body);
        let lines = self.statements(&body, Block::Train, Err, |builder, pair| {
            Ok(Ok(builder.setting(pair, Rule::train_setting_word)))
        });
        let name = self.path(&presume(&head?, Rule::path));
        let mut train = Train { doc, name, settings: Vec::new(), bad: Vec::new(), span: self.span(pair) };
        for line in lines {
            match line {
                Ok(setting) => train.settings.push(setting),
                Err(bad) => train.bad.push(bad),
            }
        }
        Ok(train)
    }
}
