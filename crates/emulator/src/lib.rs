//! An emulator of Azure Machine Learning and Synapse, for Spark: login, resource manager, run history,
//! Synapse role assignments and blob storage behind one HTTPS server on the loopback interface.
//!
//! It keeps what it is sent as raw JSON and shares no types with any client: a field name that is
//! wrong on both sides would otherwise pass. What it does not know about Azure is a setting
//! ([`Settings`]), and `docs/fidelity.md` lists each.

mod addresses;
mod aml;
mod args;
mod arm;
mod authority;
mod blob;
mod clock;
mod config;
mod control;
mod dispatch;
mod emulator;
mod environment;
mod error;
mod fault;
mod history;
mod inventory;
mod ledger;
mod login;
mod metadata;
mod operation;
mod paging;
mod redact;
mod request;
mod server;
mod settings;
mod site;
mod spark;
mod state;
mod store;
mod studio;
mod synapse;
mod tasks;
mod throttle;
mod world;

pub use args::{Args, Command, Serve};
pub use config::{Config, Runner};
pub use emulator::{Emulator, StartError};
pub use environment::variables;
pub use settings::Settings;
pub use world::{Access, Identity, Link, Pool, Principal, SynapseWorkspace, World};
