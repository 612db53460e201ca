//! All plots together: what holds of every picture, and what bad numbers come to.

use super::span::Span;
use super::*;
use roxmltree::{Document, Node};

const SVG: &str = "http://www.w3.org/2000/svg";

/// A small generator for tests, with a normal law.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Uniform on 0 to 1 (splitmix64).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// What holds of every picture of a figure; gives its texts.
fn sound(figure: Figure) -> Vec<String> {
    let notes = ["A sentence.".to_owned()];
    let page = Page { title: ODD, about: &notes, figures: vec![figure], notes: &notes };
    let picture = page.render();
    let document = Document::parse(&picture).unwrap_or_else(|why| panic!("{why}: {picture}"));
    let root = document.root_element();
    assert!(root.has_tag_name((SVG, "svg")) && root.attribute("role") == Some("img"));
    let first: Vec<&str> =
        root.children().filter(Node::is_element).map(|own| own.tag_name().name()).collect();
    assert!(first.starts_with(&["title", "desc"]) && root.attribute("aria-label").is_some());
    let size = |name: &str| root.attribute(name).unwrap().parse::<f64>().unwrap();
    let (width, height) = (size("width"), size("height"));
    assert_eq!(root.attribute("viewBox"), Some(format!("0 0 {width} {height}").as_str()));
    assert!((100.0..2000.0).contains(&width) && (60.0..4000.0).contains(&height), "{width} × {height}");
    for own in document.descendants().flat_map(|node| node.attributes()) {
        let (name, value) = (own.name(), own.value());
        if name == "aria-label" || name == "font-family" {
            continue;
        }
        assert!(!value.contains("NaN") && !value.contains("inf"), "{name}={value}");
        for piece in value.split(|sign: char| !sign.is_ascii_digit() && sign != '.') {
            assert!(piece.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 2), "{name}={value}");
        }
    }
    for (name, x, y) in corners(root, (0.0, 0.0)) {
        let inside = (-1.0..=width + 1.0).contains(&x) && (-1.0..=height + 1.0).contains(&y);
        assert!(inside, "{name} at {x} {y} on {width} × {height}");
    }
    let texts = root.descendants().filter(|node| node.is_text());
    texts.filter_map(|node| node.text()).map(|text| text.trim().to_owned()).collect()
}

/// Corners of what is drawn: of rectangles, of text as wide as it may be, and of the straight lines of paths.
fn corners(node: Node, origin: (f64, f64)) -> Vec<(String, f64, f64)> {
    let Some((origin, turned)) = moved(node, origin) else { return Vec::new() };
    let number = |name: &str| node.attribute(name).and_then(|value| value.parse().ok()).unwrap_or(0.0);
    let (x, y) = (number("x"), number("y"));
    let own = match node.tag_name().name() {
        "rect" => vec![(x, y), (x + number("width"), y + number("height"))],
        "path" => straight(node.attribute("d").unwrap_or_default()),
        "text" => {
            let size = node.attribute("font-size").map_or(theme::THEME.text, |size| size.parse().unwrap());
            let wide = letters::width(node.text().unwrap_or_default(), size);
            let share = match node.attribute("text-anchor") {
                Some("middle") => 0.5,
                Some(_) => 1.0,
                None => 0.0,
            };
            vec![(x - share * wide, y), (x + (1.0 - share) * wide, y)]
        }
        _ => Vec::new(),
    };
    let place = |(x, y): (f64, f64)| if turned { (y, -x) } else { (x, y) };
    let named = |(x, y)| (format!("{:?}", node.text()), origin.0 + x, origin.1 + y);
    let below = node.children().flat_map(|child| corners(child, origin));
    own.into_iter().map(place).map(named).chain(below).collect()
}

/// Where the origin of a node is, and whether it reads upwards.
fn moved(node: Node, origin: (f64, f64)) -> Option<((f64, f64), bool)> {
    let Some(transform) = node.attribute("transform") else { return Some((origin, false)) };
    let (by, turned) = transform.strip_prefix("translate(")?.split_once(')')?;
    let (x, y) = by.split_once(' ')?;
    Some(((origin.0 + x.parse::<f64>().ok()?, origin.1 + y.parse::<f64>().ok()?), !turned.is_empty()))
}

/// The points that a path names by themselves.
fn straight(path: &str) -> Vec<(f64, f64)> {
    let (mut points, mut last) = (Vec::new(), (0.0, 0.0));
    let mut rest = path;
    while let Some(command) = rest.chars().next() {
        rest = &rest[1..];
        let (own, after) =
            rest.split_at(rest.find(|sign: char| sign.is_ascii_alphabetic()).unwrap_or(rest.len()));
        let numbers: Vec<f64> = own.split_whitespace().map(|number| number.parse().unwrap()).collect();
        last = match (command, &numbers[..]) {
            ('M' | 'L', [x, y]) => (*x, *y),
            ('H', [x]) => (*x, last.1),
            ('V', [y]) => (last.0, *y),
            ('Z' | 'z' | 'a' | 'h' | 'v', _) => last,
            _ => panic!("{command}{own}"),
        };
        points.push(last);
        rest = after;
    }
    points
}

fn draws(count: usize, columns: usize) -> Vec<f64> {
    let mut random = Random::new(11);
    (0..count * columns).map(|_| random.normal()).collect()
}

fn named(label: &str) -> Column<'_> {
    Column { label, unit: None, doc: None, truth: Some(0.3) }
}

/// A title with all that XML has to escape, and without what it cannot hold.
const ODD: &str = "a<b & \"c\" > 'd'\u{1}";
const KEPT: &str = "a<b & \"c\" > 'd'";

fn has(texts: &[String], words: &[&str]) {
    for word in words {
        assert!(texts.iter().any(|text| text == word), "{word} is not in {texts:?}");
    }
}

#[test]
fn quantities_are_drawn_with_pairs_and_alone() {
    let (draws, prior) = (draws(500, 2), draws(300, 2));
    let columns = [named("θ₁"), Column { unit: Some("mV"), doc: Some("How high it is."), ..named(ODD) }];
    let plot = Quantities { columns: &columns, draws: &draws, prior: Some(&prior) };
    let titled = format!("{KEPT} (mV)");
    has(
        &sound(corner(&plot).unwrap()),
        &["θ₁", &titled, "How high it is.", "prior", "truth", "50 % of draws"],
    );
    let alone = sound(margins(&plot).unwrap());
    has(&alone, &["θ₁", "How high it is.", "prior", "truth"]);
    assert!(!alone.contains(&"50 % of draws".to_owned()), "there are no pairs: {alone:?}");
    let page = |plot| {
        let figures = vec![corner(plot).unwrap(), margins(plot).unwrap()];
        Page { title: "two", about: &[], figures, notes: &[] }.render()
    };
    assert_eq!(page(&plot), page(&plot));
}

#[test]
fn any_number_of_quantities_has_room() {
    for count in [1, 2, 3, 5, 8, 9, 17] {
        let names: Vec<String> = (0..count).map(|n| format!("a_rather_long_name_{n}")).collect();
        let doc = Some("A sentence that is longer than the panel that it stands above, by far.");
        let columns: Vec<Column> = names.iter().map(|name| Column { doc, ..named(name) }).collect();
        let draws = draws(60, count);
        let plot = Quantities { columns: &columns, draws: &draws, prior: None };
        sound(corner(&plot).unwrap());
        sound(margins(&plot).unwrap());
    }
}

#[test]
fn quantities_of_bad_numbers_are_sound() {
    let columns = [named("a"), named("b"), Column { truth: Some(f64::NAN), ..named("c") }];
    let good = draws(100, 1);
    let row = |at: usize, values: [f64; 3]| [values[0], values[1], values[2] + good[at] * 0.0];
    let table = |of: &dyn Fn(usize) -> [f64; 3], count: usize| -> Vec<f64> {
        (0..count).flat_map(|at| row(at, of(at))).collect()
    };
    let bad: [(&str, Vec<f64>); 8] = [
        ("one draw", table(&|_| [1.0, 2.0, 3.0], 1)),
        ("two draws", table(&|at| [at as f64, 2.0, 3.0], 2)),
        ("constants", table(&|at| [0.0, 1e-30, good[at]], 100)),
        ("nothing in a column", table(&|at| [f64::NAN, f64::INFINITY, good[at]], 100)),
        (
            "scattered gaps",
            table(
                &|at| [if at % 3 == 0 { f64::NAN } else { good[at] }, 1.0 / (at % 5) as f64, good[at]],
                100,
            ),
        ),
        ("huge and tiny", table(&|at| [1e300 * good[at], 1e-200 * good[at], 1e90 * good[at]], 100)),
        ("counts", table(&|at| [(at % 3) as f64, (at % 4) as f64, good[at]], 100)),
        (
            "far out",
            table(&|at| [if at == 7 { 1e12 } else { good[at] }, 1e9 + 1e-3 * good[at], good[at]], 100),
        ),
    ];
    for (what, draws) in &bad {
        for prior in [None, Some(draws.as_slice()), Some(&[f64::NAN; 3][..])] {
            let plot = Quantities { columns: &columns, draws, prior };
            sound(corner(&plot).unwrap_or_else(|why| panic!("{what}: {why}")));
            sound(margins(&plot).unwrap_or_else(|why| panic!("{what}: {why}")));
        }
    }
    for (columns, draws, why) in [
        (&columns[..], &[][..], "there are no draws"),
        (&[], &[1.0], "there are no draws"),
        (&columns, &[1.0; 4], "4 numbers are no table of draws with 3 columns"),
        (&columns, &[f64::NAN; 6], "none of the draws is a finite number"),
    ] {
        let plot = Quantities { columns, draws, prior: None };
        for refused in [corner(&plot).err(), margins(&plot).err()] {
            assert_eq!(refused.unwrap().to_string(), why);
        }
    }
}

const PLACES: [f64; 5] = [2.0, 0.0, 1.0, f64::NAN, 3.0];

fn band<'a>(draws: &'a [f64]) -> Band<'a> {
    Band {
        label: ODD,
        unit: Some("1/s"),
        doc: Some("What it is."),
        along: ("t", Some("ms")),
        places: &PLACES,
        draws,
        given: &[(0.5, 1.0), (f64::NAN, 2.0)],
        truth: &[(0.0, 0.0), (3.0, 1.0)],
    }
}

#[test]
fn functions_have_gaps_and_share_an_axis_where_they_can() {
    let mut values = draws(50, 5);
    values.iter_mut().skip(2).step_by(5).for_each(|value| *value = f64::NAN);
    let band = band(&values);
    let titles = |panels: &[Band]| {
        let texts = sound(bands(panels).unwrap());
        has(&texts, &["given", "truth", "What it is."]);
        texts.iter().filter(|text| text.starts_with("t (") || text.starts_with("u (")).count()
    };
    assert_eq!(titles(&[band, band]), 1);
    assert_eq!(titles(&[band, Band { along: ("u", Some("ms")), ..band }]), 2);
    // The median is broken at the place 1, where no draw is finite.
    let drawn = bands(&[band]).unwrap().element.render();
    assert!(
        drawn.lines().any(|line| line.contains("stroke-width=\"1.4\"") && line.matches('M').count() == 2)
    );
}

#[test]
fn functions_of_bad_numbers_are_refused_and_of_few_are_sound() {
    let draws = draws(50, 5);
    let alone = Band { given: &[], truth: &[], ..band(&draws) };
    for (places, draws) in
        [(&PLACES[..], &draws[..7]), (&[], &[]), (&[f64::NAN], &[1.0]), (&[1.0], &[f64::NAN])]
    {
        assert!(bands(&[Band { places, draws, ..alone }]).is_err(), "{places:?}");
    }
    assert!(bands(&[]).is_err());
    sound(bands(&[Band { places: &[5.0], draws: &[1.0], ..alone }]).unwrap());
    let seen = sound(bands(&[Band { places: &[], draws: &[], ..band(&draws) }]).unwrap());
    assert!(!seen.contains(&"median".to_owned()), "nothing is drawn: {seen:?}");
}

/// Quantiles of numbers that are known: of 0 to 1000, 5, 250, 500, 750 and 995.
#[test]
fn bands_lie_at_their_quantiles() {
    let draws: Vec<f64> = (0..=1000).flat_map(|n| [f64::from(n), f64::from(n)]).collect();
    let band = Band {
        places: &[0.0, 1.0],
        draws: &draws,
        given: &[(0.0, 0.0), (1.0, 1000.0)],
        truth: &[],
        ..band(&[])
    };
    let drawn = bands(&[band]).unwrap().element.render();
    let heights = |fill: &str| -> Vec<f64> {
        let line = drawn.lines().find(|line| line.starts_with("<path") && line.contains(fill)).unwrap();
        let path = line.split('"').nth(1).unwrap();
        straight(path).iter().map(|point| point.1).collect()
    };
    let (outer, inner) = (heights(theme::THEME.outer), heights(theme::THEME.inner));
    let extent = |own: &[f64]| {
        own.iter().fold(0.0_f64, |most, y| most.max(*y)) - own.iter().fold(1e9_f64, |least, y| least.min(*y))
    };
    assert!((extent(&outer) / extent(&inner) - 990.0 / 500.0).abs() < 2e-3);
}

/// The prior is a hundred times as high somewhere as what was found: it is cut, and what was found stands tall.
#[test]
fn a_prior_with_a_spike_does_not_flatten_what_was_found() {
    let found = draws(500, 1);
    let spiked: Vec<f64> = draws(500, 1).iter().map(|x| if *x > -0.5 { 1e-3 * x } else { *x }).collect();
    let columns = [named("a")];
    let drawn = |prior: &[f64]| {
        let plot = Quantities { columns: &columns, draws: &found, prior: Some(prior) };
        let drawn = corner(&plot).unwrap().element.render();
        let main = drawn.lines().find(|line| line.contains("stroke-width=\"1.4\"")).unwrap();
        let heights = straight(main.split('"').nth(1).unwrap()).into_iter().map(|point| point.1);
        let Span { low, high } = Span::of(heights).unwrap();
        high - low
    };
    let (plain, spiked) = (drawn(&found), drawn(&spiked));
    assert!(spiked > 0.6 * plain && spiked < plain, "{spiked} of {plain}");
}

/// One draw in fifty is a thousand times as far out: it does not flatten all else, and that is told.
#[test]
fn what_is_far_out_is_cut_off() {
    let draws: Vec<f64> = (0..500).map(|n| if n % 50 == 0 { 1e6 } else { f64::from(n) }).collect();
    let band = Band { places: &[0.0], draws: &draws, given: &[], truth: &[], ..band(&[]) };
    let texts = sound(bands(&[band]).unwrap());
    has(&texts, &["99 % of draws, in part beyond view"]);
    assert!(
        texts.iter().any(|text| text == "400") && !texts.iter().any(|text| text.contains("000,")),
        "{texts:?}"
    );
}

#[test]
fn trends_name_each_line() {
    let line = |label: &str, more: f64| Trend {
        label: label.to_owned(),
        points: vec![[40.0, 1.0, 1.0 + more, 2.0 + more], [0.0, 0.5, 0.6, 0.7], [20.0, f64::NAN, 0.0, 0.0]],
    };
    let several: Vec<Trend> =
        (0..9).map(|place| line(&format!("scheme {place}"), f64::from(place))).collect();
    let along = ("missing", Some("%"));
    let plot = Trends { title: "nrmse", along, powers: false, trends: &several };
    has(&sound(trends(&plot).unwrap()), &["scheme 0", "scheme 8", "missing (%)", "nrmse"]);
    let lost = [Trend { label: "lost".to_owned(), points: vec![[1.0, f64::NAN, f64::NAN, f64::NAN]] }];
    assert!(trends(&Trends { trends: &lost, ..plot }).is_err());
}

#[test]
fn losses_name_the_best() {
    let training: Vec<(f64, f64)> = (1..200).map(|n| (f64::from(n) * 100.0, 1.0 / f64::from(n))).collect();
    let held_out = [(100.0, 0.9), (10_000.0, 0.25), (20_000.0, 0.31), (f64::NAN, 0.0), (300.0, f64::NAN)];
    let plot = Losses { training: &training, held_out: &held_out };
    has(&sound(losses(&plot).unwrap()), &["least 0.250 at step 10,000", "1000", "training", "held-out"]);
    sound(losses(&Losses { training: &[(1.0, 2.0)], held_out: &[] }).unwrap());
    assert!(losses(&Losses { training: &[(f64::NAN, 1.0)], held_out: &[] }).is_err());
}
