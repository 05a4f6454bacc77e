//! What happens to every request: it is noted, may be made to fail, finds its service by host and path,
//! and its answer is noted.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use uuid::Uuid;

use crate::addresses::Audience;
use crate::arm::gate;
use crate::arm::path::Path;
use crate::error::{Answer, Refusal, no_such_route};
use crate::fault::{Action, When, status_answer};
use crate::ledger::{Asked, Entry, Noted, Sent, what};
use crate::login::caller_of;
use crate::request::AsSent;
use crate::site::{Account, Site};
use crate::state::App;
use crate::store::STALE;
use crate::{
    aml, arm, blob, control, history, inventory, login, metadata, operation, redact, studio,
    synapse,
};

/// Largest JSON body: the resource manager's own limit is 4 MB; code of a notebook fits in it.
const LARGEST_JSON: usize = 4 << 20;

type Service = TowerToHyperService<Router>;

/// The services behind the server.
pub(crate) struct Dispatch {
    app: Arc<App>,
    /// The main host's, as each Azure ML workspace answers; the first is the world's own, which answers for
    /// everything that is no workspace's.
    main: Vec<(Arc<App>, Service)>,
    synapse: Service,
    blob: Service,
}

/// A fault rule closed the connection.
#[derive(Debug, thiserror::Error)]
#[error("a fault rule closed the connection")]
pub(crate) struct Dropped;

impl Dispatch {
    pub(crate) fn new(app: Arc<App>) -> Self {
        let service = |routes: Router<Arc<App>>, app: &Arc<App>| {
            TowerToHyperService::new(routes.with_state(Arc::clone(app)))
        };
        let no_route = async || no_such_route();
        let main = Router::new()
            .merge(control::routes())
            .merge(inventory::routes())
            .merge(metadata::routes())
            .merge(login::routes())
            .merge(arm::routes())
            .merge(aml::routes())
            .merge(history::routes())
            .fallback(no_route);
        let workspaces = app.workspaces().map(Arc::new);
        Self {
            main: workspaces
                .map(|app| (Arc::clone(&app), service(main.clone(), &app)))
                .collect(),
            synapse: service(synapse::routes().fallback(no_route), &app),
            blob: service(blob::routes(), &app),
            app,
        }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Response, Dropped> {
        let request = request.map(Body::new);
        let host = Site::host(&request);
        let site = Site::of_host(&host);
        if site == Site::Main && request.uri().path().starts_with(control::PREFIX) {
            return Ok(self.first(request).await);
        }
        let sent = sent_path(request.uri());
        let (request, noted) = match self.note(request, &site, &host, &sent).await {
            Ok(request) => request,
            Err(refusal) => return Ok(refusal.into_response()),
        };
        for (app, _) in &self.main {
            aml::jobs::settle(app);
        }
        let rule = self.app.faults.hit(request.method().as_str(), &host, &sent);
        let mut response = match rule {
            None => self.effect(site, sent, request).await,
            Some(Action::Status {
                status,
                body,
                retry_after,
            }) => status_answer(status, body, retry_after).into_response(),
            // The connection's own task sleeps here: if the client goes away, the task is dropped, and
            // the effect with it.
            Some(Action::Delay {
                seconds,
                when: When::Before,
            }) => {
                pause(seconds).await;
                self.effect(site, sent, request).await
            }
            Some(Action::Delay {
                seconds,
                when: When::After,
            }) => {
                let response = self.effect(site, sent, request).await;
                pause(seconds).await;
                response
            }
            Some(Action::Drop { when: When::Before }) => return Err(Dropped),
            Some(Action::Drop { when: When::After }) => {
                self.effect(site, sent, request).await;
                return Err(Dropped);
            }
            Some(Action::Stale) => {
                let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
                STALE.scope(is_read, self.effect(site, sent, request)).await
            }
        };
        self.app.ledger.answered(&noted, response.status().as_u16());
        let kind = if response.status().is_success() {
            "standard"
        } else {
            "error"
        };
        response
            .headers_mut()
            .entry("x-ms-response-type")
            .or_insert(HeaderValue::from_static(kind));
        Ok(response)
    }

    /// Enters the request into the ledger; a JSON body is read for that and put back.
    async fn note(
        &self,
        request: Request,
        site: &Site,
        host: &str,
        sent: &str,
    ) -> Result<(Request, Noted), Refusal> {
        let (parts, body) = request.into_parts();
        let mut json = None;
        let body = if matches!(site, Site::Blob(_)) || !is_json(&parts.headers) {
            body
        } else {
            let bytes = to_bytes(body, LARGEST_JSON).await.map_err(|_| {
                Refusal::plain(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "RequestContentTooLarge",
                    "The request content is larger than 4 MB.",
                )
            })?;
            json = Some(Sent(bytes.clone()));
            Body::from(bytes)
        };
        let caller = bearer(&parts.headers)
            .and_then(|token| self.app.signer.read(token))
            .map(|claims| claims.appid);
        let api_version = AsSent(sent.to_owned()).query("api-version").or_else(|| {
            parts
                .headers
                .get("x-ms-version")?
                .to_str()
                .ok()
                .map(str::to_owned)
        });
        let asked = Asked {
            caller: caller.clone(),
            method: parts.method.to_string(),
            what: what(site, parts.uri.path()),
        };
        let entry = Entry {
            number: 0,
            time: self.app.clock.now(),
            host: host.to_owned(),
            method: parts.method.to_string(),
            path: redact::path(sent),
            status: None,
            caller,
            api_version,
            body: json,
        };
        let keep = self.app.settings().ledger_size;
        let noted = self.app.ledger.arrived(entry, asked, keep);
        Ok((Request::from_parts(parts, body), noted))
    }

    async fn effect(&self, site: Site, sent: String, mut request: Request) -> Response {
        for (app, _) in &self.main {
            operation::settle(app);
        }
        let ids = request_ids(request.headers());
        let is_blob = matches!(site, Site::Blob(_));
        request.extensions_mut().insert(AsSent(sent));
        let answered = match site {
            Site::Main => self.main_site(request).await,
            Site::Synapse(workspace) => self.synapse_site(&workspace, request).await,
            Site::Blob(account) => {
                request.extensions_mut().insert(Account(account));
                Ok(run(&self.blob, request).await)
            }
            Site::Studio => studio::answer(&self.app, request).await,
            Site::Unknown => Err(no_such_host()),
        };
        let mut response = answered.unwrap_or_else(IntoResponse::into_response);
        if !is_blob {
            for (name, value) in ids {
                response.headers_mut().entry(name).or_insert(value);
            }
        }
        response
    }

    async fn main_site(&self, mut request: Request) -> Answer {
        let path = Path::new(request.uri().path());
        if !path.needs_token() {
            return Ok(self.first(request).await);
        }
        let caller = gate::admit(&self.app, &path, &request)?;
        let limits = self.app.settings().throttle;
        let now = self.app.clock.now();
        let remaining = self
            .app
            .throttle
            .take(limits, &caller.object_id, request.method(), now)?;
        let mut response = if let Some((scope, name)) = path.role_assignment() {
            arm::role_assignments::answer(&self.app, &scope, name.as_deref(), request).await?
        } else {
            rewrite(&mut request, &path);
            request.extensions_mut().insert(caller);
            match self.workspace(&path) {
                Some(service) => run(service, request).await,
                None => self.first(request).await,
            }
        };
        if let Some(remaining) = remaining
            && let Ok(value) = HeaderValue::from_str(&remaining.tokens)
        {
            response.headers_mut().insert(remaining.header, value);
        }
        Ok(response)
    }

    /// Answers as the world's own workspace.
    async fn first(&self, request: Request) -> Response {
        match self.main.first() {
            Some((_, service)) => run(service, request).await,
            None => no_such_route().into_response(),
        }
    }

    /// What answers for the workspace that a path leads into, or that started the operation that it asks for.
    fn workspace(&self, path: &Path) -> Option<&Service> {
        let (namespace, _) = path.resource_type()?;
        if namespace != "Microsoft.MachineLearningServices" {
            return None;
        }
        let name = path.name_after("workspaces");
        let operation = path
            .name_after("computeOperationsStatus")
            .or_else(|| path.name_after("workspaceOperationsStatus"));
        let found = self.main.iter().find(|(app, _)| match (&name, &operation) {
            (Some(name), _) => app.world.workspace.eq_ignore_ascii_case(name),
            (None, Some(id)) => operation::is_known(app, id),
            (None, None) => false,
        });
        found.map(|(_, service)| service)
    }

    async fn synapse_site(&self, host: &str, mut request: Request) -> Answer {
        let workspace = synapse::Workspace::of_host(&self.app, host).ok_or_else(no_such_host)?;
        let caller = caller_of(&self.app, request.headers(), Audience::Synapse)
            .map_err(|rejected| rejected.refusal(&self.app, Audience::Synapse))?;
        gate::check_version(&request)?;
        workspace.check_network(&self.app)?;
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(workspace);
        Ok(run(&self.synapse, request).await)
    }
}

fn no_such_host() -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "NoSuchHost",
        "Nothing is served under this host name.",
    )
}

async fn run(service: &Service, request: Request) -> Response {
    match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn pause(seconds: f64) {
    if let Ok(span) = Duration::try_from_secs_f64(seconds) {
        tokio::time::sleep(span).await;
    }
}

fn sent_path(uri: &Uri) -> String {
    uri.path_and_query()
        .map_or("/", axum::http::uri::PathAndQuery::as_str)
        .to_owned()
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get("authorization")?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Routes are written in one case only.
fn rewrite(request: &mut Request, path: &Path) {
    let written = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_string(),
    };
    if let Ok(uri) = Uri::try_from(written) {
        *request.uri_mut() = uri;
    }
}

/// The ids that every answer of the resource manager carries (contract §0.1).
fn request_ids(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    const REQUEST: HeaderName = HeaderName::from_static("x-ms-request-id");
    const CORRELATION: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
    const CLIENT: HeaderName = HeaderName::from_static("x-ms-client-request-id");
    let fresh = || HeaderValue::from_str(&Uuid::new_v4().to_string()).ok();
    let mut ids = Vec::new();
    ids.extend(fresh().map(|id| (REQUEST, id)));
    ids.extend(
        headers
            .get(CORRELATION)
            .cloned()
            .or_else(fresh)
            .map(|id| (CORRELATION, id)),
    );
    let echo = headers
        .get("x-ms-return-client-request-id")
        .is_some_and(|wish| wish.as_bytes().eq_ignore_ascii_case(b"true"));
    if echo && let Some(id) = headers.get(CLIENT) {
        ids.push((CLIENT, id.clone()));
    }
    ids
}
