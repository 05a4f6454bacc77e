//! The engine against a real apiserver, with a toy kind whose remote world is a map in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a panic in a test is its failure, and a test has no users"
)]

mod deletion;
mod faults;
mod finalizers;
mod house;
mod memory_first;
mod paused;
mod queued;
mod quiet;
mod settled;
mod toy;
