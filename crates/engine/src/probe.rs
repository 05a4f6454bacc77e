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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::controller::Options;

    async fn get(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn alive_at_once_ready_when_the_caches_are_and_gone_at_the_end() {
        let nowhere = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
        let client = kube::Client::try_from(nowhere).unwrap();
        let base = Base::new(client, Options::default());
        base.caches.expect("SparkJob");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn({
            let (base, shutdown) = (base.clone(), shutdown.clone());
            async move { serve(listener, &base, shutdown).await }
        });
        assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
        let not_yet = get(address, "/readyz").await;
        assert!(not_yet.starts_with("HTTP/1.1 503"), "{not_yet}");
        assert!(not_yet.ends_with("still listing: SparkJob"), "{not_yet}");
        base.caches.is_filled("SparkJob");
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        base.metrics.told("sent");
        let metrics = get(address, "/metrics").await;
        assert!(
            metrics.contains(r#"azureml_spark_events_total{outcome="sent"} 1"#),
            "{metrics}"
        );
        assert!(metrics.ends_with("# EOF\n"), "{metrics}");
        shutdown.cancel();
        server.await.unwrap().unwrap();
    }
}
