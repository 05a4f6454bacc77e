//! The arrows between crates: who may depend on whom, and what may reach the pure crates at all.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::run::{cargo, read};

/// A crate and those of ours that it may depend on.
const ARROWS: [(&str, &[&str]); 10] = [
    ("azureml-spark-api", &[]),
    ("azureml-spark-core", &["azureml-spark-api"]),
    ("azureml-spark-azure", &[]),
    (
        "azureml-spark-engine",
        &["azureml-spark-api", "azureml-spark-core"],
    ),
    (
        "azureml-spark-operator",
        &[
            "azureml-spark-api",
            "azureml-spark-core",
            "azureml-spark-azure",
            "azureml-spark-engine",
        ],
    ),
    (
        "azureml-spark-cli",
        &["azureml-spark-api", "azureml-spark-azure"],
    ),
    ("azureml-emulator", &[]),
    (
        "azureml-spark-testkit",
        &["azureml-spark-api", "azureml-emulator"],
    ),
    ("xtask", &["azureml-spark-api", "azureml-spark-testkit"]),
    (
        "azureml-spark-e2e",
        &[
            "azureml-spark-api",
            "azureml-spark-operator",
            "azureml-spark-testkit",
            "azureml-emulator",
        ],
    ),
];
/// What tests of a crate may use besides: the other side of the wire.
const FOR_TESTS: [&str; 2] = ["azureml-emulator", "azureml-spark-testkit"];
/// Crates of decisions and words: no network, no runtime, and no clock, which `sources` looks for.
const PURE: [&str; 2] = ["azureml-spark-api", "azureml-spark-core"];
const IMPURE: [&str; 4] = ["tokio", "reqwest", "hyper", "kube-client"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

pub(super) fn check() -> Result<()> {
    let text = read(cargo().args(["metadata", "--format-version=1", "--no-deps", "--locked"]))?;
    let metadata: Metadata = serde_json::from_str(&text)?;
    let mut faults = undrawn(&metadata);
    for name in PURE {
        // Of this package alone: the workspace as a whole unites the features of what its members share.
        let tree = [
            "tree",
            "--edges=normal,build",
            "--prefix=none",
            "--locked",
            "--package",
            name,
        ];
        let reached = read(cargo().args(tree).args(["--format={p}"]))?;
        faults.extend(impure(name, &reached));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

fn undrawn(metadata: &Metadata) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let Some(arrows) = allowed.get(package.name.as_str()) else {
            faults.push(format!(
                "{} is not among the crates that are drawn",
                package.name
            ));
            continue;
        };
        for to in package.dependencies.iter().filter(|to| to.path.is_some()) {
            let name = to.name.as_str();
            let for_tests = to.kind.as_deref() == Some("dev")
                && FOR_TESTS.contains(&name)
                && !PURE.contains(&package.name.as_str());
            if !for_tests && !arrows.contains(&name) {
                faults.push(format!("{} must not depend on {name}", package.name));
            }
        }
    }
    faults
}

fn impure(package: &str, tree: &str) -> Vec<String> {
    let reached: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let found = IMPURE.iter().filter(|name| reached.contains(*name));
    found
        .map(|name| format!("{name} must not reach {package}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Metadata, impure, undrawn};

    fn metadata(package: &str, to: &str, kind: &str) -> Metadata {
        let kind = if kind == "normal" {
            "null".to_owned()
        } else {
            format!("\"{kind}\"")
        };
        let text = format!(
            r#"{{"packages": [{{"name": "{package}", "dependencies": [
                {{"name": "{to}", "kind": {kind}, "path": "/x"}}, {{"name": "serde", "kind": null, "path": null}}]}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn arrows_that_are_not_drawn_are_found() {
        let (core, api, azure) = (
            "azureml-spark-core",
            "azureml-spark-api",
            "azureml-spark-azure",
        );
        for (from, to, kind, allowed) in [
            (core, api, "normal", true),
            (api, core, "normal", false),
            (core, azure, "normal", false),
            (core, azure, "dev", false),
            (core, "azureml-emulator", "dev", false),
            (azure, "azureml-emulator", "dev", true),
            (azure, "azureml-emulator", "normal", false),
            ("azureml-emulator", azure, "normal", false),
            ("azureml-spark-cli", azure, "normal", true),
            ("azureml-spark-cli", core, "normal", false),
            ("newcomer", api, "normal", false),
        ] {
            let faults = undrawn(&metadata(from, to, kind));
            assert_eq!(
                faults.is_empty(),
                allowed,
                "{from} → {to} ({kind}): {faults:?}"
            );
        }
    }

    #[test]
    fn a_runtime_in_a_pure_crate_is_found() {
        let tree =
            "azureml-spark-core v0.1.0 (/x)\nserde v1.0.0\ntokio v1.0.0\ntokio-util v1.0.0 (*)\n";
        assert_eq!(
            impure("azureml-spark-core", tree),
            ["tokio must not reach azureml-spark-core"]
        );
        assert!(impure("azureml-spark-core", "tokio-util v1.0.0\n").is_empty());
    }
}
