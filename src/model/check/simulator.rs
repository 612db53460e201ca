//! Draws from simulators and externals: `latent outcome[trial] ~ ddm(drift_of[trial], bound)`.
//!
//! The statements of a simulator become nodes of the model, once for each draw from it: `outcome.evidence.x`.

use super::call::{lacking, out_of_order, slots};
use super::codes::{RECORD_ROLE, RECURSION, SIMULATOR_BODY, TOO_LARGE, UNKNOWN_FIELD};
use super::constant::DEPTH;
use super::external;
use super::home::{Drawn, Home, HomeId, Passed};
use super::model::{Builder, Written};
use super::names::Symbol;
use super::value::{Sort, Value};
use super::{library, modality};
use crate::{Definition, Role};
use sbi_syntax::tree::{self, Call, Input, Statement};
use sbi_syntax::{Span, suggest};

/// How many nodes draws from simulators may add to a model.
const NODES: usize = 10_000;

impl<'t> Builder<'t> {
    /// Declares what a statement draws from a simulator or an external; false where it draws from a distribution.
    pub(super) fn declare_draw(&mut self, node: &'t tree::Node, draw: &'t tree::Draw) -> bool {
        let lost = self.is_lost(&draw.call.path).then_some(Symbol::Refused);
        let symbol = self.meaning(&draw.call.path, self.home).or(lost);
        let (inputs, home): (&'t [Input], HomeId) = match symbol {
            Some(Symbol::Simulator(simulator, home)) => (&simulator.inputs, home),
            Some(Symbol::External(external)) => (&external.inputs, self.home),
            // What failed to be read may have been a simulator: nothing more is said of its fields.
            Some(Symbol::Refused) if node.role == tree::Role::Latent => {
                self.told.extend(self.names.define(&node.target.name, Symbol::Refused).err());
                return true;
            }
            _ => return false,
        };
        if let Err(told) = self.names.define(&node.target.name, Symbol::Record(self.drawn.len())) {
            self.told.push(told);
            return true;
        }
        let name = &node.target.name.text;
        if node.role != tree::Role::Latent {
            let what = draw.call.path.text();
            let told = RECORD_ROLE
                .at(node.target.name.span, format!("`{what}` gives a record, which is no single quantity"));
            let help = format!(
                "write `latent {name} ~ {what}(…)`, and `data x = {name}.…` for a field that is seen"
            );
            self.told.push(told.help(help));
        }
        for pipe in &draw.pipes {
            let told = SIMULATOR_BODY.at(pipe.span, "a record cannot be transformed");
            self.told.push(told.help("transform a field of it, with `let`"));
        }
        let number = self.drawn.len();
        let axes = self.target_axes(&node.target);
        let passed = self.passed(&draw.call, inputs, home);
        let sound = axes.is_some() && passed.is_some();
        self.drawn.push(Drawn {
            home: self.home,
            called: draw.call.path.text(),
            target: Some(&node.target),
            axes: axes.unwrap_or_default(),
            inputs: passed.unwrap_or_default(),
            values: None,
            fields: Vec::new(),
        });
        match symbol {
            _ if !sound => {}
            Some(Symbol::Simulator(simulator, home)) => {
                let prefix = format!("{}{name}.", self.here().prefix);
                self.instantiate(number, simulator, home, draw.call.span, prefix);
            }
            Some(Symbol::External(external)) => self.declare_outputs(number, external),
            _ => unreachable!("only these two are drawn from here"),
        }
        true
    }

    /// Whether a name is one of the library's that a `use` may take which could not be read.
    pub(super) fn is_lost(&self, path: &tree::Path) -> bool {
        self.unread() && self.names.get(&path.text()).is_none() && library::simulator(&path.text()).is_some()
    }

    /// What a call passes to each input; none where it does not fit.
    fn passed(&mut self, call: &'t Call, inputs: &'t [Input], home: HomeId) -> Option<Vec<Passed<'t>>> {
        let name = call.path.text();
        let before = self.told.len();
        let slots = slots(&name, inputs, call, &mut self.told);
        let sound = self.told.len() == before;
        self.told.extend(out_of_order(call, inputs, &slots).filter(|_| sound));
        let mut passed = Vec::new();
        for (input, slot) in inputs.iter().zip(slots) {
            let value = match (slot, &input.default) {
                (Some(argument), _) => Some((&argument.value, self.home)),
                (None, Some(default)) => Some((default, home)),
                (None, None) => {
                    // A wrong name may have been meant for this one.
                    if sound {
                        self.told.push(lacking(&name, input, call));
                    }
                    None
                }
            };
            passed.push(Passed { input, value });
        }
        (self.told.len() == before).then_some(passed)
    }

    /// Puts the statements of a simulator into the model.
    fn instantiate(
        &mut self,
        number: usize,
        simulator: &'t tree::Simulator,
        file: HomeId,
        at: Span,
        prefix: String,
    ) {
        let depth = self.here().depth + 1;
        if depth > DEPTH || self.nodes.len() > NODES {
            let told = RECURSION.at(at, format!("draws from `{}` come to no end here", simulator.name.text));
            let large = TOO_LARGE.at(at, format!("a model has at most {NODES} quantities"));
            let told = if depth > DEPTH { told } else { large };
            self.told.push(
                told.help("steps that repeat are written in `dynamics`, draws that repeat over an axis"),
            );
            return;
        }
        let Some(drawn) = self.drawn.get(number) else { return };
        let around = self.here();
        let mut names = self.names_of(file).cloned().unwrap_or_default();
        let constants = match file == self.home {
            true => self.constants.clone(),
            false => self.homes.get(file).map(|home| home.constants.clone()).unwrap_or_default(),
        };
        names = names.inner();
        let home = Home {
            names,
            constants,
            prefix,
            axes: around.axes.iter().chain(&drawn.axes).copied().collect(),
            draw: Some(number),
            depth,
            ..Home::default()
        };
        let home = self.add_home(home);
        let told = self.told.len();
        self.within(home, |builder| {
            for (place, input) in simulator.inputs.iter().enumerate() {
                builder.introduce(&input.name, Symbol::Input(place));
            }
            builder.body_of(simulator);
            let body = modality::flat(&simulator.body);
            builder.declare(body.iter().copied());
            builder.functions(body.iter().copied());
            let fields = builder.fields(simulator);
            if let Some(drawn) = builder.drawn.get_mut(number) {
                drawn.fields = fields;
            }
        });
        // A simulator is wrong once, however often it is drawn from.
        if !self.simulators.insert((file, &simulator.name.text)) {
            self.told.truncate(told);
        }
    }

    /// Checks a simulator by itself: its inputs may be anything.
    pub(super) fn simulator_alone(&mut self, simulator: &'t tree::Simulator, file: HomeId) {
        self.drawn.push(Drawn {
            home: self.home,
            called: simulator.name.text.clone(),
            target: None,
            axes: Vec::new(),
            inputs: Vec::new(),
            values: None,
            fields: Vec::new(),
        });
        let anything = |input: &'t Input| {
            let measure = self.within(file, |builder| builder.input_measure(input));
            let declared = input.unit.is_some();
            Value { sort: Sort::Any, declared, ..Value::number(self.clock, measure) }
        };
        let values: Vec<Value> = simulator.inputs.iter().map(anything).collect();
        self.drawn.iter_mut().for_each(|drawn| drawn.values = Some(Vec::clone(&values)));
        let prefix = format!("{}.", simulator.name.text);
        self.instantiate(0, simulator, file, simulator.name.span, prefix);
        self.define();
        self.dynamics();
    }

    /// Says which statements have no place in a simulator.
    fn body_of(&mut self, simulator: &'t tree::Simulator) {
        for statement in &simulator.body {
            if let Statement::Node(node @ tree::Node { role: tree::Role::Param | tree::Role::Data, .. }) =
                statement
            {
                let name = &node.target.name;
                let told =
                    SIMULATOR_BODY.at(name.span, "parameters and data belong to models, not to a simulator");
                self.told.push(told.help(format!("write `latent {}`, or make it an input", name.text)));
            }
        }
    }

    /// The fields that a simulator returns, as nodes.
    fn fields(&mut self, simulator: &'t tree::Simulator) -> Vec<(&'t tree::Name, Option<crate::NodeId>)> {
        let returned = simulator.body.iter().find_map(|statement| match statement {
            Statement::Return(returned) => Some(returned),
            _ => None,
        });
        let mut fields = Vec::new();
        for output in &simulator.outputs {
            let name = &output.target.name;
            let value = returned
                .and_then(|returned| returned.fields.iter().find(|field| field.name.text == name.text));
            let id = value.map(|field| {
                let axes = self.target_axes(&output.target);
                let id = self.add_node(name, Role::Let, axes, Written::Field(output, &field.value));
                self.declare_unit(id, output.unit.as_ref());
                id
            });
            if id.is_none() {
                let told =
                    UNKNOWN_FIELD.at(name.span, format!("`{}` is promised and not returned", name.text));
                self.told.push(told.help(format!("write `return {{ {} = … }}`", name.text)));
            }
            fields.push((name, id));
        }
        for field in returned.into_iter().flat_map(|returned| &returned.fields) {
            let known = || simulator.outputs.iter().map(|output| output.target.name.text.as_str());
            if !known().any(|known| known == field.name.text) {
                let told = UNKNOWN_FIELD
                    .at(field.name.span, format!("`{}` is returned and not promised", field.name.text));
                self.told.push(match suggest(&field.name.text, known()) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help(format!("promise it: `-> {{ …, {} }}`", field.name.text)),
                });
            }
        }
        fields
    }

    /// Adds a node for each output of an external.
    fn declare_outputs(&mut self, number: usize, external: &'t tree::External) {
        let place = self.externals.len();
        let mut called = external::external(external, &self.constants, &mut Vec::new());
        let scripts =
            called.command.iter().filter_map(|word| self.files.bytes(word, external.name.span).ok());
        called.scripts = scripts.map(|bytes| blake3::hash(&bytes).to_string()).collect();
        self.externals.push(called);
        self.externals_of.insert(number, place);
        let Some(drawn) = self.drawn.get(number) else { return };
        let around: Vec<crate::AxisId> = drawn.axes.clone();
        let name = drawn.target.map_or("", |target| target.name.text.as_str());
        let home = Home { prefix: format!("{}{name}.", self.here().prefix), ..self.here().clone() };
        let home = Home {
            names: self.names.clone(),
            constants: self.constants.clone(),
            axes: home.axes.iter().chain(&around).copied().collect(),
            draw: Some(number),
            ..home
        };
        if let Some(called) = self.externals.get_mut(place) {
            called.axes.clone_from(&home.axes);
        }
        let home = self.add_home(home);
        let fields = self.within(home, |builder| {
            let outputs = external.outputs.iter().enumerate().map(|(output, written)| {
                let axes = builder.target_axes(&written.target);
                let name = &written.target.name;
                let id = builder.add_node(name, Role::Latent, axes, Written::Output(number, output));
                builder.declare_unit(id, written.unit.as_ref());
                if written.unit.is_none() {
                    let measure = builder.unmeasured();
                    builder.infer_unit(id, measure);
                }
                if let Some(node) = builder.nodes.get_mut(id.0) {
                    node.definition = Definition::External { external: place, output, inputs: Vec::new() };
                }
                (name, Some(id))
            });
            outputs.collect()
        });
        if let Some(drawn) = self.drawn.get_mut(number) {
            drawn.fields = fields;
        }
    }
}
