//! The twins of `sbi.pest` for editors: `sbi.tmLanguage.json` and `tree-sitter/`.
//!
//! The pest file is the truth. The tests of this crate compare the words of all three and read every
//! spec of the repository with tree-sitter; nothing else uses the crate.
// The parser is C, and its one function takes nothing and gives a pointer to a constant.
#![allow(unsafe_code)]

#[cfg(test)]
mod tests;

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_sbi() -> *const ();
}

/// The language as tree-sitter's parser takes it.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_sbi) };
