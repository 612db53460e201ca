//! `exponential(rate)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `-log(u) / rate`; fails where `rate` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [rate] = scalars(arguments);
    let rate = p.positive(rate);
    let waited = site.waited(p);
    vec![p.binary(Binary::Div, waited, rate)]
}

/// `rate exp(-rate x)`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([rate], x) = (scalars(arguments), single(x));
    let sound = p.all_positive(&[rate]);
    let (log, fallen) = (p.ln(rate), p.mul(rate, x));
    LogDensity { sound, log: p.sub(log, fallen) }
}
