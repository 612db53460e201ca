//! Networks that `sbi` has left in a store, found as it finds them: by the key of what made them.

use anyhow::{Context, Result};
use sbi_model::{Approximator, File, Key, Model, ReadError, World};
use std::fs;
use std::path::{Path, PathBuf};

/// The files beside a spec.
struct Folder<'a>(&'a Path);

impl World for Folder<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        fs::read(self.0.join(path)).map_err(|_| ReadError::Missing)
    }
}

/// The text of a spec, checked, with the files that it names from a folder.
///
/// # Errors
/// The spec has errors.
pub fn checked(text: &str, folder: &Path) -> Result<File> {
    let checked = sbi_model::compile(text, &Folder(folder));
    checked.file.with_context(|| format!("the spec has errors: {:?}", checked.diagnostics.first()))
}

/// The same of the spec at a path.
///
/// # Errors
/// A spec that cannot be read or has errors.
pub fn read(spec: &Path) -> Result<File> {
    let told = || format!("cannot read {}", spec.display());
    let text = fs::read_to_string(spec).with_context(told)?;
    checked(&text, spec.parent().unwrap_or(Path::new("."))).with_context(told)
}

/// Where a store has the weights of an approximator that was trained on the processor.
pub fn weights(store: &Path, model: &Model, approximator: &Approximator) -> PathBuf {
    let key = Key::weights(model, approximator, "f32", "cpu").to_string();
    store.join("weights").join(key).join("weights.safetensors")
}
