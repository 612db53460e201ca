//! One query with all it is about: its approximator, model, tokens and keys.

use super::args::Device;
use super::failure::{Failure, Outcome};
use super::network::{Network, keys};
use super::spec::Spec;
use sbi_infer::{Conditional, Posterior, PosteriorPlan, Question, Reals, Subject, Tilted, Weights};
use sbi_model::{AxisId, Expr, File, Graph, Index, Key, Model, Placement, Query, State};
use sbi_sim::{Restriction, Tilt};
use std::borrow::Cow;

/// A query to answer.
pub struct Case<'a> {
    /// The question.
    pub query: &'a Query,
    /// What answers it.
    pub network: Network<'a>,
    /// What it is asked.
    pub asked: Asked<'a>,
    /// The conditions that its draws satisfy, if there are any.
    pub restriction: Option<Restriction>,
    /// The priors that it changes, if there are any.
    pub tilted: Option<Tilted>,
    /// What names its draws in the store.
    pub key: String,
}

/// What a query asks of a network, on axes as long as the query places them.
pub struct Asked<'a> {
    /// The model with such axes.
    pub model: Cow<'a, Model>,
    /// Its tokens, with the kinds that the network was trained on.
    pub subject: Subject,
    /// What is said of them.
    pub question: Question,
    /// What is said of each scalar of the model: of the tokens, and of those of modalities that are a token.
    pub states: Vec<State>,
}

/// The keys of the three stages of a case, as the store names them.
pub struct Keys {
    /// Of the simulations.
    pub simulations: String,
    /// Of the weights.
    pub weights: String,
    /// Of the draws.
    pub draws: String,
}

impl Keys {
    /// The keys of a query of a file, answered on a device.
    pub fn of(file: &File, query: &Query, device: Device) -> Keys {
        let approximator = file.approximators.get(query.approximator).expect("a query has its approximator");
        let model = file.models.get(approximator.model).expect("an approximator has its model");
        let [simulations, weights] = keys(model, approximator, device);
        Keys {
            simulations: simulations.to_string(),
            weights: weights.to_string(),
            draws: Key::draws(weights, model, query, approximator.train.seed).to_string(),
        }
    }
}

impl<'a> Case<'a> {
    /// A query of a spec, to be answered on a device.
    ///
    /// # Errors
    /// A condition on what draws do not tell, or a changed prior without a density.
    pub fn of(spec: &'a Spec, query: &'a Query, device: Device) -> Outcome<Case<'a>> {
        let approximator = spec.approximator(query);
        let network = Network::of(spec, approximator, device)?;
        let (model, graph) = (spec.model(approximator.model), spec.graph(approximator.model));
        let subject_of = |model: &Model| Subject::of_approximator(model, approximator);
        let asked = Asked::of(query, model, graph, subject_of, &network.subject);
        let (restriction, tilted) = (restriction(query, &asked)?, tilted(query, &asked)?);
        let key = Keys::of(&spec.file, query, device).draws;
        Ok(Case { query, network, asked, restriction, tilted, key })
    }

    /// What the query fixes, by name.
    pub fn given(&self) -> Vec<(&str, f64)> {
        let given = |(name, state)| match state {
            State::Given(value) => Some((name, value)),
            State::Inferred | State::Absent => None,
        };
        self.states().filter_map(given).collect()
    }

    /// What the query leaves out.
    pub fn absent(&self) -> Vec<&str> {
        self.states().filter(|(_, state)| *state == State::Absent).map(|(name, _)| name).collect()
    }

    /// Unit and doc comment of the node of an inferred quantity, by its number in the query.
    pub fn label(&self, number: usize) -> (Option<&'a str>, Option<&'a str>) {
        let token = self.asked.question.infer.get(number);
        let token = token.and_then(|token| self.asked.subject.tokens().get(*token));
        let node = token.map(|token| self.network.model.node(token.node));
        (node.and_then(|node| node.unit.as_deref()), node.and_then(|node| node.doc.as_deref()))
    }

    fn states(&self) -> impl Iterator<Item = (&str, State)> {
        let names = self.asked.subject.scalars().iter().map(|token| token.name.as_str());
        names.zip(self.asked.states.iter().copied())
    }
}

/// The conditions of a query, compiled for draws of all its tokens.
fn restriction(query: &Query, asked: &Asked) -> Outcome<Option<Restriction>> {
    if query.conditions.is_empty() {
        return Ok(None);
    }
    if let Some(name) = beyond(query, &asked.model) {
        return Err(Failure::wrong(format!(
            "a `where` of `{}` reads an element of `{name}` that it does not place",
            query.name
        ))
        .help("place it: `at … = […]`"));
    }
    let elements: Vec<_> = asked.subject.tokens().iter().map(|token| (token.node, token.element)).collect();
    let elements = elements.get(..asked.subject.singles()).unwrap_or_default();
    let compiled = Restriction::of(&asked.model, &query.conditions, elements);
    compiled.map(Some).map_err(|refusal| {
        let told = refusal.to_string();
        // The condition has no name that a user would know.
        let why = told.split_once(": ").map_or(told.as_str(), |(_, why)| why);
        Failure::wrong(format!("a `where` of `{}` asks for what no draw tells: {why}", query.name))
            .help("leave it out, or read parameters and data that are drawn")
    })
}

/// The changed priors of a query, compiled for what it draws of their parameters.
fn tilted(query: &Query, asked: &Asked) -> Outcome<Option<Tilted>> {
    if query.priors.is_empty() {
        return Ok(None);
    }
    let tilt = Tilt::of(&asked.model, &query.priors).map_err(|refusal| {
        Failure::wrong(format!("a changed prior of `{}` cannot be computed: {refusal}", query.name))
            .help("leave it out, or write another law")
    });
    tilt.map(|tilt| Some(Tilted::of(tilt, &asked.subject, &asked.question)))
}

/// A node of which a condition reads an element that the query does not place.
fn beyond<'m>(query: &Query, model: &'m Model) -> Option<&'m str> {
    let exprs = query.conditions.iter().flat_map(|condition| &condition.exprs);
    exprs.into_iter().find_map(|expr| {
        let Expr::Element { node, index } = expr else { return None };
        let node = model.node(*node);
        let outside = |(axis, index): (&AxisId, &Index)| matches!(index, Index::At(place) if *place >= model.axis(*axis).size());
        node.axes.iter().zip(index).any(outside).then_some(node.name.as_str())
    })
}

impl<'a> Asked<'a> {
    /// What a network says of it, conditions apart.
    pub fn conditional<'s>(&'s self, weights: &'s Weights, seed: u64) -> Conditional<'s> {
        Conditional::new(weights, &self.subject, &self.question, seed)
    }

    /// What a posterior says of it.
    pub fn posterior<'s>(
        &'s self,
        weights: &'s Weights<PosteriorPlan>,
        reals: &'s Reals,
        (steps, seed): (Option<usize>, u64),
    ) -> Posterior<'s> {
        Posterior { weights, subject: &self.subject, reals, question: &self.question, steps, seed }
    }

    /// The names of what is inferred, in the order asked.
    pub fn names(&self) -> Vec<String> {
        let name = |token: &usize| self.subject.tokens().get(*token).map(|token| token.name.clone());
        self.question.infer.iter().filter_map(name).collect()
    }

    /// What a query asks of the tokens of its model, `subject`.
    fn of(
        query: &Query,
        model: &'a Model,
        graph: &Graph,
        subject_of: impl Fn(&Model) -> Subject,
        subject: &Subject,
    ) -> Asked<'a> {
        let name = query.name.clone();
        let Some(placed) = query.placed_model(model) else {
            let states = query.states.clone();
            let origins: Vec<Option<usize>> = (0..states.len()).map(Some).collect();
            let question =
                Question::of(name, (subject, subject), (&states, &origins, &query.infer), Vec::new());
            return Asked { model: Cow::Borrowed(model), subject: subject.clone(), question, states };
        };
        let (trained, subject) = (subject, subject_of(&placed).with_kinds_of(subject));
        let Placement { model, states, origins, infer, coordinates } =
            query.placement(model, graph, placed, subject.scalars());
        let question = Question::of(name, (&subject, trained), (&states, &origins, &infer), coordinates);
        Asked { model: Cow::Owned(model), subject, question, states }
    }
}
