//! Tests of loops in programs: what they carry, keep, draw, and when they end.

use crate::bytecode::compile;
use crate::engine::Chunk;
use crate::isa::InstructionSet;
use crate::registers::Registers;
use crate::rng::{Stream, path_hash};
use crate::ssa::{Law, Loop, Noise, Op, Program, Value};
use sbi_model::Binary;

const WIDTH: usize = 128;
const ROWS: usize = 100;

/// The rows of the draws from `first` on.
fn rows(program: &Program, outputs: &[Value], first: u64) -> Vec<Vec<f64>> {
    let code = compile(program, outputs);
    let mut registers = Registers::new(&code, WIDTH);
    let mut table = vec![0.0; ROWS * outputs.len()];
    let draws: Vec<u64> = (first..first + ROWS as u64).collect();
    let chunk = Chunk {
        code: &code,
        seed: 3,
        draws: &draws,
        given: (&[], 0),
        rows: &mut table,
        registers: &mut registers,
    };
    InstructionSet::best().run(chunk);
    table.chunks(outputs.len()).map(<[f64]>::to_vec).collect()
}

fn noise(path: &str) -> Op {
    Op::Noise(Noise { law: Law::Normal, path: path_hash(path), element: 0 })
}

/// `x ← rate x + w` with noise `w` of its own at every step, from `x = start`; traced.
fn walk(program: &mut Program, steps: u32) -> [Value; 2] {
    let [start, rate] = ["start", "rate"].map(|name| program.leaf(noise(name)));
    let mut body = Program::default();
    let (x, rate_inside) = (body.leaf(Op::Carried(0)), body.leaf(Op::Outer(0)));
    let w = body.leaf(noise("w"));
    let turned = body.binary(Binary::Mul, rate_inside, x);
    let next = body.binary(Binary::Add, turned, w);
    let run = program.run(Loop {
        steps,
        inputs: vec![start, rate],
        carried: 1,
        body,
        next: vec![next],
        tables: Vec::new(),
        alive: None,
    });
    [run, rate]
}

/// The same walk by hand, for one draw: all its values from the start on.
fn by_hand(draw: u64, steps: u32) -> Vec<f64> {
    let number = |name: &str, step| Stream::new(3, name).normal(draw, step, 0);
    let rate = number("rate", 0);
    let mut x = vec![number("start", 0)];
    for step in 0..steps {
        let last = x[x.len() - 1];
        x.push(rate * last + number("w", step));
    }
    x
}

#[test]
fn a_loop_carries_draws_and_keeps() {
    let mut program = Program::default();
    let [run, rate] = walk(&mut program, 7);
    let end = program.number(7.0);
    let last = program.trace(run, 0, end);
    let after: Vec<Value> = (0..=7)
        .map(|place| {
            let place = program.number(f64::from(place));
            program.trace(run, 0, place)
        })
        .collect();
    // What the program around reads before the loop, in it and after it stays what it is.
    let outputs = [vec![rate, last], after].concat();
    for first in [0, 1_000] {
        for (draw, row) in (first..).zip(rows(&program, &outputs, first)) {
            let x = by_hand(draw, 7);
            assert_eq!(row[0], Stream::new(3, "rate").normal(draw, 0, 0));
            assert_eq!(row[1], x[7], "draw {draw}");
            assert_eq!(row[2..], x, "draw {draw}");
        }
    }
}

#[test]
fn each_draw_is_read_at_its_own_place() {
    let mut program = Program::default();
    let [run, rate] = walk(&mut program, 5);
    let two = program.number(2.0);
    let place = program.binary(Binary::Add, rate, two);
    let read = program.trace(run, 0, place);
    for (draw, row) in (0..).zip(rows(&program, &[place, read], 0)) {
        // Rounded down, and kept within the loop.
        let place = row[0].clamp(0.0, 5.0) as usize;
        assert_eq!(row[1], by_hand(draw, 5)[place], "draw {draw} at {}", row[0]);
    }
}

/// Two loops, the second from where the first ends: registers are not mixed up.
#[test]
fn loops_follow_one_another() {
    let mut program = Program::default();
    let [first, _] = walk(&mut program, 3);
    let three = program.number(3.0);
    let start = program.trace(first, 0, three);
    let mut body = Program::default();
    let (x, step) = (body.leaf(Op::Carried(0)), body.leaf(Op::Step));
    let (y, outer) = (body.leaf(Op::Carried(1)), body.leaf(Op::Outer(0)));
    let sum = body.binary(Binary::Add, x, step);
    let product = body.binary(Binary::Mul, y, outer);
    let (zero, half) = (program.number(0.5), program.number(0.5));
    let run = program.run(Loop {
        steps: 4,
        inputs: vec![start, zero, half],
        carried: 2,
        // What is carried changes places at every step.
        next: vec![product, sum],
        tables: Vec::new(),
        body,
        alive: None,
    });
    let four = program.number(4.0);
    let outputs = [program.trace(run, 0, four), program.trace(run, 1, four), start];
    for (draw, row) in (0..).zip(rows(&program, &outputs, 0)) {
        let (mut x, mut y) = (by_hand(draw, 3)[3], 0.5);
        for step in 0..4 {
            (x, y) = (y * 0.5, x + f64::from(step));
        }
        assert_eq!(row[..2], [x, y], "draw {draw}");
        assert_eq!(row[2], by_hand(draw, 3)[3]);
    }
}

/// A loop ends when nothing of any draw changes any more, and what it keeps stays as it was.
#[test]
fn a_loop_ends_early() {
    let mut program = Program::default();
    let steps = 1_000_000;
    let (one, zero) = (program.number(1.0), program.number(0.0));
    let mut body = Program::default();
    let (alive, count) = (body.leaf(Op::Carried(0)), body.leaf(Op::Carried(1)));
    let longer = body.binary(Binary::Add, count, alive);
    let limit = body.number(9.0);
    let below = body.binary(Binary::Lt, longer, limit);
    let run = program.run(Loop {
        steps,
        inputs: vec![one, zero],
        carried: 2,
        body,
        next: vec![below, longer],
        tables: Vec::new(),
        alive: Some(0),
    });
    let far = program.number(5e5);
    let outputs = [program.trace(run, 1, far), program.trace(run, 1, one)];
    assert!(rows(&program, &outputs, 0).iter().all(|row| row[..] == [9.0, 1.0]));
}

/// Draws that end at different steps leave the columns: what the others carry, read and draw stays theirs.
#[test]
fn draws_that_are_done_leave_the_columns() {
    let mut program = Program::default();
    let [start, rate] = ["start", "rate"].map(|name| program.leaf(noise(name)));
    let one = program.number(1.0);
    let mut body = Program::default();
    let [alive, x] = [0, 1].map(|slot| body.leaf(Op::Carried(slot)));
    let (rate_inside, w) = (body.leaf(Op::Outer(0)), body.leaf(noise("w")));
    let moved = body.binary(Binary::Add, w, rate_inside);
    let moved = body.binary(Binary::Add, x, moved);
    let (high, low) = (body.number(12.0), body.number(-12.0));
    let [below, above] = [(Binary::Lt, high), (Binary::Gt, low)].map(|(op, end)| body.binary(op, moved, end));
    let inside = body.binary(Binary::And, below, above);
    let next = vec![body.binary(Binary::And, alive, inside), body.select(alive, moved, x)];
    let inputs = vec![one, start, rate];
    let run =
        program.run(Loop { steps: 400, inputs, carried: 2, body, next, tables: Vec::new(), alive: Some(0) });
    let last = program.last(run, 1);
    let again = program.binary(Binary::Mul, rate, last);
    // What is read behind the loop is in the order of the draws again, and so is what is drawn there.
    let after = program.leaf(noise("after"));
    for (draw, row) in (70..).zip(rows(&program, &[last, rate, again, after], 70)) {
        let number = |name: &str, step| Stream::new(3, name).normal(draw, step, 0);
        let (mut x, mut step) = (number("start", 0), 0);
        while x > -12.0 && x < 12.0 && step < 400 {
            x += number("w", step) + row[1];
            step += 1;
        }
        assert_eq!(row, [x, number("rate", 0), number("rate", 0) * x, number("after", 0)], "draw {draw}");
    }
}

/// What is the same at every step is computed before the loop, with the same bits.
#[test]
fn what_stays_the_same_leaves_the_loop() {
    let mut program = Program::default();
    let [start, rate] = ["start", "rate"].map(|name| program.leaf(noise(name)));
    let mut body = Program::default();
    let (x, rate_inside) = (body.leaf(Op::Carried(0)), body.leaf(Op::Outer(0)));
    let (two, three) = (body.number(2.0), body.number(3.0));
    let power = body.binary(Binary::Pow, two, rate_inside);
    let share = body.binary(Binary::Div, power, three);
    let turned = body.binary(Binary::Mul, share, x);
    let next = vec![body.binary(Binary::Add, turned, rate_inside)];
    let before = body.len();
    let run = program.run(Loop {
        steps: 9,
        inputs: vec![start, rate],
        carried: 1,
        body,
        next,
        tables: Vec::new(),
        alive: None,
    });
    let Op::Loop(number) = program.op(run) else { panic!("it is a loop") };
    // The state, two inputs, a product and a sum are left.
    assert_eq!((program.loop_of(number).body.len(), before), (5, 8));
    let last = program.last(run, 0);
    for row in rows(&program, &[start, rate, last], 0) {
        let share = crate::elementary::pow(2.0, row[1]) / 3.0;
        let x = (0..9).fold(row[0], |x, _| share * x + row[1]);
        assert_eq!(row[2], x);
    }
}
