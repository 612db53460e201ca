//! The protocol `"lines"`: one JSON object a line.
//!
//! An answer is read number by number into rows whose size is known beforehand, so that what a worker writes can
//! make us allocate no more than what was asked for.

use super::message::{
    Ask, Job, Reply, SEED_BITS, Wrong, beginning, column, gave_up, greeting, limit, missing_output,
    read_ready, settle, unknown_output, wrong_id,
};
use super::{Program, Shape};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
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

/// The rows of an answer.
fn read_rows(line: &[u8], program: &Program, job: &Job) -> Result<Reply, Wrong> {
    let mut reader = Reader::new(program, job);
    let mut json = serde_json::Deserializer::from_slice(line);
    let read = json.deserialize_map(&mut reader).and_then(|()| json.end());
    if let Some(wrong) = reader.wrong {
        return Err(wrong);
    }
    if let Err(error) = read {
        return Err(if error.is_data() && line.trim_ascii_start().starts_with(b"{") {
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            Wrong::Unfit {
                said: format!("gives {} in a form that is not asked for: {text}", reader.place()),
                help: "docs/workers.md shows an answer; a number that there is not is null".into(),
            }
        } else {
            Wrong::Garbage { wrote: beginning(line) }
        });
    }
    if let Some(error) = &reader.error {
        return Err(gave_up(error));
    }
    if reader.id != Some(job.id as f64) {
        return Err(wrong_id(reader.id, job.id));
    }
    if let Some((output, _)) = program.outputs.iter().zip(&reader.given).find(|(_, given)| !**given) {
        return Err(missing_output(&output.name));
    }
    let failed: Vec<_> = reader.failed.into_iter().collect();
    settle(program, job, reader.rows, &failed)
}

/// What is read of an answer so far.
struct Reader<'a> {
    program: &'a Program,
    job: &'a Job,
    id: Option<f64>,
    rows: Vec<f64>,
    /// Which outputs were there.
    given: Vec<bool>,
    failed: HashMap<String, String>,
    error: Option<String>,
    /// The output that is being read, where its numbers begin in a row, and the row.
    output: Option<(&'a Shape, usize)>,
    row: usize,
    /// What does not fit, said better than JSON's reader can.
    wrong: Option<Wrong>,
}

impl<'a> Reader<'a> {
    fn new(program: &'a Program, job: &'a Job) -> Reader<'a> {
        Reader {
            program,
            job,
            id: None,
            rows: vec![f64::NAN; job.draws.len() * program.width()],
            given: vec![false; program.outputs.len()],
            failed: HashMap::new(),
            error: None,
            output: None,
            row: 0,
            wrong: None,
        }
    }

    /// Where the reader stands: "`front` of draw 12".
    fn place(&self) -> String {
        match (self.output, self.job.draws.get(self.row)) {
            (Some((output, _)), Some(draw)) => format!("`{}` of draw {draw}", output.name),
            (Some((output, _)), None) => format!("`{}`", output.name),
            (None, _) => "an answer".into(),
        }
    }

    /// Remembers what does not fit and stops the reading.
    fn stop<E: Error>(&mut self, wrong: Wrong) -> E {
        self.wrong = Some(wrong);
        E::custom("it does not fit")
    }

    /// A list of another length than the file's.
    fn length<E: Error>(&mut self, what: &str, there: String, wanted: usize) -> E {
        let name = self.output.map_or("", |(output, _)| &output.name);
        let wrong = Wrong::Unfit {
            said: format!("gives {there} {what} in {}, and {wanted} are asked for", self.place()),
            help: format!("give {wanted}, or change the axes of `{name}` in the file"),
        };
        self.stop(wrong)
    }
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `id` and `outputs`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => self.id = map.next_value()?,
                "outputs" => map.next_value_seed(Outputs(self))?,
                "failed" => self.failed = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "error" => self.error = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads `outputs`: an object of arrays by name.
struct Outputs<'r, 'a>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for Outputs<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Outputs<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of lists by the names of the outputs")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Outputs(reader) = self;
        while let Some(name) = map.next_key::<String>()? {
            let mut begin = 0;
            let mut found = None;
            for (output, given) in reader.program.outputs.iter().zip(&mut reader.given) {
                if output.name == name {
                    found = Some((output, begin));
                    *given = true;
                }
                begin += output.len();
            }
            if found.is_none() {
                return Err(reader.stop(unknown_output(reader.program, &name)));
            }
            reader.output = found;
            reader.row = 0;
            map.next_value_seed(List { reader, depth: 0, place: &mut 0 })?;
            reader.output = None;
        }
        Ok(())
    }
}

/// Reads a list of what is asked for: at depth 0 of draws, below of what the axes of an output run over.
struct List<'r, 'a> {
    reader: &'r mut Reader<'a>,
    depth: usize,
    /// How many numbers of this draw are read.
    place: &'r mut usize,
}

impl List<'_, '_> {
    /// How many elements the list has to have; none where it has to be a number.
    fn wanted(&self) -> Option<usize> {
        match self.depth.checked_sub(1) {
            None => Some(self.reader.job.draws.len()),
            Some(axis) => self.reader.output.and_then(|(output, _)| output.sizes.get(axis).copied()),
        }
    }

    fn number<E: Error>(self, value: f64) -> Result<(), E> {
        if let Some(wanted) = self.wanted() {
            return Err(self.reader.length("number", "one".into(), wanted));
        }
        let begin = self.reader.output.map_or(0, |(_, begin)| begin);
        let place = self.reader.row * self.reader.program.width() + begin + *self.place;
        if let Some(slot) = self.reader.rows.get_mut(place) {
            *slot = value;
        }
        *self.place += 1;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wanted() {
            Some(wanted) => write!(f, "a list of {wanted}, or null"),
            None => f.write_str("a number, or null"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some(wanted) = self.wanted() else {
            let name = self.reader.place();
            return Err(self.reader.stop(Wrong::Unfit {
                said: format!("gives a list in {name} where a number is asked for"),
                help: "give one number for each draw, or write its axes behind its name in the file".into(),
            }));
        };
        let List { reader, depth, place } = self;
        let what = if depth == 0 { "draws" } else { "elements" };
        for element in 0..wanted {
            if depth == 0 {
                reader.row = element;
                *place = 0;
            }
            let inner = List { reader: &mut *reader, depth: depth + 1, place: &mut *place };
            if list.next_element_seed(inner)?.is_none() {
                return Err(reader.length(what, element.to_string(), wanted));
            }
        }
        if list.next_element::<IgnoredAny>()?.is_some() {
            return Err(reader.length(what, format!("more than {wanted}"), wanted));
        }
        Ok(())
    }

    /// `null`: no number, or none at all of this list. The rows begin as NaN, so that nothing is to be written.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        let axes = self.reader.output.map_or(&[][..], |(output, _)| &output.sizes);
        *self.place += axes.get(self.depth.saturating_sub(1)..).unwrap_or(&[]).iter().product::<usize>();
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.number(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(value as f64)
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
