//! What a source says of itself: the part of Flux's API that `GitRepository`, `OCIRepository` and `Bucket` share.

use azureml_spark_api::condition::Condition;
use azureml_spark_api::spark_job::SourceRef;
use kube::core::DynamicObject;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::fetch;
use super::hosts::ArtifactHosts;
use super::refusal::{Refusal, quoted};

/// Most bytes of an address. Flux's own have some 300.
const LONGEST_ADDRESS: usize = 2_048;

/// Most bytes of a file's name on any file system that artifacts are kept on.
const LONGEST_NAME: usize = 255;

/// An artifact that a source announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    /// Where it is; a host that is allowed, and there the folder of the source that announces it.
    pub(super) url: Url,
    /// Its digest, in lower-case hexadecimal.
    pub(super) sha256: String,
    /// Its revision as the source calls it.
    pub(super) revision: String,
}

impl Announced {
    /// Host and port, as they are told.
    pub(super) fn host(&self) -> &str {
        self.url.authority()
    }

    /// Whom we talk to: another scheme is another port, and may be nobody.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// What it is kept by: the address, too, so that nobody gets by a digest alone what another source gave.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.sha256, self.url)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    observed_generation: Option<i64>,
    #[serde(default)]
    conditions: Vec<Condition>,
    artifact: Option<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    url: String,
    #[serde(default)]
    revision: String,
    digest: Option<String>,
    /// Before there was a digest, in hexadecimal and always SHA-256.
    checksum: Option<String>,
    size: Option<u64>,
}

/// The artifact of a source that is Ready as it is now. The source is the one that was asked for: what it says of itself
/// beside its status is not looked at.
pub(super) fn read(
    object: &DynamicObject,
    namespace: &str,
    asked: &SourceRef,
    hosts: &ArtifactHosts,
) -> Result<Announced, Refusal> {
    if object.metadata.deletion_timestamp.is_some() {
        return Err(Refusal::passing("it is being deleted"));
    }
    let status = status(object)?;
    let Some(ready) = status.conditions.iter().find(|one| one.type_ == "Ready") else {
        return Err(Refusal::passing(
            "source-controller has not looked at it yet",
        ));
    };
    let seen = ready.observed_generation.or(status.observed_generation);
    if seen.is_some() && seen != object.metadata.generation {
        return Err(Refusal::passing(
            "source-controller has not looked at its latest change yet",
        ));
    }
    if ready.status != "True" {
        return Err(Refusal::Passing(quoted(&ready.message)));
    }
    match status.artifact {
        Some(artifact) => announced(artifact, &folder(namespace, asked), hosts),
        None => Err(Refusal::passing("it has no artifact yet")),
    }
}

fn status(object: &DynamicObject) -> Result<Status, Refusal> {
    let status = object.data.get("status").cloned();
    let status = status.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    serde_json::from_value(status)
        .map_err(|_| Refusal::lasting("its status is not of the form that Flux gives it"))
}

/// Where source-controller serves what one source has, and nothing else: `ArtifactDir` of Flux's API.
fn folder(namespace: &str, asked: &SourceRef) -> String {
    let kind = asked.kind.as_str().to_ascii_lowercase();
    format!("/{kind}/{namespace}/{}/", asked.name)
}

fn announced(
    artifact: Artifact,
    folder: &str,
    hosts: &ArtifactHosts,
) -> Result<Announced, Refusal> {
    let url = Url::parse(&artifact.url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| Refusal::lasting("the address of its artifact is not a plain http one"))?;
    if !hosts.allow(&url) {
        return Err(Refusal::Lasting(format!(
            "this operator fetches nothing from '{}': if that is source-controller, have it added to \
             sources.artifactHosts of the operator's chart (--artifact-hosts)",
            quoted(url.authority())
        )));
    }
    if !is_below(&artifact.url, &url, folder) {
        return Err(Refusal::Lasting(format!(
            "the address of its artifact is not below '{folder}', where source-controller serves what this source has, in plain \
             names of files: have the source reconciled (flux reconcile source), and look after who writes its status"
        )));
    }
    if artifact.size.is_some_and(|size| size > fetch::LIMIT as u64) {
        return Err(fetch::too_large());
    }
    Ok(Announced {
        url,
        sha256: sha256(artifact.digest, artifact.checksum)?,
        revision: quoted(&artifact.revision),
    })
}

/// Whether an address leads into that folder, in plain letters. One source-controller serves the artifacts of all
/// namespaces, and whoever may edit a namespace may write the status of its sources (`flux-edit` of Flux lets him):
/// without this he would have us fetch what another namespace has.
fn is_below(raw: &str, url: &Url, folder: &str) -> bool {
    // As it was written: a parsed address has lost its tabs, backslashes and dots.
    let plain = raw
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"%\\?#".contains(&byte))
        && !raw.split('/').any(|name| matches!(name, "." | ".."));
    let rest = url.path().strip_prefix(folder);
    raw.len() <= LONGEST_ADDRESS
        && plain
        && rest.is_some_and(|rest| !rest.contains('%') && rest.split('/').all(is_name))
}

/// What a file may be called.
fn is_name(part: &str) -> bool {
    (1..=LONGEST_NAME).contains(&part.len())
}

fn sha256(digest: Option<String>, checksum: Option<String>) -> Result<String, Refusal> {
    let digest = digest.or_else(|| checksum.map(|hex| format!("sha256:{hex}")));
    let Some(digest) = digest else {
        return Err(Refusal::lasting(
            "its artifact has no digest that it could be verified by: use a newer release of Flux",
        ));
    };
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(hex.to_ascii_lowercase());
    }
    Err(Refusal::Lasting(format!(
        "the digest of its artifact, '{}', is not SHA-256: have source-controller run with --artifact-digest-algo=sha256",
        quoted(&digest)
    )))
}

#[cfg(test)]
mod tests;
