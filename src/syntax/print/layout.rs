//! Lines made of pieces: a group stands on one line where it fits and holds no comment, and is broken
//! at all its own places otherwise.

use super::comments::Comment;

/// The longest line, in characters, its trailing comment not counted.
const WIDEST: usize = 100;
/// The spaces of one step of indentation.
const STEP: usize = 4;

/// What a text is laid out from.
#[derive(Debug)]
pub(super) enum Piece {
    /// Words that stay together.
    Text(String),
    /// A place where the line may end.
    Line(Line),
    /// The start of a group, up to its `Close`.
    Open,
    /// The end of a group.
    Close,
    /// One step to the right, up to its `Dedent`.
    Indent,
    /// One step to the right, where the line behind it holds a comment.
    IndentIfCommented,
    /// One step back.
    Dedent,
    /// A comma that is written only where its group is broken.
    Comma,
}

/// A place where the line may end.
#[derive(Debug)]
pub(super) struct Line {
    /// When it does.
    pub(super) ends: Ends,
    /// What stands there where it does not end.
    pub(super) flat: &'static str,
    /// Which side of a bracket or block it is on.
    pub(super) side: Side,
    /// The comments that stand there: where there are any, the line ends.
    pub(super) comments: Vec<Comment>,
    /// Whether a blank line of the text follows the comments.
    pub(super) blank: bool,
}

/// When a line ends at a place, comments aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// Between statements.
    Always,
    /// Where the group around it is broken.
    WithGroup,
    /// Where the group around it is broken and what follows does not fit.
    WhenFull,
    /// Never: only comments may stand there.
    Never,
}

/// Which side of a bracket or block a place is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Behind the opening: no blank line follows it.
    Opens,
    /// In between.
    Inside,
    /// In between, behind a block: a doc comment there belongs to what follows.
    BehindBlock,
    /// Before the closing: comments there stand one step further in than what follows.
    Closes,
}

impl Line {
    pub(super) fn new(ends: Ends, flat: &'static str, side: Side) -> Self {
        Line { ends, flat, side, comments: Vec::new(), blank: false }
    }

    /// Whether the line can end here though nothing around it is broken yet.
    fn may_end(&self) -> bool {
        self.ends != Ends::Never || !self.comments.is_empty()
    }
}

/// One line of the result.
#[derive(Default)]
struct Row {
    indent: usize,
    code: String,
    /// The comment behind the code.
    note: Option<String>,
}

impl Row {
    /// Whether the comments of two lines in a row are aligned: both have one, and nothing between them
    /// opens or closes.
    fn aligns(&self, next: &Row) -> bool {
        let closes = self.code.starts_with([')', ']', '}']);
        let opens = next.code.ends_with(['(', '[', '{']);
        self.note.is_some() && next.note.is_some() && self.indent == next.indent && !closes && !opens
    }
}

/// Lays pieces out as text.
pub(super) fn lay_out(pieces: &mut [Piece]) -> String {
    let broken = commented(pieces);
    let mut layout = Layout { rows: vec![Row::default()], levels: vec![0], groups: Vec::new() };
    for at in 0..pieces.len() {
        layout.piece(pieces, at, &broken);
    }
    layout.text()
}

/// For each piece that opens a group, whether a comment stands in the group.
fn commented(pieces: &[Piece]) -> Vec<bool> {
    let mut broken = vec![false; pieces.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Open => open.push(at),
            Piece::Close => {
                let inner = open.pop().and_then(|at| broken.get(at).copied()).unwrap_or(false);
                if let Some(outer) = open.last().and_then(|&outer| broken.get_mut(outer)) {
                    *outer |= inner;
                }
            }
            Piece::Line(line) if !line.comments.is_empty() => {
                if let Some(group) = open.last().and_then(|&group| broken.get_mut(group)) {
                    *group = true;
                }
            }
            _ => {}
        }
    }
    broken
}

struct Layout {
    rows: Vec<Row>,
    /// The steps of indentation, one entry for each indent that is open.
    levels: Vec<usize>,
    /// The groups that are open.
    groups: Vec<Group>,
}

/// An open group.
struct Group {
    broken: bool,
    /// The last column that its filled lines take.
    right: usize,
}

impl Layout {
    fn piece(&mut self, pieces: &mut [Piece], at: usize, broken: &[bool]) {
        let (_, ahead) = pieces.split_at_mut(at);
        let Some((piece, rest)) = ahead.split_first_mut() else { return };
        match piece {
            Piece::Text(text) => self.row().code.push_str(text),
            Piece::Comma if self.in_broken() => self.row().code.push(','),
            Piece::Comma => {}
            Piece::Open => {
                let commented = broken.get(at).copied().unwrap_or(false);
                let broken = commented || !fits(rest, self.room(WIDEST), 1, false);
                let left = (self.level() + 1) * STEP;
                let right = if broken { left + even(rest, WIDEST.saturating_sub(left)) } else { WIDEST };
                self.groups.push(Group { broken, right });
            }
            Piece::Close => {
                self.groups.pop();
            }
            Piece::Indent => self.levels.push(self.level() + 1),
            Piece::IndentIfCommented => {
                let commented = matches!(rest.first(), Some(Piece::Line(line)) if !line.comments.is_empty());
                self.levels.push(self.level() + usize::from(commented));
            }
            Piece::Dedent => {
                self.levels.pop();
            }
            Piece::Line(line) => self.line(line, rest),
        }
    }

    fn line(&mut self, line: &mut Line, rest: &[Piece]) {
        let ends = match line.ends {
            Ends::Always => true,
            Ends::WithGroup => self.in_broken(),
            Ends::WhenFull => {
                let right = self.groups.last().map_or(WIDEST, |group| group.right);
                let room = self.room(right).saturating_sub(line.flat.len());
                self.in_broken() && !fits(rest, room, 0, true)
            }
            Ends::Never => false,
        };
        if !ends && line.comments.is_empty() {
            self.row().code.push_str(line.flat);
            return;
        }
        let statement = line.ends == Ends::Always;
        let mut first = line.side == Side::Opens;
        let level = self.level() + usize::from(line.side == Side::Closes);
        for mut comment in line.comments.drain(..) {
            // Behind a brace a doc comment belongs to what follows, and so it stands there.
            let apart = !comment.inner
                && comment.documents()
                && statement
                && matches!(line.side, Side::Opens | Side::BehindBlock);
            let beside = !comment.alone && !apart && self.takes_note();
            if statement && !apart && (comment.inner || (!comment.alone && !beside)) {
                comment.demote();
            }
            if beside {
                self.row().note = Some(comment.text);
            } else {
                self.end_row(level, statement && comment.blank && !first);
                self.row().code = comment.text;
                first = false;
            }
        }
        self.end_row(self.level(), statement && line.blank && !first && line.side != Side::Closes);
    }

    /// Whether the last line can take a comment behind what it has.
    fn takes_note(&mut self) -> bool {
        let row = self.row();
        row.note.is_none() && !row.code.is_empty() && !row.code.starts_with("//")
    }

    /// Ends the last line, and leaves a blank one if asked. A line with nothing on it is used again.
    fn end_row(&mut self, level: usize, blank: bool) {
        let row = self.row();
        row.code.truncate(row.code.trim_end().len());
        if !row.code.is_empty() {
            self.rows.push(Row::default());
            if blank {
                self.rows.push(Row::default());
            }
        }
        self.row().indent = level * STEP;
    }

    fn row(&mut self) -> &mut Row {
        self.rows.last_mut().expect("a layout begins with a line")
    }

    fn level(&self) -> usize {
        self.levels.last().copied().unwrap_or(0)
    }

    fn in_broken(&self) -> bool {
        self.groups.last().is_some_and(|group| group.broken)
    }

    /// The characters that the last line can still take up to a column.
    fn room(&self, right: usize) -> usize {
        let used = self.rows.last().map_or(0, |row| row.indent + row.code.chars().count());
        right.saturating_sub(used)
    }

    /// The lines with their comments, aligned over lines that follow each other and have one.
    fn text(self) -> String {
        let mut text = String::new();
        for run in self.rows.chunk_by(Row::aligns) {
            let widest = run.iter().map(|row| row.code.chars().count()).max().unwrap_or(0);
            for row in run.iter() {
                if !row.code.is_empty() {
                    text.extend(std::iter::repeat_n(' ', row.indent));
                    text.push_str(&row.code);
                }
                if let Some(note) = &row.note {
                    text.extend(std::iter::repeat_n(' ', widest - row.code.chars().count() + 1));
                    text.push_str(note);
                }
                text.push('\n');
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

/// Whether the pieces fit into `room` characters up to the first place behind `depth` open groups
/// where the line may end. `whole` says that it may not end in groups that are opened there.
fn fits(pieces: &[Piece], room: usize, depth: usize, whole: bool) -> bool {
    let mut depth = depth;
    let mut used = 0;
    for piece in pieces {
        match piece {
            Piece::Text(text) => used += text.chars().count(),
            Piece::Open if depth > 0 || whole => depth += 1,
            Piece::Close => depth = depth.saturating_sub(1),
            Piece::Line(line) if depth == 0 && line.may_end() => break,
            Piece::Line(line) => used += line.flat.len(),
            Piece::Comma if depth == 0 => used += 1,
            _ => {}
        }
        if used > room {
            return false;
        }
    }
    true
}

/// The least width, `widest` at most, in which a filled list between brackets takes no more lines than in
/// `widest`: so no entry is left alone on the last one. `widest` where comments say how its lines end.
fn even(pieces: &[Piece], widest: usize) -> usize {
    let Some(widths) = entry_widths(pieces) else { return widest };
    let lines = |width: usize| {
        let mut used = 0;
        let starts = widths.iter().filter(|&&entry| {
            let follows = used > 0 && used + 1 + entry <= width;
            used = if follows { used + 1 + entry } else { entry };
            !follows
        });
        starts.count()
    };
    let fewest = lines(widest);
    let (mut least, mut enough) = (0, widest);
    while least < enough {
        let middle = least.midpoint(enough);
        if lines(middle) > fewest { least = middle + 1 } else { enough = middle }
    }
    enough
}

/// The widths of the entries of a filled list between brackets, commas included; none where the group is
/// another one or holds comments.
fn entry_widths(pieces: &[Piece]) -> Option<Vec<usize>> {
    let mut widths = Vec::new();
    let mut width = 0;
    let (mut opened, mut filled) = (false, false);
    for piece in pieces {
        match piece {
            Piece::Text(text) => width += text.chars().count(),
            Piece::Comma => width += 1,
            Piece::Line(line) if !line.comments.is_empty() => return None,
            Piece::Line(line) if line.side == Side::Opens => (opened, width) = (true, 0),
            Piece::Line(line) => {
                filled |= line.ends == Ends::WhenFull;
                widths.push(width);
                width = 0;
            }
            Piece::Open | Piece::IndentIfCommented => return None,
            Piece::Close => break,
            Piece::Indent | Piece::Dedent => {}
        }
    }
    (opened && filled).then_some(widths)
}
