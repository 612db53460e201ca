//! `sbi explain`: a page on one message, or on a module of the library.

use super::args;
use super::failure::{Failure, Outcome, print};
use sbi_model::explain::{Page, Spec, pages};
use sbi_model::{STD, compile};
use sbi_syntax::tree::{Doc, Item};
use sbi_syntax::{Code, suggest};

/// Prints a page, or what there are pages on.
pub fn explain(args: &args::Explain) -> Outcome {
    let text = match args.topic.as_deref() {
        None => contents(),
        Some(topic) => match topic.split("::").collect::<Vec<_>>().as_slice() {
            ["std"] => library(),
            ["std", name] => module(name, None)?,
            ["std", name, item] => module(name, Some(item))?,
            _ => message(topic)?,
        },
    };
    print(&text)
}

fn contents() -> String {
    let messages: String = codes().map(line).collect();
    format!("Messages of the checker: `sbi explain CODE`.\n\n{messages}\n{}", library())
}

/// The codes of all that is told of files.
fn codes() -> impl Iterator<Item = &'static Code> {
    sbi_model::explain::codes().chain(sbi_sim::CODES)
}

fn line(code: &Code) -> String {
    format!("  {:<22} {}\n", code.name, code.summary)
}

/// A page on a message: what it is, why, a spec that gives it with what is told of it, and the spec mended.
fn message(name: &str) -> Outcome<String> {
    let pages = pages();
    let Some(page) = pages.iter().find(|page| page.code == name) else {
        let failure = Failure::wrong(format!("there is no message `{name}`"));
        let similar = suggest(name, pages.iter().map(|page| page.code));
        return Err(failure.help(similar.map_or_else(
            || "`sbi explain` lists what there is".to_owned(),
            |similar| format!("did you mean `sbi explain {similar}`?"),
        )));
    };
    let code = codes().find(|code| code.name == page.code);
    let mut text = code.map_or_else(String::new, |code| format!("{}: {}\n\n", code.name, code.summary));
    text += page.text;
    text.push('\n');
    if let (Some(wrong), Some(mended)) = (page.wrong, page.mended) {
        text += &format!("\nWrong:\n\n{}\n{}", indented(wrong.shown), told(page, &wrong));
        text += &format!("\nMended:\n\n{}", indented(mended.shown));
    }
    for file in &page.files {
        text += &format!("\n`{}`:\n\n{}", file.name, indented(file.shown));
    }
    Ok(text)
}

/// What the checker says of a spec of this page, now.
fn told(page: &Page, spec: &Spec) -> String {
    let checked = compile(&spec.text(), page);
    let mut told = checked.diagnostics;
    told.extend(checked.file.iter().flat_map(sbi_model::advice));
    let lines = told.iter().filter(|told| told.code == page.code).map(|told| {
        let help = told.help.as_ref().map_or_else(String::new, |help| format!("    help: {help}\n"));
        format!("    {}\n{help}", told.message)
    });
    format!("which is told as\n\n{}", lines.collect::<String>())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

/// The modules of the library with what they hold.
fn library() -> String {
    let mut text = "The library of the language: `sbi explain std::MODULE`.\n\n".to_owned();
    for (name, source) in STD {
        let names: Vec<String> = public(source).into_iter().map(|item| item.name).collect();
        text += &format!("  {:<22} {}\n", format!("std::{name}"), names.join(", "));
    }
    text
}

/// What a module makes public, or one thing of it.
fn module(name: &str, item: Option<&str>) -> Outcome<String> {
    let modules = STD.map(|(name, _)| name);
    let Some((_, source)) = STD.iter().find(|(module, _)| *module == name) else {
        let failure = Failure::wrong(format!("`std` has no `{name}`"));
        return Err(failure.help(suggest(name, modules).map_or_else(
            || format!("it has {}", super::numbers::listed(&modules, "and")),
            |similar| format!("did you mean `std::{similar}`?"),
        )));
    };
    let items = public(source);
    let known: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    if let Some(wanted) = item.filter(|wanted| !known.contains(wanted)) {
        let failure = Failure::wrong(format!("`std::{name}` has no `{wanted}`"));
        return Err(failure.help(format!("it has {}", super::numbers::listed(&known, "and"))));
    }
    let shown = items.iter().filter(|own| item.is_none_or(|wanted| own.name == wanted));
    let shown: Vec<String> = shown
        .map(|own| format!("use std::{name}::{}\n\n{}\n\n{}", own.name, own.signature, indented(&own.doc)))
        .collect();
    Ok(shown.join("\n"))
}

/// Something of a module that others may use.
struct Public {
    name: String,
    signature: String,
    doc: String,
}

fn public(source: &str) -> Vec<Public> {
    let tree = sbi_syntax::parse(0, source).tree;
    let found = tree.items.iter().filter_map(|item| {
        let (public, name, doc, span) = match item {
            Item::Simulator(own) => (own.public, &own.name, &own.doc, own.span),
            Item::Function(own) => (own.public, &own.name, &own.doc, own.span),
            Item::Const(own) => (own.public, &own.target.name, &own.doc, own.span),
            Item::Unit(own) => (own.public, &own.name, &own.doc, own.span),
            Item::Model(own) => (own.public, &own.name, &own.doc, own.span),
            Item::External(own) => (own.public, &own.name, &own.doc, own.span),
            Item::Use(_) | Item::Approximator(_) | Item::Train(_) | Item::Query(_) | Item::Bad(_) => {
                return None;
            }
        };
        let signature = source.get(span.range())?.lines().next()?;
        public.then(|| Public {
            name: name.text.clone(),
            signature: signature.trim_end_matches('{').trim_end().to_owned(),
            doc: doc.as_ref().map_or_else(String::new, |Doc { text, .. }| text.clone()),
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_every_crate_has_a_page() {
        let pages = pages();
        let without = codes().find(|code| !pages.iter().any(|page| page.code == code.name));
        assert_eq!(without.map(|code| code.name), None);
    }
}
