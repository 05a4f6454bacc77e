//! A namespace for one test, and what a test does there.

mod looks;

use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::eventually::{PATIENCE, eventually};
use crate::manifest::{self, API_VERSION, Manifest};
use crate::stack::Stack;

/// Field manager of what a test applies.
const MANAGER: &str = "a-person";
/// The Secret that [`Scope::workspace`] makes.
pub const SECRET: &str = "azure";
/// The `AzureMLWorkspace` that [`Scope::workspace`] makes.
pub const WORKSPACE: &str = "ml";

/// A namespace of a stack.
pub struct Scope<'a> {
    stack: &'a Stack,
    namespace: String,
    client: kube::Client,
    tag: String,
    /// Who the operator is to Azure.
    client_id: String,
}

impl<'a> Scope<'a> {
    pub(crate) async fn new(stack: &'a Stack, name: &str) -> Result<Self> {
        let client = stack.plane().client().await?;
        let id = Uuid::new_v4().simple().to_string();
        let tag = id.get(..6).unwrap_or(&id).to_owned();
        let namespace = format!("{name}-{tag}");
        let object = serde_json::from_value(json!({"metadata": {"name": namespace}}))?;
        Api::<Namespace>::all(client.clone())
            .create(&PostParams::default(), &object)
            .await?;
        Ok(Self {
            stack,
            namespace,
            client,
            tag,
            client_id: stack.emulator().world().client_id.clone(),
        })
    }

    /// The stack that it is in.
    pub fn stack(&self) -> &'a Stack {
        self.stack
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A client of the administrator.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// A name that no other test has, for things in Azure: at most 16 characters when `name` has at most 9, and a
    /// handle by which to find this test's requests in the emulator's ledger.
    pub fn unique(&self, name: &str) -> String {
        format!("{name}-{}", self.tag)
    }

    /// A typed client for this namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// An untyped client for one of our kinds.
    pub fn objects(&self, kind: &str) -> Api<DynamicObject> {
        let resource = manifest::resource(API_VERSION, kind);
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// `kubectl apply --server-side`.
    pub async fn apply(&self, manifest: &Manifest) -> Result<DynamicObject> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &manifest.resource());
        let parameters = PatchParams::apply(MANAGER).force();
        let applied = api
            .patch(manifest.name(), &parameters, &Patch::Apply(&manifest.0))
            .await;
        applied.with_context(|| format!("{} {}", manifest.kind(), manifest.name()))
    }

    /// Applies a manifest that the apiserver must refuse, and returns what it says.
    pub async fn refusal(&self, manifest: &Manifest) -> Result<String> {
        match self.apply(manifest).await {
            Ok(_) => anyhow::bail!("{} {} was accepted", manifest.kind(), manifest.name()),
            Err(error) => match error.downcast::<kube::Error>()? {
                kube::Error::Api(status) => Ok(status.message),
                other => Err(other.into()),
            },
        }
    }

    /// What the apiserver would say to the application of a manifest; nothing if it would accept it. Nothing is kept.
    pub async fn verdict(&self, manifest: &Manifest) -> Result<Option<String>> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &manifest.resource());
        let parameters = PatchParams::apply(MANAGER).force().dry_run();
        let asked = api
            .patch(manifest.name(), &parameters, &Patch::Apply(&manifest.0))
            .await;
        match asked {
            Ok(_) => Ok(None),
            Err(kube::Error::Api(status)) => Ok(Some(status.message)),
            Err(other) => Err(other.into()),
        }
    }

    /// A merge patch of an object of ours.
    pub async fn patch(&self, kind: &str, name: &str, patch: Value) -> Result<DynamicObject> {
        let api = self.objects(kind);
        Ok(api
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await?)
    }

    /// Asks the operator for a look now, as a person does: `spark.azureml.dev/reconcile-at` with a fresh value.
    pub async fn reconcile(&self, kind: &str, name: &str) -> Result<()> {
        self.annotate(kind, name, "reconcile-at", Uuid::new_v4().to_string())
            .await
    }

    /// Sets an annotation of ours (`spark.azureml.dev/{key}`); `null` takes it off.
    pub async fn annotate(
        &self,
        kind: &str,
        name: &str,
        key: &str,
        value: impl Into<Value>,
    ) -> Result<()> {
        let key = format!("spark.azureml.dev/{key}");
        let patch = json!({"metadata": {"annotations": {key: value.into()}}});
        self.patch(kind, name, patch).await.map(drop)
    }

    /// What a restore from a backup, or a hand, does to the status of an object of ours: it becomes that of an object
    /// that nobody has looked at.
    pub async fn erase_status(&self, kind: &str, name: &str) -> Result<()> {
        let api = self.objects(kind);
        let found = api.get(name).await?;
        let fields = found.data.get("status").and_then(Value::as_object);
        let fields = fields.into_iter().flat_map(Map::keys);
        let mut status: Map<String, Value> =
            fields.map(|field| (field.clone(), Value::Null)).collect();
        status.insert("observedGeneration".to_owned(), json!(-1));
        let patch = Patch::Merge(json!({"status": status}));
        api.patch_status(name, &PatchParams::default(), &patch)
            .await?;
        Ok(())
    }

    /// Asks for the deletion of an object of ours.
    pub async fn delete(&self, kind: &str, name: &str) -> Result<()> {
        self.objects(kind)
            .delete(name, &DeleteParams::default())
            .await?;
        Ok(())
    }

    /// An object of ours as it is now.
    pub async fn get(&self, kind: &str, name: &str) -> Result<Value> {
        Ok(serde_json::to_value(self.objects(kind).get(name).await?)?)
    }

    /// Waits until an object of ours satisfies `holds`, and returns it.
    pub async fn wait(
        &self,
        kind: &str,
        name: &str,
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        self.wait_for(PATIENCE, kind, name, what, holds).await
    }

    /// The same with another deadline.
    pub async fn wait_for(
        &self,
        deadline: Duration,
        kind: &str,
        name: &str,
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let object = eventually(&self.objects(kind), name, what, deadline, |object| {
            object
                .and_then(|object| serde_json::to_value(object).ok())
                .is_some_and(|one| holds(&one))
        })
        .await
        .with_context(|| format!("logs: {}", self.stack.folder().join("logs").display()))?;
        Ok(serde_json::to_value(object)?)
    }

    /// Waits until a condition has a status (`True`, `False`), for the object's present generation.
    pub async fn condition(
        &self,
        kind: &str,
        name: &str,
        condition: &str,
        status: &str,
    ) -> Result<Value> {
        let what = format!("has {condition}={status}");
        self.wait(kind, name, &what, |object| {
            let generation = object.pointer("/metadata/generation");
            find_condition(object, condition).is_some_and(|found| {
                found.get("status").and_then(Value::as_str) == Some(status)
                    && found.get("observedGeneration") == generation
            })
        })
        .await
    }

    /// Waits until a condition has a status and a reason, for whatever generation.
    pub async fn reason(
        &self,
        kind: &str,
        name: &str,
        condition: &str,
        status: &str,
        reason: &str,
    ) -> Result<Value> {
        let what = format!("has {condition}={status} for {reason}");
        self.wait(kind, name, &what, |object| {
            find_condition(object, condition).is_some_and(|found| {
                found.get("status").and_then(Value::as_str) == Some(status)
                    && found.get("reason").and_then(Value::as_str) == Some(reason)
            })
        })
        .await
    }

    /// Waits until the status is about the object's present generation.
    pub async fn observed(&self, kind: &str, name: &str) -> Result<Value> {
        self.wait(kind, name, "is looked at as it is now", |object| {
            let generation = object.pointer("/metadata/generation");
            generation.is_some() && object.pointer("/status/observedGeneration") == generation
        })
        .await
    }

    /// Waits until an object of ours is gone.
    pub async fn gone(&self, kind: &str, name: &str) -> Result<()> {
        self.gone_within(PATIENCE, kind, name).await
    }

    /// The same with another deadline.
    pub async fn gone_within(&self, deadline: Duration, kind: &str, name: &str) -> Result<()> {
        eventually(&self.objects(kind), name, "is gone", deadline, |one| {
            one.is_none()
        })
        .await?;
        Ok(())
    }

    /// Makes the Secret `azure` and the `AzureMLWorkspace` `ml`, the emulator's, and waits until that is Ready.
    pub async fn workspace(&self) -> Result<()> {
        let world = self.stack.emulator().world();
        let credentials = manifest::credentials(SECRET, world);
        self.apply(&credentials.with("/stringData/AZURE_CLIENT_ID", self.client_id.as_str()))
            .await?;
        self.apply(&manifest::workspace(WORKSPACE, SECRET, world))
            .await?;
        self.condition("AzureMLWorkspace", WORKSPACE, "Ready", "True")
            .await?;
        Ok(())
    }

    /// Events about an object of ours: type, reason and note, oldest first.
    pub async fn events(&self, kind: &str, name: &str) -> Result<Vec<(String, String, String)>> {
        let resource = manifest::resource("events.k8s.io/v1", "Event");
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let mut found = Vec::new();
        for event in api.list(&ListParams::default()).await? {
            let text = |pointer: &str| {
                event
                    .data
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            if text("/regarding/kind") == kind && text("/regarding/name") == name {
                found.push((
                    text("/eventTime"),
                    (text("/type"), text("/reason"), text("/note")),
                ));
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, event)| event).collect())
    }

    /// Asks for the deletion of the namespace with all that is in it, and waits until it is gone.
    pub async fn delete_namespace(&self) -> Result<()> {
        self.delete_namespace_within(PATIENCE).await
    }

    /// The same with another deadline.
    pub async fn delete_namespace_within(&self, deadline: Duration) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces
            .delete(&self.namespace, &DeleteParams::default())
            .await?;
        eventually(&namespaces, &self.namespace, "is gone", deadline, |one| {
            one.is_none()
        })
        .await?;
        Ok(())
    }
}

/// The message of a condition of an object, empty where there is none.
pub fn message<'a>(object: &'a Value, condition: &str) -> &'a str {
    let found = find_condition(object, condition);
    let text = found.and_then(|found| found.get("message")?.as_str());
    text.unwrap_or_default()
}

/// The reason of a condition of an object, empty where there is none.
pub fn reason<'a>(object: &'a Value, condition: &str) -> &'a str {
    let found = find_condition(object, condition);
    let text = found.and_then(|found| found.get("reason")?.as_str());
    text.unwrap_or_default()
}

/// A condition of an object, by its type.
pub fn find_condition<'a>(object: &'a Value, condition: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions
        .iter()
        .find(|one| one.get("type").and_then(Value::as_str) == Some(condition))
}
