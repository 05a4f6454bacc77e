//! The identity of a compute, a link or the workspace: what is asked for, and what it becomes.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::{Refusal, bad_request};
use crate::inventory;
use crate::settings::Refusing;
use crate::state::App;

/// What a request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    system: bool,
    /// ARM ids, as they were sent.
    assigned: Vec<String>,
    /// Those behind which `null` stands.
    removed: Vec<String>,
}

impl Wish {
    /// Reads `identity` of a request. Types compare without case: the SDK writes `Systemassigned`.
    pub(crate) fn read(app: &App, identity: &Value) -> Result<Self, Refusal> {
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
            for (id, value) in ids.into_iter().flatten() {
                let list = if value.is_null() {
                    &mut wish.removed
                } else {
                    &mut wish.assigned
                };
                list.push(id.clone());
            }
            if wish.assigned.is_empty() && wish.removed.is_empty() {
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
            .find(|id| inventory::find(app, id).is_none());
        match unknown {
            Some(id) if refuses => Err(bad_request(
                "FailedIdentityOperation",
                format!("The identity '{id}' could not be found."),
            )),
            _ => Ok(wish),
        }
    }

    /// With those user-assigned identities that were there before, unless it takes them away or wants none
    /// of that kind.
    pub(crate) fn joined(mut self, before: &Value) -> Self {
        if self.assigned.is_empty() && self.removed.is_empty() {
            return self;
        }
        let named = |id: &String| {
            let mut all = self.assigned.iter().chain(&self.removed);
            all.any(|one| one.eq_ignore_ascii_case(id))
        };
        let kept: Vec<String> = before
            .get("userAssignedIdentities")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|known| known.keys())
            .filter(|id| !named(id))
            .cloned()
            .collect();
        self.assigned.splice(0..0, kept);
        self
    }

    /// What the resource then has. An own identity that it had already stays the same one.
    pub(crate) fn grant(&self, app: &App, before: Option<&Value>) -> Value {
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
pub(crate) fn unborn(identity: &Value) -> Value {
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
    let known = inventory::find(app, id);
    let known = known.as_ref().and_then(|it| it.get("properties"));
    let name = id.rsplit('/').next().unwrap_or_default();
    let part = |field: &str, otherwise: String| {
        let its = known.and_then(|it| it.get(field)).cloned();
        its.unwrap_or_else(|| otherwise.into())
    };
    json!({
        "principalId": part("principalId", app.world.identity_principal_id(name)),
        "clientId": part("clientId", app.world.identity_client_id(name)),
    })
}
