//! The artifact of a Flux source.

use azureml_spark_api::spark_job::{SourceRef, SourceStatus};
use azureml_spark_api::{Reason, SparkJobSpec, SparkJobStatus};

use super::code::Folder;
use super::{Steering, report};
use crate::place::Blocked;

/// A Flux source that a spec names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// There is none of that name, or its kind is not installed.
    Missing,
    /// It is there and has nothing to give yet; in words why.
    NotReady(String),
    /// What it gives cannot be used; in words why, and what mends it.
    Unusable(String),
    /// What it gives.
    Ready(Artifact),
}

impl Source {
    /// What is said of the source of a job that nothing is submitted for: it is not looked at, and nothing is fetched.
    /// Not so where a run of the name may be this job's and only its definition tells.
    pub fn of_a_held(spec: &SparkJobSpec, status: Option<&SparkJobStatus>) -> Option<Self> {
        let memo = status.map(report::recall).unwrap_or_default();
        if spec.azure_name.is_some() && Steering::of(spec).compares() && memo.knows_of_no_run() {
            return None;
        }
        if spec.cancel == Some(true) {
            return Some(Self::NotReady("the job is cancelled".to_owned()));
        }
        let held = spec.suspend == Some(true);
        held.then(|| Self::NotReady("it is looked at once spec.suspend is taken back".to_owned()))
    }
}

/// What a Flux source gives, fetched and unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Revision as the source calls it, such as `main@sha1:…`.
    pub revision: String,
    /// Digest of the archive as the source tells it, such as `sha256:…`; the archive was checked against it.
    pub digest: String,
    /// The files in it.
    pub folder: Folder,
}

/// What the status tells of it.
pub(super) fn told(source: Option<&Source>) -> Option<SourceStatus> {
    match source {
        Some(Source::Ready(artifact)) => Some(SourceStatus {
            revision: artifact.revision.clone(),
            digest: artifact.digest.clone(),
        }),
        Some(Source::Missing | Source::NotReady(_) | Source::Unusable(_)) | None => None,
    }
}

/// `GitRepository 'app'`.
pub(super) fn name(reference: &SourceRef) -> String {
    format!("{} '{}'", reference.kind.as_str(), reference.name)
}

pub(super) fn ready<'a>(
    reference: &SourceRef,
    source: Option<&'a Source>,
) -> Result<&'a Artifact, Blocked> {
    let name = name(reference);
    match source {
        Some(Source::Ready(artifact)) => Ok(artifact),
        Some(Source::NotReady(why)) => Err(Blocked::new(
            Reason::SourceNotReady,
            format!("{name} is not ready: {why}"),
        )),
        Some(Source::Unusable(why)) => Err(Blocked::new(
            Reason::SourceUnusable,
            format!("spec.code.sourceRef: what {name} gives cannot be used: {why}"),
        )),
        Some(Source::Missing) | None => Err(Blocked::new(
            Reason::SourceNotFound,
            format!(
                "spec.code.sourceRef: no {name} in this namespace: create it; its kind comes with Flux"
            ),
        )),
    }
}
