//! Code from a Flux source: its artifact is fetched where source-controller serves it, verified, and unpacked into
//! memory. Nothing is watched: a source is read when a job that has not been submitted yet needs it (docs/sources.md).

mod fetch;
mod hosts;
mod kept;
mod object;
mod refusal;
mod served;
mod unpack;

use azureml_spark_api::spark_job::SourceRef;
use azureml_spark_core::spark_job::{Artifact, Folder, Source};
use azureml_spark_engine::Error;
use kube::core::DynamicObject;
use tokio::sync::Semaphore;

pub use hosts::ArtifactHosts;

use kept::Kept;
use object::Announced;
use refusal::Refusal;
use served::{Found, Served};

/// Most artifacts that are fetched and unpacked at the same time: each may take [`fetch::LIMIT`] and what it unpacks to.
const AT_ONCE: usize = 2;

/// Reads sources, and keeps some of what they gave.
pub(crate) struct FluxSources {
    served: Served,
    hosts: ArtifactHosts,
    http: reqwest::Client,
    kept: Kept,
    slots: Semaphore,
}

impl FluxSources {
    /// Sends nothing. Without a host, no source is read at all.
    pub(crate) fn new(kube: kube::Client, hosts: ArtifactHosts) -> Result<Self, reqwest::Error> {
        Ok(Self {
            served: Served::new(kube),
            hosts,
            http: fetch::client()?,
            kept: Kept::default(),
            slots: Semaphore::new(AT_ONCE),
        })
    }

    /// What a source of the namespace gives now. One GET, one more the first time that its kind is asked for, and one
    /// download unless its artifact is kept. What is wrong with the source is an answer; an error is trouble with the
    /// apiserver.
    pub(crate) async fn find(
        &self,
        namespace: &str,
        reference: &SourceRef,
    ) -> Result<Source, Error> {
        if self.hosts.is_empty() {
            return Ok(Source::Unusable(
                "this operator reads no Flux sources: have it installed with sources.flux.enabled \
                 (--artifact-hosts)"
                    .to_owned(),
            ));
        }
        match self.served.get(namespace, reference).await? {
            Found::Object(object) => {
                let artifact = self.artifact(&object, namespace, reference).await;
                Ok(artifact.map_or_else(Source::from, Source::Ready))
            }
            Found::Nothing => Ok(Source::Missing),
            Found::Forbidden => Ok(Source::Unusable(format!(
                "this operator may not read it: let it get {} of {}",
                served::plural(reference.kind),
                served::GROUP
            ))),
        }
    }

    async fn artifact(
        &self,
        object: &DynamicObject,
        namespace: &str,
        reference: &SourceRef,
    ) -> Result<Artifact, Refusal> {
        let announced = object::read(object, namespace, reference, &self.hosts)?;
        let folder = self
            .kept
            .get_or(&announced.key(), self.fetch(&announced))
            .await?;
        Ok(Artifact {
            revision: announced.revision,
            digest: format!("sha256:{}", announced.sha256),
            folder,
        })
    }

    async fn fetch(&self, announced: &Announced) -> Result<Folder, Refusal> {
        let interrupted = || Refusal::passing("the operator is about to end");
        let _slot = self.slots.acquire().await.map_err(|_| interrupted())?;
        let archive = fetch::fetch(&self.http, announced).await?;
        let unpacked =
            tokio::task::spawn_blocking(move || unpack::unpack(&archive, &unpack::LIMITS)).await;
        unpacked.map_err(|_| interrupted())?
    }
}

impl From<Refusal> for Source {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Passing(why) => Self::NotReady(why),
            Refusal::Lasting(why) => Self::Unusable(why),
        }
    }
}

#[cfg(test)]
mod tests;
