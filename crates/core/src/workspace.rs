//! Decisions for an `AzureMLWorkspace`: look at it, say what was seen, give it the identities that it shall have, and stay
//! while others need it.

use std::collections::BTreeMap;

use azureml_spark_api::condition::whole_second;
use azureml_spark_api::workspace::ResourceIdentity;
use azureml_spark_api::{AzureMLWorkspaceStatus, Reason};
use jiff::{SignedDuration, Timestamp};

use crate::fault::{Class, Fault};
use crate::machine::{Act, Invalid, Machine, Move, Pass, Sight, Wake};
use crate::place::{Blocked, Place};
use crate::summary::Warning;

mod identities;
mod report;

/// How soon to look again for a Secret that is not there: Secrets are not watched, so that the operator needs no right
/// to list them.
const SECRET_LOOK: SignedDuration = SignedDuration::from_secs(15);

/// How soon to look again for an identity that does not exist: whoever creates it tells nobody here.
const IDENTITY_LOOK: SignedDuration = SignedDuration::from_mins(5);

/// What a failed [`Step::AttachIdentities`] was about, as its fault names it.
pub const ATTACH_IDENTITIES: &str = "attach identities to the workspace";

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
    /// Resource ids of the user-assigned identities that the workspace is to have.
    pub identities: Vec<String>,
    /// Time between two looks.
    pub sync_period: SignedDuration,
    /// What is wrong with the annotations.
    pub warnings: Vec<Warning>,
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
    identities: Vec<String>,
    sync_period: SignedDuration,
    warnings: Vec<Warning>,
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

    /// The identities to look for: those that the workspace is to have and has not.
    pub fn lacking(&self, facts: &Facts) -> Vec<&str> {
        identities::lacking(&self.identities, facts)
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
    /// Whether it has a managed network.
    pub managed_network: bool,
    /// Whether the managed network lets Spark run.
    pub spark_ready: Option<bool>,
    /// `Enabled` or `Disabled`.
    pub public_network_access: Option<String>,
    /// Whether the API for jobs may be blocked.
    pub v1_legacy_mode: Option<bool>,
}

/// One look at the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The workspace.
    pub workspace: Sight<Facts>,
    /// The identities that it lacks, by the id that the spec gives them; unknown where looking is forbidden.
    pub identities: BTreeMap<String, Sight<()>>,
}

/// What is remembered. Whether others need the workspace is found anew by each look, and on record nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// At least one object with our finalizer refers to it: while this is so, it keeps its finalizer.
    pub needed: bool,
    /// When Azure was last asked to attach identities that are not there yet.
    pub requested: Option<Timestamp>,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Give the workspace these identities.
    AttachIdentities {
        /// Region of the workspace, without which it cannot be changed (contract §1).
        location: String,
        /// Whether it has an identity of its own, which stays.
        system_assigned: bool,
        /// Resource ids of the user-assigned ones: all that it has, and those that it lacks.
        ids: Vec<String>,
    },
}

/// The machine.
#[derive(Debug)]
pub struct Workspace;

impl Machine for Workspace {
    type Given = Given;
    type Want = Want;
    type Seen = Seen;
    type Memo = Memo;
    type Step = Step;
    type Status = AzureMLWorkspaceStatus;

    fn want(given: &Given) -> Result<Want, Invalid> {
        Ok(Want {
            place: given.place.clone(),
            azure_id: given.azure_id.clone(),
            azure_name: given.azure_name.clone(),
            blocked: blocked(given),
            holders: given.holders.clone(),
            deleting: given.deleting,
            identities: given.identities.clone(),
            sync_period: given.sync_period,
            warnings: given.warnings.clone(),
        })
    }

    fn recall(status: &Self::Status) -> Memo {
        Memo {
            needed: false,
            requested: status.requested_time.as_ref().map(|time| time.0),
        }
    }

    fn next(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Self> {
        let rested = Memo {
            needed: !want.holders.is_empty(),
            ..*memo
        };
        if want.deleting && !rested.needed {
            return Move {
                memo: rested,
                act: Act::Release,
            };
        }
        if let Some(step) = identities::step(want, seen) {
            if let Some(look) = identities::in_hand(memo.requested, now) {
                return Move::rest(rested, Wake::At(look));
            }
            // Nothing of it is taken back, so it needs no finalizer.
            let requested = Some(whole_second(now));
            return Move::step(Memo { requested, ..*memo }, step);
        }
        let rested = if seen.workspace.present().is_some() {
            // What was asked for is there: what is missing next is another matter.
            Memo {
                requested: None,
                ..rested
            }
        } else {
            rested
        };
        let after = if want.blocked.is_some() {
            SECRET_LOOK
        } else if identities::nonexistent(seen).next().is_some() {
            IDENTITY_LOOK.min(want.sync_period)
        } else {
            want.sync_period
        };
        Move::rest(rested, Wake::At(now.checked_add(after).unwrap_or(now)))
    }

    fn faulted(memo: &Memo, fault: &Fault, now: Timestamp) -> Memo {
        let requested = match fault.class {
            _ if fault.op != ATTACH_IDENTITIES => memo.requested,
            Class::Unsure => Some(whole_second(now)),
            // It was not done: nothing is waited for but the next try.
            _ => None,
        };
        Memo { requested, ..*memo }
    }

    fn holds(memo: &Memo) -> bool {
        memo.needed
    }

    fn report(pass: &Pass<'_, Self>, old: &Self::Status, now: Timestamp) -> Self::Status {
        report::report(pass, old, now)
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

#[cfg(test)]
mod tests;
