//! Tables: what is wanted, found and on record, what follows, and why.

mod allowed;
mod next;
mod object;
mod report;
