//! The custom resources, their conditions and the words that are fixed: the public contract.

#![forbid(unsafe_code)]

pub mod condition;
pub mod meta;
mod reason;

pub use reason::Reason;
