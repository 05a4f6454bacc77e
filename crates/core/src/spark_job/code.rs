//! Where the code of a run comes from: files that we hold, laid out as a volume would, or something in Azure.

use std::collections::BTreeMap;
use std::sync::Arc;

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::{Code, CodeConfigMap, SourceRef};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::asset::AssetName;
use super::source::{self, Source};
use crate::name::hex;
use crate::place::Blocked;

/// Most bytes of code in `ConfigMap`s, all together: what one of them may hold at most. Beyond it, etcd is the wrong
/// place for code.
const CONFIG_MAPS_LIMIT: usize = 1 << 20;

/// `ConfigMap`s by name: their contents, or that there is none.
pub(super) type ConfigMaps = BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>>;

/// Files by relative path. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    files: Arc<BTreeMap<String, Arc<[u8]>>>,
    digest: String,
}

impl Folder {
    /// Bytes that a file takes in memory beside its path and its content, or a little less: its places in the map, and
    /// what is before each piece of memory.
    pub const PER_FILE: usize = 128;

    /// Bytes that a file takes in memory.
    pub fn takes(path: &str, content: usize) -> usize {
        content
            .saturating_add(path.len())
            .saturating_add(Self::PER_FILE)
    }

    /// Whether anybody else has it, or one of its files: dropping it would free little. Empty files may all be one.
    pub fn is_shared(&self) -> bool {
        let has_another = |bytes: &Arc<[u8]>| !bytes.is_empty() && Arc::strong_count(bytes) > 1;
        Arc::strong_count(&self.files) > 1 || self.files.values().any(has_another)
    }

    /// The files, in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_ref()))
    }

    /// The same, for whoever needs them without a copy.
    pub fn shared(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes))
    }

    /// Whether there is such a file.
    pub fn holds(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Bytes that it takes in memory, paths and all.
    pub fn size(&self) -> usize {
        self.files.iter().fold(0, |all, (path, bytes)| {
            all.saturating_add(Self::takes(path, bytes.len()))
        })
    }

    /// SHA-256 over all paths and contents, for telling folders apart.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The files below a folder of this one; all of them for an empty path or `.`.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let path = path.trim_start_matches("./").trim_matches('/');
        if path.is_empty() || path == "." {
            return self.clone();
        }
        self.files
            .iter()
            .filter_map(|(file, bytes)| {
                let rest = file.strip_prefix(path)?.strip_prefix('/')?;
                Some((rest.to_owned(), Arc::clone(bytes)))
            })
            .collect()
    }

    /// A file whose path is also a folder of another file.
    fn clash(&self) -> Option<&str> {
        self.files.keys().map(String::as_str).find(|path| {
            path.match_indices('/')
                .any(|(at, _)| path.get(..at).is_some_and(|folder| self.holds(folder)))
        })
    }
}

impl FromIterator<(String, Arc<[u8]>)> for Folder {
    fn from_iter<I: IntoIterator<Item = (String, Arc<[u8]>)>>(files: I) -> Self {
        let files: BTreeMap<String, Arc<[u8]>> = files.into_iter().collect();
        let mut all = Sha256::new();
        for (path, bytes) in &files {
            all.update((path.len() as u64).to_be_bytes());
            all.update(path.as_bytes());
            all.update((bytes.len() as u64).to_be_bytes());
            all.update(bytes);
        }
        Self {
            files: Arc::new(files),
            digest: hex(&all.finalize()),
        }
    }
}

/// By its digest: what is written of it goes into the hash of a definition.
impl Serialize for Folder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digest)
    }
}

/// Where the code of a run comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum CodeChoice {
    /// Files that we hold: registered once under their digest.
    Folder(Folder),
    /// Registered already.
    Asset(AssetName),
    /// In a storage account already: registered once under its address.
    Uri(String),
}

/// The code, or what is missing of it.
pub(super) fn choose(
    code: &Code,
    config_maps: &ConfigMaps,
    source: Option<&Source>,
) -> Result<CodeChoice, Blocked> {
    if let Some(sources) = &code.config_maps {
        return lay_out(sources, config_maps).map(CodeChoice::Folder);
    }
    if let Some(reference) = &code.source_ref {
        return unpacked(reference, source).map(CodeChoice::Folder);
    }
    if let Some(asset) = &code.asset {
        // Another word for a code asset does not get past the schema.
        return Ok(CodeChoice::Asset(
            AssetName::parse(asset).unwrap_or_else(|| AssetName::Id(asset.clone())),
        ));
    }
    Ok(CodeChoice::Uri(code.uri.clone().unwrap_or_default()))
}

fn unpacked(reference: &SourceRef, source: Option<&Source>) -> Result<Folder, Blocked> {
    let artifact = source::ready(reference, source)?;
    let folder = artifact
        .folder
        .below(reference.path.as_deref().unwrap_or_default());
    if folder.files.is_empty() {
        return Err(Blocked::new(
            Reason::FileNotFound,
            format!(
                "spec.code.sourceRef.path: there is no file below '{}' in revision {} of {}: correct the path",
                reference.path.as_deref().unwrap_or("."),
                artifact.revision,
                source::name(reference)
            ),
        ));
    }
    Ok(folder)
}

/// Lays the `ConfigMap`s out, or says what is missing.
fn lay_out(sources: &[CodeConfigMap], found: &ConfigMaps) -> Result<Folder, Blocked> {
    let mut named = Vec::new();
    for source in sources {
        let name = &source.name;
        let Some(Some(data)) = found.get(name) else {
            return Err(Blocked::new(
                Reason::ConfigMapNotFound,
                format!("spec.code.configMaps: no ConfigMap '{name}' in this namespace: create it"),
            ));
        };
        named.extend(files_of(source, data)?);
    }
    // Before any of it is copied: a key may be named a thousand times.
    let sizes = named.iter().map(|(_, bytes)| bytes.len());
    let size = sizes.fold(0, usize::saturating_add);
    if size > CONFIG_MAPS_LIMIT {
        return Err(Blocked::new(
            Reason::CodeTooLarge,
            format!(
                "spec.code.configMaps: {size} bytes are more than the 1 MiB that code in ConfigMaps may have: use spec.code.sourceRef (a GitRepository, OCIRepository or Bucket of Flux), spec.code.uri (a folder in a storage account) or spec.code.asset (code that is registered)"
            ),
        ));
    }
    let mut files: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    for (path, bytes) in named {
        let content = Arc::from(bytes.as_slice());
        if files.insert(path.clone(), content).is_some() {
            return Err(Blocked::new(
                Reason::DuplicateFile,
                format!(
                    "spec.code.configMaps: two sources give the file '{path}': give one another path"
                ),
            ));
        }
    }
    let folder: Folder = files.into_iter().collect();
    sound(folder)
}

fn sound(folder: Folder) -> Result<Folder, Blocked> {
    if let Some(path) = folder.clash() {
        return Err(Blocked::new(
            Reason::DuplicateFile,
            format!(
                "spec.code.configMaps: a folder of '{path}' is also the name of a file: give one another path"
            ),
        ));
    }
    if folder.files.is_empty() {
        return Err(Blocked::new(
            Reason::FileNotFound,
            "spec.code.configMaps: there is no file in them: put the code into one of them",
        ));
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
                    "spec.code.configMaps: ConfigMap '{}' has no key '{}': add it, or correct the item",
                    source.name, item.key
                ),
            )),
        })
        .collect()
}
