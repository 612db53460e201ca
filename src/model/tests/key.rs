//! Keys: blind to what cannot change a result, and to nothing else.

use super::sound;
use crate::{File, Key};

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

/// The simulations', the weights' and the draws' keys of a file's first query.
fn keys(file: &File) -> [Key; 3] {
    let (model, approximator) = (&file.models[0], &file.approximators[0]);
    let weights = Key::weights(model, approximator, "f32", "cpu");
    let seed = approximator.train.seed;
    [Key::simulations(model, seed), weights, Key::draws(weights, &file.queries[0], seed)]
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

#[test]
fn devices_and_precisions_have_weights_of_their_own() {
    let file = sound("edition 2026\nmodel m {\nparam theta ~ normal(0, 1)\n}\n");
    let weights =
        |precision, device| Key::weights(&file.models[0], &file.approximators[0], precision, device);
    assert_ne!(weights("f32", "cpu"), weights("f32", "cuda"));
    assert_ne!(weights("f32", "cpu"), weights("bf16", "cpu"));
    assert_eq!(weights("f32", "cpu").to_string().len(), 64);
}
