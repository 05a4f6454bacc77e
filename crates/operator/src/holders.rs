//! Who needs what: for each workspace, link and attachment, the objects with our finalizer that refer to it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use azureml_spark_api::{LinkedService, SparkJob, SynapseSparkAttachment};
use azureml_spark_engine::{Change, finalizer};
use kube::ResourceExt;

/// Something that others need.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Needed {
    /// An `AzureMLWorkspace`, by namespace and name.
    Workspace(String, String),
    /// A `LinkedService`, by namespace and name.
    Link(String, String),
    /// A `SynapseSparkAttachment`, by namespace and name.
    Attachment(String, String),
}

impl Needed {
    pub(crate) fn namespace(&self) -> &str {
        match self {
            Self::Workspace(namespace, _)
            | Self::Link(namespace, _)
            | Self::Attachment(namespace, _) => namespace,
        }
    }
}

/// What an object needs while it carries our finalizer.
pub(crate) trait Needs {
    /// The kind and name, for people.
    fn title(&self) -> String;
    /// What it refers to.
    fn needs(&self) -> Vec<Needed>;
}

impl Needs for SparkJob {
    fn title(&self) -> String {
        format!("SparkJob {}", self.name_any())
    }

    fn needs(&self) -> Vec<Needed> {
        let namespace = self.namespace().unwrap_or_default();
        let attachment = self.spec.compute.attachment_ref.as_ref();
        std::iter::once(Needed::Workspace(
            namespace.clone(),
            self.spec.workspace_ref.name.clone(),
        ))
        .chain(attachment.map(|named| Needed::Attachment(namespace, named.name.clone())))
        .collect()
    }
}

impl Needs for SynapseSparkAttachment {
    fn title(&self) -> String {
        format!("SynapseSparkAttachment {}", self.name_any())
    }

    fn needs(&self) -> Vec<Needed> {
        let namespace = self.namespace().unwrap_or_default();
        let link = self.spec.pool.linked_service_ref.as_ref();
        std::iter::once(Needed::Workspace(
            namespace.clone(),
            self.spec.workspace_ref.name.clone(),
        ))
        .chain(link.map(|named| Needed::Link(namespace, named.name.clone())))
        .collect()
    }
}

impl Needs for LinkedService {
    fn title(&self) -> String {
        format!("LinkedService {}", self.name_any())
    }

    fn needs(&self) -> Vec<Needed> {
        let namespace = self.namespace().unwrap_or_default();
        vec![Needed::Workspace(
            namespace,
            self.spec.workspace_ref.name.clone(),
        )]
    }
}

/// Kept up to date by the watches. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holders(Arc<Mutex<HashMap<Needed, BTreeSet<String>>>>);

impl Holders {
    /// Who needs it, in words.
    pub(crate) fn of(&self, needed: &Needed) -> Vec<String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(needed).into_iter().flatten().cloned().collect()
    }

    /// Takes a change in, and names what nobody needs any more by it, and what somebody needs for the first time: a
    /// workspace that was just about to let go of its finalizer must put it back.
    pub(crate) fn take<O: Needs + ResourceExt>(&self, change: &Change<'_, O>) -> Vec<Needed> {
        let held_by = |object: Option<&O>| match object {
            Some(object) if finalizer::is_on(object.meta()) => object.needs(),
            _ => Vec::new(),
        };
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turned = Vec::new();
        let (before, now) = (held_by(change.before), held_by(change.now));
        for needed in now.iter().filter(|needed| !before.contains(needed)) {
            let titles = held.entry(needed.clone()).or_default();
            if titles.is_empty() {
                turned.push(needed.clone());
            }
            titles.extend(change.now.map(Needs::title));
        }
        for needed in before.into_iter().filter(|needed| !now.contains(needed)) {
            let Some(titles) = held.get_mut(&needed) else {
                continue;
            };
            if let Some(title) = change.before.map(Needs::title) {
                titles.remove(&title);
            }
            if titles.is_empty() {
                held.remove(&needed);
                turned.push(needed);
            }
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use azureml_spark_api::meta::FINALIZER;

    use super::*;

    fn job(name: &str, held: bool) -> SparkJob {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob",
            "metadata": {"name": name, "namespace": "team", "finalizers": if held { vec![FINALIZER] } else { vec![] }},
            "spec": {
                "workspaceRef": {"name": "ml"}, "code": {"configMaps": [{"name": "src"}]}, "entry": {"file": "a.py"},
                "driver": {"cores": 1, "memory": "1g"}, "executor": {"cores": 1, "memory": "1g", "instances": 1},
                "compute": {"attachmentRef": {"name": "pool"}}
            }
        }))
        .unwrap()
    }

    #[test]
    fn an_attachment_needs_its_workspace_and_the_link_that_it_names() {
        let by = |pool: serde_json::Value| -> SynapseSparkAttachment {
            serde_json::from_value(serde_json::json!({
                "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SynapseSparkAttachment",
                "metadata": {"name": "a", "namespace": "team"},
                "spec": {"workspaceRef": {"name": "ml"}, "pool": pool}
            }))
            .unwrap()
        };
        let workspace = Needed::Workspace("team".into(), "ml".into());
        let linked = by(serde_json::json!({"linkedServiceRef": {"name": "syn"}, "poolName": "p"}));
        assert_eq!(
            linked.needs(),
            [workspace.clone(), Needed::Link("team".into(), "syn".into())]
        );
        let direct = by(serde_json::json!({"resourceId": "/subscriptions/…"}));
        assert_eq!(direct.needs(), [workspace]);
    }

    #[test]
    fn the_first_to_need_and_the_last_to_let_go_are_told() {
        let holders = Holders::default();
        let workspace = Needed::Workspace("team".into(), "ml".into());
        let (a, b) = (job("a", true), job("b", true));
        let first = holders.take(&Change {
            before: None,
            now: Some(&a),
        });
        assert_eq!(first.len(), 2, "workspace and attachment: {first:?}");
        assert!(
            holders
                .take(&Change {
                    before: None,
                    now: Some(&b)
                })
                .is_empty()
        );
        assert_eq!(holders.of(&workspace), ["SparkJob a", "SparkJob b"]);
        assert!(
            holders
                .take(&Change {
                    before: Some(&a),
                    now: Some(&job("a", false))
                })
                .is_empty()
        );
        let free = holders.take(&Change {
            before: Some(&b),
            now: None,
        });
        assert_eq!(
            free,
            [
                workspace.clone(),
                Needed::Attachment("team".into(), "pool".into())
            ]
        );
        assert!(holders.of(&workspace).is_empty());
    }

    #[test]
    fn who_holds_nothing_does_not_count() {
        let holders = Holders::default();
        let free = job("a", false);
        holders.take(&Change {
            before: None,
            now: Some(&free),
        });
        assert!(
            holders
                .of(&Needed::Workspace("team".into(), "ml".into()))
                .is_empty()
        );
        assert!(
            holders
                .take(&Change {
                    before: Some(&free),
                    now: None
                })
                .is_empty()
        );
    }
}
