//! Trained weights and checkpoints as bytes: safetensors with one entry of JSON beside the arrays.

use crate::plan::Plan;
use crate::posterior::PosteriorPlan;
use crate::scale::Scale;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use sbi_model::Estimator;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::HashMap;

/// The key of the JSON entry. A single entry keeps the bytes the same from run to run.
const HEADER: &str = "sbi";

/// A trained network.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights<P = Plan> {
    /// How it was made.
    pub plan: P,
    /// Its parameters, flat, in the order of the plan's layout.
    pub parameters: Vec<f32>,
    /// Losses while it was trained.
    pub curve: Vec<Point>,
}

/// Losses at one moment of the training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Steps done.
    pub step: usize,
    /// Smoothed loss of the training batches.
    pub training: f64,
    /// Loss of the averaged weights on held-out simulations at fixed noise.
    pub validation: f64,
}

/// Why bytes are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged(pub String);

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damaged {}

#[derive(Serialize, Deserialize)]
struct WeightsHeader<P> {
    plan: P,
    curve: Vec<Point>,
}

/// A trained network of whatever estimator.
#[derive(Clone, Debug, PartialEq)]
pub enum Fitted {
    /// Every conditional.
    Joint(Weights),
    /// The posterior of all parameters.
    Posterior(Weights<PosteriorPlan>),
}

impl Fitted {
    /// The weights as a safetensors file.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Fitted::Joint(weights) => weights.to_bytes(),
            Fitted::Posterior(weights) => weights.to_bytes(),
        }
    }

    /// Reads what [`Fitted::to_bytes`] wrote for an estimator.
    ///
    /// # Errors
    /// See [`Weights::from_bytes`].
    pub fn from_bytes(bytes: &[u8], estimator: &Estimator) -> Result<Fitted, Damaged> {
        match estimator {
            Estimator::Joint(_) => Weights::from_bytes(bytes).map(Fitted::Joint),
            Estimator::Posterior(_) => Weights::from_bytes(bytes).map(Fitted::Posterior),
        }
    }

    /// Losses while it was trained.
    pub fn curve(&self) -> &[Point] {
        match self {
            Fitted::Joint(weights) => &weights.curve,
            Fitted::Posterior(weights) => &weights.curve,
        }
    }

    /// What was chosen, in a line.
    pub fn summary(&self) -> String {
        match self {
            Fitted::Joint(weights) => weights.plan.summary(),
            Fitted::Posterior(weights) => weights.plan.summary(),
        }
    }

    /// What was chosen, as JSON.
    pub fn plan(&self) -> serde_json::Value {
        let value = match self {
            Fitted::Joint(weights) => serde_json::to_value(&weights.plan),
            Fitted::Posterior(weights) => serde_json::to_value(&weights.plan),
        };
        value.expect("a plan is plain data")
    }

    /// How each kind of token is standardised.
    pub fn scales(&self) -> &[Scale] {
        match self {
            Fitted::Joint(weights) => &weights.plan.scales,
            Fitted::Posterior(weights) => &weights.plan.scales,
        }
    }
}

/// A plan that says how large its network is.
pub trait Planned: Clone + Serialize + DeserializeOwned {
    /// Number of parameters.
    fn parameters(&self) -> usize;
}

impl Planned for Plan {
    fn parameters(&self) -> usize {
        Plan::parameters(self)
    }
}

impl<P: Planned> Weights<P> {
    /// The weights as a safetensors file: `parameters`, and the plan and curve as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = WeightsHeader { plan: self.plan.clone(), curve: self.curve.clone() };
        encode(&header, &[("parameters", &self.parameters)])
    }

    /// Reads what [`Weights::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where the bytes are not such a file, or hold another number of parameters than their plan says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Weights<P>, Damaged> {
        let (header, mut arrays): (WeightsHeader<P>, _) = decode(bytes)?;
        let parameters = take(&mut arrays, "parameters", header.plan.parameters())?;
        Ok(Weights { plan: header.plan, parameters, curve: header.curve })
    }
}

/// Writes a header and named arrays of numbers.
pub(crate) fn encode<H: Serialize>(header: &H, arrays: &[(&str, &[f32])]) -> Vec<u8> {
    let bytes: Vec<(&str, Vec<u8>, usize)> = arrays
        .iter()
        .map(|(name, values)| (*name, values.iter().flat_map(|x| x.to_le_bytes()).collect(), values.len()))
        .collect();
    let views = bytes.iter().map(|(name, bytes, length)| {
        let view = TensorView::new(Dtype::F32, vec![*length], bytes).expect("four bytes a number");
        ((*name).to_owned(), view)
    });
    let header = serde_json::to_string(header).expect("headers are plain data");
    serialize(views, Some(HashMap::from([(HEADER.to_owned(), header)])))
        .expect("the arrays are laid out by us")
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode<H: DeserializeOwned>(bytes: &[u8]) -> Result<(H, HashMap<String, Vec<f32>>), Damaged> {
    let damaged = |what: &dyn std::fmt::Display| Damaged(format!("not a weights file: {what}"));
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
    let header = metadata.metadata().as_ref().and_then(|entries| entries.get(HEADER));
    let header = header.ok_or_else(|| damaged(&"its header has no entry of ours"))?;
    let header = serde_json::from_str(header).map_err(|error| damaged(&error))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
    let mut arrays = HashMap::new();
    for (name, view) in tensors.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(damaged(&format!("`{name}` is not of type f32")));
        }
        let (quads, _) = view.data().as_chunks::<4>();
        arrays.insert(name, quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect());
    }
    Ok((header, arrays))
}

/// Takes an array of the expected length out of a decoded file.
pub(crate) fn take(
    arrays: &mut HashMap<String, Vec<f32>>,
    name: &str,
    length: usize,
) -> Result<Vec<f32>, Damaged> {
    match arrays.remove(name) {
        Some(values) if values.len() == length => Ok(values),
        Some(values) => {
            Err(Damaged(format!("`{name}` has {} numbers where {length} are needed", values.len())))
        }
        None => Err(Damaged(format!("`{name}` is missing"))),
    }
}
