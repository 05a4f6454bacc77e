//! Computes: what the page *Attached computes* of Studio shows and changes.

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ML_VERSION, Portal};
use crate::eventually::{PATIENCE, until};

impl Portal<'_> {
    /// All computes of the workspace.
    pub async fn computes(&self) -> Result<Vec<Value>> {
        self.of_workspace("computes", ML_VERSION).await
    }

    /// The compute of a name, if there is one.
    pub async fn compute(&self, name: &str) -> Result<Option<Value>> {
        let path = self.below_workspace(&format!("/computes/{name}"), ML_VERSION);
        self.arm(Method::GET, &path, None).await
    }

    /// Attaches or updates a compute with this whole body, and waits until it has succeeded.
    pub async fn put_compute(&self, name: &str, body: &Value) -> Result<Value> {
        let path = self.below_workspace(&format!("/computes/{name}"), ML_VERSION);
        self.arm(Method::PUT, &path, Some(body)).await?;
        until(&format!("{name} has succeeded"), PATIENCE, async || {
            let compute = self.compute(name).await?.context("it is gone")?;
            let state = compute.pointer("/properties/provisioningState");
            match state.and_then(Value::as_str) {
                Some("Succeeded") => Ok(Some(compute)),
                Some("Failed" | "Canceled") => bail!("{compute}"),
                _ => Ok(None),
            }
        })
        .await
    }

    /// Attaches a pool, by its resource id, as a compute with a system-assigned identity.
    pub async fn attach(&self, name: &str, pool: &str) -> Result<Value> {
        let body = json!({
            "location": self.location().await?,
            "identity": {"type": "SystemAssigned"},
            "properties": {"computeType": "SynapseSpark", "resourceId": pool},
        });
        self.put_compute(name, &body).await
    }

    /// Changes a compute as Studio does: reads it, edits it, writes the whole of it, waits.
    pub async fn change_compute(&self, name: &str, edit: impl FnOnce(&mut Value)) -> Result<Value> {
        let found = self.compute(name).await?.context("no such compute")?;
        let of = |pointer: &str| found.pointer(pointer).cloned().unwrap_or_default();
        let mut body = json!({
            "location": of("/location"),
            "tags": of("/tags"),
            "identity": of("/identity"),
            "properties": {
                "computeType": of("/properties/computeType"),
                "resourceId": of("/properties/resourceId"),
                "description": of("/properties/description"),
            },
        });
        edit(&mut body);
        self.put_compute(name, &body).await
    }

    /// Detaches a compute and waits until it is gone.
    pub async fn detach(&self, name: &str) -> Result<()> {
        let path = self.below_workspace(&format!("/computes/{name}"), ML_VERSION);
        let path = format!("{path}&underlyingResourceAction=Detach");
        self.arm(Method::DELETE, &path, None).await?;
        until(&format!("{name} is detached"), PATIENCE, async || {
            Ok(self.compute(name).await?.is_none().then_some(()))
        })
        .await
    }

    async fn location(&self) -> Result<Value> {
        let workspace = self.workspace().await?;
        workspace.get("location").cloned().context("no location")
    }
}
