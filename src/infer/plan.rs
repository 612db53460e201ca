//! Defaults that fit the problem: sizes, steps, noise and condition masks from the tokens, the budget and the
//! simulations' own scales. Everything chosen is recorded.

use crate::encoder::Encoder;
use crate::finest::{Sharpness, sharpness};
use crate::network::Architecture;
use crate::noise::Process;
use crate::pattern::Mixture;
use crate::scale::{Scale, scales};
use crate::schedule::{Course, Usual, budget, decades, steps_for};
use crate::subject::Subject;
use crate::table::Table;
use sbi_model::{MaskKind, Noise, Train, Transformer};
use serde::{Deserialize, Serialize};

/// Width of an attention head where the file is silent: one vector of the widest instruction set.
const HEAD_WIDTH: usize = 16;

/// Blocks where the file is silent: many steps of few blocks learn less than few steps of many.
const LAYERS: usize = 8;

/// So many tokens are few: a narrower network learns them in fewer steps.
const FEW_TOKENS: usize = 6;

/// Whole numbers of so few values are told apart; of more, neighbours are alike.
const FEW_VALUES: f64 = 24.0;

/// The share of the distance between whole numbers that value features resolve.
const BETWEEN: f64 = 0.125;

/// Frequencies of a token's value.
const LEAST_FREQUENCIES: usize = 3;
const MOST_FREQUENCIES: usize = 8;

/// Frequencies of a token's time: the fastest has its period in a thirty-second of the range.
const TIMES: usize = 7;

/// The share of examples with tokens left out where readings have times of their own, and a query may place fewer than there are: each
/// choice of readings is another data set, so that few simulations are not learnt by heart. Predator and prey (`accuracy --check
/// lotka-volterra`) had a C2ST of .653 with a tenth. Elsewhere data sets lack what they may lack by themselves, and what else a query
/// leaves out is drawn along.
const LEFT_OUT: f64 = 0.5;

/// As much more of the training goes to posteriors there, so that those of whole data sets lose nothing.
const MORE_POSTERIORS: f64 = 0.2;

/// Of so many simulations it is noted what they lack.
const NOTED: usize = 200;

/// Examples in a step where the file is silent, at most and in the first steps, and the peak learning rate.
pub const BATCH: usize = 512;
const FIRST_BATCH: usize = 256;
const LEARNING_RATE: f64 = 4e-3;

/// What is chosen before training; the same for the same file and simulations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How it is trained.
    #[serde(flatten)]
    pub course: Course,
    /// Sizes of the network.
    pub architecture: Architecture,
    /// What makes tokens of modalities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encoders: Vec<Encoder>,
    /// Which mask training and drawing use.
    pub mask: MaskKind,
    /// The noise process.
    pub process: Process,
    /// How often each family of condition masks is trained.
    pub mixture: Mixture,
    /// How each kind of token is standardised.
    pub scales: Vec<Scale>,
    /// The finest scale found in the simulations, in standard deviations.
    pub finest: f64,
    /// Which tokens some of the simulations lack, rising: of so many that were looked at, those that lack any.
    pub lacking: Vec<Vec<usize>>,
    /// How many simulations were looked at for that.
    pub noted: usize,
}

/// Chooses a plan for the approximator `name` of a model's tokens, from what the file states and from its simulations
/// (columns in token order).
pub fn plan(name: &str, subject: &Subject, transformer: &Transformer, train: &Train, table: &Table) -> Plan {
    let scales = scales(subject, table);
    let tokens = subject.tokens().iter().zip(&subject.identities);
    let continuous: Vec<bool> = tokens
        .map(|(token, kind)| !token.support.whole && scales.get(*kind).is_some_and(Scale::varies))
        .collect();
    let values = standardise(&scales, &subject.scaling, table);
    let Sharpness { shown, finest } = sharpness(&subject.values(&values), &continuous);
    let budget = budget(train, table.rows());
    // What lies closer together than simulations do is not learnt from them, but remembered; few tokens are rarely finer than four
    // allow.
    let apart = (budget.max(1) as f64).powf(-1.0 / subject.tokens().len().max(4) as f64);
    let whole = subject.tokens().iter().zip(&subject.identities).filter(|(token, _)| token.support.whole);
    let resolved =
        whole.filter_map(|(_, kind)| scales.get(*kind)).map(grain).fold(shown.min(apart), f64::min);
    let posterior = (0.2 * (decades(budget) - 2.0)).clamp(0.2, 0.5);
    let mixture = match subject.has_times() {
        true => Mixture::with_posterior(posterior + MORE_POSTERIORS, LEFT_OUT),
        false => Mixture::with_posterior(posterior, 0.0),
    };
    let plain = transformer.noise != Noise::Edm;
    let architecture = Architecture {
        identities: subject.identities.clone(),
        kinds: subject.kinds(),
        times: if subject.has_times() { TIMES } else { 0 },
        summaries: subject.modalities.iter().flat_map(|modality| modality.tokens.clone()).collect(),
        ..architecture(subject.tokens().len(), transformer, if plain { 1.0 } else { resolved })
    };
    let encoder = |modality| Encoder::of(modality, modality.tokens.len(), architecture.width);
    let usual = Usual {
        steps: most_steps(budget, subject),
        batches: (BATCH, FIRST_BATCH),
        learning_rate: LEARNING_RATE,
    };
    Plan {
        course: Course::of(name, subject.tokens().len(), train, usual),
        encoders: subject.modalities.iter().map(encoder).collect(),
        architecture,
        mask: transformer.mask,
        process: Process::fitting(transformer.noise, finest),
        mixture: match &train.focus {
            Some(focus) => mixture.focused_on(&subject.tokens_of(&focus.given)),
            None => mixture,
        },
        scales,
        finest,
        lacking: lacking(subject, table),
        noted: table.rows().min(NOTED),
    }
}

/// How fine the values of a whole number are, in standard deviations: a share of the distance between two of them, where there are few.
fn grain(scale: &Scale) -> f64 {
    let (low, high) = scale.range();
    match scale.varies() && high - low < FEW_VALUES {
        true => BETWEEN * (scale.standardise(high) - scale.standardise(low)) / (high - low),
        false => 1.0,
    }
}

/// Which tokens the first simulations lack, where they lack any.
fn lacking(subject: &Subject, table: &Table) -> Vec<Vec<usize>> {
    let lacks = |row: &[f64]| {
        let lacks = subject.lacks(|scalar| row.get(scalar).is_none_or(|value| !value.is_finite()));
        lacks
            .into_iter()
            .enumerate()
            .filter(|(_, lacks)| *lacks)
            .map(|(token, _)| token)
            .collect::<Vec<usize>>()
    };
    table.iter().take(NOTED).map(lacks).filter(|lacks| !lacks.is_empty()).collect()
}

/// Simulations in the network's units, `[rows · scalars]`; NaN of what is lacking. `scaling` says which scale is each
/// scalar's.
pub fn standardise(scales: &[Scale], scaling: &[usize], table: &Table) -> Vec<f32> {
    let own: Vec<&Scale> = scaling.iter().filter_map(|kind| scales.get(*kind)).collect();
    let value = |(x, scale): (&f64, &&Scale)| match x.is_finite() {
        true => scale.standardise(*x) as f32,
        false => f32::NAN,
    };
    table.iter().flat_map(|row| row.iter().zip(&own).map(value)).collect()
}

impl Plan {
    /// Number of parameters, those of encoders included.
    pub fn parameters(&self) -> usize {
        self.architecture.parameters() + self.encoders.iter().map(Encoder::parameters).sum::<usize>()
    }

    /// How a token is standardised whose kind this is.
    pub fn scale(&self, kind: usize) -> &Scale {
        self.scales.get(kind).expect("a plan has a scale for each kind")
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        let Architecture { width, layers, heads, .. } = self.architecture;
        format!(
            "width {width}, {layers} layers, {heads} heads ({} weights), {}, finest scale {:.2}",
            self.parameters(),
            self.course.summary(),
            self.finest
        )
    }
}

/// Few tokens, each of its own kind and without times, get by with a narrow network; structure as fine as `resolved`, in standard
/// deviations, needs value features that resolve it.
pub fn architecture(tokens: usize, transformer: &Transformer, resolved: f64) -> Architecture {
    let width = transformer.width.unwrap_or(if tokens <= FEW_TOKENS { 32 } else { 48 });
    let heads = transformer.heads.unwrap_or((width / HEAD_WIDTH).max(1));
    let octaves = resolved.recip().log2().floor() as usize + 1;
    Architecture {
        tokens,
        identities: (0..tokens).collect(),
        kinds: tokens,
        times: 0,
        width,
        layers: transformer.layers.unwrap_or(LAYERS),
        heads,
        head_width: (width / heads).max(1),
        hidden: width * transformer.widening.unwrap_or(2),
        frequencies: octaves.clamp(LEAST_FREQUENCIES, MOST_FREQUENCIES),
        summaries: Vec::new(),
        states: None,
    }
}

/// The most steps: they grow slowly with the budget, as fewer simulations need nearly as many to be learnt, and held-out loss guards
/// against remembering them. Steps of few tokens cost little, and there may be more of them; more are worth it, too, where readings are
/// left out at random, as far as half an hour on two cores goes.
fn most_steps(budget: usize, subject: &Subject) -> usize {
    let tokens = subject.tokens().len().max(1) as f64;
    let steps = match subject.has_times() {
        true => (352_000.0 / tokens).clamp(2_000.0, 8_000.0),
        false => (36_000.0 / tokens).clamp(2_000.0, 7_000.0),
    };
    if budget == 0 { 0 } else { steps_for(steps, budget) }
}
