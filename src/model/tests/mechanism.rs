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
    // What reads the whole path comes last, and nothing stands for that.
    assert_eq!(parents(&body, "peak"), ["drag", "height", "last", "x[1]", "x[2]", "x[3]", "y[1]", "y[2]"]);
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

/// A reading at a time that is drawn comes before nothing, so that the state's own change and start are looked at.
#[test]
fn a_state_that_is_read_at_drawn_times_passes_on_what_it_reads() {
    let body = format!(
        "{FALL} param delay ~ uniform(0, 1)
         data x[t] ~ normal(fall.x(t), blur)
         data v[t] ~ normal(fall.v(t + delay), 1)"
    );
    assert_eq!(parents(&body, "x[1]"), ["blur", "drag", "height"]);
    assert_eq!(parents(&body, "x[2]"), ["blur", "drag", "x[1]"]);
    assert_eq!(parents(&body, "v[1]"), ["delay", "drag"]);
}

/// Nobody knows which of two such readings is earlier, nor whether one of them is later than a third: none stands for the
/// state where another is made.
#[test]
fn readings_at_drawn_times_are_not_behind_each_other() {
    let body = format!(
        "{FALL} param early ~ uniform(0, 4)
         param late ~ uniform(5, 9)
         data a ~ normal(fall.x(late), 1)
         data b ~ normal(fall.x(early), 1)
         data c ~ normal(fall.x(2), 1)"
    );
    assert_eq!(parents(&body, "c"), ["drag", "height"]);
    assert_eq!(parents(&body, "b"), ["drag", "early", "height", "c"]);
    assert_eq!(parents(&body, "a"), ["drag", "height", "b", "c", "late"]);
}

/// What is seen only after all readings of another state is no earlier reading of any.
#[test]
fn a_state_that_is_seen_too_late_passes_on_what_it_reads() {
    let body = format!(
        "{FALL} data x[t] ~ normal(fall.x(t), blur)
         data v ~ normal(fall.v(8), 1)"
    );
    assert_eq!(parents(&body, "x[2]"), ["blur", "drag", "x[1]"]);
    assert_eq!(parents(&body, "v"), ["drag"]);
    // Seen between the readings it stands for the state.
    let body = body.replace("v(8)", "v(2.5)");
    assert_eq!(parents(&body, "x[2]"), ["blur", "x[1]"]);
    assert_eq!(parents(&body, "x[3]"), ["blur", "v", "x[2]"]);
}

#[test]
fn what_is_passed_on_may_pass_on_itself() {
    let chain = |v: &str, a: &str| {
        format!(
            "axis t : time(grid(from = 1, to = 3, step = 1))
             param jerk ~ uniform(0, 1)
             param push ~ uniform(0, 1)
             param delay ~ uniform(0, 1)
             dynamics car over 0 .. 9 by rk4(step = 0.1) {{
                 init x = 0
                 init v = 0
                 init a = push
                 x' = v
                 v' = a
                 a' = jerk
             }}
             data x[t] ~ normal(car.x(t), 1)
             data v ~ normal(car.v({v}), 1)
             data a ~ normal(car.a({a}), 1)"
        )
    };
    assert_eq!(parents(&chain("delay", "8"), "x[1]"), ["jerk", "push"]);
    assert_eq!(parents(&chain("delay", "8"), "x[2]"), ["jerk", "push", "x[1]"]);
    assert_eq!(parents(&chain("8", "1.5"), "x[2]"), ["a", "x[1]"]);
    assert_eq!(parents(&chain("1.5", "8"), "x[2]"), ["v", "x[1]"]);
}

/// A noise that moves one state, and another by way of a third, read as these data do.
fn of_one_noise(data: &str) -> String {
    format!(
        "axis t : time(grid(from = 1, to = 2, step = 1))
         dynamics d over 0 .. 9 by euler_maruyama(step = 0.1) {{
             noise w
             init x = 0
             init y = 0
             init z = 0
             x' = y
             y' = w
             z' = w
         }}
         {data}"
    )
}

/// A noise of what is passed on is one of what it is passed on to.
#[test]
fn noises_are_passed_on() {
    let body = of_one_noise(
        "param delay ~ uniform(0, 1)
         data x[t] ~ normal(d.x(t), 1)
         data y ~ normal(d.y(delay), 1)
         data z[t] ~ normal(d.z(t), 1)",
    );
    assert_eq!(parents(&body, "z[1]"), ["x[1]"]);
    assert_eq!(parents(&body, "x[2]"), ["x[1]", "z[1]"]);
    assert_eq!(parents(&body, "z[2]"), ["x[1]", "x[2]", "z[1]"]);
}

#[test]
fn a_function_that_is_seen_too_late_is_looked_at_whole() {
    let body = |from: &str| {
        format!(
            "axis knot : time(grid(from = {from}, to = 9, step = 1))
             param height ~ half_normal(1)
             param f(s) ~ gaussian_process(mean = 0, kernel = rbf(length = 1, scale = height)) at knot
             dynamics d over 0 .. 9 by rk4(step = 0.1) {{
                 init x = 0
                 x' = f(t)
             }}
             data a ~ normal(d.x(2), 1)
             data b ~ normal(d.x(4), 1)"
        )
    };
    assert_eq!(parents(&body("8"), "a"), ["height", "f[1]", "f[2]"]);
    assert_eq!(parents(&body("8"), "b"), ["height", "f[1]", "f[2]", "a"]);
    // Where one is seen in time it is as published.
    assert_eq!(parents(&body("3"), "a"), [""; 0]);
    assert_eq!(parents(&body("3"), "b"), ["f[1]", "f[2]", "a"]);
}

/// A function of time that is nowhere seen is what it is drawn from.
#[test]
fn a_function_that_is_not_seen_passes_on_what_it_reads() {
    let body = "param height ~ half_normal(1)
         latent f(s) ~ gaussian_process(mean = 0, kernel = rbf(length = 1, scale = height))
         dynamics d over 0 .. 9 by rk4(step = 0.1) {
             init x = 0
             x' = f(t)
         }
         data a ~ normal(d.x(2), 1)
         data b ~ normal(d.x(4), 1)";
    assert_eq!(parents(body, "a"), ["height"]);
    assert_eq!(parents(body, "b"), ["height", "a"]);
}

/// Times are compared in one unit, whatever those of axes and of dynamics are.
#[test]
fn times_in_different_units_are_compared() {
    let body = "axis m : time(scattered(n = 2, over = 1000 ms .. 3000 ms))
         axis s : time(scattered(n = 2, over = 1 s .. 5 s))
         param pull : m/s^2 ~ uniform(0, 1)
         param height : m ~ uniform(0, 1)
         dynamics fall over 0 s .. 9 s by rk4(step = 0.1 s) {
             init v : m/s = 0
             init x : m = height
             v' = pull
             x' = -v
         }
         dynamics clock over 0 ms .. 9000 ms by rk4(step = 100 ms) {
             init turned : 1 = 0
             turned' = 0.001 / 1 ms * (fall.v(t) / 1 m * 1 s)
         }
         data x[m] : m ~ normal(fall.x(m), 1)
         data v[s] : m/s ~ normal(fall.v(s + 100 ms), 1)
         data turned : 1 ~ normal(clock.turned(4000 ms), 1)";
    // x at 1.5 s and 2.5 s, v at 2.1 s and 4.1 s, the clock at 4 s.
    assert_eq!(parents(body, "v[1]"), ["pull"]);
    assert_eq!(parents(body, "x[1]"), ["height"]);
    assert_eq!(parents(body, "x[2]"), ["v[1]", "x[1]"]);
    assert_eq!(parents(body, "v[2]"), ["pull", "v[1]"]);
    assert_eq!(parents(body, "turned"), ["v[1]"]);
}

/// A rise is read at its end, and what has a name is read at what that stands for.
#[test]
fn times_by_other_names_are_dated() {
    let body = "axis t : time(scattered(n = 3, over = 0 .. 9))
         param rate ~ uniform(0, 1)
         param start ~ uniform(0, 1)
         let late[t] = 0.5 * (t - 1) + 0.5
         dynamics d over 0 .. 9 by rk4(step = 0.1) {
             init x = start
             x' = rate
         }
         data rise[t] ~ normal(gained(d.x, t), 1)
         data x[t] ~ normal(d.x(late[t]), 1)";
    // Rises at 1.5, 4.5 and 7.5; x at 0.75, 2.25 and 3.75.
    assert_eq!(parents(body, "x[1]"), ["rate", "start"]);
    assert_eq!(parents(body, "rise[1]"), ["rate", "x[1]"]);
    assert_eq!(parents(body, "x[3]"), ["rate", "x[2]"]);
    assert_eq!(parents(body, "rise[2]"), ["rate", "x[3]"]);
}

/// What reads a whole path shares the noise of all that the path hangs on.
#[test]
fn whole_paths_share_noises_through_what_is_seen() {
    let body = of_one_noise(
        "data a[t] ~ normal(d.x(t) + d.y(t), 1)
         data peaks ~ normal(crossings(d.x, 1), 1)
         data rises ~ normal(crossings(d.z, 1), 1)",
    );
    assert_eq!(parents(&body, "peaks"), ["a[1]", "a[2]"]);
    assert_eq!(parents(&body, "rises"), ["a[1]", "a[2]", "peaks"]);
}
