//! Axes, masks and what gets through them, in words.

use super::view::{Asked, Attention, Encoded};
use crate::cli::numbers::{exact, listed};
use sbi_model::{Axis, AxisKind, Count, GraphRule, MaskKind, State, Steps};

/// No more parts of a mask than these are named.
const MOST_PARTS: usize = 4;
/// No more pieces of one part than these are named.
const MOST_PIECES: usize = 6;

/// What an axis is, for behind its name: `set, 60 .. 300`.
pub fn axis(axis: &Axis) -> String {
    let unit = axis.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let count = |count: Count| match count.least == count.most {
        true => count.most.to_string(),
        false => format!("{} .. {}", count.least, count.most),
    };
    let steps = |what: &str, steps: Steps| {
        let last = steps.coordinate(steps.size.saturating_sub(1));
        format!("{} {what}, {} .. {}{unit}", steps.size, short(steps.from), short(last))
    };
    match axis.kind {
        AxisKind::Index { size } => size.to_string(),
        AxisKind::Ordered { size } => format!("ordered, {size}"),
        AxisKind::Set(size) => format!("set, {}", count(size)),
        AxisKind::Instants(own) => steps("times", own),
        AxisKind::Scattered { count: own, from, to } => {
            format!("{} free times, {} .. {}{unit}", count(own), short(from), short(to))
        }
        AxisKind::Cells(own) => steps("cells", own),
    }
}

/// A coordinate without the noise of its arithmetic.
fn short(x: f64) -> String {
    let digits = format!("{x:.12}");
    match digits.parse::<f64>() {
        Ok(rounded) if (rounded - x).abs() <= 1e-9 * x.abs() => exact(rounded),
        _ => exact(x),
    }
}

/// The name of a mask in a file.
pub fn kind(kind: MaskKind) -> &'static str {
    match kind {
        MaskKind::Undirected => "undirected",
        MaskKind::Directed => "directed",
        MaskKind::Faithful => "faithful",
        MaskKind::Dense => "dense",
    }
}

/// The name of a rule in a file.
pub fn rule(rule: GraphRule) -> &'static str {
    match rule {
        GraphRule::Exact => "exact",
        GraphRule::Mechanistic => "mechanistic",
    }
}

/// What a query says of a token.
pub fn state(state: &State) -> &'static str {
    match state {
        State::Given(_) => "given",
        State::Inferred => "inferred",
        State::Absent => "absent",
    }
}

/// That the times of axes are not known here; nothing where all are.
pub fn spread(axes: &[&Axis]) -> Option<String> {
    let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "times of {} differ from data set to data set; here they are spread evenly",
            listed(&names, "and")
        )
    })
}

/// That a mask hangs on times which its query does not say.
fn unplaced(axes: &[&Axis]) -> Option<String> {
    let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
    let (are, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    (!names.is_empty()).then(|| {
        format!(
            "spread evenly: {}, which {are} placed nowhere in this query; the mask hangs on the times along {them}",
            listed(&names, "and")
        )
    })
}

/// A token with its time, where its mask goes by that: `ill[2] @ 14 day`.
pub fn dated(asked: &Asked, number: usize) -> String {
    let Some(token) = asked.tokens.get(number) else { return String::new() };
    let node = asked.model.node(token.node);
    let mechanistic = asked.attention.as_ref().is_some_and(|own| own.network.graph == GraphRule::Mechanistic);
    let by_time = mechanistic && asked.encoding(number).is_none();
    let mut places = node.axes.iter().zip(asked.model.places(node, token.element)).filter(|_| by_time);
    let time = places.find_map(|(id, place)| {
        let axis = asked.model.axis(*id);
        let placed = asked.query.placed.iter().find(|placed| placed.axis == *id);
        let at = placed.and_then(|placed| placed.at.get(place).copied()).or_else(|| axis.coordinate(place));
        at.filter(|_| axis.is_time()).map(|at| (at, axis))
    });
    match time {
        Some((at, Axis { unit: Some(unit), .. })) => format!("{} @ {} {unit}", token.name, short(at)),
        Some((at, _)) => format!("{} @ {}", token.name, short(at)),
        None => token.name.clone(),
    }
}

/// How many tokens a query has, and what it says of them: `4 tokens: 2 given, 2 inferred`.
pub fn tally(asked: &Asked) -> String {
    let counted = ["given", "inferred", "absent"].map(|word| {
        let count = asked.states.iter().filter(|own| state(own) == word).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    let counted: Vec<String> = counted.into_iter().flatten().collect();
    format!("{}: {}", plural(asked.tokens.len(), "token"), counted.join(", "))
}

/// `1 layer`, `2 layers`.
pub fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What there is to say of a mask, sentence by sentence.
pub fn attention(asked: &Asked, attention: &Attention) -> Vec<String> {
    let mut told = vec![format!("keeps {}; {}", share(attention.kept), reach(asked, attention))];
    told.extend(too_few(attention));
    told.extend(unplaced(&asked.spread));
    told.extend(summarised(asked));
    told
}

/// `23 % of the entries`, `all entries`.
fn share(kept: f64) -> String {
    match 100.0 * kept {
        all if all >= 100.0 => "all entries".to_owned(),
        most if most > 99.0 => "more than 99 % of the entries".to_owned(),
        some if some >= 1.0 => format!("{some:.0} % of the entries"),
        few => format!("{few:.2} % of the entries"),
    }
}

fn reach(asked: &Asked, attention: &Attention) -> String {
    let parts = &attention.reach.parts;
    let apart = || {
        let named: Vec<String> = parts.iter().take(MOST_PARTS).map(|part| named(asked, part)).collect();
        match parts.len() - named.len() {
            0 => named.join(" | "),
            more => format!("{} | and {more} more", named.join(" | ")),
        }
    };
    let name = |token: usize| asked.tokens.get(token).map_or("", |token| &token.name);
    match (parts.len(), attention.reach.layers) {
        (0, _) => "no token is there".to_owned(),
        (1, Ok(0)) => "there is one token alone".to_owned(),
        (1, Ok(layers)) => format!("all tokens reach each other through {}", plural(layers, "layer")),
        (_, Ok(0)) => "no token looks at another".to_owned(),
        (count, Ok(layers)) => {
            let layers = plural(layers, "layer");
            format!(
                "{count} parts are apart, and within each all tokens reach each other through {layers}: {}",
                apart()
            )
        }
        (count, Err((token, unseen))) => {
            let (token, unseen) = (name(token), name(unseen));
            let never =
                format!("tokens never all reach each other: `{token}` is never reached by `{unseen}`");
            if count == 1 { never } else { format!("{never}; {count} parts are apart: {}", apart()) }
        }
    }
}

/// That the network of the file has fewer layers than it takes.
fn too_few(attention: &Attention) -> Option<String> {
    let (stated, needed) = (attention.network.layers?, attention.reach.layers.ok()?);
    (stated < needed).then(|| {
        format!(
            "the network has {}, too few: some tokens of a part do not reach each other",
            plural(stated, "layer")
        )
    })
}

/// What the tokens that stand for modalities are made of.
fn summarised(asked: &Asked) -> Option<String> {
    let made = |own: &Encoded| {
        let tokens = plural(own.range.len(), "token");
        match own.given == own.elements {
            true => format!("{tokens} of all {} of `{}`", plural(own.given, "number"), own.name),
            // A data set may have fewer than there is room for, so that it is not said of how many.
            false => format!("{tokens} of the {} given of `{}`", plural(own.given, "number"), own.name),
        }
    };
    let made: Vec<String> = asked.encoded.iter().filter(|own| own.given > 0).map(made).collect();
    match made.as_slice() {
        [] => None,
        [one] => Some(format!("an encoder makes {one}")),
        [first @ .., last] => Some(format!("encoders make {} and {last}", first.join(", "))),
    }
}

/// Tokens by name, with runs of one node or modality together: `theta[1 .. 3], x[2]`.
pub fn named(asked: &Asked, tokens: &[usize]) -> String {
    let mut pieces: Vec<String> = Vec::new();
    for block in asked.blocks() {
        let own: Vec<usize> = tokens.iter().copied().filter(|token| block.range.contains(token)).collect();
        if own.len() == block.range.len() {
            pieces.push(block.name.clone());
            continue;
        }
        // A run goes along the last axis: `y[1,2 .. 3]`, as a query would name it.
        let index = |token: usize| {
            let name = asked.tokens.get(token).map_or("", |token| &token.name);
            let index = name.strip_prefix(&block.name).unwrap_or(name).trim_matches(['[', ']']);
            let last = index.rfind(',').map_or(0, |comma| comma + 1);
            (index.get(..last).unwrap_or_default(), index.get(last..).unwrap_or_default())
        };
        for run in own.chunk_by(|one, next| one + 1 == *next && index(*one).0 == index(*next).0) {
            let ends = run.first().zip(run.last()).map(|(first, last)| (index(*first), index(*last)));
            pieces.extend(ends.map(|((before, first), (_, last))| match first == last {
                true => format!("{}[{before}{first}]", block.name),
                false => format!("{}[{before}{first} .. {last}]", block.name),
            }));
        }
    }
    let more = pieces.len().saturating_sub(MOST_PIECES);
    pieces.truncate(MOST_PIECES);
    let shown = pieces.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::graph::view::View;
    use crate::cli::world::Disk;
    use std::path::PathBuf;

    const MODEL: &str = "edition 2026
model pond {
    axis t : time(scattered(n = 2, over = 0 day .. 9 day))
    axis u : time(scattered(n = 2, over = 0 day .. 9 day))
    axis i : index(2)
    param k : 1/day ~ uniform(0, 1)
    param j : 1/day ~ uniform(0, 1)
    dynamics water over 0 day .. 9 day by rk4(step = 0.1 day) {
        init x = 1
        init z = 1
        x' = -k * z
        z' = -j * z
    }
    data a[t] ~ normal(water.x(t), 1)
    data b[u] ~ normal(water.z(u), 1)
    data c[i, t] ~ normal(k * 1 day, 1)
}
approximator m for pond {
    joint with diffusion_transformer(graph = mechanistic)
}
";

    /// What is said of the tokens that are left out, the names of those that are there, and what is spread.
    fn words(query: &str) -> (String, Vec<String>, Vec<String>) {
        let text = format!("{MODEL}query q of m {{\n{query}\n}}\n");
        let checked = sbi_model::compile(&text, &Disk::new(PathBuf::new()));
        let file = checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
        let view = View::of(&file, &[]).expect("the query is there");
        let asked = &view.queries[0];
        let gone: Vec<usize> = (0..asked.tokens.len()).filter(|token| !asked.present[*token]).collect();
        let there = (0..asked.tokens.len()).filter(|token| asked.present[*token]);
        let mut there: Vec<String> = there.map(|token| dated(asked, token)).collect();
        there.sort();
        let spread = asked.spread.iter().map(|axis| axis.name.clone()).collect();
        (named(asked, &gone), there, spread)
    }

    #[test]
    fn readings_bear_their_times_and_what_is_left_out_is_a_range() {
        let (_, there, spread) = words("at t = [1, 2]\nat u = [3]\ngiven a = [1, 2]\ngiven b = [1]\ninfer k");
        assert_eq!(there, ["a[1] @ 1 day", "a[2] @ 2 day", "b[1] @ 3 day", "k"]);
        assert_eq!(spread, [""; 0]);
        let (gone, ..) = words("at t = [1, 2]\nat u = [3, 4]\ngiven c[1, 1] = 1\ngiven c[2, 2] = 1\ninfer k");
        assert!(gone.contains("c[1,2], c[2,1]"), "{gone}");
    }

    /// Whether a reading of the one state looks at what moves the other hangs on when that one is read, left out or not.
    #[test]
    fn an_axis_that_is_placed_nowhere_is_named_where_the_mask_hangs_on_it() {
        let (_, _, spread) = words("at t = [1, 8]\ngiven a = [1, 2]\ninfer k, j");
        assert_eq!(spread, ["u"]);
        let (_, _, spread) = words("given k = 0.2\ninfer j");
        assert_eq!(spread, [""; 0]);
    }
}
