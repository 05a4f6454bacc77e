//! The id of an Azure ML workspace, and of what is in it.

use std::fmt;
use std::str::FromStr;

use super::{ArmId, InvalidId, Segment, join, names};

const WORKSPACE: &str = "/subscriptions/*/resourceGroups/*/providers/\
    Microsoft.MachineLearningServices/workspaces/*";

/// An Azure ML workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceId {
    subscription: Segment,
    resource_group: Segment,
    name: Segment,
}

impl WorkspaceId {
    /// From its three names.
    pub fn new(subscription: &str, resource_group: &str, name: &str) -> Result<Self, InvalidId> {
        Ok(Self {
            subscription: Segment::parse("subscription", subscription)?,
            resource_group: Segment::parse("resource group", resource_group)?,
            name: Segment::parse("workspace", name)?,
        })
    }

    /// The subscription's id.
    pub fn subscription(&self) -> &str {
        &self.subscription.0
    }

    /// The resource group's name.
    pub fn resource_group(&self) -> &str {
        &self.resource_group.0
    }

    /// The workspace's name.
    pub fn name(&self) -> &str {
        &self.name.0
    }

    /// The id of a compute in this workspace.
    pub fn compute(&self, name: &str) -> ArmId {
        ArmId::new(format!("{self}/computes/{name}"))
    }

    pub(crate) fn segments(&self) -> [&str; 8] {
        [
            "subscriptions",
            self.subscription(),
            "resourceGroups",
            self.resource_group(),
            "providers",
            "Microsoft.MachineLearningServices",
            "workspaces",
            self.name(),
        ]
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(&self.segments(), f)
    }
}

impl FromStr for WorkspaceId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        match names(id, WORKSPACE).as_deref() {
            Some([subscription, group, name]) => Self::new(subscription, group, name),
            _ => Err(InvalidId(format!(
                "{id:?} is not the id of an Azure ML workspace"
            ))),
        }
    }
}
