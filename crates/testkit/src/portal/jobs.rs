//! Jobs and what they are made of: what the pages *Jobs*, *Environments* and *Data* of Studio show and change.

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ML_VERSION, Portal};

/// Version of the routes of jobs of Spark (contract §1).
const JOB_VERSION: &str = "2023-04-01-preview";

impl Portal<'_> {
    /// A run.
    pub async fn run(&self, name: &str) -> Result<Value> {
        let path = self.below_workspace(&format!("/jobs/{name}"), JOB_VERSION);
        let found = self.arm(Method::GET, &path, None).await?;
        found.with_context(|| format!("no run {name}"))
    }

    /// Cancels a run.
    pub async fn cancel_run(&self, name: &str) -> Result<()> {
        let path = self.below_workspace(&format!("/jobs/{name}/cancel"), JOB_VERSION);
        self.arm(Method::POST, &path, None).await.map(drop)
    }

    /// Registers packages.
    pub async fn put_environment(&self, name: &str, version: &str, conda: &str) -> Result<Value> {
        let properties = json!({"condaFile": conda, "image": "conda/miniconda3"});
        self.put_version("environments", name, version, properties)
            .await
    }

    /// Registers data that lies at an address.
    pub async fn put_data(
        &self,
        name: &str,
        version: &str,
        kind: &str,
        address: &str,
    ) -> Result<Value> {
        let properties = json!({"dataType": kind, "dataUri": address});
        self.put_version("data", name, version, properties).await
    }

    /// Registers a model that lies at an address.
    pub async fn put_model(
        &self,
        name: &str,
        version: &str,
        kind: &str,
        address: &str,
    ) -> Result<Value> {
        let properties = json!({"modelType": kind, "modelUri": address});
        self.put_version("models", name, version, properties).await
    }

    /// Registers a folder as the SDK does what it has uploaded, by the hash of its content.
    pub async fn put_code(
        &self,
        name: &str,
        version: &str,
        folder: &str,
        hash: &str,
    ) -> Result<Value> {
        let properties = json!({
            "codeUri": folder, "isAnonymous": true,
            "properties": {"hash_sha256": hash, "hash_version": "202208"},
        });
        self.put_version("codes", name, version, properties).await
    }

    /// A version of an asset of some collection such as `data`, if there is one.
    pub async fn version(
        &self,
        collection: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<Value>> {
        let path = format!("/{collection}/{name}/versions/{version}");
        let path = self.below_workspace(&path, ML_VERSION);
        self.arm(Method::GET, &path, None).await
    }

    async fn put_version(
        &self,
        collection: &str,
        name: &str,
        version: &str,
        properties: Value,
    ) -> Result<Value> {
        let path = format!("/{collection}/{name}/versions/{version}");
        let path = self.below_workspace(&path, ML_VERSION);
        let body = json!({"properties": properties});
        let made = self.arm(Method::PUT, &path, Some(&body)).await?;
        made.context("nothing came back")
    }
}
