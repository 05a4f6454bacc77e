//! The code of a run as a folder of files, laid out from `ConfigMap`s as a volume would.

use std::collections::BTreeMap;

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::CodeConfigMap;
use sha2::{Digest, Sha256};

use crate::name::hex;
use crate::place::Blocked;

/// Files by relative path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    files: BTreeMap<String, Vec<u8>>,
}

impl Folder {
    /// The files, in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Whether there is such a file.
    pub fn holds(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// SHA-256 over all paths and contents, for telling definitions apart.
    pub(super) fn digest(&self) -> String {
        let mut all = Sha256::new();
        for (path, bytes) in &self.files {
            all.update((path.len() as u64).to_be_bytes());
            all.update(path.as_bytes());
            all.update((bytes.len() as u64).to_be_bytes());
            all.update(bytes);
        }
        hex(&all.finalize())
    }
}

/// Lays the `ConfigMap`s out, or says what is missing.
pub(super) fn lay_out(
    sources: &[CodeConfigMap],
    found: &BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>>,
) -> Result<Folder, Blocked> {
    let mut folder = Folder::default();
    for source in sources {
        let name = &source.name;
        let Some(Some(data)) = found.get(name) else {
            return Err(Blocked::new(
                Reason::ConfigMapNotFound,
                format!("spec.code.configMaps: no ConfigMap '{name}' in this namespace: create it"),
            ));
        };
        for (path, bytes) in files_of(source, data)? {
            if folder.files.insert(path.clone(), bytes.clone()).is_some() {
                return Err(Blocked::new(
                    Reason::DuplicateFile,
                    format!(
                        "spec.code.configMaps: two sources give the file '{path}': give one another path"
                    ),
                ));
            }
        }
    }
    Ok(folder)
}

fn files_of<'a>(
    source: &CodeConfigMap,
    data: &'a BTreeMap<String, Vec<u8>>,
) -> Result<Vec<(String, &'a Vec<u8>)>, Blocked> {
    let Some(items) = &source.items else {
        return Ok(data
            .iter()
            .map(|(key, bytes)| (key.clone(), bytes))
            .collect());
    };
    items
        .iter()
        .map(|item| match data.get(&item.key) {
            Some(bytes) => Ok((item.path.clone(), bytes)),
            None => Err(Blocked::new(
                Reason::KeyNotFound,
                format!(
                    "spec.code.configMaps: ConfigMap '{}' has no key '{}'",
                    source.name, item.key
                ),
            )),
        })
        .collect()
}
