//! The control plane: workspaces, links, computes, Synapse workspaces and their Spark pools,
//! identities and Azure role assignments.

pub mod compute;
pub mod identity;
pub mod linked_service;
pub mod pool;
pub mod provisioning;
pub mod region;
pub mod role_assignment;
pub mod synapse_workspace;
pub mod workspace;
