//! The words of the language: which statement each starts, in which block it stands, and what the
//! rules of the grammar are called in messages.

use crate::diag::suggest;
use crate::grammar::Rule;

/// The kinds of place a statement can stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Top,
    Model,
    Simulator,
    Modality,
    Dynamics,
    Event,
    External,
    Approximator,
    Train,
    Query,
}

impl Block {
    /// The place as messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Block::Top => "the top of a file",
            Block::Model => "a model",
            Block::Simulator => "a simulator",
            Block::Modality => "a modality",
            Block::Dynamics => "a `dynamics`",
            Block::Event => "an event",
            Block::External => "an external",
            Block::Approximator => "an approximator",
            Block::Train => "a `train` block",
            Block::Query => "a query",
        }
    }

    /// Where a statement of it stands: `in a model`.
    pub(crate) fn place(self) -> String {
        match self {
            Block::Top => "at the top of a file".to_owned(),
            block => format!("in {}", block.name()),
        }
    }

    /// The one at hand: `the model`.
    pub(crate) fn this(self) -> String {
        let name = self.name();
        format!("the {}", name.split_once(' ').map_or(name, |(_, noun)| noun))
    }

    /// The rule that reads one line of this place without recovery.
    pub(crate) fn strict(self) -> Rule {
        match self {
            Block::Top => Rule::strict_top,
            Block::Model | Block::Simulator | Block::Modality => Rule::strict_model,
            Block::Dynamics => Rule::strict_dynamics,
            Block::Event => Rule::strict_event,
            Block::External => Rule::strict_external,
            Block::Approximator => Rule::strict_approximator,
            Block::Train => Rule::strict_train,
            Block::Query => Rule::strict_query,
        }
    }

    /// Whether a statement listed for `home` may stand here.
    fn holds(self, home: Block) -> bool {
        home == self || home == Block::Model && matches!(self, Block::Simulator | Block::Modality)
    }
}

/// A word that starts a statement.
pub(crate) struct Word {
    /// The word.
    pub(crate) text: &'static str,
    /// Where its statement stands.
    pub(crate) homes: &'static [Block],
    /// A statement that starts with it, to be shown in a help.
    pub(crate) example: &'static str,
    /// Whether it is a setting: a word of a closed list with a value behind it.
    pub(crate) setting: bool,
}

const fn word(text: &'static str, homes: &'static [Block], example: &'static str) -> Word {
    Word { text, homes, example, setting: false }
}

const fn setting(text: &'static str, homes: &'static [Block], example: &'static str) -> Word {
    Word { text, homes, example, setting: true }
}

const TOP: &[Block] = &[Block::Top];
const MODEL: &[Block] = &[Block::Model];
const DYNAMICS: &[Block] = &[Block::Dynamics];
const EXTERNAL: &[Block] = &[Block::External];
const APPROXIMATOR: &[Block] = &[Block::Approximator];
const TRAIN: &[Block] = &[Block::Train];
const QUERY: &[Block] = &[Block::Query];

/// Every word that starts a statement.
pub(crate) static WORDS: &[Word] = &[
    word("edition", TOP, "edition 2026"),
    word("use", TOP, "use std::decision::ddm"),
    word("pub", TOP, "pub fn half(x) = x / 2"),
    word("model", TOP, "model name { … }"),
    word("simulator", TOP, "simulator name(input) -> { output } { … }"),
    word("external", TOP, "external name(input) -> { output } = process(\"program\") { … }"),
    word("approximator", TOP, "approximator name for model { … }"),
    word("train", TOP, "train name { … }"),
    word("query", TOP, "query name { … }"),
    word("unit", TOP, "unit conductance = mS/cm^2"),
    word("const", &[Block::Top, Block::Model], "const rate = 0.5"),
    word("fn", &[Block::Top, Block::Model], "fn half(x) = x / 2"),
    word("axis", MODEL, "axis i : index(10)"),
    word("param", &[Block::Model, Block::Query], "param theta ~ normal(0, 1)"),
    word("latent", MODEL, "latent z ~ normal(0, 1)"),
    word("data", MODEL, "data x ~ normal(theta, 1)"),
    word("let", &[Block::Model, Block::Dynamics], "let total = a + b"),
    word("depends", &[Block::Model, Block::External], "depends x from theta"),
    word("modality", MODEL, "modality name { … }"),
    word("dynamics", MODEL, "dynamics name over 0 .. 10 by rk4(step = 0.1) { … }"),
    word("missing", MODEL, "missing x with probability 10%"),
    word("return", MODEL, "return { end = x }"),
    setting("on_failure", &[Block::Model, Block::External], "on_failure \"absent\""),
    word("noise", DYNAMICS, "noise w"),
    word("init", DYNAMICS, "init x = 0"),
    word("next", DYNAMICS, "next x ~ normal(x, 1)"),
    word("stop", DYNAMICS, "stop when x >= bound"),
    word("when", DYNAMICS, "when x > 1 { x = 0 }"),
    word("jump", DYNAMICS, "jump at rate k * x { x = x - 1 }"),
    setting("protocol", EXTERNAL, "protocol \"lines\""),
    setting("timeout", EXTERNAL, "timeout 30 s"),
    setting("workers", EXTERNAL, "workers 4"),
    word("encode", APPROXIMATOR, "encode eeg with time_transformer()"),
    word("fuse", APPROXIMATOR, "fuse late(a, b)"),
    word("posterior", APPROXIMATOR, "posterior with flow()"),
    word("joint", APPROXIMATOR, "joint with diffusion_transformer()"),
    setting("simulations", TRAIN, "simulations 10_000"),
    setting("seed", TRAIN, "seed 1"),
    setting("steps", &[Block::Train, Block::Query], "steps 20_000"),
    setting("batch", &[Block::Train, Block::External], "batch 256"),
    setting("learning_rate", TRAIN, "learning_rate 0.001"),
    setting("focus", TRAIN, "focus posterior"),
    word("given", QUERY, "given x = 0.5"),
    word("at", QUERY, "at t = [0, 1, 2]"),
    word("where", QUERY, "where x in 0 .. 1"),
    word("infer", QUERY, "infer params"),
    setting("draws", QUERY, "draws 4000"),
];

/// What the same thing is called elsewhere, and its word here.
static SYNONYMS: &[(&str, &str)] = &[
    ("samples", "draws"),
    ("num_samples", "draws"),
    ("n_samples", "draws"),
    ("n_draws", "draws"),
    ("num_draws", "draws"),
    ("nsamples", "draws"),
    ("iterations", "steps"),
    ("epochs", "steps"),
    ("max_steps", "steps"),
    ("batch_size", "batch"),
    ("lr", "learning_rate"),
    ("learning", "learning_rate"),
    ("num_simulations", "simulations"),
    ("budget", "simulations"),
    ("n", "simulations"),
    ("random_seed", "seed"),
    ("rng", "seed"),
    ("condition", "given"),
    ("observed", "given"),
    ("fix", "given"),
    ("sample", "infer"),
    ("predict", "infer"),
    ("estimate", "infer"),
    ("ask", "infer"),
    ("constrain", "where"),
    ("subject", "where"),
    ("network", "joint"),
    ("estimator", "joint"),
    ("fusion", "fuse"),
    ("encoder", "encode"),
    ("embed", "encode"),
    ("dim", "axis"),
    ("dimension", "axis"),
    ("dims", "axis"),
    ("nuisance", "latent"),
    ("hidden", "latent"),
    ("output", "data"),
    ("state", "init"),
    ("initial", "init"),
    ("update", "next"),
    ("depend", "depends"),
    ("constant", "const"),
];

/// The word here of what has another word elsewhere.
pub(crate) fn called(text: &str) -> Option<&'static Word> {
    let lower = text.to_ascii_lowercase();
    SYNONYMS.iter().find(|(other, _)| *other == lower).and_then(|(_, word)| find(word))
}

/// The word of a block that another word most likely stands for.
pub(crate) fn meant(text: &str, block: Block) -> Option<&'static str> {
    let fits = called(text).filter(|word| stands_in(word, block)).map(|word| word.text);
    fits.or_else(|| suggest(text, words_of(block)))
}

/// Words that are never names.
pub(crate) static RESERVED: &[&str] =
    &["if", "then", "else", "and", "or", "not", "in", "over", "true", "false"];

/// Words that join the parts of a statement or of a sentence, and so are neither half of a name nor a unit.
static JOINING: &[&str] = &[
    "for", "from", "of", "on", "at", "with", "by", "every", "as", "to", "is", "extends", "using", "where",
    "when", "given", "between",
];

/// Whether a word joins the parts of a statement.
pub(crate) fn joins(word: &str) -> bool {
    JOINING.contains(&word) || RESERVED.contains(&word)
}

/// The entry of a statement word.
pub(crate) fn find(text: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.text == text)
}

/// Whether a statement that starts with this word may stand in a block.
pub(crate) fn stands_in(word: &Word, block: Block) -> bool {
    word.homes.iter().any(|&home| block.holds(home))
}

/// Whether a word can never be a name.
pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// The words that statements start with, in any block.
pub fn statement_words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.text)
}

/// The statement words of a block.
pub(crate) fn words_of(block: Block) -> impl Iterator<Item = &'static str> {
    WORDS.iter().filter(move |word| stands_in(word, block)).map(|word| word.text)
}

/// The rank of parts that may be left out: they are said only where nothing else would do.
pub(crate) const OPTIONAL: u8 = 9;

/// What a rule is called where it was expected, and its rank: the lowest are said first. `None` for what is never said.
pub(crate) fn expected(rule: Rule) -> Option<(u8, &'static str)> {
    Some(match rule {
        Rule::close_paren => (0, "`)`"),
        Rule::close_bracket => (0, "`]`"),
        Rule::close_brace => (0, "`}`"),
        Rule::comma => (1, "`,`"),
        Rule::open_brace => (2, "`{`"),
        Rule::arrow | Rule::outputs => (2, "`->` and what is returned"),
        Rule::tilde | Rule::draws_from => (3, "`~` with a distribution"),
        Rule::equals_sign | Rule::equals => (3, "`=` with a value"),
        Rule::table => (4, "`from \"file\"`"),
        Rule::name | Rule::target | Rule::place | Rule::label | Rule::input | Rule::path => (5, "a name"),
        Rule::model_head | Rule::modality_head | Rule::dynamics_head => (5, "a name"),
        Rule::approximator_head | Rule::query_head | Rule::train_head => (5, "a name"),
        Rule::simulator_head | Rule::external_head | Rule::output => (5, "a name"),
        Rule::field | Rule::assignment => (5, "a name with `=`"),
        Rule::call | Rule::draw => (5, "a distribution or another call, such as `normal(0, 1)`"),
        Rule::expr | Rule::postfix | Rule::primary | Rule::arg => (5, "a value"),
        Rule::literal | Rule::number => (5, "a number"),
        Rule::text | Rule::text_value => (5, "a text in double quotes"),
        Rule::record => (5, "a record such as `{ a = 1 }`"),
        Rule::unit | Rule::unit_factor => (5, "a unit"),
        Rule::unit_name | Rule::literal_unit | Rule::literal_factor => (OPTIONAL, "a unit"),
        Rule::exponent => (5, "a number as exponent"),
        Rule::year => (5, "a year"),
        Rule::infix => (6, "an operator"),
        Rule::EOI => (7, "the end of the line"),
        Rule::open_paren | Rule::inputs | Rule::args => (OPTIONAL, "`(`"),
        Rule::open_bracket | Rule::list | Rule::axes | Rule::index => (OPTIONAL, "`[`"),
        Rule::colon | Rule::ascription => (OPTIONAL, "`:`"),
        Rule::prime => (OPTIONAL, "`'` for a derivative"),
        Rule::kw_in | Rule::missing_in => (OPTIONAL, "`in`"),
        Rule::pipe => (OPTIONAL, "`|>`"),
        Rule::kw_at | Rule::on_axis => (OPTIONAL, "`at`"),
        Rule::kw_of => (OPTIONAL, "`of`"),
        Rule::kw_for | Rule::for_model => (OPTIONAL, "`for`"),
        Rule::kw_extends | Rule::extends => (OPTIONAL, "`extends`"),
        Rule::kw_over | Rule::over => (OPTIONAL, "`over`"),
        Rule::kw_every | Rule::every => (OPTIONAL, "`every`"),
        Rule::kw_by | Rule::solver => (OPTIONAL, "`by`"),
        Rule::kw_as | Rule::use_alias => (OPTIONAL, "`as`"),
        _ => return keyword(rule).map(|text| (4, text)),
    })
}

/// The words inside statements, as messages quote them.
fn keyword(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::kw_then => "`then`",
        Rule::kw_else => "`else`",
        Rule::kw_if => "`if`",
        Rule::kw_with => "`with`",
        Rule::kw_from => "`from`",
        Rule::kw_probability => "`probability`",
        Rule::kw_when => "`when`",
        Rule::kw_rate => "`rate`",
        _ => return None,
    })
}
