//! The control plane: workspaces, computes, Spark pools and Azure role assignments.

pub mod compute;
pub mod identity;
pub mod pool;
pub mod provisioning;
pub mod role_assignment;
pub mod workspace;
