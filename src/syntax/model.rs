//! What holds statements about quantities: `model`, `modality`, `simulator`, `external`.

use crate::grammar::{Pair, Rule, child, children, has, presume};
use crate::parse::Builder;
use crate::tree::{Bad, External, Input, Modality, Model, Output, Simulator, Statement};
use crate::words::Block;

impl<'t> Builder<'t> {
    pub(crate) fn model(&mut self, pair: &Pair<'t>) -> Result<Model, Bad> {
        let doc = self.take_doc();
        let head = self.head(pair, Rule::model_head, Block::Model, Block::Top);
        let body = self.model_body(pair, Block::Model);
        let head = head?;
        Ok(Model {
            doc,
            public: has(pair, Rule::public),
            name: self.name(&presume(&head, Rule::name)),
            extends: child(&head, Rule::path).map(|path| self.path(&path)),
            body,
            span: self.span(pair),
        })
    }

    fn modality(&mut self, pair: &Pair<'t>) -> Result<Modality, Bad> {
        let doc = self.take_doc();
        let head = self.head(pair, Rule::modality_head, Block::Modality, Block::Model);
        let body = self.model_body(pair, Block::Modality);
        let name = self.name(&presume(&head?, Rule::name));
        Ok(Modality { doc, name, body, span: self.span(pair) })
    }

    pub(crate) fn simulator(&mut self, pair: &Pair<'t>) -> Result<Simulator, Bad> {
        let doc = self.take_doc();
        let head = self.head(pair, Rule::simulator_head, Block::Simulator, Block::Top);
        let body = self.model_body(pair, Block::Simulator);
        let head = head?;
        let (inputs, outputs) = self.signature(&head);
        Ok(Simulator {
            doc,
            public: has(pair, Rule::public),
            name: self.name(&presume(&head, Rule::name)),
            inputs,
            outputs,
            body,
            span: self.span(pair),
        })
    }

    pub(crate) fn external(&mut self, pair: &Pair<'t>) -> Result<External, Bad> {
        let doc = self.take_doc();
        let head = match child(pair, Rule::open_brace) {
            Some(_) => self.head(pair, Rule::external_head, Block::External, Block::Top)?,
            None => {
                let head = presume(pair, Rule::external_head);
                self.body_outside(pair, &head, Block::External);
                head
            }
        };
        let body = child(pair, Rule::external_body);
        let body =
            body.map(|body| self.statements(&body, Block::External, Statement::Bad, Self::external_line));
        let (inputs, outputs) = self.signature(&head);
        Ok(External {
            doc,
            public: has(pair, Rule::public),
            name: self.name(&presume(&head, Rule::name)),
            inputs,
            outputs,
            run: self.call(&presume(&head, Rule::call)),
            body: body.unwrap_or_default(),
            span: self.span(pair),
        })
    }

    /// What a simulator or an external takes and returns.
    fn signature(&mut self, head: &Pair<'t>) -> (Vec<Input>, Vec<Output>) {
        let inputs = self.inputs(&presume(head, Rule::inputs));
        let read = |output: Pair<'t>| Output {
            target: self.target(&presume(&output, Rule::target)),
            unit: self.ascription(&output),
        };
        let outputs = children(&presume(head, Rule::outputs), Rule::output).map(read).collect();
        (inputs, outputs)
    }

    fn model_body(&mut self, pair: &Pair<'t>, block: Block) -> Vec<Statement> {
        self.statements(&presume(pair, Rule::model_body), block, Statement::Bad, Self::model_line)
    }

    fn model_line(&mut self, pair: &Pair<'t>) -> Result<Statement, Bad> {
        Ok(match pair.as_rule() {
            Rule::axis => Statement::Axis(self.axis(pair)),
            Rule::node => Statement::Node(self.node(pair)),
            Rule::let_line => Statement::Let(self.let_line(pair)),
            Rule::constant => Statement::Const(self.constant(pair)),
            Rule::function => Statement::Function(self.function(pair)),
            Rule::depends => Statement::Depends(self.depends(pair)),
            Rule::missing => Statement::Missing(self.missing(pair)),
            Rule::return_line => Statement::Return(self.return_line(pair)),
            Rule::model_setting => Statement::Setting(self.setting(pair, Rule::model_setting_word)),
            Rule::modality => Statement::Modality(self.modality(pair)?),
            Rule::dynamics => Statement::Dynamics(self.dynamics(pair)?),
            rule => unreachable!("the grammar puts no {rule:?} in a model"),
        })
    }

    fn external_line(&mut self, pair: &Pair<'t>) -> Result<Statement, Bad> {
        Ok(match pair.as_rule() {
            Rule::depends => Statement::Depends(self.depends(pair)),
            Rule::external_setting => Statement::Setting(self.setting(pair, Rule::external_setting_word)),
            rule => unreachable!("the grammar puts no {rule:?} in an external"),
        })
    }
}
