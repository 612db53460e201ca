//! What people write who come from Stan, BUGS, R, Python or a paper, and the edit that mends it.

use crate::words::Block;

const LATEX: &str = "this is LaTeX";
const PLAIN: &str = "write names without `\\`, and a draw as `param mu ~ normal(0, 1)`";

/// Operators and signs of other languages: what stands there, what is wrong, the edit. Longer ones
/// come before those they start with.
static SIGNS: &[(&str, &str, &str)] = &[
    ("<-", "`<-` is not used here", "a definition is written `=`, a draw `~`"),
    ("←", "`←` is not used here", "a definition is written `=`, a draw `~`"),
    (":=", "`:=` is not used here", "write `=`"),
    ("==", "`==` compares", "a definition is written with one `=`"),
    ("=>", "`=>` is no operator", "at least is written `>=`; there are no anonymous functions"),
    ("=<", "`=<` is no operator", "at most is written `<=`"),
    ("&&", "`&&` is no operator", "write `and`"),
    ("&", "`&` is no operator", "write `and`"),
    ("||", "`||` is no operator", "write `or`"),
    ("%%", "`%%` is no operator", "write `mod(a, b)`"),
    ("%*%", "`%*%` is no operator", "sum over the shared axis: `sum over j (a[i, j] * x[j])`"),
    ("%", "`%` is only written right behind a number: `10%`", "a remainder is written `mod(a, b)`"),
    ("+=", "nothing is changed once it is defined", "write what it is in one expression, with `=`"),
    ("-=", "nothing is changed once it is defined", "write what it is in one expression, with `=`"),
    ("!=", "`!=` compares two values", "write it between them: `a != b`"),
    ("!", "`!` is no operator", "write `not`"),
    (
        "|",
        "`|` is no operator here",
        "alternatives are written `or`, an absolute value `abs(x)`; a draw is passed on with `|>`",
    ),
    ("?", "`?` is no operator", "a choice is written `if condition then a else b`"),
    ("\\mu", LATEX, PLAIN),
    ("\\sigma", LATEX, PLAIN),
    ("\\theta", LATEX, PLAIN),
    ("\\alpha", LATEX, PLAIN),
    ("\\beta", LATEX, PLAIN),
    ("\\lambda", LATEX, PLAIN),
    ("\\sim", LATEX, PLAIN),
    ("\\mathcal", LATEX, PLAIN),
    ("\\", "`\\` is not needed", "a line goes on inside brackets, after an operator and before one"),
    ("√", "`√` is not used here", "write `sqrt(…)`"),
    ("∞", "`∞` is no number", "leave the bound out, or write a large number"),
    ("∈", "`∈` is not used here", "write `in low .. high`"),
    ("‘", "curly quotes are not used here", "write texts in straight quotes: `\"…\"`"),
    (
        "’",
        "curly quotes are not used here",
        "a derivative is written with a straight `'`, a text with `\"…\"`",
    ),
    (
        "′",
        "this prime (U+2032) is not the one of the keyboard",
        "a derivative is written with a straight `'`: `x' = …`",
    ),
    (
        "'",
        "texts are not written in single quotes",
        "write `\"…\"`; a `'` behind a name makes a derivative, in `dynamics`",
    ),
    ("\u{feff}", "this is a byte order mark (U+FEFF) inside the file", "remove it"),
    (
        "°",
        "`°` is not used here",
        "write the unit's name: an angle is `90 deg`, a temperature is in kelvins, `310 K`",
    ),
];

/// Greek letters and what they are called in ASCII, lower case.
static GREEK: &[(char, &str)] = &[
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('ς', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    ('ϕ', "phi"),
    ('ϵ', "epsilon"),
];

/// Words that start a line of a model elsewhere, and the edit.
static STARTS: &[(&str, &str)] = &[
    ("for", "there are no loops: declare `axis i : index(n)` and write `x[i] ~ …`"),
    ("while", "there are no loops: steps of time are written in `dynamics`"),
    ("if", "a choice is a value: `let x = if condition then a else b`"),
    ("def", "a function is `fn name(x) = expression`; whatever needs more is an `external`"),
    ("function", "a function is `fn name(x) = expression`; whatever needs more is an `external`"),
    ("lambda", "a function is `fn name(x) = expression`"),
    ("import", "other files are named with `use std::decision::ddm` or `use \"./other.sbi\"`"),
    ("include", "other files are named with `use std::decision::ddm` or `use \"./other.sbi\"`"),
    ("library", "other files are named with `use std::decision::ddm` or `use \"./other.sbi\"`"),
    ("parameters", "there is no block of parameters: write `param name ~ distribution`, a line for each"),
    ("parameter", "write `param name ~ distribution`"),
    ("prior", "a prior belongs to its parameter: `param name ~ distribution`"),
    ("transformed", "what is computed is written `let name = expression`"),
    ("generated", "what is computed is written `data name = expression`"),
    ("real", "quantities have no types: write `param name ~ distribution`, or `data`, `latent`, `let`"),
    ("int", "quantities have no types: write `param name ~ distribution`, or `data`, `latent`, `let`"),
    ("vector", "give the quantity an axis: `axis i : index(n)`, then `param name[i] ~ distribution`"),
    ("matrix", "give the quantity axes: `axis i : index(n)`, then `param name[i, j] ~ distribution`"),
    ("array", "give the quantity an axis: `axis i : index(n)`, then `param name[i] ~ distribution`"),
    ("simplex", "the distribution says where values may lie: `param name[k] ~ dirichlet(…)`"),
    ("var", "write `let name = expression`, or `param`, `latent`, `data` for what is drawn"),
    ("val", "write `let name = expression`"),
    ("set", "settings are a word and a value: `simulations 10_000`"),
    ("target", "there is no target density: say how data come about, `data x ~ distribution`"),
    ("factor", "there is no target density: say how data come about, `data x ~ distribution`"),
    ("sample", "write `param name ~ distribution`, or `data`, `latent`"),
    ("observe", "what is seen is `data x ~ …` in the model, and `given x = value` in a query"),
    ("observed", "what is seen is `data x ~ …` in the model, and `given x = value` in a query"),
    ("condition", "in a query, write `given x = value`"),
    ("plate", "repetition is an axis: `axis i : index(n)`, then `x[i] ~ …`"),
    ("class", "a file has models, approximators and queries: `model name { … }`"),
    ("simulate", "how many simulations are drawn stands in `train NAME { simulations 10_000 }`"),
    ("print", "a query reports what its `infer` names"),
    ("do", "interventions are not part of this edition"),
    ("end", "a block ends with `}`"),
    ("begin", "a block starts with `{`"),
];

/// Words that only a sampler has.
const SAMPLER: &[&str] = &[
    "chains",
    "iter",
    "warmup",
    "thin",
    "burnin",
    "burn_in",
    "n_chains",
    "num_chains",
    "num_samples",
    "num_warmup",
    "adapt_delta",
    "max_treedepth",
    "sampler",
    "method",
    "algorithm",
    "tune",
];

/// Settings of elsewhere by the blocks they are written in, and what there is here.
static SETTINGS: &[(Block, &[&str], &str)] = &[
    (Block::Query, SAMPLER, "there are no chains: how many draws an answer has is `draws 4000`"),
    (Block::Train, SAMPLER, "there are no chains: what training takes is `simulations 10_000`"),
    (
        Block::Train,
        &["epochs", "num_epochs", "max_epochs", "n_epochs", "max_num_epochs"],
        "there are no epochs: how long training goes is chosen to fit, or said by `steps 20_000`",
    ),
    (
        Block::Train,
        &[
            "optimizer",
            "optimiser",
            "scheduler",
            "loss",
            "patience",
            "early_stopping",
            "stop_after_epochs",
            "validation",
            "validation_fraction",
            "weight_decay",
            "momentum",
            "clip_max_norm",
            "dropout",
            "shuffle",
        ],
        "nothing of the kind is needed: it is chosen to fit; remove this line",
    ),
    (
        Block::Train,
        &["device", "gpu", "cuda", "threads", "num_workers", "n_jobs"],
        "where it runs is said on the command line: `sbi run FILE --device cuda`, or `--threads 4`",
    ),
    (Block::Train, &["training_batch_size"], "write `batch 256`"),
];

/// A sign of another language at the start of `rest`: how long it is, what is wrong, the edit.
pub(crate) fn sign(rest: &str) -> Option<(usize, &'static str, &'static str)> {
    let found = SIGNS.iter().find(|(text, _, _)| rest.starts_with(text));
    found.map(|&(text, message, help)| (text.len(), message, help))
}

/// Units that `µ` commonly stands before.
const MICRO: &[&str] = &["", "s", "m", "g", "l", "L", "V", "A", "M", "F", "S", "N", "Pa", "mol", "sec"];

/// What commonly stands before an ohm.
const OHM: &[&str] = &["", "m", "k", "M", "G", "T"];

/// A name with letters beyond ASCII: what is wrong and the edit.
pub(crate) fn letters(word: &str) -> (String, String) {
    if let Some(unit) = word.strip_prefix(['µ', 'μ']).filter(|unit| MICRO.contains(unit)) {
        return ("units have ASCII letters".to_owned(), format!("write `u{unit}`, with `u` for a millionth"));
    }
    if let Some(prefix) = word.strip_suffix(['Ω', 'Ω']).filter(|prefix| OHM.contains(prefix)) {
        return ("units have ASCII letters".to_owned(), format!("write `{prefix}ohm`"));
    }
    let message = format!("names have ASCII letters, so `{word}` cannot be one");
    let spelt = |letter: char| {
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        let greek = GREEK.iter().find(|(greek, _)| *greek == lower).map(|(_, name)| (*name).to_owned());
        greek.or_else(|| letter.is_ascii().then(|| letter.to_string()))
    };
    let help = match word.chars().map(spelt).collect::<Option<String>>() {
        Some(name) => format!("write `{name}`"),
        None => "write the name with `a` to `z`, digits and `_`".to_owned(),
    };
    (message, help)
}

/// A character that is no letter and no sign of the language: what is wrong and the edit.
pub(crate) fn character(character: char) -> (String, String) {
    let told = format!("`{}` (U+{:04X}) is not used here", character.escape_debug(), u32::from(character));
    let help = match character {
        '$' => "remove it; a column of a file is read with `given y from \"file.csv\" (column = \"y\")`",
        _ => "remove it",
    };
    (told, help.to_owned())
}

/// What a word that starts a line elsewhere becomes here.
pub(crate) fn start(word: &str, block: Block) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    if lower == "if" && block == Block::Dynamics {
        return Some(
            "a change at an event is `when v > 30 { v = -65 }`, the end of it all `stop when v > 30`",
        );
    }
    if let Some((_, _, help)) =
        SETTINGS.iter().find(|(home, words, _)| *home == block && words.contains(&lower.as_str()))
    {
        return Some(help);
    }
    // In a query or a train block these are more likely misspelt words of that block.
    let modelled =
        matches!(block, Block::Top | Block::Model | Block::Simulator | Block::Modality | Block::Dynamics);
    STARTS
        .iter()
        .find(|(text, _)| *text == lower)
        .filter(|_| modelled || lower == "observe")
        .map(|&(_, help)| help)
}
