//! What the signs of a diagram mean.

use super::diagram::{Diagram, Look};
use super::draw::{Picture, outline};
use super::ink::{FAINT, FRAME, REGION, SMALL, middle, rectangle, text};
use sbi_plot::element::Element;
use sbi_plot::letters::width;
use std::collections::BTreeSet;

const KEY: (f64, f64) = (24.0, 14.0);
const LINE: f64 = 21.0;

/// The keys of a diagram: only what is in it, each with its width.
pub struct Legend {
    keys: Vec<(Element, &'static str)>,
}

/// The legend of a diagram.
pub fn of(diagram: &Diagram) -> Legend {
    let figures = diagram.figures.iter().map(|own| own.look);
    let chips = diagram.figures.iter().filter_map(|own| own.run.as_ref()).flat_map(|run| &run.chips);
    let looks: BTreeSet<Look> = figures.chain(chips.map(|chip| chip.look)).collect();
    let mut keys: Vec<(Element, &str)> = looks.into_iter().map(|look| (key(look), look.meaning())).collect();
    let framed = |plate: bool| {
        let used = diagram.figures.iter().flat_map(|own| &own.frames);
        used.filter_map(|frame| diagram.frames.get(*frame)).any(|frame| frame.plate == plate)
    };
    let frame = || rectangle(-KEY.0 / 2.0, -KEY.1 / 2.0, KEY.0, KEY.1);
    if framed(true) {
        let plate = frame().with("rx", 3.0).with("fill", "none").with("stroke", FRAME);
        keys.push((plate, "plate: once for each element of an axis"));
    }
    if framed(false) {
        keys.push((frame().with("rx", 3.0).with("fill", REGION), "modality"));
    }
    Legend { keys }
}

fn key(look: Look) -> Element {
    match look {
        Look::Joint => outline(look, 7.0, 7.0),
        _ => outline(look, KEY.0, KEY.1),
    }
}

impl Legend {
    /// Without what is told beside it already: only dots are left.
    pub fn only_joints(mut self) -> Legend {
        self.keys.retain(|(_, meaning)| *meaning == Look::Joint.meaning());
        self
    }

    /// Draws it in lines no wider than this.
    pub fn draw(&self, most: f64) -> Picture {
        let (mut x, mut y, mut wide) = (0.0, 0.0, 0.0);
        let mut element = Element::group();
        for (key, meaning) in &self.keys {
            let own = KEY.0 + 6.0 + width(meaning, SMALL);
            if x > 0.0 && x + own > most {
                (x, y) = (0.0, y + LINE);
            }
            let key = Element::group().at(KEY.0 / 2.0, 0.0).child(key.clone());
            let words = text(meaning, KEY.0 + 6.0, middle(SMALL), SMALL, FAINT);
            element = element.child(Element::group().at(x, y + LINE / 2.0).child(key).child(words));
            wide = f64::max(wide, x + own);
            x += own + 18.0;
        }
        let height = if self.keys.is_empty() { 0.0 } else { y + LINE };
        Picture { element, width: wide, height }
    }
}
