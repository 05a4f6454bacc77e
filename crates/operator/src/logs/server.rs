//! HTTPS for the apiserver's front proxy and nobody else.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::sync::watch::Receiver;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::door::Door;
use super::front_proxy::Headers;
use super::hurried::Hurried;

#[cfg(test)]
mod tests;

/// Most connections at a time: logs that are read, and the apiserver's looks at whether we live.
const MOST: usize = super::slots::MOST * 2;

/// Most connections that nobody knows whose they are. Of more, the oldest is closed: it had the most time.
const MOST_STRANGERS: usize = 256;

/// Time to agree on TLS, and to get a place: the other side is in the same cluster.
const GREETING: Duration = Duration::from_secs(3);

/// Time to send the headers of a request.
const ASKING: Duration = Duration::from_secs(10);

/// The longest that the other side takes nothing of what is written.
const STALLED: Duration = Duration::from_mins(1);

/// The longest connection: one answer, which mostly ends by itself before.
const LONGEST: Duration = super::telling::LONGEST.saturating_add(STALLED);

/// Rest after a connection could not be accepted: file descriptors are short, most likely.
const REST: Duration = Duration::from_millis(100);

/// Somebody whose certificate was verified.
struct Known {
    stream: TlsStream<Hurried<TcpStream>>,
    headers: Arc<Headers>,
}

/// Serves; whoever drops this closes all connections.
pub(super) async fn serve(
    listener: TcpListener,
    door: Receiver<Option<Arc<Door>>>,
    routes: Router,
) {
    let places = Arc::new(Semaphore::new(MOST));
    let mut strangers: JoinSet<Option<Known>> = JoinSet::new();
    let mut oldest_first: VecDeque<AbortHandle> = VecDeque::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(greeted) = strangers.join_next(), if !strangers.is_empty() => {
                if let Ok(Some(known)) = greeted {
                    connections.spawn(connection(known, routes.clone(), Arc::clone(&places)));
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Closed without a word while we have no certificate.
                    let door = door.borrow().clone();
                    if let Some(door) = door {
                        oldest_first.retain(|stranger| !stranger.is_finished());
                        if oldest_first.len() >= MOST_STRANGERS
                            && let Some(oldest) = oldest_first.pop_front()
                        {
                            oldest.abort();
                        }
                        oldest_first.push_back(strangers.spawn(greet(stream, door)));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }
}

/// Lets in whom the door lets in, who must not take long.
async fn greet(stream: TcpStream, door: Arc<Door>) -> Option<Known> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let stream = Hurried::new(stream, STALLED);
    let acceptor = TlsAcceptor::from(Arc::clone(&door.tls));
    match tokio::time::timeout(GREETING, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(Known {
            stream,
            headers: Arc::clone(&door.headers),
        }),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a client did not agree on TLS");
            None
        }
        Err(_) => None,
    }
}

/// A place for somebody, and what is asked there.
async fn connection(known: Known, routes: Router, places: Arc<Semaphore>) {
    let place = tokio::time::timeout(GREETING, places.acquire_owned()).await;
    let Ok(Ok(_place)) = place else {
        tracing::warn!("all {MOST} connections are taken");
        return;
    };
    answer(known.stream, routes.layer(axum::Extension(known.headers))).await;
}

/// One request and its answer.
async fn answer(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, routes: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ASKING)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    match tokio::time::timeout(LONGEST, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        Err(_) => tracing::debug!("a connection took too long"),
    }
}
