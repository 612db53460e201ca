//! `on_failure "absent"`: what failed reaches the data that depend on it, and no others.

use crate::calls::{EXTERNAL, Sums, model};
use sbi_model::{Model, NodeId, Role};
use sbi_sim::{Failure, InstructionSet, Output, Simulator, Table};
use std::ops::{ControlFlow, Range};

/// A simulator of all parameters and data of a model, and of whether a draw failed.
fn simulator(model: &Model) -> Simulator {
    let tokens = (0..model.nodes.len()).map(NodeId);
    let tokens = tokens.filter(|id| matches!(model.node(*id).role, Role::Param | Role::Data));
    let outputs =
        tokens.flat_map(|id| (0..model.elements(model.node(id))).map(move |k| Output::Element(id, k)));
    Simulator::of(model, &outputs.chain([Output::Failed]).collect::<Vec<_>>()).expect("it is small")
}

/// Rows by the names of their columns.
struct Named {
    columns: Vec<String>,
    table: Table,
}

impl Named {
    fn rows(&self) -> impl Iterator<Item = impl Fn(&str) -> f64> {
        (0..self.table.rows).map(|row| {
            let row = self.table.row(row);
            |name: &str| row[self.columns.iter().position(|known| known == name).expect(name)]
        })
    }
}

fn run_of(text: &str, draws: u64) -> Named {
    let simulator = simulator(&model(text));
    let table = simulator.run(3, 0..draws, 2).unwrap();
    Named { columns: simulator.columns().to_vec(), table }
}

/// The draws of a model that says so in its first line.
fn run(body: &str, draws: u64) -> Named {
    run_of(&format!("model m {{\non_failure \"absent\"\n{body}\n}}\n"), draws)
}

/// A path to 1 at a slope drawn for each trial: it arrives in time where the slope is .2 or more.
const TRIALS: &str = "simulator path(slope) -> { time, side, start } {
    dynamics walk over 0 .. 5 by SOLVER {
        init x = 0
        x' = slope
        stop when x >= 1
    }
    return { time = walk.end, side = walk.x(walk.end) >= 0.5, start = slope > 0.1 }
}
model m {
    axis trial : TRIALS
    on_failure \"absent\"
    param mu ~ uniform(0, 0.3)
    latent slope[trial] ~ uniform(0, 1)
    latent outcome[trial] ~ path(mu + slope[trial])
    let late = max over trial (outcome[trial].time)
    data time[trial] = outcome[trial].time
    data side[trial] = outcome[trial].side
    data start[trial] = outcome[trial].start
    data slow = if late > 2 then 1 else 0
    data slope_seen[trial] = mu + slope[trial]
}
";

#[test]
fn a_trial_that_does_not_end_is_absent_and_the_others_stay() {
    for solver in ["rk4(step = 0.1)", "euler_maruyama(step = 0.1)", "dormand_prince()"] {
        let named = run_of(&TRIALS.replace("SOLVER", solver).replace("TRIALS", "index(3)"), 600);
        let mut counts = [0; 4];
        for of in named.rows() {
            let mut ended = 0;
            for k in 1..=3 {
                let at = |name: &str| of(&format!("{name}[{k}]"));
                let ends = !at("time").is_nan();
                // A bound that is met within a step of the end may be met behind it.
                assert!(ends == (at("slope_seen") >= 0.2) || (at("slope_seen") - 0.2).abs() < 0.005);
                // The comparison would have swallowed what is no number.
                assert_eq!(at("side").is_nan(), !ends, "{solver}");
                assert!(at("start") == f64::from(u8::from(at("slope_seen") > 0.1)), "it reads no run");
                ended += usize::from(ends);
            }
            // What reads all trials is absent with any of them.
            assert_eq!((of("slow").is_nan(), of("failed")), (ended < 3, f64::from(u8::from(ended < 3))));
            counts[ended] += 1;
        }
        assert!(counts[1] > 10 && counts[2] > 50 && counts[3] > 200, "{counts:?}");
    }
}

/// Trials that a data set does not have fail nothing.
#[test]
fn what_a_data_set_lacks_does_not_fail() {
    let text = TRIALS.replace("SOLVER", "rk4(step = 0.1)").replace("TRIALS", "set(size = 1 .. 4)");
    let named = run_of(&text.replace("mu + slope[trial])\n    let", "slope[trial])\n    let"), 800);
    let mut sound = 0;
    for of in named.rows() {
        let has = (1..=4).filter(|k| !of(&format!("slope_seen[{k}]")).is_nan()).count();
        let ended = (1..=4).filter(|k| !of(&format!("time[{k}]")).is_nan()).count();
        assert!((1..=4).contains(&has) && ended <= has);
        assert_eq!((of("slow").is_nan(), of("failed") == 1.0), (ended < has, ended < has));
        sound += usize::from(ended == has);
    }
    // Four trials end with probability .8^4, one with .8: on average .59 of draws have all.
    assert!((400..550).contains(&sound), "{sound}");
}

/// A value that is no number is a failure where it is read, whatever becomes of it; where nothing chose it, it is none.
#[test]
fn what_is_no_number_is_absent_even_behind_a_comparison() {
    let named = run(
        "param theta ~ normal(0, 1)
        let root = theta^0.5
        data inlined = theta^0.5 > 1
        data named = root > 1
        data both = theta > 5 or root > 1
        data guarded = if theta > 0 then root else 0
        data safe = theta > 0 and root > 1
        data least = min(root, 0.5)
        latent far ~ normal(root, 1)
        data beyond = far > 100
        data other ~ normal(theta, 1)
        data huge = exp(800 * theta)
        data capped = if huge > 10 then 1 else 0",
        400,
    );
    for of in named.rows() {
        let lost = of("theta") < 0.0;
        for name in ["inlined", "named", "both", "least", "beyond"] {
            assert_eq!(of(name).is_nan(), lost, "{name}");
        }
        assert!(["guarded", "safe", "other", "capped"].iter().all(|name| of(name).is_finite()));
        let huge = 800.0 * of("theta") > f64::MAX.ln();
        assert_eq!((of("huge").is_nan(), of("failed") == 1.0), (huge, lost || huge));
    }
}

/// Of two runs that know nothing of each other one fails, and what reads the other stays. A state that became infinite
/// takes what was read of it before along.
#[test]
fn independent_runs_fail_by_themselves() {
    let named = run(
        "param a ~ uniform(0.5, 3)
        param b ~ uniform(0.5, 3)
        dynamics one over 0 .. 1 by rk4(step = 0.001) {
            init x = a
            x' = x^2
        }
        dynamics other over 0 .. 1 by rk4(step = 0.001) {
            init x = b
            x' = x^2
        }
        dynamics third over 0 .. 1 by rk4(step = 0.01) {
            init y = 0
            y' = one.x(0.2)
        }
        data early = one.x(0.1)
        data high = one.x(1) > 3
        data led = third.y(1) > 0
        data own = other.x(0.1)
        data both = one.x(0.1) + other.x(0.1)",
        300,
    );
    let mut counts = [0; 4];
    for of in named.rows() {
        // The solution 1 / (1 / a - t) ends at t = 1 / a; near to one the steps may jump over that.
        let [first, second] = ["early", "own"].map(|name| of(name).is_nan());
        for (lost, start) in [(first, "a"), (second, "b")] {
            assert!(lost == (of(start) > 1.0) || (of(start) - 1.0).abs() < 0.01, "{lost}, {}", of(start));
        }
        assert_eq!([of("high"), of("led")].map(f64::is_nan), [first; 2]);
        assert_eq!((of("both").is_nan(), of("failed") == 1.0), (first || second, first || second));
        counts[usize::from(first) + 2 * usize::from(second)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
}

/// Jumps one by one: a run that jumps too often is absent at all of its times.
#[test]
fn jumps_that_are_too_many_are_absent_from_the_start() {
    let named = run(
        "param rate ~ uniform(0, 10)
        dynamics births over 0 .. 4 by gillespie(max = 20) {
            init n = 0
            jump at rate rate {
                n = n + 1
            }
        }
        data early = births.n(1)
        data late = births.n(4)",
        300,
    );
    let failed = named.rows().filter(|of| of("failed") == 1.0).count();
    assert!((100..250).contains(&failed), "{failed}");
    for of in named.rows() {
        let lost = of("failed") == 1.0;
        assert_eq!([of("early"), of("late")].map(f64::is_nan), [lost; 2]);
        assert!(lost || of("late") <= 20.0);
    }
}

/// What a program refuses is absent at the places that it was asked for; and so is what a second program makes of it.
#[test]
fn what_a_program_refuses_is_absent() {
    for text in [
        EXTERNAL.replace("    SETTING\n", "    on_failure \"absent\"\n"),
        EXTERNAL.replace("    SETTING\n", "").replace("    axis i", "    on_failure \"absent\"\n    axis i"),
    ] {
        let text = text.replace(
            "data off[trial]",
            "data any = max over trial (run[trial].off) > 0\n    data off[trial]",
        );
        let simulator = simulator(&model(&text));
        let table = run_outside(&simulator, 1.2, 0..500).unwrap();
        let named = Named { columns: simulator.columns().to_vec(), table };
        let mut failures = 0;
        for of in named.rows() {
            let mut any = false;
            for trial in 1..=2 {
                let refused = of("mu") + of(&format!("shift_seen[{trial}]")) > 1.2;
                assert_eq!(of(&format!("off[{trial}]")).is_nan(), refused);
                assert!((1..=3).all(|i| of(&format!("up[{trial},{i}]")).is_nan() == refused));
                any |= refused;
            }
            assert_eq!((of("any").is_nan(), of("failed") == 1.0), (any, any));
            failures += usize::from(any);
        }
        assert!((100..400).contains(&failures), "{failures}");
        let some = run_outside(&simulator, 1.2, 123..140).unwrap();
        assert_eq!(bits(&named.table)[123 * some.columns..140 * some.columns], bits(&some));
    }
}

/// An external's own word overrides the model's, either way.
#[test]
fn what_a_program_says_of_its_refusals_overrides_the_model() {
    let stop = EXTERNAL
        .replace("    SETTING\n", "    on_failure \"stop\"\n")
        .replace("    axis i", "    on_failure \"absent\"\n    axis i");
    let told = run_outside(&simulator(&model(&stop)), 1.2, 0..500);
    let Err(Failure::NotFinite { reason, .. }) = told else { panic!("{told:?}") };
    assert_eq!(reason.as_deref(), Some("a is above 1.2"));
    // A value that is no number is still what the model says.
    let own = EXTERNAL.replace("    SETTING\n", "    on_failure \"absent\"\n");
    let own = own.replace("data off[trial]", "data bad = (mu - 0.5)^0.5\n    data off[trial]");
    assert!(run_outside(&simulator(&model(&own)), 9.0, 0..50).is_err());
    // Given what is no number the program refuses it, which is no failure of its own.
    let follows = stop.replace("sums(mu + shift[trial], mu)", "sums((mu - 0.5)^0.5, mu)");
    let simulator = simulator(&model(&follows));
    let named =
        Named { columns: simulator.columns().to_vec(), table: run_outside(&simulator, 9.0, 0..200).unwrap() };
    for of in named.rows() {
        assert_eq!([of("off[1]").is_nan(), of("failed") == 1.0], [of("mu") < 0.5; 2]);
    }
}

/// A parameter cannot be absent: it stops the run and says so, even where its value is finite.
#[test]
fn a_parameter_that_fails_stops_the_run() {
    let told = |parameter: &str, said: &str| {
        let text = format!(
            "model m {{
                on_failure \"absent\"
                param theta ~ normal(0, 1)
                dynamics walk over 0 .. 1 by rk4(step = 0.1) {{
                    init x = 0
                    x' = theta
                    stop when x >= 0.5
                }}
                param made = {parameter}
                data x ~ normal(theta, 1)
            }}\n"
        );
        let told = simulator(&model(&text)).run(3, 0..100, 2);
        let Err(Failure::NotFinite { element, reason, help, .. }) = told else { panic!("{told:?}") };
        assert_eq!(element, "made");
        assert_eq!(reason.as_deref(), Some(said));
        assert!(help.is_some_and(|help| help.contains("only data can be absent")));
    };
    told(
        "if walk.x(walk.end) > 0 then 1 else 0",
        "`walk` meets no `stop when` before it ends at 1, and the parameter `made` depends on it",
    );
    told("if theta^0.5 > 1 then 1 else 0", "the parameter `made` is no finite number");
}

#[test]
fn bits_do_not_depend_on_how_the_work_is_divided() {
    let text = TRIALS.replace("SOLVER", "euler_maruyama(step = 0.1)").replace("TRIALS", "set(size = 1 .. 4)");
    let simulator = || simulator(&model(&text));
    let whole = simulator().run(5, 0..2_000, 1).unwrap();
    assert_eq!(bits(&whole), bits(&simulator().run(5, 0..2_000, 2).unwrap()));
    let half = simulator().run(5, 700..2_000, 1).unwrap();
    assert_eq!(bits(&whole)[700 * whole.columns..], bits(&half));
    for width in [64, 128, 256, 512] {
        assert_eq!(bits(&whole), bits(&simulator().with_width(width).run(5, 0..2_000, 1).unwrap()));
    }
    for set in InstructionSet::available() {
        assert_eq!(bits(&whole), bits(&simulator().with_instructions(set).run(5, 0..2_000, 1).unwrap()));
    }
}

/// The same model that stops: of the draws that do not fail, every number is the same.
#[test]
fn sound_draws_are_those_of_the_model_that_stops() {
    let text = TRIALS.replace("SOLVER", "rk4(step = 0.1)").replace("TRIALS", "index(3)");
    let absent = simulator(&model(&text)).run(3, 0..200, 1).unwrap();
    let plain = model(&text.replace("    on_failure \"absent\"\n", ""));
    let tokens = plain.numbered().filter(|(_, node)| matches!(node.role, Role::Param | Role::Data));
    let outputs = tokens.flat_map(|(id, node)| (0..plain.elements(node)).map(move |k| (id, k)));
    let plain = Simulator::new(&plain, &outputs.collect::<Vec<_>>()).unwrap();
    let failed = absent.columns - 1;
    let mut sound = 0;
    for draw in (0..200).filter(|draw| absent.row(*draw)[failed] == 0.0) {
        let row = plain.run(3, draw as u64..draw as u64 + 1, 1).unwrap();
        assert_eq!(row.values, absent.row(draw)[..failed]);
        sound += 1;
    }
    assert!((50..190).contains(&sound), "{sound}");
}

fn run_outside(simulator: &Simulator, bound: f64, draws: Range<u64>) -> Result<Table, Failure> {
    simulator.run_blocks(3, draws, 2, Some(&Sums { bound }), &mut |_| ControlFlow::Continue(()))
}

/// What is absent is no number, which equals nothing.
fn bits(table: &Table) -> Vec<u64> {
    table.values.iter().map(|value| value.to_bits()).collect()
}
