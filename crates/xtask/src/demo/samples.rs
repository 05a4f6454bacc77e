//! The sample manifests, as a person would apply them.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::repository;
use serde::Deserialize as _;
use serde_json::Value;

/// In the order of their names, which is the order to apply them in.
pub(super) fn manifests() -> Result<Vec<Manifest>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|kind| kind == "yaml"));
    files.sort();
    let mut manifests = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        for document in serde_norway::Deserializer::from_str(&text) {
            let object = Value::deserialize(document);
            manifests.push(Manifest(
                object.with_context(|| format!("{}", file.display()))?,
            ));
        }
    }
    Ok(manifests)
}

/// The passenger list that the sample job reads.
pub(super) fn input() -> Result<Vec<u8>> {
    Ok(std::fs::read(folder().join("data/titanic.csv"))?)
}

fn folder() -> PathBuf {
    repository::root().join("deploy/samples")
}
