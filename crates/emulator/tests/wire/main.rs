//! The emulator as its clients see it: over TLS, with tokens, by URL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod attaching;
mod azure;
mod clusters;
mod computes;
mod control;
mod endpoints;
mod faults;
mod fidelity;
mod gate;
mod links;
mod login;
mod recorded;
mod resources;
mod role_assignments;
mod synapse;
mod synapse_effect;
mod workspace;
mod workspaces;
