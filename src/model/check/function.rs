//! Calls in expressions: built-in functions, and `fn`s, which are put in where they are called.

use super::builtin::{self, Builtin};
use super::call::{lacking, slots};
use super::codes::{
    ARGUMENT_EXTRA, ARGUMENT_MISSING, NESTED_DRAW, RECURSION, TOO_LARGE, UNIT_MISMATCH, UNKNOWN_ARGUMENT,
    UNKNOWN_FUNCTION,
};
use super::constant::DEPTH;
use super::expr::{Scope, joined};
use super::given::list_of;
use super::home::HomeId;
use super::index::count;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::names::Symbol;
use super::passed::Passing;
use super::shown::{shown, shown_or_dots};
use super::units::{Operand, Together};
use super::value::{Sort, Value};
use super::{curve, family, recipes, walk};
use crate::units::{Measure, Unit};
use crate::{Binary, NodeId, Role, Unary};
use sbi_syntax::tree::{Argument, Call, Expr, ExprKind, Function, Input, Name, Statement};
use sbi_syntax::{Diagnostic, suggest};
use std::collections::BTreeSet;
use std::rc::Rc;

impl<'t> Builder<'t> {
    /// Checks the bodies of the model's functions once, whether they are called or not.
    pub(super) fn functions(&mut self, body: impl IntoIterator<Item = &'t Statement>) {
        for statement in body {
            if let Statement::Function(function) = statement {
                self.function(function, self.home);
            }
        }
    }

    /// Checks the body of a function, for any arguments.
    pub(super) fn function(&mut self, function: &'t Function, home: HomeId) {
        let told = self.told.len();
        if let Some(path) = self.recursion(function, home) {
            if self.homes.get(home).is_some_and(|home| home.refused.contains(function.name.text.as_str())) {
                return;
            }
            // A circle is told of once, at the first of its functions.
            if let Some(home) = self.homes.get_mut(home) {
                home.refused.extend(&path);
            }
            let path: Vec<String> = path.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("`{}` calls itself: {}", function.name.text, path.join(" calls "));
            self.told.push(
                RECURSION.at(function.name.span, message).help("steps that repeat are written in `dynamics`"),
            );
        } else {
            // Any argument is fine here: what a call passes is checked where it is called.
            let units = function.inputs.iter().filter_map(|input| input.unit.as_ref()).chain(&function.unit);
            for unit in units {
                if !self.type_as_unit(unit) {
                    self.within(home, |builder| drop(builder.measured(unit)));
                }
            }
            let locals = function.inputs.iter().map(|input| {
                let measure = self.within(home, |builder| builder.input_measure(input));
                let declared = input.unit.is_some();
                let value = Value { sort: Sort::Any, declared, ..Value::number(self.clock, measure) };
                (input.name.text.as_str(), value)
            });
            let locals = locals.collect();
            self.body(function, locals, home);
        }
        let wrong = self.arena.full || self.told.iter().skip(told).any(Diagnostic::is_error);
        if let Some(home) = self.homes.get_mut(home).filter(|_| wrong) {
            home.refused.insert(&function.name.text);
        }
    }

    /// The unit of an input; nothing is known of one without.
    pub(super) fn input_measure(&self, input: &Input) -> Measure {
        input.unit.as_ref().map_or(Measure::Unknown, |unit| self.measured_again(unit))
    }

    fn body(&mut self, function: &'t Function, locals: Vec<(&'t str, Value)>, home: HomeId) -> Value {
        let inputs = locals.iter().map(|(name, value)| (*name, value.measure.clone())).collect();
        let around = std::mem::replace(&mut self.locals, inputs);
        let scope = Scope { locals, function: true, ..Scope::default() };
        let value = self.result(function, &scope, home);
        self.locals = around;
        value
    }

    /// What a function gives for the inputs of a scope.
    fn result(&mut self, function: &'t Function, scope: &Scope<'t>, home: HomeId) -> Value {
        self.within(home, |builder| {
            let Some(unit) = &function.unit else { return builder.value(&function.body, scope) };
            let measure = builder.measured_again(unit);
            let place = Place { measure, what: What::Declared(&function.name.text, function.name.span) };
            builder.place = place.measure.unit().cloned();
            let value = builder.value(&function.body, scope);
            let raw = builder.fit(Operand { value: &value, tree: &function.body }, &place);
            Value { raw, measure: place.measure, unitless: false, ..value }.unread()
        })
    }

    /// The chain of calls by which a function comes back to itself.
    fn recursion(&self, function: &'t Function, home: HomeId) -> Option<Vec<&'t str>> {
        let start = function.name.text.as_str();
        let mut path = vec![start];
        let mut seen = BTreeSet::new();
        self.reaches(function, home, (home, start), &mut path, &mut seen).then_some(path)
    }

    fn reaches(
        &self,
        function: &'t Function,
        home: HomeId,
        start: (HomeId, &str),
        path: &mut Vec<&'t str>,
        seen: &mut BTreeSet<(HomeId, &'t str)>,
    ) -> bool {
        let mut called = Vec::new();
        walk::names(&function.body, &mut |path| called.push(path));
        for called in called {
            let Some(Symbol::Function(next, home)) = self.meaning(called, home) else { continue };
            let name = next.name.text.as_str();
            if path.len() > DEPTH || ((home, name) != start && !seen.insert((home, name))) {
                continue;
            }
            path.push(name);
            if (home, name) == start || self.reaches(next, home, start, path, seen) {
                return true;
            }
            path.pop();
        }
        false
    }

    /// Checks a call in an expression.
    pub(super) fn call(
        &mut self,
        call: &'t Call,
        scope: &Scope<'t>,
        place: Option<Rc<Unit>>,
    ) -> Result<Value, Option<Diagnostic>> {
        if let Some(function) = curve::Function::named(&call.path) {
            return self.functional(function, call, scope);
        }
        if let Some((_, value)) = scope.local(&call.path) {
            return self.applied(value.clone(), &call.path, call, scope);
        }
        let symbol = self.resolve(&call.path)?;
        let Some(name) = call.path.segments.last() else { return Err(None) };
        match symbol {
            Some(Symbol::Function(function, home)) => self.inline(function, home, call, scope),
            Some(Symbol::Refused) => Err(None),
            Some(Symbol::Input(place)) => {
                let value = self.input(place).ok_or(None)?;
                self.applied(value, &call.path, call, scope)
            }
            Some(Symbol::Node(id)) if self.nodes.get(id.0).is_some_and(|node| node.curve) => {
                let value = self.curve(id)?;
                self.applied(value, &call.path, call, scope)
            }
            Some(Symbol::Modality) => {
                let told =
                    UNKNOWN_FUNCTION.at(name.span, format!("`{}` is a modality, not a function", name.text));
                Err(Some(told.help("read one of its data by its name")))
            }
            Some(Symbol::Node(id)) if builtin::function(&name.text).is_none() => {
                if self.shapes.get(id.0).is_none_or(Option::is_none) {
                    return Err(None);
                }
                Err(Some(self.no_function(id, name, call)))
            }
            Some(Symbol::Simulator(..) | Symbol::External(_)) => {
                Err(Some(self.drawn_inside(name, Some(call), "…", scope)))
            }
            _ => match builtin::function(&name.text) {
                Some(builtin) => self.builtin(builtin, name, call, scope, place),
                None => Err(self.unknown_function(name, call)),
            },
        }
    }

    /// Says that a quantity is called: a state at an earlier time, an element, or a product without its sign.
    fn no_function(&self, id: NodeId, name: &Name, call: &Call) -> Diagnostic {
        let told = UNKNOWN_FUNCTION.at(name.span, format!("`{}` is no function", name.text));
        let name = &name.text;
        let [argument] = call.arguments.as_slice() else {
            return told.help(format!("an element is read with brackets: `{name}[…]`"));
        };
        let mut delayed = matches!(argument.value.kind, ExprKind::Number(_));
        walk::names(&argument.value, &mut |path| {
            delayed |= matches!(self.names.get(&path.text()), Some(Symbol::Clock | Symbol::Axis(_)));
        });
        let argument = shown_or_dots(&argument.value);
        let state = self.nodes.get(id.0).is_some_and(|node| node.role == Role::State);
        let axes = self.shapes.get(id.0).and_then(Option::as_ref).is_some_and(|axes| !axes.is_empty());
        told.help(match (state, axes) {
            (true, _) if argument == "t" => format!("in its dynamics a state is read as it is now: `{name}`"),
            (true, false) if delayed => format!(
                "delays are not part of the language: in its dynamics a state is read as it is now, `{name}`, and what \
                 follows it slowly is a state too"
            ),
            (_, true) => format!("an element is read with brackets: `{name}[{argument}]`"),
            (_, false) if argument.contains(' ') => format!("a product has its sign: `{name} * ({argument})`"),
            (_, false) => format!("a product has its sign: `{name} * {argument}`"),
        })
    }

    fn unknown_function(&self, name: &Name, call: &Call) -> Option<Diagnostic> {
        if recipes::in_r(call).is_some() {
            let told = NESTED_DRAW.at(name.span, "a draw cannot stand inside an expression");
            let drawn = recipes::drawn_here(call);
            return Some(told.help(format!("give it a name: `latent z ~ {drawn}`, and read `z` here")));
        }
        if family::is_distribution(&name.text) {
            let told = NESTED_DRAW.at(name.span, "a draw cannot stand inside an expression");
            return Some(
                told.help(format!("give it a name: `latent z ~ {}(…)`, and read `z` here", name.text)),
            );
        }
        let told = UNKNOWN_FUNCTION.at(name.span, format!("there is no function `{}`", name.text));
        if let Some(read) = self.state_called(&name.text) {
            return Some(told.help(format!("a state is read of its dynamics, at a time: `{read}(t)`")));
        }
        if let Some(Symbol::Dynamics(run)) = self.names.get(&name.text) {
            let state = self.nodes_of_runs.iter().find(|(_, of)| **of == run).map_or("x", |(id, _)| {
                self.nodes.get(id.0).and_then(|node| node.name.rsplit('.').next()).unwrap_or("x")
            });
            return Some(
                told.help(format!("`{0}` is a dynamics: read a state of it, `{0}.{state}(t)`", name.text)),
            );
        }
        if builtin::reducer(&name.text).is_some() {
            return Some(told.help(format!("reductions name their axis: `{} over i (x[i])`", name.text)));
        }
        if ["lag", "prev", "previous", "shift", "delay"].contains(&name.text.as_str()) {
            let state =
                call.arguments.first().map_or("x".to_owned(), |argument| shown_or_dots(&argument.value));
            return Some(
                told.help(match self.here().dynamics {
                    Some(_) => format!(
                        "on the right of `next`, `{state}` is its value one step before: write `{state}`"
                    ),
                    None => {
                        "steps are written in `dynamics`, where `next x = …` reads `x` of one step before"
                            .to_owned()
                    }
                }),
            );
        }
        if let Some(size) = self.length_of(name, call) {
            return Some(told.help(size));
        }
        if builtin::constant(&name.text).is_some() {
            return Some(told.help(format!("it is a number: write `{}`", name.text)));
        }
        if let Some(list) = list_of(&name.text, &call.arguments) {
            return Some(told.help(format!("a list stands in square brackets: `{list}`")));
        }
        if let ("diag", Some(diagonal)) = (name.text.as_str(), diagonal(&call.arguments)) {
            return Some(told.help(format!("write the rows of the matrix as lists: `{diagonal}`")));
        }
        if name.text == "logit" {
            let chance = call.arguments.first().map_or("p".to_owned(), |first| shown_or_dots(&first.value));
            return Some(told.help(format!(
                "a probability of this logit is written `bernoulli(logit = {chance})`; the function itself is \
                 `log({chance} / (1 - {chance}))`"
            )));
        }
        if let Some(ours) = builtin::elsewhere(&name.text) {
            return Some(told.help(format!("write {ours}")));
        }
        let own = self.names.iter().filter(|(_, symbol)| matches!(symbol, Symbol::Function(..)));
        let own: Vec<&str> = own.map(|(name, _)| name).collect();
        match suggest(&name.text, own.into_iter().chain(builtin::functions()).chain(curve::Function::names()))
        {
            Some(similar) => Some(told.did_you_mean(Some(similar))),
            None if self.unread() => None,
            None => Some(told.help(format!("define it: `fn {}(x) = …`", name.text))),
        }
    }

    /// Whether a statement outside of the model could not be read: what nobody knows may be what it defines or uses.
    pub(super) fn unread(&self) -> bool {
        self.homes.iter().any(|home| home.unread)
    }

    /// What to write for how many elements something has: the number itself.
    fn length_of(&self, name: &Name, call: &Call) -> Option<String> {
        const LENGTHS: [&str; 8] = ["length", "len", "nrow", "ncol", "size", "numel", "shape", "dim"];
        if !LENGTHS.contains(&name.text.as_str()) {
            return None;
        }
        let id = match call.arguments.as_slice() {
            [Argument { value: Expr { kind: ExprKind::Path(path), .. }, .. }] => match self.resolve(path) {
                Ok(Some(Symbol::Node(id))) => Some(id),
                _ => None,
            },
            _ => None,
        };
        let axes = id.and_then(|id| self.shapes.get(id.0)?.as_ref());
        let axis = axes.and_then(|axes| self.axes.get(axes.first()?.0));
        Some(match (axis, call.arguments.first()) {
            (Some(axis), Some(argument)) => format!(
                "write the number, `{}`; a mean is `mean over {2} ({}[{2}])`",
                axis.size(),
                shown_or_dots(&argument.value),
                axis.name
            ),
            _ => "write the number; a mean is `mean over i (x[i])`".to_owned(),
        })
    }

    fn builtin(
        &mut self,
        builtin: Builtin,
        name: &Name,
        call: &'t Call,
        scope: &Scope<'t>,
        place: Option<Rc<Unit>>,
    ) -> Result<Value, Option<Diagnostic>> {
        if let Some(label) = call.arguments.iter().find_map(|argument| argument.label.as_ref()) {
            let message = format!("`{}` takes its arguments without names", name.text);
            return Err(Some(
                UNKNOWN_ARGUMENT.at(label.span, message).help(format!("remove `{} =`", label.text)),
            ));
        }
        // The larger of two stands where the whole does.
        let through = place.clone().filter(|_| matches!(builtin, Builtin::Two(_)));
        let values = call.arguments.iter().map(|argument| {
            self.place.clone_from(&through);
            self.number(&argument.value, scope)
        });
        let values: Vec<Value> = values.collect();
        let operands: Vec<Operand<'_, 't>> = values
            .iter()
            .zip(&call.arguments)
            .map(|(value, argument)| Operand { value, tree: &argument.value })
            .collect();
        match (builtin, operands.as_slice()) {
            (Builtin::One(function), &[x]) => {
                let (raw, measure) = match function {
                    Unary::Abs => (self.arena.unary(function, x.value.raw), x.value.measure.clone()),
                    Unary::Sign => (self.arena.unary(function, x.value.raw), Measure::pure()),
                    Unary::Sqrt => self.root(x.value),
                    _ => {
                        let who = format!("`{}`", name.text);
                        self.ensure_plain(function, x, &who);
                        let plain = self.plain(x, &who);
                        (self.arena.unary(function, plain), Measure::pure())
                    }
                };
                if matches!(function, Unary::Sqrt | Unary::Log) {
                    self.note(raw, call.span);
                }
                Ok(Value { sort: joined(&[x.value], Sort::Number), ..Value::number(raw, measure) })
            }
            (Builtin::Two(function), &[x, y]) => {
                let (a, b, measure) = self.together(x, y, Together::Paired, place.as_ref());
                let raw = self.arena.binary(function, a, b);
                Ok(Value { sort: joined(&[x.value, y.value], Sort::Number), ..Value::number(raw, measure) })
            }
            (Builtin::Remainder, &[x, y]) => {
                let (a, b, measure) = self.together(x, y, Together::Paired, place.as_ref());
                let ratio = self.arena.binary(Binary::Div, a, b);
                let whole = self.arena.unary(Unary::Floor, ratio);
                let multiple = self.arena.binary(Binary::Mul, b, whole);
                let raw = self.arena.binary(Binary::Sub, a, multiple);
                Ok(Value { sort: joined(&[x.value, y.value], Sort::Number), ..Value::number(raw, measure) })
            }
            (Builtin::One(_), _) => Err(Some(wrong_count(name, call, 1, "(x)"))),
            (Builtin::Two(_) | Builtin::Remainder, _) => Err(Some(wrong_count(name, call, 2, "(x, y)"))),
        }
    }

    /// Puts the body of a function in, with its arguments; the same call is put in once.
    fn inline(
        &mut self,
        function: &'t Function,
        home: HomeId,
        call: &'t Call,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        let name = function.name.text.as_str();
        let locals = self.arguments(function, home, call, scope)?;
        let refused = self.homes.get(home).is_some_and(|home| home.refused.contains(name));
        if refused || locals.iter().any(|(_, value)| value.sort == Sort::Refused) {
            return Err(None);
        }
        let unit = |value: &Value| value.measure.unit().map(|unit| (*unit.dimension(), unit.scale().clone()));
        let known = |value: &Value| (value.raw, unit(value), value.unitless);
        let key = (home, name, locals.iter().map(|(_, value)| known(value)).collect());
        if let Some(known) = self.inlined.get(&key) {
            return Ok(known.clone());
        }
        if self.calls.contains(&(home, name)) {
            // A circle of functions is told of at its members.
            return Err(None);
        }
        if self.arena.full {
            // Told where the model, or the file's functions, are done.
            return Err(None);
        }
        if self.calls.len() >= DEPTH {
            return Err(Some(
                TOO_LARGE
                    .at(call.span, "functions are nested too deep here")
                    .help("name intermediate results with `let`"),
            ));
        }
        self.calls.push((home, name));
        let told = self.told.len();
        let value = self.body(function, locals, home);
        self.calls.pop();
        // The body is sound by itself: what is wrong is what this call passes.
        let (wrong, warnings): (Vec<Diagnostic>, Vec<_>) =
            self.told.drain(told..).partition(Diagnostic::is_error);
        self.told.extend(warnings);
        if let Some(wrong) = wrong.into_iter().next() {
            let called = format!("`{name}` is called with this");
            if wrong.code == UNIT_MISMATCH.name && wrong.span.file != call.span.file {
                let message = format!("in `{name}`, {}", wrong.message);
                let told = UNIT_MISMATCH.at(call.span, message).label(call.span, called);
                return Err(Some(match wrong.help {
                    Some(help) => told.help(help),
                    None => told,
                }));
            }
            return Err(Some(wrong.label(call.span, called)));
        }
        self.inlined.insert(key, value.clone());
        Ok(value)
    }

    /// The values of a function's inputs, in their order.
    fn arguments(
        &mut self,
        function: &'t Function,
        home: HomeId,
        call: &'t Call,
        scope: &Scope<'t>,
    ) -> Result<Vec<(&'t str, Value)>, Option<Diagnostic>> {
        let name = &function.name.text;
        let mut told = Vec::new();
        let slots = slots(name, &function.inputs, call, &mut told);
        if let Some(wrong) = told.into_iter().next() {
            return Err(Some(wrong.label(function.name.span, "defined here")));
        }
        let mut passing = Vec::new();
        for (input, slot) in function.inputs.iter().zip(slots) {
            let (expr, default) = match (slot, &input.default) {
                (Some(argument), _) => (&argument.value, false),
                (None, Some(default)) => (default, true),
                (None, None) => return Err(Some(lacking(name, input, call))),
            };
            let measure = self.within(home, |builder| builder.input_measure(input));
            let value = match default {
                true => self.within(home, |builder| builder.valued(expr, &Scope::default(), &measure)),
                false => self.valued(expr, scope, &measure),
            };
            passing.push(Passing { input, expr, default, measure, value });
        }
        let passed = self.pass_all(name, passing);
        Ok(function.inputs.iter().map(|input| input.name.text.as_str()).zip(passed).collect())
    }
}

fn wrong_count(name: &Name, call: &Call, takes: usize, form: &str) -> Diagnostic {
    let found = call.arguments.len();
    let code = if found < takes { ARGUMENT_MISSING } else { ARGUMENT_EXTRA };
    let message =
        format!("`{}` takes {}, and has {found} here", name.text, count(takes, "argument", "arguments"));
    let help = match (name.text.as_str(), found) {
        ("max" | "min", 1) => format!("write `{0}(x, y)`, or over an axis `{0} over i (x[i])`", name.text),
        ("max" | "min", _) => format!("nest them: `{0}(x, {0}(y, z))`", name.text),
        _ => format!("write `{}{form}`", name.text),
    };
    code.at(call.span, message).help(help)
}

/// The matrix with these entries on its diagonal, `diag(a, b)` or `diag([a, b])`, where it is small.
fn diagonal(arguments: &[Argument]) -> Option<String> {
    const LARGEST: usize = 4;
    let values: Vec<&Expr> = match arguments {
        [Argument { value: Expr { kind: ExprKind::List(entries), .. }, .. }] => entries.iter().collect(),
        [Argument { value: Expr { kind: ExprKind::Call(call), .. }, .. }] => {
            call.arguments.iter().map(|argument| &argument.value).collect()
        }
        arguments => arguments.iter().map(|argument| &argument.value).collect(),
    };
    if !(2..=LARGEST).contains(&values.len()) {
        return None;
    }
    let entries: Vec<String> = values.into_iter().map(shown).collect::<Option<_>>()?;
    let rows = (0..entries.len()).map(|row| {
        let cells = entries.iter().enumerate();
        let cells: Vec<&str> =
            cells.map(|(column, entry)| if row == column { entry.as_str() } else { "0" }).collect();
        format!("[{}]", cells.join(", "))
    });
    Some(format!("[{}]", rows.collect::<Vec<_>>().join(", ")))
}
