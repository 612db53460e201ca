//! Specs of the study, made from the project's examples: the same model, other budgets, seeds and questions.
//!
//! The study reads `.sbi` files as a user's eye would, by their blocks; it does not use the project's own parser,
//! so that a mistake there cannot hide here.

use crate::sample::Sample;
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The name that the study gives an approximator where the example has none.
const OWN_APPROXIMATOR: &str = "accuracy";

/// An example, taken apart.
#[derive(Debug)]
pub struct Example {
    /// Everything but queries and training.
    model: String,
    /// The lines of `query posterior`, braces included; none where nobody asked for one.
    posterior: Vec<String>,
    approximator: String,
    folder: PathBuf,
}

/// What stands on the outermost level of a file: a block with braces, or a line without.
struct Block {
    /// The first word: `model`, `query`, …
    kind: String,
    /// The second word.
    name: String,
    /// Its lines, doc comments above it included.
    lines: Vec<String>,
}

impl Example {
    /// Takes the example at `path` apart.
    ///
    /// # Errors
    /// A file that cannot be read, or one without `query posterior`.
    pub fn read(path: &Path) -> Result<Example> {
        let example = Example::model_of(path)?;
        ensure!(!example.posterior.is_empty(), "no `query posterior` in {}", path.display());
        Ok(example)
    }

    /// The same of a file that is asked nothing but queries of the study: it needs no `query posterior`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn model_of(path: &Path) -> Result<Example> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Example::parse(&text, folder))
    }

    fn parse(text: &str, folder: PathBuf) -> Example {
        let blocks = blocks(text);
        let posterior = blocks.iter().find(|b| b.kind == "query" && b.name == "posterior");
        let posterior = posterior.map_or(&[][..], |block| &block.lines);
        let answered_by = posterior.iter().find_map(|line| {
            let (_, after) = line.split_once(" of ").filter(|_| line.starts_with("query"))?;
            first_words(after).next()
        });
        let declared = blocks.iter().find(|b| b.kind == "approximator").map(|b| b.name.clone());
        let kept = blocks.iter().filter(|b| b.kind != "query" && b.kind != "train");
        let mut lines: Vec<&str> = kept.flat_map(|b| b.lines.iter().map(String::as_str)).collect();
        lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
        let mut model = lines.join("\n").trim_end().to_owned() + "\n";
        let approximator = answered_by.or(declared).unwrap_or_else(|| {
            // `train` must name what it trains, so the default is written out.
            model += &format!(
                "\napproximator {OWN_APPROXIMATOR} {{\n    joint with diffusion_transformer()\n}}\n"
            );
            OWN_APPROXIMATOR.to_owned()
        });
        let posterior = posterior.iter().filter(|line| !line.starts_with("///")).cloned().collect();
        Example { model, posterior, approximator, folder }
    }

    /// The whole spec: the example's model, trained with default settings on `budget` simulations, and `queries`.
    pub fn spec(&self, budget: usize, seed: u64, queries: &[String]) -> String {
        let Example { model, approximator, .. } = self;
        let mut text =
            format!("{model}\ntrain {approximator} {{\n    simulations {budget}\n    seed {seed}\n}}\n");
        for query in queries {
            text += "\n";
            text += query;
        }
        text
    }

    /// The example's `query posterior` under another name, for another observation and with `draws` draws.
    /// `observation` is a path as the spec is to name it.
    pub fn posterior(&self, name: &str, observation: &str, draws: usize) -> String {
        let mut text = String::new();
        for (at, line) in self.posterior.iter().enumerate() {
            let is_last = at + 1 == self.posterior.len();
            if is_last {
                let _infallible = writeln!(text, "    draws {draws}");
            }
            let line = match at {
                0 => line.replacen("query posterior", &format!("query {name}"), 1),
                _ => line.clone(),
            };
            match quoted_source(&line) {
                Some(old) => text += &line.replacen(&format!("\"{old}\""), &format!("\"{observation}\""), 1),
                None if first_words(&line).next().as_deref() == Some("draws") => continue,
                None => text += &line,
            }
            text += "\n";
        }
        text
    }

    /// Writes an observation in the shape and with the header of the example's own data file, so that the example's
    /// `given … from` reads it as it reads its own. Values go in row by row.
    ///
    /// # Errors
    /// An example whose posterior reads no file, or several; an observation of another size.
    pub fn write_observation(&self, observation: &Sample, path: &Path) -> Result<()> {
        let mut sources: Vec<&str> = self.posterior.iter().filter_map(|line| quoted_source(line)).collect();
        sources.dedup();
        let &[source] = sources.as_slice() else {
            bail!("`query posterior` should read one file, not {}", sources.len());
        };
        let own = Sample::read(&self.folder.join(source))?;
        let values: Vec<f64> = observation.rows().flatten().copied().collect();
        ensure!(
            values.len() == own.len() * own.width(),
            "`{source}` holds {} values, the observation {}",
            own.len() * own.width(),
            values.len()
        );
        Sample::new(own.names().to_vec(), values)?.write(path)
    }
}

/// A query in full: what is given, element by element, which conditions hold, and what is inferred.
pub fn query(
    name: &str,
    given: &[(String, f64)],
    conditions: &[String],
    infer: &[String],
    draws: usize,
) -> String {
    let mut text = format!("query {name} {{\n");
    for (element, value) in given {
        let _infallible = writeln!(text, "    given {element} = {value:?}");
    }
    for condition in conditions {
        let _infallible = writeln!(text, "    where {condition}");
    }
    let _infallible = writeln!(text, "    infer {}\n    draws {draws}\n}}", infer.join(", "));
    text
}

/// Splits a file into what stands on its outermost level. Doc comments belong to what they stand above.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut pending: Vec<String> = Vec::new();
    let mut depth = 0;
    for line in text.lines() {
        let inside = depth > 0;
        depth += brace_balance(line);
        if inside {
            blocks.last_mut().expect("braces only open in a block").lines.push(line.to_owned());
        } else if line.trim_start().starts_with("///") {
            pending.push(line.to_owned());
        } else {
            let mut words = first_words(line);
            let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            drop(words);
            let mut lines = std::mem::take(&mut pending);
            lines.push(line.to_owned());
            blocks.push(Block { kind, name, lines });
        }
    }
    blocks
}

/// The names in a line, in order; comments hold none.
fn first_words(line: &str) -> impl Iterator<Item = String> {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_owned)
}

/// Braces opened less braces closed in a line, outside text and comments.
fn brace_balance(line: &str) -> i32 {
    let mut balance = 0;
    let mut quoted = false;
    let mut previous = ' ';
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '{' if !quoted => balance += 1,
            '}' if !quoted => balance -= 1,
            '/' if !quoted && previous == '/' => break,
            _ => {}
        }
        previous = c;
    }
    balance
}

/// The path in `from "path"`.
fn quoted_source(line: &str) -> Option<&str> {
    let (_, after) = line.split("//").next()?.split_once("from \"")?;
    after.split_once('"').map(|(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"edition 2026

/// Doc { of the model.
model m {
    param theta[i] ~ uniform(-1, 1) // { odd
    data x = if theta[1] > 0 then 1 else 0
}

train net {
    simulations 20
    steps 5
}

/// What is asked.
query posterior {
    given x from "m.csv" (columns = ["data_1"]) // seen
    infer params
    draws 50
}

query other { given x = 1
    infer params
}
"#;

    #[test]
    fn the_model_stays_and_training_and_queries_are_our_own() {
        let example = Example::parse(EXAMPLE, PathBuf::new());
        let query = example.posterior("obs_2", "observed_2.csv", 100);
        let expected = r#"edition 2026

/// Doc { of the model.
model m {
    param theta[i] ~ uniform(-1, 1) // { odd
    data x = if theta[1] > 0 then 1 else 0
}

approximator accuracy {
    joint with diffusion_transformer()
}

train accuracy {
    simulations 1000
    seed 3
}

query obs_2 {
    given x from "observed_2.csv" (columns = ["data_1"]) // seen
    infer params
    draws 100
}
"#;
        assert_eq!(example.spec(1_000, 3, &[query]), expected);
    }

    #[test]
    fn the_approximator_that_answers_is_the_one_trained() {
        let with = |query: &str| {
            let text = format!("approximator a {{\n}}\napproximator b {{\n}}\n{query} {{\n}}\n");
            Example::parse(&text, PathBuf::new()).spec(10, 1, &[])
        };
        assert!(with("query posterior of b").contains("train b {"));
        assert!(with("query posterior").contains("train a {"));
    }

    #[test]
    fn a_file_without_a_posterior_is_read_for_its_model_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.sbi");
        fs::write(&path, "model m {\n}\napproximator b {\n}\nquery mixed {\n}\n").unwrap();
        assert!(Example::read(&path).is_err());
        let spec = Example::model_of(&path).unwrap().spec(10, 1, &[]);
        assert!(spec.contains("train b {") && !spec.contains("query"), "{spec}");
    }

    #[test]
    fn an_observation_takes_the_shape_of_the_examples_data() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("m.csv"), "left,right\n0,0\n0,0\n").unwrap();
        let example = Example::parse(EXAMPLE, folder.path().to_owned());
        let names = (1..=4).map(|i| format!("data_{i}")).collect();
        let observation = Sample::new(names, vec![1.0, 2.0, 3.0, 4.5]).unwrap();
        let path = folder.path().join("observed.csv");
        example.write_observation(&observation, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "left,right\n1,2\n3,4.5\n");
        let short = Sample::new(vec!["data_1".to_owned()], vec![1.0]).unwrap();
        assert!(example.write_observation(&short, &path).is_err());
    }
}
