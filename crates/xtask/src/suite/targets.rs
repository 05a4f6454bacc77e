//! The test binaries of the workspace, told apart by what they mostly do.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Deserialize;

use crate::run::{cargo, read};

/// Binaries whose scenarios mostly wait, for seconds of Azure's and not for a core: one after another.
pub(super) struct Lane {
    pub(super) names: &'static [&'static str],
    /// Scenarios at a time.
    pub(super) threads: usize,
}

/// Lanes that run beside each other, and take about equally long. Each binary has stacks of its own, so that no lane is
/// about what another one does; a stack is 0.7 GB, and there are at most seven of them.
pub(super) const LANES: [Lane; 3] = [
    Lane {
        names: &["beside", "trouble"],
        // All of them: most wait for their turn, and it is the binary that knows who may play beside whom.
        threads: 64,
    },
    Lane {
        names: &["budget", "clusters", "crash", "follow"],
        threads: 4,
    },
    Lane {
        names: &["life", "runs", "shared"],
        threads: 8,
    },
];

/// The binaries of all lanes.
pub(super) fn waiting() -> impl Iterator<Item = &'static str> {
    LANES.iter().flat_map(|lane| lane.names).copied()
}

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
        .filter(|name| waiting().all(|one| one != name))
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
                    target("scale", "test"),
                    target("azureml_spark_core", "lib"),
                ],
            }],
        };
        assert_eq!(others_of(metadata), BTreeSet::from(["scale".to_owned()]));
    }

    #[test]
    fn a_binary_is_in_one_lane() {
        let names: BTreeSet<&str> = waiting().collect();
        assert_eq!(names.len(), waiting().count());
    }
}
