//! What people who come from elsewhere write, and what they are told.

use crate::{Source, parse};

/// Parses a line in a place and checks the only message: its code, the text it points at, and words of its help.
fn one(before: &str, line: &str, after: &str, expected: (&str, &str, &str)) {
    let text = format!("edition 2026\n{before}{line}{after}");
    let diagnostics = parse(0, &text).diagnostics;
    let source = Source::new("spec.sbi", text.as_str());
    let [told] = &diagnostics[..] else { panic!("{line}: {diagnostics:#?}") };
    let (code, at, help) = expected;
    assert_eq!((told.code, source.slice(told.span)), (code, at), "{line}: {told:?}");
    let given = format!("{} | {}", told.message, told.help.as_deref().unwrap_or(""));
    assert!(given.contains(help), "{line}: {given}");
}

fn in_model(cases: &[(&str, (&str, &str, &str))]) {
    for (line, expected) in cases {
        one("model m {\n", line, "\n}\n", *expected);
    }
}

#[test]
fn signs_of_other_languages() {
    in_model(&[
        ("mu <- 3", ("role-missing", "mu", "let mu = …")),
        ("param x <- normal(0, 1)", ("operator-foreign", "<-", "a draw is written `~`")),
        ("param x := normal(0, 1)", ("operator-foreign", ":=", "a draw is written `~`")),
        ("param x == 3", ("operator-foreign", "==", "a definition `=`")),
        ("let x == 3", ("operator-foreign", "==", "one `=`")),
        ("let x = y ** 2", ("operator-foreign", "**", "`x^2`")),
        ("let x = a && b", ("operator-foreign", "&&", "write `and`")),
        ("let x = a || b", ("operator-foreign", "||", "write `or`")),
        ("let x = !a", ("operator-foreign", "!", "write `not`")),
        ("let x = a % b", ("operator-foreign", "%", "mod(a, b)")),
        ("let x = a ? b : c", ("operator-foreign", "?", "if condition then a else b")),
        ("let x = y[1:3]", ("operator-foreign", ":", "`[y[1], y[2], y[3]]`")),
        ("let x = f(a: 3)", ("operator-foreign", ":", "name = value")),
        ("let x = a .* b", ("operator-foreign", ".*", "write `*`")),
        ("let x = 3;", ("operator-foreign", ";", "remove the `;`")),
        ("# a comment", ("operator-foreign", "#", "// …")),
        ("let x = 3 # a comment", ("operator-foreign", "#", "// …")),
        ("let x = 3 /* a comment */", ("operator-foreign", "/*", "// …")),
        ("let x = if a = 3 then b else c", ("operator-foreign", "=", "write `==`")),
        ("param x ~ normal(0, 1) T[0, ]", ("operator-foreign", "T[", "truncated_normal(")),
        ("let x = f('a')", ("operator-foreign", "'", "\"…\"")),
    ]);
}

#[test]
fn signs_that_no_keyboard_has() {
    in_model(&[
        ("let x = a ≤ b", ("character-unknown", "≤", "write `<=`")),
        ("let x = a − b", ("character-unknown", "−", "write `-`")),
        ("let x = a × b", ("character-unknown", "×", "write `*`")),
        ("let x = y²", ("character-unknown", "²", "write `^2`")),
        ("let x = σ", ("character-unknown", "σ", "write `sigma`")),
        ("param θ ~ normal(0, 1)", ("character-unknown", "θ", "write `theta`")),
        ("let größe = 3", ("character-unknown", "größe", "`a` to `z`")),
        ("let x = f(“a”)", ("character-unknown", "“", "straight quotes")),
        ("let\u{a0}x = 3", ("character-unknown", "\u{a0}", "a plain space")),
        ("param x : µm ~ f()", ("character-unknown", "µm", "write `um`")),
        ("let x = €", ("character-unknown", "€", "U+20AC")),
    ]);
}

#[test]
fn words_of_other_languages() {
    in_model(&[
        ("for (k in 1:10) { x[k] ~ normal(0, 1) }", ("unknown-word", "for", "axis i : index(n)")),
        ("real<lower=0> x", ("unknown-word", "real", "param name ~ distribution")),
        ("vector[10] theta", ("unknown-word", "vector", "axis i : index(n)")),
        ("parameters {\n  real x\n}", ("unknown-word", "parameters", "param name ~ distribution")),
        ("def f(x): return x", ("unknown-word", "def", "fn name(x) = expression")),
        ("target += normal_lpdf(x)", ("unknown-word", "target", "data x ~ distribution")),
        ("observe x = 3", ("unknown-word", "observe", "given x = value")),
    ]);
}

#[test]
fn misspelt_and_misplaced_words() {
    in_model(&[
        ("parma x ~ normal(0, 1)", ("unknown-word", "parma", "did you mean `param`?")),
        ("Param x ~ normal(0, 1)", ("unknown-word", "Param", "did you mean `param`?")),
        ("modalty eeg {\n  data x = 3\n}", ("unknown-word", "modalty", "did you mean `modality`?")),
        ("frobnicate", ("unknown-word", "frobnicate", "a model has `const`")),
        ("given x = 3", ("statement-misplaced", "given", "stands in a query, not in a model")),
        ("simulations 100", ("statement-misplaced", "simulations", "move it into a `train` block")),
        ("init x = 3", ("statement-misplaced", "init", "move it into a `dynamics`")),
        ("pub data x = 3", ("unexpected", "pub data", "never `pub`")),
        ("theta ~ normal(0, 1)", ("role-missing", "theta", "param theta ~ …")),
        ("theta[i] ~ normal(0, 1)", ("role-missing", "theta", "latent theta[i] ~ …")),
        ("y = 3", ("role-missing", "y", "let y = …")),
    ]);
    one("", "aproximator a {\n joint with b()\n}\n", "", ("unknown-word", "aproximator", "`approximator`"));
    one("", "pub\n", "", ("unexpected", "pub", "on the same line"));
    one("", "param x ~ normal(0, 1)\n", "", ("statement-misplaced", "param", "move it into a model"));
    one("query q {\n", "infr x", "\n}\n", ("unknown-word", "infr", "did you mean `infer`?"));
    one("query q {\n", "x = 3", "\n}\n", ("role-missing", "x", "given x = …"));
    one("query q {\n", "data x ~ f()", "\n}\n", ("statement-misplaced", "data", "close the query"));
    one("query q {\n", "param x = 0.3", "\n}\n", ("unexpected", "=", "write `given x = 0.3`"));
    one("query q {\n", "param x[1, 2] ~ f()", "\n}\n", ("unexpected", "1", "`param x[i, i] ~ …`"));
    one("query q {\n", "x ~ f()", "\n}\n", ("role-missing", "x", "write `param x ~ …`"));
    one("train a {\n", "patience 100", "\n}\n", ("unknown-word", "patience", "remove this line"));
    one("train a {\n", "epochs 100", "\n}\n", ("unknown-word", "epochs", "`steps 20_000`"));
    one("query q {\n", "samples 100", "\n}\n", ("unknown-word", "samples", "did you mean `draws`?"));
    one("model m {\ndynamics d {\n", "dx/dt = 3", "\n}\n}\n", ("unknown-word", "dx", "write `x' = …`"));
    one("model m {\ndynamics d {\n", "der(x) = 3", "\n}\n}\n", ("unknown-word", "der", "write `x' = …`"));
    one("train a {\n", "sede 1", "\n}\n", ("unknown-word", "sede", "did you mean `seed`?"));
    one("model m {\ndynamics d {\n", "x = 3", "\n}\n}\n", ("role-missing", "x", "x' = …"));
    one("model m {\ndynamics d {\n", "data x = 3", "\n}\n}\n", ("statement-misplaced", "data", "in a model"));
}

#[test]
fn draws_and_definitions() {
    in_model(&[
        ("param x ~ 3", ("unexpected", "3", "behind `~` stands a distribution")),
        ("param x ~ 2 * normal(0, 1)", ("unexpected", "2", "latent z ~ …")),
        ("data x ~ normal(0, 1) + 3", ("unexpected", "+", "latent z ~ …")),
        ("let x ~ normal(0, 1)", ("unexpected", "~", "latent name ~ distribution")),
        ("let x 3", ("unexpected", "3", "expected `=`")),
        ("param x", ("unexpected", "", "expected `=` with a value or `~`")),
        ("param ~ normal(0, 1)", ("unexpected", "~", "expected a name")),
        ("param drift rate ~ normal(0, 1)", ("unexpected", "drift rate", "`drift_rate`")),
        ("axis i = index(3)", ("unexpected", "=", "`axis i : index(3)`")),
        ("let x = 3 let y = 4", ("several-on-line", "let", "a line of its own")),
        ("let x = a b", ("unexpected", "b", "expected an operator or the end of the line")),
        ("let x = f(a b)", ("unexpected", "b", "a comma is missing before `b`")),
        ("let x = f(a,, b)", ("unexpected", ",", "expected")),
        ("let x = f(sd = )", ("unexpected", ")", "expected a value")),
        ("let x = if a then b", ("else-missing", "", "needs an `else`")),
        ("param x[3] ~ f()", ("unexpected", "3", "declare `axis i : index(3)`, and write `x[i]`")),
        ("data x ~ f(g(a)), sd = 0.1)", ("bracket-stray", ")", "closes too early")),
        ("param x, y ~ f()", ("several-on-line", ",", "`param y ~ f()`")),
        ("axis i, j : index(3)", ("several-on-line", ",", "`axis j : index(3)`")),
        ("param x-y ~ f()", ("unexpected", "-", "write `x_y`")),
        ("param x.y ~ f()", ("unexpected", ".", "write `x_y`")),
        ("param 2x ~ f()", ("unexpected", "2x", "a name starts with a letter")),
        ("param x ~ normal 0, 1", ("unexpected", "0", "write `normal(…)`")),
        ("param x ~ uniform[0, 1]", ("unexpected", "[", "write `uniform(…)`")),
        ("param x ~ normal(0, 1) between 0 and 1", ("unexpected", "between", "truncated_normal(")),
        ("let x = f(1 if a > 0 else 2, 3)", ("operator-foreign", "if", "`if a > 0 then 1 else 2`")),
        ("let x = if a then 1 elif b then 2 else 3", ("operator-foreign", "elif", "write `else if`")),
        ("let x = a not in 0 .. 1", ("operator-foreign", "not", "not x in low .. high")),
        ("let x = if a b", ("unexpected", "b", "`then`")),
        ("depends x y", ("unexpected", "y", "expected `from`")),
        ("missing x with 10%", ("unexpected", "10", "expected `probability`")),
        ("on_failure = \"absent\"", ("operator-foreign", "=", "on_failure \"absent\"")),
    ]);
    one("query q {\n", "given x ~ 3", "\n}\n", ("unexpected", "~", "given x = value"));
    one("query q {\n", "given x 3", "\n}\n", ("unexpected", "3", "expected `=` with a value or `from"));
    one("query q {\n", "given x from a.csv", "\n}\n", ("unexpected", "a.csv", "write `\"a.csv\"`"));
    one("query q {\n", "where x between 0 and 1", "\n}\n", ("unexpected", "between", "in low .. high"));
    one("query q {\n", "given x = 1, y = 2", "\n}\n", ("several-on-line", ",", "`given y = 2`"));
    one("query q {\n", "given x = 1, y[2] = [3, 4]", "\n}\n", ("several-on-line", ",", "`given y …`"));
    one("query q {\n", "given x = 1, infer y", "\n}\n", ("several-on-line", ",", ": `infer y`"));
    one("query q {\n", "infer a b", "\n}\n", ("unexpected", "b", "`infer a, b`"));
    one("query q {\n", "infer", "\n}\n", ("unexpected", "", "expected a name"));
    one("query q {\n", "where a = 3", "\n}\n", ("operator-foreign", "=", "write `==`"));
    one("train a {\n", "simulations 10,000", "\n}\n", ("unexpected", ",000", "write `10_000`"));
    one("train a {\n", "seed: 1", "\n}\n", ("operator-foreign", ":", "seed 1"));
    one("approximator a {\n", "joint x()", "\n}\n", ("unexpected", "x", "expected `with`"));
}

#[test]
fn numbers_brackets_and_quotes() {
    in_model(&[
        ("let x = .5", ("unexpected", ".5", "write `0.5`")),
        ("let x = 5. + 1", ("unexpected", "5.", "write `5.0`")),
        ("let x = 3,14", ("unexpected", ",14", "write `3.14`")),
        ("let x = 2(a + 1)", ("unexpected", "(", "write `2 * (a + 1)`")),
        ("let x = 2 sqrt(a)", ("unexpected", "sqrt(", "write `2 * sqrt(a)`")),
        ("let x = 2 y[i]", ("unexpected", "y[", "write `2 * y[i]`")),
        ("let x = f(1, 2", ("bracket-open", "(", "add `)`")),
        ("let x = f([1, 2)", ("bracket-open", ")", "write `]`")),
        ("let x = f(1, 2))", ("bracket-stray", ")", "closes nothing")),
        ("let x = f(\"a)", ("quote-open", "\"a)", "close it with `\"`")),
        ("param x[i ~ f()", ("unexpected", "~", "expected `]`")),
    ]);
}
