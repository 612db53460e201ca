//! The protocol `"lines"`: one JSON object a line.

use super::Program;
use super::message::{Ask, Job, Reply, SEED_BITS, Wrong, beginning, column, greeting, limit, read_ready};
use super::numbers::read_rows;
use serde::{Serialize, Serializer};
use std::io::{BufRead, ErrorKind};

/// A number in an answer takes at most so many bytes: 24 digits and signs, a comma, a bracket and some blanks.
const NUMBER: u64 = 32;

/// A message as a line, with its end.
pub(super) fn write(program: &Program, ask: &Ask) -> Vec<u8> {
    let mut line = match ask {
        Ask::Greeting => greeting(program).into_bytes(),
        Ask::Draws(job) => {
            let seeds = job.seeds.iter().map(|seed| seed & SEED_BITS).collect();
            let request = Request { id: job.id, draws: &job.draws, seeds, inputs: Inputs { program, job } };
            serde_json::to_vec(&request).expect("inputs are finite")
        }
    };
    line.push(b'\n');
    line
}

#[derive(Serialize)]
struct Request<'a> {
    id: u64,
    draws: &'a [u64],
    seeds: Vec<u64>,
    inputs: Inputs<'a>,
}

/// The inputs of a job, as columns by name.
struct Inputs<'a> {
    program: &'a Program,
    job: &'a Job,
}

impl Serialize for Inputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = &self.program.inputs;
        let columns = names.iter().enumerate().map(|(input, name)| {
            let column: Vec<f64> = column(self.job, input, names.len()).collect();
            (name, column)
        });
        serializer.collect_map(columns)
    }
}

/// The answer to `ask`, read from the next line.
pub(super) fn read(input: &mut impl BufRead, program: &Program, ask: &Ask) -> Result<Reply, Wrong> {
    let line = line(input, limit(program, ask, NUMBER))?;
    match ask {
        Ask::Greeting => read_ready(&line),
        Ask::Draws(job) => read_rows(&line, program, job),
    }
}

/// The next line, without its end, if it is not longer than `limit`.
fn line(input: &mut impl BufRead, limit: u64) -> Result<Vec<u8>, Wrong> {
    let mut line = Vec::new();
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) if !chunk.is_empty() => chunk,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // A line without its end is a worker that died while it wrote.
            _ => return Err(Wrong::Ended),
        };
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
        if (line.len() + part.len()) as u64 > limit {
            line.extend_from_slice(part.get(..800).unwrap_or(part));
            return Err(Wrong::TooLong { limit, wrote: beginning(&line) });
        }
        line.extend_from_slice(part);
        let taken = part.len() + usize::from(end.is_some());
        input.consume(taken);
        if end.is_some() {
            return Ok(line);
        }
    }
}

/// A command that asks the program for a batch by hand.
pub(super) fn by_hand(program: &Program, job: &Job) -> String {
    let text = |ask: &Ask| quoted(String::from_utf8_lossy(&write(program, ask)).trim_end());
    let (greeting, request) = (text(&Ask::Greeting), text(&Ask::Draws(job.clone())));
    format!("printf '%s\\n' {greeting} {request} | {}", in_a_shell(&program.command))
}

/// A command as one writes it in a shell.
pub(super) fn in_a_shell(command: &[String]) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c);
    let word = |word: &String| {
        if !word.is_empty() && word.chars().all(safe) { word.clone() } else { quoted(word) }
    };
    command.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::super::message::{Ask, Job, Reply};
    use super::super::{Program, Shape, frames};
    use super::{read, write};
    use sbi_model::Protocol;

    const PAGE: &str = include_str!("../../../docs/workers.md");

    fn page_program() -> Program {
        Program {
            name: "wound".into(),
            command: vec!["python3".into(), "wound.py".into()],
            folder: ".".into(),
            protocol: Protocol::Lines,
            batch: None,
            timeout: None,
            workers: None,
            inputs: vec!["spread".into(), "division".into()],
            outputs: vec![
                Shape { name: "front".into(), sizes: vec![3] },
                Shape { name: "cover".into(), sizes: vec![] },
            ],
        }
    }

    fn page_job() -> Job {
        let seeds = vec![5_079_216_450_201_287, 88_172_645_463_325 + (5 << 53)];
        Job { id: 7, draws: vec![12, 13], seeds, inputs: vec![0.5, 2.0, -1.0, 0.25] }
    }

    /// The lines of the page that begin with this arrow.
    fn page(arrow: &str) -> Vec<&str> {
        PAGE.lines().filter_map(|line| line.strip_prefix(arrow)).collect()
    }

    #[test]
    fn the_page_shows_what_is_written_and_read() {
        let (program, asks) = (page_program(), [Ask::Greeting, Ask::Draws(page_job())]);
        let written = asks.each_ref().map(|ask| String::from_utf8(write(&program, ask)).unwrap());
        assert_eq!(written.each_ref().map(|line| line.trim_end()), page("→ ")[..]);
        let answers = page("← ").join("\n") + "\n";
        let mut answers = answers.as_bytes();
        assert_eq!(read(&mut answers, &program, &asks[0]), Ok(Reply::Ready));
        let Ok(Reply::Rows(rows)) = read(&mut answers, &program, &asks[1]) else { panic!("rows") };
        let first = [0.6822318470805607, 1.1753069127834879, 1.6133775915717252, 0.6031708729022756];
        assert_eq!(rows.rows[..4], first);
        assert!(rows.rows[4..].iter().all(|value| value.is_nan()));
        assert_eq!(rows.refused, [(1, "a wound does not spread backwards".into())]);
    }

    #[test]
    fn the_page_shows_the_header_of_a_frame() {
        let frame = frames::write(&page_program(), &Ask::Draws(page_job()));
        let [length, header] =
            [0, 8].map(|at| u64::from_le_bytes(frame[at..at + 8].try_into().unwrap()) as usize);
        assert_eq!(length, frame.len() - 8);
        let header = std::str::from_utf8(&frame[16..16 + header]).unwrap().trim_end();
        assert!(PAGE.contains(header), "{header}");
    }

    /// What a worker may write that is JSON and no answer: each is told in words of its own, and nothing is a panic.
    #[test]
    fn answers_that_do_not_fit_are_told_in_words() {
        let cases = [
            (r#"{"id":7}"#, "does not give `front`"),
            (r#"{"outputs":{"front":[null,null],"cover":[1,2]}}"#, "by a message without an `id`"),
            (r#"{"id":7,"outputs":{"front":[null,null]}}"#, "does not give `cover`"),
            (r#"{"id":7,"outputs":{"back":[1,2]}}"#, "gives `back`, which the file does not ask for"),
            (r#"{"id":7,"outputs":{"front":[null]}}"#, "gives 1 draws in `front`"),
            (r#"{"id":7,"outputs":{"front":[null,null,null]}}"#, "gives more than 2 draws in `front`"),
            (
                r#"{"id":7,"outputs":{"front":[[1,2,3],[1,2]]}}"#,
                "gives 2 elements in `front` of draw 13, and 3",
            ),
            (
                r#"{"id":7,"outputs":{"front":[[1,2,3,4]]}}"#,
                "gives more than 3 elements in `front` of draw 12",
            ),
            (
                r#"{"id":7,"outputs":{"front":[[1,2,[3]]]}}"#,
                "gives a list in `front` of draw 12 where a number",
            ),
            (r#"{"id":7,"outputs":{"front":[1,2]}}"#, "gives one number in `front` of draw 12, and 3"),
            (
                r#"{"id":7,"outputs":{"cover":[1,true]}}"#,
                "gives `cover` of draw 13 in a form that is not asked for",
            ),
            (r#"{"id":7,"outputs":{"cover":[1,"2"]}}"#, "expected a number, or null"),
            (r#"{"id":7,"outputs":{"cover":[1,2],"front":null},"failed":{"11":"?"}}"#, "refuses draw \"11\""),
            (r#"{"id":7,"error":"no licence"}"#, "said that it cannot go on: no licence"),
            (r#"{"id":7,"outputs":{"cover":[1,NaN]}}"#, "Garbage"),
            (r#"{"id":7,"outputs":{"cover":[1,2],"front":null}} and more"#, "Garbage"),
            ("7", "Garbage"),
            ("", "Garbage"),
        ];
        for (line, words) in cases {
            let read = read(&mut format!("{line}\n").as_bytes(), &page_program(), &Ask::Draws(page_job()));
            let wrong = format!("{:?}", read.unwrap_err()).replace('\\', "");
            assert!(wrong.contains(words), "{line}: {wrong}");
        }
    }
}
