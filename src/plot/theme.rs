//! How plots look: one set of colours and sizes for all of them.
//!
//! Colours are of the palette of Okabe and Ito, which the colour-blind tell apart. Whatever is told by a colour is told by
//! a dash, a marker or a label too, so that pictures can be read in grey.

/// Colours and sizes, in pixels.
pub struct Theme {
    /// The size of text.
    pub text: f64,
    /// The size of titles of pages.
    pub title: f64,
    /// From one line of text to the next.
    pub line: f64,
    /// Text and marks.
    pub ink: &'static str,
    /// Text that matters less.
    pub faint: &'static str,
    /// Axes and frames.
    pub axis: &'static str,
    /// Lines to compare with.
    pub guide: &'static str,
    /// The ground.
    pub ground: &'static str,
    /// Lines of what was found.
    pub main: &'static str,
    /// The area of 50 %.
    pub inner: &'static str,
    /// The area of nearly all.
    pub outer: &'static str,
    /// What is true, and what is to be seen first.
    pub accent: &'static str,
    /// Lines of several things that are compared.
    pub several: [&'static str; 7],
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
    text: 11.0,
    title: 15.0,
    line: 15.0,
    ink: "#1b1f24",
    faint: "#5b6470",
    axis: "#4a5563",
    guide: "#8b95a1",
    ground: "#ffffff",
    main: "#0072b2",
    inner: "#7fb8d8",
    outer: "#d3e6f2",
    accent: "#d55e00",
    several: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1b1f24"],
    thin: 0.8,
    stroke: 1.4,
    marker: 3.2,
    tick: 4.0,
};
