//! Azure Machine Learning: jobs, the assets that are part of them, run history, outputs and logs.

pub mod artifact;
pub mod asset;
pub mod code;
pub mod data;
pub mod environment;
pub mod index;
pub mod job;
pub mod log;
pub mod model;
pub mod output;
pub mod run;
pub mod upload;
