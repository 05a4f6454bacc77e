//! What a run runs on.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::Compute;
use azureml_spark_api::workspace::ResourceIdentity;
use serde::{Serialize, Serializer};

use crate::place::{Blocked, Reference};

/// What a job needs to know of an attachment that is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttachedPool {
    /// Resource id of the compute.
    pub compute_id: String,
    /// Resource id of the identity that jobs run as by default; `None` for the system-assigned one.
    pub default_identity: Option<String>,
    /// The identities that are attached to it; `None` where that is not known.
    pub identity: Option<ResourceIdentity>,
    /// Version of Spark of the pool, where it is known.
    pub spark_version: Option<String>,
    /// Resource ids of the storage accounts on which it grants roles.
    pub storage: Vec<String>,
    /// Resource id of the pool, if it grants no role there: where it does, it tells itself whether that has an effect.
    pub ungranted_pool: Option<String>,
    /// Whether it only looks, and grants nothing.
    pub observed: bool,
}

/// A compute of the workspace that this cluster does not manage, as Azure shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedCompute {
    /// Its resource id.
    pub id: String,
    /// What kind of compute it is in Azure's word.
    pub kind: String,
    /// The identities that are attached to it; `None` where Azure does not say.
    pub identity: Option<ResourceIdentity>,
    /// Resource id of the pool behind it; `None` where Azure does not say.
    pub pool: Option<String>,
}

/// What a run runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ComputeChoice {
    /// An attached pool, by the resource id of the compute.
    Attached(#[serde(serialize_with = "whatever_its_case")] String),
    /// A compute that this cluster does not manage, by its name.
    Named(String),
    /// Machines that Azure brings up.
    Serverless {
        /// Size of a machine.
        instance_type: String,
        /// Version of Spark.
        runtime_version: String,
    },
}

/// Azure returns one id in several casings (contract §0.1): they are the same wish.
pub(super) fn whatever_its_case<S: Serializer>(id: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&id.to_ascii_lowercase())
}

/// What it runs on, or what is missing of it.
pub(super) fn choose(
    compute: &Compute,
    attachment: Option<&Reference<AttachedPool>>,
) -> Result<ComputeChoice, Blocked> {
    if let Some(serverless) = &compute.serverless {
        return Ok(ComputeChoice::Serverless {
            instance_type: serverless.instance_type.clone(),
            runtime_version: serverless.runtime_version.clone(),
        });
    }
    if let Some(name) = &compute.name {
        return Ok(ComputeChoice::Named(name.clone()));
    }
    let name = compute
        .attachment_ref
        .as_ref()
        .map(|r| r.name.as_str())
        .unwrap_or_default();
    match attachment {
        Some(Reference::Ready(pool)) => Ok(ComputeChoice::Attached(pool.compute_id.clone())),
        Some(Reference::NotReady(why)) => Err(Blocked::new(
            Reason::AttachmentNotReady,
            format!("SynapseSparkAttachment '{name}' is not ready: {why}"),
        )),
        Some(Reference::Missing) | None => Err(Blocked::new(
            Reason::AttachmentNotFound,
            format!(
                "spec.compute.attachmentRef: no SynapseSparkAttachment '{name}' in this namespace: create it"
            ),
        )),
    }
}
