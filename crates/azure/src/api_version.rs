//! Which version of each API is asked for, in one place, with the reason.

/// Workspace GET and PATCH. What azure-ai-ml 1.35.2 asks for; has `managedNetwork.status` (contract §0.6, §1).
pub const WORKSPACE: &str = "2024-10-01-preview";

/// Computes. What azure-ai-ml 1.35.2 asks for (contract §0.6).
pub const COMPUTE: &str = "2023-08-01-preview";

/// Job PUT and cancel. What azure-ai-ml 1.35.2 asks for; the stable 2023-04-01 and 2023-10-01 know
/// no `jobType` Spark (contract §0.6).
pub const JOB_WRITE: &str = "2023-04-01-preview";

/// Job GET and LIST. What azure-ai-ml 1.35.2 asks for (contract §0.6).
pub const JOB_READ: &str = "2024-01-01-preview";

/// Code versions and pending uploads. What azure-ai-ml 1.35.2 asks for (contract §0.6).
pub const CODE: &str = "2023-04-01";

/// Environment versions. What azure-ai-ml 1.35.2 asks for (contract §0.6).
pub const ENVIRONMENT: &str = "2023-04-01-preview";

/// Data and their versions. What azure-ai-ml 1.35.2 asks for (contract §0.6).
pub const DATA: &str = "2023-04-01-preview";

/// Model versions. What azure-ai-ml 1.35.2 asks for (tests/data/sdk/model-get.json).
pub const MODEL: &str = "2023-08-01-preview";

/// The region's data API, which tells where outputs are. What azure-ai-ml 1.35.2 asks for
/// (tests/data/sdk/job-outputs-found.json).
pub const DATA_PLANE: &str = "1.5.0";

/// Run history, which has one version (contract §0.6).
pub const RUN_HISTORY: &str = "v1.0";

/// Spark pools through ARM. The version whose real answer is on record (contract §2.7).
pub const SPARK_POOL: &str = "2021-06-01";

/// Links of a workspace. The only published one, used by Bicep and Pulumi; Azure ML's old SDK asks
/// for `2020-04-01-preview` in one of its clients and `2020-06-01` in another. Whether Azure still
/// serves any of them everywhere is unverified (contract §6).
pub const LINKED_SERVICE: &str = "2020-09-01-preview";

/// Synapse workspaces through ARM. As for their pools.
pub const SYNAPSE_WORKSPACE: &str = SPARK_POOL;

/// User-assigned identities through ARM. The stable version of azure-mgmt-msi 7.
pub const USER_ASSIGNED_IDENTITY: &str = "2023-01-31";

/// Azure role assignments (contract §8.1).
pub const ROLE_ASSIGNMENT: &str = "2022-04-01";

/// Synapse role assignments and definitions (contract §7).
pub const SYNAPSE_RBAC: &str = "2020-12-01";

/// Managed private endpoints of a Synapse workspace (contract §8.2).
pub const SYNAPSE_NETWORK: &str = "2020-12-01";

/// Blob storage, `x-ms-version`. Older than the SDK's on purpose: storage never retires a version
/// that is in use, while the newest is unknown to sovereign clouds and stand-ins for some time.
pub const BLOB: &str = "2021-12-02";
