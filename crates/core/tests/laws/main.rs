//! The laws of the machines, over generated inputs: arbitrary ones for what must hold of each answer, and walks through
//! many looks for what must hold of what is remembered and said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test: a panic is a failed test with a place in it"
)]

#[path = "../simulation/conditions.rs"]
mod conditions;

mod attachment;
mod attachment_inputs;
mod job;
mod job_inputs;
mod link;
mod link_inputs;
mod made_of;
mod material;
mod roles;
mod times;
mod walk;
mod workspace;
mod year;
