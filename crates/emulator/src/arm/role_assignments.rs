//! Azure role assignments, at any scope (contract §8.1).

use axum::extract::Request;

use crate::error::{Answer, no_such_route};
use crate::state::App;

/// Answers every request to `{scope}/providers/Microsoft.Authorization/roleAssignments[/{name}]`.
pub(crate) async fn answer(
    _app: &App,
    _scope: &str,
    _name: Option<&str>,
    _request: Request,
) -> Answer {
    Err(no_such_route())
}
