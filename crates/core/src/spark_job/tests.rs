//! Tables: what is given, what is decided or said, and why.

mod allocation;
mod code;
mod end;
mod environment;
mod fault;
mod hash;
mod identity;
mod inputs;
mod next;
mod object;
mod pinned;
mod report;
mod roles;
mod rules;
mod specs;
mod want;
