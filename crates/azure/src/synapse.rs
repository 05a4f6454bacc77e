//! Synapse's data plane.

pub mod rbac;
