//! Tables: what is given, what is decided or said, and why.

mod adoption;
mod claim;
mod drift;
mod jobs;
mod leave;
mod next;
mod object;
mod observe;
mod pending;
mod pool;
mod report;
mod retain;
mod roles;
mod swap;
mod want;
mod warnings;
