//! Keys: blind to what cannot change a result, and to nothing else.

use super::{Files, show, sound};
use crate::{File, Key, compile};

pub(super) const SPEC: &str = "edition 2026
const scale = 2
fn twice(x) = x * scale
model m {
    axis i : index(3)
    axis j : index(3)
    param theta[i] ~ normal(0, 1)
    latent blur ~ uniform(0, 1)
    let m[i] = twice(theta[i]) + max over j (sum over k (j / k))
    axis k : index(3)
    data x[i] ~ normal(mean = m[i] + m[1], sd = 1 + blur)
}
approximator a {
    joint with diffusion_transformer(width = 32, heads = 2)
}
train a {
    simulations 1000
}
query q {
    given x = [1, 2, 3]
    infer params
}
";

/// How times in different units compare belongs to the weights; what units are called does not.
#[test]
fn units_of_times_belong_to_the_weights() {
    let spec = "edition 2026
model m {
    axis t : time(scattered(n = 3, over = 0 s .. 60 s))
    axis u : time(scattered(n = 3, over = 0 s .. 60 s))
    param a ~ normal(0, 1)
    data x[t] ~ normal(a, 1)
    data y[u] ~ normal(a, 1)
}
approximator a {
    joint with diffusion_transformer()
}
query q {
    at t = [1 s]
    at u = [2 s]
    given x = [1]
    given y = [1]
    infer a
}
";
    let named = [("0 s .. 60 s", "0 seconds .. 60 seconds")];
    assert_eq!(kept_of(spec, &named), 3);
    let slower = [
        ("u : time(scattered(n = 3, over = 0 s .. 60 s))", "u : time(scattered(n = 3, over = 0 h .. 60 h))"),
        ("at u = [2 s]", "at u = [2 h]"),
    ];
    assert_eq!(kept_of(spec, &slower), 1);
}

/// The simulations', the weights' and the draws' keys of a file's first query.
fn keys(file: &File) -> [Key; 3] {
    let (model, approximator) = (&file.models[0], &file.approximators[0]);
    let weights = Key::weights(model, approximator, "f32", "cpu");
    let seed = approximator.train.seed;
    [Key::simulations(model, seed), weights, Key::draws(weights, model, &file.queries[0], seed)]
}

/// How many of the three keys stay when each text is replaced by the next: an edit leaves those before its stage.
#[track_caller]
fn kept(edits: &[(&str, &str)]) -> usize {
    let mut text = SPEC.to_owned();
    let before = keys(&sound(&text));
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let after = keys(&sound(&text));
    let same = before.iter().zip(&after).filter(|(before, after)| before == after).count();
    assert!(
        before.iter().zip(&after).take(same).all(|(before, after)| before == after),
        "keys build on each other"
    );
    same
}

#[test]
fn what_cannot_change_a_result_changes_no_key() {
    assert_eq!(kept(&[]), 3);
    assert_eq!(kept(&[("model m {", "// a comment\n/// and a doc comment\nmodel other {")]), 3);
    // Axes, lets, functions, their arguments and constants under other names.
    assert_eq!(kept(&[("axis i", "axis place"), ("[i]", "[place]")]), 3);
    assert_eq!(
        kept(&[("axis j", "axis z"), ("over j (sum over k (j / k))", "over z (sum over k (z / k))")]),
        3
    );
    assert_eq!(kept(&[("let m[", "let mu["), ("m[i] +", "mu[i] +"), ("m[1]", "mu[1]")]), 3);
    assert_eq!(
        kept(&[("twice(x) = x * scale", "double(y) = y * scale"), ("twice(theta", "double(theta")]),
        3
    );
    assert_eq!(kept(&[("scale", "size")]), 3);
    // A function or a let written out, and one that nothing reads.
    assert_eq!(kept(&[("twice(theta[i])", "theta[i] * 2")]), 3);
    assert_eq!(kept(&[("latent blur", "let idle = theta[1]\nlatent blur")]), 3);
    // Another order of statements.
    let (blur, axis) = ("    latent blur ~ uniform(0, 1)\n", "    axis k : index(3)\n");
    assert_eq!(kept(&[(blur, ""), (axis, ""), ("model m {\n", &format!("model m {{\n{axis}{blur}"))]), 3);
    // Another way to say the same.
    assert_eq!(kept(&[("normal(0, 1)", "normal(sd = 1, mean = 0)")]), 3);
}

#[test]
fn what_changes_simulations_changes_every_key() {
    assert_eq!(kept(&[("blur", "haze")]), 0);
    assert_eq!(kept(&[("theta", "phi")]), 0);
    assert_eq!(kept(&[("normal(0, 1)", "normal(0, 2)")]), 0);
    assert_eq!(kept(&[("normal(0, 1)", "normal(0, 1.0000000000000002)")]), 0);
    assert_eq!(kept(&[("const scale = 2", "const scale = 3")]), 0);
    assert_eq!(kept(&[("m[1]", "m[2]")]), 0);
    assert_eq!(kept(&[("param theta", "data theta"), ("infer params", "infer theta")]), 0);
    assert_eq!(kept(&[("simulations 1000", "simulations 1000\nseed 2")]), 0);
    // Which of two reductions binds an axis is seen, though sizes and names do not tell them apart.
    assert_eq!(kept(&[("j / k", "k / j")]), 0);
    assert_eq!(kept(&[("max over j", "min over j")]), 0);
}

#[test]
fn what_changes_training_keeps_the_simulations() {
    assert_eq!(kept(&[("width = 32", "width = 64")]), 1);
    assert_eq!(kept(&[("width = 32, ", "")]), 1);
    assert_eq!(kept(&[("heads = 2", "heads = 2, mask = dense")]), 1);
    assert_eq!(kept(&[("heads = 2", "heads = 2, noise = ve")]), 1);
    assert_eq!(kept(&[("simulations 1000", "simulations 2000")]), 1);
    assert_eq!(kept(&[("simulations 1000", "simulations 1000\nsteps 50")]), 1);
    assert_eq!(kept(&[("approximator a", "approximator b"), ("train a", "train b")]), 1);
    assert_eq!(kept(&[("axis k", "depends x from theta\n    axis k")]), 1);
}

#[test]
fn what_changes_a_question_keeps_the_weights() {
    assert_eq!(kept(&[("[1, 2, 3]", "[1, 2, 4]")]), 2);
    assert_eq!(kept(&[("infer params", "infer theta[1]")]), 2);
    assert_eq!(kept(&[("infer params", "infer params\n draws 10")]), 2);
    assert_eq!(kept(&[("query q", "query p")]), 2);
}

const FUSED: &str = "edition 2026
model base {
    axis i : index(2)
    param theta[i] ~ normal(0, 1)
    data x[i] ~ normal(theta[i], 1)
}
model m extends base {
    axis i : index(3)
    axis k : index(2)
    data y[k] ~ normal(theta[1] * k, 1)
}
approximator a for m {
    encode scalars with mlp(width = 32)
    fuse scalars
    posterior with flow(couplings = 6)
}
train a {
    simulations 1000
}
query q of a {
    given x = [1, 2, 3]
    given y = [1, 2]
    where theta[1] in 0 .. 1
    where sum over k (theta[1] * k) > 0
    infer params
}
";

/// How many of the three keys of a spec's first query stay under edits.
#[track_caller]
fn kept_of(spec: &str, edits: &[(&str, &str)]) -> usize {
    let mut text = spec.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let keys = |text: &str| {
        let file = sound(text);
        let approximator = &file.approximators[file.queries[0].approximator];
        let model = &file.models[approximator.model];
        let weights = Key::weights(model, approximator, "f32", "cpu");
        [Key::simulations(model, 1), weights, Key::draws(weights, model, &file.queries[0], 1)]
    };
    keys(spec).iter().zip(keys(&text)).filter(|(before, after)| **before == *after).count()
}

#[test]
fn flows_encoders_and_fusions_belong_to_the_weights() {
    let kept = |edits: &[(&str, &str)]| kept_of(FUSED, edits);
    assert_eq!(kept(&[]), 3);
    assert_eq!(kept(&[("axis i", "axis j"), ("[i]", "[j]")]), 3);
    assert_eq!(kept(&[("couplings = 6", "couplings = 5")]), 1);
    assert_eq!(kept(&[("couplings = 6", "couplings = 6, coupling = spline")]), 1);
    assert_eq!(kept(&[("couplings = 6", "couplings = 6, width = 64")]), 1);
    assert_eq!(kept(&[("width = 32", "width = 64")]), 1);
    assert_eq!(kept(&[("width = 32", "layers = 2")]), 1);
    let joint = ("posterior with flow(couplings = 6)", "joint with diffusion_transformer()");
    assert_eq!(kept(&[joint, ("    fuse scalars\n", "")]), 1);
    assert_eq!(kept(&[("simulations 1000", "simulations online")]), 1);
    // The one modality is what is fused where nothing is.
    assert_eq!(kept(&[("    fuse scalars\n", "")]), 3);
    // What is taken over may be written out, and what has another's place is as if it had stood there.
    let whole = "model m {\n    param theta[i] ~ normal(0, 1)\n    data x[i] ~ normal(theta[i], 1)";
    assert_eq!(kept(&[("model m extends base {", whole)]), 3);
    let heir = "approximator b for m {
    fuse scalars
    encode scalars with mlp(width = 8)
    posterior with flow(couplings = 6)
}
approximator a extends b {";
    let own = "    fuse scalars\n    posterior with flow(couplings = 6)\n}\ntrain";
    assert_eq!(kept(&[(own, "}\ntrain"), ("approximator a for m {", heir)]), 3);
}

#[test]
fn the_pattern_in_focus_belongs_to_the_weights_and_its_values_do_not() {
    let focus = ("simulations 1000", "simulations 1000\n    focus q");
    assert_eq!(kept_of(FUSED, &[focus]), 1);
    let focused = FUSED
        .replace(focus.0, focus.1)
        .replace("posterior with flow(couplings = 6)", "joint with diffusion_transformer()");
    let focused =
        focused.replace("    fuse scalars\n", "").replace("    encode scalars with mlp(width = 32)\n", "");
    assert_eq!(kept_of(&focused, &[("[1, 2, 3]", "[1, 2, 4]")]), 2);
    assert_eq!(kept_of(&focused, &[("    given y = [1, 2]\n", "")]), 1);
}

#[test]
fn conditions_belong_to_the_draws() {
    let kept = |edits: &[(&str, &str)]| kept_of(FUSED, edits);
    assert_eq!(kept(&[("in 0 .. 1", "in 0 .. 2")]), 2);
    assert_eq!(kept(&[("theta[1] in", "theta[2] in")]), 2);
    assert_eq!(kept(&[("    where theta[1] in 0 .. 1\n", "")]), 2);
    // All of them hold: which is first says nothing, and neither do names of axes and lets.
    let (one, two) = ("    where theta[1] in 0 .. 1\n", "    where sum over k (theta[1] * k) > 0\n");
    assert_eq!(kept(&[(&format!("{one}{two}"), &format!("{two}{one}"))]), 3);
    let renamed =
        [("axis k", "axis l"), ("y[k]", "y[l]"), ("theta[1] * k", "theta[1] * l"), ("over k", "over l")];
    assert_eq!(kept(&renamed), 3);
    let named = ("axis k : index(2)", "axis k : index(2)\n    let first = theta[1]");
    assert_eq!(kept(&[named, ("where theta[1]", "where first")]), 3);
}

#[test]
fn modalities_are_known_by_their_data() {
    let spec = "edition 2026
model m {
    axis n : set(size = 4)
    axis t : time(grid(from = 0, to = 2, step = 1))
    param theta ~ normal(0, 1)
    data x[n] ~ normal(theta, 1)
    data y[t] ~ normal(theta, 1)
}
approximator a for m {
    fuse hybrid(n, t)
    encode n with set_transformer(width = 32)
    posterior with flow()
}
";
    let reading = |edits: &[(&str, &str)]| {
        let text = edits.iter().fold(spec.to_owned(), |text, (from, to)| text.replace(from, to));
        let file = sound(&text);
        Key::reading(&file.models[0], &file.approximators[0])
    };
    let plain = reading(&[]);
    let renamed = [("n :", "rows :"), ("[n]", "[rows]"), ("(n,", "(rows,"), ("encode n", "encode rows")];
    assert_eq!(reading(&renamed), plain);
    let (x, y) = ("    data x[n] ~ normal(theta, 1)\n", "    data y[t] ~ normal(theta, 1)\n");
    let order = (&*format!("{x}{y}"), &*format!("{y}{x}"));
    assert_eq!(reading(&[order]), plain);
    assert_ne!(reading(&[("hybrid", "late")]), plain);
    assert_ne!(reading(&[("hybrid(n, t)", "hybrid(t, n)")]), plain);
    assert_ne!(reading(&[("fuse hybrid(n, t)", "fuse n")]), plain);
    assert_ne!(reading(&[("set_transformer", "deep_set")]), plain);
    assert_ne!(reading(&[("width = 32", "width = 64")]), plain);
    // Without `fuse`: `late` of all, by the natural names of their data.
    let late = reading(&[("hybrid(n, t)", "late(n, t)")]);
    assert_eq!(reading(&[("    fuse hybrid(n, t)\n", "")]), late);
    assert_eq!(reading(&[("    fuse hybrid(n, t)\n", ""), order]), late);
}

/// The keys of a text with files.
fn keys_with(text: &str, files: &[(&'static str, &[u8])]) -> [Key; 3] {
    let mut world = Files::default();
    for (name, bytes) in files {
        world.0.insert(name, bytes.to_vec());
    }
    let checked = compile(text, &world);
    assert_eq!(show(text, &checked), "", "{text}");
    keys(&checked.file.expect("a file without errors"))
}

/// How many of the three keys stay when a model's body is replaced by another.
#[track_caller]
fn same(before: &str, after: &str) -> usize {
    let text = |body: &str| {
        format!(
            "edition 2026\nmodel m {{\naxis i : index(3)\naxis t : time(grid(from = 0, to = 2, step = 1))\n{body}\n}}\nquery q {{\ninfer params\n}}\n"
        )
    };
    let (before, after) = (keys(&sound(&text(before))), keys(&sound(&text(after))));
    before.iter().zip(&after).filter(|(before, after)| before == after).count()
}

#[test]
fn ways_to_write_a_distribution_are_one() {
    assert_eq!(same("param a ~ gamma(2, rate = 0.5)", "param a ~ gamma(shape = 2, rate = 0.5)"), 3);
    assert_eq!(same("param a ~ poisson(2)", "param a ~ poisson(mean = 2)"), 3);
    assert_eq!(same("param a ~ exponential(1 / 4)", "param a ~ exponential(mean = 4)"), 3);
    assert_eq!(same("param a ~ laplace(0, 1)", "param a ~ cauchy(0, 1)"), 0);
    assert_eq!(
        same("param a ~ truncated_normal(0, 1, low = 0)", "param a ~ truncated_normal(0, 1, high = 0)"),
        0
    );
    let mixture = "param a ~ mixture([0.5, 0.5], of = [normal(0, 1), normal(3, 1)])";
    assert_eq!(same(mixture, &mixture.replace("normal(3", "laplace(3")), 0);
    assert_eq!(same(mixture, &mixture.replace("[0.5, 0.5]", "[0.25, 0.75]")), 0);
}

#[test]
fn what_bends_a_draw_is_hashed() {
    let bent = "param a ~ normal(0, 1) |> exp() |> affine(2, 1)";
    assert_eq!(same(bent, &bent.replace("affine(2, 1)", "affine(shift = 1, scale = 2)")), 3);
    assert_eq!(same(bent, "param a ~ normal(0, 1) |> affine(2, 1) |> exp()"), 0);
    assert_eq!(same(bent, "param a ~ normal(0, 1) |> exp()"), 0);
    assert_eq!(same(bent, "param a ~ normal(0, 1) |> logistic() |> affine(2, 1)"), 0);
}

#[test]
fn processes_are_hashed_with_their_kernels() {
    let process = "param f(s) ~ gaussian_process(mean = 0, kernel = rbf(length = 2, scale = 1)) at t";
    assert_eq!(same(process, &process.replace("(s)", "(time)")), 3);
    assert_eq!(same(process, &process.replace("length = 2", "length = 3")), 0);
    assert_eq!(same(process, &process.replace("rbf(length = 2, scale = 1)", "matern(2, 1, nu = 1.5)")), 0);
}

#[test]
fn gaps_are_kept_with_simulations_and_modalities_are_not() {
    let body =
        "param a ~ normal(0, 1)\nmodality one {\ndata x[i] ~ normal(a, 1)\n}\ndata y[i] ~ normal(a, 1)\n";
    let gaps = |text: &str| format!("{body}missing {text}");
    let plain = body.replace("modality one {", "").replace("}\n", "");
    assert_eq!(same(body, &body.replace("one", "other")), 3);
    assert_eq!(same(body, &plain), 1);
    assert_eq!(same(body, &gaps("x[i] with probability 10%")), 0);
    let base = gaps("x[i] with probability 10%");
    for other in
        ["x[i] with probability 20%", "x[i] in tail with probability 10%", "all x with probability 10%"]
    {
        assert_eq!(same(&base, &gaps(other)), 0, "{other}");
    }
    assert_eq!(
        same(
            &gaps("x[i] in blocks(of = 2) with probability 10%"),
            &gaps("x[i] in blocks(of = 3) with probability 10%")
        ),
        0
    );
    assert_eq!(same(&gaps("one[i] with probability 10%"), &base), 0);
    assert_eq!(
        same(&gaps("x[i] with probability uniform(0, 0.1)"), &gaps("x[i] with probability beta(1, 9)")),
        0
    );
    // The order of two statements decides nothing.
    let (first, second) = ("missing x[i] with probability 10%\n", "missing all y with probability 5%\n");
    assert_eq!(same(&format!("{body}{first}{second}"), &format!("{body}{second}{first}")), 3);
}

#[test]
fn failures_change_the_simulations() {
    let body = "param a ~ normal(0, 1)\n";
    assert_eq!(same(body, &format!("{body}on_failure \"stop\"")), 3);
    assert_eq!(same(body, &format!("{body}on_failure \"absent\"")), 0);
    assert_eq!(same(&format!("{body}on_failure \"resample\""), &format!("{body}on_failure \"absent\"")), 0);
}

#[test]
fn files_are_hashed_by_their_numbers() {
    let text = "edition 2026\nmodel m {\naxis i : index(2)\nconst c[i] from \"c.csv\"\nparam a[i] ~ normal(c[i], 1)\n}\nquery q {\ninfer a\n}\n";
    let plain = keys_with(text, &[("c.csv", b"c\n1\n2\n")]);
    assert_eq!(plain, keys_with(text, &[("c.csv", b"c[1],c[2],other\n1.0,2e0,7\n")]));
    assert_eq!(plain, keys_with(&text.replace("from \"c.csv\"", "= [1, 2]"), &[]));
    assert_ne!(plain[0], keys_with(text, &[("c.csv", b"c\n1\n3\n")])[0]);
}

#[test]
fn devices_and_precisions_have_weights_of_their_own() {
    let file = sound("edition 2026\nmodel m {\nparam theta ~ normal(0, 1)\n}\n");
    let weights =
        |precision, device| Key::weights(&file.models[0], &file.approximators[0], precision, device);
    assert_ne!(weights("f32", "cpu"), weights("f32", "cuda"));
    assert_ne!(weights("f32", "cpu"), weights("bf16", "cpu"));
    assert_eq!(weights("f32", "cpu").to_string().len(), 64);
}
