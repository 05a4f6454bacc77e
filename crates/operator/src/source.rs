//! Code from a Flux source: its artifact is fetched where source-controller serves it, verified, and unpacked into
//! memory. Nothing is watched: a source is read when a job that has not been submitted yet needs it (docs/sources.md).

mod fetch;
mod fetcher;
mod hosts;
mod kept;
mod object;
mod refusal;
mod served;
mod slots;
mod unpack;

use azureml_spark_api::SparkJob;
use azureml_spark_api::spark_job::SourceRef;
use azureml_spark_core::spark_job::{Artifact, Source};
use azureml_spark_engine::{Error, Wakes};
use kube::ResourceExt;
use kube::core::DynamicObject;
use kube::runtime::reflector::ObjectRef;

pub use hosts::ArtifactHosts;

use fetcher::Fetcher;
use kept::Job;
use refusal::Refusal;
use served::{Found, Served};

/// Reads sources, and keeps some of what they gave.
pub(crate) struct FluxSources {
    served: Served,
    hosts: ArtifactHosts,
    fetcher: Fetcher,
}

impl FluxSources {
    /// Sends nothing. Without a host, no source is read at all.
    /// Whoever waits for an artifact is woken.
    pub(crate) fn new(
        kube: kube::Client,
        hosts: ArtifactHosts,
        wakes: Wakes<Job>,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self {
            served: Served::new(kube),
            hosts,
            fetcher: Fetcher::new(wakes)?,
        })
    }

    /// What the source of a job's code gives now; `None` if its code comes from elsewhere. Nothing is asked for a job that
    /// is not to be submitted.
    pub(crate) async fn of(&self, job: &SparkJob) -> Result<Option<Source>, Error> {
        let Some(reference) = &job.spec.code.source_ref else {
            return Ok(None);
        };
        if let Some(source) = Source::of_a_held(&job.spec, job.status.as_ref()) {
            return Ok(Some(source));
        }
        let namespace = job.namespace().unwrap_or_default();
        let key = ObjectRef::new(&job.name_any()).within(&namespace);
        self.find(&namespace, reference, &key).await.map(Some)
    }

    /// What a source of the namespace gives now. One GET, and one more the first time that its kind is asked for. An
    /// artifact that is not kept is not waited for: it is fetched beside, and the job is woken. What is wrong with the
    /// source is an answer; an error is trouble with the apiserver.
    async fn find(
        &self,
        namespace: &str,
        reference: &SourceRef,
        job: &Job,
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
                let artifact = self.artifact(&object, namespace, reference, job);
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

    fn artifact(
        &self,
        object: &DynamicObject,
        namespace: &str,
        reference: &SourceRef,
        job: &Job,
    ) -> Result<Artifact, Refusal> {
        let announced = object::read(object, namespace, reference, &self.hosts)?;
        let folder = self.fetcher.get(&announced, job)?;
        Ok(Artifact {
            revision: announced.revision,
            digest: format!("sha256:{}", announced.sha256),
            folder,
        })
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
