//! One of the two clusters, as a scenario sees it.

use anyhow::Result;
use azureml_spark_testkit::emulator::{Emulator, Requests};
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{SECRET, Scope, WORKSPACE};
use azureml_spark_testkit::stack::Stack;

/// A namespace in a cluster.
pub(crate) struct Cluster<'a> {
    pub(crate) scope: Scope<'a>,
    client_id: String,
}

impl<'a> Cluster<'a> {
    /// A new namespace, in which the operator has these credentials, with the workspace ready.
    pub(crate) async fn open(stack: &'a Stack, name: &str, client_id: &str) -> Result<Self> {
        let scope = stack.scope(name).await?;
        let world = stack.emulator().world();
        let credentials = manifest::credentials(SECRET, world);
        scope
            .apply(&credentials.with("/stringData/AZURE_CLIENT_ID", client_id))
            .await?;
        scope
            .apply(&manifest::workspace(WORKSPACE, SECRET, world))
            .await?;
        scope
            .condition("AzureMLWorkspace", WORKSPACE, "Ready", "True")
            .await?;
        Ok(Self {
            scope,
            client_id: client_id.to_owned(),
        })
    }

    /// The Azure of both.
    pub(crate) fn emulator(&self) -> &'a Emulator {
        self.scope.stack().emulator()
    }

    /// Namespace and name of one of its objects, as messages say them.
    pub(crate) fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.scope.namespace())
    }

    /// What its operator has asked of Azure since then.
    pub(crate) async fn asked(&self, since: u64) -> Result<Requests> {
        let all = self.emulator().requests_since(since).await?;
        Ok(all.of(&self.client_id))
    }

    /// Those of them that change Azure.
    pub(crate) async fn wrote(&self, since: u64) -> Result<Requests> {
        let mut all = self.asked(since).await?;
        all.0.retain(|entry| {
            entry.method != "GET" && !entry.path.contains("/checkAccessSynapseRbac")
        });
        Ok(all)
    }

    /// Makes the operator look at an object, and waits until it has looked and done what it does thereupon: until it has
    /// looked once more.
    pub(crate) async fn look(&self, kind: &str, name: &str, path: &str) -> Result<()> {
        for _ in 0..2 {
            let since = self.emulator().now().await?;
            self.scope.reconcile(kind, name).await?;
            until(&format!("a look at {path}"), PATIENCE, async || {
                let seen = self.asked(since).await?;
                Ok((seen.count("GET", &[path]) > 0).then_some(()))
            })
            .await?;
        }
        Ok(())
    }
}
