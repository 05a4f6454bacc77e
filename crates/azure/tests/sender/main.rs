//! What the sender adds to every call, against a real HTTPS server that answers as told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a panic in a test is a failed test with a place in it; modules of a test are private"
)]

mod faults;
mod hosts;
mod logins;
mod server;
mod throttling;
mod uploads;

use azureml_spark_azure::{WorkspaceId, aml::job};

fn workspace() -> WorkspaceId {
    WorkspaceId::new("sub-1", "rg", "ws").unwrap()
}

/// A read.
fn get_job() -> azureml_spark_azure::Call<job::Job> {
    job::get(&workspace(), "j")
}

/// A write.
fn cancel_job() -> azureml_spark_azure::Call<Option<azureml_spark_azure::operation::Operation>> {
    job::cancel(&workspace(), "j")
}
