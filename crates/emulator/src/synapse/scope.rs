//! Scopes of Synapse: `workspaces/{workspace}` or `workspaces/{workspace}/bigDataPools/{pool}`, without a
//! slash in front and no ARM ids (contract §7).

use crate::World;

/// A scope that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole workspace.
    Workspace,
    /// One Spark pool, by the name that it has in the world.
    Pool(String),
}

impl Scope {
    /// Reads a scope; words and names compare without case.
    pub(super) fn read(world: &World, text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_workspace = |kind: &str, name: &str| {
            kind.eq_ignore_ascii_case("workspaces")
                && name.eq_ignore_ascii_case(&world.synapse_workspace)
        };
        match parts.as_slice() {
            [kind, name] if is_workspace(kind, name) => Some(Self::Workspace),
            [first, name, kind, pool]
                if is_workspace(first, name) && kind.eq_ignore_ascii_case("bigDataPools") =>
            {
                world
                    .find_pool(pool)
                    .map(|pool| Self::Pool(pool.name.clone()))
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

#[cfg(test)]
mod tests {
    use super::Scope;
    use crate::World;

    #[test]
    fn scopes_are_no_arm_ids() {
        let world = World::default().complete();
        let rows = [
            ("workspaces/yogi-synapse-ws", Some(Scope::Workspace)),
            (
                "workspaces/YOGI-synapse-ws/bigdatapools/YogiSparkPool",
                Some(Scope::Pool("yogisparkpool".to_owned())),
            ),
            ("/workspaces/yogi-synapse-ws", None),
            ("workspaces/other", None),
            ("workspaces/yogi-synapse-ws/bigDataPools/other", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Scope::read(&world, text), expected, "{text}");
        }
    }
}
