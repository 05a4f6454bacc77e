//! The test stack: a real etcd, kube-apiserver and controller-manager, the chart installed by real helm, the operator
//! run as a process under the chart's `ServiceAccount`, and the emulator of Azure beside it.
//!
//! `cargo xtask up`, `demo` and `test` use the same code, so what a test proves is what a person runs.

pub mod access;
pub mod binaries;
pub mod control_plane;
pub mod emulator;
pub mod eventually;
pub mod flux;
pub mod helm;
pub mod manifest;
pub mod operator;
pub mod portal;
mod ports;
pub mod process;
pub mod repository;
pub mod scenario;
pub mod scope;
pub mod stack;
pub mod tools;
