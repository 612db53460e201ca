//! The graphs of a file for a terminal.

use super::fusion::{datum, encoding, estimator, known, meaning, written};
use super::statements::{Statement, Word};
use super::summary::{self, Share};
use super::view::{Asked, Attention, Block, Shown, View, parents};
use super::words::{self, plural};
use sbi_model::{Estimator, Fusion, Model};

/// No column of names is wider than this.
const WIDEST_NAME: usize = 36;
/// Elements are shown where there are no more than this.
const FEW: usize = 24;

/// The text of a view: no line of names or of a mask is wider than `width` characters, as far as that can be had.
/// With `elements` the graph is shown by element however many there are.
pub fn text(view: &View, width: usize, elements: bool) -> String {
    let models = view.models.iter().map(|shown| model(shown, width, elements));
    let queries = view.queries.iter().map(|asked| query(asked, width));
    models.chain(queries).collect::<Vec<_>>().join("\n")
}

fn model(shown: &Shown, width: usize, elements: bool) -> String {
    let mut text = format!("model {}\n", shown.model.name);
    let axes: Vec<(String, String)> =
        shown.model.axes.iter().map(|axis| (format!("axis   {}", axis.name), words::axis(axis))).collect();
    text += &columns(&axes, ":", width);
    let statements: Vec<(String, String)> = shown
        .statements
        .iter()
        .map(|own| {
            let reads: Vec<String> = own.reads.iter().map(|place| place.name(shown.model)).collect();
            (format!("{:6} {}", own.word.name(), head(shown.model, own)), reads.join(", "))
        })
        .collect();
    text += &columns(&statements, "<-", width);
    let count = shown.graph.tokens.len();
    let rule = words::rule(shown.rule);
    if elements || count <= FEW {
        text += &format!("  by element, by the {rule} rule:\n");
        text += &columns(&by_element(shown), "<-", width);
        text.extend(words::spread(&shown.spread).map(|told| wrapped("  ", &told, width)));
    } else {
        text +=
            &wrapped("  ", &format!("{} by element; `--elements` lists them", plural(count, "token")), width);
    }
    text
}

/// What stands on the left of a statement: `prey_seen[t_prey] (mV)`.
fn head(model: &Model, statement: &Statement) -> String {
    let axes: Vec<&str> = statement.axes.iter().map(|axis| model.axis(*axis).name.as_str()).collect();
    let axes = match (axes.is_empty(), statement.function) {
        (true, false) => String::new(),
        (true, true) => "(t)".to_owned(),
        (false, false) => format!("[{}]", axes.join(",")),
        (false, true) => format!("(t) at {}", axes.join(", ")),
    };
    let unit = statement.unit.map(|unit| format!(" ({unit})")).unwrap_or_default();
    let program = statement.program.filter(|_| statement.word == Word::Latent);
    let program = program.map(|program| format!(" by {program}")).unwrap_or_default();
    format!("{}{axes}{unit}{program}", statement.name)
}

fn by_element(shown: &Shown) -> Vec<(String, String)> {
    let tokens = &shown.graph.tokens;
    let name = |token: &usize| tokens.get(*token).map_or("", |token| &token.name);
    let row = |(token, parents): (_, Vec<usize>)| {
        (format!("  {}", name(&token)), parents.iter().map(name).collect::<Vec<_>>().join(", "))
    };
    parents(&shown.graph).into_iter().enumerate().map(row).collect()
}

/// Two columns with a sign between them where the second has something, indented; the second wraps.
fn columns(rows: &[(String, String)], sign: &str, width: usize) -> String {
    let lengths = rows.iter().filter(|(_, right)| !right.is_empty()).map(|(left, _)| left.chars().count());
    let left_width = lengths.filter(|length| *length <= WIDEST_NAME).max().unwrap_or(0);
    let row = |(left, right): &(String, String)| match right.is_empty() {
        true => format!("  {left}\n"),
        false => wrapped(&format!("  {left:left_width$} {sign} "), right, width),
    };
    rows.iter().map(row).collect()
}

/// A text behind a lead, wrapped at its spaces; further lines are indented as far.
fn wrapped(lead: &str, text: &str, width: usize) -> String {
    let indent = lead.chars().count();
    let mut lines = String::from(lead);
    let mut at = indent;
    for (number, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if number > 0 && at + 1 + length > width {
            lines += &format!("\n{:indent$}", "");
            at = indent;
        } else if number > 0 {
            lines.push(' ');
            at += 1;
        }
        lines += word;
        at += length;
    }
    lines + "\n"
}

fn query(asked: &Asked, width: usize) -> String {
    let mut text = format!("query {}\n", asked.query.name);
    match &asked.attention {
        Some(attention) => {
            let (kind, rule) = (words::kind(attention.network.mask), words::rule(attention.network.graph));
            let name = &asked.approximator.name;
            let told = format!("`{name}`: {kind} mask of the {rule} graph; {}", words::tally(asked));
            text += &wrapped("  ", &told, width);
            text += &mask(asked, attention, width);
            words::attention(asked, attention).iter().for_each(|told| text += &wrapped("  ", told, width));
        }
        None => text += &posterior(asked, width),
    }
    text
}

/// A mask as far as it fits: token by token, else node by node.
fn mask(asked: &Asked, attention: &Attention, width: usize) -> String {
    let there: Vec<usize> =
        (0..asked.tokens.len()).filter(|token| asked.present.get(*token) == Some(&true)).collect();
    let heads = heads(asked);
    let lead = heads.iter().map(|head| head.chars().count()).max().unwrap_or(0) + 3;
    let blocks = summary::present(asked);
    let text = if lead + 2 * there.len() <= width {
        by_token(attention, (&there, &heads), " ") + &legend("x looks at, . does not", width)
    } else if lead + there.len() <= width {
        by_token(attention, (&there, &heads), "") + &legend("x looks at, . does not", width)
    } else {
        by_node(asked, attention, &blocks, width)
    };
    let gone: Vec<usize> = (0..asked.tokens.len()).filter(|token| !there.contains(token)).collect();
    match gone.is_empty() {
        true => text,
        false => text + &wrapped("  absent: ", &words::named(asked, &gone), width),
    }
}

/// What stands before the row of each token: its modality, name and condition.
fn heads(asked: &Asked) -> Vec<String> {
    let modalities = asked.frames();
    let modality = |token: usize| {
        let own = modalities.iter().find(|(_, ranges)| ranges.iter().any(|range| range.contains(&token)));
        own.map_or("", |(name, _)| name)
    };
    let own: Vec<&str> = (0..asked.tokens.len()).map(modality).collect();
    let first =
        own.iter().map(|name| name.len()).max().map_or(0, |longest| longest + usize::from(longest > 0));
    let names: Vec<String> = (0..asked.tokens.len()).map(|token| words::dated(asked, token)).collect();
    let there = names.iter().zip(&asked.present).filter(|(_, present)| **present);
    let second = there.map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let rows = names.iter().zip(&asked.states).zip(own);
    let head = |((name, state), modality): ((&String, &sbi_model::State), &str)| {
        format!("{modality:first$}{name:second$} {:8}", words::state(state))
    };
    rows.map(head).collect()
}

fn by_token(attention: &Attention, (there, heads): (&[usize], &[String]), between: &str) -> String {
    let mut text = String::new();
    for &row in there {
        let signs = there.iter().map(|column| if attention.mask.get(row, *column) { "x" } else { "." });
        let signs: Vec<&str> = signs.collect();
        text += &format!("  {} {}\n", heads.get(row).map_or("", String::as_str), signs.join(between));
    }
    text
}

/// A legend, which says of what a line and a column are.
fn legend(signs: &str, width: usize) -> String {
    wrapped("  ", &format!("({signs}: a line for who looks, columns in the same order)"), width)
}

fn by_node(asked: &Asked, attention: &Attention, blocks: &[(Block, Vec<usize>)], width: usize) -> String {
    let heads: Vec<String> = blocks.iter().map(|(block, tokens)| node_head(asked, block, tokens)).collect();
    let lead = heads.iter().map(|head| head.chars().count()).max().unwrap_or(0);
    if lead + 3 + blocks.len() > width {
        let told = "the mask is too wide for these lines: `--format svg` draws it, `--format json` has it";
        return wrapped("  ", told, width);
    }
    let between = if lead + 3 + 2 * blocks.len() <= width { " " } else { "" };
    let mut text = String::new();
    for ((_, rows), head) in blocks.iter().zip(&heads) {
        let share = |(_, columns): &(Block, Vec<usize>)| summary::share(&attention.mask, rows, columns);
        let signs: Vec<String> = blocks.iter().map(|block| share(block).sign().to_string()).collect();
        text += &format!("  {head:lead$} {}\n", signs.join(between));
    }
    let [all, some, none] = [Share::All, Share::Some, Share::None].map(Share::sign);
    text + &legend(&format!("{all} all of its elements look at all, {some} some, {none} none"), width)
}

/// A node or a modality with how many of its tokens are there, and what the query says of them.
fn node_head(asked: &Asked, block: &Block, tokens: &[usize]) -> String {
    let is_one = asked.tokens.get(block.range.start).is_some_and(|token| token.name == block.name);
    let count = |word: &str| {
        let states = tokens.iter().filter_map(|token| asked.states.get(*token));
        states.filter(|state| words::state(state) == word).count()
    };
    let size = if is_one { String::new() } else { format!("[{}]", tokens.len()) };
    let states = match (count("given"), count("inferred")) {
        (_, 0) => "given".to_owned(),
        (0, _) => "inferred".to_owned(),
        (given, inferred) => format!("{given} given, {inferred} inferred"),
    };
    format!("{}{size} {states}", block.name)
}

/// The networks of a posterior.
fn posterior(asked: &Asked, width: usize) -> String {
    let Estimator::Posterior(density) = &asked.approximator.estimator else { return String::new() };
    let (name, made) = estimator(density);
    let told = format!("`{}`: posterior of all parameters by a {name}, {made}", asked.approximator.name);
    let mut text = wrapped("  ", &told, width);
    let Some(fusion) = &asked.approximator.fusion else { return text };
    if let Fusion::Join { .. } = fusion {
        text += &wrapped("  ", &written(asked, fusion), width);
        schemes(fusion).iter().for_each(|told| text += &wrapped("    ", told, width));
    }
    let rows: Vec<(String, String)> = fusion
        .modalities()
        .into_iter()
        .filter_map(|modality| Some((modality, asked.approximator.groups.get(modality)?)))
        .map(|(modality, group)| {
            let data: Vec<String> = group.nodes.iter().map(|id| datum(asked, *id)).collect();
            let own = asked.approximator.encodings.iter().find(|encoding| encoding.modality == modality);
            let network =
                own.map_or_else(|| "no encoder of its own".to_owned(), |own| encoding(asked, own).join(", "));
            (format!("{}: {}, {}", group.name, data.join(", "), known(asked, &group.nodes)), network)
        })
        .collect();
    text + &columns(&rows, "->", width)
}

/// What the schemes of a fusion do, the outermost first.
fn schemes(fusion: &Fusion) -> Vec<String> {
    let Fusion::Join { scheme, parts, pairing } = fusion else { return Vec::new() };
    let marked = if *pairing { "; rows that belong together are marked" } else { "" };
    let mut told = vec![format!("{}: {}{marked}", scheme.name(), meaning(*scheme, parts.len()))];
    told.extend(parts.iter().flat_map(schemes));
    told
}
