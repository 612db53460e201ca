//! Elements of a picture, and their text: what stands in it is escaped here and nowhere else.

use std::fmt::Write;

/// An element with its attributes and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    inside: Vec<Inside>,
}

#[derive(Clone, Debug, PartialEq)]
enum Inside {
    Text(String),
    Element(Element),
}

/// What an attribute can be.
pub trait Value {
    /// Its text, before it is escaped.
    fn text(self) -> String;
}

impl Value for &str {
    fn text(self) -> String {
        self.to_owned()
    }
}

impl Value for String {
    fn text(self) -> String {
        self
    }
}

impl Value for f64 {
    fn text(self) -> String {
        number(self)
    }
}

/// A length to a hundredth of a pixel, in as few characters as that takes.
pub fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

impl Element {
    /// An element without anything.
    pub fn new(name: &'static str) -> Element {
        Element { name, attributes: Vec::new(), inside: Vec::new() }
    }

    /// A group of elements.
    pub fn group() -> Element {
        Element::new("g")
    }

    /// Adds an attribute.
    pub fn with(mut self, name: &'static str, value: impl Value) -> Element {
        self.attributes.push((name, value.text()));
        self
    }

    /// Adds text.
    pub fn text(mut self, text: impl Into<String>) -> Element {
        self.inside.push(Inside::Text(text.into()));
        self
    }

    /// Adds an element.
    pub fn child(mut self, child: Element) -> Element {
        self.inside.push(Inside::Element(child));
        self
    }

    /// Adds elements.
    pub fn children(mut self, children: impl IntoIterator<Item = Element>) -> Element {
        self.inside.extend(children.into_iter().map(Inside::Element));
        self
    }

    /// Moves all of it.
    pub fn at(self, x: f64, y: f64) -> Element {
        self.with("transform", format!("translate({} {})", number(x), number(y)))
    }

    /// The text of the element, a line for each element that holds others.
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        text.push('<');
        text.push_str(self.name);
        for (name, value) in &self.attributes {
            // A string takes whatever is written to it.
            let _ = write!(text, " {name}=\"{}\"", escaped(value));
        }
        if self.inside.is_empty() {
            text.push_str("/>\n");
            return;
        }
        text.push('>');
        if matches!(self.inside.first(), Some(Inside::Element(_))) {
            text.push('\n');
        }
        for inside in &self.inside {
            match inside {
                Inside::Text(inside) => text.push_str(&escaped(inside)),
                Inside::Element(inside) => inside.write(text),
            }
        }
        text.push_str("</");
        text.push_str(self.name);
        text.push_str(">\n");
    }
}

/// Text that stands for itself in XML: signs of the language are named, and what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(' '),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => {}
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_the_language_are_named() {
        let element = Element::new("text").with("data-name", "a<b&\"c\"").text("1 < 2 & 3 > 2 \u{0}\"");
        let expected = "<text data-name=\"a&lt;b&amp;&quot;c&quot;\">1 &lt; 2 &amp; 3 &gt; 2 &quot;</text>\n";
        assert_eq!(element.render(), expected);
    }

    #[test]
    fn lengths_are_short() {
        for (x, text) in [(1.0, "1"), (0.125, "0.12"), (-0.001, "0"), (10.50, "10.5"), (-2.25, "-2.25")] {
            assert_eq!(number(x), text);
        }
    }
}
