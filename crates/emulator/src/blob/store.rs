//! Blobs as plain files: `DATA_DIR/<account>/<container>/<blob>`.

use std::path::{Path, PathBuf};

use http::StatusCode;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::attributes::{Attributes, SideStore, Stamp};
use super::block::Blocks;
use super::condition::Conditions;
use super::error::BlobError;
use super::incoming::Incoming;
use super::listing::{self, Page, Wanted};
use super::name::{BlobName, Container, is_account, is_container};
use super::sas::Key;

/// The metadata by which storage clients mark a blob as a folder.
const FOLDER_MARK: &str = "hdi_isfolder";

/// A blob as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) file: PathBuf,
    pub(crate) length: u64,
    pub(crate) modified: Timestamp,
    pub(crate) etag: String,
    pub(crate) attributes: Attributes,
}

impl Found {
    /// `Last-Modified` as HTTP writes it.
    pub(crate) fn modified_http(&self) -> String {
        http_date(self.modified)
    }
}

/// A time as HTTP headers write it.
pub(crate) fn http_date(time: Timestamp) -> String {
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}

/// All blobs of all accounts, and the key that signs for them.
#[derive(Debug)]
pub(crate) struct Blobs {
    data_dir: PathBuf,
    key: Key,
    side: SideStore,
    pub(crate) blocks: Blocks,
    /// One placing or removing of files at a time, so that a condition still holds when it acts.
    commit: tokio::sync::Mutex<()>,
}

impl Blobs {
    /// Blobs below `data_dir`, signed for with the account key (base64).
    pub(crate) fn new(data_dir: impl Into<PathBuf>, key: &str) -> Self {
        Self {
            data_dir: data_dir.into(),
            key: Key::of(key),
            side: SideStore::default(),
            blocks: Blocks::default(),
            commit: tokio::sync::Mutex::new(()),
        }
    }

    /// The folder of all accounts.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The key of every account.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether the account exists: its folder does.
    pub(crate) fn has_account(&self, account: &str) -> bool {
        is_account(account) && self.data_dir.join(account).is_dir()
    }

    /// Whether the container exists.
    pub(crate) fn has_container(&self, container: &Container) -> bool {
        container.folder(&self.data_dir).is_dir()
    }

    /// The names of an account's containers.
    pub(crate) fn containers(&self, account: &str) -> Result<Vec<String>, BlobError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.data_dir.join(account))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() && is_container(&name) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Makes a container; `false` when it was there.
    pub(crate) fn create_container(&self, container: &Container) -> Result<bool, BlobError> {
        if self.has_container(container) {
            return Ok(false);
        }
        std::fs::create_dir_all(container.folder(&self.data_dir))?;
        Ok(true)
    }

    /// Removes a container with everything in it.
    pub(crate) async fn delete_container(&self, container: &Container) -> Result<(), BlobError> {
        let _alone = self.commit.lock().await;
        if !self.has_container(container) {
            return Err(BlobError::container_not_found());
        }
        tokio::fs::remove_dir_all(container.folder(&self.data_dir)).await?;
        self.side.remove_all(container);
        self.blocks.remove_all(container);
        Ok(())
    }

    /// The blob as it is now.
    pub(crate) fn find(&self, blob: &BlobName) -> Result<Found, BlobError> {
        if !self.has_container(&blob.container) {
            return Err(BlobError::container_not_found());
        }
        let file = blob.file(&self.data_dir)?;
        let metadata = match std::fs::metadata(&file) {
            Ok(metadata) if metadata.is_file() => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(error.into());
            }
            _ => return Err(BlobError::blob_not_found()),
        };
        Ok(self.found(blob, file, &metadata))
    }

    fn found(&self, blob: &BlobName, file: PathBuf, metadata: &std::fs::Metadata) -> Found {
        let stamp = Stamp::of(metadata);
        let modified = i128::try_from(stamp.modified).unwrap_or_default();
        Found {
            file,
            length: stamp.length,
            modified: Timestamp::from_nanosecond(modified).unwrap_or_default(),
            etag: stamp.etag(),
            attributes: self.side.get(blob, stamp),
        }
    }

    /// Places a received body as the blob, when the conditions hold.
    pub(crate) async fn place(
        &self,
        blob: &BlobName,
        incoming: Incoming,
        mut attributes: Attributes,
        conditions: &Conditions,
    ) -> Result<Found, BlobError> {
        let _alone = self.commit.lock().await;
        conditions.check_write(self.maybe(blob)?.as_ref())?;
        let file = blob.file(&self.data_dir)?;
        let folder = file.parent().ok_or_else(BlobError::folder_in_the_way)?;
        make_folder(folder)?;
        if incoming.length == 0
            && attributes
                .metadata
                .get(FOLDER_MARK)
                .is_some_and(|mark| is_true(mark))
        {
            return self.place_folder(blob, file);
        }
        if file.is_dir() {
            return Err(BlobError::folder_in_the_way());
        }
        attributes.content_md5.get_or_insert(incoming.md5);
        incoming
            .file
            .persist(&file)
            .map_err(|refused| refused.error)?;
        let metadata = std::fs::metadata(&file)?;
        self.side.set(blob, Stamp::of(&metadata), attributes);
        self.blocks.remove(blob);
        Ok(self.found(blob, file, &metadata))
    }

    /// A blob that only marks a folder becomes one.
    fn place_folder(&self, blob: &BlobName, folder: PathBuf) -> Result<Found, BlobError> {
        make_folder(&folder)?;
        let metadata = std::fs::metadata(&folder)?;
        Ok(Found {
            length: 0,
            ..self.found(blob, folder, &metadata)
        })
    }

    /// The blob, or nothing when it is not there.
    pub(crate) fn maybe(&self, blob: &BlobName) -> Result<Option<Found>, BlobError> {
        match self.find(blob) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code == "BlobNotFound" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes a blob's attributes and leaves its content.
    pub(crate) async fn set_attributes(
        &self,
        blob: &BlobName,
        conditions: &Conditions,
        change: impl FnOnce(&mut Attributes) + Send,
    ) -> Result<Found, BlobError> {
        let _alone = self.commit.lock().await;
        let mut found = self.find(blob)?;
        conditions.check_write(Some(&found))?;
        change(&mut found.attributes);
        let metadata = std::fs::metadata(&found.file)?;
        self.side
            .set(blob, Stamp::of(&metadata), found.attributes.clone());
        Ok(found)
    }

    /// Removes a blob, and the folders that it leaves empty: a folder of blob storage exists only
    /// as long as something lies in it.
    pub(crate) async fn delete(
        &self,
        blob: &BlobName,
        conditions: &Conditions,
    ) -> Result<(), BlobError> {
        let _alone = self.commit.lock().await;
        let found = self.find(blob)?;
        conditions.check_write(Some(&found))?;
        tokio::fs::remove_file(&found.file).await?;
        self.side.remove(blob);
        let top = blob.container.folder(&self.data_dir);
        let mut folder = found.file.parent();
        while let Some(empty) = folder.filter(|folder| **folder != *top) {
            if std::fs::remove_dir(empty).is_err() {
                break;
            }
            folder = empty.parent();
        }
        Ok(())
    }

    /// One page of a container's blobs.
    pub(crate) async fn list(
        &self,
        container: &Container,
        wanted: &Wanted,
    ) -> Result<Page, BlobError> {
        if !self.has_container(container) {
            return Err(BlobError::container_not_found());
        }
        let folder = container.folder(&self.data_dir);
        let prefix = wanted.prefix.clone();
        let files = tokio::task::spawn_blocking(move || listing::files(&folder, &prefix))
            .await
            .map_err(std::io::Error::other)?;
        Ok(listing::page(files, wanted, |name, file, metadata| {
            let blob = BlobName {
                container: container.clone(),
                path: name.to_owned(),
            };
            self.found(&blob, file, metadata)
        }))
    }
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

fn make_folder(folder: &Path) -> Result<(), BlobError> {
    std::fs::create_dir_all(folder).map_err(|error| match error.kind() {
        // A blob lies where the folder should be.
        std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
            BlobError::folder_in_the_way()
        }
        _ => BlobError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("The data folder cannot be written: {error}."),
        ),
    })
}
