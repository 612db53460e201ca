//! Prefixes of units: `m` of `ms`, `milli` of `millisecond`.

/// Signs, words and powers of ten.
pub(super) const PREFIXES: [(&str, &str, i32); 20] = [
    ("Y", "yotta", 24),
    ("Z", "zetta", 21),
    ("E", "exa", 18),
    ("P", "peta", 15),
    ("T", "tera", 12),
    ("G", "giga", 9),
    ("M", "mega", 6),
    ("k", "kilo", 3),
    ("h", "hecto", 2),
    ("da", "deca", 1),
    ("d", "deci", -1),
    ("c", "centi", -2),
    ("m", "milli", -3),
    ("u", "micro", -6),
    ("n", "nano", -9),
    ("p", "pico", -12),
    ("f", "femto", -15),
    ("a", "atto", -18),
    ("z", "zepto", -21),
    ("y", "yocto", -24),
];

/// Which prefixes a name takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefixed {
    /// None: `min`, `day`.
    Never,
    /// Signs: `ms`.
    Sign,
    /// Words: `millisecond`.
    Word,
}

/// The ways to take a prefix off a name: what is left, and the power of ten.
pub(super) fn split(name: &str) -> impl Iterator<Item = (&str, i32, Prefixed)> {
    let ways = |(sign, word, ten): &(&'static str, &'static str, i32)| {
        let ten = *ten;
        let sign = name.strip_prefix(sign).map(|rest| (rest, ten, Prefixed::Sign));
        let word = name.strip_prefix(word).map(|rest| (rest, ten, Prefixed::Word));
        [sign, word].into_iter().flatten()
    };
    PREFIXES.iter().flat_map(ways)
}
