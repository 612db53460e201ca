//! Compiled models against a plain interpreter of the same expressions: random programs, every operation.

use crate::models::Build;
use sbi_model::{Binary, Expr, ExprId, Family, NodeId, Role, Unary};
use sbi_sim::elementary as own;
use sbi_sim::rng::Stream;

const UNARY: [Unary; 16] = [
    Unary::Neg,
    Unary::Not,
    Unary::Abs,
    Unary::Sign,
    Unary::Floor,
    Unary::Ceil,
    Unary::Round,
    Unary::Sqrt,
    Unary::Exp,
    Unary::Log,
    Unary::Sin,
    Unary::Cos,
    Unary::Tan,
    Unary::Atan,
    Unary::Tanh,
    Unary::Logistic,
];

const BINARY: [Binary; 15] = [
    Binary::Add,
    Binary::Sub,
    Binary::Mul,
    Binary::Div,
    Binary::Pow,
    Binary::Min,
    Binary::Max,
    Binary::Lt,
    Binary::Le,
    Binary::Gt,
    Binary::Ge,
    Binary::Eq,
    Binary::Ne,
    Binary::And,
    Binary::Or,
];

/// The value of an expression, one number at a time.
fn interpret(exprs: &[Expr], id: ExprId, nodes: &[f64]) -> f64 {
    let value = |id: ExprId| interpret(exprs, id, nodes);
    let truth = |holds: bool| f64::from(u8::from(holds));
    match &exprs[id.0] {
        Expr::Number(x) => *x,
        Expr::Element { node, .. } => nodes[node.0],
        Expr::Select { condition, yes, no } => value(if value(*condition) != 0.0 { *yes } else { *no }),
        Expr::Unary(op, x) => {
            let x = value(*x);
            match op {
                Unary::Neg => -x,
                Unary::Not => truth(x == 0.0),
                Unary::Abs => x.abs(),
                Unary::Sign => own::sign(x),
                Unary::Floor => x.floor(),
                Unary::Ceil => x.ceil(),
                Unary::Round => x.round(),
                Unary::Sqrt => x.sqrt(),
                Unary::Exp => own::exp(x),
                Unary::Log => own::ln(x),
                Unary::Sin => own::sin(x),
                Unary::Cos => own::cos(x),
                Unary::Tan => own::tan(x),
                Unary::Atan => own::atan(x),
                Unary::Tanh => own::tanh(x),
                Unary::Logistic => own::logistic(x),
            }
        }
        Expr::Binary(op, x, y) => {
            let (x, y) = (value(*x), value(*y));
            match op {
                Binary::Add => x + y,
                Binary::Sub => x - y,
                Binary::Mul => x * y,
                Binary::Div => x / y,
                // Squares and inverses are worked out by products and quotients, which round better.
                Binary::Pow if y == 2.0 => x * x,
                Binary::Pow if y == -1.0 => 1.0 / x,
                Binary::Pow => own::pow(x, y),
                Binary::Min if x.is_nan() || y.is_nan() => f64::NAN,
                Binary::Max if x.is_nan() || y.is_nan() => f64::NAN,
                Binary::Min => x.min(y),
                Binary::Max => x.max(y),
                Binary::Lt => truth(x < y),
                Binary::Le => truth(x <= y),
                Binary::Gt => truth(x > y),
                Binary::Ge => truth(x >= y),
                Binary::Eq => truth(x == y),
                Binary::Ne => truth(x != y),
                Binary::And => truth(x != 0.0 && y != 0.0),
                Binary::Or => truth(x != 0.0 || y != 0.0),
            }
        }
        other => panic!("{other:?} is not generated here"),
    }
}

/// Whole numbers below a bound, one after the other, from a seed.
struct Dice(Stream, u32);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.1 += 1;
        (self.0.uniform(0, 0, self.1) * sides as f64) as usize
    }
}

/// An expression over earlier ones, mostly recent ones so that long chains arise.
fn random_expr(dice: &mut Dice, b: &mut Build, made: &[ExprId]) -> ExprId {
    let pick = |dice: &mut Dice| {
        let recent = made.len().min(if dice.roll(2) == 0 { 6 } else { made.len() });
        made[made.len() - 1 - dice.roll(recent)]
    };
    let (x, y, z) = (pick(dice), pick(dice), pick(dice));
    match dice.roll(8) {
        0 => b.unary(UNARY[dice.roll(UNARY.len())], x),
        1 => b.expr(Expr::Select { condition: x, yes: y, no: z }),
        2 => b.binary(BINARY[dice.roll(BINARY.len())], x, y),
        // Sums and products more often: they are what is fused.
        _ => b.binary(BINARY[dice.roll(3)], x, y),
    }
}

#[test]
fn random_programs_equal_their_interpretation() {
    for seed in 0..40 {
        let mut dice = Dice(Stream::new(seed, "programs"), 0);
        let mut b = Build::new();
        let names = ["u", "v", "w"];
        let inputs = names.map(|name| b.known(Role::Param, name, Family::Uniform, &[-2.0, 2.0]));
        let mut made: Vec<ExprId> = inputs.iter().map(|n| b.scalar(*n)).collect();
        made.extend([1.0, 2.0, -1.0, 0.3, 5.0].map(|x| b.number(x)));
        for _ in 0..80 {
            let next = random_expr(&mut dice, &mut b, &made);
            made.push(next);
        }
        // Whatever comes out is made finite, so that the run does not stop: 7 stands for NaN.
        let seven = b.number(7.0);
        let outputs: Vec<NodeId> = (0..10)
            .map(|k| {
                let x = made[made.len() - 1 - 3 * k];
                let (same, flat) = (b.binary(Binary::Eq, x, x), b.unary(Unary::Atan, x));
                let finite = b.expr(Expr::Select { condition: same, yes: flat, no: seven });
                b.equals(Role::Data, &format!("y{k}"), &[], finite)
            })
            .collect();
        let table = b.simulator(&outputs).run(seed, 0..70, 1).unwrap();
        for draw in 0..70 {
            let nodes = names.map(|name| -2.0 + 4.0 * Stream::new(seed, name).uniform_alone(draw as u64));
            for (k, output) in outputs.iter().enumerate() {
                let sbi_model::Definition::Equals(expr) = b.0.node(*output).definition else {
                    panic!("every output is computed")
                };
                let (got, wanted) = (table.row(draw)[k], interpret(&b.0.exprs, expr, &nodes));
                assert_eq!(got, wanted, "program {seed}, draw {draw}, output {k}");
            }
        }
    }
}
