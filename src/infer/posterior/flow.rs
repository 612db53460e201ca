//! A normalising flow: couplings that take what is inferred to independent normal numbers, given a context (Dinh et al. 2017; Durkan et al.
//! 2019 for splines).
//!
//! ```text
//! coupling:  [a, b] = a permutation of u ;  b ← T(b; MLP(a, context))
//! affine:    T(b) = b·exp(s) + t                    s held within ±1.9 by tanh, t
//! spline:    T a monotone rational quadratic spline within ±5, the identity beyond
//! ```
//!
//! Two couplings that follow each other move different halves. At first T is the identity. log q(u) = log N(z) + Σ log |∂T/∂b|.

use super::spline;
use crate::network::{Operations, Pieces, Placer, gelu};
use burn::tensor::{Int, Tensor, TensorData};
use sbi_model::Coupling;
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Where the file is silent.
const COUPLINGS: usize = 6;
const WIDTH: usize = 128;
const LAYERS: usize = 2;
const BINS: usize = 10;

/// Scales are held within this, on either side.
const CLAMP: f32 = 1.9;

/// A flow; together with its parameters it is a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Numbers of the context.
    context: usize,
    /// What a coupling does.
    kind: Kind,
    /// Hidden width of the networks in the couplings, and how many hidden layers they have.
    width: usize,
    layers: usize,
    /// For each coupling the order of the numbers: of these the first stay, and the others are moved.
    orders: Vec<Vec<usize>>,
}

/// What a coupling does to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Affine,
    /// With so many pieces.
    Spline(usize),
}

/// Where the parameters of a coupling lie.
struct CouplingLayers {
    hidden: Vec<[Range<usize>; 2]>,
    head: [Range<usize>; 2],
}

impl Flow {
    /// A flow of so many numbers given a context of so many; the permutations are drawn from a stream.
    pub fn of(written: &sbi_model::Flow, numbers: usize, context: usize, stream: &Stream) -> Flow {
        let kind = match written.coupling {
            Coupling::Affine => Kind::Affine,
            Coupling::Spline => Kind::Spline(written.bins.unwrap_or(BINS)),
        };
        Flow {
            context,
            kind,
            width: written.width.unwrap_or(WIDTH),
            layers: written.layers.unwrap_or(LAYERS),
            orders: orders(numbers, written.couplings.unwrap_or(COUPLINGS), stream),
        }
    }

    /// How many numbers there are.
    pub fn numbers(&self) -> usize {
        self.orders.first().map_or(0, Vec::len)
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        let kind = match self.kind {
            Kind::Affine => "affine".to_owned(),
            Kind::Spline(bins) => format!("spline ({bins} pieces)"),
        };
        format!("{} {kind} couplings of width {}", self.orders.len(), self.width)
    }

    /// Hands out places for its parameters.
    pub fn place(&self, placer: &mut Placer) {
        self.layout(placer);
    }

    fn layout(&self, placer: &mut Placer) -> Vec<CouplingLayers> {
        let coupling = |number: usize| {
            let name = format!("coupling.{number}");
            let hidden = (0..self.layers).map(|layer| {
                let inputs = if layer == 0 { self.stays() + self.context } else { self.width };
                placer.linear(&format!("{name}.layer.{layer}"), inputs, self.width)
            });
            let hidden = hidden.collect();
            let outputs = self.moved() * self.each();
            CouplingLayers { hidden, head: placer.linear(&format!("{name}.head"), self.width, outputs) }
        };
        (0..self.orders.len()).map(coupling).collect()
    }

    /// How many numbers stay in a coupling.
    fn stays(&self) -> usize {
        self.numbers() / 2
    }

    fn moved(&self) -> usize {
        self.numbers() - self.stays()
    }

    /// Numbers that say what becomes of one.
    fn each(&self) -> usize {
        match self.kind {
            Kind::Affine => 2,
            Kind::Spline(bins) => spline::numbers(bins),
        }
    }

    /// log q(u | context) of rows `[N, numbers]` with their contexts `[N, context]`, `[N, 1]`.
    pub fn log_density<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        rows: Tensor<B, 2>,
        context: &Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        let layout = self.layout(&mut Placer::default());
        let [count, numbers] = rows.dims();
        let mut log = Tensor::zeros([count, 1], &rows.device());
        let mut u = rows;
        for (order, layers) in self.orders.iter().zip(&layout) {
            let (stays, moved) = self.parted(ordered(u, order));
            let (moved, slopes) = self.forward(moved, self.asked(parameters, layers, &stays, context));
            log = log + slopes.sum_dim(1);
            u = joined(stays, moved);
        }
        let normal = (0.5 * (2.0 * std::f64::consts::PI).ln()) * numbers as f64;
        log - (u.clone() * u).sum_dim(1) * 0.5 - normal
    }

    /// The rows that normal numbers `[N, numbers]` stand for.
    pub fn draw<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        normal: Tensor<B, 2>,
        context: &Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        let layout = self.layout(&mut Placer::default());
        let mut u = normal;
        for (order, layers) in self.orders.iter().zip(&layout).rev() {
            let (stays, moved) = self.parted(u);
            let moved = self.back(moved, self.asked(parameters, layers, &stays, context));
            u = ordered(joined(stays, moved), &inverse(order));
        }
        u
    }

    /// The numbers that stay, where any do, and those that move.
    fn parted<B: Operations>(&self, u: Tensor<B, 2>) -> (Option<Tensor<B, 2>>, Tensor<B, 2>) {
        let (stays, moved) = (self.stays(), self.moved());
        ((stays > 0).then(|| u.clone().narrow(1, 0, stays)), u.narrow(1, stays, moved))
    }

    /// What a coupling's network says of the numbers that move, `[N, moved · each]`.
    fn asked<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        layers: &CouplingLayers,
        stays: &Option<Tensor<B, 2>>,
        context: &Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        let pieces = Pieces(parameters);
        let known = joined(stays.clone(), context.clone());
        let hidden = layers.hidden.iter().fold(known, |x, layer| gelu(pieces.linear(x, layer)));
        pieces.linear(hidden, &layers.head)
    }

    /// Moved numbers and the logarithm of each one's slope.
    fn forward<B: Operations>(&self, x: Tensor<B, 2>, asked: Tensor<B, 2>) -> (Tensor<B, 2>, Tensor<B, 2>) {
        match self.kind {
            Kind::Affine => {
                let (scale, shift) = self.scale_and_shift(asked);
                (x * scale.clone().exp() + shift, scale)
            }
            Kind::Spline(bins) => spline::forward(x, asked, bins),
        }
    }

    fn back<B: Operations>(&self, y: Tensor<B, 2>, asked: Tensor<B, 2>) -> Tensor<B, 2> {
        match self.kind {
            Kind::Affine => {
                let (scale, shift) = self.scale_and_shift(asked);
                (y - shift) * (-scale).exp()
            }
            Kind::Spline(bins) => spline::back(y, asked, bins),
        }
    }

    fn scale_and_shift<B: Operations>(&self, asked: Tensor<B, 2>) -> (Tensor<B, 2>, Tensor<B, 2>) {
        let moved = self.moved();
        let scale = (asked.clone().narrow(1, 0, moved) / CLAMP).tanh() * CLAMP;
        (scale, asked.narrow(1, moved, moved))
    }
}

/// Numbers side by side.
fn joined<B: Operations>(first: Option<Tensor<B, 2>>, second: Tensor<B, 2>) -> Tensor<B, 2> {
    match first {
        Some(first) => Tensor::cat(vec![first, second], 1),
        None => second,
    }
}

/// The columns in another order.
fn ordered<B: Operations>(u: Tensor<B, 2>, order: &[usize]) -> Tensor<B, 2> {
    let order: Vec<i32> = order.iter().map(|column| *column as i32).collect();
    let order = Tensor::<B, 1, Int>::from_data(TensorData::from(order.as_slice()), &u.device());
    u.select(1, order)
}

fn inverse(order: &[usize]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..order.len()).collect();
    places.sort_by_key(|place| order.get(*place));
    places
}

/// Random orders; every second one exchanges the halves of that before.
fn orders(numbers: usize, couplings: usize, stream: &Stream) -> Vec<Vec<usize>> {
    let stays = numbers / 2;
    let order = |coupling: usize| -> Vec<usize> {
        match coupling % 2 {
            // What was moved comes first, and stays where there is room for it.
            1 => (0..numbers).map(|place| (place + stays) % numbers).collect(),
            _ => {
                let mut order: Vec<usize> = (0..numbers).collect();
                order.sort_by(|a, b| {
                    let key = |number: usize| stream.uniform(number as u64, coupling as u32, 0);
                    key(*a).total_cmp(&key(*b))
                });
                order
            }
        }
    };
    (0..couplings).map(order).collect()
}
