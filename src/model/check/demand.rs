//! What constants must satisfy: tried on the finished model, element by element, where no draw enters.

use super::codes::{
    CONDITION, EMPTY_RANGE, NOT_A_COUNT, NOT_A_PROBABILITY, NOT_CONSTANT, NOT_FINITE, NOT_POSITIVE,
};
use super::covariance;
use super::ends::holds_at_start;
use super::family::Demand;
use super::model::Builder;
use super::reach::Reach;
use super::shown::percent;
use crate::survey::Survey;
use crate::{Dynamics, Expr, ExprId, Model, NodeId};
use sbi_syntax::{Diagnostic, Span};

/// Something demanded of expressions of a node.
#[derive(Clone, Debug)]
pub(super) struct Demanded {
    node: NodeId,
    what: What,
    span: Span,
    /// The argument or constant, as the file calls it.
    name: String,
    /// What to write where a number above one was meant to stand elsewhere.
    pub(super) turned_round: Option<String>,
}

#[derive(Clone, Debug)]
enum What {
    Each(Demand, Vec<ExprId>),
    /// Probabilities that add up to one.
    Shares(Vec<ExprId>),
    /// The first below the second; a call of two arguments in which they stand, where there is one.
    Below(ExprId, ExprId, Option<&'static str>),
    Constant(ExprId),
    Covariance(Vec<Vec<ExprId>>),
}

impl Demanded {
    fn of(node: NodeId, what: What, span: Span, name: &str) -> Demanded {
        Demanded { node, what, span, name: name.to_owned(), turned_round: None }
    }

    pub(super) fn argument(node: NodeId, demand: Demand, expr: ExprId, span: Span, name: &str) -> Demanded {
        Demanded::each(node, demand, vec![expr], span, name)
    }

    pub(super) fn each(node: NodeId, demand: Demand, exprs: Vec<ExprId>, span: Span, name: &str) -> Demanded {
        Demanded::of(node, What::Each(demand, exprs), span, name)
    }

    pub(super) fn shares(node: NodeId, exprs: Vec<ExprId>, span: Span, name: &str) -> Demanded {
        Demanded::of(node, What::Shares(exprs), span, name)
    }

    pub(super) fn below(
        node: NodeId,
        low: ExprId,
        high: ExprId,
        span: Span,
        call: Option<&'static str>,
    ) -> Demanded {
        Demanded::of(node, What::Below(low, high, call), span, "")
    }

    pub(super) fn constant(node: NodeId, expr: ExprId, span: Span, name: &str) -> Demanded {
        Demanded::of(node, What::Constant(expr), span, name)
    }

    pub(super) fn covariance(node: NodeId, rows: Vec<Vec<ExprId>>, span: Span) -> Demanded {
        Demanded::of(node, What::Covariance(rows), span, "cov")
    }

    /// Gives the expressions their new numbers; none where one of them has been dropped.
    pub(super) fn renumber(mut self, number: impl Fn(ExprId) -> Option<ExprId>) -> Option<Demanded> {
        let exprs: Vec<&mut ExprId> = match &mut self.what {
            What::Each(_, exprs) | What::Shares(exprs) => exprs.iter_mut().collect(),
            What::Constant(expr) => vec![expr],
            What::Below(low, high, _) => vec![low, high],
            What::Covariance(rows) => rows.iter_mut().flatten().collect(),
        };
        for expr in exprs {
            *expr = number(*expr)?;
        }
        Some(self)
    }

    /// A number that must be above zero, a probability or whole, of which draws are not.
    fn drawn_wrong(&self, model: &Model, survey: &Survey<'_>) -> Option<Diagnostic> {
        let What::Each(demand, exprs) = &self.what else { return None };
        let mut reach = Reach::new(model, survey);
        let leaving = exprs.iter().find_map(|expr| reach.leaves(*demand, *expr))?;
        let (argument, name) = (&self.name, &leaving.name);
        let what = if leaving.is_bare() { format!("`{name}`") } else { "this".to_owned() };
        let (code, message, help) = match demand {
            Demand::Positive => {
                let message = format!("{what} can fall below zero, and `{argument}` must be above it");
                let help = leaving.above_zero().unwrap_or_else(|| match argument.as_str() {
                    "median" => "on the scale of logarithms it may be any number: `log_mean = …`".to_owned(),
                    _ => format!("take its exponential: `{argument} = exp(…)`"),
                });
                (NOT_POSITIVE, message, help)
            }
            Demand::Probability => {
                let message = format!("{what} can leave 0 to 1, and `{argument}` must lie there");
                let help = match (leaving.is_bare(), argument.as_str()) {
                    (true, _) => {
                        format!("read `logistic({name})`, or draw it from `beta(2, 2)` or `uniform(0, 1)`")
                    }
                    (_, "probability") => {
                        "as log-odds it may be any number: give it the name `logit = …`".to_owned()
                    }
                    _ => "make it a probability: `logistic(…)`".to_owned(),
                };
                (NOT_A_PROBABILITY, message, help)
            }
            Demand::Count => {
                let message = format!("{what} is a real number, and a number of trials is whole");
                let help = match &self.turned_round {
                    Some(help) => help.clone(),
                    None if leaving.low < 0.0 => format!("read `max(round({name}), 0)`"),
                    None => format!("read `round({name})`"),
                };
                (NOT_A_COUNT, message, help)
            }
            Demand::Finite | Demand::Nonzero => return None,
        };
        Some(code.at(self.span, message).label(leaving.node.span, "drawn here").help(help))
    }

    /// What is wrong with one element of a `model`; `value` gives the constant value of an expression. Where the model is not
    /// `sound`, a NaN may stand for something refused, of which nothing more is said.
    fn wrong(&self, model: &Model, value: impl Fn(ExprId) -> Option<f64>, sound: bool) -> Option<Diagnostic> {
        let known = |expr: ExprId| value(expr).filter(|value| sound || !value.is_nan());
        // Either side of an `if` on something drawn is taken in some simulations.
        let sides = |expr: &ExprId| match model.expr(*expr) {
            Expr::Select { condition, yes, no } if value(*condition).is_none() => vec![*yes, *no],
            _ => vec![*expr],
        };
        match &self.what {
            What::Each(demand, exprs) => exprs.iter().flat_map(sides).find_map(|expr| {
                let value = known(expr)?;
                let told = wrong_number(&self.name, *demand, value, self.span)?;
                // A whole number above one is no probability, and what no argument can be stands in another's place.
                let exchanged = *demand != Demand::Probability || value > 1.0 && value.fract() == 0.0;
                Some(match &self.turned_round {
                    Some(help) if exchanged => told.help(help.clone()),
                    _ => told,
                })
            }),
            What::Shares(exprs) => {
                let wrong =
                    |expr: &ExprId| wrong_number(&self.name, Demand::Probability, known(*expr)?, self.span);
                exprs.iter().find_map(wrong).or_else(|| {
                    let shares: Option<Vec<f64>> = exprs.iter().map(|expr| known(*expr)).collect();
                    wrong_sum(&self.name, &shares?, self.span)
                })
            }
            What::Below(low, high, call) => {
                let (low, high) = (known(*low)?, known(*high)?);
                (low >= high).then(|| {
                    let told = EMPTY_RANGE.at(self.span, format!("no number lies between {low} and {high}"));
                    told.help(match call {
                        Some(call) if low > high => format!("write `{call}({high}, {low})`"),
                        None if low > high => format!("write `low = {high}, high = {low}`"),
                        _ => "make `high` larger".to_owned(),
                    })
                })
            }
            What::Constant(expr) => match value(*expr) {
                None => Some(
                    NOT_CONSTANT
                        .at(self.span, format!("`{}` reads something that is drawn", self.name))
                        .help(format!("write `let {} = …`", self.name)),
                ),
                Some(_) => wrong_number(&self.name, Demand::Finite, known(*expr)?, self.span),
            },
            What::Covariance(rows) => covariance::wrong(model, rows, known, self.span),
        }
    }
}

/// What is wrong with the constant value of an argument.
pub(super) fn wrong_number(name: &str, demand: Demand, value: f64, span: Span) -> Option<Diagnostic> {
    if !value.is_finite() {
        let message = format!("`{name}` is {value}, which is no finite number");
        let told = NOT_FINITE.at(span, message);
        return Some(
            told.help("look for a division by zero, the logarithm of zero or the root of a negative number"),
        );
    }
    match demand {
        Demand::Positive if value <= 0.0 && name == "median" => {
            let told = NOT_POSITIVE.at(span, format!("`median` is {value}, and must be above zero"));
            Some(told.help(format!("on the scale of logarithms write its name: `log_mean = {value}`")))
        }
        Demand::Positive if value <= 0.0 => {
            Some(NOT_POSITIVE.at(span, format!("`{name}` is {value}, and must be above zero")).help(format!(
                "write a positive number: `{name} = {}`",
                if value < 0.0 { -value } else { 1.0 }
            )))
        }
        Demand::Nonzero if value == 0.0 => Some(
            NOT_POSITIVE
                .at(span, format!("`{name}` is 0, which makes every draw the same"))
                .help(format!("write another number: `{name} = 1`")),
        ),
        Demand::Probability if !(0.0..=1.0).contains(&value) => Some(
            NOT_A_PROBABILITY
                .at(span, format!("`{name}` is {value}, and must lie between 0 and 1"))
                .help(as_percentage(value)),
        ),
        Demand::Count if value < 0.0 || value.fract() != 0.0 => Some(
            NOT_A_COUNT
                .at(span, format!("`{name}` is {value}, and must be a whole number from 0"))
                .help(format!("write `{name} = {}`", value.round().max(1.0))),
        ),
        _ => None,
    }
}

/// How far probabilities that are written out may miss one.
const SUM_TOLERANCE: f64 = 1e-6;

/// How a share outside of 0 to 1 is written: with its sign, and without a minus.
pub(super) fn as_percentage(value: f64) -> String {
    match value {
        1.0..=100.0 => format!("percentages are written with their sign: `{value}%`"),
        -1.0..0.0 => format!("a share is never negative: `{}`", percent(-value)),
        _ => "percentages are written with their sign: `30%`".to_owned(),
    }
}

fn wrong_sum(name: &str, shares: &[f64], span: Span) -> Option<Diagnostic> {
    let sum: f64 = shares.iter().sum();
    // Thirds are written with as many digits as one likes; what is shown has no more than tell them apart.
    let shown = (sum * 1e7).round() / 1e7;
    ((sum - 1.0).abs() > SUM_TOLERANCE).then(|| {
        NOT_A_PROBABILITY.at(span, format!("`{name}` add up to {shown}, and must add up to 1")).help(
            if (sum - 1.0).abs() < 0.01 {
                "write fractions where decimals fall short: `[1/3, 1/3, 1/3]`".to_owned()
            } else if sum < 1.0 {
                let rest = ((1.0 - sum) * 1e7).round() / 1e7;
                format!(
                    "add what is forgotten, `{rest}`; or, where these are weights, divide each by {shown}"
                )
            } else {
                format!("divide each by {shown}")
            },
        )
    })
}

impl Builder<'_> {
    /// Whether something follows from what is told: two arguments in the wrong order, a number that is none in another.
    fn follows(&self, told: &Diagnostic) -> bool {
        self.told.iter().any(|first| {
            let within = first.span.start >= told.span.start && first.span.end <= told.span.end;
            let same = first.code == told.code && told.code == NOT_FINITE.name;
            same && within || first.code == NOT_A_COUNT.name && first.help == told.help
        })
    }

    /// Says that a dynamics stops where it starts, whatever is drawn.
    fn ended_at_start(&self, model: &Model, run: &Dynamics) -> Option<Diagnostic> {
        run.stops.iter().find(|stop| holds_at_start(model, **stop))?;
        // In a simulator of the library nothing can be pointed at but the draw from it.
        let (around, _) = run.name.split_once('.').unwrap_or((&run.name, ""));
        let mut targets = self.drawn.iter().filter_map(|drawn| drawn.target);
        let (name, span) = match targets.find(|target| target.name.text == around) {
            Some(target) => (around, target.span),
            None => (run.name.as_str(), run.span),
        };
        let told = CONDITION
            .at(span, format!("`{name}` ends as it starts, whatever is drawn: its `stop when` holds there"));
        Some(told.help(
            "mind the scale of what it starts from: a share lies between 0 and 1, as in `uniform(10%, 90%)`",
        ))
    }

    /// Tries all demands on a model whose sizes have been checked; of each the first element that fails is told.
    pub(super) fn demand(&mut self, model: &Model) {
        let survey = Survey::of(model);
        let sound = !self.patched && self.told.iter().all(|told| !told.is_error());
        let drawn_wrong = self.demands.iter().filter_map(|demanded| demanded.drawn_wrong(model, &survey));
        let drawn_wrong: Vec<Diagnostic> = drawn_wrong.collect();
        self.told.extend(drawn_wrong);
        self.judge(model, &survey);
        let ended = model.dynamics.iter().filter_map(|run| self.ended_at_start(model, run));
        let ended: Vec<Diagnostic> = ended.collect();
        self.told.extend(ended);
        self.demand_each(model, &survey, sound);
    }

    /// Tries all demands whose expressions stand in a surveyed model, element by element.
    fn demand_each(&mut self, model: &Model, survey: &Survey<'_>, sound: bool) {
        for demanded in &self.demands {
            let node = model.node(demanded.node);
            let value = |expr: ExprId, element: usize| survey.facts(expr, node, element).constant;
            let wrong = |element| demanded.wrong(model, |expr| value(expr, element), sound);
            let told = (0..model.elements(node)).find_map(wrong);
            // How far its values go is not known then.
            if told.as_ref().is_some_and(|told| told.code == NOT_A_COUNT.name) {
                self.shapes.get_mut(demanded.node.0).into_iter().for_each(|shape| *shape = None);
            }
            self.told.extend(told.filter(|told| !self.follows(told)));
        }
    }

    /// Tries the demands of a query, whose expressions stand in a surveyed model from the number `first` on.
    pub(super) fn demand_asked(&mut self, model: &Model, survey: &Survey<'_>, first: usize) {
        let demands = std::mem::take(&mut self.demands).into_iter();
        let behind = |id: ExprId| Some(ExprId(id.0 + first));
        self.demands = demands.filter_map(|demanded| demanded.renumber(behind)).collect();
        self.demand_each(model, survey, true);
    }
}
