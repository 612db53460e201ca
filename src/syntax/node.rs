//! Statements that define or describe a quantity: `param`, `latent`, `data`, `let`, `const`, `fn`,
//! `depends`, `missing`, `return`.

use crate::grammar::{Pair, Rule, child, children, has, presume};
use crate::parse::Builder;
use crate::tree::{
    Const, Definition, Depends, Draw, Expr, Function, Input, Let, Missing, Node, Place, Return, Role,
    Setting, Source, Table, Target,
};

impl<'t> Builder<'t> {
    pub(crate) fn node(&mut self, pair: &Pair<'t>) -> Node {
        let role = presume(pair, Rule::role);
        let role = match (child(&role, Rule::kw_param), child(&role, Rule::kw_latent)) {
            (Some(_), _) => Role::Param,
            (_, Some(_)) => Role::Latent,
            _ => Role::Data,
        };
        Node {
            doc: self.take_doc(),
            role,
            target: self.target(&presume(pair, Rule::target)),
            unit: self.ascription(pair),
            definition: self.definition(pair),
            span: self.span(pair),
        }
    }

    /// The name that a statement defines, with its axes or its argument.
    pub(crate) fn target(&mut self, pair: &Pair<'t>) -> Target {
        let axes = child(pair, Rule::axes);
        let formal = child(pair, Rule::formal);
        Target {
            name: self.name(&presume(pair, Rule::name)),
            axes: axes.map_or_else(Vec::new, |axes| {
                children(&axes, Rule::name).map(|axis| self.name(&axis)).collect()
            }),
            formal: formal.map(|formal| Box::new(self.input(&formal))),
            span: self.span(pair),
        }
    }

    /// What stands after the name: a draw or an expression.
    pub(crate) fn definition(&mut self, pair: &Pair<'t>) -> Definition {
        match child(pair, Rule::draws_from) {
            Some(draws) => Definition::Draw(self.draw(&presume(&draws, Rule::draw))),
            None => Definition::Equals(self.equals(pair)),
        }
    }

    pub(crate) fn draw(&mut self, pair: &Pair<'t>) -> Draw {
        let mut calls = children(pair, Rule::call).map(|call| self.call(&call));
        let call = calls.next().expect("the grammar starts every draw with a call");
        let pipes = calls.collect();
        let at = child(pair, Rule::on_axis).map(|axis| self.name(&presume(&axis, Rule::name)));
        Draw { call, pipes, at, span: self.span(pair) }
    }

    /// The expression behind the `=` of a statement.
    pub(crate) fn equals(&mut self, pair: &Pair<'t>) -> Expr {
        self.expr(&presume(&presume(pair, Rule::equals), Rule::expr))
    }

    /// The fixed values of a statement: an expression, or a file.
    pub(crate) fn source(&mut self, pair: &Pair<'t>) -> Source {
        let Some(table) = child(pair, Rule::table) else { return Source::Equals(self.equals(pair)) };
        let text = presume(&table, Rule::text);
        let args = child(&table, Rule::args);
        Source::From(Table {
            path: self.quoted(&text),
            arguments: args.map_or_else(Vec::new, |args| self.arguments(&args, 0)),
            span: self.span(&text).to(self.span(&table)),
        })
    }

    pub(crate) fn let_line(&mut self, pair: &Pair<'t>) -> Let {
        Let {
            doc: self.take_doc(),
            target: self.target(&presume(pair, Rule::target)),
            unit: self.ascription(pair),
            value: self.equals(pair),
            span: self.span(pair),
        }
    }

    pub(crate) fn constant(&mut self, pair: &Pair<'t>) -> Const {
        Const {
            doc: self.take_doc(),
            public: has(pair, Rule::public),
            target: self.target(&presume(pair, Rule::target)),
            unit: self.ascription(pair),
            value: self.source(pair),
            span: self.span(pair),
        }
    }

    pub(crate) fn function(&mut self, pair: &Pair<'t>) -> Function {
        Function {
            doc: self.take_doc(),
            public: has(pair, Rule::public),
            name: self.name(&presume(pair, Rule::name)),
            inputs: self.inputs(&presume(pair, Rule::inputs)),
            unit: self.ascription(pair),
            body: self.equals(pair),
            span: self.span(pair),
        }
    }

    /// The arguments that a function, simulator or external declares.
    pub(crate) fn inputs(&mut self, pair: &Pair<'t>) -> Vec<Input> {
        children(pair, Rule::input).map(|input| self.input(&input)).collect()
    }

    fn input(&mut self, pair: &Pair<'t>) -> Input {
        Input {
            name: self.name(&presume(pair, Rule::name)),
            unit: self.ascription(pair),
            default: has(pair, Rule::equals).then(|| self.equals(pair)),
        }
    }

    /// A name that is read or asked about, with elements in brackets.
    pub(crate) fn place(&mut self, pair: &Pair<'t>) -> Place {
        let index = child(pair, Rule::index);
        Place {
            name: self.name(&presume(pair, Rule::name)),
            index: index
                .map_or_else(Vec::new, |index| children(&index, Rule::expr).map(|e| self.expr(&e)).collect()),
            span: self.span(pair),
        }
    }

    pub(crate) fn depends(&mut self, pair: &Pair<'t>) -> Depends {
        let mut places = children(pair, Rule::place).map(|place| self.place(&place));
        let target = places.next().expect("the grammar names what depends");
        let sources = places.collect();
        Depends { target, sources, span: self.span(pair) }
    }

    pub(crate) fn missing(&mut self, pair: &Pair<'t>) -> Missing {
        Missing {
            all: has(pair, Rule::missing_all),
            target: self.place(&presume(pair, Rule::place)),
            pattern: child(pair, Rule::missing_in).map(|pattern| self.call(&presume(&pattern, Rule::call))),
            probability: self.expr(&presume(pair, Rule::expr)),
            span: self.span(pair),
        }
    }

    pub(crate) fn return_line(&mut self, pair: &Pair<'t>) -> Return {
        let fields = self.fields(&presume(pair, Rule::record), 0);
        Return { fields, span: self.span(pair) }
    }

    /// A setting; `word` is the rule that lists the words of its block.
    pub(crate) fn setting(&mut self, pair: &Pair<'t>, word: Rule) -> Setting {
        Setting {
            name: self.name(&presume(pair, word)),
            value: self.expr(&presume(pair, Rule::expr)),
            span: self.span(pair),
        }
    }
}
