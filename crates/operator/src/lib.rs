//! Joins Kubernetes and Azure: binds each kind's machine to what it reads and does.
//!
//! Nothing in here decides what to do next; that is `core`. Nothing in here knows Azure's wire; that is `azure`.

#![forbid(unsafe_code)]

mod access;
pub mod args;
mod attachment;
mod board;
mod budget;
mod census;
mod clouds;
mod follow;
mod holders;
mod linked_service;
mod logs;
mod readiness;
mod records;
mod references;
mod registered;
mod roles;
mod source;
mod spark_job;
mod stays;
mod steering;
mod translate;
mod wire;
mod workspace;

pub use args::Args;
pub use follow::FollowBy;
pub use source::ArtifactHosts;
pub use wire::run;
