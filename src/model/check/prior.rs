//! `param theta ~ normal(0.3, 0.1)` in a query: another prior than the model's.
//!
//! A trained network answers under it by weighing draws with the ratio of both densities. So both must be known beforehand, each a
//! function of the number itself alone.

use super::codes::{
    AXIS_MISMATCH, NOT_CONSTANT, NOT_YET, PRIOR_FAMILY, PRIOR_SUPPORT, PRIOR_TARGET, PRIOR_TWICE,
    UNIT_MISMATCH,
};
use super::distribution::Left;
use super::model::Builder;
use super::names::{Symbol, list};
use super::network::not_run;
use super::query::{About, Asked};
use super::shown::left_side;
use crate::survey::Survey;
use crate::{
    Argument, AxisKind, ChangedPrior, Definition, Draw, Expr, ExprId, Kind, Model, Node, NodeId, Role,
    Support,
};
use sbi_syntax::tree;
use sbi_syntax::{Code, Diagnostic};
use std::collections::BTreeSet;

impl<'t> Asked<'_, 't> {
    /// Checks another prior than the model's.
    pub(super) fn prior(&mut self, prior: &'t tree::Prior, about: &About<'_, 't>) {
        match self.changed(prior, about) {
            Ok(changed) => {
                self.draw_along(&changed);
                self.priors.push(changed);
            }
            Err(told) => self.told.extend(told),
        }
    }

    fn changed(
        &mut self,
        prior: &'t tree::Prior,
        about: &About<'_, 't>,
    ) -> Result<ChangedPrior, Vec<Diagnostic>> {
        let id = self.changeable(&prior.target).map_err(Vec::from_iter)?;
        let own = self.looked.model.node(id);
        if !self.joint {
            let told = not_run("param", prior.span);
            self.later.push(told.help("leave it out, and weigh the draws afterwards"));
        }
        if let Some(first) = self.priors.iter().find(|first| first.node == id) {
            let message = format!("`{}` has two priors in this query", own.name);
            let told = PRIOR_TWICE.at(prior.span, message).label(first.span, "first here");
            return Err(vec![told.help("remove one of them")]);
        }
        let tokens = self.graph.tokens.iter().enumerate().filter(|(_, token)| token.node == id);
        let mut given = tokens.filter_map(|(token, _)| self.mentioned.get(&token));
        if let Some(at) = given.next() {
            let message = format!("`{}` is given, and its prior says nothing then", own.name);
            let told = PRIOR_TARGET.at(prior.span, message).label(*at, "given here");
            return Err(vec![told.help("remove one of them")]);
        }
        let mut builder = Builder::of(self.looked, about.files);
        builder.fits_model(id, prior)?;
        let draw = builder.drawn(Left { id, target: &prior.target }, &prior.draw);
        if !builder.told.is_empty() || builder.patched {
            return Err(builder.told);
        }
        let exprs = std::mem::take(&mut builder.arena.exprs);
        let changed = ChangedPrior { node: id, exprs, draw, supports: Vec::new(), span: prior.target.span };
        let supports = self.overlap(&mut builder, &changed, prior)?;
        Ok(ChangedPrior { supports, ..changed })
    }

    /// The parameter whose prior can be changed.
    ///
    /// # Errors
    /// There is none; without a diagnostic where that has been told already.
    fn changeable(&self, target: &tree::Target) -> Result<NodeId, Option<Diagnostic>> {
        let model = &self.looked.model;
        let id = match self.looked.names.get(&target.name.text) {
            Some(Symbol::Node(id)) => id,
            Some(Symbol::Refused) => return Err(None),
            None if self.looked.nameless => return Err(None),
            _ => return Err(Some(self.looked.names.unknown_node(&model.name, &target.name))),
        };
        if self.looked.shapes.get(id.0).is_none_or(Option::is_none) {
            return Err(None);
        }
        match self.unchangeable(id, target) {
            None => Ok(id),
            Some(told) => Err(Some(told)),
        }
    }

    /// Why the prior of a node cannot be changed.
    fn unchangeable(&self, id: NodeId, target: &tree::Target) -> Option<Diagnostic> {
        let model = &self.looked.model;
        let node = model.node(id);
        let name = &node.name;
        let told =
            |code: Code, message: String| code.at(target.span, message).label(node.span, "declared here");
        let Some(draw) = own_draw(node) else {
            let (message, help) = self.without_prior(id);
            return Some(told(PRIOR_TARGET, message).help(help));
        };
        let several = match (node.curve, draw.family.is_joint()) {
            (true, _) => Some(["is a function of time", "(…)"]),
            (_, true) => Some(["is drawn as a vector", "[1]"]),
            _ => None,
        };
        if let Some([what, element]) = several {
            let message = format!("`{name}` {what}, and the prior of single numbers alone can be changed");
            return Some(
                told(PRIOR_TARGET, message)
                    .help(format!("keep draws by it: `where {name}{element} in … .. …`")),
            );
        }
        if !has_density(draw) {
            let message =
                format!("`{name}` takes whole numbers, and the prior of real ones alone can be changed");
            return Some(told(PRIOR_TARGET, message).help(format!("keep draws by it: `where {name} == …`")));
        }
        let mut axes = node.axes.iter().map(|axis| model.axis(*axis));
        if let Some(axis) = axes.find(|axis| matches!(axis.kind, AxisKind::Scattered { .. })) {
            let message = format!(
                "`{name}` stands at the places of `{}`, which differ from query to query: its prior cannot be changed yet",
                axis.name
            );
            return Some(
                told(NOT_YET, message).help(format!("keep draws by it: `where {name}[1] in … .. …`")),
            );
        }
        let exprs = model.below(draw.exprs(), |_| true).into_iter();
        let behind = drawn_behind(model, exprs.map(|id| model.expr(id)))?;
        let message =
            format!("the model's prior of `{name}` depends on {behind}, and cannot be changed alone");
        Some(
            told(NOT_CONSTANT, message).help(
                "ask under another prior of what it depends on, where that is drawn from numbers alone",
            ),
        )
    }

    /// That a node has no prior of its own, and what to do about it.
    fn without_prior(&self, id: NodeId) -> (String, String) {
        let node = self.looked.model.node(id);
        let name = &node.name;
        match node.role {
            Role::Data => (
                format!("`{name}` is data, and only parameters have priors"),
                format!("to know it write `given {name} = …`, to keep draws by it `where {name} in … .. …`"),
            ),
            Role::Latent => (
                format!("`{name}` is a latent: it is integrated out, with the model's own law"),
                format!("declare it as `param {name}` to ask under another prior of it"),
            ),
            _ => {
                let sources = list(self.sources(id));
                let message = format!("`{name}` is computed, and has no prior of its own");
                (
                    message,
                    match sources.as_str() {
                        "none" => format!("draw it in the model: `param {name} ~ …`"),
                        sources => format!("change the prior of what it is computed from: {sources}"),
                    },
                )
            }
        }
    }

    /// For each element where both laws have values.
    ///
    /// # Errors
    /// The new law is of another kind, its arguments are not known or wrong, or it lies nowhere within the old one.
    fn overlap(
        &self,
        builder: &mut Builder<'t>,
        changed: &ChangedPrior,
        prior: &tree::Prior,
    ) -> Result<Vec<Support>, Vec<Diagnostic>> {
        let model = &self.looked.model;
        let name = &model.node(changed.node).name;
        if changed.draw.family.is_joint() || !has_density(&changed.draw) {
            let gives = if changed.draw.family.is_joint() { "no single numbers" } else { "whole numbers" };
            let message =
                format!("`{name}` is a real number, and `{}` gives {gives}", changed.draw.family.name());
            let told = PRIOR_FAMILY.at(prior.draw.span, message);
            return Err(vec![told.help("write a law of real numbers, such as `normal(0.3, 0.1)`")]);
        }
        let own = |id: ExprId| changed.exprs.get(id.0);
        if let Some(behind) = drawn_behind(model, below(changed).into_iter().filter_map(own)) {
            let message = format!("this depends on {behind}, and a changed prior has numbers alone in it");
            let told = NOT_CONSTANT.at(prior.draw.span, message);
            return Err(vec![told.help("write numbers, or constants of the file")]);
        }
        let altered = model.with_prior(changed);
        let survey = Survey::of(&altered);
        builder.demand_asked(&altered, &survey, model.exprs.len());
        if !builder.told.is_empty() {
            return Err(std::mem::take(&mut builder.told));
        }
        let node = altered.node(changed.node);
        let elements = 0..altered.elements(node);
        let supports = elements.map(|element| {
            let token = self.looked.token(changed.node, element);
            let token = token.and_then(|token| self.graph.tokens.get(token));
            let old = token.map_or(Support::REAL, |token| token.support);
            let new = support(&altered, &survey, changed.node, element);
            let both = Support { low: old.low.max(new.low), high: old.high.min(new.high), whole: false };
            if both.low < both.high {
                return Ok(both);
            }
            let name = altered.element_name(node, element);
            let message =
                format!("`{name}` lies {} in the model, and {} under this prior", shown(old), shown(new));
            let told =
                PRIOR_SUPPORT.at(prior.draw.span, message).label(model.node(changed.node).span, "drawn here");
            Err(vec![told.help(format!("write a law with values {}: no network saw others", shown(old)))])
        });
        supports.collect()
    }

    /// The elements whose prior is changed are drawn, and where nobody asks about them not reported.
    fn draw_along(&mut self, changed: &ChangedPrior) {
        match self.there(self.all_of(changed.node), changed.span) {
            Ok(there) => {
                let tokens = there.into_iter().filter_map(|element| element.token);
                self.constrained.extend(tokens.map(|token| (token, changed.span)));
            }
            Err(told) => self.told.push(told),
        }
    }
}

impl<'t> Builder<'t> {
    /// Says where a changed prior has other axes or another unit than the parameter in the model.
    fn fits_model(&mut self, id: NodeId, prior: &'t tree::Prior) -> Result<(), Vec<Diagnostic>> {
        let target = &prior.target;
        let own = self.shapes.get(id.0).cloned().flatten().unwrap_or_default();
        let axes = self.target_axes(target);
        if !self.told.is_empty() || axes.is_none() {
            return Err(std::mem::take(&mut self.told));
        }
        let Some(node) = self.nodes.get(id.0) else { return Err(Vec::new()) };
        let (name, declared) = (node.name.clone(), node.span);
        if axes.as_ref() != Some(&own) || target.formal.is_some() {
            let names = self.axis_names(&own);
            let [whole, runs] = match names.as_slice() {
                [] => [name.clone(), "has no axes".to_owned()],
                names => [
                    format!("{name}[{}]", names.join(", ")),
                    format!("runs over {}", list(names.iter().map(String::as_str))),
                ],
            };
            let message = format!("`{name}` {runs} in the model, and is `{}` here", left_side(target));
            let told = AXIS_MISMATCH.at(target.span, message).label(declared, "declared here");
            return Err(vec![told.help(format!("write `param {whole} ~ …`"))]);
        }
        let measure = self.measure_of(id);
        if let Some(written) = &prior.unit {
            let here = self.measured(written);
            let same = match (here.unit(), measure.unit()) {
                (Some(here), Some(own)) => here.fits(own) && here.factor(own).is_one(),
                // An unknown unit is told by itself.
                (None, _) => return Err(std::mem::take(&mut self.told)),
                (Some(here), None) => here.is_plain(),
            };
            if !same {
                let unit = measure.text().map_or("no unit".to_owned(), |unit| format!("`{unit}`"));
                let message = format!("`{name}` is in `{}` here, and in {unit} in the model", written.text);
                let told = UNIT_MISMATCH.at(written.span, message).label(declared, "declared here");
                return Err(vec![told.help(match measure.text() {
                    Some(unit) => format!("write `: {unit}`, or no unit behind the name"),
                    None => "write no unit behind the name".to_owned(),
                })]);
            }
        }
        // What has no unit in a model with units has none here either.
        if let Some(node) =
            self.nodes.get_mut(id.0).filter(|node| node.unit.is_none() && measure.unit().is_some())
        {
            node.unit = Some("1".to_owned());
        }
        Ok(())
    }
}

/// The expressions of a changed prior.
fn below(changed: &ChangedPrior) -> BTreeSet<ExprId> {
    let mut open: Vec<ExprId> = changed.draw.exprs().collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(changed.exprs.get(id.0).into_iter().flat_map(Expr::operands));
        }
    }
    found
}

/// What expressions read that is not known beforehand, through whatever is computed from it.
fn drawn_behind<'m>(model: &'m Model, exprs: impl Iterator<Item = &'m Expr>) -> Option<String> {
    let mut seen: BTreeSet<NodeId> = BTreeSet::new();
    let mut waiting: Vec<NodeId> = Vec::new();
    let mut open: Vec<&Expr> = exprs.collect();
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Element { node, .. } | Expr::Curve { node, .. } => waiting.push(*node),
            Expr::Coordinate(axis) if matches!(model.axis(*axis).kind, AxisKind::Scattered { .. }) => {
                return Some(format!("when the elements of `{}` are", model.axis(*axis).name));
            }
            Expr::End { dynamics, .. } => {
                let name = model.dynamics.get(*dynamics).map_or("", |dynamics| dynamics.name.as_str());
                return Some(format!("when `{name}` ends"));
            }
            _ => {}
        }
        while let Some(id) = waiting.pop() {
            let node = model.node(id);
            if !seen.insert(id) {
                continue;
            }
            let computed = matches!(node.definition, Definition::Equals(_)) && node.role != Role::State;
            if !computed && !matches!(node.definition, Definition::Table(_) | Definition::Series(_)) {
                return Some(format!("`{}`, which is not known beforehand", node.name));
            }
            open.extend(model.below(node.exprs(), |_| true).into_iter().map(|id| model.expr(id)));
        }
    }
    None
}

/// What a parameter is drawn from.
fn own_draw(node: &Node) -> Option<&Draw> {
    match (&node.definition, node.role) {
        (Definition::Draw(draw), Role::Param) => Some(draw),
        _ => None,
    }
}

/// Whether a draw is a number with a density.
fn has_density(draw: &Draw) -> bool {
    let parts = draw.arguments.iter().flat_map(|argument| match argument {
        Argument::Components(draws) => draws.as_slice(),
        _ => &[],
    });
    draw.kind() == Kind::Real && parts.into_iter().all(has_density)
}

/// Where the values of an element of a parameter lie in a model, whose arguments a survey knows.
fn support(model: &Model, survey: &Survey<'_>, id: NodeId, element: usize) -> Support {
    let node: &Node = model.node(id);
    let Definition::Draw(draw) = &node.definition else { return Support::REAL };
    draw.support(&|expr| survey.constant_at(expr, &model.positions(node, element)))
}

/// Between what numbers, in words.
fn shown(support: Support) -> String {
    match (support.low.is_finite(), support.high.is_finite()) {
        (true, true) => format!("between {} and {}", support.low, support.high),
        (true, false) => format!("above {}", support.low),
        (false, true) => format!("below {}", support.high),
        (false, false) => "anywhere".to_owned(),
    }
}
