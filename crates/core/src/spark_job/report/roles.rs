//! What is said of roles that seem to be missing, and what mends it.

use std::collections::BTreeMap;

use azureml_spark_api::Reason;
use azureml_spark_api::condition::MESSAGE_LIMIT;
use azureml_spark_api::role::{Role, StorageRole};
use azureml_spark_api::spark_job::MissingRole;

use crate::summary::Warning;

/// One for each storage account.
pub(super) fn warnings(missing: &[MissingRole], attachment: Option<&str>) -> Vec<Warning> {
    let mut by_account: BTreeMap<&str, Vec<&MissingRole>> = BTreeMap::new();
    for one in missing {
        by_account.entry(&one.scope).or_default().push(one);
    }
    let groups = by_account.into_values();
    groups
        .filter_map(|group| warning(&group, attachment))
        .collect()
}

/// Both ways, or the one in this cluster alone where a condition has no room for both.
fn warning(missing: &[&MissingRole], attachment: Option<&str>) -> Option<Warning> {
    let first = missing.first()?;
    let account = &first.scope;
    let last = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let said = format!(
        "{}: the identity '{}' ({}) does not seem to hold '{}' on the storage account '{}', and the run may fail for it: ",
        first.field,
        last(&first.identity),
        first.principal_id,
        joined(missing, "' and '", title),
        last(account),
    );
    let command = command(missing, first);
    let Some(attachment) = attachment else {
        return Some(Warning::new(Reason::RoleMissing, said + &command));
    };
    let manifest = format!(
        "add {{accountId: {account}, roles: [{}]}} to spec.grants.storage of SynapseSparkAttachment '{attachment}'",
        joined(missing, ", ", |role| Role::from(role).as_str()),
    );
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

fn joined(missing: &[&MissingRole], with: &str, name: fn(StorageRole) -> &'static str) -> String {
    let names: Vec<&str> = missing.iter().map(|one| name(one.role)).collect();
    names.join(with)
}

/// A role by the name that Azure's own tools take.
fn title(role: StorageRole) -> &'static str {
    match role {
        StorageRole::Contributor => "Contributor",
        StorageRole::Reader => "Reader",
        StorageRole::StorageBlobDataContributor => "Storage Blob Data Contributor",
        StorageRole::StorageBlobDataReader => "Storage Blob Data Reader",
    }
}
