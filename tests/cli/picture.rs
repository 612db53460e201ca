//! `sbi graph --format svg`: pictures are well-formed, nothing in them lies over another or beyond the page.

use crate::cli::bench::Bench;
use roxmltree::{Document, Node};
use std::path::{Path, PathBuf};

/// A place in the picture, after all that moves and turns it.
#[derive(Clone, Copy)]
struct Frame {
    x: f64,
    y: f64,
    turned: bool,
}

impl Frame {
    fn at(self, x: f64, y: f64) -> (f64, f64) {
        if self.turned { (self.x + y, self.y - x) } else { (self.x + x, self.y + y) }
    }

    fn of(node: Node) -> Frame {
        let mut all: Vec<Node> = node.ancestors().collect();
        all.reverse();
        let mut frame = Frame { x: 0.0, y: 0.0, turned: false };
        for transform in all.iter().filter_map(|own| own.attribute("transform")) {
            for step in transform.split_inclusive(')') {
                let (name, numbers) = step.trim().trim_end_matches(')').split_once('(').unwrap();
                let numbers: Vec<f64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
                match name {
                    "translate" => (frame.x, frame.y) = frame.at(numbers[0], numbers[1]),
                    "rotate" => {
                        assert!(numbers == [-90.0] && !frame.turned);
                        frame.turned = true;
                    }
                    other => panic!("`{other}` in {transform}"),
                }
            }
        }
        frame
    }
}

fn number(node: Node, name: &str) -> f64 {
    node.attribute(name).unwrap_or_else(|| panic!("{node:?} has no `{name}`")).parse().unwrap()
}

/// Checks a picture; gives how many figures it has.
fn check(name: &str, svg: &str) -> usize {
    let document = Document::parse(svg).unwrap_or_else(|e| panic!("{name}: {e}"));
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    for (tag, id) in [("title", "sbi-title"), ("desc", "sbi-desc")] {
        let own =
            root.children().find(|child| child.has_tag_name(("http://www.w3.org/2000/svg", tag))).unwrap();
        assert!(own.attribute("id") == Some(id) && own.text().is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert!(document.descendants().all(|node| node.tag_name().name() != "script"), "{name}");
    let words =
        |text: &str| text.split(|c: char| !c.is_alphabetic()).any(|word| word == "NaN" || word == "inf");
    let values = document.descendants().flat_map(|node| node.attributes());
    assert!(!values.into_iter().any(|value| words(value.value())), "{name}: a length is no number");
    let page = (number(root, "width"), number(root, "height"));
    texts(name, &document, page);
    figures(name, &document, page)
}

/// All text lies on the page, by the advance of an average letter of a narrow font.
fn texts(name: &str, document: &Document, (width, height): (f64, f64)) {
    for node in document.descendants().filter(|node| node.tag_name().name() == "text") {
        let (frame, size) = (Frame::of(node), number(node, "font-size"));
        let long = 0.5 * size * node.text().unwrap_or_default().chars().count() as f64;
        let from = match node.attribute("text-anchor") {
            Some("middle") => -long / 2.0,
            Some("end") => -long,
            _ => 0.0,
        };
        for (along, up) in [(from, 0.0), (from + long, 0.0), (from, -0.7 * size), (from + long, -0.7 * size)]
        {
            let (x, y) = frame.at(number(node, "x") + along, number(node, "y") + up);
            assert!(
                x >= 0.0 && x <= width && y >= 0.0 && y <= height,
                "{name}: {:?} is cut off",
                node.text()
            );
        }
    }
}

/// Figures lie on the page and not over each other, and what is written in them fits.
fn figures(name: &str, document: &Document, (width, height): (f64, f64)) -> usize {
    let figures = document.descendants().filter(|node| node.attribute("class") == Some("figure"));
    let mut boxes: Vec<[f64; 4]> = Vec::new();
    for figure in figures {
        let Some(outline) =
            figure.children().find(|child| child.has_tag_name(("http://www.w3.org/2000/svg", "rect")))
        else {
            continue;
        };
        let (left, top) = Frame::of(outline).at(number(outline, "x"), number(outline, "y"));
        let own = [left, top, left + number(outline, "width"), top + number(outline, "height")];
        assert!(own[0] >= 0.0 && own[1] >= 0.0 && own[2] <= width && own[3] <= height, "{name}: {own:?}");
        let over = |other: &&[f64; 4]| {
            own[0] < other[2] && other[0] < own[2] && own[1] < other[3] && other[1] < own[3]
        };
        assert!(boxes.iter().find(over).is_none(), "{name}: figures overlap at {own:?}");
        for text in figure.descendants().filter(|node| node.tag_name().name() == "text") {
            let (x, y) = Frame::of(text).at(number(text, "x"), number(text, "y"));
            let half =
                0.25 * number(text, "font-size") * text.text().unwrap_or_default().chars().count() as f64;
            let inside = x - half >= own[0] && x + half <= own[2] && y >= own[1] && y <= own[3];
            assert!(inside, "{name}: {:?} is wider than its figure", text.text());
        }
        boxes.push(own);
    }
    boxes.len()
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut specs: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "sbi")).collect();
    specs.sort();
    specs
}

#[test]
fn every_example_has_a_graph_in_all_formats() {
    let bench = Bench::new();
    let specs = examples();
    assert!(specs.len() >= 19, "{specs:?}");
    for spec in specs {
        let (shown, name) = (spec.display(), spec.file_stem().unwrap().to_str().unwrap().to_owned());
        let text = bench.sbi(&format!("graph {shown}")).code(0).out;
        assert!(
            text.contains("model ") && text.lines().all(|line| line.chars().count() <= 110),
            "{name}:\n{text}"
        );
        let json = bench.sbi(&format!("graph {shown} --format json")).code(0).out;
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
        let svg = bench.sbi(&format!("graph {shown} --format svg")).code(0).out;
        assert!(check(&name, &svg) >= 2, "{name}");
        assert_eq!(
            bench.sbi(&format!("graph {shown} --format svg")).out,
            svg,
            "{name} is drawn alike each time"
        );
    }
}

/// A model and a query of all its parameters.
fn asked(body: &str) -> String {
    format!("edition 2026\nmodel m {{\n{body}\n}}\nquery q {{\n    infer params\n}}\n")
}

#[test]
fn hostile_models_are_drawn() {
    let long = "x".repeat(60);
    let crossing: String = (0..5)
        .map(|k| format!("axis a{k} : index(2)\nparam p{k}[a{k}] ~ normal(0, 1)\n"))
        .chain((0..5).map(|k| {
            let next = (k + 1) % 5;
            format!("data d{k}[a{k}, a{next}] ~ normal(p{k}[a{k}] + p{next}[a{next}], 1)\n")
        }))
        .collect();
    let tree: String = (1..200).map(|k| format!("param p_{k} ~ normal(p_{}, 1)\n", k / 3)).collect();
    let lonely: String = (0..30).map(|k| format!("param p_{k} ~ normal(0, 1)\n")).collect();
    for (name, body) in [
        ("long names", format!("param {long} ~ normal(0, 1)\ndata a_{long}_b ~ normal({long}, 1)")),
        ("crossing axes", crossing),
        ("200 statements", format!("param p_0 ~ normal(0, 1)\n{tree}")),
        ("no edges", lonely),
        ("one token", "param p ~ normal(0, 1)".to_owned()),
        ("200 elements", "axis n : index(199)\nparam p ~ normal(0, 1)\ndata x[n] ~ normal(p, 1)".to_owned()),
    ] {
        let svg = Bench::with("m.sbi", asked(&body)).sbi("graph m.sbi --format svg").code(0).out;
        assert!(check(name, &svg) > 0, "{name}");
    }
}

/// A modality that is tokens bears its name once: there is no bracket beside it.
#[test]
fn modalities_that_have_encoders_are_tokens_in_pictures() {
    let bench = Bench::with("m.sbi", super::graph::ENCODED);
    let svg = bench.sbi("graph m.sbi --format svg --query gap").code(0).out;
    check("encoded", &svg);
    let document = Document::parse(&svg).unwrap();
    let texts = document.descendants().filter(|node| node.tag_name().name() == "text");
    let texts: Vec<&str> = texts.filter_map(|node| node.text()).collect();
    let tally = texts.iter().position(|text| *text == "7 tokens: 3 given, 3 inferred, 1 absent.").unwrap();
    let side = ["a", "b", "z", "cloud[1]", "cloud[2]", "cloud[3]", "path", "rest"];
    let legend = ["the row looks at the column", "it does not", "given", "inferred", "absent"];
    let (written, notes) = texts[tally + 1..].split_at(21);
    assert_eq!(written, [&side[..], &side, &legend].concat());
    let notes = notes.join(" ");
    assert!(notes.contains("An encoder makes 3 tokens of the 7 numbers given of cloud."), "{notes}");
}

#[test]
fn names_of_files_are_escaped() {
    let bench = Bench::with("a&b.sbi", asked("param p ~ normal(0, 1)"));
    let svg = bench.sbi("graph a&b.sbi --format svg").code(0).out;
    let document = Document::parse(&svg).unwrap();
    let title = document.descendants().find(|node| node.tag_name().name() == "title").unwrap();
    assert_eq!(title.text(), Some("The graphs of a&b.sbi"));
}

#[test]
fn what_is_wrong_is_told_and_nothing_drawn() {
    let ran = Bench::with("bad.sbi", "edition 2026\nmodel m {\n    param p ~ norml(0, 1)\n}\n")
        .sbi("graph bad.sbi --format svg");
    let ran = ran.code(2).says(&["`normal`"]);
    assert_eq!(ran.out, "");
}

/// The pictures of the documents are what `sbi graph examples/NAME.sbi --format svg > docs/graph/NAME.svg` draws.
#[test]
fn pictures_of_the_documents_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["two_moons", "sird"] {
        let mut command = Bench::new().command(&format!("graph examples/{name}.sbi --format svg"));
        let ran = crate::cli::bench::Ran::of(command.current_dir(root).output().unwrap()).code(0);
        let kept = std::fs::read_to_string(root.join(format!("docs/graph/{name}.svg"))).unwrap();
        assert!(ran.out == kept, "docs/graph/{name}.svg is another: draw it anew and look at it");
    }
}
