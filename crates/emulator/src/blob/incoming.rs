//! A body on its way into a blob: written to a hidden file first, moved into place when complete.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use http::StatusCode;
use md5::{Digest as _, Md5};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;

use super::error::BlobError;

/// The folder below the data folder that holds bodies on their way. Its dot keeps it apart from
/// accounts, whose names have none.
const FOLDER: &str = ".incoming";

/// A complete body that is not a blob yet. Dropped without being placed, it is gone.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The hidden file.
    pub(crate) file: NamedTempFile,
    /// Its size in bytes.
    pub(crate) length: u64,
    /// Base64 of its MD5.
    pub(crate) md5: String,
}

/// A new hidden file on the same file system as the blobs, so that placing it is a rename.
pub(crate) fn hidden_file(data_dir: &Path) -> Result<NamedTempFile, BlobError> {
    let folder = data_dir.join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    let file = tempfile::Builder::new()
        // Readable by others like any file that a person puts there; narrowed by the umask.
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    Ok(file)
}

impl Incoming {
    /// Receives a whole body.
    pub(crate) async fn receive(data_dir: &Path, body: Body) -> Result<Self, BlobError> {
        let file = hidden_file(data_dir)?;
        let mut writer = tokio::fs::File::from_std(file.reopen()?);
        let mut digest = Md5::new();
        let mut length = 0u64;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| {
                let text = "The request body is incomplete.";
                BlobError::new(StatusCode::BAD_REQUEST, "IncompleteBody", text)
            })?;
            digest.update(&chunk);
            length += chunk.len() as u64;
            writer.write_all(&chunk).await?;
        }
        writer.flush().await?;
        Ok(Self {
            file,
            length,
            md5: STANDARD.encode(digest.finalize()),
        })
    }

    /// Refuses a body whose checksum is not the one that its sender stated.
    pub(crate) fn check_md5(&self, stated: Option<&str>) -> Result<(), BlobError> {
        match stated {
            Some(stated) if stated != self.md5 => Err(BlobError::new(
                StatusCode::BAD_REQUEST,
                "Md5Mismatch",
                "The MD5 value specified in the request did not match with the MD5 value \
                 calculated by the server.",
            )),
            _ => Ok(()),
        }
    }
}
