//! Products as they are written: their factors, what is known of them, and the same product with one of them changed.

use super::model::Builder;
use super::names::Symbol;
use super::shown::{divisor, factor};
use crate::units::{Measure, Power, Unit};
use crate::{NodeId, Role};
use sbi_syntax::tree::{BinaryOperator, Expr, ExprKind, Number, UnaryOperator};
use std::rc::Rc;

/// The longest product that a help repeats.
const LONGEST: usize = 80;

/// A product or a quotient, with its factors in the order in which they are written.
pub(super) struct Product<'e> {
    negative: bool,
    pub(super) parts: Vec<Part<'e>>,
}

/// One of its factors.
pub(super) struct Part<'e> {
    pub(super) tree: &'e Expr,
    /// Whether it stands below the line.
    pub(super) below: bool,
}

/// What becomes of a factor.
pub(super) enum Change<'s> {
    /// It goes to the other side of the line.
    Moved(usize),
    /// It is left out.
    Dropped(usize),
    /// This is written in its place, which must bind as tightly as a power.
    Replaced(usize, &'s str),
    /// All go to the other side of the line.
    Turned,
}

/// A name among the factors, or in a power of them.
pub(super) struct Factor {
    /// The part of the product that it is, or stands in.
    pub(super) part: usize,
    pub(super) name: String,
    pub(super) unit: Rc<Unit>,
    /// To which power it enters the product.
    pub(super) power: Power,
    /// Whether it is that part itself, or a whole power of it.
    pub(super) whole: bool,
    pub(super) what: What,
}

/// What a name among the factors means.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum What {
    Node(NodeId),
    /// A coordinate, or the time within a dynamics.
    Time,
    /// An input of the function in hand.
    Input,
}

impl<'e> Product<'e> {
    pub(super) fn of(tree: &'e Expr) -> Product<'e> {
        let mut product = Product { negative: false, parts: Vec::new() };
        product.gather(tree, false);
        product
    }

    fn gather(&mut self, tree: &'e Expr, below: bool) {
        match &tree.kind {
            ExprKind::Binary { operator: BinaryOperator::Mul, left, right, .. } => {
                self.gather(left, below);
                self.gather(right, below);
            }
            ExprKind::Binary { operator: BinaryOperator::Div, left, right, .. } => {
                self.gather(left, below);
                self.gather(right, !below);
            }
            ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
                self.negative = !self.negative;
                self.gather(operand, below);
            }
            _ => self.parts.push(Part { tree, below }),
        }
    }

    /// The product as text, with what becomes of a factor; none where it is too long to be repeated.
    pub(super) fn with(&self, change: &Change<'_>) -> Option<String> {
        let mut texts: Vec<(bool, String)> = Vec::new();
        for (place, part) in self.parts.iter().enumerate() {
            let below = match change {
                Change::Dropped(dropped) if *dropped == place => continue,
                Change::Moved(moved) if *moved == place => !part.below,
                Change::Turned => !part.below,
                _ => part.below,
            };
            let text = match change {
                Change::Replaced(replaced, text) if *replaced == place => (*text).to_owned(),
                _ if below => divisor(part.tree)?,
                _ => factor(part.tree)?,
            };
            texts.push((below, text));
        }
        if texts.iter().any(|(below, text)| !below && text != "1") {
            texts.retain(|(below, text)| *below || text != "1");
        }
        let first = match texts.iter().position(|(below, _)| !below) {
            Some(place) => texts.remove(place).1,
            None => "1".to_owned(),
        };
        // What is left alone needs no brackets.
        let alone = first.strip_prefix('(').and_then(|first| first.strip_suffix(')'));
        let alone = alone.filter(|_| texts.is_empty() && !self.negative && first.matches('(').count() == 1);
        let first = alone.map_or_else(|| first.clone(), str::to_owned);
        let sign = if self.negative { "-" } else { "" };
        let rest = texts.iter().map(|(below, text)| format!(" {} {text}", if *below { '/' } else { '*' }));
        let text = format!("{sign}{first}{}", rest.collect::<String>());
        (text.len() <= LONGEST).then_some(text)
    }

    /// The numbers among its factors that are written without a unit, but for those that count or halve.
    pub(super) fn bare_numbers(&self) -> impl Iterator<Item = (usize, &'e Number)> {
        let measured = |number: &&Number| {
            let (value, twice) = (number.value.abs(), 2.0 * number.value.abs());
            let counts = twice.fract() == 0.0 && value < 10.0;
            number.unit.is_none() && !number.percent && !counts
        };
        self.parts.iter().enumerate().filter_map(move |(place, part)| match &part.tree.kind {
            ExprKind::Number(number) => Some((place, number)).filter(|(_, number)| measured(number)),
            _ => None,
        })
    }
}

impl Builder<'_> {
    /// The names among the factors of a product whose units are known.
    pub(super) fn factors(&self, product: &Product<'_>) -> Vec<Factor> {
        let mut factors = Vec::new();
        for (place, part) in product.parts.iter().enumerate() {
            let power = if part.below { Power::ONE.negated() } else { Power::ONE };
            self.factors_of(part.tree, (place, power, true), &mut factors);
        }
        factors
    }

    fn factors_of(&self, tree: &Expr, (part, power, whole): (usize, Power, bool), found: &mut Vec<Factor>) {
        let path = match &tree.kind {
            ExprKind::Binary { operator: BinaryOperator::Pow, left, right, .. } => {
                let raised = match &right.kind {
                    ExprKind::Number(number) => Power::of(number.value).and_then(|by| power.times(by)),
                    _ => None,
                };
                let Some(power) = raised else { return };
                let inner = Product::of(left);
                let alone = whole && inner.parts.len() == 1;
                for inner in &inner.parts {
                    let power = if inner.below { power.negated() } else { power };
                    self.factors_of(inner.tree, (part, power, alone), found);
                }
                return;
            }
            ExprKind::Path(path) => path,
            ExprKind::Index { base, .. } => match &base.kind {
                ExprKind::Path(path) => path,
                _ => return,
            },
            ExprKind::Call(call) => &call.path,
            _ => return,
        };
        let Some(name) = path.as_name().map(|name| name.text.as_str()) else { return };
        let Some((what, Measure::Of(unit))) = self.meaning_of(name) else { return };
        found.push(Factor { part, name: name.to_owned(), unit, power, whole, what });
    }

    /// What a name among the factors means, and its unit.
    fn meaning_of(&self, name: &str) -> Option<(What, Measure)> {
        if let Some((_, measure)) = self.locals.iter().find(|(local, _)| *local == name) {
            return Some((What::Input, measure.clone()));
        }
        let run = self.here().dynamics;
        match self.names.get(name)? {
            Symbol::Node(id) if self.nodes.get(id.0)?.role == Role::Noise => {
                Some((What::Node(id), run.map_or(Measure::Unknown, |run| self.noise_unit(run))))
            }
            Symbol::Node(id) => Some((What::Node(id), self.measures.get(id.0)?.clone())),
            Symbol::Axis(id) => Some((What::Time, self.coordinates.get(id?.0)?.clone())),
            Symbol::Clock => Some((What::Time, self.clocks.get(&run?)?.clone())),
            _ => None,
        }
    }

    /// What a factor is, where it is a quantity of the model.
    pub(super) fn role(&self, factor: &Factor) -> Option<Role> {
        match factor.what {
            What::Node(id) => self.nodes.get(id.0).map(|node| node.role),
            What::Time | What::Input => None,
        }
    }
}
