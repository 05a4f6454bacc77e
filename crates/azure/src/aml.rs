//! Azure Machine Learning: jobs, code assets, run history and logs.

pub mod code;
pub mod job;
pub mod log;
pub mod run;
pub mod upload;
