//! List Blobs: prefix, delimiter, marker and page size over a folder of plain files.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::store::Found;

/// Azure's greatest page.
pub(crate) const MOST: usize = 5000;

/// What a listing asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    /// The first name of this page, as the page before gave it.
    pub(crate) marker: Option<String>,
    /// Entries on one page.
    pub(crate) most: usize,
    /// Whether metadata is asked for.
    pub(crate) metadata: bool,
}

/// One line of a listing.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// Blobs below a common name, which ends with the delimiter.
    Folder(String),
    /// A blob.
    Blob(String, Box<Found>),
}

/// One page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// The marker of the next page.
    pub(crate) next: Option<String>,
}

impl Page {
    /// The names of the blobs on the page.
    pub(crate) fn blob_names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Blob(name, _) => Some(name.as_str()),
            Entry::Folder(_) => None,
        })
    }
}

/// A file below a container.
pub(crate) type File = (String, PathBuf, Metadata);

/// The files whose name begins with the prefix, in the order of their names. Symbolic links are
/// not followed and not shown.
pub(crate) fn files(folder: &Path, prefix: &str) -> Vec<File> {
    let mut found = Vec::new();
    let (start, name) = match prefix.rsplit_once('/') {
        Some((below, _)) if is_plain(below) => (folder.join(below), format!("{below}/")),
        Some(_) => return found,
        None => (folder.to_owned(), String::new()),
    };
    let mut waiting = vec![(start, name)];
    while let Some((folder, name)) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            // A file may vanish while Spark renames its output: then it is simply not listed.
            let (Ok(metadata), Ok(leaf)) = (entry.metadata(), entry.file_name().into_string())
            else {
                continue;
            };
            let full = format!("{name}{leaf}");
            if metadata.is_dir() {
                let inside = format!("{full}/");
                if inside.starts_with(prefix) || prefix.starts_with(&inside) {
                    waiting.push((entry.path(), inside));
                }
            } else if metadata.is_file() && full.starts_with(prefix) {
                found.push((full, entry.path(), metadata));
            }
        }
    }
    found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    found
}

fn is_plain(below: &str) -> bool {
    below
        .split('/')
        .all(|segment| !segment.is_empty() && segment != "." && segment != "..")
}

/// Cuts one page out of all files.
pub(crate) fn page(
    files: Vec<File>,
    wanted: &Wanted,
    mut found: impl FnMut(&str, PathBuf, &Metadata) -> Found,
) -> Page {
    let mut entries: Vec<Entry> = Vec::new();
    let mut folder: Option<String> = None;
    let marker = wanted.marker.as_deref().unwrap_or_default();
    for (name, file, metadata) in files {
        let rest = name.get(wanted.prefix.len()..).unwrap_or_default();
        let common = wanted.delimiter.as_deref().and_then(|delimiter| {
            let end = rest.find(delimiter)? + delimiter.len();
            Some(format!("{}{}", wanted.prefix, rest.get(..end)?))
        });
        if common.is_some() && common == folder {
            continue;
        }
        let shown = common.as_deref().unwrap_or(&name);
        if shown < marker {
            continue;
        }
        if entries.len() == wanted.most {
            let next = Some(shown.to_owned());
            return Page { entries, next };
        }
        if let Some(common) = common {
            folder = Some(common.clone());
            entries.push(Entry::Folder(common));
        } else {
            let found = Box::new(found(&name, file, &metadata));
            entries.push(Entry::Blob(name, found));
        }
    }
    let next = None;
    Page { entries, next }
}
