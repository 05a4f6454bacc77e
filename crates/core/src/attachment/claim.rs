//! Whether an attachment still asks for a role that it has on record. Others that leave the same role go by that: two
//! that leave it at once must not each take the other's record for a reason to leave it behind. What is asked for is in
//! the spec, and so before everybody's eyes, before either of them acts on it.

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::azure_id;
use azureml_spark_api::role::{RoleAssignment, Service, SynapseRole};
use azureml_spark_api::{SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus};

/// Whether the object asks for the role, for an identity that its compute has.
pub fn claims(
    spec: &SynapseSparkAttachmentSpec,
    status: &SynapseSparkAttachmentStatus,
    grant: &RoleAssignment,
) -> bool {
    asks_for(spec, grant)
        && holders(spec, status).any(|id| id.eq_ignore_ascii_case(&grant.principal_id))
}

fn asks_for(spec: &SynapseSparkAttachmentSpec, grant: &RoleAssignment) -> bool {
    let grants = spec.grants.as_ref();
    match grant.role.service() {
        Service::Synapse(role) => match grants.and_then(|grants| grants.synapse_roles.as_ref()) {
            Some(roles) => roles.contains(&role),
            None => role == SynapseRole::SynapseAdministrator,
        },
        Service::Storage(role) => grants
            .and_then(|grants| grants.storage.as_ref())
            .into_iter()
            .flatten()
            .any(|wish| {
                azure_id::same(&wish.account_id, &grant.scope) && wish.roles.contains(&role)
            }),
    }
}

/// Object ids of the compute's identities that the spec names.
fn holders<'a>(
    spec: &'a SynapseSparkAttachmentSpec,
    status: &'a SynapseSparkAttachmentStatus,
) -> impl Iterator<Item = &'a str> {
    let wish = spec.identity.as_ref();
    let named = wish.and_then(|wish| wish.user_assigned_identities.as_ref());
    let system = wish.is_none_or(|wish| wish.type_ == AttachmentIdentityType::SystemAssigned);
    let found = status.identity.iter();
    found.flat_map(move |found| {
        let own = found.principal_id.as_deref().filter(|_| system);
        let others = found.user_assigned.iter().filter(move |identity| {
            let is_it = |id: &str| azure_id::same(id, &identity.resource_id);
            named
                .into_iter()
                .flatten()
                .any(|one| is_it(&one.resource_id))
        });
        own.into_iter()
            .chain(others.filter_map(|identity| identity.principal_id.as_deref()))
    })
}
