//! Jobs, code, run history and blobs as their clients see them; mostly with the instant runner.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod assets;
#[path = "../wire/azure.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of the wire, which need other parts of it"
)]
mod azure;
mod blobs;
mod cancel;
mod codes;
mod datastores;
mod endings;
mod history;
mod index;
mod jobs;
mod list;
mod logs;
mod references;
mod refusals;
mod registering;
mod repeated;
mod spark;
mod studio;
