//! Linked services (contract §6).

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::Portal;

const VERSION: &str = "2020-09-01-preview";

impl Portal<'_> {
    /// All links of the workspace.
    pub async fn links(&self) -> Result<Vec<Value>> {
        self.of_workspace("linkedServices", VERSION).await
    }

    /// The link of a name, if there is one.
    pub async fn link(&self, name: &str) -> Result<Option<Value>> {
        let path = self.below_workspace(&format!("/linkedServices/{name}"), VERSION);
        self.arm(Method::GET, &path, None).await
    }

    /// Links a Synapse workspace, by its resource id.
    pub async fn put_link(&self, name: &str, synapse: &str) -> Result<Value> {
        let workspace = self.workspace().await?;
        let body = json!({
            "name": name,
            "location": workspace.get("location"),
            "identity": {"type": "SystemAssigned"},
            "properties": {"linkedServiceResourceId": synapse},
        });
        let path = self.below_workspace(&format!("/linkedServices/{name}"), VERSION);
        let made = self.arm(Method::PUT, &path, Some(&body)).await?;
        made.context("no link was answered")
    }

    /// Unlinks.
    pub async fn delete_link(&self, name: &str) -> Result<()> {
        let path = self.below_workspace(&format!("/linkedServices/{name}"), VERSION);
        self.arm(Method::DELETE, &path, None).await.map(drop)
    }
}
