//! What to do next, as pure functions.
//!
//! A [`Machine`] per kind looks at a wish and at the world and names one step; `engine` carries it out. Nothing
//! in here waits, reads a clock, draws a random number or knows Azure's wire: what happened is data, and so is
//! what shall happen.

#![forbid(unsafe_code)]

pub mod attachment;
pub mod backoff;
mod doubt;
pub mod fault;
pub mod grants;
pub mod linked_service;
pub mod machine;
pub mod name;
pub mod place;
pub mod record;
pub mod role;
#[cfg(test)]
mod samples;
pub mod spark_job;
pub mod summary;
pub mod workspace;

pub use fault::{Class, Fault, WAITING_FOR_BUDGET};
pub use machine::{Act, Invalid, Machine, Move, Pass, Sight, Trouble, Wake};
