//! What holds all versions of a name, and says which one is the latest.

use std::collections::BTreeSet;

use axum::Json;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::{Kind, cut, made, no_asset};
use crate::error::Answer;
use crate::request::AsSent;
use crate::settings::LatestVersion;
use crate::state::App;

impl Kind {
    /// The container of all versions of a name.
    pub(super) fn container(&self, app: &App, name: &str) -> Answer {
        self.holding(app, name)
            .map(|container| Json(container).into_response())
            .ok_or_else(|| {
                let workspace = app.world.workspace_arm_id();
                no_asset(app, &format!("{workspace}/{}/{name}", self.word))
            })
    }

    /// All containers of the kind.
    pub(super) fn containers(&self, app: &App, sent: &AsSent) -> Answer {
        let names: BTreeSet<String> = app
            .store()
            .list(self.word)
            .filter_map(|(key, _)| Some(key.split_once('/')?.0.to_owned()))
            .collect();
        let found = names
            .into_iter()
            .filter_map(|name| Some((name.clone(), self.holding(app, &name)?)))
            .collect();
        cut(app, sent, found)
    }

    fn holding(&self, app: &App, name: &str) -> Option<Value> {
        let prefix = format!("{}/", name.to_ascii_lowercase());
        let versions: Vec<(String, String)> = app
            .store()
            .list(self.word)
            .filter(|(key, _)| key.starts_with(&prefix))
            .filter_map(|(_, value)| {
                let version = value.get("name")?.as_str()?.to_owned();
                Some((version, made(value).to_owned()))
            })
            .collect();
        let number = |version: &str| version.parse::<u64>().ok();
        let (latest, _) = match app.settings().latest_version {
            LatestVersion::Newest => versions.iter().max_by_key(|(_, made)| made.clone()),
            LatestVersion::Highest => versions
                .iter()
                .max_by_key(|(version, _)| (number(version), version.clone())),
        }?;
        let highest = versions
            .iter()
            .filter_map(|(version, _)| number(version))
            .max();
        let next = highest.map_or_else(|| latest.clone(), |highest| (highest + 1).to_string());
        Some(json!({
            "id": format!("{}/{}/{name}", app.world.workspace_arm_id(), self.word),
            "name": name,
            "type": format!("Microsoft.MachineLearningServices/workspaces/{}", self.word),
            "properties": {
                "description": null, "tags": {}, "properties": {}, "isArchived": false,
                "latestVersion": latest, "nextVersion": next,
            },
        }))
    }
}
