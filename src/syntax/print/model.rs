//! Models, simulators and externals, and their statements.

use super::layout::{Ends, Side};
use super::{Brackets, Printer};
use crate::tree::{
    Axis, Const, Definition, Depends, Draw, Expr, External, Function, Input, Let, Missing, Modality, Model,
    Name, Node, Output, Role, Setting, Simulator, Source, Statement, Table, Target,
};

impl Printer<'_> {
    pub(super) fn model(&mut self, model: &Model) {
        self.public(model.public);
        self.word(format!("model {}", model.name.text));
        if let Some(extends) = &model.extends {
            self.word(format!(" extends {}", extends.text()));
        }
        self.model_body(&model.body);
    }

    pub(super) fn simulator(&mut self, simulator: &Simulator) {
        self.public(simulator.public);
        self.group(|p| {
            p.word(format!("simulator {}", simulator.name.text));
            p.inputs(&simulator.inputs);
            p.indented(|p| p.outputs(&simulator.outputs));
        });
        self.model_body(&simulator.body);
    }

    pub(super) fn external(&mut self, external: &External) {
        self.public(external.public);
        self.group(|p| {
            p.word(format!("external {}", external.name.text));
            p.inputs(&external.inputs);
            p.indented(|p| {
                p.outputs(&external.outputs);
                p.line(Ends::WithGroup, " ", Side::Inside);
                p.joint("= ");
                p.call(&external.run);
            });
        });
        if self.cursor.is_next('{') {
            self.model_body(&external.body);
        }
    }

    fn inputs(&mut self, inputs: &[Input]) {
        self.bracketed(Brackets::ROUND, inputs, Self::input);
    }

    fn input(&mut self, input: &Input) {
        self.word(input.name.text.as_str());
        self.ascription(input.unit.as_ref());
        if let Some(default) = &input.default {
            self.word(" =");
            self.behind(" ", |p| p.expr(default));
        }
    }

    fn outputs(&mut self, outputs: &[Output]) {
        self.line(Ends::WithGroup, " ", Side::Inside);
        self.joint("-> ");
        self.bracketed(Brackets::RECORD, outputs, |p, output| {
            p.target(&output.target);
            p.ascription(output.unit.as_ref());
        });
    }

    fn model_body(&mut self, body: &[Statement]) {
        let block =
            |statement: &Statement| matches!(statement, Statement::Modality(_) | Statement::Dynamics(_));
        self.block(body, block, Self::statement);
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Axis(line) => self.axis(line),
            Statement::Node(line) => self.node(line),
            Statement::Let(line) => self.let_line(line),
            Statement::Const(line) => self.constant(line),
            Statement::Function(line) => self.function(line),
            Statement::Depends(line) => self.depends(line),
            Statement::Dynamics(block) => self.dynamics(block),
            Statement::Modality(block) => self.modality(block),
            Statement::Missing(line) => self.missing(line),
            Statement::Return(line) => {
                self.word("return ");
                self.record(&line.fields);
            }
            Statement::Setting(line) => self.setting(line),
            Statement::Bad(_) => unreachable!("a file without errors has no bad statement"),
        }
    }

    fn modality(&mut self, modality: &Modality) {
        self.word(format!("modality {}", modality.name.text));
        self.model_body(&modality.body);
    }

    fn axis(&mut self, axis: &Axis) {
        self.word(format!("axis {} : ", axis.name.text));
        self.call(&axis.kind);
    }

    fn node(&mut self, node: &Node) {
        self.word(match node.role {
            Role::Param => "param ",
            Role::Latent => "latent ",
            Role::Data => "data ",
        });
        self.target(&node.target);
        self.ascription(node.unit.as_ref());
        self.definition(&node.definition);
    }

    fn depends(&mut self, depends: &Depends) {
        self.word("depends ");
        self.place(&depends.target);
        self.word(" from ");
        self.listed(&depends.sources, Self::place);
    }

    fn missing(&mut self, missing: &Missing) {
        self.word(if missing.all { "missing all " } else { "missing " });
        self.place(&missing.target);
        if let Some(pattern) = &missing.pattern {
            self.word(" in ");
            self.call(pattern);
        }
        self.word(" with probability ");
        self.expr(&missing.probability);
    }

    // ---- definitions -----------------------------------------------------------------------------------

    /// A name with its axes or its argument.
    pub(super) fn target(&mut self, target: &Target) {
        self.word(target.name.text.as_str());
        if !target.axes.is_empty() {
            let axis = |p: &mut Self, axis: &Name| p.word(axis.text.as_str());
            self.bracketed(Brackets::INDEX, &target.axes, axis);
        }
        if let Some(formal) = &target.formal {
            self.mark('(');
            self.input(formal);
            self.mark(')');
        }
    }

    /// A draw or an expression, with the sign before it.
    pub(super) fn definition(&mut self, definition: &Definition) {
        match definition {
            Definition::Draw(draw) => self.draw(draw),
            Definition::Equals(value) => self.equals(value),
        }
    }

    /// `~ call |> call at axis`. Where it is too long and has pipes, each call begins a line.
    pub(super) fn draw(&mut self, draw: &Draw) {
        if draw.pipes.is_empty() {
            return self.behind(" ", |p| p.drawn(draw));
        }
        self.group(|p| {
            p.indented(|p| {
                p.line(Ends::WithGroup, " ", Side::Inside);
                p.drawn(draw);
            });
        });
    }

    fn drawn(&mut self, draw: &Draw) {
        self.joint("~ ");
        self.call(&draw.call);
        for pipe in &draw.pipes {
            self.line(Ends::WithGroup, " ", Side::Inside);
            self.joint("|> ");
            self.call(pipe);
        }
        if let Some(axis) = &draw.at {
            self.word(format!(" at {}", axis.text));
        }
    }

    /// `= expression`, where a comment may stand on both sides of the sign.
    pub(super) fn equals(&mut self, value: &Expr) {
        self.behind(" ", |p| {
            p.word("=");
            p.behind(" ", |p| p.expr(value));
        });
    }

    /// `= expression` on the line of what stands before it.
    pub(super) fn equals_here(&mut self, value: &Expr) {
        self.word(" =");
        self.behind(" ", |p| p.expr(value));
    }

    /// `= expression` or `from "file" (…)`.
    pub(super) fn source(&mut self, source: &Source) {
        match source {
            Source::Equals(value) => self.equals(value),
            Source::From(table) => self.table(table),
        }
    }

    fn table(&mut self, table: &Table) {
        self.behind(" ", |p| {
            p.word("from ");
            p.quoted(&table.path.value);
            if table.span.end > table.path.span.end {
                p.space();
                p.arguments(&table.arguments);
            }
        });
    }

    pub(super) fn let_line(&mut self, line: &Let) {
        self.word("let ");
        self.target(&line.target);
        self.ascription(line.unit.as_ref());
        self.equals(&line.value);
    }

    pub(super) fn constant(&mut self, constant: &Const) {
        self.public(constant.public);
        self.word("const ");
        self.target(&constant.target);
        self.ascription(constant.unit.as_ref());
        self.source(&constant.value);
    }

    pub(super) fn function(&mut self, function: &Function) {
        self.public(function.public);
        self.word(format!("fn {}", function.name.text));
        self.inputs(&function.inputs);
        self.ascription(function.unit.as_ref());
        self.equals(&function.body);
    }

    pub(super) fn setting(&mut self, setting: &Setting) {
        self.word(format!("{} ", setting.name.text));
        self.expr(&setting.value);
    }
}
