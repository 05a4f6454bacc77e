//! What a plain file cannot hold: content type, checksum and metadata of a blob.
//!
//! Kept in memory beside the file's stamp. When the file was replaced by hand, or the emulator was
//! started again, the stamp no longer fits and the blob is an ordinary octet stream.

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use super::name::{BlobName, Container};

/// The headers and metadata of one blob.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) cache_control: Option<String>,
    /// Base64 of the MD5 of the whole content.
    pub(crate) content_md5: Option<String>,
    /// `x-ms-meta-*`, names in lower case.
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Attributes {
    /// The content type, with Azure's default.
    pub(crate) fn content_type(&self) -> String {
        self.content_type
            .clone()
            .unwrap_or_else(|| "application/octet-stream".to_owned())
    }
}

/// What tells one content of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// When the file was last written, in nanoseconds since 1970.
    pub(crate) modified: u128,
    /// Its size in bytes.
    pub(crate) length: u64,
}

impl Stamp {
    /// The stamp of a file.
    pub(crate) fn of(file: &Metadata) -> Self {
        let modified = file
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |age| age.as_nanos());
        Self {
            modified,
            length: file.len(),
        }
    }

    /// The entity tag, in the shape of Azure's (`"0x8D…"`).
    pub(crate) fn etag(self) -> String {
        format!("\"0x8D{:X}{:X}\"", self.modified, self.length)
    }
}

/// The attributes of all blobs.
#[derive(Debug, Default)]
pub(crate) struct SideStore {
    kept: Mutex<HashMap<BlobName, (Stamp, Attributes)>>,
}

impl SideStore {
    /// The attributes that belong to this content, or none.
    pub(crate) fn get(&self, blob: &BlobName, stamp: Stamp) -> Attributes {
        match self.lock().get(blob) {
            Some((kept, attributes)) if *kept == stamp => attributes.clone(),
            _ => Attributes::default(),
        }
    }

    /// Keeps the attributes of this content.
    pub(crate) fn set(&self, blob: &BlobName, stamp: Stamp, attributes: Attributes) {
        self.lock().insert(blob.clone(), (stamp, attributes));
    }

    /// Forgets a blob.
    pub(crate) fn remove(&self, blob: &BlobName) {
        self.lock().remove(blob);
    }

    /// Forgets all blobs of a container.
    pub(crate) fn remove_all(&self, container: &Container) {
        self.lock().retain(|blob, _| blob.container != *container);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BlobName, (Stamp, Attributes)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
