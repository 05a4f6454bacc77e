//! Puts the parts together: four kinds, their watches, who wakes whom, the poller and the probes.

mod naming;
mod waking;

use std::sync::Arc;
use std::time::Duration;

use azureml_spark_api::{AzureMLWorkspace, LinkedService, SparkJob, SynapseSparkAttachment};
use azureml_spark_azure::Budget;
use azureml_spark_azure::aml::log::Pace;
use azureml_spark_core::place::Place;
use azureml_spark_engine::{Base, CancellationToken, Options, Poller, Source, probe};
use jiff::SignedDuration;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use tokio::net::TcpListener;

use crate::access::{Access, place};
use crate::args::Args;
use crate::attachment::{Around, AttachmentKind};
use crate::board::Board;
use crate::budget;
use crate::census::Census;
use crate::clouds::Clouds;
use crate::follow::Follow;
use crate::holders::Holders;
use crate::linked_service::LinkKind;
use crate::logs::{self, Logs};
use crate::registered::Registered;
use crate::source::FluxSources;
use crate::spark_job::{Lookup, SparkJobKind};
use crate::stays::Stays;
use crate::workspace::WorkspaceKind;

/// The watches.
struct Sources {
    workspaces: Source<AzureMLWorkspace>,
    links: Source<LinkedService>,
    attachments: Source<SynapseSparkAttachment>,
    jobs: Source<SparkJob>,
}

impl Sources {
    fn new(base: &Base) -> Self {
        Self {
            workspaces: Source::new(base),
            links: Source::new(base),
            attachments: Source::new(base),
            jobs: Source::new(base),
        }
    }
}

/// Runs the operator until `shutdown`.
pub async fn run(args: Args, shutdown: CancellationToken) -> anyhow::Result<()> {
    let clouds = Clouds::load(args.clouds.as_deref())?;
    let client = kube::Client::try_default().await?;
    let options = Options {
        concurrency: args.concurrency,
        sync_period: args.sync_period(),
    };
    let base = Base::new(client.clone(), options);
    let patience = args.patience();
    let sync_period = SignedDuration::try_from(args.sync_period())?;

    let mut sources = Sources::new(&base);
    let holders = Holders::default();
    let census = Census::new(client.clone(), holders.clone());
    let board = Board::new(args.poll());
    let budget = Budget::new(args.azure_budget_percent, args.concurrency);
    let access = Arc::new(Access::new(
        client.clone(),
        clouds,
        sources.workspaces.store(),
        sources.workspaces.wakes(),
        args.operator_identity_namespaces.iter().cloned(),
        budget.clone(),
    ));
    budget::show(&budget, &base.metrics);
    waking::wake_each_other(&mut sources, &holders);
    let Sources {
        mut workspaces,
        links,
        attachments,
        mut jobs,
    } = sources;
    forget_the_gone(&mut workspaces, &mut jobs, &access, &board);

    let logs = Logs::new(
        client.clone(),
        Arc::clone(&access),
        jobs.store(),
        logs_pace(args.poll()),
    );
    let logs_place = logs_place(&args).await?;
    let follow = Follow::new(&access, &board, &args, &base.metrics);
    let poller = Poller::new(Arc::new(follow), jobs.wakes(), &base);
    let workspace_kind = WorkspaceKind {
        kube: client.clone(),
        access: Arc::clone(&access),
        census: census.clone(),
        sync_period,
    };
    let link_kind = LinkKind {
        kube: client.clone(),
        access: Arc::clone(&access),
        workspaces: workspaces.store(),
        grantable: args.grantable_roles.0.clone(),
        sync_period,
        census: census.clone(),
    };
    let attachment_kind = AttachmentKind {
        kube: client.clone(),
        access: Arc::clone(&access),
        workspaces: workspaces.store(),
        links: links.store(),
        grantable: args.grantable_roles.0,
        sync_period,
        census,
        around: Around::default(),
    };
    let job_kind = SparkJobKind {
        kube: client.clone(),
        access,
        workspaces: workspaces.store(),
        attachments: attachments.store(),
        jobs: jobs.store(),
        sources: FluxSources::new(client, args.artifact_hosts, jobs.wakes())?,
        board,
        follow: poller.interest(),
        news: jobs.wakes(),
        registered: Registered::default(),
        lookup: Lookup::default(),
        patience,
        clock: base.clock.clone(),
        stays: Stays::new(base.client.clone()),
        retired: args.retired_runtimes.into_iter().collect(),
    };
    let listener = TcpListener::bind(args.probe_address).await?;
    tokio::join!(
        azureml_spark_engine::run(workspace_kind, workspaces, base.clone(), shutdown.clone()),
        azureml_spark_engine::run(link_kind, links, base.clone(), shutdown.clone()),
        azureml_spark_engine::run(attachment_kind, attachments, base.clone(), shutdown.clone()),
        azureml_spark_engine::run(job_kind, jobs, base.clone(), shutdown.clone()),
        poller.run(shutdown.clone()),
        probe::serve(listener, &base, shutdown.clone()),
        async {
            if let Some(place) = logs_place {
                logs.serve(place, shutdown).await;
            }
        },
    )
    .5?;
    Ok(())
}

/// Where logs are served, if at all.
async fn logs_place(args: &Args) -> anyhow::Result<Option<logs::Place>> {
    let (Some(address), Some((certificate, key))) = (args.logs_address, args.logs_identity())
    else {
        return Ok(None);
    };
    Ok(Some(logs::Place {
        listener: TcpListener::bind(address).await?,
        certificate,
        key,
    }))
}

/// A person waits for the next lines: never less often than runs are looked at.
fn logs_pace(poll: Duration) -> Pace {
    let usual = Pace::default();
    Pace {
        read: usual.read.min(poll),
        details: usual.details.min(poll),
    }
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
        let before = change.before.and_then(run_of);
        let now = change.now.filter(|job| !is_over(job)).and_then(run_of);
        let last = change.object().and_then(run_of);
        let Some(job) = change.object().map(key_of) else {
            return;
        };
        for gone in [before, last]
            .into_iter()
            .flatten()
            .filter(|run| Some(run) != now.as_ref())
        {
            board.leave(&gone.0, &gone.1, &job);
        }
    });
}

fn key_of(job: &SparkJob) -> ObjectRef<SparkJob> {
    ObjectRef::new(&job.name_any()).within(&job.namespace().unwrap_or_default())
}

/// The run that an object goes by: where, and its name.
fn run_of(job: &SparkJob) -> Option<(Place, String)> {
    let name = job.status.as_ref()?.azure_name.clone()?;
    let place = Place {
        namespace: job.namespace().unwrap_or_default(),
        name: job.spec.workspace_ref.name.clone(),
    };
    Some((place, name))
}

fn is_over(job: &SparkJob) -> bool {
    let status = job.status.as_ref();
    status.is_some_and(|status| status.completion_time.is_some())
}
