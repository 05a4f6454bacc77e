//! Jobs: submit, look, list, cancel.

mod conf;
mod data;
mod definition;
mod listed;
mod snapshot;

use reqwest::Method;
use serde::Serialize;
use url::Url;

use crate::api_version;
use crate::operation::Operation;
use crate::page::Page;
use crate::request::{Call, Request, UserToken, path};
use crate::resource_id::WorkspaceId;
use crate::response::{Refusal, Response};

pub use conf::{Driver, DynamicAllocation, Executor, Size};
pub use data::{DataType, JobInput, JobOutput, Mode, OutputUri, RegisterAs, Uri};
pub use definition::{Entry, JobIdentity, Resources, SparkJob, Target};
pub use listed::Listed;
pub use snapshot::{Job, JobStatus, Output, Properties, Service};

/// `PUT {workspace}/jobs/{name}`. Needs `…/workspaces/jobs/write`; 200 or 201, no operation although
/// 201 has a `Location`. A name that is taken is refused: [`crate::Error::is_job_exists`]; a 404 is
/// a terminal error of the request, [`crate::Error::missing`] says of what. Carries `x-azureml-token` with `UserIdentity` only. Contract
/// §3.1, §3.5, §13, §0.1.
pub fn put(workspace: &WorkspaceId, name: &str, job: &SparkJob) -> Call<Job> {
    #[derive(Serialize)]
    struct Body<'a> {
        properties: Typed<'a>,
    }
    #[derive(Serialize)]
    #[serde(tag = "jobType")]
    enum Typed<'a> {
        Spark(&'a SparkJob),
    }
    let path = path(&workspace.segments(), &["jobs", name]);
    let mut request =
        Request::arm("job.put", Method::PUT, path, api_version::JOB_WRITE).json(&Body {
            properties: Typed::Spark(job),
        });
    if job.identity == Some(JobIdentity::UserIdentity) {
        request.user_token = UserToken::Sent;
    }
    request.parsed()
}

/// `GET {workspace}/jobs/{name}`. Needs `…/workspaces/jobs/read`; 200. Holds no reason of a failure,
/// see [`crate::aml::run::details`]. Contract §3.3, §3.4.
pub fn get(workspace: &WorkspaceId, name: &str) -> Call<Job> {
    let path = path(&workspace.segments(), &["jobs", name]);
    Request::arm("job.get", Method::GET, path, api_version::JOB_READ).parsed()
}

/// What to list; `None` means any. There is no filter by state (contract §13).
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// For example `Spark`.
    pub job_type: Option<&'a str>,
    /// Jobs that have a tag of this key, whatever its value.
    pub tag: Option<&'a str>,
}

/// `GET {workspace}/jobs`, the first page; 200. Archived ones too, since archiving a live run must
/// not hide it. Contract §3, §0.5.
pub fn list(workspace: &WorkspaceId, filter: Filter<'_>) -> Call<Page<Listed>> {
    let path = path(&workspace.segments(), &["jobs"]);
    let mut request = Request::arm("job.list", Method::GET, path, api_version::JOB_READ)
        .query("listViewType", "All");
    for (name, value) in [("jobType", filter.job_type), ("tag", filter.tag)] {
        if let Some(value) = value {
            request = request.query(name, value);
        }
    }
    request.parsed_by(listed::page)
}

/// The page behind [`Page::next`].
pub fn next_page(next: Url) -> Call<Page<Listed>> {
    Request::follow("job.list", next).parsed_by(listed::page)
}

/// The operation that cancels, by which its errors are known.
pub(crate) const CANCEL: &str = "job.cancel";

/// `POST {workspace}/jobs/{name}/cancel`. Needs `…/workspaces/jobs/write`; 200, 202 or 204. Only
/// asks: the end is seen by GET. A job that has ended or is `Finalizing` refuses it, so look again:
/// [`crate::Error::is_cancel_too_late`]; who lacks the right is told in more than one way:
/// [`crate::Error::is_cancel_forbidden`]. Contract §3.5, §13.
pub fn cancel(workspace: &WorkspaceId, name: &str) -> Call<Option<Operation>> {
    fn asked(response: &Response) -> Result<Option<Operation>, Refusal> {
        response.ignored()?;
        Ok(Operation::of(response))
    }
    let path = path(&workspace.segments(), &["jobs", name, "cancel"]);
    Request::arm(CANCEL, Method::POST, path, api_version::JOB_WRITE).parsed_by(asked)
}
