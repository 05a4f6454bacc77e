//! What jobs need of the apiserver before they begin, asked for together by those that begin together: a hundred jobs a
//! second need the same workspace, Secret, attachment and `ConfigMap`. Each gets an answer to a question that was put
//! after it asked, as if it had put it alone.

use std::sync::Arc;

use azureml_spark_api::{AzureMLWorkspace, SynapseSparkAttachment};
use azureml_spark_engine::{Error, Fresh, deadline, finalizer};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;

use crate::workspace::secret_of;

/// Namespace and name.
type Key = (String, String);

/// Asks.
pub(crate) struct Stays {
    kube: kube::Client,
    workspaces: Fresh<Key, Stay>,
    attachments: Fresh<Key, bool>,
    config_maps: Fresh<Key, Option<Arc<ConfigMap>>>,
}

/// Whether a workspace and its Secret stay for who has just put our finalizer on itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stay {
    /// Both carry our finalizer.
    Held,
    /// One of them does not yet.
    Free,
    /// One of them is going away, or not there.
    Goes,
}

impl Stays {
    pub(crate) fn new(kube: kube::Client) -> Self {
        Self {
            kube,
            workspaces: Fresh::default(),
            attachments: Fresh::default(),
            config_maps: Fresh::default(),
        }
    }

    /// Whether a workspace stays: one that goes away after this finds our finalizer on the job, and waits.
    pub(crate) async fn workspace(&self, namespace: &str, name: &str) -> Result<Stay, Error> {
        let kube = self.kube.clone();
        let ask = async move |(namespace, name): Key| {
            let workspaces: Api<AzureMLWorkspace> = Api::namespaced(kube.clone(), &namespace);
            let found = deadline::within("get workspace", workspaces.get_opt(&name)).await??;
            let Some(found) = found else {
                return Ok(Stay::Goes);
            };
            let secret = match secret_of(&found) {
                Some(secret) => {
                    let secrets: Api<Secret> = Api::namespaced(kube, &namespace);
                    let asked = secrets.get_metadata_opt(secret);
                    let secret = deadline::within("get metadata", asked).await??;
                    stays(secret.as_ref().map(|found| &found.metadata))
                }
                None => Stay::Held,
            };
            Ok(match (stays(Some(&found.metadata)), secret) {
                (Stay::Goes, _) | (_, Stay::Goes) => Stay::Goes,
                (Stay::Held, Stay::Held) => Stay::Held,
                (Stay::Held | Stay::Free, Stay::Held | Stay::Free) => Stay::Free,
            })
        };
        self.workspaces.ask(key(namespace, name), ask).await
    }

    /// Whether an attachment exists and is not being deleted: one that goes away after this finds our finalizer on the
    /// job, and waits.
    pub(crate) async fn attachment(&self, namespace: &str, name: &str) -> Result<bool, Error> {
        let kube = self.kube.clone();
        let ask = async move |(namespace, name): Key| {
            let api: Api<SynapseSparkAttachment> = Api::namespaced(kube, &namespace);
            let found = deadline::within("get attachment", api.get_metadata_opt(&name)).await??;
            Ok(found.is_some_and(|object| object.metadata.deletion_timestamp.is_none()))
        };
        self.attachments.ask(key(namespace, name), ask).await
    }

    /// What is in a `ConfigMap`.
    pub(crate) async fn config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<ConfigMap>>, Error> {
        let kube = self.kube.clone();
        let ask = async move |(namespace, name): Key| {
            let api: Api<ConfigMap> = Api::namespaced(kube, &namespace);
            let found = deadline::within("get configmap", api.get_opt(&name)).await??;
            Ok(found.map(Arc::new))
        };
        self.config_maps.ask(key(namespace, name), ask).await
    }
}

fn key(namespace: &str, name: &str) -> Key {
    (namespace.to_owned(), name.to_owned())
}

fn stays(meta: Option<&kube::core::ObjectMeta>) -> Stay {
    match meta {
        Some(meta) if meta.deletion_timestamp.is_some() => Stay::Goes,
        Some(meta) if finalizer::is_on(meta) => Stay::Held,
        Some(_) => Stay::Free,
        None => Stay::Goes,
    }
}
