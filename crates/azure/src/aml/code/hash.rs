//! The SDK's content hash, version 202208, so that code uploaded by either is found by both.

use std::fmt;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::request::is_segment;

#[cfg(test)]
mod tests;

/// One file of a job's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative, with `/` between folders.
    pub path: String,
    /// The bytes.
    pub content: Bytes,
}

/// A job's code: at least one file, no path twice, none that leaves the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(Vec<SourceFile>);

/// Why files are no code of a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSource {
    /// Azure ML refuses an empty folder (contract §10).
    #[error("there is no file")]
    Empty,
    /// Two files of one path.
    #[error("the path {0:?} occurs twice")]
    Twice(String),
    /// A path that is empty, absolute, or has a step that is empty, `.` or `..`.
    #[error("{0:?} is not a relative path of plain names")]
    Path(String),
}

impl Source {
    /// Checks the paths and puts the files into the SDK's order: by lower-cased path. Two paths that
    /// differ by case only have no order in the SDK; here the bytes decide.
    pub fn new(files: impl IntoIterator<Item = SourceFile>) -> Result<Self, InvalidSource> {
        let mut files: Vec<SourceFile> = files.into_iter().collect();
        if files.is_empty() {
            return Err(InvalidSource::Empty);
        }
        if let Some(file) = files
            .iter()
            .find(|file| !file.path.split('/').all(is_segment))
        {
            return Err(InvalidSource::Path(file.path.clone()));
        }
        files.sort_by_cached_key(|file| (file.path.to_lowercase(), file.path.clone()));
        let twice = files
            .iter()
            .zip(files.iter().skip(1))
            .find(|(a, b)| a.path == b.path);
        if let Some((file, _)) = twice {
            return Err(InvalidSource::Twice(file.path.clone()));
        }
        Ok(Self(files))
    }

    /// The files, in the SDK's order.
    pub fn files(&self) -> &[SourceFile] {
        &self.0
    }

    /// sha256 over the number of files, then each path and size, then each content. Ignore files
    /// (`.amlignore`) have no meaning here: every file was named by the user.
    pub fn hash(&self) -> CodeHash {
        let mut hash = Sha256::new();
        hash.update(self.0.len().to_string());
        for file in &self.0 {
            hash.update(format!("#{}#{}", file.path, file.content.len()));
        }
        for file in &self.0 {
            hash.update(&file.content);
        }
        CodeHash(format!("{:x}", hash.finalize()))
    }
}

/// The hash of a job's code, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeHash(String);

impl CodeHash {
    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which we register code of this hash. The SDK takes a random one; a name from
    /// the content makes registering twice the same as once (contract §4.1).
    pub fn asset_name(&self) -> Uuid {
        let name = format!("https://spark.azureml.dev/codes/{}", self.0);
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
    }
}

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
