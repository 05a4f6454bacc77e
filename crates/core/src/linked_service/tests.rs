//! Tables: what is given, what is decided or said, and why.

mod leave;
mod next;
mod object;
mod report;
mod want;
