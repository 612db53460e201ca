//! A reader of XML for tests, strict about what pictures are made of.

/// An element that was read.
#[derive(Debug, Default)]
pub struct Node {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    /// This one and all below it.
    pub fn all(&self) -> Vec<&Node> {
        std::iter::once(self).chain(self.children.iter().flat_map(Node::all)).collect()
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|own| own.0 == name).map(|own| own.1.as_str())
    }

    /// All text, of all elements.
    pub fn texts(&self) -> Vec<&str> {
        self.all().into_iter().map(|node| node.text.trim()).filter(|text| !text.is_empty()).collect()
    }
}

/// Reads one element with all that is in it.
pub fn read(text: &str) -> Result<Node, String> {
    let (node, rest) = element(text.trim_start())?;
    if rest.trim().is_empty() { Ok(node) } else { Err(format!("after the end: {rest}")) }
}

fn element(text: &str) -> Result<(Node, &str), String> {
    let text = text.strip_prefix('<').ok_or_else(|| format!("no element: {text:.40}"))?;
    let (head, mut rest) = text.split_once('>').ok_or("an element has no end")?;
    let (head, closed) = head.strip_suffix('/').map_or((head, false), |head| (head, true));
    let (name, attributes) = head.split_once(' ').unwrap_or((head, ""));
    if name.is_empty() || !name.chars().all(|sign| sign.is_ascii_alphanumeric()) {
        return Err(format!("no name: {name}"));
    }
    let mut node =
        Node { name: name.to_owned(), attributes: read_attributes(attributes)?, ..Node::default() };
    if closed {
        return Ok((node, rest));
    }
    loop {
        let (before, tag) = rest.split_at(rest.find('<').ok_or_else(|| format!("{name} is not closed"))?);
        node.text += &plain(before)?;
        if let Some(end) = tag.strip_prefix("</") {
            let (closing, after) = end.split_once('>').ok_or("a closing tag has no end")?;
            if closing != name {
                return Err(format!("{name} is closed by {closing}"));
            }
            return Ok((node, after));
        }
        let (child, after) = element(tag)?;
        node.children.push(child);
        rest = after;
    }
}

fn read_attributes(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").ok_or_else(|| format!("no value: {rest}"))?;
        let (value, after) = after.split_once('"').ok_or_else(|| format!("no end of a value: {rest}"))?;
        if value.contains('<') || attributes.iter().any(|own| own.0 == name) {
            return Err(format!("a bad or second {name}: {value}"));
        }
        attributes.push((name.to_owned(), plain(value)?));
        rest = after.trim_start();
    }
    Ok(attributes)
}

/// Text with its named signs as they are.
fn plain(text: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').ok_or_else(|| format!("a bare &: {text}"))?;
        let sign = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => return Err(format!("no such sign: {name}")),
        };
        plain += before;
        plain.push(sign);
        rest = after;
    }
    Ok(plain + rest)
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for bad in ["<a>", "<a></b>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "<a>&</a>", "<a/>x", "<a b=\"<\"/>"] {
        assert!(read(bad).is_err(), "{bad}");
    }
    let good = read("<a b=\"1 &lt; 2\">x<c/>&amp;</a>").unwrap();
    assert_eq!((good.attribute("b"), good.text.as_str(), good.children.len()), (Some("1 < 2"), "x&", 1));
}
