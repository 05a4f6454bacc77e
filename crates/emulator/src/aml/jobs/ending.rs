//! Why a run of the instant runner fails, in words that people have seen; `docs/fidelity.md` says where.

use super::job::Job;
use super::run_error::RunError;
use super::status::Status;
use crate::settings::{Ending, RunErrorCode};
use crate::spark::pool_of;
use crate::state::App;

impl Ending {
    /// The last state before the end: most of these never run.
    pub(super) fn last(self) -> Status {
        match self {
            Self::Quota | Self::NoQuota | Self::PoolFull | Self::Identity => Status::Preparing,
            Self::Capacity | Self::Image | Self::Packages => Status::Queued,
            Self::Storage | Self::Script | Self::Scala | Self::Dead | Self::Service => {
                Status::Finalizing
            }
        }
    }

    /// What run history says.
    pub(super) fn error(self, app: &App, job: &Job) -> RunError {
        let cores = cores(job);
        let (workspace, pool) = pool_of(app, job);
        let account = &app.world.storage_account;
        let principal = app.world.object_id(&job.name);
        let guid = app.world.object_id(&format!("session/{}", job.name));
        let plugin =
            format!("[plugins.{workspace}.{pool}.1 WorkspaceType:<Synapse> CCID:<{guid}>]");
        match self {
            Self::Quota => session(
                app,
                "MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED",
                &format!(
                    "Failed to start session: [User] MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED\nYour Spark job \
                     requested {cores} vCores.\nHowever, the workspace only has 0 vCores available out of \
                     quota of 50 vCores.\nTry reducing the numbers of vCores requested or increasing your \
                     vCore quota. Click here for more information - \
                     https://go.microsoft.com/fwlink/?linkid=213499"
                ),
            ),
            Self::NoQuota => session(
                app,
                "InvalidHttpRequestToLivy",
                &format!(
                    "InvalidHttpRequestToLivy: Your Spark job requested {cores} vcores. However, the \
                     workspace has a 0 core limit. Try reducing the numbers of vcores requested or \
                     increasing your vcore quota. HTTP status code: 400. Trace ID: {guid}."
                ),
            ),
            Self::PoolFull => session(
                app,
                "AVAILABLE_COMPUTE_CAPACITY_EXCEEDED",
                &format!(
                    "AVAILABLE_COMPUTE_CAPACITY_EXCEEDED: Livy session has failed. Session state: Error. \
                     Error code: AVAILABLE_COMPUTE_CAPACITY_EXCEEDED. Your job requested {cores} vcores. \
                     However, the pool only has 0 vcores available out of quota of 12 vcores. Try ending \
                     the running job(s) in the pool, reducing the numbers of vcores requested, increasing \
                     the pool maximum size or using another pool. Source: User."
                ),
            ),
            Self::Capacity => session(
                app,
                "CLUSTER_CREATION_TIMED_OUT",
                &format!(
                    "CLUSTER_CREATION_TIMED_OUT: {plugin} Attempt=[1]/[3]Cluster was in terminal \
                     state=[Cancelled] before it reached 'Ready' state. Cluster job has \
                     WorkspaceName=[{workspace}], SpecName=[{pool}], and JobId=[{guid}]."
                ),
            ),
            Self::Image => RunError {
                format: "Image build failed. For more details, check log file {ArtifactPath}."
                    .to_owned(),
                parameters: vec![(
                    "ArtifactPath".to_owned(),
                    "azureml-logs/20_image_build_log.txt".to_owned(),
                )],
                inner: vec!["BadArgument".to_owned()],
                ..RunError::user(
                    "Image build failed. For more details, check log file \
                     azureml-logs/20_image_build_log.txt.",
                )
            },
            Self::Packages => RunError::user(format!(
                "LibraryManagement - Spark Job timed out for {pool} in workspace {workspace} in \
                 subscription {}",
                app.world.subscription
            )),
            Self::Identity => session(
                app,
                "Unauthorized",
                &unauthorized(&principal, &workspace, &pool),
            ),
            Self::Storage => RunError::user(format!(
                "java.nio.file.AccessDeniedException: Operation failed: \"This request is not authorized \
                 to perform this operation using this permission.\", 403, HEAD, \
                 https://{account}.dfs.core.windows.net/data/in.csv?upn=false&timeout=90"
            )),
            Self::Script => RunError::user("KeyError: 'no such column'"),
            Self::Scala => RunError::user(
                "org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 \
                 failed 4 times, most recent failure: Lost task 0.3 in stage 0.0 (TID 3): \
                 java.lang.IllegalStateException: no such column",
            ),
            Self::Dead => session(
                app,
                "LIVY_JOB_STATE_DEAD",
                &format!(
                    "LIVY_JOB_STATE_DEAD: {plugin} [Monitoring] Livy Endpoint=[https://hubservice1.{}.\
                     azuresynapse.net:8001/api/v1.0/publish/{guid}]. Livy Id=[0] Job failed during run \
                     time with state=[dead].",
                    app.world.location
                ),
            ),
            Self::Service => RunError::new("ServiceError", "InternalServerError"),
        }
    }
}

/// Synapse's words for a caller without the right to use a pool.
pub(crate) fn unauthorized(principal: &str, workspace: &str, pool: &str) -> String {
    format!(
        "(Unauthorized) The principal '{principal}' does not have the required Synapse RBAC permission to \
         perform this action. Required permission: Action: \
         Microsoft.Synapse/workspaces/bigDataPools/useCompute/action, Scope: \
         workspaces/{workspace}/bigDataPools/{pool}."
    )
}

/// An error of Synapse's; how run history files it is a setting.
fn session(app: &App, code: &str, message: &str) -> RunError {
    match app.settings().run_error_code {
        RunErrorCode::UserError => RunError::user(message),
        RunErrorCode::Own => RunError::new(code, message),
    }
}

/// The vCores that the job asks for: the driver's and every executor's.
fn cores(job: &Job) -> u64 {
    let number = |key: &str| {
        job.object("conf")
            .find(|(name, _)| *name == key)
            .and_then(|(_, value)| value.as_str()?.parse::<u64>().ok())
    };
    let of = |key: &str| number(key).unwrap_or(1);
    of("spark.driver.cores") + of("spark.executor.cores") * of("spark.executor.instances")
}
