//! The mechanistic rule: against the masks written by hand for two published models, and rule by rule.

use super::examples::example;
use super::{Random, model};
use crate::{Graph, GraphRule, MaskKind, Model, Structure};
use std::collections::BTreeMap;

/// Rising random times below `end`, for each of these axes.
fn times(random: &mut Random, axes: &[&str], count: usize, end: f64) -> BTreeMap<String, Vec<f64>> {
    let mut draw = || {
        let mut times: Vec<f64> = (0..count).map(|_| end * random.unit()).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    axes.iter().map(|axis| ((*axis).to_owned(), draw())).collect()
}

fn graph_at(model: &Model, structure: &Structure, times: &BTreeMap<String, Vec<f64>>) -> Graph {
    structure.graph(&|axis, place| {
        let axis = model.axis(axis);
        axis.coordinate(place).or_else(|| times.get(&axis.name)?.get(place).copied())
    })
}

/// Edges as written by hand: `(child, its parents)` by names.
struct ByHand(BTreeMap<String, Vec<String>>);

impl ByHand {
    fn new(graph: &Graph) -> ByHand {
        ByHand(graph.tokens.iter().map(|token| (token.name.clone(), vec![token.name.clone()])).collect())
    }

    fn edge(&mut self, child: &str, parent: &str) {
        self.0.get_mut(child).expect(child).push(parent.to_owned());
    }

    /// Each reading looks at the one before it, and at these parameters.
    fn chain(&mut self, node: &str, count: usize, parameters: &[&str]) {
        for k in 1..=count {
            parameters.iter().for_each(|parameter| self.edge(&format!("{node}[{k}]"), parameter));
            if k > 1 {
                self.edge(&format!("{node}[{k}]"), &format!("{node}[{}]", k - 1));
            }
        }
    }

    /// Each reading looks at all earlier ones of another node.
    fn all_earlier(&mut self, (node, at): (&str, &[f64]), (other, then): (&str, &[f64])) {
        for (k, time) in at.iter().enumerate() {
            for (j, _) in then.iter().enumerate().filter(|(_, before)| *before < time) {
                self.edge(&format!("{node}[{}]", k + 1), &format!("{other}[{}]", j + 1));
            }
        }
    }

    fn assert_is(self, graph: &Graph) {
        for (row, token) in graph.tokens.iter().enumerate() {
            let parents = graph.tokens.iter().enumerate().filter(|(column, _)| graph.base.get(row, *column));
            let mut found: Vec<&str> = parents.map(|(_, parent)| parent.name.as_str()).collect();
            let mut expected: Vec<&str> = self.0[&token.name].iter().map(String::as_str).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{}", token.name);
        }
    }
}

/// Simformer's code builds these masks by hand, from the times of each data set.
#[test]
fn hunter_and_prey_are_as_published() {
    let model = example("lotka_volterra").models.remove(0);
    let structure = Structure::of(&model, GraphRule::Mechanistic);
    assert!(structure.varies());
    let mut random = Random(11);
    for _ in 0..200 {
        let times = times(&mut random, &["t_prey", "t_hunter"], 20, 15.0);
        let graph = graph_at(&model, &structure, &times);
        let mut expected = ByHand::new(&graph);
        expected.chain("prey_seen", 20, &["alpha", "beta"]);
        expected.chain("hunter_seen", 20, &["gamma", "delta"]);
        let (prey, hunter) = (("prey_seen", &times["t_prey"][..]), ("hunter_seen", &times["t_hunter"][..]));
        expected.all_earlier(prey, hunter);
        expected.all_earlier(hunter, prey);
        expected.assert_is(&graph);
    }
}

#[test]
fn an_epidemic_with_a_function_is_as_published() {
    let model = example("sird").models.remove(0);
    let structure = Structure::of(&model, GraphRule::Mechanistic);
    let mut random = Random(12);
    for _ in 0..200 {
        let times = times(&mut random, &["knot", "t_ill", "t_well", "t_dead"], 20, 50.0);
        let graph = graph_at(&model, &structure, &times);
        let mut expected = ByHand::new(&graph);
        expected.chain("ill", 20, &["recovery", "death"]);
        expected.chain("well", 20, &["recovery"]);
        expected.chain("dead", 20, &["death"]);
        let ill = ("ill", &times["t_ill"][..]);
        expected.all_earlier(("contact", &times["knot"]), ("contact", &times["knot"]));
        expected.all_earlier(ill, ("contact", &times["knot"]));
        expected.all_earlier(("well", &times["t_well"]), ill);
        expected.all_earlier(("dead", &times["t_dead"]), ill);
        expected.assert_is(&graph);
    }
}

/// The parents of a token, where scattered readings are spread evenly.
fn parents(body: &str, name: &str) -> Vec<String> {
    let structure = Structure::of(&model(body), GraphRule::Mechanistic);
    let graph = structure.nominal();
    let row = graph.tokens.iter().position(|token| token.name == name).expect(name);
    let above = (0..graph.tokens.len()).filter(|column| *column != row && graph.base.get(row, *column));
    above.map(|column| graph.tokens[column].name.clone()).collect()
}

const FALL: &str = "axis t : time(grid(from = 1, to = 3, step = 1))
     param drag ~ uniform(0, 1)
     param height ~ uniform(0, 1)
     param blur ~ uniform(0, 1)
     dynamics fall over 0 .. 9 by rk4(step = 0.1) {
         init v = 0
         init x = height
         v' = 9.8 - drag * v
         x' = -v
     }
";

#[test]
fn what_is_not_seen_passes_on_what_it_reads() {
    let body = format!("{FALL} data x[t] ~ normal(fall.x(t), blur)");
    assert_eq!(parents(&body, "x[1]"), ["blur", "drag", "height"]);
    assert_eq!(parents(&body, "x[2]"), ["blur", "drag", "x[1]"]);
    // Where the speed is seen, it is looked at instead.
    let body = format!("{body}\ndata v[t] ~ normal(fall.v(t - 0.5), 1)");
    assert_eq!(parents(&body, "x[2]"), ["blur", "v[1]", "v[2]", "x[1]"]);
    assert_eq!(parents(&body, "v[2]"), ["drag", "v[1]"]);
}

#[test]
fn readings_of_one_state_are_one_chain() {
    let body = format!(
        "{FALL} axis far : time(scattered(n = 2, over = 1 .. 4))
         data x[t] ~ normal(fall.x(t), 1)
         data y[far] ~ normal(fall.x(far), 1)
         data last ~ normal(fall.x(8) - fall.x(2), 1)
         data peak ~ normal(crossings(fall.x, 0.5), 1)"
    );
    // x at 1, 2 and 3; y at 1.75 and 3.25 where they are spread evenly.
    assert_eq!(parents(&body, "y[1]"), ["drag", "x[1]"]);
    assert_eq!(parents(&body, "x[2]"), ["drag", "y[1]"]);
    assert_eq!(parents(&body, "y[2]"), ["drag", "x[3]"]);
    assert_eq!(parents(&body, "last"), ["drag", "y[2]"]);
    // What reads the whole path comes last.
    assert_eq!(parents(&body, "peak"), ["drag", "last"]);
}

#[test]
fn at_one_time_the_order_of_tokens_counts() {
    let both = "axis t : time(grid(from = 1, to = 2, step = 1))
         param a ~ uniform(0, 1)
         dynamics d over 0 .. 9 by rk4(step = 0.1) {
             init x = 1
             init y = 1
             x' = a - y
             y' = x
         }
         data u[t] ~ normal(d.x(t), 1)
         data v[t] ~ normal(d.y(t), 1)";
    assert_eq!(parents(both, "v[1]"), ["u[1]"]);
    assert_eq!(parents(both, "u[2]"), ["a", "u[1]", "v[1]"]);
    assert_eq!(parents(both, "v[2]"), ["u[1]", "u[2]", "v[1]"]);
}

#[test]
fn a_common_noise_is_looked_at_through_the_other_state() {
    let noisy = |noise: &str| {
        format!(
            "axis t : time(grid(from = 1, to = 2, step = 1))
             param a ~ uniform(0, 1)
             dynamics d over 0 .. 9 by euler_maruyama(step = 0.1) {{
                 noise w
                 noise z
                 init x = 0
                 init y = 0
                 x' = a + w + z
                 y' = {noise} - y
             }}
             data u[t] = d.x(t)
             data v[t] = d.y(t)"
        )
    };
    assert_eq!(parents(&noisy("w"), "v[2]"), ["u[1]", "u[2]", "v[1]"]);
    assert_eq!(parents(&noisy("0.5"), "v[2]"), ["v[1]"]);
}

#[test]
fn jumps_join_the_states_that_they_change() {
    let school = "axis day : time(grid(from = 1, to = 2, step = 1))
         param beta ~ uniform(0, 1)
         param gamma ~ uniform(0, 1)
         dynamics flu over 0 .. 9 by gillespie(max = 1000) {
             init s = 90
             init i = 2
             init r = 0
             jump at rate beta * s * i { s = s - 1
                 i = i + 1 }
             jump at rate gamma * i { i = i - 1
                 r = r + 1 }
         }
         data ill[day] ~ poisson(flu.i(day))
         data well[day] ~ poisson(flu.r(day))";
    assert_eq!(parents(school, "well[1]"), ["gamma", "ill[1]"]);
    assert_eq!(parents(school, "ill[2]"), ["beta", "gamma", "ill[1]", "well[1]"]);
}

#[test]
fn latents_are_eliminated_by_the_exact_rule() {
    let body = format!(
        "{FALL} latent offset ~ normal(0, 1)
         data x[t] ~ normal(fall.x(t) + offset, 1)"
    );
    assert_eq!(parents(&body, "x[3]"), ["drag", "height", "x[1]", "x[2]"]);
}

#[test]
fn elements_of_states_are_told_apart() {
    let body = "axis k : index(2)
         axis t : time(grid(from = 1, to = 2, step = 1))
         param rate[k] ~ uniform(0, 1)
         dynamics d over 0 .. 9 by rk4(step = 0.1) {
             init x[k] = 1
             x[k]' = -rate[k] * x[k]
         }
         data y[t, k] ~ normal(d.x[k](t), 1)";
    assert_eq!(parents(body, "y[2,1]"), ["rate[1]", "y[1,1]"]);
    assert_eq!(parents(body, "y[2,2]"), ["rate[2]", "y[1,2]"]);
}

#[test]
fn what_is_told_overrides_what_is_derived() {
    let body = format!(
        "{FALL} data x[t] ~ normal(fall.x(t), blur)
         depends x from height"
    );
    assert_eq!(parents(&body, "x[3]"), ["height"]);
}

/// The number of readings may be smaller than declared: those beyond are no part of the chain.
#[test]
fn readings_that_are_not_there_are_skipped() {
    let model = example("lotka_volterra").models.remove(0);
    let structure = Structure::of(&model, GraphRule::Mechanistic);
    let mut random = Random(13);
    let mut times = times(&mut random, &["t_prey", "t_hunter"], 20, 15.0);
    times.get_mut("t_prey").unwrap().truncate(3);
    let graph = graph_at(&model, &structure, &times);
    let mut expected = ByHand::new(&graph);
    expected.chain("prey_seen", 3, &["alpha", "beta"]);
    expected.chain("hunter_seen", 20, &["gamma", "delta"]);
    let (prey, hunter) = (("prey_seen", &times["t_prey"][..]), ("hunter_seen", &times["t_hunter"][..]));
    expected.all_earlier(prey, hunter);
    expected.all_earlier(hunter, prey);
    expected.assert_is(&graph);
}

/// Whatever the times, masks are made as if tokens stood in the order of their times.
#[test]
fn masks_do_not_hang_on_the_order_of_tokens() {
    let model = example("lotka_volterra").models.remove(0);
    let structure = Structure::of(&model, GraphRule::Mechanistic);
    let mut random = Random(14);
    for _ in 0..20 {
        let times = times(&mut random, &["t_prey", "t_hunter"], 20, 15.0);
        let graph = graph_at(&model, &structure, &times);
        let absent: Vec<bool> = graph.tokens.iter().map(|_| random.happens(0.3)).collect();
        let given: Vec<bool> = absent.iter().map(|absent| !absent && random.happens(0.5)).collect();
        let order = &graph.order;
        let mut base = crate::Mask::empty(order.len());
        for (row, child) in order.iter().enumerate() {
            let parents = order.iter().enumerate().filter(|(_, parent)| graph.base.get(*child, **parent));
            parents.for_each(|(column, _)| base.set(row, column));
            assert!((row + 1..order.len()).all(|column| !base.get(row, column)), "parents come first");
        }
        let arranged = Graph {
            tokens: order.iter().map(|token| graph.tokens[*token].clone()).collect(),
            base,
            order: (0..order.len()).collect(),
        };
        let placed = |marks: &[bool]| order.iter().map(|token| marks[*token]).collect::<Vec<bool>>();
        let (known, gone) = (placed(&given), placed(&absent));
        let same = |found: &crate::Mask, expected: &crate::Mask| {
            let columns = |row: usize| (0..order.len()).map(move |column| (row, column));
            (0..order.len())
                .flat_map(columns)
                .all(|(row, column)| found.get(order[row], order[column]) == expected.get(row, column))
        };
        assert!(same(&graph.without(&absent), &arranged.without(&gone)));
        for kind in [MaskKind::Undirected, MaskKind::Directed, MaskKind::Faithful, MaskKind::Dense] {
            assert!(
                same(&graph.mask(kind, &given, &absent), &arranged.mask(kind, &known, &gone)),
                "{kind:?}"
            );
        }
    }
}

/// What a dynamics reads of another one, as it runs and at its start.
#[test]
fn dynamics_that_read_another_pass_on_what_that_reads() {
    let body = "param slope ~ normal(0, 1)
         param late ~ normal(0, 1)
         dynamics one over 0 .. 9 by rk4(step = 0.1) {
             init x = late
             x' = slope
         }
         dynamics two over 0 .. 9 by rk4(step = 0.1) {
             init z = one.x(1)
             z' = one.x(t)
         }
         data v ~ normal(two.z(3), 1)
         data w ~ normal(two.z(5), 1)";
    let model = model(body);
    let structure = Structure::of(&model, GraphRule::Mechanistic);
    let (exact, nominal) = (Graph::of(&model), structure.nominal());
    assert_eq!(exact.tokens, nominal.tokens);
    assert_eq!(parents(body, "v"), ["late", "slope"]);
    assert_eq!(parents(body, "w"), ["late", "slope", "v"]);
}
