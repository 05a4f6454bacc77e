//! Manifests as a person writes them: JSON, valid by default, bent by a test where it wants them otherwise.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::{Map, Value, json};

use crate::emulator::World;

/// Group and version of our kinds.
pub const API_VERSION: &str = "spark.azureml.dev/v1alpha1";

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest(pub Value);

impl Manifest {
    /// An object of one of our kinds.
    pub fn new(kind: &str, name: &str, spec: Value) -> Self {
        let mut object =
            json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}});
        if let Some(object) = object.as_object_mut() {
            object.insert("spec".to_owned(), spec);
        }
        Self(object)
    }

    /// With a value at a JSON pointer such as `/spec/conf/spark.sql.shuffle.partitions`; objects on the way are made.
    /// In a key, `~1` stands for a slash.
    ///
    /// # Panics
    /// When the pointer names an element that a list does not have: a mistake in the test.
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let mut place = &mut self.0;
        for key in pointer.split('/').skip(1) {
            let key = key.replace("~1", "/").replace("~0", "~");
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            let next = match place {
                Value::Object(fields) => Some(fields.entry(key).or_insert(Value::Null)),
                Value::Array(items) => key
                    .parse()
                    .ok()
                    .and_then(|index: usize| items.get_mut(index)),
                _ => None,
            };
            place = next.unwrap_or_else(|| unreachable!("there is no {pointer}"));
        }
        *place = value.into();
        self
    }

    /// Without what is at a JSON pointer.
    pub fn without(mut self, pointer: &str) -> Self {
        if let Some((parent, key)) = pointer.rsplit_once('/')
            && let Some(Value::Object(fields)) = self.0.pointer_mut(parent)
        {
            fields.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        self
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        self.0
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Where the apiserver serves its kind.
    pub fn resource(&self) -> ApiResource {
        let api_version = self
            .0
            .get("apiVersion")
            .and_then(Value::as_str)
            .unwrap_or_default();
        resource(api_version, self.kind())
    }

    /// For a dynamic client.
    pub fn object(&self) -> serde_json::Result<DynamicObject> {
        serde_json::from_value(self.0.clone())
    }
}

/// Where the apiserver serves a kind.
pub fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// A Secret with the credentials of the emulator's client that may do everything.
pub fn credentials(name: &str, world: &World) -> Manifest {
    Manifest(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": {
            "AZURE_TENANT_ID": world.tenant,
            "AZURE_CLIENT_ID": world.client_id,
            "AZURE_CLIENT_SECRET": world.client_secret,
        },
    }))
}

/// The emulator's workspace, with the credentials of a Secret.
pub fn workspace(name: &str, secret: &str, world: &World) -> Manifest {
    Manifest::new(
        "AzureMLWorkspace",
        name,
        json!({
            "subscriptionId": world.subscription,
            "resourceGroup": world.resource_group,
            "workspaceName": world.workspace,
            "cloud": crate::stack::CLOUD,
            "credentials": {"servicePrincipalSecretRef": {"name": secret}},
        }),
    )
}

/// The emulator's pool, attached to a workspace.
pub fn attachment(name: &str, workspace: &str, world: &World) -> Manifest {
    Manifest::new(
        "SynapseSparkAttachment",
        name,
        json!({
            "workspaceRef": {"name": workspace},
            "pool": {"resourceId": world.pool_id(&world.pool)},
        }),
    )
}

/// The emulator's Synapse workspace, linked to a workspace.
pub fn link(name: &str, workspace: &str, world: &World) -> Manifest {
    Manifest::new(
        "LinkedService",
        name,
        json!({
            "workspaceRef": {"name": workspace},
            "synapseWorkspaceId": world.synapse_id(),
        }),
    )
}

/// The emulator's pool by way of a link, attached to a workspace.
pub fn linked_attachment(name: &str, workspace: &str, link: &str, world: &World) -> Manifest {
    Manifest::new(
        "SynapseSparkAttachment",
        name,
        json!({
            "workspaceRef": {"name": workspace},
            "pool": {"linkedServiceRef": {"name": link}, "poolName": world.pool},
        }),
    )
}

/// A job whose code is one ConfigMap with `main.py`, on serverless compute with the workspace's managed identity.
pub fn serverless_job(name: &str, workspace: &str, code: &str, world: &World) -> Manifest {
    let identity = world.identity_id(&world.user_assigned_identity);
    job(name, workspace, code)
        .with(
            "/spec/compute/serverless",
            json!({"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}),
        )
        .with(
            "/spec/identity",
            json!({"type": "Managed", "resourceId": identity}),
        )
}

/// A job whose code is one ConfigMap with `main.py`, on an attached pool.
pub fn attached_job(name: &str, workspace: &str, code: &str, attachment: &str) -> Manifest {
    job(name, workspace, code).with("/spec/compute/attachmentRef/name", attachment)
}

fn job(name: &str, workspace: &str, code: &str) -> Manifest {
    Manifest::new(
        "SparkJob",
        name,
        json!({
            "workspaceRef": {"name": workspace},
            "code": {"configMaps": [{"name": code}]},
            "entry": {"file": "main.py"},
            "driver": {"cores": 1, "memory": "2g"},
            "executor": {"cores": 2, "memory": "2g", "instances": 2},
        }),
    )
}

/// A ConfigMap with one file.
pub fn code(name: &str, file: &str, text: &str) -> Manifest {
    Manifest(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {file: text},
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Manifest, resource};

    #[test]
    fn manifests_bend() {
        let manifest = Manifest::new("SparkJob", "a", json!({"entry": {"file": "main.py"}}))
            .with("/spec/conf/spark.ui.enabled", "false")
            .with("/metadata/annotations/a.b~1c", "d")
            .with("/spec/code/configMaps", json!([{"name": "x"}]))
            .with("/spec/code/configMaps/0/name", "y")
            .without("/spec/entry/file");
        assert_eq!(
            manifest.0,
            json!({
                "apiVersion": "spark.azureml.dev/v1alpha1",
                "kind": "SparkJob",
                "metadata": {"name": "a", "annotations": {"a.b/c": "d"}},
                "spec": {
                    "conf": {"spark.ui.enabled": "false"},
                    "code": {"configMaps": [{"name": "y"}]},
                    "entry": {},
                },
            })
        );
        assert_eq!((manifest.kind(), manifest.name()), ("SparkJob", "a"));
    }

    #[test]
    fn kinds_are_served_under_their_plural() {
        for (api_version, kind, plural) in [
            ("v1", "ConfigMap", "configmaps"),
            (
                "spark.azureml.dev/v1alpha1",
                "AzureMLWorkspace",
                "azuremlworkspaces",
            ),
            (
                "spark.azureml.dev/v1alpha1",
                "LinkedService",
                "linkedservices",
            ),
            (
                "spark.azureml.dev/v1alpha1",
                "LinkedService",
                "linkedservices",
            ),
            (
                "spark.azureml.dev/v1alpha1",
                "SynapseSparkAttachment",
                "synapsesparkattachments",
            ),
            ("spark.azureml.dev/v1alpha1", "SparkJob", "sparkjobs"),
        ] {
            assert_eq!(resource(api_version, kind).plural, plural);
        }
    }
}
