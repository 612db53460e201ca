//! The twins are in step with the grammar, and read and colour what they should.

mod colours;
mod rules;
mod trees;
mod words;

const PEST: &str = include_str!("../sbi.pest");
const TEXTMATE: &str = include_str!("../sbi.tmLanguage.json");
const TREE_SITTER: &str = include_str!("../tree-sitter/src/grammar.json");
const GRAMMAR_JS: &str = include_str!("../tree-sitter/grammar.js");
const HIGHLIGHTS: &str = include_str!("../tree-sitter/queries/highlights.scm");
const LOCALS: &str = include_str!("../tree-sitter/queries/locals.scm");
