//! Roles, where Azure takes its time with them, hides them, has them twice, or this installation does not let them be
//! granted.

mod allowed;
mod late;
mod listed;
