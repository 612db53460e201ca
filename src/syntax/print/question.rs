//! Approximators, training and queries.

use super::Printer;
use crate::tree::{Approximator, ApproximatorStatement, Inferred, Query, QueryStatement, Train};

impl Printer<'_> {
    pub(super) fn approximator(&mut self, approximator: &Approximator) {
        self.word(format!("approximator {}", approximator.name.text));
        if let Some(model) = &approximator.model {
            self.word(format!(" for {}", model.text()));
        }
        if let Some(extends) = &approximator.extends {
            self.word(format!(" extends {}", extends.text()));
        }
        self.block(&approximator.body, |_| false, Self::approximator_statement);
    }

    fn approximator_statement(&mut self, statement: &ApproximatorStatement) {
        match statement {
            ApproximatorStatement::Joint { call, .. } => {
                self.word("joint with ");
                self.call(call);
            }
            ApproximatorStatement::Posterior { call, .. } => {
                self.word("posterior with ");
                self.call(call);
            }
            ApproximatorStatement::Encode { modality, call, .. } => {
                self.word(format!("encode {}", modality.text));
                if let Some(call) = call {
                    self.word(" with ");
                    self.call(call);
                }
            }
            ApproximatorStatement::Fuse { scheme, .. } => {
                self.word("fuse ");
                self.expr(scheme);
            }
            ApproximatorStatement::Bad(_) => unreachable!("a file without errors has no bad statement"),
        }
    }

    pub(super) fn train(&mut self, train: &Train) {
        self.word(format!("train {}", train.name.text()));
        self.block(&train.settings, |_| false, Self::setting);
    }

    pub(super) fn query(&mut self, query: &Query) {
        self.word(format!("query {}", query.name.text));
        if let Some(of) = &query.of {
            self.word(format!(" of {}", of.text()));
        }
        self.block(&query.body, |_| false, Self::query_statement);
    }

    fn query_statement(&mut self, statement: &QueryStatement) {
        match statement {
            QueryStatement::Prior(prior) => {
                self.word("param ");
                self.target(&prior.target);
                self.ascription(prior.unit.as_ref());
                self.draw(&prior.draw);
            }
            QueryStatement::Given(given) => {
                self.word("given ");
                self.place(&given.target);
                self.source(&given.value);
            }
            QueryStatement::At { axis, value, .. } => {
                self.word(format!("at {}", axis.text));
                self.equals_here(value);
            }
            QueryStatement::Where { condition, .. } => {
                self.word("where ");
                self.expr(condition);
            }
            QueryStatement::Infer { what, .. } => {
                self.word("infer ");
                self.listed(what, |p, asked| match asked {
                    Inferred::Params(_) => p.word("params"),
                    Inferred::Place(place) => p.place(place),
                });
            }
            QueryStatement::Setting(setting) => self.setting(setting),
            QueryStatement::Bad(_) => unreachable!("a file without errors has no bad statement"),
        }
    }
}
