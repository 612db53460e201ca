//! Arrays over axes: indices, reductions, tables, coordinates, matrices.

use crate::models::Build;
use sbi_model::{Argument, Binary, Definition, Draw, Expr, Family, Index, Reducer, Role};
use sbi_sim::rng::Stream;
use sbi_syntax::Span;

/// `y[j] = sum over i (m[i, j] * i) + m[1, 3] - j` for a fixed matrix: worked out by hand.
#[test]
fn indices_run_row_major_and_reductions_bind_their_axis() {
    let mut b = Build::new();
    let (i, j) = (b.axis("i", 2), b.axis("j", 3));
    let m = b.node(Role::Let, "m", &[i, j], Definition::Table(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let element = b.read(m, &[Index::Same(i), Index::Same(j)]);
    let position = b.expr(Expr::Coordinate(i));
    let weighted = b.binary(Binary::Mul, element, position);
    let sum = b.reduce(Reducer::Sum, i, weighted);
    let corner = b.read(m, &[Index::At(0), Index::At(2)]);
    let sum = b.binary(Binary::Add, sum, corner);
    let column = b.expr(Expr::Coordinate(j));
    let y = b.binary(Binary::Sub, sum, column);
    let y = b.equals(Role::Data, "y", &[j], y);
    let simulator = b.simulator(&[y]);
    assert_eq!(simulator.columns(), ["y[1]", "y[2]", "y[3]"]);
    assert_eq!(simulator.run(1, 0..2, 1).unwrap().values, [11.0, 13.0, 15.0, 11.0, 13.0, 15.0]);
}

/// Every reducer, against the same reduction in Rust; and a body used inside and outside of a reduction.
#[test]
fn reductions_equal_loops() {
    let n = 5;
    let mut b = Build::new();
    let i = b.axis("i", n);
    let (zero, one) = (b.number(0.0), b.number(1.0));
    let x = b.draw(Role::Param, "x", &[i], Family::Normal, &[zero, one]);
    let x_i = b.read(x, &[Index::Same(i)]);
    let positive = b.binary(Binary::Gt, x_i, zero);
    let reducers = [Reducer::Sum, Reducer::Mean, Reducer::Max, Reducer::Min];
    let mut nodes = vec![x];
    for (k, reducer) in reducers.into_iter().enumerate() {
        let all = b.reduce(reducer, i, x_i);
        nodes.push(b.equals(Role::Data, &format!("r{k}"), &[], all));
    }
    let count = b.reduce(Reducer::Count, i, positive);
    nodes.push(b.equals(Role::Data, "count", &[], count));
    let mean = b.reduce(Reducer::Mean, i, x_i);
    let centred = b.binary(Binary::Sub, x_i, mean);
    nodes.push(b.equals(Role::Data, "centred", &[i], centred));
    let table = b.simulator(&nodes).run(2, 0..100, 1).unwrap();
    for row in 0..100 {
        let (x, rest) = table.row(row).split_at(n);
        let sum: f64 = x.iter().skip(1).fold(x[0], |s, v| s + v);
        let largest = x.iter().copied().fold(f64::MIN, f64::max);
        let least = x.iter().copied().fold(f64::MAX, f64::min);
        let positive = x.iter().filter(|v| **v > 0.0).count() as f64;
        assert_eq!(rest[..5], [sum, sum / n as f64, largest, least, positive]);
        for (x, centred) in x.iter().zip(&rest[5..]) {
            assert_eq!(*centred, x - sum / n as f64);
        }
    }
}

/// Each element of an array has its own numbers, and element e those that `Stream` gives for e.
#[test]
fn elements_are_drawn_from_their_own_numbers() {
    let mut b = Build::new();
    let (i, j) = (b.axis("i", 3), b.axis("j", 3));
    let (zero, one) = (b.number(0.0), b.number(1.0));
    let x = b.draw(Role::Data, "x", &[i, j], Family::Normal, &[zero, one]);
    let p = b.draw(Role::Data, "p", &[i], Family::Uniform, &[zero, one]);
    let table = b.simulator(&[x, p]).run(5, 10..20, 1).unwrap();
    for row in 0..10 {
        let draw = 10 + row as u64;
        let wanted = (0..9).map(|e| Stream::new(5, "x").normal(draw, 0, e));
        let wanted = wanted.chain((0..3).map(|e| Stream::new(5, "p").uniform(draw, 0, e)));
        assert_eq!(table.row(row), wanted.collect::<Vec<_>>());
    }
}

/// `x[i, k] ~ multivariate_normal([mu, mu + 1], [[1, r], [r, 2]])` over the last axis, a vector for each i.
#[test]
fn vectors_run_over_the_last_axis() {
    let mut b = Build::new();
    let (i, k) = (b.axis("i", 3), b.axis("k", 2));
    let (one, two) = (b.number(1.0), b.number(2.0));
    let mu = b.known(Role::Param, "mu", Family::Uniform, &[0.0, 4.0]);
    let mu_r = b.scalar(mu);
    let above = b.binary(Binary::Add, mu_r, one);
    let r = b.number(0.8);
    let position = b.expr(Expr::Coordinate(i));
    let wide = b.binary(Binary::Mul, position, two);
    let arguments =
        vec![Argument::Vector(vec![mu_r, above]), Argument::Matrix(vec![vec![position, r], vec![r, wide]])];
    let draw =
        Draw { family: Family::MultivariateNormal, arguments, transforms: Vec::new(), span: Span::default() };
    let x = b.node(Role::Data, "x", &[i, k], Definition::Draw(draw));
    let table = b.simulator(&[mu, x]).run(1, 0..500, 1).unwrap();
    let z = Stream::new(1, "x");
    for row in 0..500 {
        let values = table.row(row);
        for i in 0..3 {
            let [z_1, z_2] = [0, 1].map(|k| z.normal(row as u64, 0, 2 * i as u32 + k));
            let c = (i + 1) as f64;
            let (l_11, l_21) = (c.sqrt(), 0.8 / c.sqrt());
            let l_22 = (2.0 * c - l_21 * l_21).sqrt();
            assert!((values[1 + 2 * i] - (values[0] + l_11 * z_1)).abs() < 1e-12);
            assert!((values[2 + 2 * i] - (values[0] + 1.0 + l_21 * z_1 + l_22 * z_2)).abs() < 1e-12);
        }
    }
}

/// Thousands of elements, each less the mean of all: the mean is worked out once, nothing recurses through the sum.
#[test]
fn long_arrays_compile_and_run() {
    let n = 5_000;
    let mut b = Build::new();
    let i = b.axis("i", n);
    let (zero, one) = (b.number(0.0), b.number(1.0));
    let theta = b.draw(Role::Param, "theta", &[i], Family::Normal, &[zero, one]);
    let theta_i = b.read(theta, &[Index::Same(i)]);
    let mean = b.reduce(Reducer::Mean, i, theta_i);
    let centred = b.binary(Binary::Sub, theta_i, mean);
    let centred = b.equals(Role::Data, "centred", &[i], centred);
    let table = b.simulator(&[theta, centred]).run(1, 0..70, 2).unwrap();
    for row in 0..70 {
        let (theta, centred) = table.row(row).split_at(n);
        let mean = theta.iter().skip(1).fold(theta[0], |s, x| s + x) / n as f64;
        assert!(theta.iter().zip(centred).all(|(x, c)| *c == x - mean));
    }
}
