//! Expressions, with no more brackets than their meaning needs.

use super::layout::{Ends, Side};
use super::{Brackets, Printer};
use crate::expr::power;
use crate::tree::{
    Argument, BinaryOperator, Call, Expr, ExprKind, Field, Name, Number, Place, UnaryOperator,
};

/// How tightly `if` binds as an operand: its last branch takes all that follows.
const CHOOSE: u8 = 0;
/// How tightly everything binds that is no operator.
const WHOLE: u8 = power::RAISE + 1;

impl Printer<'_> {
    /// An expression that ends where a bracket or a word of the statement stands.
    pub(super) fn expr(&mut self, expr: &Expr) {
        self.bare(expr, true);
    }

    /// An expression without brackets round it. `last` says that no operator follows which it could
    /// take for its own.
    fn bare(&mut self, expr: &Expr, last: bool) {
        match &expr.kind {
            ExprKind::Number(number) => self.number(number, expr.span),
            ExprKind::Text(text) => self.quoted(text),
            ExprKind::Truth(truth) => self.word(truth.to_string()),
            ExprKind::Path(path) => self.word(path.text()),
            ExprKind::Call(call) => self.call(call),
            ExprKind::Apply { base, arguments } => {
                self.base(base);
                self.arguments(arguments);
            }
            ExprKind::Index { base, index } => {
                self.base(base);
                self.index(index);
            }
            ExprKind::Member { base, name } => {
                self.base(base);
                self.word(format!(".{}", name.text));
            }
            ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
                self.word("-");
                self.operand(operand, power::NEGATE, last);
            }
            ExprKind::Unary { operator: UnaryOperator::Not, operand } => {
                self.word("not ");
                self.operand(operand, power::NOT, last);
            }
            ExprKind::Binary { operator: BinaryOperator::Pow, left, right, .. } => {
                self.raised(left);
                self.behind("", |p| {
                    p.joint("^");
                    p.exponent(right, last);
                });
            }
            ExprKind::Binary { .. } => self.chain(expr, last),
            ExprKind::Range { low, high } => {
                self.operand(low, power::ADD, false);
                self.behind(" ", |p| {
                    p.joint(".. ");
                    p.operand(high, power::ADD, last);
                });
            }
            ExprKind::If { .. } => self.choice(expr),
            ExprKind::Reduce { reducer, axis, body } => {
                self.word(format!("{} over {} ", reducer.text, axis.text));
                self.in_brackets(body);
            }
            ExprKind::List(entries) => {
                let filled = entries.iter().all(is_literal);
                self.bracketed(Brackets { filled, ..Brackets::LIST }, entries, Self::expr);
            }
            ExprKind::Record(fields) => self.record(fields),
        }
    }

    /// An operand of an operator that takes operands which bind at least as tightly as `least`.
    fn operand(&mut self, expr: &Expr, least: u8, last: bool) {
        // At the end of an expression `not` and `if` need no brackets, and may have them.
        let bare = match power_of(expr) {
            CHOOSE | power::NOT => last && !self.cursor.is_next('('),
            _ => false,
        };
        if power_of(expr) >= least || bare { self.bare(expr, last) } else { self.in_brackets(expr) }
    }

    /// What a number is raised to. A minus needs no brackets there: `^` alone binds tighter than it,
    /// and what is raised again is in brackets as a whole.
    fn exponent(&mut self, expr: &Expr, last: bool) {
        let least = match &expr.kind {
            ExprKind::Unary { operator: UnaryOperator::Neg, .. } => power::NEGATE,
            _ => power::RAISE,
        };
        self.operand(expr, least, last);
    }

    /// What is raised.
    fn raised(&mut self, expr: &Expr) {
        match &expr.kind {
            // The power would be that of the unit.
            ExprKind::Number(Number { unit: Some(_), .. }) => self.in_brackets(expr),
            _ => self.operand(expr, WHOLE, false),
        }
    }

    /// What is called or indexed, or has the member.
    fn base(&mut self, expr: &Expr) {
        match &expr.kind {
            // Nothing of this can stand behind a number.
            ExprKind::Number(_) => self.in_brackets(expr),
            _ => self.operand(expr, WHOLE, false),
        }
    }

    fn in_brackets(&mut self, expr: &Expr) {
        self.bracketed(Brackets { comma: false, ..Brackets::ROUND }, std::slice::from_ref(expr), Self::expr);
    }

    /// Operands in a row whose operators bind alike: `a + b - c`. Broken, each operator begins a line.
    fn chain(&mut self, expr: &Expr, last: bool) {
        let power = power_of(expr);
        let chains = power != power::COMPARE;
        let mut links = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary { operator, left, right, .. } = &first.kind {
            if power::of(*operator) != power || (!chains && !links.is_empty()) {
                break;
            }
            links.push((operator, right));
            first = left;
        }
        self.group(|p| {
            p.indented(|p| {
                p.operand(first, power + u8::from(!chains), false);
                while let Some((operator, right)) = links.pop() {
                    p.line(Ends::WithGroup, " ", Side::Inside);
                    p.joint(format!("{} ", operator.text()));
                    p.operand(right, power + 1, last && links.is_empty());
                }
            });
        });
    }

    /// `if … then … else …`; broken, `then` and `else` begin lines, and so does each `else if`.
    fn choice(&mut self, expr: &Expr) {
        self.group(|p| {
            p.indented(|p| {
                let mut rest = expr;
                while let ExprKind::If { condition, yes, no } = &rest.kind {
                    p.word("if");
                    p.behind(" ", |p| p.expr(condition));
                    p.line(Ends::WithGroup, " ", Side::Inside);
                    p.joint("then ");
                    p.expr(yes);
                    p.line(Ends::WithGroup, " ", Side::Inside);
                    p.joint("else ");
                    rest = no;
                }
                p.expr(rest);
            });
        });
    }

    // ---- calls and records ---------------------------------------------------------------------------

    /// A call; one without arguments keeps or lacks its brackets as written.
    pub(super) fn call(&mut self, call: &Call) {
        self.word(call.path.text());
        if call.span.end > call.path.span.end {
            self.arguments(&call.arguments);
        }
    }

    /// Arguments in brackets. A single one that has brackets of its own is broken at those alone.
    pub(super) fn arguments(&mut self, arguments: &[Argument]) {
        match arguments {
            [single] if has_brackets(&single.value) => {
                self.mark('(');
                self.argument(single);
                self.mark(')');
            }
            _ => self.bracketed(Brackets::ROUND, arguments, Self::argument),
        }
    }

    fn argument(&mut self, argument: &Argument) {
        match &argument.label {
            Some(label) => self.labelled(label, &argument.value),
            None => self.expr(&argument.value),
        }
    }

    /// A record in its braces.
    pub(super) fn record(&mut self, fields: &[Field]) {
        self.bracketed(Brackets::RECORD, fields, |p, field| p.labelled(&field.name, &field.value));
    }

    fn labelled(&mut self, label: &Name, value: &Expr) {
        self.word(format!("{} =", label.text));
        self.behind(" ", |p| p.expr(value));
    }

    /// Elements in brackets.
    pub(super) fn index(&mut self, index: &[Expr]) {
        self.bracketed(Brackets::INDEX, index, Self::expr);
    }

    /// A name with elements, where it has any.
    pub(super) fn place(&mut self, place: &Place) {
        self.word(place.name.text.as_str());
        if !place.index.is_empty() {
            self.index(&place.index);
        }
    }
}

/// How tightly an expression binds as an operand.
fn power_of(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::If { .. } => CHOOSE,
        ExprKind::Unary { operator: UnaryOperator::Not, .. } => power::NOT,
        ExprKind::Unary { operator: UnaryOperator::Neg, .. } => power::NEGATE,
        ExprKind::Binary { operator, .. } => power::of(*operator),
        ExprKind::Range { .. } => power::RANGE,
        _ => WHOLE,
    }
}

/// Whether it is a value that stands for itself: many of them make a row of data.
fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Truth(_) => true,
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
            matches!(operand.kind, ExprKind::Number(_))
        }
        _ => false,
    }
}

/// Whether it ends with brackets at which it can be broken.
fn has_brackets(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => !call.arguments.is_empty(),
        ExprKind::List(entries) => !entries.is_empty(),
        ExprKind::Record(_) | ExprKind::Reduce { .. } => true,
        _ => false,
    }
}
