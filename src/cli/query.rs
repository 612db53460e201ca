//! `sbi query`: answers from networks that are kept, and what else can be said of them: log-densities and modes.

use super::answers::{Answers, DENSITIES, MODE};
use super::args;
use super::case::Case;
use super::draws::{Answer, Drawing, csv_of};
use super::failure::{Failure, Outcome, print};
use super::interrupt;
use super::memory;
use super::numbers::{listed, rounded};
use super::points;
use super::progress::{Bar, grouped};
use super::run::work;
use super::stage::{Bench, Job};
use super::weights::{Training, reals};
use sbi_infer::{Conditional, DensityError, Fitted, PosteriorPlan, Weights};
use sbi_model::{Estimator, Role};
use std::ops::ControlFlow;
use std::path::Path;

/// Answers queries of a file from what is kept.
pub fn query(args: &args::Query) -> Outcome {
    work(&args.run, |cases, bench, answers| {
        let points = match (&args.log_prob, cases) {
            (None, _) => None,
            (Some(path), [case]) => Some(points::read(path, &case.asked.names(), "--log-prob points.csv")?),
            (Some(_), _) => return Err(several(cases)),
        };
        if points.is_some() || args.mode {
            cases.iter().try_for_each(ensure_unrestricted)?;
            cases.iter().try_for_each(|case| ensure_told(case, points.is_some(), args.mode))?;
        }
        let look = |network| Job::look(Training::of(network, &bench.store), bench.progress);
        let trainings: Vec<Job<Training>> = cases.iter().map(|case| &case.network).map(look).collect();
        for (case, training) in cases.iter().zip(&trainings) {
            training.product().ok_or_else(|| untrained(case, &args.run.file))?;
            memory::ensure_draws(case, &bench.machine)?;
        }
        for (case, training) in cases.iter().zip(&trainings) {
            let trained = training.product().expect("this was asked above");
            let mut drawing = Job::look(Drawing::of(case, &bench.store), bench.progress);
            bench.progress.say(&drawing.outlook());
            let weights = match &trained.weights {
                Fitted::Joint(weights) => weights,
                Fitted::Posterior(weights) => {
                    let answer = drawing.obtain(trained, bench)?;
                    answers.give(case, answer)?;
                    let asked = points.iter().try_for_each(|points| {
                        tell_exact_points(case, weights, (points, answer), bench, answers)
                    });
                    asked?;
                    continue;
                }
            };
            let subject = Density { case, weights, bench, answers };
            if points.is_some() || args.mode {
                subject.conditional().ensure_density().map_err(|error| subject.failed(&error))?;
            }
            let answer = drawing.obtain(trained, bench)?;
            answers.give(case, answer)?;
            points.iter().try_for_each(|points| subject.tell_points(points, answer))?;
            if args.mode {
                subject.tell_mode(answer)?;
            }
        }
        Ok(())
    })
}

/// The density of one answer.
struct Density<'a> {
    case: &'a Case<'a>,
    weights: &'a Weights,
    bench: &'a Bench,
    answers: &'a Answers,
}

impl Density<'_> {
    fn conditional(&self) -> Conditional<'_> {
        self.case.asked.conditional(self.weights, self.case.network.seed())
    }

    /// Writes `log_prob.csv`: the points, and the log-density of each.
    fn tell_points(&self, points: &[f64], answer: &Answer) -> Outcome {
        let (name, width) = (&self.case.query.name, answer.names.len());
        let count = points.len() / width;
        let what = format!("log-densities of {} points for `{name}`", grouped(count));
        let bar = self.bench.progress.start("density", &what, 0, count);
        let machine = &self.bench.machine;
        let mut densities =
            self.watched(bar, |go_on| self.conditional().log_density(points, machine, go_on))?;
        densities.iter_mut().for_each(|density| *density += self.within(answer));
        tell_densities(self.case, (points, &densities), answer, self.answers)
    }

    /// Writes `mode.csv`: the densest place that is found, and its log-density.
    fn tell_mode(&self, answer: &Answer) -> Outcome {
        let (name, conditional) = (&self.case.query.name, self.conditional());
        let work = conditional.mode_work(self.case.query.draws);
        let bar = self.bench.progress.start("mode", &format!("of `{name}`"), 0, work);
        let mode = self.watched(bar, |go_on| conditional.mode(&answer.values, &self.bench.machine, go_on))?;
        let density = mode.log_density + self.within(answer);
        let values: Vec<f64> = mode.values.iter().copied().chain([density]).collect();
        let path = self.answers.put(self.case, MODE, &with_density(answer, &values))?;
        let places: Vec<String> = (answer.names.iter().zip(&mode.values).enumerate())
            .map(|(column, (name, value))| format!("{name} = {}", rounded(*value, range(answer, column))))
            .collect();
        print(&format!(
            "\n{name}: densest at {}, log-density {}\n{}\n",
            listed(&places, "and"),
            rounded(density, 1.0),
            path.display()
        ))
    }

    /// Does work that tells how far it is.
    fn watched<R>(
        &self,
        mut bar: Bar,
        work: impl FnOnce(&mut dyn FnMut(usize) -> ControlFlow<()>) -> Result<R, DensityError>,
    ) -> Outcome<R> {
        let made = work(&mut |done| {
            bar.set(done);
            interrupt::flow()
        });
        let made = made.map_err(|error| self.failed(&error))?;
        bar.finish("done");
        Ok(made)
    }

    /// What the log-density of draws has more than that of the network, which leaves a share of its mass outside the prior's
    /// support: what fell there was drawn again.
    fn within(&self, answer: &Answer) -> f64 {
        let draws = self.case.query.draws.max(1) as f64;
        ((draws + answer.notes.redrawn as f64) / draws).ln()
    }

    fn failed(&self, error: &DensityError) -> Failure {
        let failure = Failure::failed(format!("`{}` has no log-density: {error}", self.case.query.name));
        match error {
            DensityError::Stopped => Failure::interrupted(),
            DensityError::Device(_) => failure.help("leave `--device cuda` out to use the processor"),
            DensityError::Restricted => unreachable!("this was asked before"),
            DensityError::Discrete { name } | DensityError::Constant { name } => {
                failure.help(format!("give it, `given {name} = …`, or ask for draws alone"))
            }
        }
    }
}

/// Writes `log_prob.csv`: the points, and the log-density of each.
fn tell_densities(
    case: &Case,
    (points, densities): (&[f64], &[f64]),
    answer: &Answer,
    answers: &Answers,
) -> Outcome {
    let (name, width, count) = (&case.query.name, answer.names.len(), densities.len());
    let rows = points.chunks_exact(width).zip(densities);
    let values: Vec<f64> = rows.flat_map(|(point, density)| point.iter().chain([density])).copied().collect();
    let path = answers.put(case, DENSITIES, &with_density(answer, &values))?;
    let inside: Vec<f64> = densities.iter().copied().filter(|density| density.is_finite()).collect();
    let outside = match count - inside.len() {
        0 => String::new(),
        1 => "; 1 point is outside the prior's support".to_owned(),
        many => format!("; {} points are outside the prior's support", grouped(many)),
    };
    let spread = match (inside.iter().copied().reduce(f64::min), inside.iter().copied().reduce(f64::max)) {
        (Some(low), Some(high)) => {
            let mean = inside.iter().sum::<f64>() / inside.len() as f64;
            let [low, mean, high] = [low, mean, high].map(|density| rounded(density, 1.0));
            format!("from {low} to {high}, {mean} on average")
        }
        _ => "minus infinity".to_owned(),
    };
    print(&format!(
        "\n{name}: log-densities of {} points, {spread}{outside}\n{}\n",
        grouped(count),
        path.display()
    ))
}

/// The exact log-densities of points under a posterior.
fn tell_exact_points(
    case: &Case,
    weights: &Weights<PosteriorPlan>,
    (points, answer): (&[f64], &Answer),
    bench: &Bench,
    answers: &Answers,
) -> Outcome {
    let reals = reals(&case.asked.model, case.network.approximator, &case.asked.subject)?;
    let posterior = case.asked.posterior(weights, &reals, (None, case.network.seed()));
    let densities = posterior.log_density(points, &bench.machine);
    let failed = |error| Failure::failed(format!("`{}` has no log-density: {error}", case.query.name));
    tell_densities(case, (points, &densities.map_err(failed)?), answer, answers)
}

/// Fails where a posterior is asked for what its network does not tell.
fn ensure_told(case: &Case, points: bool, mode: bool) -> Outcome {
    let Estimator::Posterior(_) = case.network.approximator.estimator else { return Ok(()) };
    let name = &case.query.name;
    let parameters = case.network.subject.scalars().iter().filter(|token| token.role == Role::Param).count();
    if points && case.asked.question.infer.len() < parameters {
        let why = "its network has a density of all parameters together";
        return Err(Failure::wrong(format!("`{name}` infers some of the parameters, and {why}"))
            .help(format!("write `infer params` in `{name}`")));
    }
    match mode {
        true => Err(Failure::wrong(format!(
            "the mode of `{name}` is not looked for: `posterior with` answers it"
        ))
        .help("leave `--mode` out, or answer it by `joint with diffusion_transformer()`")),
        false => Ok(()),
    }
}

/// A table of points with their log-densities, `[points · (names + 1)]`.
fn with_density(answer: &Answer, values: &[f64]) -> Vec<u8> {
    let names: Vec<String> = answer.names.iter().cloned().chain(["log_prob".to_owned()]).collect();
    csv_of(&names, values)
}

/// A tenth of how far the draws of a quantity are apart: so many digits of it matter.
fn range(answer: &Answer, column: usize) -> f64 {
    let column = answer.values.iter().skip(column).step_by(answer.names.len()).copied();
    let ends = column.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (x.min(low), x.max(high)));
    0.1 * (ends.1 - ends.0)
}

fn several(cases: &[Case]) -> Failure {
    let names: Vec<&str> = cases.iter().map(|case| case.query.name.as_str()).collect();
    Failure::wrong(format!("points are of one query, and {} are asked", listed(&names, "and")))
        .help(format!("--query {}", cases.first().map_or("NAME", |case| &case.query.name)))
}

/// Fails where a query has a `where` or changes a prior: what that leaves of a density is not known.
fn ensure_unrestricted(case: &Case) -> Outcome {
    let [what, without] = match (&case.restriction, &case.tilted) {
        (None, None) => return Ok(()),
        (Some(_), _) => ["has a `where`", "`where`"],
        (None, Some(_)) => ["changes a prior", "`param`"],
    };
    let name = &case.query.name;
    Err(Failure::wrong(format!("`{name}` {what}, and the log-densities of its draws are not known"))
        .help(format!("ask for them in a query without {without}: `--query NAME`")))
}

/// The failure of a query whose network is not there.
pub fn untrained(case: &Case, file: &Path) -> Failure {
    let name = &case.query.name;
    Failure::failed(format!("the network that answers `{name}` is not trained, or not kept in this store"))
        .help(format!(
            "sbi run {} --query {name}, with the same `--store`, `--seed` and `--device`",
            args::quoted(&file.to_string_lossy())
        ))
}
