//! The Synapse workspace that a request is for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::error::Refusal;
use crate::inventory::{self, text};
use crate::settings::ClosedSynapse;
use crate::state::App;

/// An extension of every request to the data plane, so that a handler may name it as an argument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// Its name.
    pub(crate) name: String,
    /// Its ARM id.
    pub(crate) id: String,
}

impl Workspace {
    /// The workspace that the first part of the host name names.
    pub(crate) fn of_host(app: &App, name: &str) -> Option<Self> {
        Self::of_id(app, &app.world.synapse_arm_id(name))
    }

    /// The workspace with this ARM id.
    pub(crate) fn of_id(app: &App, id: &str) -> Option<Self> {
        let found = inventory::find(app, id)?;
        Some(Self {
            name: text(&found, "/name").to_owned(),
            id: text(&found, "/id").to_owned(),
        })
    }

    /// The name of its pool, as it is written there.
    pub(super) fn pool(&self, app: &App, name: &str) -> Option<String> {
        let found = inventory::find(app, &format!("{}/bigDataPools/{name}", self.id))?;
        Some(text(&found, "/name").to_owned())
    }

    /// Refuses everybody while the workspace has no public network access, if the settings say so.
    pub(crate) fn check_network(&self, app: &App) -> Result<(), Refusal> {
        let found = inventory::find(app, &self.id).unwrap_or_default();
        let is_closed = text(&found, "/properties/publicNetworkAccess") == "Disabled";
        if !is_closed || app.settings().closed_synapse == ClosedSynapse::Answers {
            return Ok(());
        }
        Err(Refusal::plain(
            StatusCode::FORBIDDEN,
            "PublicNetworkAccessDenied",
            "The public network interface on this Workspace is not accessible. To connect to this \
             Workspace, use the Private Endpoint from inside your virtual network.",
        ))
    }
}

impl<S: Sync> FromRequestParts<S> for Workspace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
