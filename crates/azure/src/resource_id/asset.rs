//! The id of a version of something that is registered in an Azure ML workspace.

use std::fmt;
use std::str::FromStr;

use super::{ArmId, InvalidId, Segment, WorkspaceId, names};

const VERSION: &str = "/subscriptions/*/resourceGroups/*/providers/\
    Microsoft.MachineLearningServices/workspaces/*/*/*/versions/*";

/// What is registered in versions and can be part of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetKind {
    /// A folder of code.
    Code,
    /// Packages.
    Environment,
    /// Files, folders and tables.
    Data,
    /// Models.
    Model,
}

impl AssetKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Code, Self::Environment, Self::Data, Self::Model];

    /// The word in ids and paths.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Code => "codes",
            Self::Environment => "environments",
            Self::Data => "data",
            Self::Model => "models",
        }
    }
}

/// A version of an asset in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId {
    workspace: WorkspaceId,
    kind: AssetKind,
    name: Segment,
    version: Segment,
}

impl AssetId {
    /// From its parts.
    pub fn new(
        workspace: &WorkspaceId,
        kind: AssetKind,
        name: &str,
        version: &str,
    ) -> Result<Self, InvalidId> {
        Ok(Self {
            workspace: workspace.clone(),
            kind,
            name: Segment::parse("asset", name)?,
            version: Segment::parse("version", version)?,
        })
    }

    /// Where it is registered, which may be another workspace than the job's.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// What it is.
    pub fn kind(&self) -> AssetKind {
        self.kind
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name.0
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version.0
    }

    /// As the text that requests hold.
    pub fn to_arm_id(&self) -> ArmId {
        ArmId::new(self.to_string())
    }

    pub(crate) fn segments(&self) -> Vec<String> {
        let tail = [
            self.kind.collection(),
            self.name(),
            "versions",
            self.version(),
        ];
        crate::request::path(&self.workspace.segments(), &tail)
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/versions/{}",
            self.workspace,
            self.kind.collection(),
            self.name(),
            self.version()
        )
    }
}

impl FromStr for AssetId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        let no_asset = || {
            InvalidId(format!(
                "{id:?} is not the id of a version of code, data, an environment or a model"
            ))
        };
        let names = names(id, VERSION);
        let Some([subscription, group, workspace, collection, name, version]) = names.as_deref()
        else {
            return Err(no_asset());
        };
        let kind = AssetKind::ALL
            .into_iter()
            .find(|kind| kind.collection().eq_ignore_ascii_case(collection))
            .ok_or_else(no_asset)?;
        Self::new(
            &WorkspaceId::new(subscription, group, workspace)?,
            kind,
            name,
            version,
        )
    }
}
