//! The last lines that a worker wrote to stderr.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// How many lines are kept.
const LINES: usize = 20;

/// The longest line that is kept, in bytes; the rest of it is let go.
const LINE: usize = 400;

/// The last lines of a text, which another thread goes on writing.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Reads to the end, however much it is: a worker that could not get rid of its messages would stand still.
    pub(super) fn read(&self, input: impl Read) {
        let mut input = BufReader::new(input);
        let mut line = Vec::new();
        while let Ok(chunk) = input.fill_buf()
            && !chunk.is_empty()
        {
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
            let room = LINE.saturating_sub(line.len()).min(part.len());
            line.extend_from_slice(part.get(..room).unwrap_or(part));
            let taken = part.len() + usize::from(end.is_some());
            input.consume(taken);
            if end.is_some() {
                self.keep(&line);
                line.clear();
            }
        }
        if !line.is_empty() {
            self.keep(&line);
        }
    }

    /// The lines that are kept now, first to last.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, line: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        // Colours and cursor movements of a terminal have no place in an error.
        let text: String =
            String::from_utf8_lossy(line).trim_end().chars().filter(|c| !c.is_control()).collect();
        lines.push_back(text);
    }
}
