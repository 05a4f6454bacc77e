//! The client against the emulator, which shares no type with it: a whole life of an attachment, of
//! a job and of a link, and what surrounds them. Neither is judged by itself: requests are compared with the SDK's elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod assets;
mod attachments;
mod index;
mod jobs;
mod links;
mod logs;
mod refusals;
mod stage;
mod surroundings;
