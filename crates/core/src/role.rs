//! The roles that can be granted, and which are missing.

use azureml_spark_api::attachment::{RoleAssignment, SynapseRole};

use crate::name;

/// Id of a role in Synapse: fixed by Azure, the same in every workspace (contract §7).
pub fn synapse_role_id(role: SynapseRole) -> &'static str {
    match role {
        SynapseRole::SynapseAdministrator => "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78",
        SynapseRole::SynapseComputeOperator => "e3844cc7-4670-42cb-9349-9bdac1ee7881",
        SynapseRole::SynapseContributor => "7572bffe-f453-4b66-912a-46cc5ef38fda",
    }
}

/// The assignments that give each principal each role at `scope`.
pub fn wanted(roles: &[SynapseRole], scope: &str, principals: &[String]) -> Vec<RoleAssignment> {
    principals
        .iter()
        .flat_map(|principal| {
            roles.iter().map(move |role| RoleAssignment {
                role: *role,
                scope: scope.to_owned(),
                principal_id: principal.clone(),
                id: name::role_assignment(scope, synapse_role_id(*role), principal),
            })
        })
        .collect()
}

/// Whether two assignments give the same to the same: what Synapse counts as one, whatever their ids (contract §7).
pub fn same_grant(left: &RoleAssignment, right: &RoleAssignment) -> bool {
    left.role == right.role
        && left.scope.eq_ignore_ascii_case(&right.scope)
        && left.principal_id.eq_ignore_ascii_case(&right.principal_id)
}
