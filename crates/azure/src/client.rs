//! The one sender of calls.
//!
//! On `reqwest` itself and not on `azure_core`'s pipeline: that one folds a body that broke off, a
//! connection reset after sending and a deadline into one kind of error, while whether a write may
//! have arrived decides what is done next ([`Class::Unsure`]).

mod exchange;
mod remaining;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

pub use waiting::{Place, Waiting};

use crate::budget::{Budget, Lane, Rank, Ticket, Trip};
use crate::classify::{Answer, classify};
use crate::cloud::Cloud;
use crate::credential::Credential;
use crate::error::{Class, Details, Error};
use crate::error_body::ErrorBody;
use crate::redact;
use crate::request::{Audience, Call, Effect, Request, UserToken};
use crate::response::{Refusal, Response};
use crate::retry_after::retry_after;
use crate::transport::Transport;

/// Before the second try of a read whose connection was refused: long enough for a load balancer
/// to pick another front end.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// Settings of a [`Client`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The time for one try, answer included. ARM's proxy gives up after 60 s, and ARM stalls for
    /// tens of seconds on a loaded workspace (contract §0.1, §13).
    pub deadline: Duration,
    /// The budget, shared by all clients of the process.
    pub budget: Budget,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Duration::from_mins(1),
            budget: Budget::default(),
        }
    }
}

/// Sends calls to one cloud as one identity, on behalf of a share and in a rank of the budget. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
    share: Arc<str>,
    rank: Rank,
    pass: Option<Arc<Pass>>,
}

/// Requests of one object that belong together.
#[derive(Debug)]
struct Pass {
    object: String,
    /// Whether one of them has gone.
    begun: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    transport: Transport,
    credential: Credential,
    options: Options,
}

impl Client {
    /// Joins a cloud and an identity. Sends nothing.
    pub fn new(transport: Transport, credential: Credential, options: Options) -> Self {
        Self {
            inner: Arc::new(Inner {
                transport,
                credential,
                options,
            }),
            share: "".into(),
            rank: Rank::default(),
            pass: None,
        }
    }

    /// The same on behalf of one of those who share the budget: each is served in turn.
    #[must_use]
    pub fn for_share(&self, share: &str) -> Self {
        Self {
            share: share.into(),
            ..self.clone()
        }
    }

    /// The same for requests of one object that belong together: once one has gone, the others go before those of whom
    /// none has. Two objects that ask the same have a place each.
    #[must_use]
    pub fn for_pass(&self, object: &str) -> Self {
        let pass = Pass {
            object: object.to_owned(),
            begun: AtomicBool::new(false),
        };
        Self {
            pass: Some(Arc::new(pass)),
            ..self.clone()
        }
    }

    /// The same in another rank.
    #[must_use]
    pub fn ranked(&self, rank: Rank) -> Self {
        Self {
            rank,
            ..self.clone()
        }
    }

    /// Whether both send as the same identity to the same cloud, since the same moment.
    pub fn is_kin(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The cloud.
    pub fn cloud(&self) -> &Cloud {
        self.inner.transport.cloud()
    }

    /// The identity.
    pub fn credential(&self) -> &Credential {
        &self.inner.credential
    }

    /// Sends a call whose answer may be that there is no such thing.
    pub async fn find<T>(&self, call: Call<T>) -> Result<Option<T>, Error> {
        match self.send(call).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.class == Class::Absent => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a call: one try, or two if it is a read whose connection was refused; at most twice
    /// the deadline, and some seconds for its turn. What the budget does not give, and an address outside the cloud, is
    /// answered without sending.
    pub async fn send<T>(&self, call: Call<T>) -> Result<T, Error> {
        let Call { request, parse } = call;
        let url = request.url(self.cloud())?;
        let span = tracing::debug_span!(
            "azure",
            op = request.op,
            method = %request.method,
            host = url.host_str().unwrap_or_default(),
            path = url.path(),
        );
        let op = request.op;
        let result = async {
            let answered = self.answer(&request, &url).await?;
            match parse(&answered.response) {
                Ok(value) => Ok(value),
                Err(Refusal::Unsuccessful) => Err(Self::refused(&request, answered)),
                Err(Refusal::Unreadable(why)) => Err(unreadable(&request, &answered, &why)),
            }
        }
        .instrument(span)
        .await;
        let outcome = result.as_ref().map_or_else(Error::outcome, |_| "done");
        self.inner.options.budget.count(op, outcome);
        if let Err(error) = &result {
            tracing::debug!(
                op,
                class = ?error.class,
                code = error.innermost_code(),
                status = error.status,
                request_id = error.request_id,
                "azure call failed"
            );
        }
        result
    }

    /// An answer that the parser is to see.
    async fn answer(&self, request: &Request, url: &Url) -> Result<Answered, Error> {
        let (lane, ticket) = self.place(request, url);
        let headers = self.headers(request).await?;
        let trip = self.turn(&lane, &ticket, request.op).await?;
        let mut tries_left: u8 = if request.effect == Effect::Read { 2 } else { 1 };
        loop {
            tries_left -= 1;
            let request_id = Uuid::new_v4().to_string();
            match exchange::exchange(
                self.inner.transport.https(),
                request,
                url,
                headers.clone(),
                &request_id,
                self.inner.options.deadline,
            )
            .await
            {
                Ok(response) => {
                    tracing::debug!(status = response.status, request_id, "answered");
                    let status = response.status;
                    let left = remaining::remaining(&response, request.effect);
                    let answered = Answered {
                        response,
                        request_id,
                        trip,
                    };
                    let expected = request.expected.contains(&status);
                    if !expected && !(200..300).contains(&status) {
                        return Err(Self::refused(request, answered));
                    }
                    answered.trip.answered(left);
                    return Ok(answered);
                }
                Err(exchange::Lost::NeverConnected(why)) if tries_left > 0 => {
                    tracing::debug!(why, "connection refused; trying once more");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(lost) => return Err(lost.into_error(request, request_id)),
            }
        }
    }

    /// Waits for a short while where others of the same pass may hang on the request: ended and begun anew, the pass would
    /// make all its requests once more.
    async fn turn(&self, lane: &Lane, ticket: &Ticket, op: &'static str) -> Result<Trip, Error> {
        let (budget, begun) = (&self.inner.options.budget, Instant::now());
        let mut bed = None;
        loop {
            let until = match budget.spend(lane, ticket) {
                Ok(trip) => {
                    if let Some(pass) = &self.pass {
                        pass.begun.store(true, Ordering::Relaxed);
                    }
                    return Ok(trip);
                }
                Err(until) => until,
            };
            let wait = until.duration_since(Timestamp::now());
            let wait = Duration::try_from(wait).unwrap_or_default();
            if bed.is_none() && ticket.is_of_a_crowd() {
                bed = budget.bed();
            }
            let stays = bed.is_some() || !ticket.is_of_a_crowd();
            if !stays || begun.elapsed() + wait > ticket.patience() {
                if ticket.is_begun() {
                    // The next pass begins anew.
                    budget.leave(lane, ticket);
                }
                return Err(Error::waiting(op, until));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Where a request stands in the budget.
    fn place(&self, request: &Request, url: &Url) -> (Lane, Ticket) {
        let principal = if request.audience == Audience::None {
            ""
        } else {
            self.inner.credential.principal()
        };
        let lane = Lane::of(self.cloud(), url, principal, request.effect);
        let pass = self.pass.as_deref();
        let object = pass.map_or("", |pass| &pass.object);
        let begun = pass.is_some_and(|pass| pass.begun.load(Ordering::Relaxed));
        // The pages of a list differ in their query.
        let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let method = request.method.as_str();
        let ticket = Ticket::new(self.rank, &self.share, object, method, &target);
        (lane, ticket.begun(begun))
    }

    async fn headers(&self, request: &Request) -> Result<HeaderMap, Error> {
        let cloud = self.cloud();
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let value = HeaderValue::from_str(value).map_err(|_| invalid_header(request, name))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let audience = match request.audience {
            Audience::None => None,
            Audience::ResourceManager => Some(cloud.resource_manager_audience.as_str()),
            Audience::Synapse => Some(cloud.synapse_audience.as_str()),
            Audience::StudioIndex => Some(cloud.index_audience()),
        };
        if let Some(audience) = audience {
            let token = self.inner.credential.token(audience).await?;
            headers.insert(AUTHORIZATION, secret_header(request, "Bearer ", &token)?);
        }
        if request.user_token == UserToken::Sent {
            let token = self
                .inner
                .credential
                .token(&cloud.machine_learning_audience)
                .await?;
            let name = HeaderName::from_static("x-azureml-token");
            headers.insert(name, secret_header(request, "", &token)?);
        }
        Ok(headers)
    }

    /// An answer that is an error: classified, and the budget shut if Azure asked for it.
    fn refused(request: &Request, answered: Answered) -> Error {
        let Answered {
            response,
            request_id,
            trip,
        } = answered;
        let now = Timestamp::now();
        let body = ErrorBody::read(&response);
        let wait = retry_after(&response, now);
        let class = classify(&Answer {
            effect: request.effect,
            status: response.status,
            code: &body.code,
            inner_codes: &body.inner_codes,
            message: &body.message,
            retry_after: wait,
            now,
        });
        if let Class::Throttled { until } = class {
            trip.shut(until);
        } else {
            trip.answered(remaining::remaining(&response, request.effect));
        }
        Error::from(Details {
            class,
            op: request.op,
            code: body.code,
            inner_codes: body.inner_codes,
            message: body.message,
            status: Some(response.status),
            request_id: Some(service_request_id(&response).unwrap_or(request_id)),
            retry_after: wait,
            parameters: body.parameters,
        })
    }
}

/// An answer, and what is needed to learn from it.
struct Answered {
    response: Response,
    /// The id that we gave the request.
    request_id: String,
    trip: Trip,
}

fn secret_header(
    request: &Request,
    prefix: &str,
    token: &SecretString,
) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", token.expose_secret()))
        .map_err(|_| invalid_header(request, "authorization"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn invalid_header(request: &Request, name: &str) -> Error {
    let message = format!("the value of header {name} cannot be sent");
    Error::local(Class::Terminal, request.op, "InvalidHeader", message)
}

fn service_request_id(response: &Response) -> Option<String> {
    ["x-ms-correlation-request-id", "x-ms-request-id"]
        .iter()
        .find_map(|name| response.header(name))
        .map(str::to_owned)
}

/// Success in words that we cannot read. For a write it has happened; what, one look tells.
fn unreadable(request: &Request, answered: &Answered, why: &str) -> Error {
    let Answered {
        response,
        request_id,
        ..
    } = answered;
    let class = match request.effect {
        Effect::Read => Class::Retryable,
        Effect::Write | Effect::Delete => Class::Unsure,
    };
    Error::from(Details {
        class,
        op: request.op,
        code: "UnreadableAnswer".to_owned(),
        inner_codes: Vec::new(),
        message: redact::text(&format!("Azure's answer cannot be read: {why}")),
        status: Some(response.status),
        request_id: Some(service_request_id(response).unwrap_or_else(|| request_id.clone())),
        retry_after: None,
        parameters: std::collections::BTreeMap::new(),
    })
}
