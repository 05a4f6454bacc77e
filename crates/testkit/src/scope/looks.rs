//! What the operator asks of Azure, and its looks that are over.

use anyhow::{Result, bail};

use super::Scope;
use crate::emulator::Requests;
use crate::eventually::{PATIENCE, until};

impl Scope<'_> {
    /// Has the operator be this application in the workspace of the namespace, which is yet to be made: where two
    /// clusters share one Azure, the ledger tells them apart so.
    pub fn acting_as(mut self, client_id: &str) -> Self {
        client_id.clone_into(&mut self.client_id);
        self
    }

    /// What the operator has asked of Azure since the request of this number, without what a person has.
    pub async fn asked(&self, since: u64) -> Result<Requests> {
        let all = self.stack.emulator().requests_since(since).await?;
        Ok(all.of(&self.client_id))
    }

    /// Has the operator look at a link or an attachment that has its own name in Azure, and waits until a whole look,
    /// with all that follows from it, is over: one is, when the next one has begun.
    pub async fn look(&self, kind: &str, name: &str) -> Result<()> {
        self.look_at(kind, name, name).await
    }

    /// The same where the name in Azure is another.
    pub async fn look_at(&self, kind: &str, name: &str, azure_name: &str) -> Result<()> {
        let part = match kind {
            "LinkedService" => format!("/linkedServices/{azure_name}?"),
            "SynapseSparkAttachment" => format!("/computes/{azure_name}?"),
            _ => bail!("looks at a {kind} cannot be told apart"),
        };
        for _ in 0..2 {
            let since = self.stack.emulator().now().await?;
            self.reconcile(kind, name).await?;
            until(&format!("a look at {part}"), PATIENCE, async || {
                let seen = self.asked(since).await?;
                Ok((seen.count("GET", &[&part]) > 0).then_some(()))
            })
            .await?;
        }
        Ok(())
    }
}
