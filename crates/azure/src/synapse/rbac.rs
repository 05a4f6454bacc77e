//! Synapse's own roles, which are not Azure's (contract §7).

use reqwest::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::api_version;
use crate::arm::role_assignment::PrincipalType;
use crate::operation::{Deletion, deletion};
use crate::request::{Call, Request};
use crate::response::{Refusal, Response};
use crate::tolerant;

mod check;
#[cfg(test)]
mod tests;

pub use check::{Decision, check_access};

/// `GET /roleDefinitions`, a bare array; 200. `scopes` tells where a role may be given, which the
/// documentation and the service have answered differently (contract §7).
pub fn role_definitions(workspace: &str) -> Call<Vec<RoleDefinition>> {
    request(
        "rbac.definitions",
        Method::GET,
        workspace,
        &["roleDefinitions"],
    )
    .parsed()
}

/// `GET /roleAssignments`, one page; 200. `continuation` is [`Assignments::continuation`] of the
/// page before. Contract §7.
pub fn list(workspace: &str, filter: &Filter<'_>, continuation: Option<&str>) -> Call<Assignments> {
    let mut request = request("rbac.list", Method::GET, workspace, &["roleAssignments"]);
    for (name, value) in [
        ("roleId", filter.role_id),
        ("principalId", filter.principal_id),
        ("scope", filter.scope),
    ] {
        if let Some(value) = value {
            request = request.query(name, value);
        }
    }
    if let Some(continuation) = continuation {
        request = request.header("x-ms-continuation", continuation);
    }
    request.parsed_by(assignments)
}

/// `PUT /roleAssignments/{id}`. Needs Synapse Administrator; 200. The same triple under another id:
/// unverified, so list first (contract §7).
pub fn put(workspace: &str, id: Uuid, wish: &NewAssignment) -> Call<Assignment> {
    request(
        "rbac.put",
        Method::PUT,
        workspace,
        &["roleAssignments", &id.to_string()],
    )
    .json(wish)
    .parsed()
}

/// `DELETE /roleAssignments/{id}?scope=`; 200 or 204, and 404 is done. Contract §7.
pub fn delete(workspace: &str, id: &str, scope: &str) -> Call<Deletion> {
    request(
        "rbac.delete",
        Method::DELETE,
        workspace,
        &["roleAssignments", id],
    )
    .query("scope", scope)
    .expecting(&[404])
    .parsed_by(deletion)
}

fn request(op: &'static str, method: Method, workspace: &str, path: &[&str]) -> Request {
    super::request(op, method, workspace, path, api_version::SYNAPSE_RBAC)
}

fn assignments(response: &Response) -> Result<Assignments, Refusal> {
    let mut page: Assignments = response.json()?;
    let continuation = response.header("x-ms-continuation");
    page.continuation = continuation
        .filter(|token| !token.is_empty())
        .map(str::to_owned);
    Ok(page)
}

/// Which assignments to list; `None` means any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// The role.
    pub role_id: Option<&'a str>,
    /// Whose.
    pub principal_id: Option<&'a str>,
    /// Where.
    pub scope: Option<&'a str>,
}

/// What a PUT asks for. The request says `roleId`, the answer `roleDefinitionId` (contract §7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAssignment {
    /// The role.
    pub role_id: String,
    /// The object id it is given to.
    pub principal_id: String,
    /// Where: `workspaces/{}` or `workspaces/{}/bigDataPools/{}`; no leading slash, no ARM id (contract §7).
    pub scope: String,
    principal_type: PrincipalType,
}

impl NewAssignment {
    /// A role for a managed identity.
    pub fn to_service_principal(
        role_id: impl Into<String>,
        principal_id: impl Into<String>,
        scope: impl Into<String>,
    ) -> Self {
        Self {
            role_id: role_id.into(),
            principal_id: principal_id.into(),
            scope: scope.into(),
            principal_type: PrincipalType::ServicePrincipal,
        }
    }
}

/// One page of assignments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Assignments {
    /// The assignments.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub value: Vec<Assignment>,
    /// What to give to [`list`] for the next page; travels as a header.
    #[serde(skip)]
    pub continuation: Option<String>,
}

/// An assignment as Synapse reports it. `principalType` came back as a number once (contract §7),
/// so it is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Assignment {
    /// Its GUID.
    pub id: String,
    /// The role.
    pub role_definition_id: String,
    /// Whose.
    pub principal_id: String,
    /// Where.
    pub scope: String,
}

/// A role as Synapse reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleDefinition {
    /// Its GUID.
    pub id: String,
    /// Its name, for example `Synapse Administrator`.
    pub name: String,
    /// Where it may be given, as patterns such as `workspaces/{workspaceName}`.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub scopes: Vec<String>,
}
