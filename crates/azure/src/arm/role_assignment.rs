//! Azure role assignments, for storage that jobs read and write.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::api_version;
use crate::operation::{Deletion, deletion};
use crate::page::{self, Page};
use crate::request::{Call, Request};
use crate::resource_id::ArmId;
use crate::tolerant;

/// `PUT {scope}/providers/Microsoft.Authorization/roleAssignments/{id}`. Needs
/// `Microsoft.Authorization/roleAssignments/write`; 201, or 200 if it was there. Another id for the
/// same triple is refused: [`crate::Error::is_role_assignment_exists`]. Contract §8.1.
pub fn put(scope: &ArmId, id: Uuid, wish: &NewRoleAssignment) -> Call<RoleAssignment> {
    #[derive(Serialize)]
    struct Body<'a> {
        properties: &'a NewRoleAssignment,
    }
    let path = under(scope, &id.to_string());
    Request::arm(
        "roleAssignment.put",
        Method::PUT,
        path,
        api_version::ROLE_ASSIGNMENT,
    )
    .json(&Body { properties: wish })
    .parsed()
}

/// `GET` of one; 200. Contract §8.1.
pub fn get(scope: &ArmId, id: &str) -> Call<RoleAssignment> {
    let version = api_version::ROLE_ASSIGNMENT;
    Request::arm("roleAssignment.get", Method::GET, under(scope, id), version).parsed()
}

/// `DELETE` of one; 200 or 204, and 404 is done. Contract §8.1.
pub fn delete(scope: &ArmId, id: &str) -> Call<Deletion> {
    let path = under(scope, id);
    Request::arm(
        "roleAssignment.delete",
        Method::DELETE,
        path,
        api_version::ROLE_ASSIGNMENT,
    )
    .expecting(&[404])
    .parsed_by(deletion)
}

/// `GET {scope}/…/roleAssignments?$filter=principalId eq '{principal}'`; 200. Lists assignments at
/// other scopes too, so compare [`Properties::is_for`]. Contract §8.1.
pub fn list(scope: &ArmId, principal_id: &str) -> Call<Page<RoleAssignment>> {
    listed(
        scope,
        format!("principalId eq '{}'", quotable(principal_id)),
    )
}

/// `GET {scope}/…/roleAssignments?$filter=assignedTo('{principal}')`; 200. By Azure's guide "List Azure role assignments
/// using the REST API" it has, unlike [`list`], those of the groups that the principal is in, so that whose each is does
/// not count. At the scope, above and below it. Needs `Microsoft.Authorization/roleAssignments/read`.
pub fn list_held(scope: &ArmId, principal_id: &str) -> Call<Page<RoleAssignment>> {
    listed(scope, format!("assignedTo('{}')", quotable(principal_id)))
}

fn listed(scope: &ArmId, filter: String) -> Call<Page<RoleAssignment>> {
    let mut path = scope.segments();
    path.extend(["providers", "Microsoft.Authorization", "roleAssignments"].map(str::to_owned));
    Request::arm(
        "roleAssignment.list",
        Method::GET,
        path,
        api_version::ROLE_ASSIGNMENT,
    )
    .query("$filter", filter)
    .parsed_by(page::page)
}

fn quotable(text: &str) -> String {
    // OData doubles a quote inside a string.
    text.replace('\'', "''")
}

/// The page behind [`Page::next`].
pub fn next_page(next: Url) -> Call<Page<RoleAssignment>> {
    page::follow("roleAssignment.list", next)
}

/// The id that one triple always gets, so that asking twice is asking once (contract §8.1).
pub fn id(scope: &ArmId, principal_id: &str, role_definition_id: &ArmId) -> Uuid {
    let scope = scope.as_str().trim_end_matches('/');
    let triple = format!("{scope}|{principal_id}|{}", role_definition_id.name());
    Uuid::new_v5(&Uuid::NAMESPACE_URL, triple.to_ascii_lowercase().as_bytes())
}

/// The id of a role as seen from a subscription: `role` is its GUID (contract §8.1). Azure may
/// answer without the subscription, so compare by [`ArmId::name`].
pub fn definition(subscription: &str, role: &str) -> ArmId {
    ArmId::new(format!(
        "/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    ))
}

fn under(scope: &ArmId, id: &str) -> Vec<String> {
    let mut path = scope.segments();
    let tail = [
        "providers",
        "Microsoft.Authorization",
        "roleAssignments",
        id,
    ];
    path.extend(tail.map(str::to_owned));
    path
}

/// What a PUT asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRoleAssignment {
    /// The role's id.
    pub role_definition_id: ArmId,
    /// The object id it is given to.
    pub principal_id: String,
    principal_type: PrincipalType,
}

impl NewRoleAssignment {
    /// A role for a managed identity.
    pub fn to_service_principal(
        role_definition_id: ArmId,
        principal_id: impl Into<String>,
    ) -> Self {
        Self {
            role_definition_id,
            principal_id: principal_id.into(),
            principal_type: PrincipalType::ServicePrincipal,
        }
    }
}

/// Always sent: without it a fresh identity yields `PrincipalNotFound` (contract §8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum PrincipalType {
    /// Managed identities are service principals.
    ServicePrincipal,
}

/// A role assignment as Azure reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleAssignment {
    /// Its id.
    pub id: ArmId,
    /// Its GUID.
    pub name: String,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
}

/// `properties` of a role assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// The role.
    pub role_definition_id: ArmId,
    /// Whose.
    pub principal_id: String,
    /// Where.
    pub scope: ArmId,
}

impl Properties {
    /// Whether this is the triple. Azure writes a role's id with and without the subscription, so
    /// roles are compared by their GUID.
    pub fn is_for(&self, scope: &ArmId, principal_id: &str, role_definition_id: &ArmId) -> bool {
        self.scope == *scope
            && self.principal_id.eq_ignore_ascii_case(principal_id)
            && self
                .role_definition_id
                .name()
                .eq_ignore_ascii_case(role_definition_id.name())
    }
}
