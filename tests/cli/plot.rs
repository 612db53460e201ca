//! `sbi plot`: pictures of kept answers and trainings; they leave everything else as it is.

use crate::cli::bench::{Bench, TINY};
use roxmltree::{Document, Node};

/// The words of a picture, in their order.
fn words(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap_or_else(|e| panic!("{e}: {svg}"));
    assert_eq!(document.root_element().attribute("role"), Some("img"));
    let texts = document.descendants().filter(Node::is_text).filter_map(|node| node.text());
    texts.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

#[track_caller]
fn shows(words: &[String], wanted: &[&str]) {
    for own in wanted {
        assert!(words.iter().any(|word| word.contains(own)), "`{own}` is not in {words:?}");
    }
}

/// The tiny model, answered once.
fn answered() -> Bench {
    let bench = Bench::tiny();
    bench.sbi("run tiny.sbi --quiet").code(0);
    bench
}

#[test]
fn an_answer_has_to_be_there() {
    let bench = Bench::tiny();
    let ran = bench
        .sbi("plot tiny.sbi --out pictures")
        .code(1)
        .says(&["the answer to `posterior` is not kept in this store", "sbi run tiny.sbi --query posterior"]);
    assert_eq!(ran.out, "");
    bench
        .sbi("plot tiny.sbi --losses")
        .code(1)
        .says(&["the network that answers `posterior` is not trained"]);
    assert!(!bench.path("pictures").exists() && !bench.path(".sbi").exists());
    bench.sbi("run tiny.sbi --quiet --draws 20 --seed 3").code(0);
    bench.sbi("plot tiny.sbi --draws 20").code(1).says(&["`--seed`, `--draws`"]);
    shows(&words(&bench.sbi("plot tiny.sbi --draws 20 --seed 3").code(0).out), &["20 draws given x = 0.3"]);
}

/// The figures in the picture are those of the draws, to their last digit.
#[test]
fn a_picture_tells_the_quantiles_of_the_draws() {
    let bench = answered();
    let draws = bench.read("tiny.out/posterior/draws.csv");
    let mut draws: Vec<f64> = draws.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    draws.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let place = share * (draws.len() - 1) as f64;
        let (low, high) = (draws[place.floor() as usize], draws[place.ceil() as usize]);
        low + (high - low) * place.fract()
    };
    let words = words(&bench.sbi("plot tiny.sbi").code(0).out);
    shows(&words, &["tiny: posterior", "200 draws given x = 0.3", "theta", "median", "prior"]);
    let figures = words.iter().find(|word| word.contains('[') && !word.contains("Medians")).unwrap();
    let figures: Vec<f64> = figures
        .replace('−', "-")
        .split([' ', '[', ',', ']'])
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.parse().unwrap())
        .collect();
    let expected = [quantile(0.5), quantile(0.05), quantile(0.95)];
    assert!(
        figures.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 0.005),
        "{figures:?} for {expected:?}"
    );
}

#[test]
fn pictures_are_the_same_each_time_wherever_they_go() {
    let bench = answered();
    let kept = bench.files(".sbi");
    let picture = bench.sbi("plot tiny.sbi").code(0).out;
    bench.sbi("plot tiny.sbi --query posterior --out one.svg").code(0).prints(&["one.svg"]);
    bench.sbi("plot tiny.sbi --out pictures").code(0).prints(&["posterior.svg"]);
    assert!(bench.read("one.svg") == picture && bench.read("pictures/posterior.svg") == picture);
    assert!(bench.files(".sbi") == kept, "the store is untouched");
    bench.assert_nothing_half_written();

    // Outlines of the prior are of simulations that are kept, and none are made.
    std::fs::remove_dir_all(bench.path(".sbi/simulations")).unwrap();
    let without = words(&bench.sbi("plot tiny.sbi").code(0).out);
    assert!(!without.contains(&"prior".to_owned()) && !bench.path(".sbi/simulations").exists());
}

#[test]
fn a_training_is_drawn_from_its_weights() {
    let bench = answered();
    let picture = bench.sbi("plot tiny.sbi --losses").code(0).out;
    shows(&words(&picture), &["training of small", "300 steps", "held-out", "least", "step"]);
    bench.sbi("plot tiny.sbi --losses --out pictures").code(0);
    assert_eq!(bench.read("pictures/posterior_losses.svg"), picture);
}

#[test]
fn wrong_command_lines_are_told_and_nothing_is_written() {
    let bench = answered();
    bench.write("two.sbi", format!("{TINY}\nquery other {{\n    given x = 0\n    infer theta\n}}\n"));
    bench.write("bad.csv", "thetta\n1\n");
    bench.write("half.csv", "theta\nhalf\n");
    for (arguments, told) in [
        ("tiny.sbi --query postrior", ["there is no query `postrior`", "did you mean `posterior`?"]),
        ("tiny.sbi --out one.png", ["`one.png` is no name of an SVG file", "--out one.svg"]),
        ("tiny.sbi --out nowhere/one.svg", ["there is no folder `nowhere`", "mkdir -p nowhere"]),
        ("two.sbi", ["`posterior` and `other` are asked", "--query posterior"]),
        ("two.sbi --out one.svg", ["`posterior` and `other` are asked", "--out pictures"]),
        (
            "tiny.sbi --truth bad.csv",
            ["`bad.csv` has no column of what is drawn", "call the column `thetta` `theta`"],
        ),
        ("tiny.sbi --truth half.csv", ["line 2 of `half.csv` has `half` for `theta`", "write a number"]),
        ("tiny.sbi --truth none.csv", ["`none.csv` cannot be read", "--truth truth.csv"]),
        ("none.sbi", ["none.sbi", "error"]),
    ] {
        let ran = bench.sbi(&format!("plot {arguments}")).code(2).says(&told);
        assert_eq!(ran.out, "", "{arguments}");
    }
    // Of several answers one is there: no picture is made of it alone.
    bench.sbi("plot two.sbi --out pictures").code(1).says(&["the answer to `other` is not kept"]);
    assert!(!bench.path("pictures").exists() && !bench.path("one.svg").exists());
}

#[test]
fn true_values_are_marked() {
    let bench = answered();
    bench.sbi("simulate tiny.sbi --n 1 --out truth.csv --quiet").code(0);
    let marked = words(&bench.sbi("plot tiny.sbi --truth truth.csv").code(0).out);
    assert!(marked.contains(&"truth".to_owned()), "{marked:?}");
}

/// A pond that warms, read at times that each query chooses, and ten fish.
const POND: &str = "\
edition 2026

model pond {
    axis hour : time(scattered(n = 4, over = 0 h .. 10 h))
    axis fish : index(10)

    /// How fast it warms.
    param rate : K/h ~ normal(1, 0.3)
    param size[fish] : cm ~ normal(5, 1)
    data warmth[hour] : K ~ normal(rate * 1 h, sd = 0.2)
    data caught[fish] : cm ~ normal(size[fish], sd = 0.1)
}

approximator small for pond {
    joint with diffusion_transformer(width = 16, layers = 1, heads = 1)
}

train small {
    simulations 300
    steps 20
    batch 64
}

query series {
    at hour = [1 h, 4 h, 6 h, 120 min, 9 h]
    given warmth[1] = 0.9
    given warmth[3] = 1.1
    infer warmth
    draws 50
}

query both {
    at hour = [1 h, 4 h, 6 h]
    infer rate, warmth
    draws 50
}

query fish {
    given caught = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    infer rate, size
    draws 50
}
";

#[test]
fn what_follows_a_coordinate_is_drawn_along_it() {
    let bench = Bench::with("pond.sbi", POND);
    bench.sbi("run pond.sbi --quiet").code(0);
    bench.sbi("plot pond.sbi --out pictures").code(0);
    let series = bench.read("pictures/series.svg");
    let seen = words(&series);
    shows(&seen, &["warmth (K)", "hour (h)", "99 % of draws", "given"]);
    assert!(!seen.iter().any(|word| word.contains("90 %")), "nothing scalar is inferred: {seen:?}");
    // A dot for each reading that is given, and the legend's.
    assert_eq!(dots(&series), 3);
    let both = words(&bench.read("pictures/both.svg"));
    shows(&both, &["rate (K/h)", "How fast it warms.", "90 % of draws", "warmth (K)", "99 % of draws"]);
    let fish = words(&bench.read("pictures/fish.svg"));
    shows(&fish, &["size[10] (cm)", "Pairs are shown of at most 8 quantities", "and 4 more"]);
}

/// How many discs a picture has.
fn dots(svg: &str) -> usize {
    let document = Document::parse(svg).unwrap();
    let paths = document.descendants().filter_map(|node| node.attribute("d"));
    paths.filter(|path| path.contains("a3.2 3.2")).map(|path| path.matches('M').count()).sum()
}

/// Each picture of the gallery has its commands, and these ask for queries that the examples have.
#[test]
fn the_gallery_asks_what_the_examples_have() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let page = read("docs/gallery.md");
    let (sections, all) = page.split_once("## All commands").unwrap();
    let plots: Vec<&str> = sections.lines().filter(|line| line.starts_with("sbi plot ")).collect();
    assert_eq!(plots.len(), 9);
    for plot in plots {
        assert!(all.contains(plot), "{plot} is not in the list");
        let words: Vec<&str> = plot.split(' ').collect();
        let after = |name: &str| words.iter().skip_while(|word| **word != name).nth(1).copied();
        let (spec, query, out) = (words[2], after("--query").unwrap(), after("--out").unwrap());
        let name = spec.trim_start_matches("examples/").trim_end_matches(".sbi");
        assert_eq!(out, format!("docs/gallery/{name}_{query}.svg"));
        assert!(sections.contains(&format!("](gallery/{name}_{query}.svg)")), "{out} is not shown");
        assert!(sections.contains(&format!("sbi run {spec} --query {query}\n")), "{query} is not answered");
        let asked = read(spec).lines().any(|line| line.starts_with(&format!("query {query} ")));
        assert!(asked, "{spec} has no query {query}");
    }
}
