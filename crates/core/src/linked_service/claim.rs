//! Whether a link still asks for a role that it has on record: see the attachment's.

use azureml_spark_api::role::{RoleAssignment, SynapseRole};
use azureml_spark_api::{LinkedServiceSpec, LinkedServiceStatus};

/// Whether the object asks for the role, for the identity that its link has.
pub fn claims(
    spec: &LinkedServiceSpec,
    status: &LinkedServiceStatus,
    grant: &RoleAssignment,
) -> bool {
    let named = spec
        .grants
        .as_ref()
        .and_then(|grants| grants.synapse_roles.as_deref());
    let roles = named.unwrap_or(&[SynapseRole::SynapseApacheSparkAdministrator]);
    let identity = status.identity.as_ref();
    let holder = identity.and_then(|identity| identity.principal_id.as_deref());
    roles.iter().any(|role| grant.role == (*role).into())
        && holder.is_some_and(|id| id.eq_ignore_ascii_case(&grant.principal_id))
}
