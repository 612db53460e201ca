//! Runs: the same bits whatever the division of the work, the keys of streams, failures and limits.

use crate::models::{Build, mixed, two_moons};
use sbi_model::{Binary, Expr, Family, Reducer, Role, Unary};
use sbi_sim::rng::Stream;
use sbi_sim::{Failure, InstructionSet, Simulator};
use std::ops::ControlFlow;

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn threads_widths_and_instructions_change_no_bit() {
    let (moons, nodes) = two_moons();
    let (arrays, others) = mixed(7);
    let make: [&dyn Fn() -> Simulator; 2] = [&|| moons.simulator(&nodes), &|| arrays.simulator(&others)];
    for make in make {
        let draws = 5..3_000;
        let reference = make().run(3, draws.clone(), 1).unwrap();
        assert_eq!(reference.rows, 2_995);
        for set in InstructionSet::available() {
            for width in [64, 128, 256, 512] {
                let table = make().with_instructions(set).with_width(width).run(3, draws.clone(), 1).unwrap();
                assert!(bits(&table.values) == bits(&reference.values), "{set}, {width} draws");
            }
        }
        for threads in [0, 2, 3] {
            let table = make().run(3, draws.clone(), threads).unwrap();
            assert!(bits(&table.values) == bits(&reference.values), "{threads} threads");
        }
    }
}

#[test]
fn a_range_is_the_concatenation_of_its_parts() {
    let (model, nodes) = mixed(3);
    let simulator = model.simulator(&nodes);
    let start = (1 << 32) - 500;
    let whole = simulator.run(1, start..start + 1000, 2).unwrap();
    let mut parts = Vec::new();
    for (from, to) in [(0, 1), (1, 65), (65, 499), (499, 501), (501, 1000)] {
        parts.extend(simulator.run(1, start + from..start + to, 1).unwrap().values);
    }
    assert!(bits(&parts) == bits(&whole.values));
    assert_eq!(simulator.run(1, 7..7, 1).unwrap().rows, 0);
    // From an odd draw on, no draw stands beside the other of its pair.
    let odd = simulator.run(1, start + 3..start + 500, 1).unwrap();
    assert!(bits(&odd.values) == bits(&whole.values[3 * whole.columns..500 * whole.columns]));
}

#[test]
fn draws_come_from_the_streams_of_their_names() {
    let (model, nodes) = two_moons();
    let table = model.simulator(&nodes).run(9, 0..100, 1).unwrap();
    for draw in 0..100 {
        let row = table.row(draw);
        let u = Stream::new(9, "theta_2").uniform_alone(draw as u64);
        assert_eq!(row[1], -1.0 + 2.0 * u);
        let angle = (Stream::new(9, "angle").uniform_alone(draw as u64) - 0.5) * std::f64::consts::PI;
        let radius = 0.1 + 0.01 * Stream::new(9, "radius").normal_alone(draw as u64);
        let x_1 = radius * angle.cos() + 0.25 - (row[0] + row[1]).abs() / 2f64.sqrt();
        assert!((row[2] - x_1).abs() < 1e-14);
    }
}

/// The first draws of two moons under seed 1. If this changes, every answer of every user changes.
#[test]
fn first_draws_of_two_moons_stay_what_they_were() {
    let (model, nodes) = two_moons();
    let simulator = model.simulator(&nodes);
    assert_eq!(simulator.columns(), ["theta_1", "theta_2", "x_1", "x_2"]);
    let table = simulator.run(1, 0..3, 1).unwrap();
    #[rustfmt::skip]
    assert_eq!(table.values, [
        -0.937073726019962, 0.33156665471287217, -0.12091552102224934, 0.9658731653509204,
        -0.4931932840394111, 0.5215986893366995, 0.24456786540602257, 0.8202130071028677,
        -0.31386527554055665, -0.5436259542632345, -0.32809664054326004, -0.07576570546045643,
    ]);
}

#[test]
fn only_names_of_nodes_key_their_streams() {
    let make = |axis: &str, let_name: &str, node: &str| {
        let mut b = Build::new();
        let i = b.axis(axis, 3);
        let (zero, one) = (b.number(0.0), b.number(1.0));
        let spread = b.equals(Role::Let, let_name, &[], one);
        let spread = b.scalar(spread);
        let theta = b.draw(Role::Param, node, &[i], Family::Normal, &[zero, spread]);
        b.simulator(&[theta]).run(1, 0..50, 1).unwrap()
    };
    let table = make("i", "spread", "theta");
    assert_eq!(make("k", "width", "theta"), table);
    assert_ne!(make("i", "spread", "theta_"), table);
}

#[test]
fn a_hook_sees_progress_and_can_stop_the_run() {
    let (model, nodes) = two_moons();
    let simulator = model.simulator(&nodes);
    let mut told = Vec::new();
    let table = simulator
        .run_blocks(1, 0..50_000, 2, None, &mut |done| {
            told.push(done);
            if done >= 20_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert!(told.is_sorted() && told.last() == Some(&(table.rows as u64)) && table.rows < 50_000);
    assert_eq!(table, simulator.run(1, 0..table.rows as u64, 1).unwrap());
}

/// The logarithm of a normal number is not a number for half of all draws; only draw 0 is made to pass.
#[test]
fn the_first_draw_that_fails_is_told_with_its_parameters() {
    let mut b = Build::new();
    let i = b.axis("i", 2);
    let (zero, one) = (b.number(0.0), b.number(1.0));
    let theta = b.draw(Role::Param, "theta", &[i], Family::Normal, &[zero, one]);
    let at = b.read(theta, &[sbi_model::Index::At(1)]);
    let three = b.number(3.0);
    let below = b.binary(Binary::Sub, three, at);
    let root = b.unary(Unary::Sqrt, below);
    let x = b.equals(Role::Data, "x", &[], root);
    let simulator = b.simulator(&[x]);
    let stream = Stream::new(1, "theta");
    let first = (0..).find(|draw| stream.normal(*draw, 0, 1) > 3.0).unwrap();
    for threads in [1, 2] {
        let Err(Failure::NotFinite { draw, element, value, parameters, reason: None, help: None }) =
            simulator.run(1, 0..10_000, threads)
        else {
            panic!("the square root of a negative number fails");
        };
        assert_eq!((draw, element.as_str()), (first, "x"));
        assert!(value.is_nan());
        let wanted = [0, 1].map(|e| (format!("theta[{}]", e + 1), stream.normal(first, 0, e)));
        assert_eq!(parameters, wanted);
    }
    assert!(simulator.run(1, 0..first, 1).is_ok());
    let told = simulator.run(1, first..first + 1, 1).unwrap_err().to_string();
    assert!(
        told.starts_with(&format!("simulation {first} failed: `x` came out as NaN, with theta[1] = ")),
        "{told}"
    );
}

#[test]
fn arguments_that_name_no_distribution_fail() {
    for (family, arguments) in [
        (Family::Uniform, &[1.0, 0.0][..]),
        (Family::Normal, &[0.0, -1.0]),
        (Family::Bernoulli, &[1.5]),
        (Family::Bernoulli, &[f64::NAN]),
    ] {
        let mut b = Build::new();
        let x = b.known(Role::Data, "x", family, arguments);
        let failure = b.simulator(&[x]).run(1, 0..10, 1).unwrap_err();
        assert!(matches!(failure, Failure::NotFinite { draw: 0, .. }), "{family:?}");
    }
}

#[test]
fn models_too_large_to_unroll_are_told_with_the_node() {
    let mut b = Build::new();
    let (i, j) = (b.axis("i", 1_000_000_000), b.axis("j", usize::MAX));
    let (zero, one) = (b.number(0.0), b.number(1.0));
    b.draw(Role::Param, "theta", &[i, j], Family::Normal, &[zero, one]);
    let told = Simulator::new(&b.0, &[]).err().expect("a billion elements are too many");
    assert_eq!(told.code, "program-too-large");
    assert!(
        told.message.contains("`theta`") && told.message.contains("`i` with 1000000000"),
        "{}",
        told.message
    );

    let mut b = Build::new();
    let i = b.axis("i", 1_000_000_000);
    let position = b.expr(Expr::Coordinate(i));
    let sum = b.reduce(Reducer::Sum, i, position);
    b.equals(Role::Data, "total", &[], sum);
    let told = Simulator::new(&b.0, &[]).err().expect("a sum over a billion elements is too long");
    assert!(told.message.contains("`total`"), "{}", told.message);
}

#[test]
fn a_table_larger_than_memory_is_refused() {
    let (model, nodes) = two_moons();
    let failure = model.simulator(&nodes).run(1, 0..u64::MAX / 16, 1).unwrap_err();
    assert!(matches!(failure, Failure::Memory { .. }) && failure.to_string().contains("memory"));
}

/// Readings at scattered times need all steps; those at known times need but their own.
#[test]
fn steps_that_cannot_be_kept_are_refused() {
    let told = |axis: &str, step: &str| {
        let text = format!(
            "edition 2026
model m {{
    axis t : time({axis})
    param a ~ uniform(0, 1)
    dynamics walk over 0 .. 10 by euler_maruyama(step = {step}) {{
        noise w
        init x = a
        x' = w
    }}
    data x[t] ~ normal(walk.x(t), 1)
}}
"
        );
        let model = sbi_model::compile(&text, &()).file.expect("it is sound").models.remove(0);
        Simulator::new(&model, &[(model.find("x").unwrap(), 0)]).err()
    };
    let refused = told("scattered(n = 5, over = 0 .. 10)", "0.000001").expect("ten million steps are many");
    assert_eq!(refused.code, "program-too-large");
    for words in ["`walk`", "10000000 steps", "80 MB for each draw"] {
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    assert!(refused.help.is_some_and(|help| help.contains("longer step")));
    assert_eq!(told("scattered(n = 5, over = 0 .. 10)", "0.00001"), None);
    assert_eq!(told("grid(from = 0, to = 10, step = 2)", "0.000001"), None);
}
