//! What a run refers to, from caches and the apiserver.

use std::collections::BTreeMap;
use std::sync::Arc;

use azureml_spark_api::condition::ConditionType;
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_api::workspace::ResourceIdentity;
use azureml_spark_api::{SparkJob, SynapseSparkAttachmentSpec};
use azureml_spark_core::Machine;
use azureml_spark_core::place::Reference;
use azureml_spark_core::spark_job::{self, AttachedPool, Given, Produced, config_maps, jobs};
use azureml_spark_engine::{Error, finalizer};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;

use super::SparkJobKind;
use super::produced::{produced, way_back};
use crate::{readiness, references};

/// `ConfigMap`s by name: their contents, or that there is none.
type ConfigMaps = BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>>;

impl SparkJobKind {
    pub(super) async fn given(&self, object: &SparkJob) -> Result<Given, Error> {
        let namespace = object.namespace().unwrap_or_default();
        let deleting = object.metadata.deletion_timestamp.is_some();
        let memo = object.status.as_ref().map(spark_job::SparkJob::recall);
        let memo = memo.unwrap_or_default();
        // What is under way is followed through a workspace that others find not ready, say by a new secret.
        let find = if deleting || memo.submission.is_some() {
            references::for_leaving
        } else if object.spec.compute.serverless.is_some() {
            references::complete_workspace
        } else {
            references::workspace
        };
        let workspace = &object.spec.workspace_ref.name;
        let attachment = object.spec.compute.attachment_ref.as_ref();
        // From the first submission on all that it refers to is in Azure, or on record.
        let begins = !deleting && memo.refers();
        let begun = memo.has_begun();
        Ok(Given {
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            spec: object.spec.clone(),
            workspace: find(&self.workspaces, &namespace, workspace),
            attachment: attachment.map(|named| self.attached_pool(&namespace, &named.name)),
            workspace_identity: self.workspace_identity(&namespace, workspace),
            config_maps: if begins {
                self.config_maps(object).await?
            } else {
                ConfigMaps::new()
            },
            source: if begins {
                self.sources.of(object).await?
            } else {
                None
            },
            produced: if begins {
                self.produced(object)
            } else {
                BTreeMap::new()
            },
            retired: self.retired.clone(),
            patience: self.patience,
            pinned: memo.pinned,
            begun,
            held: finalizer::is_on(&object.metadata),
            deleting,
            namespace,
        })
    }

    fn workspace_identity(&self, namespace: &str, name: &str) -> Option<ResourceIdentity> {
        let key = ObjectRef::new(name).within(namespace);
        self.workspaces.get(&key)?.status.as_ref()?.identity.clone()
    }

    fn attached_pool(&self, namespace: &str, name: &str) -> Reference<AttachedPool> {
        let object = self
            .attachments
            .get(&ObjectRef::new(name).within(namespace));
        readiness::reference(
            ConditionType::Ready,
            object.as_deref(),
            |o| o.status.as_ref()?.observed_generation,
            |o| {
                o.status
                    .as_ref()
                    .map_or(&[], |status| status.conditions.as_slice())
            },
            |o| {
                let status = o.status.as_ref()?;
                Some(AttachedPool {
                    compute_id: status.azure_id.clone()?,
                    default_identity: status
                        .default_identity
                        .clone()
                        .filter(|id| id.starts_with('/')),
                    identity: status.identity.clone(),
                    spark_version: status.spark_version.clone(),
                    storage: storage(&o.spec),
                    ungranted_pool: status.pool_id.clone().filter(|_| !grants_on_pool(&o.spec)),
                    observed: only_looks(&o.spec),
                })
            },
        )
    }

    async fn config_maps(&self, object: &SparkJob) -> Result<ConfigMaps, Error> {
        let namespace = object.namespace().unwrap_or_default();
        let mut found = ConfigMaps::new();
        for name in config_maps(&object.spec) {
            let map = self.stays.config_map(&namespace, name).await?;
            found.insert(name.to_owned(), map.map(|map| contents(&map)));
        }
        Ok(found)
    }

    fn produced(&self, object: &SparkJob) -> BTreeMap<String, Produced> {
        let namespace = object.namespace().unwrap_or_default();
        jobs(&object.spec)
            .into_iter()
            .map(|name| {
                let found = self.job(&namespace, name);
                let told = match produced(found.as_deref()) {
                    waits @ Produced::Waiting { .. } => {
                        self.circle(object, name).map_or(waits, Produced::Circular)
                    }
                    told => told,
                };
                (name.to_owned(), told)
            })
            .collect()
    }

    /// How a job that is waited for waits for this one.
    fn circle(&self, object: &SparkJob, name: &str) -> Option<Vec<String>> {
        let namespace = object.namespace().unwrap_or_default();
        way_back(&object.name_any(), name, |other| {
            let waits = self.job(&namespace, other).filter(|job| {
                let status = job.status.as_ref();
                status.is_none_or(|s| s.submission.is_none() && s.completion_time.is_none())
            });
            let named = waits.as_deref().map(|job| jobs(&job.spec));
            named.into_iter().flatten().map(str::to_owned).collect()
        })
    }

    fn job(&self, namespace: &str, name: &str) -> Option<Arc<SparkJob>> {
        self.jobs.get(&ObjectRef::new(name).within(namespace))
    }
}

/// Whether an attachment grants a role on its pool: it does where nothing is said.
fn grants_on_pool(spec: &SynapseSparkAttachmentSpec) -> bool {
    let grants = spec.grants.as_ref();
    let roles = grants.and_then(|grants| grants.synapse_roles.as_deref());
    !only_looks(spec) && roles.is_none_or(|roles| !roles.is_empty())
}

fn only_looks(spec: &SynapseSparkAttachmentSpec) -> bool {
    spec.management_policy == Some(ManagementPolicy::ObserveOnly)
}

/// The accounts on which an attachment grants roles.
fn storage(spec: &SynapseSparkAttachmentSpec) -> Vec<String> {
    let grants = spec.grants.as_ref().and_then(|g| g.storage.as_ref());
    let accounts = grants.into_iter().flatten();
    accounts.map(|grant| grant.account_id.clone()).collect()
}

fn contents(map: &ConfigMap) -> BTreeMap<String, Vec<u8>> {
    let text = map.data.iter().flatten();
    let text = text.map(|(key, value)| (key.clone(), value.clone().into_bytes()));
    let binary = map.binary_data.iter().flatten();
    let binary = binary.map(|(key, value)| (key.clone(), value.0.clone()));
    text.chain(binary).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_attachment_grants_a_role_on_its_pool_unless_it_says_otherwise() {
        let rows: [(&str, Value, bool); 5] = [
            ("grants", Value::Null, true),
            ("grants", json!({"storage": []}), true),
            (
                "grants",
                json!({"synapseRoles": ["SynapseContributor"]}),
                true,
            ),
            ("grants", json!({"synapseRoles": []}), false),
            ("managementPolicy", json!("ObserveOnly"), false),
        ];
        for (field, value, expected) in rows {
            let mut spec = json!({"workspaceRef": {"name": "ml"}, "pool": {}});
            spec[field] = value;
            let read: SynapseSparkAttachmentSpec = serde_json::from_value(spec.clone()).unwrap();
            assert_eq!(grants_on_pool(&read), expected, "{spec}");
        }
    }
}
