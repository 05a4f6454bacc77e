//! What stands in the resource group beside what the workspace itself holds, changed by the emulator's own hand:
//! Azure has no route for that which the emulator serves.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::Emulator;

impl Emulator {
    /// Lays a JSON merge patch over a resource (a pool, a Synapse workspace, a storage account, an identity, the
    /// workspace), or makes one, and returns it.
    pub async fn put_resource(&self, id: &str, patch: Value) -> Result<Value> {
        self.control(Method::PUT, &format!("resources{id}"), Some(patch))
            .await
    }

    /// A user-assigned identity of that name: its resource id and its object id.
    pub async fn make_identity(&self, name: &str) -> Result<(String, String)> {
        let id = self.world().identity_id(name);
        let made = self.put_resource(&id, json!({})).await?;
        let principal = made
            .pointer("/properties/principalId")
            .and_then(Value::as_str);
        Ok((id, principal.unwrap_or_default().to_owned()))
    }

    /// Makes a resource vanish.
    pub async fn remove_resource(&self, id: &str) -> Result<()> {
        self.control(Method::DELETE, &format!("resources{id}"), None)
            .await
            .map(drop)
    }

    /// Puts links there without asking whether they may be made: one, or a list of them.
    pub async fn seed_links(&self, links: Value) -> Result<()> {
        self.control(Method::POST, "seed-links", Some(links))
            .await
            .map(drop)
    }
}
