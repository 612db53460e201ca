//! What is drawn: kinds, arguments as they are kept, tables of constants, and the graphs of vectors and functions of time.

use super::{Files, model, show};
use crate::survey::Survey;
use crate::{Argument, Definition, Draw, Gaps, Graph, Kind, Model, Rate, Whose, compile};

/// The draw of a node and the constant values of its scalar arguments.
fn drawn<'m>(model: &'m Model, name: &str) -> (&'m Draw, Vec<f64>) {
    let id = model.find(name).unwrap();
    let Definition::Draw(draw) = &model.node(id).definition else { panic!("`{name}` is not drawn") };
    let survey = Survey::of(model);
    let scalars = draw.arguments.iter().filter_map(|argument| match argument {
        Argument::Scalar(expr) => survey.facts(*expr, model.node(id), 0).constant,
        _ => None,
    });
    (draw, scalars.collect())
}

#[test]
fn arguments_arrive_in_one_way() {
    let near = |body: &str, expected: &[f64]| {
        let found = drawn(&model(&format!("param a ~ {body}")), "a").1;
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-12), "{body}: {found:?}");
        assert_eq!(found.len(), expected.len(), "{body}");
    };
    near("normal(1, precision = 4)", &[1.0, 0.5]);
    near("gamma(2, scale = 4)", &[2.0, 0.25]);
    near("exponential(mean = 4)", &[0.25]);
    near("lognormal(log_mean = 0, spread = 0.5)", &[1.0, 0.5]);
    near("bernoulli(logit = 0)", &[0.5]);
    near("negative_binomial(3, dispersion = 0.5)", &[3.0, 2.0]);
    // A Laplace number of scale b has the variance 2 b², a logistic one (π b)² / 3.
    near("laplace(0, sd = 2)", &[0.0, 2.0f64.sqrt()]);
    near("logistic(0, sd = 1)", &[0.0, 3.0f64.sqrt() / std::f64::consts::PI]);
    let open = drawn(&model("param a ~ truncated_normal(0, 1, high = 2)"), "a").1;
    assert_eq!(open, [0.0, 1.0, f64::NEG_INFINITY, 2.0]);
}

#[test]
fn kinds_follow_the_family() {
    let kind = |body: &str| drawn(&model(&format!("param a ~ {body}")), "a").0.kind();
    assert_eq!(kind("gamma(1, 1)"), Kind::Real);
    assert_eq!(kind("poisson(1)"), Kind::Count);
    assert_eq!(kind("bernoulli(0.5)"), Kind::Truth);
    assert_eq!(kind("categorical([0.5, 0.5])"), Kind::Category);
    assert_eq!(kind("mixture([0.5, 0.5], of = [poisson(1), poisson(9)])"), Kind::Count);
    assert_eq!(kind("mixture([0.5, 0.5], of = [poisson(1), normal(0, 1)])"), Kind::Real);
}

#[test]
fn what_is_drawn_together_is_joined() {
    let parents = |model: &Model| {
        let base = Graph::of(model).base;
        let size = base.size();
        (0..size).map(|row| (0..size).filter(|column| base.get(row, *column)).count()).collect::<Vec<_>>()
    };
    let shares = model("axis k : index(3)\nparam p[k] ~ dirichlet([1, 1, 1])");
    assert_eq!(parents(&shares), [1, 2, 3]);
    let process = model(
        "axis t : time(grid(from = 0, to = 2, step = 1))
         param f(s) ~ gaussian_process(mean = 0, kernel = rbf(length = 1, scale = 1)) |> between(0, 1) at t",
    );
    assert_eq!(parents(&process), [1, 2, 3]);
    let support = Graph::of(&process).tokens[2].support;
    assert_eq!((support.low, support.high), (0.0, 1.0));
    assert!(process.nodes[0].curve);
}

#[test]
fn constants_come_from_files() {
    let text = "edition 2026
const n from \"n.csv\"
model m {
    axis k : index(n)
    axis t : time(grid(from = 0, to = 1, step = 1))
    const rows[t, k] from \"design.csv\"
    const columns[k, t] from \"design.csv\" (columns = [\"rows[1]\", \"rows[2]\"])
    const warmth(day) from \"weather.csv\" (column = \"temp\")
    param a ~ normal(rows[2, 1] + n, 1)
}
";
    let mut files = Files::default();
    files.0.insert("n.csv", b"n\n2\n".to_vec());
    files.0.insert("design.csv", b"rows[1],rows[2]\n1,2\n3,4\n".to_vec());
    files.0.insert("weather.csv", b"day,temp\n0,5\n2,6\n".to_vec());
    let checked = compile(text, &files);
    assert_eq!(show(text, &checked), "");
    let model = &checked.file.unwrap().models[0];
    let definition = |name: &str| &model.node(model.find(name).unwrap()).definition;
    assert_eq!(*definition("rows"), Definition::Table(vec![1.0, 2.0, 3.0, 4.0]));
    assert_eq!(*definition("columns"), Definition::Table(vec![1.0, 3.0, 2.0, 4.0]));
    let Definition::Series(series) = definition("warmth") else { panic!("a function of time") };
    assert_eq!((series.times.as_slice(), series.values.as_slice()), (&[0.0, 2.0][..], &[5.0, 6.0][..]));
    assert_eq!(model.files, ["n.csv", "design.csv", "weather.csv"]);
    assert_eq!(drawn(model, "a").1, [5.0, 1.0]);
}

#[test]
fn gaps_are_kept() {
    let gaps = model(
        "axis i : index(3)
         axis t : time(grid(from = 0, to = 9, step = 1))
         modality wave {
             data x[t, i] ~ normal(0, 1)
         }
         data y ~ normal(0, 1)
         missing wave[t] in blocks(of = 5) with probability 10%
         missing all x with probability beta(2, 8)
         missing y with probability 5%",
    );
    let kept: Vec<(Whose, &Gaps, &Rate)> =
        gaps.missing.iter().map(|missing| (missing.whose, &missing.gaps, &missing.rate)).collect();
    let (x, y) = (gaps.find("x").unwrap(), gaps.find("y").unwrap());
    let expected = [
        (Whose::Modality(0), &Gaps::Blocks(crate::AxisId(1), 5), &Rate::Fixed(0.1)),
        (Whose::Node(x), &Gaps::All, &Rate::Drawn(crate::Family::Beta, vec![2.0, 8.0])),
        (Whose::Node(y), &Gaps::All, &Rate::Fixed(0.05)),
    ];
    assert_eq!(kept, expected);
    assert_eq!(gaps.modalities[0].nodes, [x]);
    assert_eq!(gaps.unlearned, []);
}
