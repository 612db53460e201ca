//! Units in whole models: what hashes alike, what is converted, and that no conversion changes a result.

use super::{Files, Random, model, show, sound};
use crate::values::{binary, unary};
use crate::{Definition, Expr, ExprId, Index, Key, Model, State, compile};

fn key(body: &str) -> Key {
    Key::simulations(&model(body), 1)
}

#[test]
fn one_quantity_in_two_units_is_one_model() {
    let body = |number: &str, unit: &str| {
        format!(
            "axis t : time(grid(from = 0 ms, to = 20 ms, step = 1 ms))
            param rest : mV ~ normal(-65, 5)
            let slow = {number}
            let slope : {unit} = 2
            dynamics cell over 0 ms .. 20 ms by rk4(step = 0.5 ms) {{
                init v : mV = rest
                v' = (rest - v) / {number} - slope * v * exp(-{number} / slow)
            }}
            data seen[t] : mV ~ normal(cell.v({number}), sd = 1 mV)
            data root : sqrt(ms) = sqrt({number})"
        )
    };
    let plain = key(&body("5 ms", "1/ms"));
    assert_eq!(key(&body("0.005 s", "1/ms")), plain);
    assert_eq!(key(&body("5000 us", "1/ms")), plain);
    assert_ne!(key(&body("6 ms", "1/ms")), plain);
    assert_ne!(key(&body("5.000000000000001 ms", "1/ms")), plain);
    // The same number in another unit is another model.
    assert_ne!(key(&body("5 ms", "1/s")), plain);
}

#[test]
fn a_changed_unit_is_another_model_and_another_name_of_it_is_not() {
    let text = |unit: &str, definition: &str| {
        format!(
            "edition 2026\n{definition}model m {{\nparam g : {unit} ~ uniform(60, 120)\ndata seen : {unit} ~ normal(g, 1)\n}}\n"
        )
    };
    let key = |text: String| Key::simulations(&sound(&text).models.remove(0), 1);
    let plain = key(text("mS/cm^2", ""));
    assert_eq!(key(text("conductance", "unit conductance = mS/cm^2\n")), plain);
    assert_eq!(key(text("uA/mV/cm^2", "")), plain);
    assert_eq!(key(text("conductance", "unit conductance = 10 S/m^2\n")), plain);
    assert_ne!(key(text("S/cm^2", "")), plain);
    assert_ne!(key(text("mV/cm^2", "")), plain);
}

/// Axes whose times can be compared, and by which factor, whatever their units are called.
#[test]
fn axes_in_units_of_one_kind_are_compared() {
    let model = model(
        "axis a : time(scattered(n = 2, over = 0 s .. 3 s))
         axis b : time(scattered(n = 2, over = 0 seconds .. 5 seconds))
         axis c : time(scattered(n = 2, over = 0 ms .. 100 ms))
         axis d : grid(from = 0 m, to = 3 m, step = 1 m)
         axis e : time(scattered(n = 2, over = 0 .. 4))
         axis f : index(3)
         axis g : time(scattered(n = 2, over = 0 min .. 2 min))
         param x ~ normal(0, 1)
         data y[a] ~ normal(x, 1)",
    );
    let axis = |name: &str| model.axes.iter().find(|axis| axis.name == name).unwrap();
    let factor = |from: &str, to: &str| axis(from).factor_to(axis(to));
    assert_eq!([factor("a", "b"), factor("b", "a"), factor("e", "f")], [Some(1.0); 3]);
    assert_eq!([factor("a", "c"), factor("c", "b")], [Some(1000.0), Some(0.001)]);
    assert_eq!(factor("g", "c"), Some(60_000.0));
    assert_eq!([factor("a", "d"), factor("a", "e"), factor("f", "c")], [None; 3]);
}

#[test]
fn given_values_and_places_are_in_the_units_of_the_model() {
    let mut files = Files::default();
    files.0.insert("v.csv", b"v,time\n-0.06,1\n-0.0585,2\n".to_vec());
    let text = "edition 2026
model m {
    axis t : time(scattered(n = 3, over = 0 ms .. 100 ms))
    axis i : set(size = 2)
    param rest : mV ~ normal(-65, 5)
    param tau : ms ~ uniform(0, 1000)
    param share ~ uniform(0, 1)
    param sat : percent ~ uniform(80, 100)
    data v[i] : mV ~ normal(rest, 1)
    data w[t] : mV ~ normal(rest, 1)
}
query q {
    at t = [0.002 s, 5 ms, 7]
    given tau = 0.2 s
    given share = 3 percent
    given sat = 95%
    given w = [-60, -0.06 V, -61 mV]
    given v from \"v.csv\" (unit = \"V\")
    infer rest
}
";
    let checked = compile(text, &files);
    assert_eq!(show(text, &checked), "");
    let file = checked.file.unwrap();
    let given: Vec<f64> = file.queries[0]
        .states
        .iter()
        .filter_map(|state| if let State::Given(value) = state { Some(*value) } else { None })
        .collect();
    for value in [200.0, 0.03, 95.0, -60.0, -61.0, -58.5] {
        assert!(given.contains(&value), "{value} in {given:?}");
    }
    let placed: Vec<f64> = file.queries[0].placed.iter().flat_map(|placed| placed.at.clone()).collect();
    assert_eq!(placed, [2.0, 5.0, 7.0]);
}

#[test]
fn what_has_no_unit_written_is_shown_in_that_of_its_value() {
    let model = model(
        "param rest : mV ~ normal(-65, 5)
        param tau ~ uniform(5 ms, 0.01 s)
        data slope = rest / tau
        data angle = atan(rest / 1 mV)
        data ratio = rest / 1 V
        param saturation : percent ~ uniform(80, 100)
        param turned : deg ~ normal(0, 10)
        data seen = saturation
        data shifted = turned + 1 rad
        data drawn ~ normal(turned, sd = 5 deg)
        data free = 1 - saturation
        data both = saturation * saturation
        data grown = saturation / 1 s * 2 ms",
    );
    let unit = |name: &str| model.nodes.iter().find(|node| node.name == name).unwrap().unit.clone();
    assert_eq!(unit("tau").as_deref(), Some("ms"));
    assert_eq!(unit("slope").as_deref(), Some("mV/ms"));
    assert_eq!((unit("angle"), unit("ratio")), (None, None));
    assert_eq!((unit("free"), unit("both")), (None, None));
    for (name, own) in [("seen", "percent"), ("grown", "percent"), ("shifted", "deg"), ("drawn", "deg")] {
        assert_eq!(unit(name).as_deref(), Some(own), "{name}");
    }
}

/// Numbers beside percent and degrees mean the same wherever they may stand.
#[test]
fn a_bare_number_beside_a_share_is_in_its_unit_where_that_is_declared() {
    let body = |low: &str, mean: &str, late: &str| {
        format!(
            "param saturation : percent ~ uniform(80, 100)
            param angle : deg ~ von_mises(mean = {mean}, concentration = 2)
            fn is_late(x : percent) = if x > {late} then 1 else 0
            data low ~ bernoulli(if saturation < {low} and angle > 45 then 0.9 else 0.1)
            data late = is_late(saturation - 1 percent)"
        )
    };
    let plain = key(&body("90", "90", "85"));
    assert_eq!(key(&body("90 percent", "90 deg", "85 percent")), plain);
    assert_eq!(key(&body("90%", "90 deg", "85%")), plain);
    assert_ne!(key(&body("0.9", "90", "85")), plain);
}

/// What is no slip is not told: fractions and shares, angles and radians, each where it may stand.
#[test]
fn shares_and_angles_stand_beside_pure_numbers() {
    sound(
        "edition 2026
model many {
    axis k : index(3)
    axis t : time(grid(from = 0 day, to = 10 day, step = 1 day))
    const theta[k] : deg = [0, 45, 90]
    const alpha = 0.05
    const phases[k] = [0, pi / 4, pi / 2]
    const log2 = 0.693
    param pref : deg ~ uniform(0, 180)
    param width : deg ~ uniform(10, 40)
    param slope : 1/deg ~ half_normal(0.1)
    param kappa ~ half_normal(1)
    param sat : percent ~ uniform(80, 100)
    param share[k] : percent ~ uniform(1, 30)
    param decay : percent/day ~ uniform(1, 10)
    param frac ~ beta(2, 2)
    param rmax : Hz ~ lognormal(median = 30, spread = 0.4)
    param turned : rad ~ uniform(-1, 1)
    param phase : turn ~ uniform(0, 1)
    param conc : uM ~ lognormal(median = 1, spread = 1)
    param ec : uM ~ lognormal(median = 1, spread = 1)
    let total = sum over k (share[k])
    let far[k] = abs(theta[k] - pref) < 30 deg
    data a[k] : Hz ~ normal(rmax * exp(-((theta[k] - pref) / width)^2 / 2), sd = 2)
    data b[k] : Hz ~ normal(rmax * exp(kappa * (cos(2 * (theta[k] - pref)) - 1)), sd = 2)
    data c[k] : Hz ~ normal(rmax * (0.5 + 0.5 * cos(theta[k] - phases[k])), sd = 2)
    data d : deg ~ normal(sqrt(mean over k ((theta[k] - pref)^2)), sd = 1)
    data e ~ bernoulli(1 - sat)
    data f ~ bernoulli(min(sat, 100 percent))
    data g[t] ~ lognormal(median = 10 * exp(-decay * t), spread = 0.1)
    data h[t] ~ lognormal(median = 10 * (1 - decay * 1 day)^(t / 1 day), spread = 0.1)
    data i : percent ~ normal(100 percent - sat, var = 4)
    data j : percent = if sat < 90 then 50 else sat
    data l ~ bernoulli(if frac < alpha then 0.9 else alpha)
    data m ~ bernoulli(logistic(slope * (pref - 90 deg)))
    data n = frac - sat
    data o : percent = frac
    data p = cos(pref + pi / 2) + sin(turned) + cos(2 * phase) + cos(phase / 2)
    data q = log(conc / ec) - log(frac)
    data r = total
    data s : percent = sat / 2 + 10 percent
    data u = count over k (far[k])
    data v : deg ~ von_mises(mean = pref, concentration = kappa)
    data w ~ poisson(100 * sat)
    data x : 1/h = log2 / 3 h
    data y = mod(pref, 90 deg)
    data z : percent ~ normal(2 * sat, sd = 5%)
}
query q {
    given d = 30
    where sat > 85 and pref < 90
    where sat in 85 .. 99%
    infer params
}
",
    );
}

/// A model in which nothing is written with a unit uses one of the library that has some.
#[test]
fn a_model_without_units_is_not_bothered() {
    sound(
        "edition 2026
use std::decision::ddm
use std::epidemic::sir
model m {
    param drift ~ uniform(0, 2)
    param onset ~ uniform(0.1, 1)
    latent run ~ ddm(drift, 1.5, 0.5, onset, step = 0.005)
    latent ill ~ sir(drift, 0.1, 0.01, at = 14)
    data rt ~ normal(exp(run.rt) + drift, 0.1)
    data share = ill.i * run.rt
}
query q {
    given rt = 0.7
    where drift > 0.5
    infer drift
}
",
    );
}

/// A function of time that is passed, or named, in another unit is read in that unit.
#[test]
fn functions_of_time_are_read_in_the_unit_in_which_they_are_declared() {
    let body = |count: &str, reading: &str| {
        format!(
            "param tau : ms ~ uniform(5, 10)
            fn spikes(v : V) = crossings(v, level = 0.02)
            fn at(v : V) : V = v(5 ms) + 0.02 V
            dynamics cell over 0 ms .. 20 ms by rk4(step = 0.5 ms) {{
                init v : mV = -65
                v' = -v / tau
            }}
            let seen : V = cell.v
            data n = {count}
            data y : mV = {reading}"
        )
    };
    let plain = key(&body("crossings(cell.v, level = 20)", "cell.v(5 ms) / 1000 * 1000"));
    let passed = model(&body("spikes(cell.v)", "1000 * at(cell.v) / 1000"));
    let named = model(&body("crossings(seen, level = 0.02)", "cell.v(5 ms)"));
    let level = |model: &Model| {
        let levels = model.exprs.iter().filter_map(|expr| match expr {
            Expr::Crossings(_, level) => Some(value(model, *level)),
            _ => None,
        });
        levels.collect::<Vec<f64>>()
    };
    assert_eq!((level(&passed), level(&named)), (vec![20.0], vec![20.0]));
    assert_eq!(key(&body("spikes(cell.v)", "cell.v(5 ms) / 1000 * 1000")), plain);
    let unit = |model: &Model| {
        let y = model.nodes.iter().find(|node| node.name == "y").unwrap();
        let Definition::Equals(expr) = y.definition else { panic!("it is computed") };
        // The curve is in millivolts: read in volts, it is divided by a thousand, and multiplied again.
        format!("{:?}", model.expr(expr))
    };
    assert_ne!(unit(&passed), unit(&named));
}

/// The value of an expression that reads constants alone.
fn value(model: &Model, id: ExprId) -> f64 {
    let at = |id: &ExprId| value(model, *id);
    match model.expr(id) {
        Expr::Number(number) => *number,
        Expr::Element { node, index } => {
            assert_eq!(index, &Vec::<Index>::new());
            let Definition::Equals(expr) = model.node(*node).definition else { panic!("a constant") };
            value(model, expr)
        }
        Expr::Unary(function, x) => unary(*function, at(x)),
        Expr::Binary(function, x, y) => binary(*function, at(x), at(y)),
        Expr::Select { condition, yes, no } => {
            if at(condition) == 0.0 {
                at(no)
            } else {
                at(yes)
            }
        }
        other => panic!("{other:?}"),
    }
}

/// Units of voltage and of time, with their sizes in volts and in seconds.
const VOLTAGES: [(&str, f64); 4] = [("V", 1.0), ("mV", 1e-3), ("uV", 1e-6), ("kV", 1e3)];
const TIMES: [(&str, f64); 5] = [("s", 1.0), ("ms", 1e-3), ("min", 60.0), ("us", 1e-6), ("h", 3600.0)];

/// Twice the powers of volt and second: halves are whole here.
type Powers = (i32, i32);

/// A random expression, what it is in volts and seconds, and how large what was added up for it was.
struct Typed {
    text: String,
    value: f64,
    /// What a relative error of one in the numbers below could make of it.
    size: f64,
}

struct Maker {
    random: Random,
    constants: String,
    made: usize,
}

impl Maker {
    fn power(name: &str, twice: i32) -> Option<String> {
        match twice {
            0 => None,
            1 => Some(format!("sqrt({name})")),
            2 => Some(name.to_owned()),
            even if even % 2 == 0 => Some(format!("{name}^{}", even / 2)),
            odd => Some(format!("{name}^({odd}/2)")),
        }
    }

    /// A unit of these powers as it is written behind a colon, and its size.
    fn unit(&mut self, (volts, seconds): Powers) -> (String, f64) {
        let (v, v_size) = VOLTAGES[self.random.below(VOLTAGES.len())];
        let (s, s_size) = TIMES[self.random.below(TIMES.len())];
        let parts: Vec<String> =
            [Self::power(v, volts), Self::power(s, seconds)].into_iter().flatten().collect();
        let size = v_size.powf(f64::from(volts) / 2.0) * s_size.powf(f64::from(seconds) / 2.0);
        let text = if parts.is_empty() { "1".to_owned() } else { parts.join("*") };
        (text, size)
    }

    fn number(&mut self) -> f64 {
        ((0.2 + 3.0 * self.random.unit()) * 1e4).round() / 1e4
    }

    fn leaf(&mut self, powers: Powers) -> Typed {
        let number = self.number();
        let (unit, size) = self.unit(powers);
        let single = match powers {
            (0, 0) => Some(String::new()),
            (volts, 0) if volts % 2 == 0 => Some(unit.clone()),
            (0, seconds) if seconds % 2 == 0 => Some(unit.clone()),
            _ => None,
        };
        let value = number * size;
        let text = match single.filter(|_| self.random.happens(0.5)) {
            Some(unit) if unit.is_empty() => number.to_string(),
            Some(unit) => format!("{number} {unit}"),
            None => {
                self.made += 1;
                let name = format!("c{}", self.made);
                let declared =
                    match self.random.happens(0.7) || !unit.chars().all(char::is_alphanumeric) || unit == "1"
                    {
                        true => format!("const {name} : {unit} = {number}\n"),
                        false => format!("let {name} = {number} {unit}\n"),
                    };
                self.constants += &declared;
                name
            }
        };
        Typed { text, value, size: value.abs() }
    }

    fn expr(&mut self, powers: Powers, depth: usize) -> Typed {
        let (volts, seconds) = powers;
        if depth == 0 {
            return self.leaf(powers);
        }
        let other = (self.random.below(5) as i32 - 2, self.random.below(5) as i32 - 2);
        match self.random.below(11) {
            0 | 1 => {
                let (a, b) = (self.expr(powers, depth - 1), self.expr(powers, depth - 1));
                let add = self.random.happens(0.5);
                let value = if add { a.value + b.value } else { a.value - b.value };
                Typed {
                    text: format!("({} {} {})", a.text, if add { '+' } else { '-' }, b.text),
                    value,
                    size: a.size + b.size,
                }
            }
            2 | 3 => {
                let rest = (volts - other.0, seconds - other.1);
                let (a, b) = (self.expr(other, depth - 1), self.expr(rest, depth - 1));
                Typed {
                    text: format!("({}) * ({})", a.text, b.text),
                    value: a.value * b.value,
                    size: a.size * b.size,
                }
            }
            4 | 5 => {
                let rest = (volts + other.0, seconds + other.1);
                let (a, b) = (self.expr(rest, depth - 1), self.leaf(other));
                Typed {
                    text: format!("({}) / ({})", a.text, b.text),
                    value: a.value / b.value,
                    size: a.size / b.value.abs(),
                }
            }
            6 => {
                let (a, b) = (self.expr(powers, depth - 1), self.expr(powers, depth - 1));
                Typed {
                    text: format!("max({}, {})", a.text, b.text),
                    value: a.value.max(b.value),
                    size: a.size.max(b.size),
                }
            }
            7 => {
                let a = self.leaf((2 * volts, 2 * seconds));
                Typed { text: format!("sqrt({})", a.text), value: a.value.sqrt(), size: a.value.sqrt() }
            }
            8 if volts % 2 == 0 && seconds % 2 == 0 => {
                let a = self.expr((volts / 2, seconds / 2), depth - 1);
                Typed { text: format!("({})^2", a.text), value: a.value * a.value, size: a.size * a.size }
            }
            9 => {
                // Far from each other, so that no rounding turns the comparison round.
                let (a, b) = (self.leaf(other), self.leaf(other));
                let (yes, no) = (self.expr(powers, depth - 1), self.expr(powers, depth - 1));
                let (value, size) =
                    if a.value < 1e9 * b.value { (yes.value, yes.size) } else { (no.value, no.size) };
                Typed {
                    text: format!("(if {} < 1e9 * {} then {} else {})", a.text, b.text, yes.text, no.text),
                    value,
                    size,
                }
            }
            _ => {
                let (a, b, c) = (self.leaf(other), self.leaf(other), self.expr(powers, depth - 1));
                let bent = (a.value / b.value).tanh();
                Typed {
                    text: format!("tanh({} / {}) * ({})", a.text, b.text, c.text),
                    value: bent * c.value,
                    size: bent.abs() * c.size,
                }
            }
        }
    }
}

/// 600 expressions of up to four levels, each asked for in two units.
#[test]
fn no_conversion_changes_a_result_by_more_than_rounding() {
    for seed in 0..600 {
        let mut maker = Maker { random: Random(seed), constants: String::new(), made: 0 };
        let powers = (maker.random.below(5) as i32 - 2, maker.random.below(5) as i32 - 2);
        let depth = 1 + maker.random.below(4);
        let typed = maker.expr(powers, depth);
        let units = [maker.unit(powers), maker.unit(powers)];
        let asked = units.iter().enumerate();
        let asked: Vec<String> =
            asked.map(|(place, (unit, _))| format!("data y{place} : {unit} = {}", typed.text)).collect();
        // What stands alone takes the unit of its place, which is another question.
        if typed.text.parse::<f64>().is_ok() {
            continue;
        }
        let text = format!(
            "edition 2026\nmodel m {{\nconst one : s = 1\n{}{}\n}}\n",
            maker.constants,
            asked.join("\n")
        );
        let checked = compile(&text, &());
        let told = show(&text, &checked);
        let Some(file) = checked.file else { panic!("{seed}: {told}\n{text}") };
        let model = &file.models[0];
        for (place, (unit, size)) in units.iter().enumerate() {
            let node = model.nodes.iter().find(|node| node.name == format!("y{place}")).unwrap();
            let Definition::Equals(expr) = node.definition else { panic!("it is computed") };
            let found = value(model, expr) * size;
            // Each of the operations rounds, here and there: some tens of them at four levels.
            let allowed = 1e-13 * typed.size;
            assert!(
                (found - typed.value).abs() <= allowed,
                "{seed}: {found} for {} in {unit}\n{text}",
                typed.value
            );
        }
    }
}
