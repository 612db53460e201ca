//! Expressions: the grammar gives them flat, here they get their precedence.

use crate::codes::{COMPARISON_CHAIN, IN_WITHOUT_RANGE, NESTING_TOO_DEEP, RANGE_CHAIN};
use crate::grammar::{Pair, Pairs, Rule, child, children, presume};
use crate::parse::Builder;
use crate::source::Span;
use crate::tree::{Argument, BinaryOperator, Call, Expr, ExprKind, Field, UnaryOperator};
use std::iter::Peekable;

/// How deep the tree of one expression may grow; a chain of operators grows by one for each. It
/// bounds the recursion of everything that walks over trees.
const DEEPEST: usize = 256;

/// How tightly operators bind, loosest first.
pub(crate) mod power {
    use crate::tree::BinaryOperator as Binary;

    pub(crate) const OR: u8 = 1;
    pub(crate) const AND: u8 = 2;
    pub(crate) const NOT: u8 = 3;
    pub(crate) const COMPARE: u8 = 4;
    pub(crate) const RANGE: u8 = 5;
    pub(crate) const ADD: u8 = 6;
    pub(crate) const MULTIPLY: u8 = 7;
    pub(crate) const NEGATE: u8 = 8;
    pub(crate) const RAISE: u8 = 9;

    /// That of an operator with two operands.
    pub(crate) fn of(operator: Binary) -> u8 {
        match operator {
            Binary::Or => OR,
            Binary::And => AND,
            Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => COMPARE,
            Binary::Eq | Binary::Ne | Binary::In => COMPARE,
            Binary::Add | Binary::Sub => ADD,
            Binary::Mul | Binary::Div => MULTIPLY,
            Binary::Pow => RAISE,
        }
    }
}

/// An operator between two operands.
#[derive(Clone, Copy)]
struct Infix {
    /// Which; `None` is the range `..`.
    operator: Option<BinaryOperator>,
    power: u8,
    span: Span,
}

impl<'t> Builder<'t> {
    /// An expression that stands by itself in a statement.
    pub(crate) fn expr(&mut self, pair: &Pair<'t>) -> Expr {
        self.nested(pair, 0)
    }

    /// An expression `depth` levels below the statement's own.
    fn nested(&mut self, pair: &Pair<'t>, depth: usize) -> Expr {
        let operators = pair.clone().into_inner().filter(|part| part.as_rule() != Rule::postfix).count();
        let depth = depth + operators;
        if depth > DEEPEST {
            return self.too_deep(pair);
        }
        let mut parts = pair.clone().into_inner().peekable();
        self.climb(&mut parts, power::OR, depth)
    }

    /// Reads operands joined by operators that bind at least as tightly as `least`.
    fn climb(&mut self, parts: &mut Peekable<Pairs<'t>>, least: u8, depth: usize) -> Expr {
        let first = parts.next().expect("the grammar ends every expression with an operand");
        let mut left = match first.as_rule() {
            Rule::prefix => self.prefixed(&first, parts, depth),
            _ => self.postfix(&first, depth),
        };
        let mut before: Option<Infix> = None;
        while let Some(infix) = parts.peek().map(|next| self.infix(next)) {
            if infix.power < least {
                break;
            }
            parts.next();
            if let Some(before) = before {
                self.check_chain(before, infix, &left);
            }
            let tighter = if infix.power == power::RAISE { infix.power } else { infix.power + 1 };
            let right = self.climb(parts, tighter, depth);
            left = self.join(left, infix, right);
            before = Some(infix);
        }
        left
    }

    fn prefixed(&mut self, prefix: &Pair<'t>, parts: &mut Peekable<Pairs<'t>>, depth: usize) -> Expr {
        let (operator, power) = match prefix.as_str() {
            "-" => (UnaryOperator::Neg, power::NEGATE),
            _ => (UnaryOperator::Not, power::NOT),
        };
        let operand = self.climb(parts, power, depth);
        let span = self.span(prefix).to(operand.span);
        Expr { kind: ExprKind::Unary { operator, operand: Box::new(operand) }, span }
    }

    fn join(&mut self, left: Expr, infix: Infix, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        if infix.operator == Some(BinaryOperator::In) && !matches!(right.kind, ExprKind::Range { .. }) {
            let message = "`in` needs a range behind it";
            self.tell(IN_WITHOUT_RANGE.at(right.span, message).help("write `x in low .. high`"));
        }
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = match infix.operator {
            Some(operator) => ExprKind::Binary { operator, at: infix.span, left, right },
            None => ExprKind::Range { low: left, high: right },
        };
        Expr { kind, span }
    }

    /// Comparisons and ranges do not chain: `a < b < c` means nothing anyone would guess.
    fn check_chain(&mut self, before: Infix, now: Infix, left: &Expr) {
        if before.power != now.power {
            return;
        }
        if now.power == power::RANGE {
            let message = "a range has two ends";
            let told = RANGE_CHAIN.at(now.span, message).label(before.span, "the range is complete here");
            self.tell(told.help("write `low .. high`; a step has a name of its own: `step = 0.1`"));
        } else if now.power == power::COMPARE {
            let text = |span: Span| self.text.get(span.start as usize..span.end as usize).unwrap_or("");
            let middle = match &left.kind {
                ExprKind::Binary { right, .. } => text(right.span),
                _ => "b",
            };
            let help = format!("write `{} and {middle} {} …`", text(left.span), text(now.span));
            let message = "comparisons do not chain";
            let told = COMPARISON_CHAIN.at(now.span, message).label(before.span, "this compares already");
            self.tell(told.help(help));
        }
    }

    fn infix(&self, pair: &Pair<'t>) -> Infix {
        use BinaryOperator as Binary;
        let operator = match pair.as_str() {
            "or" => Some(Binary::Or),
            "and" => Some(Binary::And),
            "<" => Some(Binary::Lt),
            "<=" => Some(Binary::Le),
            ">" => Some(Binary::Gt),
            ">=" => Some(Binary::Ge),
            "==" => Some(Binary::Eq),
            "!=" => Some(Binary::Ne),
            "in" => Some(Binary::In),
            ".." => None,
            "+" => Some(Binary::Add),
            "-" => Some(Binary::Sub),
            "*" => Some(Binary::Mul),
            "/" => Some(Binary::Div),
            "^" => Some(Binary::Pow),
            text => unreachable!("the grammar has no operator {text}"),
        };
        let power = operator.map_or(power::RANGE, power::of);
        Infix { operator, power, span: self.span(pair) }
    }

    /// An operand with the calls, indices and members behind it.
    fn postfix(&mut self, pair: &Pair<'t>, depth: usize) -> Expr {
        let mut parts = pair.clone().into_inner();
        let depth = depth + parts.len();
        if depth > DEEPEST {
            return self.too_deep(pair);
        }
        let first = parts.next().expect("the grammar starts every postfix with an operand");
        let mut base = match first.as_rule() {
            Rule::literal => self.literal(&first),
            _ => self.primary(&first, depth),
        };
        for part in parts {
            let span = base.span.to(self.span(&part));
            let kind = match part.as_rule() {
                Rule::args => self.applied(base, &part, depth),
                Rule::index => {
                    let index = children(&part, Rule::expr).map(|e| self.nested(&e, depth)).collect();
                    ExprKind::Index { base: Box::new(base), index }
                }
                Rule::member => {
                    let name = self.name(&presume(&part, Rule::name));
                    ExprKind::Member { base: Box::new(base), name }
                }
                rule => unreachable!("the grammar puts no {rule:?} behind an operand"),
            };
            base = Expr { kind, span };
        }
        base
    }

    fn applied(&mut self, base: Expr, args: &Pair<'t>, depth: usize) -> ExprKind {
        let arguments = self.arguments(args, depth);
        match base.kind {
            ExprKind::Path(path) => {
                let span = base.span.to(self.span(args));
                ExprKind::Call(Call { path, arguments, span })
            }
            kind => ExprKind::Apply { base: Box::new(Expr { kind, span: base.span }), arguments },
        }
    }

    fn primary(&mut self, pair: &Pair<'t>, depth: usize) -> Expr {
        let inner = pair.clone().into_inner().next().expect("the grammar puts a value in every primary");
        let span = self.span(&inner);
        let kind = match inner.as_rule() {
            Rule::paren => return self.nested(&presume(&inner, Rule::expr), depth + 1),
            Rule::truth => ExprKind::Truth(inner.as_str() == "true"),
            Rule::text => ExprKind::Text(self.quoted(&inner).value),
            Rule::path => ExprKind::Path(self.path(&inner)),
            Rule::list => {
                ExprKind::List(children(&inner, Rule::expr).map(|e| self.nested(&e, depth + 1)).collect())
            }
            Rule::record => ExprKind::Record(self.fields(&inner, depth + 1)),
            Rule::reduce => ExprKind::Reduce {
                reducer: self.name(&presume(&inner, Rule::reducer)),
                axis: self.name(&presume(&inner, Rule::name)),
                body: Box::new(self.nested(&presume(&inner, Rule::expr), depth + 1)),
            },
            Rule::conditional => self.conditional(&inner, depth + 1),
            rule => unreachable!("the grammar has no value {rule:?}"),
        };
        Expr { kind, span }
    }

    fn conditional(&mut self, pair: &Pair<'t>, depth: usize) -> ExprKind {
        let mut parts = children(pair, Rule::expr);
        let mut next = || {
            let part = parts.next().expect("the grammar puts three expressions in every `if`");
            Box::new(self.nested(&part, depth))
        };
        ExprKind::If { condition: next(), yes: next(), no: next() }
    }

    /// The entries of a record.
    pub(crate) fn fields(&mut self, record: &Pair<'t>, depth: usize) -> Vec<Field> {
        let read = |field: Pair<'t>| Field {
            name: self.name(&presume(&field, Rule::label)),
            value: self.nested(&presume(&field, Rule::expr), depth),
        };
        children(record, Rule::field).map(read).collect()
    }

    /// The arguments in brackets.
    pub(crate) fn arguments(&mut self, args: &Pair<'t>, depth: usize) -> Vec<Argument> {
        let read = |arg: Pair<'t>| Argument {
            label: child(&arg, Rule::label).map(|label| self.name(&label)),
            value: self.nested(&presume(&arg, Rule::expr), depth + 1),
            span: self.span(&arg),
        };
        children(args, Rule::arg).map(read).collect()
    }

    /// A call where the language wants one: a distribution, a network, an axis kind.
    pub(crate) fn call(&mut self, pair: &Pair<'t>) -> Call {
        let args = child(pair, Rule::args);
        Call {
            path: self.path(&presume(pair, Rule::path)),
            arguments: args.map_or_else(Vec::new, |args| self.arguments(&args, 0)),
            span: self.span(pair),
        }
    }

    /// Tells that an expression is too deep; what is returned in its place is dropped with its statement.
    fn too_deep(&mut self, pair: &Pair<'t>) -> Expr {
        let span = self.span(pair);
        let message = format!("this expression has more than {DEEPEST} operators inside each other");
        let help = "give parts of it a name with `let`, or add over an axis: `sum over i (x[i])`";
        self.tell(NESTING_TOO_DEEP.at(span, message).help(help));
        Expr { kind: ExprKind::Truth(false), span }
    }
}
