//! Puts the parts together: three kinds, their watches, who wakes whom, the poller and the probes.

use std::sync::Arc;

use azureml_spark_api::{AzureMLWorkspace, SparkJob, SynapseSparkAttachment};
use azureml_spark_engine::{Base, CancellationToken, Change, Options, Poller, Source, probe};
use jiff::SignedDuration;
use kube::ResourceExt;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::net::TcpListener;

use azureml_spark_core::place::Place;

use crate::access::{Access, place};
use crate::args::Args;
use crate::attachment::AttachmentKind;
use crate::board::Board;
use crate::clouds::Clouds;
use crate::code_assets::CodeAssets;
use crate::follow::Follow;
use crate::holders::{Holders, Needed};
use crate::spark_job::SparkJobKind;
use crate::workspace::WorkspaceKind;

/// Runs the operator until `shutdown`.
pub async fn run(args: Args, shutdown: CancellationToken) -> anyhow::Result<()> {
    let clouds = Clouds::load(args.clouds.as_deref())?;
    let client = kube::Client::try_default().await?;
    let options = Options {
        concurrency: args.concurrency,
        sync_period: args.sync_period(),
    };
    let base = Base::new(client.clone(), options);
    let sync_period = SignedDuration::try_from(args.sync_period())?;

    let mut workspaces = Source::<AzureMLWorkspace>::new(&base);
    let mut attachments = Source::<SynapseSparkAttachment>::new(&base);
    let mut jobs = Source::<SparkJob>::new(&base);
    let holders = Holders::default();
    let board = Board::new(args.poll());
    let access = Arc::new(Access::new(
        client.clone(),
        clouds,
        workspaces.store(),
        workspaces.wakes(),
        args.operator_identity_namespaces.iter().cloned(),
    ));
    wake_each_other(&mut workspaces, &mut attachments, &mut jobs, &holders);
    forget_the_gone(&mut workspaces, &mut jobs, &access, &board);

    let follow = Follow {
        access: Arc::clone(&access),
        board: board.clone(),
        period: args.poll(),
    };
    let poller = Poller::new(Arc::new(follow), jobs.wakes(), &base);
    let workspace_kind = WorkspaceKind {
        kube: client.clone(),
        access: Arc::clone(&access),
        holders,
        sync_period,
    };
    let attachment_kind = AttachmentKind {
        kube: client.clone(),
        access: Arc::clone(&access),
        workspaces: workspaces.store(),
        sync_period,
    };
    let job_kind = SparkJobKind {
        kube: client,
        access,
        workspaces: workspaces.store(),
        attachments: attachments.store(),
        board,
        follow: poller.interest(),
        code: CodeAssets::default(),
    };
    let listener = TcpListener::bind(args.probe_address).await?;
    tokio::join!(
        azureml_spark_engine::run(workspace_kind, workspaces, base.clone(), shutdown.clone()),
        azureml_spark_engine::run(attachment_kind, attachments, base.clone(), shutdown.clone()),
        azureml_spark_engine::run(job_kind, jobs, base.clone(), shutdown.clone()),
        poller.run(shutdown.clone()),
        probe::serve(listener, &base, shutdown),
    )
    .4?;
    Ok(())
}

/// Who is looked at again because something else changed.
fn wake_each_other(
    workspaces: &mut Source<AzureMLWorkspace>,
    attachments: &mut Source<SynapseSparkAttachment>,
    jobs: &mut Source<SparkJob>,
    holders: &Holders,
) {
    let waiting = jobs.store();
    workspaces.then_wake(jobs.wakes(), move |change| {
        waiting_jobs(&waiting, change.object(), in_workspace)
    });
    let attached = attachments.store();
    workspaces.then_wake(attachments.wakes(), move |change| {
        let Some(workspace) = change.object() else {
            return Vec::new();
        };
        let (namespace, name) = (workspace.namespace(), workspace.name_any());
        let here = |a: &Arc<SynapseSparkAttachment>| {
            a.namespace() == namespace && a.spec.workspace_ref.name == name
        };
        attached
            .state()
            .iter()
            .filter(|a| here(a))
            .map(|a| ObjectRef::from_obj(&**a))
            .collect()
    });
    let waiting = jobs.store();
    attachments.then_wake(jobs.wakes(), move |change| {
        waiting_jobs(&waiting, change.object(), on_attachment)
    });
    tell_needed(attachments, holders, workspaces, None);
    tell_needed(jobs, holders, workspaces, Some(attachments));
}

/// Tells workspaces and attachments when the first comes to need them, and when the last has let go.
fn tell_needed<O>(
    source: &mut Source<O>,
    holders: &Holders,
    workspaces: &Source<AzureMLWorkspace>,
    attachments: Option<&Source<SynapseSparkAttachment>>,
) where
    O: crate::holders::Needs + azureml_spark_engine::Watched,
{
    let holders = holders.clone();
    let workspaces = workspaces.wakes();
    let attachments = attachments.map(Source::wakes);
    source.on_change(move |change: &Change<'_, O>| {
        for turned in holders.take(change) {
            match turned {
                Needed::Workspace(namespace, name) => {
                    workspaces.wake(ObjectRef::new(&name).within(&namespace));
                }
                Needed::Attachment(namespace, name) => {
                    if let Some(attachments) = &attachments {
                        attachments.wake(ObjectRef::new(&name).within(&namespace));
                    }
                }
            }
        }
    });
}

fn in_workspace(job: &SparkJob, name: &str) -> bool {
    job.spec.workspace_ref.name == name
}

fn on_attachment(job: &SparkJob, name: &str) -> bool {
    job.spec
        .compute
        .attachment_ref
        .as_ref()
        .is_some_and(|named| named.name == name)
}

/// The jobs that a change of something they name may set free: an ended one waits for nothing.
fn waiting_jobs<O: ResourceExt>(
    jobs: &Store<SparkJob>,
    changed: Option<&O>,
    names: fn(&SparkJob, &str) -> bool,
) -> Vec<ObjectRef<SparkJob>> {
    let Some(changed) = changed else {
        return Vec::new();
    };
    let (namespace, name) = (changed.namespace(), changed.name_any());
    let waits = |job: &Arc<SparkJob>| {
        job.namespace() == namespace
            && names(job, &name)
            && job
                .status
                .as_ref()
                .is_none_or(|status| status.completion_time.is_none())
    };
    jobs.state()
        .iter()
        .filter(|job| waits(job))
        .map(|job| ObjectRef::from_obj(&**job))
        .collect()
}

/// Drops what is kept for objects that are gone.
fn forget_the_gone(
    workspaces: &mut Source<AzureMLWorkspace>,
    jobs: &mut Source<SparkJob>,
    access: &Arc<Access>,
    board: &Board,
) {
    let access = Arc::clone(access);
    workspaces.on_change(move |change| {
        if let (Some(gone), None) = (change.before, change.now) {
            access.forget(&place(gone));
        }
    });
    let board = board.clone();
    jobs.on_change(move |change| {
        let over = change.now.is_none_or(|job| {
            job.status
                .as_ref()
                .is_some_and(|status| status.completion_time.is_some())
        });
        let name = change
            .object()
            .and_then(|job| job.status.as_ref()?.azure_name.clone());
        if let (true, Some(job), Some(name)) = (over, change.object(), name) {
            let namespace = job.namespace().unwrap_or_default();
            board.forget(
                &Place {
                    namespace,
                    name: job.spec.workspace_ref.name.clone(),
                },
                &name,
            );
        }
    });
}
