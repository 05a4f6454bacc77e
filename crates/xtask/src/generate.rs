//! Files made from the Rust types: `crds/`, and its copy inside the chart, from where helm installs them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use azureml_spark_testkit::repository;

const HEADER: &str = "# Made from the Rust types by `cargo xtask gen`: change those.\n";
/// Folders that hold nothing else.
const FOLDERS: [&str; 2] = ["crds", "charts/azureml-spark-operator/crds"];

/// Writes all of them, and removes what is made no more.
pub(crate) fn write() -> Result<()> {
    let root = repository::root();
    let wanted = contents()?;
    for path in found(&root)?.difference(&wanted.keys().cloned().collect()) {
        fs::remove_file(root.join(path))?;
        println!("removed {}", path.display());
    }
    for (path, content) in wanted {
        let file = root.join(&path);
        if fs::read_to_string(&file).is_ok_and(|old| old == content) {
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, content)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// An error that names every file that `gen` would write or remove.
pub(crate) fn must_be_current() -> Result<()> {
    let root = repository::root();
    let wanted = contents()?;
    let mut stale = found(&root)?;
    for (path, content) in wanted {
        if fs::read_to_string(root.join(&path)).is_ok_and(|old| old == content) {
            stale.remove(&path);
        } else {
            stale.insert(path);
        }
    }
    if !stale.is_empty() {
        let names: Vec<_> = stale
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        bail!(
            "not as the Rust types say (run `cargo xtask gen`): {}",
            names.join(", ")
        );
    }
    Ok(())
}

fn contents() -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    for crd in azureml_spark_api::crds()? {
        let name = crd
            .metadata
            .name
            .as_deref()
            .context("a definition without a name")?;
        let content = format!("{HEADER}{}", serde_norway::to_string(&crd)?);
        for folder in FOLDERS {
            files.insert(
                Path::new(folder).join(format!("{name}.yaml")),
                content.clone(),
            );
        }
    }
    Ok(files)
}

/// The files that are there, relative to the root.
fn found(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            files.insert(Path::new(folder).join(entry?.file_name()));
        }
    }
    Ok(files)
}
