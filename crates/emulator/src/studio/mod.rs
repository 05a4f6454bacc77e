//! Studio's own services, of which only the index of runs is emulated (contract §13). Undocumented: what is known of it is
//! what one client sends and reads.

mod entry;
mod question;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use crate::Access;
use crate::addresses::Audience;
use crate::aml::jobs::{Cut, Job};
use crate::clock::after;
use crate::error::{Answer, Refusal, bad_request, no_such_route};
use crate::login::caller_of;
use crate::settings::IndexAnswer;
use crate::state::App;

use question::Question;

/// The host, which is not the resource manager's.
pub(crate) const HOST: &str = "ml.azure.localhost";

/// Largest question.
const LARGEST: usize = 1 << 20;

/// Answers a request to Studio's host. It takes nothing from the resource manager's buckets.
pub(crate) async fn answer(app: &App, request: Request) -> Answer {
    let wanted = Audience::MachineLearning;
    let caller = caller_of(app, request.headers(), wanted)
        .map_err(|rejected| rejected.refusal(app, wanted))?;
    if let Some(broken) = broken(app.settings().index_answer) {
        return Ok(broken);
    }
    let app = workspace(app, request.uri().path())?;
    if *request.method() != Method::POST {
        return Err(no_such_route());
    }
    // To look is a right of readers.
    if !matches!(
        app.world.access(&caller.app_id),
        Some(Access::All | Access::Read)
    ) {
        return Err(Refusal::plain(
            StatusCode::FORBIDDEN,
            "Forbidden",
            "The caller may not read the runs of the workspace.",
        ));
    }
    let body = to_bytes(request.into_body(), LARGEST).await.ok();
    let body = body.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let body = body.ok_or_else(|| bad_request("BadArgument", "The body is no JSON."))?;
    Ok(Json(found(&app, &Question::read(&body)?)).into_response())
}

/// The runs that fit, as the index knows them: perhaps a while late.
fn found(app: &App, question: &Question) -> Value {
    let settings = app.settings();
    let late = after(app.clock.now(), -settings.index_seconds);
    let fits = |job: &Job| {
        job.created <= late
            && !job.unlisted
            && question.fits(
                entry::archived(job),
                entry::word(job.life.at(late).status),
                job.experiment(),
            )
    };
    let cut = Cut {
        order: question.order,
        after: question.after,
        size: question.size,
    };
    let page = app.jobs.page(cut, true, fits);
    let entries = page
        .jobs
        .iter()
        .map(|job| entry::shown(app, job, &job.life.at(late)));
    Map::from_iter([
        ("value".to_owned(), entries.collect()),
        (
            "continuationToken".to_owned(),
            page.next.map(question::token).into(),
        ),
    ])
    .into()
}

/// The workspace of `/api/{location}/index/v1.0{workspace}/entities`.
fn workspace(app: &App, path: &str) -> Result<App, Refusal> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let [
        "api",
        location,
        "index",
        "v1.0",
        "subscriptions",
        subscription,
        "resourceGroups",
        group,
        "providers",
        "Microsoft.MachineLearningServices",
        "workspaces",
        workspace,
        "entities",
    ] = segments.as_slice()
    else {
        return Err(no_such_route());
    };
    let app = app.in_workspace(workspace).ok_or_else(no_such_route)?;
    let world = &app.world;
    let here = [
        (&world.location, location),
        (&world.subscription, subscription),
        (&world.resource_group, group),
    ];
    if here
        .iter()
        .all(|(own, sent)| own.eq_ignore_ascii_case(sent))
    {
        Ok(app)
    } else {
        Err(no_such_route())
    }
}

/// What is said instead of an answer.
fn broken(answer: IndexAnswer) -> Option<Response> {
    const PAGE: &str = "<html><head><title>Service Unavailable</title></head><body>Service Unavailable</body></html>";
    let html = [(CONTENT_TYPE, "text/html")];
    match answer {
        IndexAnswer::Served => None,
        IndexAnswer::Unavailable => {
            Some((StatusCode::SERVICE_UNAVAILABLE, html, PAGE).into_response())
        }
        IndexAnswer::Throttled => {
            Some((StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "7")], "").into_response())
        }
        IndexAnswer::NotFound => Some(no_such_route().into_response()),
        IndexAnswer::Html => Some((StatusCode::OK, html, PAGE).into_response()),
    }
}
