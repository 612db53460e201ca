//! What stands beside a heat map: names of tokens, and brackets with the names of modalities.

use super::ink::{FAINT, FRAME, INK, SMALL, line, middle, text};
use super::ruler::Ruler;
use crate::cli::graph::view::Asked;
use crate::cli::graph::words;
use sbi_plot::element::{Element, number};
use sbi_plot::letters::{bold, cut, width};
use std::ops::Range;

/// From the middle of a label to the middle of the next, at least.
pub const LINE: f64 = 11.5;
/// The size of labels.
const LABEL: f64 = 10.0;
/// Between a label and the strip where it stands beside its token.
const NEAR: f64 = 5.0;
/// The same where labels had to give way, so that lines lead from them to their tokens.
const FAR: f64 = 22.0;
/// Labels are no wider.
const WIDEST: f64 = 170.0;
/// The depth of a bracket.
const BRACKET: f64 = 5.0;

/// The labels and brackets of one side; those of the other are the same.
pub struct Side {
    labels: Vec<Label>,
    brackets: Vec<Bracket>,
    /// How far labels are from the strip.
    lead: f64,
}

/// A name with where it belongs and where there is room for it.
struct Label {
    text: String,
    own: f64,
    place: f64,
}

struct Bracket {
    from: f64,
    to: f64,
    label: Label,
}

impl Side {
    /// The side of a map.
    pub fn of(asked: &Asked, ruler: &Ruler) -> Side {
        let size = ruler.size();
        let label = |(text, range): (String, Range<usize>)| {
            let (from, to) = ruler.span(&range);
            Label { text, own: (from + to) / 2.0, place: 0.0 }
        };
        let mut labels: Vec<Label> = shown(asked, ruler).into_iter().map(label).collect();
        make_room(&mut labels, size, LINE);
        let moved = labels.iter().any(|label| (label.own - label.place).abs() > 0.5 * ruler.cell.max(4.0));
        let ranges = asked.frames().into_iter().flat_map(|(name, ranges)| {
            ranges.into_iter().map(move |range| (name, range)).collect::<Vec<_>>()
        });
        let mut ranges: Vec<(&str, Range<usize>)> = ranges.collect();
        ranges.sort_by_key(|(_, range)| range.start);
        let name = |(name, range): &(&str, Range<usize>)| label((cut(name, SMALL, WIDEST), range.clone()));
        let mut names: Vec<Label> = ranges.iter().map(name).collect();
        make_room(&mut names, size, LINE + 1.0);
        let bracket = |((_, range), label): ((&str, Range<usize>), Label)| {
            let (from, to) = ruler.span(&range);
            Bracket { from, to, label }
        };
        let brackets = ranges.into_iter().zip(names).map(bracket).collect();
        Side { labels, brackets, lead: if moved { FAR } else { NEAR } }
    }

    /// How much room it takes beside the strip.
    pub fn width(&self) -> f64 {
        let brackets = self.brackets.iter().map(|own| bold(&own.label.text, SMALL)).fold(0.0, f64::max);
        let brackets = if self.brackets.is_empty() { 0.0 } else { brackets + 2.0 * BRACKET + 8.0 };
        self.lead + self.names() + brackets + 2.0
    }

    fn names(&self) -> f64 {
        self.labels.iter().map(|label| width(&label.text, LABEL)).fold(0.0, f64::max)
    }

    /// Draws it along y from 0 on: to the left of 0 for rows, else to the right, to be turned upwards.
    pub fn draw(&self, rows: bool) -> Element {
        let out = if rows { -1.0 } else { 1.0 };
        let anchor = if rows { "end" } else { "start" };
        let labels = self.labels.iter().map(|label| {
            let words = text(&label.text, out * self.lead, label.place + middle(LABEL), LABEL, INK);
            Element::group().child(words.with("text-anchor", anchor)).children(self.leader(label, out))
        });
        let edge = out * (self.lead + self.names() + 5.0);
        let brackets = self.brackets.iter().map(|own| bracket(own, edge, out, anchor));
        Element::group().children(labels).children(brackets)
    }

    /// The line from a token to its label, where that had to give way.
    fn leader(&self, label: &Label, out: f64) -> Option<Element> {
        (self.lead > NEAR).then(|| {
            let x = |share: f64| number(out * (1.5 + share * (FAR - 4.0)));
            let way =
                format!("M{} {}L{} {}H{}", x(0.0), number(label.own), x(0.8), number(label.place), x(1.0));
            let line = Element::new("path").with("d", way).with("fill", "none");
            line.with("stroke", FRAME).with("stroke-width", 0.7)
        })
    }
}

fn bracket(own: &Bracket, edge: f64, out: f64, anchor: &'static str) -> Element {
    let inner = |y: f64| number(y.clamp(own.from, own.to));
    let (top, bottom) = (inner(own.from + 1.0), inner(own.to - 1.0));
    let (near, far) = (number(edge), number(edge + out * BRACKET));
    let way = format!("M{near} {top}H{far}V{bottom}H{near}");
    let shape = Element::new("path")
        .with("d", way)
        .with("fill", "none")
        .with("stroke", INK)
        .with("stroke-width", 1.1);
    let middle_of = (own.from + own.to) / 2.0;
    let tick =
        line((edge + out * BRACKET, middle_of), (edge + out * (BRACKET + 4.0), own.label.place), INK, 0.9);
    let words =
        text(&own.label.text, edge + out * (BRACKET + 6.0), own.label.place + middle(SMALL), SMALL, FAINT);
    let words = words.with("text-anchor", anchor).with("font-style", "italic").with("font-weight", "bold");
    Element::group().child(shape).child(tick).child(words)
}

/// The tokens that are named, with their names: all where there is room, else the first of each node and some between;
/// those that are drawn together have one name.
fn shown(asked: &Asked, ruler: &Ruler) -> Vec<(String, Range<usize>)> {
    let far = |step: &usize| *step as f64 * ruler.cell >= 2.2 * LINE;
    let step = match ruler.cell >= LINE {
        true => 1,
        false => [5, 10, 20, 50, 100, 200, 500, 1000, 2000].into_iter().find(far).unwrap_or(5000),
    };
    let mut labels = Vec::new();
    for block in asked.blocks() {
        for token in block.range.clone() {
            match ruler.run(token) {
                Some(run) if run.start == token => {
                    let tokens: Vec<usize> = run.clone().collect();
                    labels.push((short(&words::named(asked, &tokens), &block.name), run.clone()));
                }
                Some(_) => {}
                None => {
                    let number = token - block.range.start + 1;
                    // The next node's first name follows.
                    let room = step == 1 || number + step / 2 <= block.range.len();
                    if number == 1 || number % step == 0 && room {
                        let name = asked.tokens.get(token).map_or("", |token| &token.name);
                        labels.push((short(name, &block.name), token..token + 1));
                    }
                }
            }
        }
    }
    labels
}

/// The name of a token, of which that of its node or modality is cut where it is too long.
fn short(name: &str, node: &str) -> String {
    let index = name.strip_prefix(node).unwrap_or_default();
    let room = WIDEST - width(index, LABEL);
    if width(name, LABEL) <= WIDEST { name.to_owned() } else { cut(node, LABEL, room) + index }
}

/// Moves labels apart where they are too close, as little as that takes: those that touch share what they give way.
fn make_room(labels: &mut [Label], size: f64, apart: f64) {
    // Groups of labels that stand as close as they may: the first's place, and how many.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    let mut wanted: Vec<f64> = labels.iter().map(|label| label.own).collect();
    for (place, own) in wanted.iter_mut().enumerate() {
        *own -= place as f64 * apart;
    }
    for own in wanted {
        let mut group = (own, 1);
        while let Some(last) = groups.last().copied().filter(|last| last.0 > group.0) {
            groups.pop();
            let count = last.1 + group.1;
            group = ((last.0 * last.1 as f64 + group.0 * group.1 as f64) / count as f64, count);
        }
        groups.push(group);
    }
    let count = labels.len();
    let places = groups.into_iter().flat_map(|(start, count)| std::iter::repeat_n(start, count));
    let most = size - (count.saturating_sub(1)) as f64 * apart - apart / 2.0;
    for (number, (label, start)) in labels.iter_mut().zip(places).enumerate() {
        let start = start.clamp((apart / 2.0).min(most.max(0.0)), most.max(apart / 2.0));
        label.place = start + number as f64 * apart;
    }
}
