//! Tables: what is given, what is decided or said, and why.

mod claim;
mod leave;
mod next;
mod object;
mod report;
mod want;
