//! One loop for every kind: watch, gather, decide, remember, act, report, wake.
//!
//! A [`Kind`] joins an object with a pure machine of `core` and with the effects that the machine names. The
//! engine does the rest: it keeps the caches ([`Source`]), drives passes ([`run`]), writes status and
//! finalizers, tells events, counts, and follows remote things in batches ([`Poller`]). It knows no Azure.

#![forbid(unsafe_code)]

pub mod caches;
mod calm;
pub mod clock;
mod controller;
pub mod deadline;
mod drive;
mod error;
mod events;
mod fair;
pub mod finalizer;
mod fresh;
mod guard;
mod jitter;
mod kind;
mod later;
mod line;
mod memory;
pub mod metrics;
pub mod pages;
pub mod poller;
pub mod probe;
mod source;
mod status;
pub mod telemetry;
mod turn;
mod wakes;

pub use caches::Caches;
pub use clock::Clock;
pub use controller::{Base, Options, run};
pub use error::Error;
pub use fresh::Fresh;
pub use kind::{Given, Kind, Memo, Seen, StatusOf, Step, Want};
pub use line::{Queued, Seat};
pub use metrics::Metrics;
pub use poller::{BatchSource, Poller};
pub use source::{Change, Source, Watched};
pub use tokio_util::sync::CancellationToken;
pub use wakes::Wakes;
