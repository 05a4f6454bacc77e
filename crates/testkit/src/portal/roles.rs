//! Role assignments: *Access control* of Synapse Studio, and *Access control (IAM)* of the portal.

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Portal, elements};

const SYNAPSE_VERSION: &str = "2020-12-01";
const AZURE_VERSION: &str = "2022-04-01";

/// Ids of roles in Synapse (contract §7).
pub mod synapse_role {
    /// Synapse Administrator.
    pub const ADMINISTRATOR: &str = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78";
    /// Apache Spark Administrator.
    pub const SPARK_ADMINISTRATOR: &str = "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1";
}

/// Ids of roles in Azure (contract §8.1).
pub mod azure_role {
    /// Contributor.
    pub const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    /// Storage Blob Data Contributor.
    pub const STORAGE_BLOB_DATA_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
}

impl Portal<'_> {
    /// All role assignments of the Synapse workspace, at any scope.
    pub async fn synapse_roles(&self) -> Result<Vec<Value>> {
        self.synapse_assignments("").await
    }

    async fn synapse_assignments(&self, filter: &str) -> Result<Vec<Value>> {
        self.of_synapse(&format!(
            "/roleAssignments?api-version={SYNAPSE_VERSION}{filter}"
        ))
        .await
    }

    /// All role assignments in the Synapse workspace at the scope of one of its pools.
    pub async fn pool_roles(&self) -> Result<Vec<Value>> {
        let mut all = self.synapse_roles().await?;
        all.retain(|one| {
            let scope = one.get("scope").and_then(Value::as_str);
            scope.is_some_and(|scope| scope.to_ascii_lowercase().contains("bigdatapools"))
        });
        Ok(all)
    }

    /// The role assignments in the Synapse workspace that a principal holds.
    pub async fn synapse_roles_of(&self, principal: &str) -> Result<Vec<Value>> {
        self.synapse_assignments(&format!("&principalId={principal}"))
            .await
    }

    /// The role assignment in the Synapse workspace with an id, if there is one.
    pub async fn synapse_role(&self, id: &str) -> Result<Option<Value>> {
        self.synapse(Method::GET, &synapse_path(id), None).await
    }

    /// Grants a role in Synapse under an id that Studio makes up, and returns that. `scope` is in Synapse's words:
    /// `workspaces/{}/bigDataPools/{}`.
    pub async fn put_synapse_role(
        &self,
        role: &str,
        principal: &str,
        scope: &str,
    ) -> Result<String> {
        let id = Uuid::new_v4().to_string();
        let body = json!({
            "roleId": role,
            "principalId": principal,
            "scope": scope,
            "principalType": "ServicePrincipal",
        });
        self.synapse(Method::PUT, &synapse_path(&id), Some(&body))
            .await?;
        Ok(id)
    }

    /// Takes a role in Synapse back.
    pub async fn delete_synapse_role(&self, id: &str) -> Result<()> {
        let deleted = self.synapse(Method::DELETE, &synapse_path(id), None).await;
        deleted.map(drop)
    }

    /// The Azure role assignments at a scope, not those above or below it.
    async fn azure_roles(&self, scope: &str) -> Result<Vec<Value>> {
        let path = format!(
            "{scope}/providers/Microsoft.Authorization/roleAssignments?api-version={AZURE_VERSION}\
             &$filter=atScope()"
        );
        let answer = self.arm(Method::GET, &path, None).await?;
        let answer = answer.context("no role assignments")?;
        let here = |one: &&Value| {
            let its = one.pointer("/properties/scope").and_then(Value::as_str);
            its.is_some_and(|its| its.eq_ignore_ascii_case(scope))
        };
        Ok(elements(&answer).filter(here).cloned().collect())
    }

    /// The Azure role assignments at a scope that a principal holds.
    pub async fn azure_roles_of(&self, scope: &str, principal: &str) -> Result<Vec<Value>> {
        let mut all = self.azure_roles(scope).await?;
        all.retain(|one| {
            let its = one.pointer("/properties/principalId");
            its.and_then(Value::as_str) == Some(principal)
        });
        Ok(all)
    }

    /// Grants an Azure role, by the id of its definition, under an id that the portal makes up, and returns that.
    pub async fn put_azure_role(&self, role: &str, principal: &str, scope: &str) -> Result<String> {
        let id = Uuid::new_v4().to_string();
        let subscription = &self.emulator.world().subscription;
        let body = json!({"properties": {
            "roleDefinitionId": format!(
                "/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
            ),
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }});
        self.arm(Method::PUT, &azure_path(scope, &id), Some(&body))
            .await?;
        Ok(id)
    }

    /// Takes an Azure role back.
    pub async fn delete_azure_role(&self, scope: &str, id: &str) -> Result<()> {
        let path = azure_path(scope, id);
        self.arm(Method::DELETE, &path, None).await.map(drop)
    }
}

fn synapse_path(id: &str) -> String {
    format!("/roleAssignments/{id}?api-version={SYNAPSE_VERSION}")
}

fn azure_path(scope: &str, id: &str) -> String {
    format!(
        "{scope}/providers/Microsoft.Authorization/roleAssignments/{id}?api-version={AZURE_VERSION}"
    )
}
