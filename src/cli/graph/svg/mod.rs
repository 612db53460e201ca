//! The graphs of a file as one picture that stands alone: no scripts, no fonts, no links.

mod diagram;
mod draw;
mod elements;
mod heat;
mod ink;
mod joints;
mod labels;
mod layout;
mod legend;
mod model;
mod page;
mod ruler;
mod sides;
mod topology;

use super::fusion::{topology, written};
use super::view::{Asked, Attention, Shown, View};
use super::words;
use diagram::Diagram;
use draw::draw;
use page::Panel;
use sbi_model::Fusion;

/// The picture of a view of a file.
pub fn svg(view: &View, file: &str) -> String {
    let models = view.models.iter().flat_map(of_model).map(Some);
    let queries = view.queries.iter().map(|asked| Some(of_query(asked)));
    let panels: Vec<Panel> = models.chain(queries).flatten().collect();
    page::page(&panels, file).render()
}

/// A model by statement, and by element where that says more.
fn of_model(shown: &Shown) -> Vec<Panel> {
    let diagram = model::diagram(shown);
    let elements = elements::diagram(shown);
    let more = !elements::is_told(shown);
    let notes = elements.as_ref().err().filter(|_| more).map(|told| format!("By element: {told}."));
    let legend = Some(legend::of(&diagram));
    let title = format!("model {}", shown.model.name);
    let first = Panel { title, notes: notes.into_iter().collect(), legend, ..Panel::new(draw(&diagram)) };
    let second = elements.ok().filter(|_| more).map(|elements| of_elements(shown, &elements));
    std::iter::once(first).chain(second).collect()
}

fn of_elements(shown: &Shown, diagram: &Diagram) -> Panel {
    let rule = words::rule(shown.rule);
    let about = format!("By the {rule} rule: what is latent is integrated out.");
    let notes = words::spread(&shown.spread).map(|told| sentence(&told));
    let title = format!("{} by element", shown.model.name);
    let legend = Some(legend::of(diagram).only_joints());
    Panel {
        title,
        about: vec![about],
        legend,
        notes: notes.into_iter().collect(),
        ..Panel::new(draw(diagram))
    }
}

fn of_query(asked: &Asked) -> Panel {
    match &asked.attention {
        Some(attention) => of_mask(asked, attention),
        None => of_networks(asked),
    }
}

fn of_mask(asked: &Asked, attention: &Attention) -> Panel {
    let (kind, rule) = (words::kind(attention.network.mask), words::rule(attention.network.graph));
    let name = &asked.approximator.name;
    let about = format!("Network {name}: {kind} mask of the {rule} graph.");
    let told = words::attention(asked, attention);
    Panel {
        title: format!("query {}", asked.query.name),
        about: vec![about, format!("{}.", words::tally(asked))],
        notes: told.iter().map(|told| sentence(told)).collect(),
        ..Panel::new(heat::draw(asked, attention))
    }
}

fn of_networks(asked: &Asked) -> Panel {
    let networks = topology(asked).map(|topology| topology::diagram(&topology)).unwrap_or_default();
    let name = &asked.approximator.name;
    let fused = asked.approximator.fusion.as_ref().filter(|fusion| matches!(fusion, Fusion::Join { .. }));
    let fused = fused.map(|fusion| format!(": {}", written(asked, fusion))).unwrap_or_default();
    let about = vec![format!("Networks of {name}{fused}.")];
    Panel { title: format!("query {}", asked.query.name), about, ..Panel::new(draw(&networks)) }
}

/// What is told as a sentence: with a capital in front and a full stop, and names as they are.
fn sentence(told: &str) -> String {
    let mut signs = told.chars().filter(|sign| *sign != '`');
    let first = signs.next().into_iter().flat_map(char::to_uppercase);
    first.chain(signs).chain(['.']).collect()
}
