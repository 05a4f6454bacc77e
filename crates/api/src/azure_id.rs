//! Azure's resource ids, parsed once at the edge. Azure returns them in mixed casing, so they compare ignoring case
//! (contract §0.1).

use std::fmt;

/// A resource id that names a Synapse Spark pool:
/// `/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}/bigDataPools/{}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SparkPoolId {
    /// Subscription of the Synapse workspace.
    pub subscription: String,
    /// Resource group of the Synapse workspace.
    pub resource_group: String,
    /// The Synapse workspace.
    pub workspace: String,
    /// The pool.
    pub pool: String,
}

impl SparkPoolId {
    /// Reads an id; `None` if it names something else.
    pub fn parse(id: &str) -> Option<Self> {
        let parts: Vec<&str> = id.strip_prefix('/')?.split('/').collect();
        let [
            subscriptions,
            subscription,
            groups,
            resource_group,
            providers,
            provider,
            workspaces,
            workspace,
            pools,
            pool,
        ] = parts.as_slice()
        else {
            return None;
        };
        let fixed = [
            (subscriptions, "subscriptions"),
            (groups, "resourceGroups"),
            (providers, "providers"),
            (provider, "Microsoft.Synapse"),
            (workspaces, "workspaces"),
            (pools, "bigDataPools"),
        ];
        let named = [subscription, resource_group, workspace, pool];
        (fixed
            .iter()
            .all(|(found, word)| found.eq_ignore_ascii_case(word))
            && named.iter().all(|part| !part.is_empty()))
        .then(|| Self {
            subscription: (*subscription).to_owned(),
            resource_group: (*resource_group).to_owned(),
            workspace: (*workspace).to_owned(),
            pool: (*pool).to_owned(),
        })
    }

    /// The Synapse workspace that it is in.
    pub fn synapse_workspace(&self) -> SynapseWorkspaceId {
        SynapseWorkspaceId {
            subscription: self.subscription.clone(),
            resource_group: self.resource_group.clone(),
            workspace: self.workspace.clone(),
        }
    }

    /// The scope of this pool in Synapse's own role assignments: no leading slash, not an ARM id (contract §7).
    pub fn synapse_scope(&self) -> String {
        format!("workspaces/{}/bigDataPools/{}", self.workspace, self.pool)
    }
}

/// A resource id that names a Synapse workspace:
/// `/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SynapseWorkspaceId {
    /// Subscription of the Synapse workspace.
    pub subscription: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its name.
    pub workspace: String,
}

impl SynapseWorkspaceId {
    /// Reads an id; `None` if it names something else.
    pub fn parse(id: &str) -> Option<Self> {
        let id = id.trim_end_matches('/');
        SparkPoolId::parse(&format!("{id}/bigDataPools/any")).map(|pool| pool.synapse_workspace())
    }

    /// One of its pools.
    pub fn pool(&self, name: &str) -> SparkPoolId {
        SparkPoolId {
            subscription: self.subscription.clone(),
            resource_group: self.resource_group.clone(),
            workspace: self.workspace.clone(),
            pool: name.to_owned(),
        }
    }

    /// The scope of the whole workspace in Synapse's own role assignments (contract §7).
    pub fn synapse_scope(&self) -> String {
        format!("workspaces/{}", self.workspace)
    }
}

impl fmt::Display for SynapseWorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}",
            self.subscription, self.resource_group, self.workspace
        )
    }
}

impl fmt::Display for SparkPoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}/bigDataPools/{}",
            self.subscription, self.resource_group, self.workspace, self.pool
        )
    }
}

/// Whether two resource ids name the same thing.
pub fn same(left: &str, right: &str) -> bool {
    left.trim_end_matches('/')
        .eq_ignore_ascii_case(right.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_id_is_read_whatever_its_casing_and_printed_in_azures() {
        let id = SparkPoolId::parse(
            "/subscriptions/s/resourcegroups/g/providers/microsoft.synapse/workspaces/w/bigdatapools/p",
        )
        .unwrap();
        assert_eq!(id.synapse_scope(), "workspaces/w/bigDataPools/p");
        assert!(same(
            &id.to_string(),
            "/SUBSCRIPTIONS/s/resourceGroups/G/providers/Microsoft.Synapse/workspaces/w/bigDataPools/p/"
        ));
    }

    #[test]
    fn a_synapse_workspace_and_its_pools_name_each_other() {
        let id = SynapseWorkspaceId::parse(
            "/subscriptions/s/resourceGroups/g/providers/microsoft.synapse/workspaces/w/",
        )
        .unwrap();
        assert_eq!(id.synapse_scope(), "workspaces/w");
        assert_eq!(id.pool("p").synapse_workspace(), id);
        assert!(SynapseWorkspaceId::parse(&id.pool("p").to_string()).is_none());
        assert_eq!(SynapseWorkspaceId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn anything_else_is_no_pool() {
        for id in [
            "",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/sqlPools/p",
            "/subscriptions//resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/bigDataPools/p",
            "subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/bigDataPools/p",
        ] {
            assert_eq!(SparkPoolId::parse(id), None, "{id}");
        }
    }
}
