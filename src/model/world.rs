//! What the checker knows of the world outside of the text: the files that a spec names.

use std::fmt;

/// The largest data file that is read, in bytes.
pub const LARGEST_DATA: u64 = 64 << 20;

/// The files that a spec can name.
pub trait World {
    /// The bytes of a file, by its path as written in the spec: relative to the spec's folder.
    ///
    /// # Errors
    /// There is no such file, it is larger than [`LARGEST_DATA`] (found out before it is read), or reading fails.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;

    /// The names of the files and folders in a folder, by its path as in [`World::read`]: what a misspelt path may mean.
    /// There are none where nobody can list them.
    fn names(&self, _folder: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such file.
    Missing,
    /// It has so many bytes, more than [`LARGEST_DATA`].
    TooLarge(u64),
    /// Anything else, in the words of the system.
    Other(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Missing => write!(f, "there is no such file"),
            ReadError::TooLarge(bytes) => write!(f, "it has {bytes} bytes; at most {LARGEST_DATA} are read"),
            ReadError::Other(reason) => write!(f, "{reason}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// A world without files.
impl World for () {
    fn read(&self, _: &str) -> Result<Vec<u8>, ReadError> {
        Err(ReadError::Missing)
    }
}
