//! The jobs that there are.

use std::sync::Arc;

use azureml_spark_api::SparkJob;
use azureml_spark_engine::{Error, deadline};
use kube::Api;
use kube::api::ListParams;
use kube::runtime::reflector::{ObjectRef, Store};

use super::answer::Refusal;

/// The cache, and the apiserver for what is not in it: a job may be newer than the cache, and the cache, after a start,
/// be younger than the job.
pub(super) struct Known {
    kube: kube::Client,
    cache: Store<SparkJob>,
}

impl Known {
    pub(super) fn new(kube: kube::Client, cache: Store<SparkJob>) -> Self {
        Self { kube, cache }
    }

    /// The job of a name.
    pub(super) async fn get(&self, key: &ObjectRef<SparkJob>) -> Result<Arc<SparkJob>, Refusal> {
        if let Some(job) = self.cache.get(key) {
            return Ok(job);
        }
        let asked = self.ask(key).await.map_err(|error| {
            tracing::warn!(%error, "the apiserver was not able to say whether there is a job");
            Refusal::unavailable("the apiserver did not say whether there is such a job")
        })?;
        let missing = || format!("sparkjobs.spark.azureml.dev \"{}\" not found", key.name);
        let job = asked.ok_or_else(|| Refusal::not_found(missing()))?;
        Ok(Arc::new(job))
    }

    /// By the right to list, which the cache needs; one to get there is not.
    async fn ask(&self, key: &ObjectRef<SparkJob>) -> Result<Option<SparkJob>, Error> {
        let namespace = key.namespace.as_deref().unwrap_or_default();
        let jobs: Api<SparkJob> = Api::namespaced(self.kube.clone(), namespace);
        let wish = ListParams::default().fields(&format!("metadata.name={}", key.name));
        let found = deadline::within("list sparkjobs", jobs.list(&wish)).await??;
        let mut found = found.items.into_iter();
        // The name is the caller's: it may have been read as more than a name.
        Ok(found.find(|job| job.metadata.name.as_ref() == Some(&key.name)))
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::RawQuery;
    use axum::http::{StatusCode, Uri};
    use axum::{Json, Router};
    use kube::runtime::reflector;
    use serde_json::{Value, json};

    use super::*;

    fn job(name: &str) -> Value {
        json!({
            "apiVersion": "spark.azureml.dev/v1alpha1",
            "kind": "SparkJob",
            "metadata": {"name": name, "namespace": "team"},
            "spec": {
                "workspaceRef": {"name": "ml"},
                "code": {"configMaps": [{"name": "src"}]},
                "entry": {"file": "a.py"},
                "driver": {"cores": 1, "memory": "2g"},
                "executor": {"cores": 1, "memory": "2g", "instances": 1},
                "compute": {"attachmentRef": {"name": "pool"}},
            },
        })
    }

    /// An apiserver with the job `new`, which the cache does not have.
    fn known() -> Known {
        let answer = async |uri: Uri, RawQuery(query): RawQuery| {
            let (path, query) = (uri.path().to_owned(), query.unwrap_or_default());
            if path != "/apis/spark.azureml.dev/v1alpha1/namespaces/team/sparkjobs" {
                return Err(StatusCode::INTERNAL_SERVER_ERROR);
            }
            let found = query.contains("fieldSelector=metadata.name%3Dnew");
            let items = found.then(|| job("new")).into_iter();
            Ok(Json(json!({
                "apiVersion": "spark.azureml.dev/v1alpha1",
                "kind": "SparkJobList",
                "metadata": {},
                "items": items.collect::<Vec<_>>(),
            })))
        };
        let kube = kube::Client::new(Router::new().fallback(answer), "team");
        let (cache, mut writer) = reflector::store();
        let old = serde_json::from_value(job("old")).unwrap();
        writer.apply_watcher_event(&kube::runtime::watcher::Event::Apply(old));
        Known::new(kube, cache)
    }

    async fn found(namespace: &str, name: &str) -> Result<(), StatusCode> {
        let key = ObjectRef::new(name).within(namespace);
        let job = known().get(&key).await.map_err(|refusal| refusal.code)?;
        assert_eq!(job.metadata.name.as_deref(), Some(name));
        Ok(())
    }

    #[tokio::test]
    async fn what_the_cache_does_not_have_the_apiserver_is_asked_for() {
        assert_eq!(found("team", "old").await, Ok(()));
        assert_eq!(found("team", "new").await, Ok(()));
        let missing = Err(StatusCode::NOT_FOUND);
        assert_eq!(found("team", "none").await, missing);
        assert_eq!(found("team", "new,metadata.namespace=team").await, missing);
        let unknown = Err(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(found("elsewhere", "new").await, unknown);
    }
}
