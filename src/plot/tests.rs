//! All plots together: what holds of every picture, and what bad numbers come to.

use super::xml::{self, Node};
use super::*;

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

/// What holds of every picture; gives it back as it was read.
fn sound(picture: &str) -> Node {
    let root = xml::read(picture).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!((root.name.as_str(), root.attribute("role")), ("svg", Some("img")));
    assert!(root.attribute("aria-label").is_some_and(|label| !label.is_empty()));
    assert!(root.children[0].name == "title" && root.children[1].name == "desc");
    let size = |name: &str| root.attribute(name).unwrap().parse::<f64>().unwrap();
    let (width, height) = (size("width"), size("height"));
    assert_eq!(root.attribute("viewBox"), Some(format!("0 0 {width} {height}").as_str()));
    assert!((100.0..2000.0).contains(&width) && (60.0..4000.0).contains(&height), "{width} × {height}");
    for node in root.all() {
        for (name, value) in &node.attributes {
            if name == "aria-label" || name == "font-family" {
                continue;
            }
            assert!(!value.contains("NaN") && !value.contains("inf"), "{} {name}={value}", node.name);
            for piece in value.split(|sign: char| !sign.is_ascii_digit() && sign != '.') {
                assert!(
                    piece.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 2),
                    "{name}={value}"
                );
            }
        }
    }
    for (name, x, y) in corners(&root) {
        let inside = (-6.0..=width + 6.0).contains(&x) && (-6.0..=height + 6.0).contains(&y);
        assert!(inside, "{name} at {x} {y} on {width} × {height}");
    }
    root
}

/// Corners of what is drawn, but for what stands in moved groups: of rectangles, of text as wide as it may be, and of the
/// straight lines of paths.
fn corners(node: &Node) -> Vec<(&str, f64, f64)> {
    if node.attribute("transform").is_some() {
        return Vec::new();
    }
    let number = |name: &str| node.attribute(name).and_then(|value| value.parse().ok()).unwrap_or(0.0);
    let (x, y) = (number("x"), number("y"));
    let own = match node.name.as_str() {
        "rect" => vec![(x, y), (x + number("width"), y + number("height"))],
        "path" => straight(node.attribute("d").unwrap_or_default()),
        "text" => {
            let wide = letters::width(&node.text, theme::THEME.text);
            let share = match node.attribute("text-anchor") {
                Some("middle") => 0.5,
                Some(_) => 1.0,
                None => 0.0,
            };
            vec![(x - share * wide, y), (x + (1.0 - share) * wide, y)]
        }
        _ => Vec::new(),
    };
    let own = own.into_iter().map(|(x, y)| (node.name.as_str(), x, y));
    own.chain(node.children.iter().flat_map(corners)).collect()
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
    Column { label, unit: None, truth: Some(0.3) }
}

const ODD: &str = "a<b & \"c\" > 'd'\u{1}";

#[test]
fn corners_are_sound_and_the_same_each_time() {
    let (draws, prior) = (draws(500, 2), draws(300, 2));
    let columns = [named("θ₁"), Column { unit: Some("mV"), ..named(ODD) }];
    let plot = Corner { title: ODD, columns: &columns, draws: &draws, prior: Some(&prior) };
    let picture = corner(&plot).unwrap();
    assert_eq!(picture, corner(&plot).unwrap());
    let root = sound(&picture);
    let texts = root.texts();
    assert!(texts.contains(&"θ₁") && texts.contains(&"a<b & \"c\" > 'd'"), "{texts:?}");
    assert!(
        texts.contains(&"a<b & \"c\" > 'd' (mV)") && texts.contains(&"prior") && texts.contains(&"truth")
    );
}

#[test]
fn corners_of_bad_numbers_are_sound() {
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
            let picture = corner(&Corner { title: what, columns: &columns, draws, prior });
            sound(&picture.unwrap_or_else(|why| panic!("{what}: {why}")));
        }
    }
    let of =
        |columns, draws| corner(&Corner { title: "", columns, draws, prior: None }).unwrap_err().to_string();
    assert_eq!(of(&columns, &[]), "there are no draws");
    assert_eq!(of(&[], &[1.0]), "there are no draws");
    assert_eq!(of(&columns, &[1.0; 4]), "4 numbers are no table of draws with 3 columns");
    assert_eq!(of(&columns, &[f64::NAN; 6]), "none of the draws is a finite number");
}

#[test]
fn bands_are_sound_and_have_gaps() {
    let places = [2.0, 0.0, 1.0, f64::NAN, 3.0];
    let mut values = draws(50, 5);
    values.iter_mut().skip(2).step_by(5).for_each(|value| *value = f64::NAN);
    let band = Band {
        label: ODD,
        unit: Some("1/s"),
        draws: &values,
        observed: &[(0.5, 1.0), (f64::NAN, 2.0)],
        truth: &[(0.0, 0.0), (3.0, 1.0)],
    };
    let plot =
        Bands { title: "b", coordinate: "t", unit: Some("ms"), places: &places, panels: &[band, band] };
    let picture = bands(&plot).unwrap();
    assert_eq!(picture, bands(&plot).unwrap());
    let root = sound(&picture);
    assert!(root.texts().contains(&"t (ms)") && root.texts().contains(&"observed"));
    // The median is broken at the place 1, where no draw is finite.
    let lines =
        root.all().into_iter().filter_map(|node| node.attribute("d")).filter(|d| d.matches('M').count() == 2);
    assert!(lines.count() >= 2);
    for (places, draws) in
        [(&places[..], &values[..7]), (&[], &[]), (&[f64::NAN], &[1.0]), (&[1.0], &[f64::NAN])]
    {
        let band = Band { draws, observed: &[], truth: &[], ..band };
        assert!(bands(&Bands { places, panels: &[band], ..plot }).is_err(), "{places:?}");
    }
    let single = Band { draws: &[1.0], observed: &[], truth: &[], ..band };
    sound(&bands(&Bands { places: &[5.0], panels: &[single], ..plot }).unwrap());
}

#[test]
fn losses_name_the_best() {
    let training: Vec<(f64, f64)> = (1..200).map(|n| (f64::from(n) * 100.0, 1.0 / f64::from(n))).collect();
    let held_out = [(100.0, 0.9), (10_000.0, 0.25), (20_000.0, 0.31), (f64::NAN, 0.0), (300.0, f64::NAN)];
    let plot = Losses { title: "l", loss: "loss", training: &training, held_out: &held_out };
    let root = sound(&losses(&plot).unwrap());
    assert!(root.texts().contains(&"least 0.250 at step 10,000"), "{:?}", root.texts());
    assert!(root.texts().contains(&"1000"), "steps by powers: {:?}", root.texts());
    sound(&losses(&Losses { training: &[(1.0, 2.0)], held_out: &[], ..plot }).unwrap());
    assert!(losses(&Losses { training: &[(f64::NAN, 1.0)], held_out: &[], ..plot }).is_err());
}

#[test]
fn ranks_tell_who_leaves_the_band() {
    let mut random = Random::new(12);
    let good: Vec<usize> = (0..300).map(|_| (random.uniform() * 101.0) as usize).collect();
    let bad: Vec<usize> = (0..300).map(|_| (random.uniform() * random.uniform() * 101.0) as usize).collect();
    let plot = Ranks { title: "r", draws: 100, parameters: &[("good", &good), ("bad", &bad)] };
    let root = sound(&ecdf_difference(&plot).unwrap());
    assert!(root.attribute("aria-label").unwrap().ends_with("bad leave the 95 % band"));
    let root = sound(&rank_histogram(&plot).unwrap());
    let outside =
        root.all().into_iter().filter(|node| node.attribute("fill") == Some(theme::THEME.accent)).count();
    assert!(outside > 3, "{outside}");
    for parameters in [&[][..], &[("a", &[][..])], &[("a", &[101])], &[("a", &[1]), ("b", &[1, 2])]] {
        let plot = Ranks { parameters, ..plot };
        assert!(ecdf_difference(&plot).is_err() && rank_histogram(&plot).is_err());
    }
    for (draws, ranks) in [(0, &[0][..]), (1, &[0, 1]), (3, &[3; 50])] {
        let plot = Ranks { title: "few", draws, parameters: &[(ODD, ranks)] };
        sound(&ecdf_difference(&plot).unwrap());
        sound(&rank_histogram(&plot).unwrap());
    }
}

#[test]
fn coverages_are_sound() {
    let levels = [0.9, 0.5, 0.1];
    let of = |label, coverage| Empirical { label, coverage };
    let lines = [of("a", &[0.88, 0.52, 0.1][..]), of(ODD, &[f64::NAN, 2.0, 0.2])];
    let plot = Coverage { title: "c", data_sets: 100, levels: &levels, lines: &lines };
    assert!(sound(&coverage(&plot).unwrap()).texts().contains(&"nominal level"));
    assert!(coverage(&Coverage { data_sets: 0, ..plot }).is_err());
    assert!(coverage(&Coverage { lines: &[], ..plot }).is_err());
    assert!(coverage(&Coverage { levels: &levels[..2], ..plot }).is_err());
}

#[test]
fn matrices_are_sound() {
    let rows = ["x", ODD];
    let columns = ["u", "v", "w"];
    let groups = [Group { name: "first", count: 1 }, Group { name: "second", count: 2 }];
    let plot = Matrix {
        title: "m",
        meaning: "row looks at column",
        rows: &rows,
        columns: &columns,
        row_groups: &[],
        column_groups: &groups,
        values: &[0.0, 1.0, 1.0, f64::NAN, 1.0, 0.0],
    };
    let root = sound(&matrix(&plot).unwrap());
    assert!(root.texts().contains(&"second") && root.texts().contains(&"row looks at column"));
    assert!(root.texts().contains(&"not known"));
    let shares = Matrix { values: &[0.2, 0.4, -1.0, 7.0, f64::INFINITY, 0.0], ..plot };
    assert!(sound(&matrix(&shares).unwrap()).texts().contains(&"0.75"));
    assert!(matrix(&Matrix { values: &[0.0; 3], ..plot }).is_err());
    assert!(matrix(&Matrix { rows: &[], columns: &[], values: &[], ..plot }).is_err());
    let many = vec!["name"; 300];
    let values = vec![1.0; 300 * 300];
    sound(
        &matrix(&Matrix { rows: &many, columns: &many, values: &values, column_groups: &[], ..plot })
            .unwrap(),
    );
}

#[test]
fn lines_are_sound() {
    let grid = [1000.0, 10_000.0, 100_000.0];
    let scores = draws(3, 3);
    let schemes =
        [Scheme { label: ODD, scores: &scores }, Scheme { label: "b", scores: &[1.0, f64::NAN, 2.0] }];
    let plot = Lines {
        title: "s",
        x: "simulations",
        y: "C2ST",
        grid: &grid,
        schemes: &schemes,
        reference: Some((0.5, "best")),
    };
    let root = sound(&lines(&plot).unwrap());
    assert!(root.texts().contains(&"10,000") && root.texts().contains(&"best"));
    sound(
        &lines(&Lines { grid: &[0.0], schemes: &[Scheme { label: "one", scores: &[0.0] }], ..plot }).unwrap(),
    );
    assert!(lines(&Lines { schemes: &[], ..plot }).is_err());
    assert!(lines(&Lines { grid: &[], ..plot }).is_err());
    assert!(lines(&Lines { schemes: &[Scheme { label: "x", scores: &[f64::NAN; 3] }], ..plot }).is_err());
}
