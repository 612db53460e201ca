//! What is timed: a model of so many tokens as a user would write it, and the network that is trained on it.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use sbi_infer::{Plan, Subject, Table, plan};
use sbi_model::{Estimator, MaskKind};
use sbi_sim::{Output, Simulator};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// So many steps are planned that no measurement reaches the end.
const STEPS: usize = 1_000_000;

/// How many neighbouring sites a reading of the band sees.
const SEEN: usize = 5;

/// What is done over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Steps of a training.
    Train,
    /// Draws from a network, half of the tokens given.
    Draw,
    /// Losses of one batch and nothing else: the way forward. Ours alone.
    Loss,
    /// The same with their gradients: forward and back. Ours alone.
    Gradient,
}

/// A problem, and how it is trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Number of tokens.
    pub tokens: usize,
    /// Which tokens may look at which.
    pub pattern: Pattern,
    /// Sizes of the network; none for those that `sbi run` would choose.
    pub sizes: Option<Sizes>,
    /// Examples in a step.
    pub batch: usize,
    /// Simulations to train on.
    pub simulations: usize,
    /// Threads of the processor.
    pub threads: usize,
}

/// Sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// Width of a token.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Hidden width of the feed-forward part, in widths.
    pub widening: usize,
}

/// Models whose masks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Every token may look at every other: `mask = dense`.
    Dense,
    /// Independent pairs, as of the linear Gaussian task.
    Pairs,
    /// A walk whose states are seen one by one: a hidden Markov model.
    Chain,
    /// Sites in a row, and readings that see five of them each: about a tenth of all pairs at 104 tokens.
    Band,
}

/// A work as the library takes it.
pub struct Problem {
    /// The tokens.
    pub subject: Subject,
    /// Sizes, steps, noise, scales.
    pub plan: Plan,
    /// Simulations.
    pub table: Table,
}

impl Sizes {
    /// The network of Simformer's experiments but for its width: six layers, four heads, hidden layers thrice as
    /// wide.
    pub fn published(width: usize) -> Sizes {
        Sizes { width, layers: 6, heads: 4, widening: 3 }
    }
}

impl Pattern {
    /// Its name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Pattern::Dense => "dense",
            Pattern::Pairs => "pairs",
            Pattern::Chain => "chain",
            Pattern::Band => "band",
        }
    }

    /// A model of so many tokens with this structure.
    fn model(self, tokens: usize) -> String {
        let (first, second) = (tokens / 2, tokens - tokens / 2);
        match self {
            Pattern::Dense => format!(
                "axis i : index({first})
                 axis j : index({second})
                 param theta[i] ~ normal(0, 1)
                 data x[j] ~ normal(theta[1], 1)"
            ),
            Pattern::Pairs => format!(
                "axis i : index({first})
                 param theta[i] ~ normal(0, 1)
                 data x[i] ~ normal(theta[i], 1)"
            ),
            Pattern::Chain => format!(
                "axis i : ordered({first})
                 dynamics walk over 1 .. {first} every 1 {{
                     init theta ~ normal(0, 1)
                     next theta ~ normal(0.8 * theta, 0.6)
                 }}
                 param theta[i] = walk.theta(i)
                 data x[i] ~ normal(theta[i], 1)"
            ),
            Pattern::Band => band(first, second),
        }
    }
}

fn band(sites: usize, readings: usize) -> String {
    let mut text = String::new();
    for site in 1..=sites {
        writeln!(text, "param theta_{site} ~ normal(0, 1)").expect("a string takes all");
    }
    for reading in 1..=readings {
        let from = reading.saturating_sub(SEEN / 2).clamp(1, sites.saturating_sub(SEEN - 1).max(1));
        let seen = (from..=sites.min(from + SEEN - 1)).map(|site| format!("theta_{site}"));
        let sum = seen.collect::<Vec<String>>().join(" + ");
        writeln!(text, "data x_{reading} ~ normal({sum}, 1)").expect("a string takes all");
    }
    text
}

impl Work {
    /// The spec: a model, its network but for the sizes, and its training.
    fn spec(&self) -> String {
        let mask = match self.pattern {
            Pattern::Dense => "dense",
            Pattern::Pairs | Pattern::Chain | Pattern::Band => "undirected",
        };
        format!(
            "edition 2026
             model m {{
                 {}
             }}
             approximator a for m {{
                 joint with diffusion_transformer(mask = {mask})
             }}
             train a {{
                 simulations {}
                 batch {}
                 steps {STEPS}
             }}",
            self.pattern.model(self.tokens),
            self.simulations,
            self.batch
        )
    }

    /// What training and drawing take, as `sbi run` would make it.
    ///
    /// # Errors
    /// Where sizes make no sense together.
    pub fn problem(&self) -> Result<Problem> {
        let checked = sbi_model::compile(&self.spec(), &());
        let Some(file) = checked.file else {
            bail!("no spec of {self:?}: {:?}", checked.diagnostics.first());
        };
        let model = file.models.first().context("the spec has a model")?;
        let approximator = file.approximators.first().context("the spec has a network")?;
        let Estimator::Joint(transformer) = &approximator.estimator else {
            bail!("the network is a transformer");
        };
        let mut transformer = transformer.clone();
        // Past the checker, which takes no width that four heads do not share alike, as the published 50.
        if let Some(Sizes { width, layers, heads, widening }) = self.sizes {
            [transformer.width, transformer.layers] = [Some(width), Some(layers)];
            [transformer.heads, transformer.widening] = [Some(heads), Some(widening)];
        }
        let subject = Subject::of(model, transformer.graph, transformer.mask);
        let tokens = subject.tokens().len();
        anyhow::ensure!(tokens == self.tokens, "{} tokens asked for, {tokens} made", self.tokens);
        let outputs = subject.tokens().iter().map(|token| Output::Element(token.node, token.element));
        let simulator = Simulator::of(model, &outputs.collect::<Vec<Output>>())
            .map_err(|told| anyhow::anyhow!("{}", told.message))?;
        let drawn = simulator.run(1, 0..self.simulations as u64, self.threads)?;
        let table = Table::plain(drawn.columns, drawn.values);
        let plan = plan("bench", &subject, &transformer, &approximator.train, &table);
        Ok(Problem { subject, plan, table })
    }
}

impl Problem {
    /// The mask of an example that has all tokens; none where every token may look at every other.
    pub fn mask(&self) -> Option<sbi_model::Mask> {
        let nothing = vec![false; self.subject.tokens().len()];
        (self.plan.mask != MaskKind::Dense)
            .then(|| self.subject.mask(self.plan.mask, &[], &nothing, &nothing))
    }
}
