//! Stages: pieces of work whose results are kept in the store under the key of everything that decides them.
//!
//! A command looks at its stages first, tells what is kept and what is to be done, and then asks for the products in
//! order. Two processes that want the same product do not harm each other: one makes it, the other waits and takes it.

use super::failure::{Failure, Outcome};
use super::progress::Progress;
use super::store::{Damage, Entry, Held, Manifest, Store};
use sbi_infer::Machine;

/// What every stage may use.
pub struct Bench {
    /// Where results are kept.
    pub store: Store,
    /// How progress is told.
    pub progress: Progress,
    /// Device and threads.
    pub machine: Machine,
}

/// What the store has of a product.
pub enum Found<P> {
    /// All of it.
    Whole(P),
    /// Some of it: how much, in words, and what is wrong with the rest, if it is damaged.
    Part(String, Option<Damage>),
    /// None of it.
    Nothing,
}

/// A piece of work.
pub trait Stage {
    /// What it needs, made by the stage before it.
    type Input;
    /// What it makes.
    type Product;

    /// Its place in the store.
    fn entry(&self) -> &Entry;

    /// What it makes, in words: "10,000 draws of `two_moons`".
    fn title(&self) -> String;

    /// Reads the product from the store. Damage is whatever keeps a listed file from being read and believed.
    fn load(&self, manifest: &Manifest) -> Result<Found<Self::Product>, Damage>;

    /// Makes the product, or what is missing of it, and keeps it.
    fn make(&self, input: &Self::Input, bench: &Bench, held: &mut Held) -> Outcome<Self::Product>;
}

/// A stage and its product, as far as it is there.
pub struct Job<S: Stage> {
    stage: S,
    found: Found<S::Product>,
}

impl<S: Stage> Job<S> {
    /// Looks what the store has; damage is told and counts as nothing.
    pub fn look(stage: S, progress: Progress) -> Job<S> {
        let tell = |Damage(what): &Damage| progress.say(&format!("{what}: not used, and made anew"));
        let found = look(&stage).unwrap_or_else(|damage| {
            tell(&damage);
            Found::Nothing
        });
        if let Found::Part(_, Some(damage)) = &found {
            tell(damage);
        }
        Job { stage, found }
    }

    /// The product, if it is there.
    pub fn product(&self) -> Option<&S::Product> {
        match &self.found {
            Found::Whole(product) => Some(product),
            Found::Part(..) | Found::Nothing => None,
        }
    }

    /// Whether the store has some of it.
    pub fn is_begun(&self) -> bool {
        !matches!(self.found, Found::Nothing)
    }

    /// What is kept and what is to be done, in one line.
    pub fn outlook(&self) -> String {
        let (kind, title) = (self.stage.entry().kind().name(), self.stage.title());
        match &self.found {
            Found::Whole(_) => format!("{kind:<12} kept: {title}"),
            Found::Part(part, _) => format!("{kind:<12} to finish: {title} ({part})"),
            Found::Nothing => format!("{kind:<12} to do: {title}"),
        }
    }

    /// The product, made first if need be.
    pub fn obtain(&mut self, input: &S::Input, bench: &Bench) -> Outcome<&S::Product> {
        if self.product().is_none() {
            self.found = Found::Whole(self.make(input, bench)?);
        }
        self.product().ok_or_else(|| Failure::failed("a stage ended without its product"))
    }

    /// The product for itself, made first if need be.
    pub fn into_product(self, input: &S::Input, bench: &Bench) -> Outcome<S::Product> {
        match self.found {
            Found::Whole(product) => Ok(product),
            Found::Part(..) | Found::Nothing => self.make(input, bench),
        }
    }

    fn make(&self, input: &S::Input, bench: &Bench) -> Outcome<S::Product> {
        let title = self.stage.title();
        let waiting =
            || bench.progress.say(&format!("waiting for another run that makes {title} in the same store"));
        let mut held = self.stage.entry().hold(&mut { waiting })?;
        // Another run may have finished it while this one waited.
        match look(&self.stage) {
            Ok(Found::Whole(product)) => Ok(product),
            _ => self.stage.make(input, bench, &mut held),
        }
    }
}

fn look<S: Stage>(stage: &S) -> Result<Found<S::Product>, Damage> {
    match stage.entry().manifest()? {
        Some(manifest) => stage.load(&manifest),
        None => Ok(Found::Nothing),
    }
}
