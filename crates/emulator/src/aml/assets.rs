//! What codes, environments and data have in common: versions that are made once and then stay.

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::jobs::refusal::{invalid, not_found};
use super::system_data;
use crate::error::{Answer, Refusal};
use crate::login::Caller;
use crate::paging::Cut;
use crate::request::AsSent;
use crate::state::App;

/// One kind of versioned asset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// The word in paths, and the kind in the store.
    pub(super) word: &'static str,
    /// Fields that a version keeps for ever.
    pub(super) fixed: &'static [&'static str],
    /// What a request with another value is told.
    pub(super) refusal: &'static str,
}

/// Versions on one page of a list.
const PAGE: usize = 100;

/// The part of a path that names an asset.
#[derive(Debug, Deserialize)]
pub(super) struct Asset {
    pub(super) name: String,
}

/// The part of a path that names a version.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) version: String,
}

impl Version {
    /// The key in the store.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

impl Kind {
    /// The ARM id of a version.
    pub(super) fn id(self, app: &App, at: &Version) -> String {
        let workspace = app.world.workspace_arm_id();
        format!(
            "{workspace}/{}/{}/versions/{}",
            self.word, at.name, at.version
        )
    }

    /// One version.
    pub(super) fn show(self, app: &App, at: &Version) -> Answer {
        let store = app.store();
        match store.get(self.word, &at.key()) {
            Some(found) => Ok(Json(found).into_response()),
            None => Err(self.missing(app, at)),
        }
    }

    /// 404 for a version.
    pub(super) fn missing(self, app: &App, at: &Version) -> Refusal {
        let id = self.id(app, at);
        not_found(
            app,
            "AssetNotFound",
            "Asset {assetId} not found.",
            &[("assetId", &id)],
        )
    }

    /// Makes a version, or accepts the same once more. Tags, description and archived may change.
    pub(super) fn put(
        self,
        app: &Arc<App>,
        at: &Version,
        caller: &Caller,
        properties: &Map<String, Value>,
    ) -> Answer {
        let key = at.key();
        let id = self.id(app, at);
        let mut store = app.store();
        let old = store
            .get(self.word, &key)
            .and_then(|old| old.get("properties"))
            .cloned();
        if let Some(old) = &old {
            let set = |value: Option<&Value>| value.filter(|v| !v.is_null()).cloned();
            let differs = |field: &&&str| {
                set(old.get(**field)).is_some_and(|old| set(properties.get(**field)) != Some(old))
            };
            if self.fixed.iter().find(differs).is_some() {
                return Err(invalid(app, self.refusal));
            }
        }
        let shown = json!({
            "id": id,
            "name": at.version,
            "type": format!("Microsoft.MachineLearningServices/workspaces/{}/versions", self.word),
            "properties": properties,
            "systemData": system_data(app, &caller.app_id),
        });
        store.put(self.word, &key, shown.clone());
        let status = if old.is_some() {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let location = format!("{}{id}", app.addresses.base);
        Ok((status, [(LOCATION, location)], Json(shown)).into_response())
    }

    /// Removes a version.
    pub(super) fn delete(self, app: &App, at: &Version) -> Response {
        let removed = app.store().remove(self.word, &at.key()).is_some();
        if removed {
            StatusCode::OK
        } else {
            StatusCode::NO_CONTENT
        }
        .into_response()
    }

    /// The versions that the filter keeps.
    pub(super) fn list(
        self,
        app: &App,
        sent: &AsSent,
        keep: impl Fn(&str, &Value) -> bool,
    ) -> Answer {
        let found: Vec<(String, Value)> = app
            .store()
            .list(self.word)
            .filter(|(key, value)| keep(key, value))
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect();
        let cut = Cut {
            base: &app.addresses.base,
            path_and_query: &sent.0,
            size: PAGE,
            empty_first: false,
        };
        let page = cut.page(found, |(key, _)| key)?;
        let items = page.items.into_iter().map(|(_, value)| value).collect();
        let page = crate::paging::Page {
            items,
            next_link: page.next_link,
        };
        Ok(Json(page.json()).into_response())
    }

    /// The container of all versions of a name, with the newest version.
    pub(super) fn container(self, app: &App, name: &str) -> Answer {
        let prefix = format!("{}/", name.to_ascii_lowercase());
        let store = app.store();
        let versions: Vec<String> = store
            .list(self.word)
            .filter_map(|(key, _)| key.strip_prefix(&prefix).map(str::to_owned))
            .collect();
        let newest = versions
            .iter()
            .max_by_key(|version| (version.parse::<u64>().ok(), version.as_str()))
            .ok_or_else(|| {
                not_found(
                    app,
                    "AssetNotFound",
                    "Asset {name} not found.",
                    &[("name", name)],
                )
            })?;
        let next = newest
            .parse::<u64>()
            .map_or_else(|_| newest.clone(), |n| (n + 1).to_string());
        Ok(Json(json!({
            "id": format!("{}/{}/{name}", app.world.workspace_arm_id(), self.word),
            "name": name,
            "type": format!("Microsoft.MachineLearningServices/workspaces/{}", self.word),
            "properties": {
                "description": null, "tags": {}, "properties": {}, "isArchived": false,
                "latestVersion": newest, "nextVersion": next,
            },
        }))
        .into_response())
    }
}

/// `properties` of a request, with the fields that every asset shows.
pub(super) fn properties(app: &App, body: &Value) -> Result<Map<String, Value>, Refusal> {
    let Some(Value::Object(properties)) = body.get("properties") else {
        return Err(invalid(app, "properties is required."));
    };
    let mut properties = properties.clone();
    for (field, value) in [
        ("description", Value::Null),
        ("tags", json!({})),
        ("properties", json!({})),
        ("isArchived", json!(false)),
        ("isAnonymous", json!(false)),
    ] {
        properties.entry(field).or_insert(value);
    }
    Ok(properties)
}
