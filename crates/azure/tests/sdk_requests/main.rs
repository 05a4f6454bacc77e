//! Our requests are those of Microsoft's SDK for the same wish. What differs is listed with a
//! reason; a difference that is not listed fails, and so does a listed one that is gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod assets;
mod code;
mod compare;
mod computes;
mod jobs;
mod runs;
