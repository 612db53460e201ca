//! Lines that are no part of a spec: what a merge, a notebook, a web page or another language left around
//! its statements. They are told, and read as nothing.

use crate::codes::{OPERATOR_FOREIGN, UNEXPECTED};
use crate::slips::Slips;

/// What the lines in hand belong to.
enum Within {
    Spec,
    /// The first part of an unsolved merge, which is read.
    Kept,
    /// Its other parts, which are not.
    Other,
    /// Something that ends with this mark.
    Until(&'static str),
}

/// Marks that a line may start with: what ends the thing, what is wrong, the edit.
static MARKS: &[(&str, Option<&str>, &str, &str)] = &[
    ("```", None, "this mark was copied along with the spec", "remove the lines that start with backquotes"),
    (
        "\"\"\"",
        Some("\"\"\""),
        "three quotes start no text",
        "write `/// …` above what it documents, on each line",
    ),
    ("/*", Some("*/"), "`/*` starts no comment", "comments are written `// …`, on each line"),
];

/// Finds the lines that are no part of a spec.
pub(crate) fn leftovers(slips: &mut Slips<'_>) {
    let mut within = Within::Spec;
    let mut offset = 0;
    for line in slips.written().split_inclusive('\n') {
        within = read(slips, within, offset, line);
        offset += line.len();
    }
}

/// Looks at the line that starts at a byte; what the next belongs to.
fn read(slips: &mut Slips<'_>, within: Within, offset: usize, line: &str) -> Within {
    let text = line.trim_start();
    let start = offset + line.len() - text.len();
    let end = offset + line.len();
    match within {
        Within::Until(mark) => {
            let close = text.find(mark).map(|close| close + mark.len());
            slips.blank(start, close.map_or(end, |close| start + close));
            return if close.is_some() { Within::Spec } else { within };
        }
        Within::Other => {
            slips.blank(start, end);
            return if text.starts_with(">>>>>>>") { Within::Spec } else { within };
        }
        Within::Kept if text.starts_with("=======") || text.starts_with("|||||||") => {
            slips.blank(start, end);
            return Within::Other;
        }
        Within::Kept | Within::Spec => {}
    }
    if text.starts_with("<<<<<<<") {
        let help = "keep one of the two parts, and remove the lines that start with `<<<<<<<`, `=======` and `>>>>>>>`";
        slips.note(OPERATOR_FOREIGN, start, "<<<<<<<", "this is an unsolved merge", help);
        slips.blank(start, end);
        return Within::Kept;
    }
    if let Some(prompt) = [">>> ", "... "].into_iter().find(|prompt| text.starts_with(prompt)) {
        let help = "remove `>>>` and `...` at the start of lines";
        slips.note(OPERATOR_FOREIGN, start, ">>>", "a prompt was copied along with the spec", help);
        slips.blank(start, start + prompt.len());
        return within;
    }
    let Some((mark, close, message, help)) = MARKS.iter().find(|(mark, ..)| text.starts_with(mark)) else {
        return within;
    };
    let code = if *mark == "\"\"\"" { UNEXPECTED } else { OPERATOR_FOREIGN };
    slips.note(code, start, mark, message, help);
    let Some(close) = close else {
        slips.blank(start, end);
        return within;
    };
    let ends = text.get(mark.len()..).and_then(|inner| inner.find(close));
    slips.blank(start, ends.map_or(end, |ends| start + mark.len() + ends + close.len()));
    if ends.is_some() { within } else { Within::Until(close) }
}
