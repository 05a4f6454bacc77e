//! Blocks that were put and not yet committed (Put Block, Put Block List).

use std::collections::HashMap;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use md5::{Digest as _, Md5};

use super::error::BlobError;
use super::incoming::{Incoming, hidden_file};
use super::name::{BlobName, Container};

type Staged = HashMap<BlobName, Vec<(String, Incoming)>>;

/// The uncommitted blocks of all blobs.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    staged: Mutex<Staged>,
}

impl Blocks {
    /// Keeps a block; one with the same id is replaced.
    pub(crate) fn put(&self, blob: &BlobName, id: &str, block: Incoming) -> Result<(), BlobError> {
        if STANDARD.decode(id).is_err() {
            return Err(BlobError::invalid_query("blockid"));
        }
        let mut staged = self.lock();
        let blocks = staged.entry(blob.clone()).or_default();
        blocks.retain(|(kept, _)| kept != id);
        blocks.push((id.to_owned(), block));
        Ok(())
    }

    /// The ids and sizes of a blob's uncommitted blocks.
    pub(crate) fn staged(&self, blob: &BlobName) -> Vec<(String, u64)> {
        let staged = self.lock();
        let blocks = staged.get(blob).map(Vec::as_slice).unwrap_or_default();
        blocks
            .iter()
            .map(|(id, block)| (id.clone(), block.length))
            .collect()
    }

    /// Joins blocks, in the order asked for, into one body. The blocks stay until the body has
    /// been placed, so a commit that fails can be repeated.
    ///
    /// Only uncommitted blocks can be named: a blob of plain files does not remember its blocks.
    pub(crate) fn join(
        &self,
        data_dir: &Path,
        blob: &BlobName,
        ids: &[String],
    ) -> Result<Incoming, BlobError> {
        let mut joined = hidden_file(data_dir)?;
        let mut length = 0;
        {
            let staged = self.lock();
            let blocks = staged.get(blob).map(Vec::as_slice).unwrap_or_default();
            for id in ids {
                let (_, block) = blocks.iter().find(|(kept, _)| kept == id).ok_or_else(|| {
                    BlobError::new(
                        StatusCode::BAD_REQUEST,
                        "InvalidBlockList",
                        "The specified block list is invalid.",
                    )
                })?;
                length += std::io::copy(&mut block.file.reopen()?, joined.as_file_mut())?;
            }
        }
        let mut digest = Md5::new();
        joined.as_file_mut().seek(SeekFrom::Start(0))?;
        std::io::copy(joined.as_file_mut(), &mut digest)?;
        Ok(Incoming {
            file: joined,
            length,
            md5: STANDARD.encode(digest.finalize()),
        })
    }

    /// Forgets a blob's blocks.
    pub(crate) fn remove(&self, blob: &BlobName) {
        self.lock().remove(blob);
    }

    /// Forgets the blocks of a whole container.
    pub(crate) fn remove_all(&self, container: &Container) {
        self.lock().retain(|blob, _| blob.container != *container);
    }

    fn lock(&self) -> MutexGuard<'_, Staged> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
