//! What is said of roles that seem to be missing, and what mends it.

use std::collections::BTreeMap;

use azureml_spark_api::Reason;
use azureml_spark_api::condition::MESSAGE_LIMIT;
use azureml_spark_api::role::{Role, Service};
use azureml_spark_api::spark_job::MissingRole;

use crate::summary::Warning;

/// One for the pool, and one for each storage account.
pub(super) fn warnings(missing: &[MissingRole], attachment: Option<&str>) -> Vec<Warning> {
    let mut by_scope: BTreeMap<(bool, &str), Vec<&MissingRole>> = BTreeMap::new();
    for one in missing {
        let place = (!on_pool(one), one.scope.as_str());
        by_scope.entry(place).or_default().push(one);
    }
    let groups = by_scope.into_values();
    groups
        .filter_map(|group| warning(&group, attachment))
        .collect()
}

/// Both ways, or the one in this cluster alone where a condition has no room for both.
fn warning(missing: &[&MissingRole], attachment: Option<&str>) -> Option<Warning> {
    let first = missing.first()?;
    let last = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let place = if on_pool(first) {
        format!(
            "Spark pool '{}' of the Synapse workspace '{}'",
            last(&first.scope),
            synapse_workspace(&first.scope)
        )
    } else {
        format!("storage account '{}'", last(&first.scope))
    };
    let said = format!(
        "{}: the identity '{}' ({}) does not seem to hold '{}' on the {place}, and the run may fail for it: ",
        first.field,
        last(&first.identity),
        first.principal_id,
        joined(missing, "' and '", title),
    );
    let command = command(missing, first);
    let Some(attachment) = attachment else {
        return Some(Warning::new(Reason::RoleMissing, said + &command));
    };
    let words = joined(missing, ", ", Role::as_str);
    let manifest = if on_pool(first) {
        format!(
            "set spec.grants.synapseRoles of SynapseSparkAttachment '{attachment}' to [{words}]"
        )
    } else {
        format!(
            "add {{accountId: {}, roles: [{words}]}} to spec.grants.storage of SynapseSparkAttachment '{attachment}'",
            first.scope
        )
    };
    let both = format!("{said}{manifest}, or {command}");
    let message = if both.len() <= MESSAGE_LIMIT {
        both
    } else {
        said + &manifest
    };
    Some(Warning::new(Reason::RoleMissing, message))
}

fn command(missing: &[&MissingRole], first: &MissingRole) -> String {
    let grant = |role: &str| {
        if on_pool(first) {
            return format!(
                "az synapse role assignment create --workspace-name {} --role \"{role}\" --assignee-object-id {} --assignee-principal-type ServicePrincipal --scope {}",
                synapse_workspace(&first.scope),
                first.principal_id,
                first.scope
            );
        }
        format!(
            "az role assignment create --assignee-object-id {} --assignee-principal-type ServicePrincipal --role \"{role}\" --scope {}",
            first.principal_id, first.scope
        )
    };
    match missing {
        [one] => grant(title(one.role)),
        several => format!(
            "for role in \"{}\"; do {}; done",
            joined(several, "\" \"", title),
            grant("$role")
        ),
    }
}

fn joined(missing: &[&MissingRole], with: &str, name: fn(Role) -> &'static str) -> String {
    let names: Vec<&str> = missing.iter().map(|one| name(one.role)).collect();
    names.join(with)
}

/// Whether it is a role of Synapse, on the pool.
fn on_pool(missing: &MissingRole) -> bool {
    matches!(missing.role.service(), Service::Synapse(_))
}

/// The workspace of `workspaces/{}/bigDataPools/{}`.
fn synapse_workspace(scope: &str) -> &str {
    scope.split('/').nth(1).unwrap_or_default()
}

/// A role by the name that Azure's own tools take.
fn title(role: Role) -> &'static str {
    match role {
        Role::SynapseAdministrator => "Synapse Administrator",
        Role::SynapseApacheSparkAdministrator => "Apache Spark Administrator",
        Role::SynapseComputeOperator => "Synapse Compute Operator",
        Role::SynapseContributor => "Synapse Contributor",
        Role::Contributor => "Contributor",
        Role::Reader => "Reader",
        Role::StorageBlobDataContributor => "Storage Blob Data Contributor",
        Role::StorageBlobDataReader => "Storage Blob Data Reader",
    }
}
