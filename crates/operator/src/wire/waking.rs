//! Who is looked at again because something else changed.

use std::sync::Arc;

use azureml_spark_api::{AzureMLWorkspace, LinkedService, SparkJob, SynapseSparkAttachment};
use azureml_spark_engine::{Change, Source, Wakes, Watched};
use kube::ResourceExt;
use kube::runtime::reflector::{ObjectRef, Store};

use super::Sources;
use crate::holders::{Holders, Needed, Needs};
use crate::records::{self, Records};

pub(super) fn wake_each_other(sources: &mut Sources, holders: &Holders) {
    let jobs = &sources.jobs;
    let attachments = &sources.attachments;
    let links = &sources.links;
    naming(&mut sources.workspaces, links, |link, name| {
        link.spec.workspace_ref.name == name
    });
    naming(&mut sources.workspaces, attachments, |attachment, name| {
        attachment.spec.workspace_ref.name == name
    });
    naming(&mut sources.workspaces, jobs, |job, name| {
        waits(job) && job.spec.workspace_ref.name == name
    });
    naming(
        &mut sources.links,
        &sources.attachments,
        |attachment, name| {
            let named = attachment.spec.pool.linked_service_ref.as_ref();
            named.is_some_and(|named| named.name == name)
        },
    );
    naming(&mut sources.attachments, &sources.jobs, |job, name| {
        let named = job.spec.compute.attachment_ref.as_ref();
        waits(job) && named.is_some_and(|named| named.name == name)
    });
    tell_needed(sources, holders);
    tell_sharers(sources);
}

/// A change of one object wakes those of its namespace that name it.
fn naming<O: Watched, T: Watched>(
    source: &mut Source<O>,
    others: &Source<T>,
    names: fn(&T, &str) -> bool,
) {
    let store = others.store();
    source.then_wake(others.wakes(), move |change| {
        change
            .object()
            .map_or_else(Vec::new, |object| those_that_name(&store, object, names))
    });
}

fn those_that_name<O: Watched, T: Watched>(
    store: &Store<T>,
    changed: &O,
    names: fn(&T, &str) -> bool,
) -> Vec<ObjectRef<T>> {
    let (namespace, name) = (changed.namespace(), changed.name_any());
    let is_one = |object: &&Arc<T>| object.namespace() == namespace && names(object, &name);
    let all = store.state();
    all.iter()
        .filter(is_one)
        .map(|object| ObjectRef::from_obj(&**object))
        .collect()
}

/// An ended job waits for nothing.
fn waits(job: &SparkJob) -> bool {
    let status = job.status.as_ref();
    status.is_none_or(|status| status.completion_time.is_none())
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
