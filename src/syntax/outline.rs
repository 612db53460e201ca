//! The statements of a file, each with what it is about and its canonical text: what two files are compared by.

use crate::diag::Diagnostic;
use crate::parse::parse;
use crate::print::format;
use crate::source::Span;
use crate::tree::{
    ApproximatorStatement, DynamicsStatement, Event, File, Inferred, Item, QueryStatement, Role, State,
    Statement, UseFrom,
};

/// A statement in outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The block it stands in, from the outermost on: `model decision, dynamics evidence`; empty on the outermost level.
    pub block: String,
    /// What it is about: `param drift`, `given rt`, `simulations`. The same twice in a block where two say something
    /// of one thing.
    pub name: String,
    /// It in the layout that all specs have, in one line, without comments.
    pub text: String,
}

/// The statements of a file in the order written. Blocks have an entry of their own, which ends before their brace.
///
/// # Errors
/// All diagnostics of the text, if one of them is an error.
pub fn outline(text: &str) -> Result<Vec<Entry>, Vec<Diagnostic>> {
    let text = format(text)?;
    let tree = parse(0, &text).tree;
    let mut outline = Outline { text: &text, tree: &tree, blocks: Vec::new(), entries: Vec::new() };
    outline.file();
    Ok(outline.entries)
}

struct Outline<'t> {
    text: &'t str,
    tree: &'t File,
    blocks: Vec<String>,
    entries: Vec<Entry>,
}

impl<'t> Outline<'t> {
    fn file(&mut self) {
        if let Some(edition) = &self.tree.edition {
            self.add("edition".to_owned(), edition.span);
        }
        for item in &self.tree.items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &'t Item) {
        match item {
            Item::Use(item) => {
                let from = match &item.from {
                    UseFrom::Path(path) => path.text(),
                    UseFrom::File(file) => file.value.clone(),
                };
                self.add(format!("use {from}"), item.span);
            }
            Item::Model(model) => {
                self.within(format!("model {}", model.name.text), model.span, |outline| {
                    outline.statements(&model.body)
                });
            }
            Item::Simulator(simulator) => {
                let name = format!("simulator {}", simulator.name.text);
                self.within(name, simulator.span, |outline| outline.statements(&simulator.body));
            }
            Item::External(external) => {
                let name = format!("external {}", external.name.text);
                self.within(name, external.span, |outline| outline.statements(&external.body));
            }
            Item::Approximator(approximator) => {
                let name = format!("approximator {}", approximator.name.text);
                self.within(name, approximator.span, |outline| {
                    approximator.body.iter().for_each(|statement| outline.approximator(statement));
                });
            }
            Item::Train(train) => {
                self.within(format!("train {}", train.name.text()), train.span, |outline| {
                    train
                        .settings
                        .iter()
                        .for_each(|setting| outline.add(setting.name.text.clone(), setting.span));
                })
            }
            Item::Query(query) => self.within(format!("query {}", query.name.text), query.span, |outline| {
                query.body.iter().for_each(|statement| outline.query(statement));
            }),
            Item::Const(constant) => self.add(format!("const {}", constant.target.name.text), constant.span),
            Item::Unit(unit) => self.add(format!("unit {}", unit.name.text), unit.span),
            Item::Function(function) => self.add(format!("fn {}", function.name.text), function.span),
            Item::Bad(_) => unreachable!("a file that is formatted has no bad line"),
        }
    }

    fn statements(&mut self, body: &'t [Statement]) {
        for statement in body {
            match statement {
                Statement::Axis(axis) => self.add(format!("axis {}", axis.name.text), axis.span),
                Statement::Node(node) => {
                    let role = match node.role {
                        Role::Param => "param",
                        Role::Latent => "latent",
                        Role::Data => "data",
                    };
                    self.add(format!("{role} {}", node.target.name.text), node.span);
                }
                Statement::Let(own) => self.add(format!("let {}", own.target.name.text), own.span),
                Statement::Const(own) => self.add(format!("const {}", own.target.name.text), own.span),
                Statement::Function(own) => self.add(format!("fn {}", own.name.text), own.span),
                Statement::Depends(own) => self.add(format!("depends {}", own.target.name.text), own.span),
                Statement::Missing(own) => self.add(format!("missing {}", own.target.name.text), own.span),
                Statement::Return(own) => self.add("return".to_owned(), own.span),
                Statement::Setting(own) => self.add(own.name.text.clone(), own.span),
                Statement::Dynamics(own) => {
                    self.within(format!("dynamics {}", own.name.text), own.span, |outline| {
                        own.body.iter().for_each(|statement| outline.dynamics(statement));
                    });
                }
                Statement::Modality(own) => {
                    let name = format!("modality {}", own.name.text);
                    self.within(name, own.span, |outline| outline.statements(&own.body));
                }
                Statement::Bad(_) => unreachable!("a file that is formatted has no bad line"),
            }
        }
    }

    fn dynamics(&mut self, statement: &'t DynamicsStatement) {
        let state = |word: &str, state: &State| (format!("{word}{}", state.target.name.text), state.span);
        let event =
            |word: &str, event: &Event| (format!("{word} {}", self.slice(event.trigger.span)), event.span);
        let (name, span) = match statement {
            DynamicsStatement::Noise { span, .. } => ("noise".to_owned(), *span),
            DynamicsStatement::Init(own) => state("init ", own),
            DynamicsStatement::Derivative(own) => {
                let (name, span) = state("", own);
                (name + "'", span)
            }
            DynamicsStatement::Next(own) => state("next ", own),
            DynamicsStatement::Let(own) => (format!("let {}", own.target.name.text), own.span),
            DynamicsStatement::Stop { span, .. } => ("stop".to_owned(), *span),
            DynamicsStatement::When(own) => event("when", own),
            DynamicsStatement::Jump(own) => event("jump", own),
            DynamicsStatement::Bad(_) => unreachable!("a file that is formatted has no bad line"),
        };
        self.add(name, span);
    }

    fn approximator(&mut self, statement: &'t ApproximatorStatement) {
        let (name, span) = match statement {
            ApproximatorStatement::Joint { span, .. } | ApproximatorStatement::Posterior { span, .. } => {
                ("estimator".to_owned(), *span)
            }
            ApproximatorStatement::Encode { modality, span, .. } => {
                (format!("encode {}", modality.text), *span)
            }
            ApproximatorStatement::Fuse { span, .. } => ("fuse".to_owned(), *span),
            ApproximatorStatement::Bad(_) => unreachable!("a file that is formatted has no bad line"),
        };
        self.add(name, span);
    }

    fn query(&mut self, statement: &'t QueryStatement) {
        match statement {
            QueryStatement::Prior(prior) => self.add(format!("param {}", prior.target.name.text), prior.span),
            QueryStatement::Given(given) => {
                self.add(format!("given {}", self.slice(given.target.span)), given.span)
            }
            QueryStatement::At { axis, span, .. } => self.add(format!("at {}", axis.text), *span),
            QueryStatement::Where { span, .. } => self.add("where".to_owned(), *span),
            QueryStatement::Infer { what, .. } => {
                for what in what {
                    let span = match what {
                        Inferred::Params(span) => *span,
                        Inferred::Place(place) => place.span,
                    };
                    self.add(format!("infer {}", self.slice(span)), span);
                }
            }
            QueryStatement::Setting(setting) => self.add(setting.name.text.clone(), setting.span),
            QueryStatement::Bad(_) => unreachable!("a file that is formatted has no bad line"),
        }
    }

    /// Adds a block: its head, then what stands in it.
    fn within(&mut self, name: String, span: Span, inside: impl FnOnce(&mut Self)) {
        let all = self.slice(span);
        self.push(name.clone(), head(&all).to_owned());
        self.blocks.push(name);
        inside(self);
        self.blocks.pop();
    }

    fn add(&mut self, name: String, span: Span) {
        let text = self.slice(span);
        self.push(name, text);
    }

    fn push(&mut self, name: String, text: String) {
        self.entries.push(Entry { block: self.blocks.join(", "), name, text });
    }

    /// A piece of the text in one line, without its comments.
    fn slice(&self, span: Span) -> String {
        let mut text = String::new();
        let mut at = span.range().start;
        let inside = self.tree.comments.iter().map(|comment| comment.span);
        for comment in inside.filter(|comment| span.start <= comment.start && comment.end <= span.end) {
            text += self.text.get(at..comment.range().start).unwrap_or_default();
            at = comment.range().end;
        }
        text += self.text.get(at..span.range().end).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A block up to the brace that opens its body; the braces of a record, `-> { rt, choice }`, belong to its head.
fn head(block: &str) -> &str {
    let (mut quoted, mut record) = (false, false);
    for (at, character) in block.char_indices() {
        let before = block.get(..at).unwrap_or_default().trim_end();
        match character {
            '"' => quoted = !quoted,
            '}' => record = false,
            '{' if !quoted && before.ends_with("->") => record = true,
            '{' if !quoted && !record => return before,
            _ => {}
        }
    }
    block
}
