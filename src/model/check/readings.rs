//! How the statements of a model read its names: what is meant where one is read otherwise than it is defined.

use super::builtin;
use super::codes::INDEX_COUNT;
use super::model::{Builder, Written};
use super::names::Symbol;
use super::shown::shown;
use super::walk;
use crate::{AxisKind, NodeId};
use sbi_syntax::tree::{
    DynamicsStatement, Expr, ExprKind, Name, Node, Role, Source, State, Statement, Target,
};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// Names for an axis that is to be declared.
const LETTERS: [&str; 6] = ["i", "j", "k", "l", "m", "n"];

/// Everything that the statements of a model read.
#[derive(Default)]
pub(super) struct Readings<'t> {
    /// How often each name is read.
    read: BTreeMap<&'t str, usize>,
    /// The indices with which it is read.
    elements: BTreeMap<&'t str, Vec<&'t [Expr]>>,
    /// The names at which parts of other things are read: the `t` of `pond.prey(t)`.
    times: BTreeSet<&'t str>,
    /// Names that mean something only in the statement that reads them.
    locals: BTreeSet<&'t str>,
    /// Where each whole expression stands, and the names that it reads.
    together: Vec<(Span, BTreeSet<&'t str>)>,
    /// Where the expressions of statements that have several stand, from the first to the last.
    statements: Vec<Span>,
}

impl<'t> Readings<'t> {
    /// Adds what a statement reads.
    pub(super) fn add(&mut self, statement: &'t Statement) {
        match statement {
            Statement::Node(node) => self.defined(&node.target, walk::values(&node.definition)),
            Statement::Let(binding) => self.defined(&binding.target, vec![&binding.value]),
            Statement::Const(constant) => {
                if let Source::Equals(value) = &constant.value {
                    self.defined(&constant.target, vec![value]);
                }
            }
            Statement::Function(function) => {
                self.locals.extend(function.inputs.iter().map(|input| input.name.text.as_str()));
                self.expr(&function.body);
            }
            Statement::Dynamics(dynamics) => dynamics.body.iter().for_each(|statement| self.step(statement)),
            Statement::Return(returned) => returned.fields.iter().for_each(|field| self.expr(&field.value)),
            Statement::Missing(missing) => self.expr(&missing.probability),
            _ => {}
        }
    }

    fn step(&mut self, statement: &'t DynamicsStatement) {
        match statement {
            DynamicsStatement::Init(state)
            | DynamicsStatement::Derivative(state)
            | DynamicsStatement::Next(state) => {
                self.defined(&state.target, walk::values(&state.definition));
            }
            DynamicsStatement::Let(binding) => self.defined(&binding.target, vec![&binding.value]),
            DynamicsStatement::Stop { condition, .. } => self.expr(condition),
            DynamicsStatement::When(event) | DynamicsStatement::Jump(event) => {
                self.expr(&event.trigger);
                event.assignments.iter().for_each(|set| self.expr(&set.value));
            }
            DynamicsStatement::Noise { .. } | DynamicsStatement::Bad(_) => {}
        }
    }

    fn defined(&mut self, target: &'t Target, values: Vec<&'t Expr>) {
        self.locals.extend(target.formal.iter().map(|formal| formal.name.text.as_str()));
        if let [first, .., last] = values.as_slice() {
            self.statements.push(first.span.to(last.span));
        }
        values.into_iter().for_each(|value| self.expr(value));
    }

    fn expr(&mut self, expr: &'t Expr) {
        let mut names = BTreeSet::new();
        walk::names(expr, &mut |path| names.extend(path.segments.first().map(|name| name.text.as_str())));
        self.together.push((expr.span, names));
        walk::parts(expr, &mut |part| {
            if let Some(name) = walk::name(part).and_then(|path| path.segments.first()) {
                *self.read.entry(&name.text).or_default() += 1;
            }
            if let ExprKind::Apply { arguments, .. } = &part.kind {
                let named = arguments.iter().filter_map(|argument| walk::name(&argument.value)?.as_name());
                self.times.extend(named.map(|name| name.text.as_str()));
            }
            if let ExprKind::Index { base, index } = &part.kind
                && let ExprKind::Path(path) = &base.kind
                && let Some(name) = path.as_name()
            {
                self.elements.entry(&name.text).or_default().push(index);
            }
        });
    }

    /// Whether a name is read in the expression that stands around this place.
    pub(super) fn stands_beside(&self, name: &str, place: Span) -> bool {
        self.together.iter().any(|(span, names)| contains(*span, place) && names.contains(name))
    }

    /// The names that the statement around this place reads.
    pub(super) fn in_statement(&self, place: Span) -> BTreeSet<&'t str> {
        let whole = self.statements.iter().copied().find(|span| contains(*span, place)).unwrap_or(place);
        let reads = |(span, _): &&(Span, BTreeSet<&str>)| contains(whole, *span) || contains(*span, place);
        self.together.iter().filter(reads).flat_map(|(_, names)| names.iter().copied()).collect()
    }

    /// The indices with which a name is read, where it is never read without one.
    fn only_elements(&self, name: &str) -> Option<&[&'t [Expr]]> {
        let elements = self.elements.get(name)?;
        (self.read.get(name) == Some(&elements.len())).then_some(elements)
    }
}

impl<'t> Builder<'t> {
    /// Says that a quantity without axes is read by its elements and never whole: its axis is forgotten where it is
    /// declared. Of its readings nothing more is said.
    pub(super) fn axes_forgotten(&mut self, id: NodeId, read: &str, span: Span) -> Option<Diagnostic> {
        let Written::Node(Node { role, target, .. }) = *self.written.get(id.0)? else { return None };
        let name = &target.name.text;
        let elements = self.readings.only_elements(name).filter(|_| target.formal.is_none())?;
        let count = elements.first()?.len();
        if elements.iter().any(|index| index.len() != count) {
            return None;
        }
        let mut axes: Vec<&str> = Vec::new();
        let mut declared: Vec<String> = Vec::new();
        for place in 0..count {
            let entries: Vec<&Expr> = elements.iter().filter_map(|index| index.get(place)).collect();
            let axis = self.axis_for(&entries, &axes, &mut declared)?;
            axes.push(axis);
        }
        let role = match role {
            Role::Param => "param",
            Role::Latent => "latent",
            Role::Data => "data",
        };
        let whole = format!("{role} {name}[{}]", axes.join(", "));
        let help = match declared.as_slice() {
            [] => format!("write `{whole}`"),
            declared => format!("declare {}, and write `{whole}`", declared.join(" and ")),
        };
        let told = INDEX_COUNT.at(target.span, format!("`{name}` has no axes, and is read as `{read}`"));
        if let Some(shape) = self.shapes.get_mut(id.0) {
            *shape = None;
        }
        Some(told.label(span, "read here").help(help))
    }

    /// The axis that these indices run along: one they name, one with as many elements, or one that is to be declared.
    fn axis_for<'s>(
        &'s self,
        entries: &[&Expr],
        taken: &[&str],
        declared: &mut Vec<String>,
    ) -> Option<&'s str> {
        let mut last = 0.0;
        for entry in entries {
            match &entry.kind {
                ExprKind::Path(path) => match self.names.get(&path.as_name()?.text) {
                    Some(Symbol::Axis(Some(axis))) => {
                        return self.axes.get(axis.0).map(|axis| axis.name.as_str());
                    }
                    _ => return None,
                },
                ExprKind::Number(number) => last = number.value.max(last),
                _ => return None,
            }
        }
        // A first element alone says nothing of how many there are.
        if last < 2.0 {
            return None;
        }
        let fits = self.axes.iter().find(|axis| {
            let index = matches!(axis.kind, AxisKind::Index { .. } | AxisKind::Ordered { .. });
            index && axis.size() as f64 == last && !taken.contains(&axis.name.as_str())
        });
        if let Some(axis) = fits {
            return Some(&axis.name);
        }
        let free = |letter: &&str| self.names.get(letter).is_none() && !taken.contains(letter);
        let letter = LETTERS.into_iter().find(free)?;
        declared.push(format!("`axis {letter} : index({last})`"));
        Some(letter)
    }

    /// The axes on the left of a statement that its right side does not read.
    pub(super) fn idle_axes(&self, target: &Target) -> Vec<&'t Name> {
        let found = self.written.iter().find_map(|written| match written {
            Written::Node(node) if std::ptr::eq(&node.target, target) => {
                Some((&node.target, walk::values(&node.definition)))
            }
            Written::State(State { target: own, definition, .. }) if std::ptr::eq(own, target) => {
                Some((own, walk::values(definition)))
            }
            Written::Let(binding) if std::ptr::eq(&binding.target, target) => {
                Some((&binding.target, vec![&binding.value]))
            }
            _ => None,
        });
        let Some((target, values)) = found else { return Vec::new() };
        let mut read = BTreeSet::new();
        values.into_iter().for_each(|value| {
            walk::names(value, &mut |path| {
                read.insert(path.text());
            });
        });
        target.axes.iter().filter(|axis| !read.contains(&axis.text)).collect()
    }

    /// What is meant by a name that nobody knows: one that is written alike, those that nothing reads before the
    /// others; or the only one that nothing reads.
    pub(super) fn meant_by(&self, Name { text: name, span }: &Name) -> Option<String> {
        let unread: Vec<&str> = self.unread_names();
        // What stands beside it is another thing: in `g_k * (v - e_k)`, no `g_k` is meant to be `e_k`. So is what is read
        // elsewhere and has another letter behind its `_`.
        let other = |known: &str| self.readings.stands_beside(known, *span) || are_siblings(known, name);
        let known = self.names.iter().map(|(name, _)| name).filter(|known| !other(known));
        let similar = suggest(name, unread.iter().copied().chain(known).chain(["true", "false"]));
        let numbered = |other: &str| {
            let plain = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            !unread.contains(&other) && plain(other) == plain(name)
        };
        // `prey0` is how `prey` starts, which cannot be read there.
        let start = |state: &str| {
            let ends = ["0", "_0", "_init", "_start", "init", "start"];
            let starts = name.strip_prefix(state).is_some_and(|end| ends.contains(&end));
            starts && self.here().dynamics.is_some() && self.state_called(state).is_some()
        };
        let similar = similar.filter(|similar| !start(similar));
        match (similar, unread.as_slice()) {
            (Some(similar), _) if !numbered(similar) => Some(format!("did you mean `{similar}`?")),
            (_, [only]) if self.is_only_stranger(name) => {
                let whole = self.whole_name(only);
                Some(format!(
                    "nothing reads `{only}`: write `{whole}` if that is what `{name}` was called, else define `{name}`"
                ))
            }
            (Some(similar), _) => Some(format!("did you mean `{similar}`?")),
            (None, _) => None,
        }
    }

    /// The axis of something that is read with a name as its index: `i` in `theta[i]`, where `theta[site]` is declared.
    pub(super) fn axis_read_as(&self, name: &str) -> Option<&'t str> {
        let targets = self.written.iter().filter_map(|written| match written {
            Written::Node(node) => Some(&node.target),
            Written::Let(binding) => Some(&binding.target),
            Written::Const(constant) => Some(&constant.target),
            _ => None,
        });
        let mut meant = targets.flat_map(|target| {
            let read = self.readings.elements.get(target.name.text.as_str()).into_iter().flatten();
            read.flat_map(|index| index.iter().zip(&target.axes)).filter_map(|(index, axis)| {
                match &index.kind {
                    ExprKind::Path(path) if path.text() == name => Some(axis.text.as_str()),
                    _ => None,
                }
            })
        });
        meant.find(|axis| matches!(self.names.get(axis), Some(Symbol::Axis(Some(_)))))
    }

    /// The kind of axis that a name which is none would be: one of instants where a state is read at it.
    pub(super) fn kind_of(&self, name: &str) -> String {
        let run = self.runs.first().map(|run| run.tree).filter(|_| self.readings.times.contains(name));
        let over = run.and_then(|run| run.over.as_ref()).and_then(shown);
        match (run, over) {
            (Some(run), Some(over)) if run.every.is_none() => {
                format!("time(scattered(n = 30, over = {over}))")
            }
            (Some(_), _) => "ordered(10)".to_owned(),
            (None, _) => "index(10)".to_owned(),
        }
    }

    /// A name with the axes of what it means: `theta[i]`.
    fn whole_name(&self, name: &str) -> String {
        let axes = match self.names.get(name) {
            Some(Symbol::Node(id)) => self.shapes.get(id.0).cloned().flatten().unwrap_or_default(),
            _ => Vec::new(),
        };
        let axes = self.axis_names(&axes).join(", ");
        if axes.is_empty() { name.to_owned() } else { format!("{name}[{axes}]") }
    }

    /// What is drawn or computed here and read by nothing.
    pub(super) fn unread_names(&self) -> Vec<&'t str> {
        let unread = self.names.iter().filter(|(name, symbol)| {
            let Symbol::Node(id) = symbol else { return false };
            let lasting = match self.written.get(id.0) {
                Some(Written::Node(node)) => node.role != Role::Data,
                Some(Written::Let(_)) => true,
                _ => false,
            };
            lasting && !self.readings.read.contains_key(name)
        });
        let unread: Vec<&str> = unread.map(|(name, _)| name).collect();
        // Where statements were not looked at, nothing is known of what they read.
        if self.readings.read.is_empty() { Vec::new() } else { unread }
    }

    /// Whether a name is the only one that is read and means nothing anywhere.
    fn is_only_stranger(&self, name: &str) -> bool {
        let means = |read: &str| {
            let homes = self.homes.iter().map(|home| &home.names).chain([&self.names]);
            homes.into_iter().any(|names| names.get(read).is_some())
                || builtin::function(read).is_some()
                || builtin::constant(read).is_some()
                || self.readings.locals.contains(read)
        };
        let mut strangers = self.readings.read.keys().filter(|read| !means(read));
        strangers.next() == Some(&name) && strangers.next().is_none()
    }
}

/// Whether a place lies within another.
pub(super) fn contains(around: Span, place: Span) -> bool {
    around.file == place.file && around.start <= place.start && place.end <= around.end
}

/// Whether names are those of two of a kind: `g_k` and `g_l`.
fn are_siblings(one: &str, other: &str) -> bool {
    const LONGEST: usize = 2;
    let parts = |name: &str| name.split('_').map(str::to_lowercase).collect::<Vec<_>>();
    let (one, other) = (parts(one), parts(other));
    let apart: Vec<_> = one.iter().zip(&other).filter(|(one, other)| one != other).collect();
    one.len() > 1
        && one.len() == other.len()
        && matches!(apart.as_slice(), [(one, other)] if one.len().max(other.len()) <= LONGEST)
}
