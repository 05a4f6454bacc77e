//! Programs that tests need and that come as source or packages: built once, kept in the user's cache folder under a
//! name that changes with their version, found at once from then on.

mod cache;
mod prerequisite;
mod progress;
mod recipe;
mod version_key;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub use cache::folder as cache_folder;
pub use prerequisite::Prerequisite;
pub use progress::Progress;

use cache::Tool;
use version_key::VersionKey;

use crate::repository;

/// `cargo-deny`, pinned: its findings change with its version.
const CARGO_DENY: &str = "0.20.2";

/// etcd, kube-apiserver and kube-controller-manager in one binary: the path of the binary.
pub fn control_plane() -> Result<PathBuf> {
    let source = repository::root().join("tests/control-plane");
    cache::ensure(&Tool {
        name: "control-plane",
        key: VersionKey::of_files(&source, &["go.mod", "go.sum", "main.go", "etcd.go"])?,
        what: "kube-apiserver, etcd and kube-controller-manager from Go modules (about 6 min)",
        needs: &[Prerequisite::Go],
        program: "control-plane",
        build: Box::new(move |into, progress| recipe::control_plane(&source, into, progress)),
    })
}

/// Helm: the path of the binary.
pub fn helm() -> Result<PathBuf> {
    let source = repository::root().join("tests/helm");
    cache::ensure(&Tool {
        name: "helm",
        key: VersionKey::of_files(&source, &["go.mod", "go.sum"])?,
        what: "helm from Go modules (about 3 min)",
        needs: &[Prerequisite::Go],
        program: "helm",
        build: Box::new(move |into, progress| recipe::helm(&source, into, progress)),
    })
}

/// Python with `PySpark`, numpy, pandas and pyarrow: the path of the interpreter.
pub fn spark_python() -> Result<PathBuf> {
    python(
        "pyspark",
        "tests/pyspark",
        "PySpark with numpy, pandas and pyarrow from PyPI (about 1 min, 700 MB)",
        &[Prerequisite::Python, Prerequisite::Java],
    )
}

/// Python with Microsoft's `azure-ai-ml` and pytest: the path of the interpreter.
pub fn sdk_python() -> Result<PathBuf> {
    python(
        "azure-ai-ml",
        "tests/sdk",
        "azure-ai-ml from PyPI (about 1 min)",
        &[Prerequisite::Python],
    )
}

/// `cargo-deny`: the path of the binary.
pub fn cargo_deny() -> Result<PathBuf> {
    cache::ensure(&Tool {
        name: "cargo-deny",
        key: VersionKey::of_version(CARGO_DENY),
        what: "cargo-deny by cargo install (about 5 min)",
        needs: &[],
        program: "bin/cargo-deny",
        build: Box::new(|into, progress| recipe::cargo_deny(CARGO_DENY, into, progress)),
    })
}

fn python(
    name: &'static str,
    folder: &str,
    what: &'static str,
    needs: &'static [Prerequisite],
) -> Result<PathBuf> {
    let source: PathBuf = repository::root().join(folder);
    cache::ensure(&Tool {
        name,
        key: VersionKey::of_files(&source, &["requirements.txt"])?,
        what,
        needs,
        program: "bin/python",
        build: Box::new(move |into: &Path, progress| recipe::python(&source, into, progress)),
    })
}

#[cfg(test)]
mod tests;
