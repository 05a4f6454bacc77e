//! As much of Flux as the operator sees: the kinds of sources, what source-controller writes into their status, and the
//! server that it serves artifacts from. None of it runs here.

mod artifacts;

use anyhow::{Context as _, Result};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::eventually::{PATIENCE, until};
use crate::manifest::{Manifest, resource};
use crate::scope::Scope;

pub use artifacts::{Artifacts, archive, digest};

const GROUP: &str = "source.toolkit.fluxcd.io";

/// The kinds, and in which versions they are served: as between Flux 2.3 and 2.6, so that both are met.
const KINDS: [(&str, &str, &[&str]); 3] = [
    ("GitRepository", "gitrepositories", &["v1", "v1beta2"]),
    ("OCIRepository", "ocirepositories", &["v1beta2"]),
    ("Bucket", "buckets", &["v1"]),
];

/// Defines the kinds, unless somebody did, and waits until they are served.
pub async fn install(client: &kube::Client) -> Result<()> {
    let definitions: Api<DynamicObject> = Api::all_with(
        client.clone(),
        &resource("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    );
    for (kind, plural, versions) in KINDS {
        let parameters = PatchParams::apply("flux").force();
        let definition = definition(kind, plural, versions);
        definitions
            .patch(
                &format!("{plural}.{GROUP}"),
                &parameters,
                &Patch::Apply(&definition),
            )
            .await?;
    }
    until("the kinds of Flux are served", PATIENCE, async || {
        for (_, plural, versions) in KINDS {
            for version in versions {
                let group = format!("{GROUP}/{version}");
                let served = client.list_api_group_resources(&group).await?.resources;
                anyhow::ensure!(
                    served.iter().any(|one| one.name == plural),
                    "no {plural} in {version}"
                );
            }
        }
        Ok(Some(()))
    })
    .await
}

fn definition(kind: &str, plural: &str, versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .enumerate()
        .map(|(index, version)| {
            json!({
                "name": version, "served": true, "storage": index == 0, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            })
        })
        .collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{GROUP}")},
        "spec": {
            "group": GROUP, "scope": "Namespaced", "versions": versions,
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase()},
        },
    })
}

/// A source of one of the kinds.
pub fn source(kind: &str, name: &str) -> Manifest {
    let known = KINDS.iter().find(|(one, ..)| *one == kind);
    let version = known.and_then(|(_, _, versions)| versions.first().copied());
    Manifest(json!({
        "apiVersion": format!("{GROUP}/{}", version.unwrap_or("v1")),
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"interval": "1m", "url": "https://git.example/jobs"},
    }))
}

/// The job, with its code from a source.
#[must_use]
pub fn from_source(job: Manifest, kind: &str, name: &str) -> Manifest {
    job.without("/spec/code/configMaps")
        .with("/spec/code/sourceRef", json!({"kind": kind, "name": name}))
}

/// Where source-controller serves a file of a source of the scope's namespace.
pub fn artifact_path(scope: &Scope<'_>, source: &Manifest, file: &str) -> String {
    let kind = source.kind().to_lowercase();
    format!("/{kind}/{}/{}/{file}", scope.namespace(), source.name())
}

/// Says of a source what source-controller says when it has stored an artifact.
pub async fn announce(
    scope: &Scope<'_>,
    source: &Manifest,
    revision: &str,
    url: &str,
    digest: &str,
) -> Result<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(
        scope.client().clone(),
        scope.namespace(),
        &source.resource(),
    );
    let found = api.get(source.name()).await?;
    let generation = found.metadata.generation.context("no generation")?;
    let status = json!({"status": {
        "observedGeneration": generation,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "observedGeneration": generation,
            "lastTransitionTime": "2026-01-01T00:00:00Z", "message": format!("stored artifact for revision '{revision}'")}],
        "artifact": {"url": url, "path": "a.tar.gz", "revision": revision, "digest": digest,
            "lastUpdateTime": "2026-01-01T00:00:00Z"},
    }});
    api.patch_status(
        source.name(),
        &PatchParams::default(),
        &Patch::Merge(status),
    )
    .await?;
    Ok(())
}
