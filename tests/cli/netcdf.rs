//! `draws.nc`: what it holds, read by a library and, where there is one, by ArviZ.

use crate::cli::bench::{Bench, has_arviz, python};
use netcdf_reader::{NcAttribute, NcFile};
use std::fs;

/// A model whose axes are of several kinds, with three questions; trained in about a second.
const PONDS: &str = "\
edition 2026

model ponds {
    axis pond : index(3)
    axis day : time(grid(from = 0 day, to = 1 day, step = 0.25 day))
    axis draw : ordered(2)

    /// How long a flea of Ångström lives.
    /// It is a guess.
    param chain : days ~ uniform(1, 2)
    param size[pond] : mm ~ normal(2, 0.5)
    param w[pond, draw] ~ normal(0, 1)

    data length[pond] : mm ~ normal(mean = size[pond], sd = 0.1)
    data seen[day] ~ normal(mean = (chain + day) / 1 day, sd = 1)
    data total : mm ~ normal(sum over pond (size[pond]), sd = 1)
}

approximator small for ponds {
    joint with diffusion_transformer(width = 16, layers = 1, heads = 1)
}

train small {
    simulations 500
    steps 20
    batch 64
    seed 7
}

query whole {
    given length = [1, 2, 3]
    given seen[2 .. 3] = [1.5, 2.5]
    given total = 4
    infer params
    draws 30
}

query parts {
    given size[1] = 2
    infer w[2, 1], w[1, 2], seen[4], size[3], size[2], chain
    draws 20
}

query nothing_given {
    infer size
    draws 10
}
";

/// The folder with all answers.
fn answered() -> Bench {
    let bench = Bench::with("ponds.sbi", PONDS);
    bench.sbi("run ponds.sbi").code(0).prints(&["draws.nc"]);
    bench
}

fn opened(bench: &Bench, query: &str) -> NcFile {
    NcFile::open(bench.path(&format!("ponds.out/{query}/draws.nc"))).unwrap()
}

/// `posterior/size`: its dimensions as `chain 1, draw 30, pond 3`, and its numbers, row-major.
fn read(file: &NcFile, path: &str) -> (String, Vec<f64>) {
    let dimensions = file.variable(path).unwrap().dimensions();
    let dimensions: Vec<String> = dimensions.iter().map(|d| format!("{} {}", d.name, d.size)).collect();
    (dimensions.join(", "), file.read_variable_as_f64(path).unwrap().into_iter().collect())
}

/// An attribute of a variable as text, empty where there is none.
fn attribute(file: &NcFile, path: &str, name: &str) -> String {
    text(file.variable(path).unwrap().attribute(name))
}

fn text(attribute: Option<&NcAttribute>) -> String {
    attribute.map_or_else(String::new, |attribute| attribute.value.as_string().unwrap())
}

/// The columns of `draws.csv` of these names, read row by row.
fn columns(bench: &Bench, query: &str, names: &[&str]) -> Vec<f64> {
    let csv = bench.read(&format!("ponds.out/{query}/draws.csv"));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let place = |name: &&str| header.iter().position(|column| column == *name).unwrap();
    let places: Vec<usize> = names.iter().map(place).collect();
    let rows = reader.records().map(Result::unwrap);
    rows.flat_map(|row| places.iter().map(|k| row[*k].parse().unwrap()).collect::<Vec<f64>>()).collect()
}

#[test]
fn draws_lie_along_their_axes_as_the_table_has_them() {
    let bench = answered();
    let file = opened(&bench, "whole");
    let (dimensions, values) = read(&file, "posterior/size");
    assert_eq!(dimensions, "chain 1, draw 30, pond 3");
    assert_eq!(values, columns(&bench, "whole", &["size[1]", "size[2]", "size[3]"]));
    let (dimensions, values) = read(&file, "posterior/w");
    assert_eq!(dimensions, "chain 1, draw 30, pond 3, draw_2 2");
    let names = ["w[1,1]", "w[1,2]", "w[2,1]", "w[2,2]", "w[3,1]", "w[3,2]"];
    assert_eq!(values, columns(&bench, "whole", &names));
    let (dimensions, values) = read(&file, "posterior/chain_2");
    assert_eq!((dimensions.as_str(), values), ("chain 1, draw 30", columns(&bench, "whole", &["chain"])));
    assert_eq!(read(&file, "posterior/draw").1, (0..30).map(f64::from).collect::<Vec<f64>>());

    // Asked in part: the elements asked for, in the order of the axis.
    let file = opened(&bench, "parts");
    let (dimensions, values) = read(&file, "posterior/size");
    assert_eq!(dimensions, "chain 1, draw 20, pond 2");
    assert_eq!(values, columns(&bench, "parts", &["size[2]", "size[3]"]));
    assert_eq!(read(&file, "posterior/pond").1, [2.0, 3.0]);
    assert_eq!(read(&file, "posterior/day").1, [0.75]);
    let (dimensions, values) = read(&file, "posterior/w");
    assert_eq!(dimensions, "chain 1, draw 20, w_element 2");
    assert_eq!(values, columns(&bench, "parts", &["w[1,2]", "w[2,1]"]));
    assert_eq!(file.read_variable_as_strings("posterior/w_element").unwrap(), ["1,2", "2,1"]);
}

#[test]
fn what_was_given_stands_beside_with_gaps_where_it_was_not() {
    let bench = answered();
    let file = opened(&bench, "whole");
    assert_eq!(read(&file, "observed_data/length"), ("pond 3".into(), vec![1.0, 2.0, 3.0]));
    assert_eq!(read(&file, "observed_data/total"), (String::new(), vec![4.0]));
    let (dimensions, values) = read(&file, "observed_data/seen");
    assert_eq!(dimensions, "day 5");
    assert_eq!(values[1..3], [1.5, 2.5]);
    assert!([0, 3, 4].iter().all(|k| values[*k].is_nan()), "{values:?}");
    assert_eq!(read(&file, "observed_data/day").1, [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert!(file.variable("observed_data/size").is_err(), "it was not given");

    let file = opened(&bench, "parts");
    assert_eq!(read(&file, "observed_data/size").1[0], 2.0);
    let groups = |file: &NcFile| file.root_group().unwrap().groups.len();
    assert_eq!(groups(&file), 2);
    assert_eq!(groups(&opened(&bench, "nothing_given")), 1);
}

#[test]
fn units_and_first_lines_of_comments_are_attributes_and_the_root_says_what_made_it() {
    let bench = answered();
    let file = opened(&bench, "whole");
    assert_eq!(attribute(&file, "posterior/size", "units"), "mm");
    assert_eq!(attribute(&file, "posterior/size", "long_name"), "");
    assert_eq!(attribute(&file, "posterior/w", "units"), "");
    assert_eq!(attribute(&file, "posterior/chain_2", "long_name"), "How long a flea of Ångström lives.");
    // `days` would make durations of them in Python.
    assert_eq!(attribute(&file, "posterior/chain_2", "units"), "day");
    assert_eq!(attribute(&file, "observed_data/day", "units"), "day");
    assert_eq!(attribute(&file, "observed_data/pond", "units"), "");

    let summary = bench.json("ponds.out/whole/summary.json");
    let root = |name: &str| file.global_attribute(name).unwrap();
    for (name, value) in [
        ("inference_library", "sbi"),
        ("inference_library_version", env!("CARGO_PKG_VERSION")),
        ("created_by", "sbi run"),
        ("model", "ponds"),
        ("query", "whole"),
        ("approximator", "small"),
        ("key_simulations", summary["keys"]["simulations"].as_str().unwrap()),
        ("key_weights", summary["keys"]["weights"].as_str().unwrap()),
        ("key_draws", summary["keys"]["draws"].as_str().unwrap()),
    ] {
        assert_eq!(text(Some(root(name))), value, "{name}");
    }
    assert_eq!(root("seed").value.as_f64(), Some(7.0));
}

#[test]
fn the_same_draws_are_the_same_bytes_and_written_again_where_they_are_gone() {
    let bench = answered();
    let path = bench.path("ponds.out/whole/draws.nc");
    let first = fs::read(&path).unwrap();
    for spoil in [|path| fs::remove_file(path).unwrap(), |path| fs::write(path, "not ours").unwrap()] {
        spoil(&path);
        bench.sbi("run ponds.sbi --threads 2").code(0).says(&["kept: 30 draws for `whole`"]);
        assert!(fs::read(&path).unwrap() == first);
    }
    bench.assert_nothing_half_written();

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    bench.sbi("run ponds.sbi").code(1).says(&["draws.nc` cannot be written", "--out DIR"]);
    bench.assert_nothing_half_written();
}

#[test]
fn arviz_opens_it() {
    if !has_arviz() {
        return;
    }
    let bench = answered();
    bench.write("arviz_opens.py", include_str!("arviz_opens.py"));
    let output = python().arg("arviz_opens.py").current_dir(bench.path("")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("ok"), "{said}\n{complaint}");
}
