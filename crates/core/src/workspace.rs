//! Decisions for an `AzureMLWorkspace`: look at it, say what was seen, and stay while others need it.

use azureml_spark_api::condition::{ConditionType, Fact, merge};
use azureml_spark_api::workspace::ResourceIdentity;
use azureml_spark_api::{AzureMLWorkspaceStatus, Reason};
use jiff::{SignedDuration, Timestamp};

use crate::fault::{Class, Fault};
use crate::machine::{Act, Invalid, Machine, Move, Pass, Sight, Wake};
use crate::place::{Blocked, Place};
use crate::summary::{self, Standing, still_ready};

/// How soon to look again for a Secret that is not there: Secrets are not watched, so that the operator needs no right
/// to list them.
const SECRET_LOOK: SignedDuration = SignedDuration::from_secs(15);

/// What was found of the credentials that the spec names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsFound {
    /// They are complete.
    Complete,
    /// The operator's own identity is asked for, and not open to this namespace.
    NotAllowed,
    /// They are complete, and no login can be made from them; in words why.
    Unusable(String),
    /// The Secret does not exist.
    SecretMissing(String),
    /// The Secret lacks a key, or holds it empty.
    SecretLacks {
        /// The Secret.
        secret: String,
        /// The key.
        key: &'static str,
    },
}

/// The object and what it refers to.
#[derive(Clone, Debug)]
pub struct Given {
    /// How this operator addresses it.
    pub place: Place,
    /// Resource id that the spec spells.
    pub azure_id: String,
    /// Name in Azure.
    pub azure_name: String,
    /// The cloud that the spec names, and whether it is known.
    pub cloud: (String, bool),
    /// What was found of the credentials.
    pub credentials: CredentialsFound,
    /// Objects with our finalizer that refer to it, such as `SparkJob titanic`.
    pub holders: Vec<String>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Time between two looks.
    pub sync_period: SignedDuration,
}

/// The wish.
#[derive(Clone, Debug)]
pub struct Want {
    place: Place,
    azure_id: String,
    azure_name: String,
    blocked: Option<Blocked>,
    holders: Vec<String>,
    deleting: bool,
    sync_period: SignedDuration,
}

impl Want {
    /// How this operator addresses the workspace.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether Azure is to be asked.
    pub fn looks(&self) -> bool {
        self.blocked.is_none() && !self.deleting
    }
}

/// What Azure says of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Resource id, in Azure's casing.
    pub azure_id: String,
    /// Region.
    pub location: String,
    /// Tenant.
    pub tenant_id: Option<String>,
    /// Storage account.
    pub storage_account_id: Option<String>,
    /// Identities.
    pub identity: Option<ResourceIdentity>,
    /// Where the regional services are found.
    pub discovery_url: Option<String>,
    /// Whether the managed network lets Spark run.
    pub spark_ready: Option<bool>,
    /// `Enabled` or `Disabled`.
    pub public_network_access: Option<String>,
    /// Whether the API for jobs may be blocked.
    pub v1_legacy_mode: Option<bool>,
}

/// Whether others need the workspace: while they do, it keeps its finalizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// At least one object with our finalizer refers to it.
    pub needed: bool,
}

/// The machine.
#[derive(Debug)]
pub struct Workspace;

impl Machine for Workspace {
    type Given = Given;
    type Want = Want;
    type Seen = Sight<Facts>;
    type Memo = Memo;
    type Step = std::convert::Infallible;
    type Status = AzureMLWorkspaceStatus;

    fn want(given: &Given) -> Result<Want, Invalid> {
        Ok(Want {
            place: given.place.clone(),
            azure_id: given.azure_id.clone(),
            azure_name: given.azure_name.clone(),
            blocked: blocked(given),
            holders: given.holders.clone(),
            deleting: given.deleting,
            sync_period: given.sync_period,
        })
    }

    fn recall(_: &Self::Status) -> Memo {
        Memo::default()
    }

    fn next(want: &Want, _: &Self::Seen, _: &Memo, now: Timestamp) -> Move<Self> {
        let memo = Memo {
            needed: !want.holders.is_empty(),
        };
        if want.deleting && !memo.needed {
            return Move {
                memo,
                act: Act::Release,
            };
        }
        let after = if want.blocked.is_some() {
            SECRET_LOOK
        } else {
            want.sync_period
        };
        Move::rest(memo, Wake::At(now.checked_add(after).unwrap_or(now)))
    }

    fn faulted(memo: &Memo, _: &Fault, _: Timestamp) -> Memo {
        *memo
    }

    fn holds(memo: &Memo) -> bool {
        memo.needed
    }

    fn report(pass: &Pass<'_, Self>, old: &Self::Status, now: Timestamp) -> Self::Status {
        let mut status = old.clone();
        status.observed_generation = Some(pass.generation);
        let Ok(want) = pass.want else { return status };
        status.azure_name = Some(want.azure_name.clone());
        status.azure_id.get_or_insert_with(|| want.azure_id.clone());
        if let Some(Sight::Present(facts)) = pass.seen {
            publish(&mut status, facts);
        }
        let mut facts = vec![accepted(want)];
        facts.extend(standing(pass, want, old).facts());
        facts.extend(summary::paused(pass.paused));
        status.conditions = merge(&old.conditions, &facts, pass.generation, now);
        status
    }
}

fn blocked(given: &Given) -> Option<Blocked> {
    let (cloud, known) = &given.cloud;
    if !known {
        return Some(Blocked::new(
            Reason::CloudNotFound,
            format!(
                "spec.cloud: no cloud '{cloud}': use AzurePublic, AzureUSGovernment, AzureChina or one of the installation's value 'clouds'"
            ),
        ));
    }
    match &given.credentials {
        CredentialsFound::Complete => None,
        CredentialsFound::NotAllowed => Some(Blocked::new(
            Reason::IdentityNotAllowed,
            format!(
                "spec.credentials: the operator's own identity is not open to namespace '{}': set servicePrincipalSecretRef, or add the namespace to the installation's value 'operatorIdentity.namespaces'",
                given.place.namespace
            ),
        )),
        CredentialsFound::Unusable(why) => Some(Blocked::new(
            Reason::CredentialsRejected,
            format!("spec.credentials: no login can be made from them: {why}"),
        )),
        CredentialsFound::SecretMissing(secret) => Some(Blocked::new(
            Reason::SecretNotFound,
            format!(
                "spec.credentials.servicePrincipalSecretRef: no Secret '{secret}': create it with AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
            ),
        )),
        CredentialsFound::SecretLacks { secret, key } => Some(Blocked::new(
            Reason::SecretInvalid,
            format!("Secret '{secret}' has no value for the key {key}"),
        )),
    }
}

fn accepted(want: &Want) -> Fact {
    match &want.blocked {
        Some(why) if why.reason == Reason::CloudNotFound => {
            Fact::no(ConditionType::SpecAccepted, why.reason, why.message.clone())
        }
        _ => Fact::yes(
            ConditionType::SpecAccepted,
            Reason::Accepted,
            "the spec makes sense",
        ),
    }
}

fn standing(pass: &Pass<'_, Workspace>, want: &Want, old: &AzureMLWorkspaceStatus) -> Standing {
    if want.deleting {
        let waits = "waits until nothing in Azure needs it any more";
        // The apiserver may know of somebody whom the watches have not shown yet.
        let message = if want.holders.is_empty() {
            waits.to_owned()
        } else {
            format!("{waits}: {}", want.holders.join(", "))
        };
        return Standing::Reconciling(Reason::InUse, message);
    }
    if let Some(why) = &want.blocked {
        return Standing::Stalled(why.reason, why.message.clone());
    }
    match (pass.trouble, pass.seen) {
        (Some(trouble), _) if trouble.fault.class == Class::Absent => Standing::Stalled(
            Reason::AzureWorkspaceNotFound,
            format!(
                "no such workspace in Azure: {} ({}): check subscriptionId, resourceGroup and workspaceName",
                want.azure_id, trouble.fault.code
            ),
        ),
        (Some(trouble), _) => still_ready(&old.conditions, trouble)
            .filter(|_| old.observed_generation == Some(pass.generation))
            .unwrap_or_else(|| Standing::of(trouble)),
        (None, Some(Sight::Present(_))) => {
            Standing::Ready(Reason::Ready, "the workspace can be read".to_owned())
        }
        (None, Some(Sight::Absent)) => Standing::Stalled(
            Reason::AzureWorkspaceNotFound,
            format!(
                "no such workspace in Azure: {}: check subscriptionId, resourceGroup and workspaceName",
                want.azure_id
            ),
        ),
        (None, Some(Sight::Unknown) | None) => {
            Standing::Reconciling(Reason::Pending, "the workspace is being read".to_owned())
        }
    }
}

fn publish(status: &mut AzureMLWorkspaceStatus, facts: &Facts) {
    status.azure_id = Some(facts.azure_id.clone());
    status.location = Some(facts.location.clone());
    status.tenant_id.clone_from(&facts.tenant_id);
    status
        .storage_account_id
        .clone_from(&facts.storage_account_id);
    status.identity.clone_from(&facts.identity);
    status.discovery_url.clone_from(&facts.discovery_url);
    status.spark_ready = facts.spark_ready;
    status
        .public_network_access
        .clone_from(&facts.public_network_access);
    status.v1_legacy_mode = facts.v1_legacy_mode;
}

#[cfg(test)]
mod tests;
