//! Words are contextual: what starts a statement is a good name everywhere else.

use super::sound;

#[test]
fn every_statement_word_is_a_name() {
    let mut seen = 0;
    for word in sbi_syntax::statement_words() {
        let text = format!(
            "edition 2026
model {word} {{
    axis i : index(2)
    param {word} ~ normal(0, 1)
    let twice = 2 * {word}
    data x[i] ~ normal({word} + twice * i, 1)
    dynamics run over 0 .. 1 by rk4(step = 0.1) {{
        init {word}_1 = {word}
        {word}_1' = -{word} * {word}_1
    }}
}}
approximator {word} for {word} {{
    joint with diffusion_transformer()
}}
train {word} {{
    simulations 100
}}
query {word} of {word} {{
    given x = [1, 2]
    infer {word}
}}
"
        );
        let file = sound(&text);
        assert_eq!((file.models[0].name.as_str(), file.queries[0].name.as_str()), (word, word));
        let axis = format!(
            "edition 2026\nmodel m {{\n    axis {word} : index(2)\n    param y[{word}] ~ normal({word}, 1)\n}}\n"
        );
        sound(&axis);
        seen += 1;
    }
    assert!(seen > 30, "{seen} words");
}
