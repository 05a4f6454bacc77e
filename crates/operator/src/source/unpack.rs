//! Unpacks a tar.gz into memory. What is in it was written by whoever may push to a repository: nothing of it is
//! trusted but that it is what the source announced.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::iter;
use std::sync::Arc;

use azureml_spark_core::spark_job::Folder;
use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use super::refusal::{Refusal, quoted};

/// How much may come out of an archive.
pub(super) struct Limits {
    /// Bytes that all files take in memory, with their paths.
    pub(super) bytes: usize,
    /// Files, folders and whatever else is in it.
    pub(super) entries: usize,
}

/// More than any code has; data has its own places.
pub(super) const LIMITS: Limits = Limits {
    bytes: 64 * 1024 * 1024,
    entries: 10_000,
};

/// Most bytes of a path: what a blob's name may have, with room for the folder that code is uploaded into.
const PATH_LIMIT: usize = 900;

/// Bytes that one entry may take beside its content: its header, padding, and headers for a long path and the like, which
/// are read whole into memory.
const BESIDE: usize = 16 * 1024;

/// Bytes after the last entry: whole blocks, as many as a writer packs at a time.
const TAIL: usize = 1 << 20;

/// The files of an archive.
pub(super) fn unpack(archive: &[u8], limits: &Limits) -> Result<Folder, Refusal> {
    let (left, over) = (Cell::new(0), Cell::new(false));
    let inflated = Bounded {
        inner: MultiGzDecoder::new(archive),
        left: &left,
        over: &over,
    };
    let files = files(Archive::new(inflated), &left, limits).map_err(|trouble| match trouble {
        Trouble::Refused(refusal) => refusal,
        Trouble::Unreadable(_) if over.get() => too_much_beside(),
        Trouble::Unreadable(error) => unreadable(&error),
    })?;
    Ok(files.into_iter().collect())
}

type Files = BTreeMap<String, Arc<[u8]>>;

enum Trouble {
    Refused(Refusal),
    Unreadable(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// `inflate` is how much may be inflated until it is said anew.
fn files(
    mut archive: Archive<impl Read>,
    inflate: &Cell<usize>,
    limits: &Limits,
) -> Result<Files, Trouble> {
    let mut files = Files::new();
    let mut left = limits.bytes;
    let mut entries = archive.entries()?.enumerate();
    let mut next = || {
        inflate.set(BESIDE);
        entries.next()
    };
    while let Some((index, entry)) = next() {
        let entry = entry?;
        if index >= limits.entries {
            return Err(too_many(limits).into());
        }
        let Some(path) = file_path(&entry)? else {
            continue;
        };
        // Ten thousand paths take as much as many a code.
        left = left
            .checked_sub(Folder::takes(&path, 0))
            .ok_or_else(|| too_much(limits))?;
        inflate.set(left);
        let content = content(entry, left, limits)?;
        left = left.saturating_sub(content.len());
        if files.insert(path.clone(), content).is_some() {
            return Err(twice(&path).into());
        }
    }
    // To the end: the checksum of what was inflated comes last.
    inflate.set(TAIL);
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    match clash(&files) {
        Some(path) => Err(twice(path).into()),
        None => Ok(files),
    }
}

/// Where the file of an entry goes; `None` if it is a folder or nothing at all.
fn file_path(entry: &Entry<'_, impl Read>) -> Result<Option<String>, Refusal> {
    let kind = entry.header().entry_type();
    // What `git archive` says of the commit.
    if kind == EntryType::XGlobalHeader {
        return Ok(None);
    }
    let path = clean(&entry.path_bytes())?;
    match kind {
        EntryType::Regular if path.is_empty() => Err(bad_path("", "has no name")),
        EntryType::Regular => Ok(Some(path)),
        EntryType::Directory => Ok(None),
        EntryType::Symlink | EntryType::Link => Err(bad_path(&path, "is a link")),
        _ => Err(bad_path(&path, "is neither a file nor a folder")),
    }
}

/// A path of plain names, or empty for the archive's own folder.
fn clean(raw: &[u8]) -> Result<String, Refusal> {
    let Ok(path) = std::str::from_utf8(raw) else {
        return Err(bad_path(
            &String::from_utf8_lossy(raw),
            "has a name that is not UTF-8",
        ));
    };
    if path.starts_with('/') {
        return Err(bad_path(path, "has an absolute path"));
    }
    // A store may read a backslash as a slash.
    if path.contains('\\') || path.chars().any(char::is_control) {
        return Err(bad_path(
            path,
            "has a backslash or a control character in its path",
        ));
    }
    let names: Vec<&str> = path
        .split('/')
        .filter(|name| !name.is_empty() && *name != ".")
        .collect();
    if names.contains(&"..") {
        return Err(bad_path(path, "leads out of the archive"));
    }
    let path = names.join("/");
    if path.len() > PATH_LIMIT {
        return Err(bad_path(&path, "has a path of more than 900 bytes"));
    }
    Ok(path)
}

/// Read into where it stays: once, and nothing beside it.
fn content(
    mut entry: Entry<'_, impl Read>,
    left: usize,
    limits: &Limits,
) -> Result<Arc<[u8]>, Trouble> {
    let size = usize::try_from(entry.size()).ok();
    let Some(size) = size.filter(|size| *size <= left) else {
        return Err(too_much(limits).into());
    };
    let mut content: Arc<[u8]> = iter::repeat_n(0, size).collect();
    if let Some(bytes) = Arc::get_mut(&mut content) {
        entry.read_exact(bytes)?;
    }
    Ok(content)
}

/// A file whose path is also a folder of another one.
fn clash(files: &Files) -> Option<&str> {
    files.keys().map(String::as_str).find(|path| {
        path.match_indices('/').any(|(at, _)| {
            path.get(..at)
                .is_some_and(|above| files.contains_key(above))
        })
    })
}

/// Fails when more comes out than may now.
struct Bounded<'a, R> {
    inner: R,
    left: &'a Cell<usize>,
    over: &'a Cell<bool>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let Some(left) = self.left.get().checked_sub(read) else {
            self.over.set(true);
            return Err(io::Error::other("too much comes out"));
        };
        self.left.set(left);
        Ok(read)
    }
}

fn unreadable(error: &io::Error) -> Refusal {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Refusal::lasting(
            "its archive ends in the middle: have the source reconciled (flux reconcile source)",
        );
    }
    Refusal::lasting(
        "its archive is not a sound tar.gz: of an OCIRepository, the layer must be one (spec.layerSelector)",
    )
}

fn too_much(limits: &Limits) -> Refusal {
    Refusal::Lasting(format!(
        "its archive unpacks to more than {} MiB: leave out what the job does not need by spec.ignore of the source, \
         or use spec.code.uri or spec.code.asset",
        limits.bytes >> 20
    ))
}

fn too_much_beside() -> Refusal {
    Refusal::lasting(
        "its archive has more beside its files than a tar needs: have the source reconciled (flux reconcile source)",
    )
}

fn too_many(limits: &Limits) -> Refusal {
    Refusal::Lasting(format!(
        "its archive has more than {} entries: leave out what the job does not need by spec.ignore of the source",
        limits.entries
    ))
}

fn twice(path: &str) -> Refusal {
    bad_path(path, "is in it twice")
}

fn bad_path(path: &str, what: &str) -> Refusal {
    Refusal::Lasting(format!(
        "{:?} in its archive {what}: leave it out by spec.ignore of the source, or mend it there",
        quoted(path)
    ))
}

#[cfg(test)]
mod tests;
