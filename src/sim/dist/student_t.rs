//! `student_t(df, mean, scale)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

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
