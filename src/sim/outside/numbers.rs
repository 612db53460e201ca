//! The answers of `"lines"`: JSON, read number by number.
//!
//! Numbers go into rows whose size is known beforehand, so that what a worker writes makes us allocate no more than
//! what was asked for; and what does not fit is told with the draw in which it stands.

use super::message::{
    Job, Reply, Wrong, beginning, gave_up, missing_output, settle, unknown_output, wrong_id,
};
use super::{Program, Shape};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;

/// The rows of an answer.
pub(super) fn read_rows(line: &[u8], program: &Program, job: &Job) -> Result<Reply, Wrong> {
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
