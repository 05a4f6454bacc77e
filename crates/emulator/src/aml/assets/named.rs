//! The forms in which a job names an asset.

use axum::http::StatusCode;
use serde_json::Value;

use crate::aml::jobs::refusal::not_found;
use crate::error::{Refusal, UserError};
use crate::state::App;

/// Where an id leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// To a version in this workspace, which may exist or not.
    Here { name: String, version: String },
    /// To a registry; the emulator has none.
    Elsewhere,
    /// It names no version of this kind.
    No,
}

/// The parts of an id.
#[derive(Debug, PartialEq, Eq)]
enum Parts<'a> {
    /// `/subscriptions/…/{word}/{name}/versions/{version}`.
    Arm(&'a str, &'a str, &'a str),
    /// `azureml://locations/…/workspaces/{guid}/{word}/{name}/versions/{version}`.
    Located(&'a str, &'a str, &'a str),
    /// `azureml:{name}:{version}`.
    Short(&'a str, &'a str),
    Registry,
    None,
}

impl Named {
    /// Where an id leads that stands for a version of the kind `word`.
    pub(crate) fn by(app: &App, word: &str, id: &str) -> Self {
        let leads = |name: &str, version: &str| Self::Here {
            name: name.to_owned(),
            version: version.to_owned(),
        };
        let ours = &app.world;
        match parts(word, id) {
            Parts::Arm(workspace, name, version)
                if workspace.eq_ignore_ascii_case(&ours.workspace_arm_id()) =>
            {
                leads(name, version)
            }
            Parts::Located(workspace, name, version)
                if workspace.eq_ignore_ascii_case(&ours.workspace_id) =>
            {
                leads(name, version)
            }
            Parts::Short(name, version) => leads(name, version),
            Parts::Registry => Self::Elsewhere,
            Parts::Arm(..) | Parts::Located(..) | Parts::None => Self::No,
        }
    }
}

fn parts<'a>(word: &str, id: &'a str) -> Parts<'a> {
    let of = |path: &'a str| -> Option<(&'a str, &'a str, &'a str)> {
        let (head, version) = path.rsplit_once('/')?;
        let (head, versions) = head.rsplit_once('/')?;
        let (head, name) = head.rsplit_once('/')?;
        let (head, kind) = head.rsplit_once('/')?;
        (kind.eq_ignore_ascii_case(word) && versions.eq_ignore_ascii_case("versions"))
            .then_some((head, name, version))
    };
    if let Some(rest) = id.strip_prefix("azureml://") {
        let Some((head, name, version)) = of(rest) else {
            return Parts::None;
        };
        if rest.starts_with("registries/") {
            return Parts::Registry;
        }
        return match head.rsplit_once("/workspaces/") {
            Some((place, workspace)) if place.starts_with("locations/") => {
                Parts::Located(workspace, name, version)
            }
            _ => Parts::None,
        };
    }
    let short = id.strip_prefix("azureml:");
    let path = short.unwrap_or(id);
    if path.starts_with('/') {
        return of(path).map_or(Parts::None, |(head, name, version)| {
            Parts::Arm(head, name, version)
        });
    }
    match short.and_then(|short| short.split_once(':')) {
        Some((name, version)) if !version.contains([':', '/']) => Parts::Short(name, version),
        _ => Parts::None,
    }
}

/// Whether the version is there.
pub(crate) fn exists(app: &App, word: &'static str, name: &str, version: &str) -> bool {
    app.store()
        .get(word, &format!("{name}/{version}"))
        .is_some()
}

/// The id by which run history knows a version.
pub(crate) fn uri(app: &App, word: &str, name: &str, version: &str) -> String {
    format!(
        "azureml://locations/{}/workspaces/{}/{word}/{name}/versions/{version}",
        app.world.location, app.world.workspace_id
    )
}

/// Where a data asset or a model lies; nothing when the id names none that exists.
pub(crate) fn location(app: &App, id: &str) -> Option<String> {
    [("data", "dataUri"), ("models", "modelUri")]
        .into_iter()
        .find_map(|(word, field)| {
            let Named::Here { name, version } = Named::by(app, word, id) else {
                return None;
            };
            app.store()
                .get(word, &format!("{name}/{version}"))?
                .pointer(&format!("/properties/{field}"))
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
}

/// 404 for a version, or for a name without any.
pub(crate) fn no_asset(app: &App, id: &str) -> Refusal {
    not_found(
        app,
        "AssetNotFound",
        "Could not find asset with ID: {assetId}",
        &[("assetId", id)],
    )
}

/// 409 for a version that exists.
pub(super) fn taken(app: &App, id: &str) -> Refusal {
    let format = "The asset {assetId} already exists.";
    let error = UserError {
        chain: &["Conflict", "AssetAlreadyExists"],
        message: &format.replace("{assetId}", id),
        format,
        parameters: &[("assetId", id)],
    };
    Refusal::user(app, StatusCode::CONFLICT, error)
}

/// 404 for an environment.
pub(crate) fn no_environment(app: &App, id: &str, name: &str, version: &str) -> Refusal {
    not_found(
        app,
        "EnvironmentNotFound",
        "No environment exists for name: {name}, version: {version}, label: ",
        &[("name", name), ("version", version), ("assetId", id)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_named_in_four_forms() {
        let rows = [
            (
                "/subscriptions/s/x/workspaces/w/data/d/versions/2",
                Parts::Arm("/subscriptions/s/x/workspaces/w", "d", "2"),
            ),
            (
                "azureml:/subscriptions/s/workspaces/w/DATA/d/Versions/2",
                Parts::Arm("/subscriptions/s/workspaces/w", "d", "2"),
            ),
            (
                "azureml://locations/eastus/workspaces/guid/data/d/versions/2",
                Parts::Located("guid", "d", "2"),
            ),
            (
                "azureml://registries/azureml/data/d/versions/2",
                Parts::Registry,
            ),
            ("azureml:d:2", Parts::Short("d", "2")),
            ("azureml:d@latest", Parts::None),
            ("d:2", Parts::None),
            (
                "azureml://datastores/d/paths/data/x/versions/2",
                Parts::None,
            ),
            (
                "abfss://c@a.dfs.core.windows.net/data/x/versions/1",
                Parts::None,
            ),
            (
                "/subscriptions/s/workspaces/w/models/d/versions/2",
                Parts::None,
            ),
        ];
        for (id, expected) in rows {
            assert_eq!(parts("data", id), expected, "{id}");
        }
    }
}
