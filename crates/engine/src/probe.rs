//! `/livez`, `/readyz` and `/metrics`, on the address that it is given.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::caches::Caches;
use crate::controller::Base;
use crate::metrics::Metrics;

#[derive(Clone)]
struct Known {
    caches: Caches,
    metrics: Metrics,
}

/// Answers until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    base: &Base,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let known = Known {
        caches: base.caches.clone(),
        metrics: base.metrics.clone(),
    };
    let routes = Router::new()
        // Who can answer this is alive: the answer needs the same runtime as the passes.
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(known);
    axum::serve(listener, routes)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

async fn ready(State(known): State<Known>) -> impl IntoResponse {
    let waiting = known.caches.waiting_for();
    if waiting.is_empty() {
        (StatusCode::OK, "ok".to_owned())
    } else {
        let text = format!("still listing: {}", waiting.join(", "));
        (StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

async fn metrics(State(known): State<Known>) -> impl IntoResponse {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match known.metrics.encode() {
        Ok(text) => (StatusCode::OK, [(CONTENT_TYPE, OPEN_METRICS)], text),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            [(CONTENT_TYPE, "text/plain")],
            "cannot encode".to_owned(),
        ),
    }
}
