//! The ids of a Synapse workspace and of its Spark pools.

use std::fmt;
use std::str::FromStr;

use super::{ArmId, InvalidId, Segment, join, names};

const SYNAPSE_WORKSPACE: &str = "/subscriptions/*/resourceGroups/*/providers/\
    Microsoft.Synapse/workspaces/*";

const SPARK_POOL: &str = "/subscriptions/*/resourceGroups/*/providers/\
    Microsoft.Synapse/workspaces/*/bigDataPools/*";

/// A Synapse workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SynapseWorkspaceId {
    subscription: Segment,
    resource_group: Segment,
    name: Segment,
}

impl SynapseWorkspaceId {
    /// From its three names.
    pub fn new(subscription: &str, resource_group: &str, name: &str) -> Result<Self, InvalidId> {
        Ok(Self {
            subscription: Segment::parse("subscription", subscription)?,
            resource_group: Segment::parse("resource group", resource_group)?,
            name: Segment::parse("Synapse workspace", name)?,
        })
    }

    /// The workspace's name, the first label of its data plane's host.
    pub fn name(&self) -> &str {
        &self.name.0
    }

    /// The subscription's id.
    pub fn subscription(&self) -> &str {
        &self.subscription.0
    }

    /// The resource group's name.
    pub fn resource_group(&self) -> &str {
        &self.resource_group.0
    }

    /// The id of a Spark pool in this workspace.
    pub fn pool(&self, name: &str) -> Result<SparkPoolId, InvalidId> {
        Ok(SparkPoolId {
            workspace: self.clone(),
            pool: Segment::parse("Spark pool", name)?,
        })
    }

    /// As an id to compare with what Azure returns.
    pub fn to_arm_id(&self) -> ArmId {
        ArmId::new(self.to_string())
    }

    pub(crate) fn segments(&self) -> [&str; 8] {
        [
            "subscriptions",
            self.subscription(),
            "resourceGroups",
            self.resource_group(),
            "providers",
            "Microsoft.Synapse",
            "workspaces",
            self.name(),
        ]
    }
}

impl fmt::Display for SynapseWorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(&self.segments(), f)
    }
}

impl FromStr for SynapseWorkspaceId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        match names(id, SYNAPSE_WORKSPACE).as_deref() {
            Some([subscription, group, name]) => Self::new(subscription, group, name),
            _ => Err(InvalidId(format!(
                "{id:?} is not the id of a Synapse workspace"
            ))),
        }
    }
}

/// A Spark pool of a Synapse workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SparkPoolId {
    workspace: SynapseWorkspaceId,
    pool: Segment,
}

impl SparkPoolId {
    /// From its four names.
    pub fn new(
        subscription: &str,
        resource_group: &str,
        workspace: &str,
        pool: &str,
    ) -> Result<Self, InvalidId> {
        SynapseWorkspaceId::new(subscription, resource_group, workspace)?.pool(pool)
    }

    /// The Synapse workspace that holds the pool.
    pub fn workspace(&self) -> &SynapseWorkspaceId {
        &self.workspace
    }

    /// The pool's name.
    pub fn pool(&self) -> &str {
        &self.pool.0
    }

    /// As an id to compare with what Azure returns.
    pub fn to_arm_id(&self) -> ArmId {
        ArmId::new(self.to_string())
    }

    pub(crate) fn segments(&self) -> [&str; 10] {
        [
            "subscriptions",
            self.workspace.subscription(),
            "resourceGroups",
            self.workspace.resource_group(),
            "providers",
            "Microsoft.Synapse",
            "workspaces",
            self.workspace.name(),
            "bigDataPools",
            self.pool(),
        ]
    }
}

impl fmt::Display for SparkPoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(&self.segments(), f)
    }
}

impl FromStr for SparkPoolId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        match names(id, SPARK_POOL).as_deref() {
            Some([subscription, group, workspace, pool]) => {
                Self::new(subscription, group, workspace, pool)
            }
            _ => Err(InvalidId(format!(
                "{id:?} is not the id of a Synapse Spark pool"
            ))),
        }
    }
}
