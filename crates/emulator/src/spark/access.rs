//! Whether a job may run where it asks to: the compute is there and ready, and the identity that the
//! job has at run time holds a role on the pool.

use serde_json::Value;

use super::Failure;
use crate::aml::jobs::{Job, unauthorized};
use crate::state::App;
use crate::synapse::has_role;

/// Checks the compute of a job, and the identity's role on its pool. Serverless jobs run always.
///
/// The words for a missing role are those that Synapse has for it; the others are the emulator's.
pub(crate) fn check(app: &App, job: &Job) -> Result<(), Failure> {
    let Some(name) = job.compute() else {
        return Ok(());
    };
    let compute =
        app.store().get("computes", name).cloned().ok_or_else(|| {
            Failure::new(format!("Compute '{name}' was not found in the workspace."))
        })?;
    let text = |pointer: &str| compute.pointer(pointer).and_then(Value::as_str);
    let state = text("/properties/provisioningState").unwrap_or("Unknown");
    if state != "Succeeded" {
        return Err(Failure::new(format!(
            "Compute '{name}' is not ready: its provisioning state is {state}."
        )));
    }
    let pool = text("/properties/resourceId").unwrap_or_default();
    let principal = principal(app, job, &compute).ok_or_else(|| {
        Failure::new(format!(
            "Compute '{name}' does not have the identity that the job asks for."
        ))
    })?;
    if has_role(app, &principal, pool) {
        return Ok(());
    }
    let (workspace, pool) = names(pool);
    Err(Failure::new(unauthorized(&principal, workspace, pool)))
}

/// The names of the Synapse workspace and the pool in a pool's id.
fn names(pool: &str) -> (&str, &str) {
    let mut segments = pool.rsplit('/');
    let name = segments.next().unwrap_or_default();
    (segments.nth(1).unwrap_or_default(), name)
}

/// The names of the Synapse workspace and the pool that a job runs on; serverless jobs have others of Azure's.
pub(crate) fn pool_of(app: &App, job: &Job) -> (String, String) {
    let store = app.store();
    let id = job
        .compute()
        .and_then(|name| store.get("computes", name))
        .and_then(|compute| compute.pointer("/properties/resourceId"))
        .and_then(Value::as_str);
    let (workspace, pool) = id.map_or((app.world.workspace.as_str(), "serverless"), names);
    (workspace.to_owned(), pool.to_owned())
}

/// The object id that the job runs as: the identity that it names, else the compute's own, else the
/// first that is assigned to the compute (contract §2.1, §3.2).
fn principal(app: &App, job: &Job, compute: &Value) -> Option<String> {
    let identity = job
        .sent
        .get("identity")
        .filter(|identity| !identity.is_null());
    let part = |key: &str| identity?.get(key)?.as_str();
    if part("identityType") == Some("UserIdentity") {
        return Some(app.world.object_id(&job.created_by));
    }
    let own = compute
        .pointer("/identity/principalId")
        .and_then(Value::as_str);
    let assigned = compute
        .pointer("/identity/userAssignedIdentities")
        .and_then(Value::as_object);
    let named = [("clientId", "clientId"), ("objectId", "principalId")]
        .into_iter()
        .find_map(|(asked, field)| Some((part(asked)?, field)));
    let id_of = |value: &Value| {
        value
            .get("principalId")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    if let Some((wanted, field)) = named {
        if field == "principalId" && own.is_some_and(|own| own.eq_ignore_ascii_case(wanted)) {
            return own.map(str::to_owned);
        }
        return assigned?.values().find_map(|value| {
            let id = value.get(field).and_then(Value::as_str)?;
            id.eq_ignore_ascii_case(wanted)
                .then(|| id_of(value))
                .flatten()
        });
    }
    if let Some(wanted) = part("resourceId") {
        let (_, value) = assigned?
            .iter()
            .find(|(id, _)| id.eq_ignore_ascii_case(wanted))?;
        return id_of(value);
    }
    own.map(str::to_owned)
        .or_else(|| assigned?.values().find_map(id_of))
}
