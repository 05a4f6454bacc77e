//! The test binaries of the workspace, told apart by what they mostly do.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Deserialize;

use crate::run::{cargo, read};

/// Binaries whose scenarios share one stack and mostly wait for it: many run side by side.
pub(super) const WAITING: [&str; 3] = ["life", "runs", "shared"];

/// One of that sort that takes as long as the others together.
pub(super) const LONGEST: &str = "trouble";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Names of all other test binaries.
pub(super) fn others() -> Result<BTreeSet<String>> {
    let text = read(cargo().args(["metadata", "--format-version=1", "--no-deps", "--locked"]))?;
    Ok(others_of(serde_json::from_str(&text)?))
}

fn others_of(metadata: Metadata) -> BTreeSet<String> {
    metadata
        .packages
        .into_iter()
        .flat_map(|package| package.targets)
        .filter(|target| target.kind.iter().any(|kind| kind == "test"))
        .map(|target| target.name)
        .filter(|name| !WAITING.contains(&name.as_str()) && name != LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_binary_waits_or_is_among_the_others() {
        let target = |name: &str, kind: &str| Target {
            name: name.to_owned(),
            kind: vec![kind.to_owned()],
        };
        let metadata = Metadata {
            packages: vec![Package {
                targets: vec![
                    target("life", "test"),
                    target("trouble", "test"),
                    target("crash", "test"),
                    target("azureml_spark_core", "lib"),
                ],
            }],
        };
        assert_eq!(others_of(metadata), BTreeSet::from(["crash".to_owned()]));
    }
}
