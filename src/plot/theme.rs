//! How plots look: one set of colours, sizes and line styles for all of them.
//!
//! Colours are of the palette of Okabe and Ito, which the colour-blind tell apart. Whatever is told by a colour is told by
//! a dash, a marker or a label too, so that pictures can be read in grey.

use super::marks::Marker;

/// Colours and sizes, in pixels.
pub struct Theme {
    /// Fonts that systems have, the usual ones first.
    pub fonts: &'static str,
    /// The size of text.
    pub text: f64,
    /// From one line of text to the next.
    pub line: f64,
    /// Text and marks.
    pub ink: &'static str,
    /// Axes and frames.
    pub axis: &'static str,
    /// Lines to compare with.
    pub guide: &'static str,
    /// The area of what may well be by chance.
    pub chance: &'static str,
    /// The ground.
    pub ground: &'static str,
    /// Lines of what was found.
    pub main: &'static str,
    /// The area of 50 %.
    pub inner: &'static str,
    /// The area of 90 %.
    pub outer: &'static str,
    /// What is true, and what is to be seen first.
    pub accent: &'static str,
    /// The thickness of axes.
    pub thin: f64,
    /// The thickness of lines.
    pub stroke: f64,
    /// The radius of a marker.
    pub marker: f64,
    /// The length of a tick.
    pub tick: f64,
}

/// The look of all plots.
pub const THEME: Theme = Theme {
    fonts: "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif",
    text: 11.0,
    line: 15.0,
    ink: "#1b1f24",
    axis: "#4a5563",
    guide: "#8b95a1",
    chance: "#e6e9ed",
    ground: "#ffffff",
    main: "#0072b2",
    inner: "#7fb8d8",
    outer: "#d3e6f2",
    accent: "#d55e00",
    thin: 0.8,
    stroke: 1.4,
    marker: 3.2,
    tick: 4.0,
};

/// Lines in order of use; black comes late, as text is black.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1b1f24"];
/// Dashes in order of use, as many as markers.
const DASHES: [&str; 6] = ["", "6 3", "1.5 2.5", "8 3 2 3", "12 4", "6 2.5 1.5 2.5 1.5 2.5"];
/// Markers in order of use.
const MARKERS: [Marker; 6] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Wedge, Marker::Cross];

/// How one of several lines looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The colour of its line and markers.
    pub colour: &'static str,
    /// Its dashes as SVG writes them, none for a whole line.
    pub dash: &'static str,
    /// Its marker.
    pub marker: Marker,
}

/// The look of the line at a place. There are seven colours and six dashes, so that 42 looks differ.
pub fn look(place: usize) -> Look {
    Look {
        colour: cycled(&COLOURS, place, THEME.main),
        dash: cycled(&DASHES, place, ""),
        marker: cycled(&MARKERS, place, Marker::Circle),
    }
}

fn cycled<T: Copy>(all: &[T], place: usize, none: T) -> T {
    all.get(place % all.len().max(1)).copied().unwrap_or(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_differ() {
        let looks: Vec<Look> = (0..42).map(look).collect();
        for (place, one) in looks.iter().enumerate() {
            assert!(looks[..place].iter().all(|other| other != one), "{place}");
        }
        assert_eq!(look(0).colour, THEME.main);
    }
}
