//! Names of accounts, containers and blobs, and the plain files that they stand for.
//!
//! Nothing outside `DATA_DIR/<account>/<container>` can be named: `..`, empty segments, NUL and
//! symbolic links are refused here, once, for every operation.

use std::path::{Path, PathBuf};

use super::error::BlobError;

/// A container of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Container {
    /// The storage account, as in the host name.
    pub(crate) account: String,
    /// The container, the first segment of the path.
    pub(crate) name: String,
}

impl Container {
    /// Checks both names by the rules of Azure Storage (account 3–24 lower-case letters and
    /// digits; container 3–63, hyphens between them).
    pub(crate) fn new(account: &str, name: &str) -> Result<Self, BlobError> {
        if !is_account(account) {
            return Err(BlobError::invalid_name("the account name"));
        }
        if !is_container(name) {
            return Err(BlobError::invalid_name("the container name"));
        }
        Ok(Self {
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The folder that holds the container's blobs.
    pub(crate) fn folder(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(&self.account).join(&self.name)
    }

    /// A blob of this container.
    pub(crate) fn blob(&self, name: &str) -> Result<BlobName, BlobError> {
        let acceptable = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
        if name.len() > 1024 || name.contains('\0') || !name.split('/').all(acceptable) {
            return Err(BlobError::invalid_name("the blob name"));
        }
        Ok(BlobName {
            container: self.clone(),
            path: name.to_owned(),
        })
    }
}

/// A blob: a file below its container's folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlobName {
    /// Where it lies.
    pub(crate) container: Container,
    /// Its name, with `/` between the segments.
    pub(crate) path: String,
}

impl BlobName {
    /// The file, refused when a symbolic link lies on the way: a link that a job or a person made
    /// must not lead out of the data folder.
    pub(crate) fn file(&self, data_dir: &Path) -> Result<PathBuf, BlobError> {
        let mut file = self.container.folder(data_dir);
        for segment in self.path.split('/') {
            file.push(segment);
            match std::fs::symlink_metadata(&file) {
                Ok(found) if found.is_symlink() => {
                    return Err(BlobError::invalid_name(
                        "a symbolic link on the way to the blob",
                    ));
                }
                _ => {}
            }
        }
        Ok(file)
    }
}

/// Whether the text can be a storage account's name.
pub(crate) fn is_account(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Whether the text can be a container's name.
pub(crate) fn is_container(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_container_are_refused() {
        let container = Container::new("yogistorage", "azureml").unwrap();
        for bad in ["../x", "a/../../x", "a//b", "", "a/", "./a", "a/\0", ".."] {
            assert!(container.blob(bad).is_err(), "{bad:?} was accepted");
        }
        for good in ["a", "a/b.txt", ".hidden", "a/..b", "x y/ü.csv"] {
            assert!(container.blob(good).is_ok(), "{good:?} was refused");
        }
    }

    #[test]
    fn container_and_account_names_follow_azure_storage() {
        for (account, container) in [
            ("..", "data"),
            ("Yogi", "data"),
            ("yogi", ".."),
            ("yogi", "a--b"),
            ("yogi", "A12"),
        ] {
            assert!(
                Container::new(account, container).is_err(),
                "{account}/{container}"
            );
        }
        assert!(Container::new("yogi", "25fd3f03-8-11111111-1111-4111-8111-111111111111").is_ok());
    }

    #[test]
    fn a_symbolic_link_leads_nowhere() {
        let data = tempfile::tempdir().unwrap();
        let container = Container::new("yogi", "data").unwrap();
        let folder = container.folder(data.path());
        std::fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink("/", folder.join("out")).unwrap();
        assert!(
            container
                .blob("out/etc/hostname")
                .unwrap()
                .file(data.path())
                .is_err()
        );
        assert!(
            container
                .blob("in/etc/hostname")
                .unwrap()
                .file(data.path())
                .is_ok()
        );
    }
}
