//! The identity of a compute: what is asked for, and what it becomes.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::{Refusal, bad_request};
use crate::settings::Refusing;
use crate::state::App;

/// What a request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    system: bool,
    /// ARM ids, as they were sent.
    assigned: Vec<String>,
}

impl Wish {
    /// Reads `identity` of a request. Types compare without case: the SDK writes `Systemassigned`.
    pub(super) fn read(app: &App, identity: &Value) -> Result<Self, Refusal> {
        let mut wish = Self::default();
        let mut wants_assigned = false;
        let kind = identity
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("None");
        for word in kind.split(',').map(str::trim) {
            match word.to_ascii_lowercase().as_str() {
                "systemassigned" => wish.system = true,
                "userassigned" => wants_assigned = true,
                "none" | "" => {}
                _ => {
                    return Err(bad_request(
                        "InvalidIdentityType",
                        format!("The identity type '{kind}' is not valid."),
                    ));
                }
            }
        }
        if wants_assigned {
            let ids = identity
                .get("userAssignedIdentities")
                .and_then(Value::as_object);
            wish.assigned = ids
                .into_iter()
                .flatten()
                .map(|(id, _)| id.clone())
                .collect();
            if wish.assigned.is_empty() {
                return Err(bad_request(
                    "InvalidIdentityValues",
                    "Identities of the type UserAssigned need at least one user-assigned identity.",
                ));
            }
        }
        let refuses = app.settings().unknown_identity == Refusing::Refuse;
        let unknown = wish
            .assigned
            .iter()
            .find(|id| app.world.find_identity(id).is_none());
        match unknown {
            Some(id) if refuses => Err(bad_request(
                "FailedIdentityOperation",
                format!("The identity '{id}' could not be found."),
            )),
            _ => Ok(wish),
        }
    }

    /// What the compute then has. An own identity that it had already stays the same one.
    pub(super) fn grant(&self, app: &App, before: Option<&Value>) -> Value {
        let mut fields = Map::new();
        let kind = match (self.system, self.assigned.is_empty()) {
            (true, true) => "SystemAssigned",
            (true, false) => "SystemAssigned,UserAssigned",
            (false, false) => "UserAssigned",
            (false, true) => return Value::Null,
        };
        fields.insert("type".to_owned(), kind.into());
        if self.system {
            let principal = before
                .and_then(|identity| identity.get("principalId"))
                .and_then(Value::as_str)
                .map_or_else(
                    || {
                        let made = Uuid::new_v4().to_string();
                        app.principal_made(&made);
                        made
                    },
                    str::to_owned,
                );
            fields.insert("principalId".to_owned(), principal.into());
            fields.insert("tenantId".to_owned(), app.world.tenant.as_str().into());
        }
        if !self.assigned.is_empty() {
            let assigned: Map<String, Value> = self
                .assigned
                .iter()
                .map(|id| (answered_key(id), ids_of(app, id)))
                .collect();
            fields.insert("userAssignedIdentities".to_owned(), Value::Object(assigned));
        }
        Value::Object(fields)
    }
}

/// The identity without the object id of the system-assigned part, as it may show before it is made.
pub(super) fn unborn(identity: &Value) -> Value {
    let mut identity = identity.clone();
    if let Some(fields) = identity.as_object_mut() {
        fields.remove("principalId");
        fields.remove("tenantId");
    }
    identity
}

/// Keys of the map come back with `resourcegroups` in small letters (contract §0.1).
fn answered_key(id: &str) -> String {
    id.split('/')
        .map(|part| {
            if part.eq_ignore_ascii_case("resourceGroups") {
                "resourcegroups"
            } else {
                part
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn ids_of(app: &App, id: &str) -> Value {
    let name = app.world.find_identity(id).map_or_else(
        || id.rsplit('/').next().unwrap_or_default(),
        |known| known.name.as_str(),
    );
    json!({
        "principalId": app.world.identity_principal_id(name),
        "clientId": app.world.identity_client_id(name),
    })
}
