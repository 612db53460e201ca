//! `dynamics name over … by … { … }`.

use crate::grammar::{Pair, Rule, child, children, has, presume};
use crate::parse::Builder;
use crate::tree::{Assignment, Bad, Dynamics, DynamicsStatement, Event, Expr, State};
use crate::words::Block;

impl<'t> Builder<'t> {
    pub(crate) fn dynamics(&mut self, pair: &Pair<'t>) -> Result<Dynamics, Bad> {
        let doc = self.take_doc();
        let head = self.head(pair, Rule::dynamics_head, Block::Dynamics, Block::Model);
        let body = presume(pair, Rule::dynamics_body);
        let body = self.statements(&body, Block::Dynamics, DynamicsStatement::Bad, Self::dynamics_line);
        let head = head?;
        Ok(Dynamics {
            doc,
            name: self.name(&presume(&head, Rule::name)),
            over: self.clause(&head, Rule::over),
            every: self.clause(&head, Rule::every),
            by: child(&head, Rule::solver).map(|solver| self.call(&presume(&solver, Rule::call))),
            body,
            span: self.span(pair),
        })
    }

    /// The expression of a clause of the head, such as `over 0 .. 1`.
    fn clause(&mut self, head: &Pair<'t>, rule: Rule) -> Option<Expr> {
        child(head, rule).map(|clause| self.expr(&presume(&clause, Rule::expr)))
    }

    fn dynamics_line(&mut self, pair: &Pair<'t>) -> Result<DynamicsStatement, Bad> {
        let span = self.span(pair);
        Ok(match pair.as_rule() {
            Rule::noise => {
                let targets = children(pair, Rule::target).map(|target| self.target(&target)).collect();
                DynamicsStatement::Noise { targets, span }
            }
            Rule::init => DynamicsStatement::Init(self.state(pair)),
            Rule::derivative => DynamicsStatement::Derivative(self.state(pair)),
            Rule::next => DynamicsStatement::Next(self.state(pair)),
            Rule::let_line => DynamicsStatement::Let(self.let_line(pair)),
            Rule::stop => DynamicsStatement::Stop { condition: self.expr(&presume(pair, Rule::expr)), span },
            Rule::event if has(pair, Rule::event_when) => {
                DynamicsStatement::When(self.event(pair, Rule::event_when)?)
            }
            Rule::event => DynamicsStatement::Jump(self.event(pair, Rule::event_jump)?),
            rule => unreachable!("the grammar puts no {rule:?} in a `dynamics`"),
        })
    }

    fn state(&mut self, pair: &Pair<'t>) -> State {
        State {
            doc: self.take_doc(),
            target: self.target(&presume(pair, Rule::target)),
            unit: self.ascription(pair),
            definition: self.definition(pair),
            span: self.span(pair),
        }
    }

    fn event(&mut self, pair: &Pair<'t>, rule: Rule) -> Result<Event, Bad> {
        let head = self.head(pair, rule, Block::Event, Block::Dynamics)?;
        let body = presume(pair, Rule::event_body);
        let assignments = self.statements(&body, Block::Event, Err, |builder, pair| {
            let target = builder.target(&presume(pair, Rule::target));
            Ok(Ok(Assignment { target, value: builder.equals(pair) }))
        });
        Ok(Event {
            trigger: self.expr(&presume(&head, Rule::expr)),
            assignments: assignments.into_iter().filter_map(Result::ok).collect(),
            span: self.span(pair),
        })
    }
}
