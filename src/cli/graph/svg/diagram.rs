//! Figures with arrows between them, before it is known where they stand: what they are, and how much room they take.

use super::ink::{NAME, SMALL};
use super::layout::{Layout, Link, Size, Sketch, layout};
use sbi_plot::letters::{bold, name_lines, width};

/// A line of a name.
pub const NAME_LINE: f64 = 16.0;
/// A line of small text.
pub const SMALL_LINE: f64 = 13.0;
/// Between text and the side of its figure.
const SIDE: f64 = 12.0;
/// Names are broken into lines no wider than this.
const WIDEST_NAME: f64 = 180.0;
/// Rows are no wider than this.
const WIDEST_ROW: f64 = 900.0;
/// The size of the names of tokens.
const TOKEN: f64 = 11.0;
/// The room of a dot in which arrows meet.
const DOT: f64 = 7.0;
/// Between the parts of a dynamics.
pub const CHIP_GAP: f64 = 18.0;

/// Figures and arrows.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// What stands in it.
    pub figures: Vec<Figure>,
    /// From what is read to what reads it.
    pub links: Vec<Link>,
    /// Rectangles around figures.
    pub frames: Vec<Frame>,
}

/// A figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// How it looks.
    pub look: Look,
    /// Its name, in lines.
    pub name: Vec<String>,
    /// The size of its name.
    pub size: f64,
    /// What stands small below it: a unit, or more lines.
    pub small: Vec<String>,
    /// The parts of a dynamics.
    pub run: Option<Run>,
    /// The frames that it stands in.
    pub frames: Vec<usize>,
}

/// How a figure looks. In black and white too each of these is told from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// A parameter that is drawn.
    Param,
    /// A parameter that is computed.
    ComputedParam,
    /// A datum that is drawn.
    Data,
    /// A datum that is computed.
    ComputedData,
    /// What is drawn and integrated out.
    Latent,
    /// What a program from outside gives.
    Program,
    /// An expression.
    Let,
    /// A table of fixed numbers.
    Known,
    /// A dynamics.
    Run,
    /// A part of a network.
    Network,
    /// Where the arrows of many meet that are read by many.
    Joint,
}

/// The parts of a dynamics.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// States, noises and what else is read of it.
    pub chips: Vec<Chip>,
    /// From a part to one that reads it.
    pub arcs: Vec<(usize, usize)>,
}

/// A part of a dynamics.
#[derive(Clone, Debug)]
pub struct Chip {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// How it looks.
    pub look: Look,
}

/// A rectangle around figures.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What stands in its corner.
    pub label: String,
    /// Whether it is the plate of an axis; else it is the region of a modality.
    pub plate: bool,
}

impl Look {
    /// Whether its ends are round: it is drawn, not computed.
    pub fn is_round(self) -> bool {
        matches!(self, Look::Param | Look::Data | Look::Latent)
    }

    /// What it stands for, in a legend.
    pub fn meaning(self) -> &'static str {
        match self {
            Look::Param => "parameter",
            Look::ComputedParam => "parameter, computed",
            Look::Data => "data",
            Look::ComputedData => "data, computed",
            Look::Latent => "latent: integrated out",
            Look::Program => "given by a program",
            Look::Let => "computed",
            Look::Known => "known numbers",
            Look::Run => "dynamics with its states",
            Look::Network => "network",
            Look::Joint => "what is above is read by all below",
        }
    }
}

impl Figure {
    /// A figure with a name that may be broken into lines.
    pub fn new(look: Look, name: &str) -> Figure {
        let name = if name.is_empty() { Vec::new() } else { name_lines(name, NAME, WIDEST_NAME, 3) };
        Figure { look, name, size: NAME, small: Vec::new(), run: None, frames: Vec::new() }
    }

    /// A figure among many, with a smaller name.
    pub fn token(look: Look, name: &str) -> Figure {
        Figure { name: name_lines(name, TOKEN, WIDEST_NAME, 3), size: TOKEN, ..Figure::new(look, "") }
    }

    /// The room that its own text takes.
    fn words(&self) -> (f64, f64) {
        let name = self.name.iter().map(|line| width(line, self.size));
        let small = self.small.iter().map(|line| width(line, SMALL));
        let wide = name.chain(small).fold(0.0, f64::max);
        (wide, self.name.len() as f64 * NAME_LINE + self.small.len() as f64 * SMALL_LINE)
    }

    /// The room that it takes: from left to right, and from top to bottom.
    pub fn room(&self) -> (f64, f64) {
        let (wide, high) = self.words();
        let Some(run) = &self.run else {
            let height = high + if self.size < NAME { 9.0 } else { 16.0 };
            let side = if self.size < NAME { 8.0 } else { SIDE };
            return match self.look {
                Look::Joint => (DOT, DOT),
                _ => ((wide + 2.0 * side).max(height), height),
            };
        };
        let inside = run.width();
        (wide + inside + if inside > 0.0 { 3.0 } else { 2.0 } * SIDE, high.max(run.height()) + 14.0)
    }
}

impl Run {
    /// The height of a chip: higher where one has a unit.
    pub fn chip_height(&self) -> f64 {
        if self.chips.iter().any(|chip| chip.unit.is_some()) { 36.0 } else { 26.0 }
    }

    /// All chips beside each other.
    pub fn width(&self) -> f64 {
        self.chips.iter().map(|chip| chip.width(self) + CHIP_GAP).sum::<f64>()
            - if self.chips.is_empty() { 0.0 } else { CHIP_GAP }
    }

    /// How high its arcs rise above its chips, and how deep they go below.
    pub fn rise(&self, above: bool) -> f64 {
        let own = self.arcs.iter().filter(|(from, to)| (from < to) == above);
        own.map(|(from, to)| arc(*from, *to)).fold(0.0, f64::max)
    }

    fn height(&self) -> f64 {
        // The chips stay in the middle, so that the outline does too.
        let deepest = self.rise(true).max(self.rise(false));
        self.chip_height() + 2.0 * deepest
    }

    /// The middle of a chip, from the left side of the first.
    pub fn middle(&self, chip: usize) -> f64 {
        let before: f64 = self.chips.iter().take(chip).map(|chip| chip.width(self) + CHIP_GAP).sum();
        before + self.chips.get(chip).map_or(0.0, |chip| chip.width(self)) / 2.0
    }
}

impl Chip {
    /// From left to right.
    pub fn width(&self, run: &Run) -> f64 {
        let unit = self.unit.as_ref().map_or(0.0, |unit| width(unit, SMALL - 1.0));
        (width(&self.name, NAME - 1.0).max(unit) + 16.0).max(run.chip_height())
    }
}

/// How high an arc between two chips rises.
pub fn arc(from: usize, to: usize) -> f64 {
    (6.0 + 5.0 * from.abs_diff(to) as f64).min(30.0)
}

impl Diagram {
    /// Adds a figure; gives its number.
    pub fn add(&mut self, figure: Figure) -> usize {
        self.figures.push(figure);
        self.figures.len() - 1
    }

    /// Adds an arrow between figures, unless there is one.
    pub fn link(&mut self, from: usize, to: usize) {
        if !self.links.iter().any(|link| (link.from, link.to) == (from, to)) {
            self.links.push(Link { from, to, leave: None, enter: None });
        }
    }

    /// Makes all figures with one line of a name as high as the highest of them, so that their names stand on one line.
    pub fn sizes(&self) -> Vec<(f64, f64)> {
        let plain = |figure: &&Figure| {
            figure.run.is_none()
                && figure.look != Look::Network
                && figure.name.len() == 1
                && figure.small.len() <= 1
        };
        let highest = self.figures.iter().filter(plain).map(|figure| figure.room().1).fold(0.0, f64::max);
        let even = |figure: &Figure| {
            let (wide, high) = figure.room();
            if plain(&figure) { (wide.max(highest), highest) } else { (wide, high) }
        };
        self.figures.iter().map(even).collect()
    }

    /// Where everything stands.
    pub fn layout(&self) -> Layout {
        let size = |(figure, (width, height)): (&Figure, (f64, f64))| Size {
            width,
            height,
            frames: figure.frames.clone(),
        };
        let boxes: Vec<Size> = self.figures.iter().zip(self.sizes()).map(size).collect();
        // Many boxes are laid out about three times as wide as high.
        let area: f64 = boxes.iter().map(|own| 4.0 * own.width * own.height).sum();
        layout(&Sketch {
            boxes,
            links: self.links.clone(),
            labels: self.frames.iter().map(Frame::width).collect(),
            widest: WIDEST_ROW.max((3.0 * area).sqrt()),
        })
    }
}

impl Frame {
    /// How wide its label is.
    pub fn width(&self) -> f64 {
        if self.plate { width(&self.label, SMALL) } else { bold(&self.label, SMALL) }
    }
}
