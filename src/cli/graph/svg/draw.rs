//! A diagram as a picture.

use super::diagram::{Chip, Diagram, Figure, Look, NAME_LINE, Run, SMALL_LINE, arc};
use super::ink::{
    ARROW, BLUE, DATA, FAINT, FRAME, INK, NAME, REGION, SMALL, WHITE, centred, line, middle, rectangle,
};
use super::labels::label;
use super::layout::{Layout, Outline, Route, Stop};
use sbi_plot::element::{Element, number};
use sbi_plot::letters::width;

/// The tip of an arrow: how long and how wide.
const TIP: (f64, f64) = (7.0, 6.5);
/// The corners of round figures.
const ROUND: f64 = 24.0;

/// A picture with its size.
pub struct Picture {
    /// What is drawn; the left upper corner is the origin.
    pub element: Element,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// Draws a diagram.
pub fn draw(diagram: &Diagram) -> Picture {
    let Layout { centres, routes, frames, width, height } = diagram.layout();
    let sizes = diagram.sizes();
    let framed = |plate: bool| {
        let own = frames.iter().filter_map(|own| diagram.frames.get(own.frame).map(|frame| (own, frame)));
        own.filter(move |(_, frame)| frame.plate == plate)
    };
    let all: Vec<_> = framed(false).chain(framed(true)).collect();
    let links = routes.iter().zip(&diagram.links).map(|(route, link)| {
        let figure =
            |number: usize| diagram.figures.get(number).zip(centres.get(number)).zip(sizes.get(number));
        let (upper, lower) = if route.upwards { (link.to, link.from) } else { (link.from, link.to) };
        let inset = |own: usize, x: f64| {
            figure(own).map_or(0.0, |((figure, (middle, _)), size)| inset(figure.look, *size, x - middle))
        };
        let x = |stop: Option<&Stop>| stop.map_or(0.0, |stop| stop.x);
        let pointed = diagram.figures.get(link.to).is_some_and(|own| own.look != Look::Joint);
        arrow(route, inset(upper, x(route.stops.first())), inset(lower, x(route.stops.last())), pointed)
    });
    let figures = diagram.figures.iter().zip(&centres).zip(&sizes);
    let figures = figures.map(|((own, (x, y)), size)| figure(own, *size).at(*x, *y).with("class", "figure"));
    let element = Element::group()
        .children(framed(false).map(|(own, _)| region(own)))
        .children(framed(true).map(|(own, _)| plate(own)))
        .child(
            Element::group()
                .with("fill", "none")
                .with("stroke", ARROW)
                .with("stroke-width", 1.2)
                .children(links),
        )
        .children(all.iter().map(|(own, frame)| label(own, frame, &routes, &all)))
        .children(figures);
    Picture { element, width, height }
}

fn region(own: &Outline) -> Element {
    let (width, height) = (own.right - own.left, own.bottom - own.top);
    rectangle(own.left, own.top, width, height).with("rx", 8.0).with("fill", REGION)
}

fn plate(own: &Outline) -> Element {
    let (width, height) = (own.right - own.left, own.bottom - own.top);
    let plate = rectangle(own.left, own.top, width, height).with("rx", 5.0).with("fill", "none");
    plate.with("stroke", FRAME).with("stroke-width", 1.0)
}

/// An arrow along a route; its ends are within figures by as much as these are round there.
fn arrow(route: &Route, upper: f64, lower: f64, pointed: bool) -> Element {
    let Some((first, last)) = route.stops.first().zip(route.stops.last()) else { return Element::group() };
    let (start, end) = (first.top - upper, last.bottom + lower);
    let tip = if pointed { TIP.0 } else { 0.0 };
    let (from, to) = if route.upwards { (start + tip, end) } else { (start, end - tip) };
    let mut way = format!("M{} {}", number(first.x), number(from));
    for (stop, next) in route.stops.iter().zip(route.stops.iter().skip(1)) {
        let half = (stop.bottom + next.top) / 2.0;
        let last = next == last;
        way += &format!(
            "V{}C{} {} {} {} {} {}",
            number(stop.bottom),
            number(stop.x),
            number(half),
            number(next.x),
            number(half),
            number(next.x),
            number(if last { next.top.min(to) } else { next.top }),
        );
    }
    way += &format!("V{}", number(to));
    let tip = || if route.upwards { arrow_tip(first.x, start, -1.0) } else { arrow_tip(last.x, end, 1.0) };
    Element::group().child(Element::new("path").with("d", way)).children(pointed.then(tip))
}

/// The tip of an arrow that points down to a place, or up.
fn arrow_tip(x: f64, y: f64, down: f64) -> Element {
    let back = y - down * TIP.0;
    let points = format!(
        "M{} {}L{} {}L{} {}Z",
        number(x),
        number(y),
        number(x - TIP.1 / 2.0),
        number(back),
        number(x + TIP.1 / 2.0),
        number(back)
    );
    Element::new("path").with("d", points).with("fill", ARROW).with("stroke", "none")
}

/// How much lower than its highest point a figure begins at some distance from its middle.
fn inset(look: Look, (width, height): (f64, f64), aside: f64) -> f64 {
    if look == Look::Joint {
        return height / 2.0;
    }
    let round = if look.is_round() { ROUND.min(height / 2.0) } else { 0.0 };
    let beyond = (aside.abs() - (width / 2.0 - round)).clamp(0.0, round);
    round - (round * round - beyond * beyond).sqrt()
}

/// A figure around the origin.
fn figure(own: &Figure, (width, height): (f64, f64)) -> Element {
    let outline = outline(own.look, width, height);
    match &own.run {
        Some(run) => outline.children(dynamics(own, run, width)),
        None => {
            let high = own.name.len() as f64 * NAME_LINE + own.small.len() as f64 * SMALL_LINE;
            outline.children(words(own, 0.0, -high / 2.0))
        }
    }
}

/// The outline of a look, around the origin.
pub fn outline(look: Look, width: f64, height: f64) -> Element {
    let (x, y) = (-width / 2.0, -height / 2.0);
    let round = if look.is_round() { ROUND.min(height / 2.0) } else { 2.5 };
    let plain = rectangle(x, y, width, height).with("rx", round);
    let plain = match look {
        Look::Param | Look::ComputedParam => {
            plain.with("fill", WHITE).with("stroke", BLUE).with("stroke-width", 1.8)
        }
        Look::Data | Look::ComputedData => {
            plain.with("fill", DATA).with("stroke", INK).with("stroke-width", 1.2)
        }
        Look::Latent => plain
            .with("fill", WHITE)
            .with("stroke", INK)
            .with("stroke-width", 1.1)
            .with("stroke-dasharray", "4 3"),
        Look::Program | Look::Let => plain.with("fill", WHITE).with("stroke", INK).with("stroke-width", 1.1),
        Look::Known => plain
            .with("fill", WHITE)
            .with("stroke", FAINT)
            .with("stroke-width", 1.0)
            .with("stroke-dasharray", "1 2.5"),
        Look::Joint => Element::new("circle").with("r", 3.0).with("fill", ARROW),
        Look::Run => plain.with("fill", WHITE).with("stroke", ARROW).with("stroke-width", 1.1),
        Look::Network => plain.with("fill", WHITE).with("stroke", ARROW).with("stroke-width", 1.2),
    };
    let sides = (look == Look::Program).then_some([x + 4.0, -x - 4.0]).into_iter().flatten();
    let sides = sides.map(|side| line((side, y), (side, -y), INK, 1.1));
    Element::group().child(plain).children(sides)
}

/// The name and the small lines of a figure, from its top.
fn words(own: &Figure, x: f64, top: f64) -> Vec<Element> {
    let names = own.name.len() as f64 * NAME_LINE;
    let name = own.name.iter().enumerate().map(|(place, words)| {
        centred(words, x, top + (place as f64 + 0.5) * NAME_LINE + middle(own.size), own.size, INK)
    });
    let small = own.small.iter().enumerate().map(|(place, words)| {
        centred(words, x, top + names + (place as f64 + 0.5) * SMALL_LINE + middle(SMALL), SMALL, FAINT)
    });
    name.chain(small).collect()
}

/// The name of a dynamics on the left, its parts beside it, and who of them reads whom.
fn dynamics(own: &Figure, run: &Run, wide: f64) -> Vec<Element> {
    let high = own.name.len() as f64 * NAME_LINE + own.small.len() as f64 * SMALL_LINE;
    let left = wide / 2.0 - 12.0 - run.width();
    let names = own.name.iter().map(|words| width(words, NAME));
    let column = names.chain(own.small.iter().map(|words| width(words, SMALL))).fold(0.0, f64::max);
    let mut drawn = words(own, -wide / 2.0 + 12.0 + column / 2.0, -high / 2.0);
    let height = run.chip_height();
    drawn.extend(run.arcs.iter().map(|(from, to)| bow(run, (*from, *to), left)));
    let chips = run.chips.iter().enumerate();
    drawn.extend(chips.map(|(place, own)| chip(own, run, height).at(left + run.middle(place), 0.0)));
    drawn
}

fn chip(own: &Chip, run: &Run, height: f64) -> Element {
    let outline = outline(own.look, own.width(run), height);
    let name = |y: f64| centred(&own.name, 0.0, y + middle(NAME - 1.0), NAME - 1.0, INK);
    match &own.unit {
        None => outline.child(name(0.0)),
        Some(unit) => {
            let small = SMALL - 1.0;
            outline.child(name(-6.5)).child(centred(unit, 0.0, 8.0 + middle(small), small, FAINT))
        }
    }
}

/// An arc from a part to one that reads it: above the parts to the right, below them to the left.
fn bow(run: &Run, (from, to): (usize, usize), left: f64) -> Element {
    let down = if from < to { -1.0 } else { 1.0 };
    let aside = if from < to { 5.0 } else { -5.0 };
    let edge = down * run.chip_height() / 2.0;
    let (x, end) = (left + run.middle(from) + aside, left + run.middle(to) - aside);
    let rise = edge + down * arc(from, to) / 0.75;
    let way = format!(
        "M{} {}C{} {} {} {} {} {}",
        number(x),
        number(edge),
        number(x),
        number(rise),
        number(end),
        number(rise),
        number(end),
        number(edge + down * 4.0)
    );
    let path = Element::new("path")
        .with("d", way)
        .with("fill", "none")
        .with("stroke", ARROW)
        .with("stroke-width", 1.0);
    let points = format!("M{} {}l-2.5 {}h5Z", number(end), number(edge), number(down * 5.0));
    let tip = Element::new("path").with("d", points).with("fill", ARROW);
    Element::group().child(path).child(tip)
}
