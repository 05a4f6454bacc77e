//! The log of a run, for whoever may read it by Kubernetes' own roles: an API of its own that the apiserver passes on to
//! us (aggregation). The caller needs no right on Azure; see docs/adr/0010.
//!
//! `GET /apis/logs.spark.azureml.dev/v1alpha1/namespaces/{ns}/sparkjobs/{name}/log`

mod answer;
mod asked;
mod caller;
mod discovery;
mod door;
mod front_proxy;
mod hurried;
mod job;
mod known;
mod review;
mod routes;
mod server;
mod slots;
mod telling;

use std::path::PathBuf;
use std::sync::Arc;

use azureml_spark_api::SparkJob;
use azureml_spark_azure::aml::log::Pace;
use azureml_spark_engine::CancellationToken;
use kube::runtime::reflector::Store;
use tokio::net::TcpListener;

use crate::access::Access;

use known::Known;
use slots::Slots;

/// What an answer is made from.
pub(crate) struct Logs {
    kube: kube::Client,
    access: Arc<Access>,
    jobs: Known,
    pace: Pace,
    slots: Slots,
}

/// Where it is served, and as whom.
pub(crate) struct Place {
    pub(crate) listener: TcpListener,
    /// File with the certificate, PEM.
    pub(crate) certificate: PathBuf,
    /// File with its key, PEM.
    pub(crate) key: PathBuf,
}

impl Logs {
    pub(crate) fn new(
        kube: kube::Client,
        access: Arc<Access>,
        jobs: Store<SparkJob>,
        pace: Pace,
    ) -> Self {
        Self {
            jobs: Known::new(kube.clone(), jobs),
            kube,
            access,
            pace,
            slots: Slots::default(),
        }
    }

    /// Answers until `shutdown`; what is being told is broken off then, and callers come again.
    pub(crate) async fn serve(self, place: Place, shutdown: CancellationToken) {
        let (door, current) = tokio::sync::watch::channel(None);
        let keep = door::keep(self.kube.clone(), place.certificate, place.key, door);
        let routes = routes::routes(Arc::new(self));
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = keep => {}
            () = server::serve(place.listener, current, routes) => {}
        }
    }
}
