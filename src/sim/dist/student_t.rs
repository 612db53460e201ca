//! `student_t(df, mean, scale)`.

use super::formulas::LN_TAU;
use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `mean + scale sqrt(df (u^(-2 / df) - 1)) cos(2 π v)` (Bailey 1994, the polar form); fails where `df` or `scale` is not
/// above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [df, mean, scale] = scalars(arguments);
    let (df, scale) = (p.positive(df), p.positive(scale));
    let waited = site.waited(p);
    let (one, two) = (p.number(1.0), p.number(2.0));
    let doubled = p.binary(Binary::Mul, waited, two);
    let exponent = p.binary(Binary::Div, doubled, df);
    let power = p.unary(Unary::Exp, exponent);
    let beyond = p.binary(Binary::Sub, power, one);
    let square = p.binary(Binary::Mul, df, beyond);
    let radius = p.unary(Unary::Sqrt, square);
    let v = site.part(1).noise(p, Law::Uniform, 0);
    let circle = p.number(std::f64::consts::TAU);
    let angle = p.binary(Binary::Mul, v, circle);
    let cosine = p.unary(Unary::Cos, angle);
    let t = p.binary(Binary::Mul, radius, cosine);
    let off = p.binary(Binary::Mul, scale, t);
    vec![p.binary(Binary::Add, off, mean)]
}

/// `(1 + z² / df)^(-(df + 1) / 2)` over its integral.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([df, mean, scale], x) = (scalars(arguments), single(x));
    let (finite, positive) = (p.is_finite(mean), p.all_positive(&[df, scale]));
    let sound = p.all(&[finite, positive]);
    let z = p.standard(x, mean, scale);
    let root = p.unary(Unary::Sqrt, df);
    let ratio = p.div(z, root);
    let off = p.ln_hypotenuse(ratio);
    let more = p.plus(df, 1.0);
    let (half, halves) = (p.times(df, 0.5), p.times(more, 0.5));
    // log Γ((df + 1) / 2) - log Γ(df / 2) - log(df) / 2, in which the large logarithms cancel.
    let (above, below) = (p.stirling(halves), p.stirling(half));
    let (rest, apart) = (p.sub(above, below), p.deviance(half, halves));
    let level = p.sub(rest, apart);
    let (fallen, log) = (p.mul(more, off), p.ln(scale));
    let less = p.add(fallen, log);
    let sum = p.sub(level, less);
    LogDensity { sound, log: p.plus(sum, -0.5 * LN_TAU) }
}
