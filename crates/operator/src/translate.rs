//! Azure's words in the machines' words. Total, and the only place where the two meet.

use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_azure::aml::job::{Job, JobStatus};
use azureml_spark_azure::arm::identity::{IdentityType, ManagedIdentity};
use azureml_spark_azure::{self as azure};
use azureml_spark_core::attachment::{ATTACH, DETACH};
use azureml_spark_core::grants::{GRANT_IN_SYNAPSE, GRANT_ON_STORAGE};
use azureml_spark_core::linked_service::LINK;
use azureml_spark_core::spark_job::{
    ATTEMPT_PROPERTY, HASH_PROPERTY, OWNER_PROPERTY, Run, RunState,
};
use azureml_spark_core::{Class, Fault};

/// Longest text of Azure that goes into a condition, in characters.
const TEXT_LIMIT: usize = 600;

/// A failed call.
pub(crate) fn fault(error: &azure::Error) -> Fault {
    Fault {
        class: class(error),
        code: error.innermost_code().to_owned(),
        op: words(error.op),
        text: error.message.chars().take(TEXT_LIMIT).collect(),
        request_id: error.request_id.clone(),
        retry_after: retry_after(error),
    }
}

/// Whatever may be tried again is left alone for as long as Azure asks. A lost answer is looked after sooner: a look
/// repeats nothing.
fn retry_after(error: &azure::Error) -> Option<u32> {
    let wait = error.retry_after?;
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let busy = error.class == azure::Class::Retryable;
    u32::try_from(seconds).ok().filter(|_| busy)
}

/// A failed call, under the words that the machine looks for.
pub(crate) fn fault_of(op: &'static str) -> impl Fn(azure::Error) -> Fault {
    move |error| Fault {
        op,
        ..fault(&error)
    }
}

fn class(error: &azure::Error) -> Class {
    match error.class {
        azure::Class::Terminal => Class::Terminal,
        azure::Class::Spreading => Class::Spreading,
        azure::Class::Retryable => Class::Retryable,
        azure::Class::Throttled { until } => Class::Throttled { until },
        azure::Class::Unsure => Class::Unsure,
        azure::Class::Absent => Class::Absent,
        azure::Class::Credential => Class::Credential,
        azure::Class::Forbidden => Class::Forbidden,
    }
}

/// The name of a call, in words for a condition.
fn words(op: &'static str) -> &'static str {
    match op {
        "workspace.get" => "read the workspace",
        "compute.get" => "read the attached pool",
        "compute.put" => ATTACH,
        "compute.detach" => DETACH,
        "pool.get" => "read the Spark pool",
        "linkedService.get" => "read the link",
        "linkedService.put" => LINK,
        "linkedService.delete" => "remove the link",
        "synapseWorkspace.get" => "read the Synapse workspace",
        "privateEndpoint.list" => "read the managed private endpoints",
        "identity.get" => "read the user-assigned identity",
        "workspace.patch" => "attach identities to the workspace",
        "rbac.list" => "read the roles in Synapse",
        "rbac.put" => GRANT_IN_SYNAPSE,
        "rbac.delete" => "revoke a role in Synapse",
        "rbac.definitions" => "read which roles Synapse knows",
        "rbac.check" => "check the effect of a role in Synapse",
        "roleAssignment.list" => "read the roles on the storage account",
        "roleAssignment.put" => GRANT_ON_STORAGE,
        "roleAssignment.delete" => "revoke a role on the storage account",
        "job.get" => "read the run",
        "job.list" | "index.runs" => "list the runs",
        "job.cancel" => "cancel the run",
        "code.find" | "code.get" | "code.latest" => "look for the code",
        "code.startPendingUpload" | "code.put" | "code.putFolder" => "register the code",
        "environment.get" | "environment.latest" => "look for the environment",
        "environment.put" => "register the environment",
        "data.get" | "data.container" => "look for the data asset",
        "model.get" | "model.latest" => "look for the model",
        "output.assets" | "output.addresses" => "read where the outputs are",
        "blob.put" | "blob.putMetadata" => "upload the code",
        "run.discover" | "run.details" => "read why the run failed",
        "blob.size" | "blob.read" => "read the log of the run",
        other => other,
    }
}

/// How far a run is.
pub(crate) fn state(status: &JobStatus) -> RunState {
    RunState::parse(status.as_str())
}

/// A run, with the tenant that its page in Studio is opened in.
pub(crate) fn run(job: &Job, tenant: Option<&str>) -> Run {
    let properties = &job.properties;
    Run {
        azure_id: job.id.as_str().to_owned(),
        state: state(&properties.status),
        owner: properties.properties.get(OWNER_PROPERTY).cloned(),
        definition_hash: properties.properties.get(HASH_PROPERTY).cloned(),
        attempt: properties
            .properties
            .get(ATTEMPT_PROPERTY)
            .and_then(|number| number.parse().ok()),
        held_by: None,
        code_id: properties.code_id.as_ref().map(|id| id.as_str().to_owned()),
        studio_url: job.studio_url().map(|url| studio_url(url, tenant)),
        // An ARM job says neither when it was started nor when it ended.
        started: None,
        ended: None,
    }
}

/// Azure leaves the tenant out, and a person of several tenants would land in the wrong one (contract §3.3).
fn studio_url(url: &str, tenant: Option<&str>) -> String {
    match tenant {
        Some(tenant) if !url.contains("tid=") => format!("{url}&tid={tenant}"),
        _ => url.to_owned(),
    }
}

/// The identities of a resource, ordered by id.
pub(crate) fn identity(found: &ManagedIdentity) -> ResourceIdentity {
    ResourceIdentity {
        type_: match found.kind {
            IdentityType::None => "None",
            IdentityType::SystemAssigned => "SystemAssigned",
            IdentityType::UserAssigned => "UserAssigned",
            IdentityType::SystemAndUserAssigned => "SystemAssigned,UserAssigned",
        }
        .to_owned(),
        principal_id: found.principal_id.clone(),
        tenant_id: found.tenant_id.clone(),
        user_assigned: found
            .user_assigned_identities
            .iter()
            .map(|(id, identity)| UserAssignedIdentity {
                resource_id: id.as_str().to_owned(),
                client_id: identity.client_id.clone(),
                principal_id: identity.principal_id.clone(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
