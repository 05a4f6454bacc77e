//! A job's code, copied from the registered asset's blobs into a scratch folder.

use std::path::Path;

use super::Failure;
use super::place::Place;
use crate::blob::Container;

/// Copies every file below the asset's folder. Jobs get copies, so that a script that writes beside
/// itself changes no asset.
pub(crate) fn lay_out(data_dir: &Path, code: &Place, into: &Path) -> Result<(), Failure> {
    let from = folder(data_dir, &code.container, &code.path);
    if !from.is_dir() {
        return Err(Failure::new(format!(
            "The code asset's folder '{}' is not in container '{}'.",
            code.path, code.container.name
        )));
    }
    copy(&from, into).map_err(|error| Failure::new(format!("The code cannot be copied: {error}.")))
}

fn folder(data_dir: &Path, container: &Container, path: &str) -> std::path::PathBuf {
    container.folder(data_dir).join(path.trim_matches('/'))
}

fn copy(from: &Path, into: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(into)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = into.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
