//! What codes, environments, data and models have in common: versions that are made once and then stay.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::jobs::refusal::invalid;
use super::{WORKSPACE, system_data};
use crate::error::{Answer, Refusal};
use crate::login::Caller;
use crate::paging::{Cut, Page};
use crate::request::{AsSent, Body};
use crate::settings::RepeatedAsset;
use crate::state::App;

mod container;
mod named;
mod register;

pub(crate) use named::{Named, exists, location, no_asset, no_environment, uri};
pub(crate) use register::register;

/// One kind of versioned asset.
#[derive(Debug)]
pub(super) struct Kind {
    /// The word in paths, and the kind in the store.
    pub(super) word: &'static str,
    /// Fields that a version keeps for ever.
    pub(super) fixed: &'static [&'static str],
    /// What a request with another value is told.
    pub(super) refusal: &'static str,
    /// What is said of a version that does not exist.
    pub(super) absent: Absent,
    /// Looks at the properties of a request, and completes them.
    pub(super) check: fn(&App, &mut Map<String, Value>) -> Result<(), Refusal>,
}

/// Words for a version that does not exist.
#[derive(Clone, Copy, Debug)]
pub(super) enum Absent {
    /// By its id.
    Asset,
    /// By name and version.
    Environment,
}

/// Versions on one page of a list.
const PAGE: usize = 100;

/// The part of a path that names an asset.
#[derive(Debug, Deserialize)]
struct Asset {
    name: String,
}

/// The part of a path that names a version.
#[derive(Debug, Deserialize)]
struct Version {
    name: String,
    version: String,
}

impl Version {
    /// The key in the store.
    fn key(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

impl Kind {
    /// Everything that can be done with assets of this kind.
    pub(super) fn routes(&'static self) -> Router<Arc<App>> {
        let all = format!("{WORKSPACE}/{}", self.word);
        let show =
            get(async |State(app): State<Arc<App>>, Path(at): Path<Version>| self.show(&app, &at));
        let put =
            async |State(app): State<Arc<App>>,
                   Path(at): Path<Version>,
                   caller: Caller,
                   Body(body): Body| { self.put(&app, &at, &caller, &body) };
        let delete =
            async |State(app): State<Arc<App>>, Path(at): Path<Version>| self.delete(&app, &at);
        Router::new()
            .route(
                &all,
                get(async |State(app): State<Arc<App>>, sent: AsSent| self.containers(&app, &sent)),
            )
            .route(
                &format!("{all}/{{name}}"),
                get(async |State(app): State<Arc<App>>, Path(at): Path<Asset>| {
                    self.container(&app, &at.name)
                }),
            )
            .route(
                &format!("{all}/{{name}}/versions"),
                get(
                    async |State(app): State<Arc<App>>, Path(at): Path<Asset>, sent: AsSent| {
                        self.list(&app, &at.name, &sent)
                    },
                ),
            )
            .route(
                &format!("{all}/{{name}}/versions/{{version}}"),
                show.put(put).delete(delete),
            )
    }

    /// The ARM id of a version.
    fn id(&self, app: &App, at: &Version) -> String {
        let workspace = app.world.workspace_arm_id();
        format!(
            "{workspace}/{}/{}/versions/{}",
            self.word, at.name, at.version
        )
    }

    /// One version.
    fn show(&self, app: &App, at: &Version) -> Answer {
        let found = app.store().get(self.word, &at.key()).cloned();
        match found {
            Some(found) => Ok(Json(found).into_response()),
            None => Err(self.missing(app, at)),
        }
    }

    /// 404 for a version.
    fn missing(&self, app: &App, at: &Version) -> Refusal {
        match self.absent {
            Absent::Asset => no_asset(app, &self.id(app, at)),
            Absent::Environment => no_environment(app, &self.id(app, at), &at.name, &at.version),
        }
    }

    /// Makes a version, or accepts the same once more. Tags, description and archived may change.
    fn put(&self, app: &App, at: &Version, caller: &Caller, body: &Value) -> Answer {
        let mut properties = properties(app, body)?;
        super::jobs::validate::name(app, &at.name)?;
        (self.check)(app, &mut properties)?;
        let key = at.key();
        let id = self.id(app, at);
        let mut store = app.store();
        let old = store.get(self.word, &key).cloned();
        if let Some(old) = old.as_ref().and_then(|old| old.get("properties")) {
            let set = |value: Option<&Value>| value.filter(|v| !v.is_null()).cloned();
            let differs = |field: &&&str| {
                set(old.get(**field)).is_some_and(|old| set(properties.get(**field)) != Some(old))
            };
            if self.fixed.iter().find(differs).is_some() {
                return Err(invalid(app, self.refusal));
            }
        }
        if old.is_some() && app.settings().repeated_asset == RepeatedAsset::Conflict {
            return Err(named::taken(app, &id));
        }
        let mut shown = json!({
            "id": id,
            "name": at.version,
            "type": format!("Microsoft.MachineLearningServices/workspaces/{}/versions", self.word),
            "properties": properties,
            "systemData": system_data(app, &caller.app_id),
        });
        for field in ["createdAt", "createdBy"] {
            let kept = old
                .as_ref()
                .and_then(|old| old.pointer(&format!("/systemData/{field}")));
            if let (Some(kept), Some(of_now)) =
                (kept, shown.pointer_mut(&format!("/systemData/{field}")))
            {
                *of_now = kept.clone();
            }
        }
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
    fn delete(&self, app: &App, at: &Version) -> Response {
        let removed = app.store().remove(self.word, &at.key()).is_some();
        if removed {
            StatusCode::OK
        } else {
            StatusCode::NO_CONTENT
        }
        .into_response()
    }

    /// The versions of a name; with `hash`, the versions of any name that have it (contract §4.1).
    fn list(&self, app: &App, name: &str, sent: &AsSent) -> Answer {
        let hash = sent.query("hash");
        let prefix = format!("{}/", name.to_ascii_lowercase());
        let view = sent.query("listViewType");
        let mut found: Vec<(String, Value)> = app
            .store()
            .list(self.word)
            .filter(|(key, value)| match &hash {
                Some(hash) => {
                    value.pointer("/properties/properties/hash_sha256") == Some(&json!(hash))
                }
                None => key.starts_with(&prefix),
            })
            .filter(|(_, value)| {
                let archived = value.pointer("/properties/isArchived") == Some(&json!(true));
                match view.as_deref() {
                    Some("All") => true,
                    Some("ArchivedOnly") => archived,
                    _ => !archived,
                }
            })
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect();
        if let Some(order) = sent.query("$orderBy") {
            let order = order.to_ascii_lowercase();
            if !order.starts_with("createdtime") {
                return Err(invalid(
                    app,
                    &format!("Versions cannot be ordered by '{order}'."),
                ));
            }
            found.sort_by(|(_, one), (_, other)| made(one).cmp(made(other)));
            if order.ends_with("desc") {
                found.reverse();
            }
        }
        if let Some(most) = sent.query("$top").and_then(|top| top.parse().ok()) {
            found.truncate(most);
        }
        cut(app, sent, found)
    }
}

/// When a version was made; a text that sorts.
fn made(version: &Value) -> &str {
    version
        .pointer("/systemData/createdAt")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A page of what was found.
fn cut(app: &App, sent: &AsSent, found: Vec<(String, Value)>) -> Answer {
    let cut = Cut {
        base: &app.addresses.base,
        path_and_query: &sent.0,
        size: PAGE,
        empty_first: app.settings().empty_first_page,
    };
    let page = cut.page(found, |(key, _)| key)?;
    let items = page.items.into_iter().map(|(_, value)| value).collect();
    let page = Page {
        items,
        next_link: page.next_link,
    };
    Ok(Json(page.json()).into_response())
}

/// `properties` of a request, with the fields that every asset shows.
fn properties(app: &App, body: &Value) -> Result<Map<String, Value>, Refusal> {
    let Some(Value::Object(properties)) = body.get("properties") else {
        return Err(invalid(app, "properties is required."));
    };
    Ok(completed(properties.clone()))
}

fn completed(mut properties: Map<String, Value>) -> Map<String, Value> {
    for (field, value) in [
        ("description", Value::Null),
        ("tags", json!({})),
        ("properties", json!({})),
        ("isArchived", json!(false)),
        ("isAnonymous", json!(false)),
    ] {
        properties.entry(field).or_insert(value);
    }
    properties
}
