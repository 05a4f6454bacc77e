//! Scopes of Synapse: `workspaces/{workspace}` or `workspaces/{workspace}/bigDataPools/{pool}`, without a
//! slash in front and no ARM ids (contract §7).

use super::Workspace;
use crate::state::App;

/// A scope that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole workspace.
    Workspace,
    /// One Spark pool, by the name that it was given.
    Pool(String),
}

impl Scope {
    /// Reads a scope of a workspace; words and names compare without case.
    pub(super) fn read(app: &App, workspace: &Workspace, text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_workspace = |kind: &str, name: &str| {
            kind.eq_ignore_ascii_case("workspaces") && name.eq_ignore_ascii_case(&workspace.name)
        };
        match parts.as_slice() {
            [kind, name] if is_workspace(kind, name) => Some(Self::Workspace),
            [first, name, kind, pool]
                if is_workspace(first, name) && kind.eq_ignore_ascii_case("bigDataPools") =>
            {
                workspace.pool(app, pool).map(Self::Pool)
            }
            _ => None,
        }
    }

    /// Whether a role at this scope reaches the pool.
    pub(super) fn covers_pool(&self, pool: &str) -> bool {
        match self {
            Self::Workspace => true,
            Self::Pool(name) => name.eq_ignore_ascii_case(pool),
        }
    }
}
