//! Who is looked at again because something else changed.

use azureml_spark_api::{AzureMLWorkspace, LinkedService, SparkJob, SynapseSparkAttachment};
use azureml_spark_core::spark_job;
use azureml_spark_engine::{Change, Source, Wakes, Watched};
use kube::runtime::reflector::{ObjectRef, Store};

use super::Sources;
use super::naming::Naming;
use crate::holders::{Holders, Needed, Needs};
use crate::records::{self, Records};
use crate::spark_job::produced;

pub(super) fn wake_each_other(sources: &mut Sources, holders: &Holders) {
    let Sources {
        workspaces,
        links,
        attachments,
        jobs,
    } = sources;
    naming(workspaces, links, |link| {
        vec![link.spec.workspace_ref.name.clone()]
    });
    naming(workspaces, attachments, |attachment| {
        vec![attachment.spec.workspace_ref.name.clone()]
    });
    naming(workspaces, jobs, |job| {
        let named = waits(job).then(|| job.spec.workspace_ref.name.clone());
        named.into_iter().collect()
    });
    naming(links, attachments, |attachment| {
        let named = attachment.spec.pool.linked_service_ref.iter();
        named.map(|named| named.name.clone()).collect()
    });
    naming(attachments, jobs, |job| {
        let named = job.spec.compute.attachment_ref.iter();
        let named = named.filter(|_| waits(job));
        named.map(|named| named.name.clone()).collect()
    });
    tell_readers(jobs);
    tell_needed(sources, holders);
    tell_sharers(sources);
}

/// What others name, and what of it they go by.
trait Named: Watched {
    /// Whether it says the same to those that name it.
    fn says_the_same_as(&self, other: &Self) -> bool;
}

macro_rules! named {
    ($($kind:ty),+) => {$(
        impl Named for $kind {
            fn says_the_same_as(&self, other: &Self) -> bool {
                self.spec == other.spec
                    && self.status == other.status
                    && self.metadata.deletion_timestamp == other.metadata.deletion_timestamp
            }
        }
    )+};
}

named!(AzureMLWorkspace, LinkedService, SynapseSparkAttachment);

/// A change of one object wakes those of its namespace that name it. Our finalizer on it is no such change: it comes
/// and goes with those very objects, and one that Azure refuses would be tried again without a pause.
fn naming<O: Named, T: Watched>(
    source: &mut Source<O>,
    others: &mut Source<T>,
    names: fn(&T) -> Vec<String>,
) {
    let naming = Naming::kept_by(others, names);
    source.then_wake(others.wakes(), move |change| match is_news(change) {
        Some(object) => naming.of(object),
        None => Vec::new(),
    });
}

fn is_news<'c, O: Named>(change: &Change<'c, O>) -> Option<&'c O> {
    match (change.before, change.now) {
        (Some(before), Some(now)) if before.says_the_same_as(now) => None,
        (before, now) => now.or(before),
    }
}

/// An ended job waits for nothing.
fn waits(job: &SparkJob) -> bool {
    let status = job.status.as_ref();
    status.is_none_or(|status| status.completion_time.is_none())
}

/// A job that reads what another one writes looks again when there is news of that.
fn tell_readers(jobs: &mut Source<SparkJob>) {
    let readers = Naming::kept_by(jobs, |job: &SparkJob| {
        let named = spark_job::jobs(&job.spec).into_iter();
        named.filter(|_| begins(job)).map(str::to_owned).collect()
    });
    let wakes = jobs.wakes();
    jobs.then_wake(wakes, move |change| match news_of_outputs(change) {
        Some(job) => readers.of(job),
        None => Vec::new(),
    });
}

/// Most jobs write nothing that another one reads, and their states change often.
fn news_of_outputs<'c>(change: &Change<'c, SparkJob>) -> Option<&'c SparkJob> {
    match (change.before, change.now) {
        (Some(before), Some(now)) => {
            let writes = now.spec.outputs.as_ref().is_some_and(|all| !all.is_empty());
            (writes && produced(Some(before)) != produced(Some(now))).then_some(now)
        }
        (before, now) => now.or(before),
    }
}

/// One that was submitted has what others wrote on record.
fn begins(job: &SparkJob) -> bool {
    let status = job.status.as_ref();
    waits(job) && status.is_none_or(|status| status.resolved.is_none())
}

/// Whom to tell that they are needed, or not any more.
#[derive(Clone)]
struct Needful {
    workspaces: Wakes<ObjectRef<AzureMLWorkspace>>,
    links: Wakes<ObjectRef<LinkedService>>,
    attachments: Wakes<ObjectRef<SynapseSparkAttachment>>,
}

impl Needful {
    fn wake(&self, needed: &Needed) {
        match needed {
            Needed::Workspace(namespace, name) => {
                self.workspaces.wake(ObjectRef::new(name).within(namespace));
            }
            Needed::Link(namespace, name) => {
                self.links.wake(ObjectRef::new(name).within(namespace));
            }
            Needed::Attachment(namespace, name) => {
                self.attachments
                    .wake(ObjectRef::new(name).within(namespace));
            }
        }
    }
}

/// Tells workspaces, links and attachments when the first comes to need them, and when the last has let go.
fn tell_needed(sources: &mut Sources, holders: &Holders) {
    let needful = Needful {
        workspaces: sources.workspaces.wakes(),
        links: sources.links.wakes(),
        attachments: sources.attachments.wakes(),
    };
    tell_needed_by(&mut sources.links, holders, &needful);
    tell_needed_by(&mut sources.attachments, holders, &needful);
    tell_needed_by(&mut sources.jobs, holders, &needful);
}

fn tell_needed_by<O: Needs + Watched>(
    source: &mut Source<O>,
    holders: &Holders,
    needful: &Needful,
) {
    let (holders, needful) = (holders.clone(), needful.clone());
    source.on_change(move |change: &Change<'_, O>| {
        for turned in holders.take(change) {
            needful.wake(&turned);
        }
    });
}

/// Who has a role assignment on record looks again when another's record of it goes: it may have been taken back.
fn tell_sharers(sources: &mut Sources) {
    let links = (sources.links.store(), sources.links.wakes());
    let attachments = (sources.attachments.store(), sources.attachments.wakes());
    for_lost_records(&mut sources.links, &links);
    for_lost_records(&mut sources.links, &attachments);
    for_lost_records(&mut sources.attachments, &links);
    for_lost_records(&mut sources.attachments, &attachments);
}

fn for_lost_records<O, T>(source: &mut Source<O>, (store, wakes): &(Store<T>, Wakes<ObjectRef<T>>))
where
    O: Records + Watched,
    T: Records + Watched,
{
    let store = store.clone();
    source.then_wake(wakes.clone(), move |change| {
        records::holding(&store, &records::lost(change))
    });
}

#[cfg(test)]
mod tests {
    use azureml_spark_api::meta::FINALIZER;
    use serde_json::json;

    use super::*;

    fn workspace(metadata: &serde_json::Value, ready: &str) -> AzureMLWorkspace {
        serde_json::from_value(json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "AzureMLWorkspace", "metadata": metadata,
            "spec": {"subscriptionId": "s", "resourceGroup": "g", "workspaceName": "w"},
            "status": {"location": ready}
        }))
        .unwrap()
    }

    fn job(outputs: &serde_json::Value, status: &serde_json::Value) -> SparkJob {
        serde_json::from_value(json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob", "metadata": {"name": "first"},
            "spec": {
                "workspaceRef": {"name": "ml"},
                "code": {"configMaps": [{"name": "src"}]}, "entry": {"file": "main.py"},
                "driver": {"cores": 4, "memory": "28g"}, "executor": {"cores": 4, "memory": "28g", "instances": 2},
                "compute": {"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}},
                "outputs": outputs,
            },
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn readers_hear_what_becomes_of_an_output() {
        let news = |before: Option<&SparkJob>, now: Option<&SparkJob>| {
            news_of_outputs(&Change { before, now }).is_some()
        };
        let writes = json!({"clean": {"type": "uri_folder", "path": "abfss://c@a/clean"}});
        let running = json!({"state": "Running"});
        let (new, later) = (job(&writes, &json!({})), job(&writes, &running));
        assert!(news(Some(&new), Some(&later)));
        assert!(!news(Some(&later), Some(&later)));
        assert!(news(None, Some(&new)));
        assert!(news(Some(&later), None));
        let (new, later) = (job(&json!({}), &json!({})), job(&json!({}), &running));
        assert!(!news(Some(&new), Some(&later)), "it writes nothing");
        assert!(news(None, Some(&later)));
    }

    #[test]
    fn our_finalizer_is_no_news_and_what_it_says_and_its_deletion_are() {
        let calm = workspace(&json!({"name": "ml"}), "eastus");
        let news = |before: Option<&AzureMLWorkspace>, now: Option<&AzureMLWorkspace>| {
            is_news(&Change { before, now }).is_some()
        };
        let held = workspace(&json!({"name": "ml", "finalizers": [FINALIZER]}), "eastus");
        assert!(!news(Some(&calm), Some(&held)));
        assert!(!news(Some(&held), Some(&calm)));
        let other = workspace(&json!({"name": "ml"}), "westus");
        assert!(news(Some(&calm), Some(&other)));
        let going = workspace(
            &json!({"name": "ml", "deletionTimestamp": "2026-01-01T00:00:00Z"}),
            "eastus",
        );
        assert!(news(Some(&calm), Some(&going)));
        assert!(news(None, Some(&calm)));
        assert!(news(Some(&calm), None));
    }
}
