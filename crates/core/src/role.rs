//! The roles that can be granted, and which are missing.

use azureml_spark_api::role::{Role, RoleAssignment, SynapseRole};

use crate::name;

/// Id of a role: fixed by Azure, the same in every tenant (contract §7, §8.1; Azure's list of built-in roles).
pub fn id(role: Role) -> &'static str {
    match role {
        Role::SynapseAdministrator => "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78",
        Role::SynapseApacheSparkAdministrator => "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1",
        Role::SynapseComputeOperator => "e3844cc7-4670-42cb-9349-9bdac1ee7881",
        Role::SynapseContributor => "7572bffe-f453-4b66-912a-46cc5ef38fda",
        Role::Contributor => "b24988ac-6180-42a0-ab88-20f7382dd24c",
        Role::Reader => "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        Role::StorageBlobDataContributor => "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        Role::StorageBlobDataReader => "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    }
}

/// The assignments that give each principal each role at `scope`.
pub fn wanted(roles: &[SynapseRole], scope: &str, principals: &[String]) -> Vec<RoleAssignment> {
    principals
        .iter()
        .flat_map(|principal| {
            roles
                .iter()
                .map(move |role| assignment((*role).into(), scope, principal))
        })
        .collect()
}

/// The assignment of one role, with the name that it always gets.
pub fn assignment(role: Role, scope: &str, principal: &str) -> RoleAssignment {
    RoleAssignment {
        role,
        scope: scope.to_owned(),
        principal_id: principal.to_owned(),
        id: name::role_assignment(scope, id(role), principal),
    }
}

/// Whether two assignments give the same to the same: what Synapse counts as one, whatever their ids (contract §7).
pub fn same_grant(left: &RoleAssignment, right: &RoleAssignment) -> bool {
    left.role == right.role
        && left.scope.eq_ignore_ascii_case(&right.scope)
        && left.principal_id.eq_ignore_ascii_case(&right.principal_id)
}
