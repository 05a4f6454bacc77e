//! HTTPS for the apiserver's front proxy and nobody else.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::door::Door;

#[cfg(test)]
mod tests;

/// Most connections at a time: logs that are read, and the apiserver's looks at whether we live.
const MOST: usize = super::MOST * 2;

/// Time to agree on TLS, and to send the headers of a request: the other side is in the same cluster.
const GREETING: Duration = Duration::from_secs(10);

/// Rest after a connection could not be accepted: file descriptors are short, most likely.
const REST: Duration = Duration::from_millis(100);

/// Serves; whoever drops this closes all connections.
pub(super) async fn serve(
    listener: TcpListener,
    door: Receiver<Option<Arc<Door>>>,
    routes: Router,
) {
    let places = Arc::new(Semaphore::new(MOST));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                // Closed without a word while we have no certificate.
                let door = door.borrow().clone();
                if let Some(door) = door {
                    connections.spawn(connection(stream, door, routes.clone(), place));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(REST).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(
    stream: TcpStream,
    door: Arc<Door>,
    routes: Router,
    _place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let acceptor = TlsAcceptor::from(Arc::clone(&door.tls));
    let stream = match tokio::time::timeout(GREETING, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a client did not agree on TLS");
            return;
        }
        Err(_) => return,
    };
    let routes = routes.layer(axum::Extension(Arc::clone(&door.headers)));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(GREETING)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection ended early");
    }
}
