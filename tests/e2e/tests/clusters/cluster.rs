//! One of the two clusters, as a scenario sees it.

use anyhow::Result;
use azureml_spark_testkit::emulator::{Emulator, Requests};
use azureml_spark_testkit::scope::Scope;
use azureml_spark_testkit::stack::Stack;

/// A namespace in a cluster.
pub(crate) struct Cluster<'a> {
    pub(crate) scope: Scope<'a>,
}

impl<'a> Cluster<'a> {
    /// A new namespace, in which the operator has these credentials, with the workspace ready.
    pub(crate) async fn open(stack: &'a Stack, name: &str, client_id: &str) -> Result<Self> {
        let scope = stack.scope(name).await?.acting_as(client_id);
        scope.workspace().await?;
        Ok(Self { scope })
    }

    /// The Azure of both.
    pub(crate) fn emulator(&self) -> &'a Emulator {
        self.scope.stack().emulator()
    }

    /// Namespace and name of one of its objects, as messages say them.
    pub(crate) fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.scope.namespace())
    }

    /// What its operator has asked of Azure for this scenario since then to change it.
    pub(crate) async fn wrote(&self, since: u64) -> Result<Requests> {
        let mut all = self.scope.asked(since).await?;
        all.0.retain(|entry| {
            entry.method != "GET" && !entry.path.contains("/checkAccessSynapseRbac")
        });
        Ok(all)
    }
}
