//! What the TextMate grammar colours. All its patterns are `match`es within a line, so that the engine here
//! is short: the leftmost match wins, of several the one listed first, and captures may have patterns of
//! their own.

use super::TEXTMATE;
use fancy_regex::Regex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// A pattern with what it colours.
struct Pattern {
    regex: Regex,
    name: Option<String>,
    captures: Vec<Capture>,
}

/// A group of a pattern: its scope, or the entry that colours the text in it.
struct Capture {
    group: usize,
    name: Option<String>,
    entry: Option<String>,
}

/// Where the groups of a match stand.
type Groups = Vec<Option<Range<usize>>>;

/// The patterns by entry, and the order of entries in a file.
struct Colours {
    entries: BTreeMap<String, Vec<Pattern>>,
    order: Vec<String>,
}

fn include(pattern: &Value) -> Option<String> {
    pattern["include"].as_str().map(|entry| entry.trim_start_matches('#').to_owned())
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

impl Pattern {
    fn new(json: &Value) -> Pattern {
        let text = json["match"].as_str().unwrap_or_else(|| panic!("no `match`: {json}"));
        let regex = Regex::new(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let captures: Vec<_> = json["captures"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(group, told)| Capture {
                group: group.parse().unwrap_or_else(|_| panic!("{group} is no number of a group")),
                name: string(&told["name"]),
                entry: include(&told["patterns"][0]),
            })
            .collect();
        for capture in &captures {
            assert!(capture.group < regex.captures_len(), "{text} has no group {}", capture.group);
            assert!(capture.name.is_some() || capture.entry.is_some(), "{text} colours a group with nothing");
        }
        Pattern { regex, name: string(&json["name"]), captures }
    }
}

impl Colours {
    fn new() -> Colours {
        let json: Value = serde_json::from_str(TEXTMATE).expect("the TextMate grammar is JSON");
        assert_eq!(json["scopeName"], "source.sbi");
        let patterns = |json: &Value| {
            json["patterns"].as_array().expect("an entry has patterns").iter().map(Pattern::new).collect()
        };
        let repository = json["repository"].as_object().expect("the grammar has a repository");
        let entries = repository.iter().map(|(name, entry)| (name.clone(), patterns(entry))).collect();
        let order = json["patterns"].as_array().expect("the grammar has patterns").iter().filter_map(include);
        Colours { entries, order: order.collect() }
    }

    /// The coloured parts of a line, innermost scope only, in order.
    fn line<'t>(&self, text: &'t str) -> Vec<(&'t str, &str)> {
        let mut found = Vec::new();
        self.colour(text, 0..text.len(), &self.order, &mut found);
        found
    }

    fn colour<'s, 't>(
        &'s self,
        text: &'t str,
        range: Range<usize>,
        entries: &[String],
        found: &mut Vec<(&'t str, &'s str)>,
    ) {
        let mut at = range.start;
        while at < range.end {
            let mut first: Option<(&Pattern, Groups, Range<usize>)> = None;
            for pattern in entries.iter().flat_map(|entry| &self.entries[entry]) {
                let captures =
                    pattern.regex.captures_from_pos(&text[..range.end], at).expect("a short search");
                let Some(captures) = captures else { continue };
                let whole = captures.get(0).expect("group 0 is the match").range();
                if first.as_ref().is_none_or(|(.., best)| whole.start < best.start) {
                    first =
                        Some((pattern, captures.iter().map(|group| Some(group?.range())).collect(), whole));
                }
            }
            let Some((pattern, groups, whole)) = first else { return };
            if let Some(name) = &pattern.name {
                found.push((&text[whole.clone()], name));
            }
            for capture in &pattern.captures {
                let Some(group) = groups[capture.group].clone() else { continue };
                match (&capture.name, &capture.entry) {
                    (Some(name), _) => found.push((&text[group], name)),
                    (None, Some(entry)) => self.colour(text, group, std::slice::from_ref(entry), found),
                    (None, None) => {}
                }
            }
            assert!(whole.end > at, "{:?} matches nothing at {at} of {text}", pattern.regex.as_str());
            at = whole.end;
        }
    }
}

/// Lines, and parts of each with the scope they must have; `.sbi` is left out.
const LINES: &[(&str, &[(&str, &str)])] = &[
    ("edition 2026", &[("edition", "keyword.control.statement"), ("2026", "constant.numeric.edition")]),
    (
        "use std::decision::ddm as walk // why",
        &[
            ("use", "keyword.control.import"),
            ("::", "punctuation.separator.namespace"),
            ("as", "keyword.other.connective"),
            ("// why", "comment.line.double-slash"),
        ],
    ),
    ("/// A note with param a", &[("/// A note with param a", "comment.line.documentation")]),
    ("//// no note", &[("//// no note", "comment.line.double-slash")]),
    ("model two_moons {", &[("model", "storage.type.block"), ("two_moons", "entity.name.type")]),
    (
        "pub simulator ddm(drift, onset : s, step : s = 1 ms) -> { rt : s, choice } {",
        &[
            ("pub", "storage.modifier"),
            ("simulator", "storage.type.block"),
            ("ddm", "entity.name.type"),
            ("onset", "variable.other"),
            ("s", "keyword.other.unit"),
            ("1", "constant.numeric"),
            ("ms", "keyword.other.unit"),
            ("->", "keyword.operator.arrow"),
        ],
    ),
    (
        "pub fn opening(x : mV) : 1/ms/mV = x",
        &[
            ("pub", "storage.modifier"),
            ("fn", "keyword.control.statement"),
            ("opening", "entity.name.function"),
            ("mV", "keyword.other.unit"),
            ("1/ms/mV", "keyword.other.unit"),
        ],
    ),
    (
        "unit min = 60 s",
        &[
            ("unit", "keyword.control.statement"),
            ("min", "entity.name.type.unit"),
            ("60", "constant.numeric"),
            ("s", "keyword.other.unit"),
        ],
    ),
    ("unit conductance = mS/cm^2", &[("mS/cm^2", "keyword.other.unit")]),
    ("unit rate = 1/s", &[("1/s", "keyword.other.unit")]),
    (
        "    axis t : time(grid(from = 0 ms, to = 1 s))",
        &[
            ("axis", "keyword.control.statement"),
            ("t", "variable.parameter.axis"),
            ("time", "support.type.axis"),
            ("from", "variable.parameter"),
            ("to", "variable.parameter"),
        ],
    ),
    (
        "    param drift[i, t] : 1/sqrt(s) ~ uniform(0.1, 10%) |> between(1, 3) at knot",
        &[
            ("param", "storage.type.role"),
            ("drift", "variable.other.definition"),
            ("i", "variable.parameter.axis"),
            ("t", "variable.parameter.axis"),
            ("1/sqrt(s)", "keyword.other.unit"),
            ("~", "keyword.operator.draw"),
            ("uniform", "support.function.distribution"),
            ("%", "keyword.other.unit.percent"),
            ("|>", "keyword.operator.pipe"),
            ("between", "entity.name.function.call"),
            ("at", "keyword.other.connective"),
        ],
    ),
    (
        "    param clearance : (mL/(min*kg))^2 ~ uniform(0, 1)",
        &[
            ("param", "storage.type.role"),
            ("clearance", "variable.other.definition"),
            ("uniform", "support.function.distribution"),
        ],
    ),
    (
        "    param slope : 1/(ms*mV) ~ uniform(0, 1)",
        &[
            ("slope", "variable.other.definition"),
            ("1/(ms*mV)", "keyword.other.unit"),
            ("~", "keyword.operator.draw"),
        ],
    ),
    (
        "    data sd_v : mV = sqrt(mean over pulse ((cell.v(pulse) - mean_v)^2))",
        &[
            ("data", "storage.type.role"),
            ("sqrt", "support.function"),
            ("mean", "support.function.reducer"),
            ("over", "keyword.other.over"),
            ("pulse", "variable.parameter.axis"),
            ("mean_v", "variable.other"),
        ],
    ),
    // Statement words are names where no statement starts.
    (
        "    param rate ~ normal(mean = data, sd = unit)",
        &[
            ("rate", "variable.other.definition"),
            ("mean", "variable.parameter"),
            ("data", "variable.other"),
            ("unit", "variable.other"),
        ],
    ),
    (
        "    let at = from + with * every",
        &[
            ("let", "keyword.control.statement"),
            ("at", "variable.other.definition"),
            ("from", "variable.other"),
            ("with", "variable.other"),
            ("every", "variable.other"),
        ],
    ),
    ("            draws = draws - 1", &[("draws", "variable.parameter"), ("draws", "variable.other")]),
    (
        "        seed' = 3 * param",
        &[
            ("seed", "variable.other.definition"),
            ("'", "keyword.operator.derivative"),
            ("3", "constant.numeric"),
            ("param", "variable.other"),
        ],
    ),
    // Reserved words are reserved everywhere.
    (
        "    let a = if x in 0 .. 1e-3 then true else not y and z",
        &[
            ("if", "keyword.control.conditional"),
            ("in", "keyword.operator.word"),
            ("..", "keyword.operator.range"),
            ("1e-3", "constant.numeric"),
            ("then", "keyword.control.conditional"),
            ("true", "constant.language.boolean"),
            ("else", "keyword.control.conditional"),
            ("not", "keyword.operator.word"),
            ("and", "keyword.operator.word"),
        ],
    ),
    (
        "    dynamics walk over 1 .. 10 every 1 by rk4(step = 0.5 day^2) {",
        &[
            ("dynamics", "storage.type.block"),
            ("walk", "entity.name.type"),
            ("over", "keyword.other.over"),
            ("every", "keyword.other.connective"),
            ("by", "keyword.other.connective"),
            ("day^2", "keyword.other.unit"),
        ],
    ),
    ("        y[d]' = theta[d]", &[("y", "variable.other.definition"), ("d", "variable.parameter.axis")]),
    (
        "        stop when x <= 0 or x >= bound",
        &[
            ("stop", "keyword.control.statement"),
            ("when", "keyword.other.connective"),
            ("<=", "keyword.operator.comparison"),
            ("or", "keyword.operator.word"),
        ],
    ),
    (
        "        jump at rate beta * s { s = s - 1 }",
        &[
            ("jump", "keyword.control.statement"),
            ("at", "keyword.other.connective"),
            ("rate", "keyword.other.connective"),
        ],
    ),
    (
        "    missing all eeg with probability 10%",
        &[
            ("missing", "keyword.control.statement"),
            ("all", "keyword.other.connective"),
            ("eeg", "variable.other"),
            ("with", "keyword.other.connective"),
            ("probability", "keyword.other.connective"),
        ],
    ),
    ("    missing all with probability 10%", &[("all", "variable.other")]),
    ("    timeout 30 s", &[("timeout", "support.type.property-name"), ("s", "keyword.other.unit")]),
    (
        "    joint with diffusion_transformer(mask = undirected)",
        &[
            ("joint", "keyword.control.statement"),
            ("with", "keyword.other.connective"),
            ("diffusion_transformer", "entity.name.function.call"),
            ("mask", "variable.parameter"),
        ],
    ),
    (
        "    simulations 10_000",
        &[("simulations", "support.type.property-name"), ("10_000", "constant.numeric")],
    ),
    (
        "query posterior of masked {",
        &[
            ("query", "storage.type.block"),
            ("posterior", "entity.name.type"),
            ("of", "keyword.other.connective"),
        ],
    ),
    (
        "    given x_1 from \"s07.csv\" (column = \"rt\")",
        &[
            ("given", "keyword.control.statement"),
            ("x_1", "variable.other"),
            ("from", "keyword.other.connective"),
            ("\"s07.csv\"", "string.quoted.double"),
        ],
    ),
    (
        "    at knot = [2 day, 5 day]",
        &[
            ("at", "keyword.control.statement"),
            ("knot", "variable.parameter.axis"),
            ("day", "keyword.other.unit"),
        ],
    ),
    ("    given x from \"open", &[("\"open", "invalid.illegal.unclosed-text")]),
    ("    let a = 2 * pi * 5 exp(1)", &[("pi", "support.constant"), ("exp", "support.function")]),
];

#[test]
fn every_line_has_its_colours() {
    let colours = Colours::new();
    for (line, expected) in LINES {
        let found = colours.line(line);
        let mut left = found.iter();
        for (part, scope) in *expected {
            let scope = format!("{scope}.sbi");
            assert!(
                left.any(|(text, name)| text == part && *name == scope),
                "{line}\nwants {part:?} as {scope} in this order, has {found:#?}"
            );
        }
    }
}

/// An entry that no file reaches would colour nothing.
#[test]
fn every_entry_is_reached() {
    let colours = Colours::new();
    let captured = colours.entries.values().flatten().flat_map(|pattern| &pattern.captures);
    let mut reached: Vec<_> = captured.filter_map(|capture| capture.entry.as_ref()).collect();
    reached.extend(&colours.order);
    for entry in colours.entries.keys() {
        assert!(reached.contains(&entry), "nothing includes {entry}");
    }
}
