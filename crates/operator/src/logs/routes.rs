//! What is answered where.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use azureml_spark_api::logs::{GROUP, RESOURCE, SUBRESOURCE, VERSION};
use kube::runtime::reflector::ObjectRef;

use super::Logs;
use super::answer::Refusal;
use super::asked::{Asked, Form};
use super::caller::Caller;
use super::discovery;
use super::front_proxy::Headers;
use super::job::Found;
use super::review::review;
use super::telling::Telling;

pub(super) fn routes(logs: Arc<Logs>) -> Router {
    let version = format!("/apis/{GROUP}/{VERSION}");
    let log = format!("{version}/namespaces/{{namespace}}/{RESOURCE}/{{name}}/{SUBRESOURCE}");
    Router::new()
        .route("/apis", get(discovery::groups))
        .route(&format!("/apis/{GROUP}"), get(discovery::group))
        .route(&version, get(discovery::version))
        .route(&log, get(tell))
        .fallback(async || Refusal::not_found("the server could not find the requested resource"))
        .with_state(logs)
}

async fn tell(
    State(logs): State<Arc<Logs>>,
    Extension(names): Extension<Arc<Headers>>,
    Path((namespace, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&headers, &names)
        .ok_or_else(|| Refusal::unauthorized("the request names no caller"))?;
    // Before anything is said about what there is.
    review(&logs.kube, &caller, &namespace, &name).await?;
    let asked = Asked::parse(&query.unwrap_or_default())?;
    let key = ObjectRef::new(&name).within(&namespace);
    let found = logs.find(&key, &asked).await?;
    let slot = logs.slots.take(&caller.user, &namespace)?;
    let (form, follows) = (Form::of(&headers), asked.follow);
    let mut telling = Telling::new(Arc::clone(&logs), key, asked, form, slot);
    match found {
        Found::Run(run) => telling.begin(run).await?,
        Found::NotYet(_) if follows => {}
        Found::NotYet(why) => return Err(Refusal::bad_request(why)),
        Found::Never(why) => return Err(Refusal::not_found(why)),
    }
    tracing::debug!(user = caller.user, namespace, name, "a log is read");
    Ok(telling.into_response())
}
