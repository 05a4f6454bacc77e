//! As whom a run runs, and whether that identity is where the run needs it: what Azure would refuse minutes later is
//! told before anything is submitted.

use azureml_spark_api::spark_job::{EffectiveIdentity, Identity, IdentityType};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_api::{Reason, SparkJobSpec, azure_id};
use serde::{Serialize, Serializer};

use super::compute::{AttachedPool, NamedCompute};
use crate::place::Blocked;

/// As whom a run runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityChoice {
    /// A managed identity: of the compute or workspace itself, or the named one.
    Managed {
        /// Client id of a user-assigned identity.
        client_id: Option<String>,
        /// Resource id of a user-assigned identity.
        resource_id: Option<String>,
    },
    /// Whoever submits.
    User,
}

/// As it counts in the hash of a definition: Azure returns one id in several casings (contract §0.1).
impl Serialize for IdentityChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let EffectiveIdentity {
            type_,
            client_id,
            resource_id,
        } = self.told();
        let plain = |id: Option<String>| id.map(|id| id.to_ascii_lowercase());
        (type_, plain(client_id), plain(resource_id)).serialize(serializer)
    }
}

impl IdentityChoice {
    /// As the status tells it.
    pub(super) fn told(&self) -> EffectiveIdentity {
        match self {
            Self::User => EffectiveIdentity {
                type_: "UserIdentity".to_owned(),
                client_id: None,
                resource_id: None,
            },
            Self::Managed {
                client_id,
                resource_id,
            } => EffectiveIdentity {
                type_: "Managed".to_owned(),
                client_id: client_id.clone(),
                resource_id: resource_id.clone(),
            },
        }
    }

    fn managed(resource_id: Option<&str>) -> Self {
        Self::Managed {
            client_id: None,
            resource_id: resource_id.map(str::to_owned),
        }
    }
}

/// Whoever submits, if that is asked for and allowed: never the operator.
pub(super) fn user(
    spec: &SparkJobSpec,
    operators_identity: bool,
) -> Result<Option<IdentityChoice>, Blocked> {
    let asked = spec
        .identity
        .as_ref()
        .is_some_and(|i| i.type_ == IdentityType::UserIdentity);
    if asked && operators_identity {
        return Err(Blocked::new(
            Reason::IdentityNotAllowed,
            "spec.identity: UserIdentity would be the operator's own identity: give the AzureMLWorkspace credentials of its own, or use type Managed",
        ));
    }
    Ok(asked.then_some(IdentityChoice::User))
}

/// Where an identity must be attached, and how that is done there.
struct Home<'a> {
    /// `compute 'pool'`.
    what: String,
    /// What attaches one more.
    mend: String,
    identity: Option<&'a ResourceIdentity>,
}

/// On an attachment of this cluster. Of several user-assigned identities Azure would choose by chance (contract §2.1):
/// the attachment's first is spelt out.
pub(super) fn on_attachment(
    spec: &SparkJobSpec,
    pool: &AttachedPool,
) -> Result<IdentityChoice, Blocked> {
    let name = spec
        .compute
        .attachment_ref
        .as_ref()
        .map(|r| r.name.as_str())
        .unwrap_or_default();
    let home = Home {
        what: format!("SynapseSparkAttachment '{name}'"),
        mend: format!(
            "add its resource id to spec.identity.userAssignedIdentities of SynapseSparkAttachment '{name}' (type UserAssigned)"
        ),
        identity: pool.identity.as_ref(),
    };
    match named(spec) {
        Some(identity) => home.check(identity),
        None => home.own(pool.default_identity.as_deref()),
    }
}

/// On a compute that this cluster does not manage, once Azure has shown it. `chosen` is what the spec says.
pub(super) fn on_named(
    chosen: &IdentityChoice,
    compute: &NamedCompute,
) -> Result<IdentityChoice, Blocked> {
    let name = compute.id.rsplit('/').next().unwrap_or_default();
    let home = Home {
        what: format!("compute '{name}'"),
        mend: format!(
            "attach it with 'az ml compute attach --name {name} --type SynapseSpark --identity-type UserAssigned --user-assigned-identities …' and the compute's own resource id"
        ),
        identity: compute.identity.as_ref(),
    };
    match chosen {
        IdentityChoice::User => Ok(IdentityChoice::User),
        IdentityChoice::Managed {
            client_id: None,
            resource_id: None,
        } => home.own(None),
        IdentityChoice::Managed {
            client_id,
            resource_id,
        } => home.check(&Identity {
            type_: IdentityType::Managed,
            client_id: client_id.clone(),
            resource_id: resource_id.clone(),
        }),
    }
}

/// On serverless compute a managed identity is a user-assigned one of the workspace (contract §1).
pub(super) fn on_serverless(
    spec: &SparkJobSpec,
    workspace: Option<&ResourceIdentity>,
) -> Result<IdentityChoice, Blocked> {
    let name = &spec.workspace_ref.name;
    let home = Home {
        what: format!("the workspace of AzureMLWorkspace '{name}'"),
        mend: format!(
            "add its resource id to spec.attachUserAssignedIdentities of AzureMLWorkspace '{name}'"
        ),
        identity: workspace,
    };
    match named(spec) {
        Some(identity) => home.check(identity),
        None if home.identity.is_some_and(|i| i.user_assigned.is_empty()) => Err(Blocked::new(
            Reason::IdentityNotAttached,
            format!(
                "spec.identity: {} has no user-assigned identity, and a managed identity on serverless compute must be one: {}",
                home.what,
                home.mend
                    .replacen("its resource id", "the resource id of one", 1)
            ),
        )),
        None => Ok(IdentityChoice::managed(None)),
    }
}

/// What the spec says without looking anywhere.
pub(super) fn as_said(spec: &SparkJobSpec) -> IdentityChoice {
    named(spec).map_or(IdentityChoice::managed(None), |identity| {
        IdentityChoice::Managed {
            client_id: identity.client_id.clone(),
            resource_id: identity.resource_id.clone(),
        }
    })
}

fn named(spec: &SparkJobSpec) -> Option<&Identity> {
    spec.identity
        .as_ref()
        .filter(|i| i.client_id.is_some() || i.resource_id.is_some())
}

impl Home<'_> {
    /// The identity that is named, if it is attached, or if nobody can tell.
    fn check(&self, identity: &Identity) -> Result<IdentityChoice, Blocked> {
        let choice = IdentityChoice::Managed {
            client_id: identity.client_id.clone(),
            resource_id: identity.resource_id.clone(),
        };
        let Some(attached) = self.identity else {
            return Ok(choice);
        };
        if attached
            .user_assigned
            .iter()
            .any(|known| is_same(identity, known))
        {
            return Ok(choice);
        }
        let (field, id) = match (&identity.resource_id, &identity.client_id) {
            (Some(id), _) => ("spec.identity.resourceId", id.as_str()),
            (None, id) => ("spec.identity.clientId", id.as_deref().unwrap_or_default()),
        };
        Err(Blocked::new(
            Reason::IdentityNotAttached,
            format!(
                "{field}: the identity '{id}' is not attached to {}, which has {}: {}, or name another",
                self.what,
                listed(&attached.user_assigned),
                self.mend
            ),
        ))
    }

    /// The identity that stands for `Managed` here: the default, else the system-assigned one, else the only one.
    fn own(&self, default: Option<&str>) -> Result<IdentityChoice, Blocked> {
        let Some(attached) = self.identity.filter(|_| default.is_none()) else {
            return Ok(IdentityChoice::managed(default));
        };
        let system = attached.principal_id.is_some()
            || attached
                .type_
                .split(',')
                .any(|word| word.trim().eq_ignore_ascii_case("SystemAssigned"));
        match attached.user_assigned.as_slice() {
            _ if system => Ok(IdentityChoice::managed(None)),
            [only] => Ok(IdentityChoice::managed(Some(&only.resource_id))),
            [] => Err(Blocked::new(
                Reason::IdentityNotAttached,
                format!(
                    "spec.identity: {} has no identity that the run could run as: {}",
                    self.what,
                    self.mend
                        .replacen("its resource id", "the resource id of one", 1)
                ),
            )),
            several => Err(Blocked::new(
                Reason::IdentityNotAttached,
                format!(
                    "spec.identity: {} has no identity of its own but {}, among which Azure would choose by chance: name one by spec.identity.resourceId",
                    self.what,
                    listed(several)
                ),
            )),
        }
    }
}

fn is_same(asked: &Identity, known: &UserAssignedIdentity) -> bool {
    match (&asked.resource_id, &asked.client_id) {
        (Some(id), _) => azure_id::same(id, &known.resource_id),
        (None, Some(id)) => known
            .client_id
            .as_ref()
            .is_some_and(|known| known.eq_ignore_ascii_case(id)),
        (None, None) => false,
    }
}

/// By their names: resource ids are long, and a message is not.
fn listed(identities: &[UserAssignedIdentity]) -> String {
    let names: Vec<&str> = identities
        .iter()
        .filter_map(|identity| identity.resource_id.rsplit('/').next())
        .take(5)
        .collect();
    if names.is_empty() {
        "no user-assigned identity".to_owned()
    } else {
        names.join(", ")
    }
}
