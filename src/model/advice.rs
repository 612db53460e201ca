//! Statistical advice on a file that has nothing wrong: what runs, but perhaps not as meant (`sbi check --pedantic`).

use crate::check::codes::{
    DATUM_ALONE, DENSE_MASK, LOST_PAIRING, MECHANISM_ABSENT, NOTHING_GIVEN, SINGLE_ELEMENT, UNCORRECTED,
    UNUSED_PARAMETER,
};
use crate::{
    Approximator, AxisId, Binary, Definition, Dynamics, Estimator, Expr, ExprId, File, Fusion, Graph,
    GraphRule, Group, MaskKind, Model, Node, NodeId, Query, Role, Scheme, Solver, State, Unary,
};
use sbi_syntax::Diagnostic;
use std::collections::BTreeSet;

mod stated;

/// A mask that keeps more than this share of its entries saves little.
const DENSE: f64 = 0.4;

/// Advice on a latent is given where its mask as a parameter would keep less than this share of what it keeps now.
const SPARSER: f64 = 0.5;

/// Models with more tokens are not searched for latents that fill the mask.
const MOST_TOKENS: usize = 512;

/// All there is to advise, in the order of the text.
pub fn advice(file: &File) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for model in &file.models {
        told.extend(reach(model));
        told.extend(single_elements(model));
        told.extend(model.depends.iter().filter_map(|depends| stated::stated(model, depends)));
        told.extend(model.dynamics.iter().filter_map(|dynamics| uncorrected(model, dynamics)));
    }
    for approximator in &file.approximators {
        let Some(model) = file.models.get(approximator.model) else { continue };
        told.extend(dense_mask(approximator, model));
        told.extend(no_mechanism(approximator, model));
        told.extend(lost_pairing(approximator, model));
    }
    told.extend(file.queries.iter().filter_map(nothing_given));
    // What a used file has is not this file's to mend.
    told.retain(|told| told.span.file == 0);
    told.sort_by_key(|told| told.span.start);
    told.dedup();
    told
}

/// Parameters that no datum depends on, and data that depend on no parameter.
fn reach(model: &Model) -> Vec<Diagnostic> {
    let data: Vec<NodeId> = of_role(model, Role::Data).map(|(id, _)| id).collect();
    let above: Vec<BTreeSet<NodeId>> = data.iter().map(|id| ancestors(model, *id)).collect();
    let drawn =
        of_role(model, Role::Param).filter(|(_, node)| !matches!(node.definition, Definition::Equals(_)));
    let unused = drawn.filter(|(id, _)| !above.iter().any(|above| above.contains(id))).map(|(_, node)| {
        let told = UNUSED_PARAMETER
            .at(node.span, format!("no data depend on `{}`: its posterior is its prior", node.name));
        told.help("let a datum read it, or remove it")
    });
    let alone = data
        .iter()
        .zip(&above)
        .filter(|(_, above)| !above.iter().any(|id| model.node(*id).role == Role::Param));
    let alone = alone.map(|(id, _)| {
        let node = model.node(*id);
        let told = DATUM_ALONE
            .at(node.span, format!("`{}` depends on no parameter: giving it says nothing", node.name));
        told.help("let it read a parameter, or declare as `param` what it should tell of")
    });
    unused.chain(alone).collect()
}

fn of_role(model: &Model, role: Role) -> impl Iterator<Item = (NodeId, &Node)> {
    model.numbered().filter(move |(_, node)| node.role == role)
}

/// All nodes that a node depends on, itself included.
fn ancestors(model: &Model, node: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::from([node]);
    let mut waiting = vec![node];
    while let Some(next) = waiting.pop() {
        let stated = model.depends.iter().filter(|depends| depends.target == next);
        let stated = stated.flat_map(|depends| depends.sources.iter().map(|reading| reading.node));
        waiting.extend(model.reads(next).into_iter().chain(stated).filter(|id| found.insert(*id)));
    }
    found
}

fn single_elements(model: &Model) -> impl Iterator<Item = Diagnostic> {
    model.axes.iter().filter(|axis| axis.size() == 1).map(|axis| {
        let told = SINGLE_ELEMENT.at(axis.span, format!("`{}` has one element", axis.name));
        told.help("leave the axis out: a quantity without axes is one number")
    })
}

/// A path driven by noise whose conditions to stop are more than bounds on its states: it may meet them between its steps.
fn uncorrected(model: &Model, dynamics: &Dynamics) -> Option<Diagnostic> {
    let noisy = matches!(dynamics.solver, Solver::EulerMaruyama { .. } | Solver::Milstein { .. })
        && dynamics.members.iter().any(|id| model.node(*id).role == Role::Noise);
    if !noisy || !dynamics.corrected || dynamics.stops.is_empty() || dynamics.bounds(model).is_some() {
        return None;
    }
    let message = format!(
        "a `stop when` of `{}` is looked at only at its steps: what its path does between them is reckoned with for bounds on a state",
        dynamics.name
    );
    let help = match dynamics.stops.iter().find_map(|stop| two_sided(model, *stop)) {
        Some((state, bound)) => format!("write `{state} >= {bound} or {state} <= -{bound}`"),
        None => {
            "compare a state itself, `x >= 1 or x <= -1`, or say `boundary = plain` where the steps are meant"
                .into()
        }
    };
    Some(UNCORRECTED.at(dynamics.span, message).help(help))
}

/// The state and the number in `abs(x) >= 1`.
fn two_sided(model: &Model, stop: ExprId) -> Option<(&str, f64)> {
    let (size, bound) = match *model.expr(stop) {
        Expr::Binary(Binary::Ge | Binary::Gt, size, bound)
        | Expr::Binary(Binary::Le | Binary::Lt, bound, size) => (size, bound),
        _ => return None,
    };
    let (&Expr::Unary(Unary::Abs, of), &Expr::Number(bound)) = (model.expr(size), model.expr(bound)) else {
        return None;
    };
    match model.expr(of) {
        Expr::Element { node, index } if index.is_empty() && model.node(*node).role == Role::State => {
            let name = &model.node(*node).name;
            Some((name.rsplit('.').next().unwrap_or(name), bound))
        }
        _ => None,
    }
}

/// A latent that, as it is integrated out, joins what would be apart if it were a parameter.
fn dense_mask(approximator: &Approximator, model: &Model) -> Option<Diagnostic> {
    let Estimator::Joint(transformer) = &approximator.estimator else { return None };
    let graph = Graph::of(model);
    let tokens = graph.tokens.len();
    if transformer.mask != MaskKind::Undirected || tokens > MOST_TOKENS {
        return None;
    }
    let now = share(&graph);
    let latents =
        of_role(model, Role::Latent).filter(|(_, node)| matches!(node.definition, Definition::Draw(_)));
    // As many tokens as a latent has elements would come to those that there are.
    let small = latents.filter(|(_, node)| model.elements(node) <= MOST_TOKENS - tokens);
    let shares = small.filter_map(|(id, node)| {
        let mut changed = model.clone();
        changed.nodes.get_mut(id.0)?.role = Role::Param;
        Some((share(&Graph::of(&changed)), node))
    });
    let (then, node) = shares.min_by(|(a, _), (b, _)| a.total_cmp(b))?;
    if now < DENSE || then > SPARSER * now {
        return None;
    }
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let message = format!(
        "integrating `{}` out joins tokens that read it: the mask keeps {} of its entries",
        node.name,
        percent(now)
    );
    let help = format!("as `param {}` it would be a token, and the mask keeps {}", node.name, percent(then));
    Some(DENSE_MASK.at(node.span, message).help(help))
}

/// The mechanistic rule where nothing changes in time, and it differs in nothing from the exact one.
fn no_mechanism(approximator: &Approximator, model: &Model) -> Option<Diagnostic> {
    let Estimator::Joint(transformer) = &approximator.estimator else { return None };
    let changes = !model.dynamics.is_empty() || model.nodes.iter().any(|node| node.curve);
    if transformer.graph != GraphRule::Mechanistic || changes {
        return None;
    }
    let message = format!(
        "`{}` has no `dynamics` and no function of time: the mechanistic graph is the exact one",
        model.name
    );
    let help = "leave `graph = mechanistic` out, or write what changes in time as `dynamics`";
    Some(MECHANISM_ABSENT.at(approximator.span, message).help(help))
}

/// The share of the mask's entries that may attend.
fn share(graph: &Graph) -> f64 {
    let none = vec![false; graph.tokens.len()];
    let mask = graph.mask(MaskKind::Undirected, &none, &none);
    mask.count() as f64 / (mask.size() * mask.size()).max(1) as f64
}

/// Modalities that share rows and what is drawn for each row, joined where it is lost which rows belong together.
fn lost_pairing(approximator: &Approximator, model: &Model) -> Option<Diagnostic> {
    let (parts, groups) = (unpaired(approximator.fusion.as_ref()?)?, &approximator.groups);
    let rows: Vec<(&Group, NodeId)> = parts
        .iter()
        .filter_map(|part| groups.get(*part))
        .flat_map(|group| group.nodes.iter().map(move |node| (group, *node)))
        .collect();
    for (at, (group, node)) in rows.iter().enumerate() {
        for (other, peer) in rows.iter().skip(at + 1).filter(|(other, _)| other.name != group.name) {
            let shared =
                ancestors(model, *node).intersection(&ancestors(model, *peer)).copied().collect::<Vec<_>>();
            let axes = &model.node(*node).axes;
            let both = |axis: &&AxisId| model.axis(**axis).is_row() && model.node(*peer).axes.contains(axis);
            let Some(row) = axes.iter().find(both) else { continue };
            let by_row = shared
                .iter()
                .map(|id| model.node(*id))
                .find(|own| own.axes.contains(row) && matches!(own.definition, Definition::Draw(_)));
            let Some(common) = by_row else { continue };
            let (a, b, row) = (&group.name, &other.name, &model.axis(*row).name);
            let message = format!(
                "`{a}` and `{b}` share `{}` in each row of `{row}`, and are summarised apart: which rows belong together is lost",
                common.name
            );
            let help = format!("`fuse concat({a}, {b})` keeps the rows together");
            return Some(LOST_PAIRING.at(approximator.span, message).help(help));
        }
    }
    None
}

/// The modalities that a fusion joins without telling which rows belong together.
fn unpaired(fusion: &Fusion) -> Option<Vec<usize>> {
    match fusion {
        Fusion::Join { scheme: Scheme::Late, .. } => Some(fusion.modalities()),
        Fusion::Join { scheme: Scheme::Early | Scheme::Hybrid, pairing: false, .. } => {
            Some(fusion.modalities())
        }
        Fusion::Join { parts, .. } => parts.iter().find_map(unpaired),
        Fusion::Group(_) => None,
    }
}

/// A query that fixes nothing asks for the prior.
fn nothing_given(query: &Query) -> Option<Diagnostic> {
    // What a file gives that this version does not read counts as known.
    let known = query.states.iter().any(|state| matches!(state, State::Given(_))) || !query.files.is_empty();
    if known || !query.conditions.is_empty() || !query.priors.is_empty() {
        return None;
    }
    let message = format!("`{}` knows nothing: its answer is drawn from the model as it stands", query.name);
    Some(
        NOTHING_GIVEN
            .at(query.span, message)
            .help("add what was observed: `given x = 0.3`, or `given x from \"x.csv\"`"),
    )
}
