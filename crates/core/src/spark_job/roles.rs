//! Which roles the identity of a run needs on the storage accounts of its data and on its pool, and which of them it does
//! not seem to hold.
//!
//! Azure's documentation asks for a role on the account itself and one on its data (contract §8.1). Whether a run fails
//! without is not for a list of assignments to say: a role that somebody made, a datastore with a key, or a container's
//! access control list may let it in. So what seems to be missing is told, and keeps nothing from being submitted.
//! On an attached pool the identity needs *Synapse Administrator* (contract §7); whether less is enough is not known, so
//! Synapse itself is asked whether the identity may use the pool.

use std::collections::BTreeMap;

use azureml_spark_api::azure_id::{self, SparkPoolId};
use azureml_spark_api::role::{Role, StorageRole};
use azureml_spark_api::spark_job::MissingRole;
use azureml_spark_api::workspace::UserAssignedIdentity;

use super::compute::ComputeChoice;
use super::identity::{self, IdentityChoice};
use super::stakes::Stake;
use super::{Seen, Want};
use crate::machine::Sight;
use crate::role;

/// Roles beyond those that are granted here (Azure's list of built-in roles).
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const STORAGE_BLOB_DATA_OWNER: &str = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";

/// A role that was assigned to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The GUID of the role's definition.
    pub role: String,
    /// Where it holds, and below.
    pub scope: String,
}

/// What to ask Azure for: the roles of an identity that count at a storage account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Resource id of the account.
    pub account: String,
    /// Object id of the identity.
    pub principal_id: String,
    /// Whether the run writes there.
    pub writes: bool,
}

/// What to ask Synapse: whether an identity may use a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolQuestion {
    /// The pool in Synapse's words.
    pub scope: String,
    /// Object id of the identity.
    pub principal_id: String,
}

/// As whom a run reaches its data.
struct Holder {
    identity: String,
    principal_id: String,
}

/// What a role lets somebody do, there or with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Power {
    Nothing,
    Read,
    Write,
}

impl Question {
    /// The roles that are needed and were not found among these. None if that cannot be told.
    pub fn lacks(&self, assigned: &[Assigned]) -> Vec<StorageRole> {
        let (mut account, mut data) = (Power::Nothing, Power::Nothing);
        for one in assigned {
            let above = is_within(&self.account, &one.scope);
            if !above && !is_within(&one.scope, &self.account) {
                continue;
            }
            // What somebody's own role, or one of Azure's many others, lets do is not known here.
            let Some(powers) = powers(&one.role) else {
                return Vec::new();
            };
            if above {
                account = account.max(powers.0);
            }
            // On a container it may be all that the run needs.
            data = data.max(if above || powers.1 == Power::Nothing {
                powers.1
            } else {
                Power::Write
            });
        }
        let needed = if self.writes {
            Power::Write
        } else {
            Power::Read
        };
        let (of_account, of_data) = if self.writes {
            (
                StorageRole::Contributor,
                StorageRole::StorageBlobDataContributor,
            )
        } else {
            (StorageRole::Reader, StorageRole::StorageBlobDataReader)
        };
        [(account, of_account), (data, of_data)]
            .into_iter()
            .filter(|(held, _)| *held < needed)
            .map(|(_, role)| role)
            .collect()
    }
}

/// What a role lets do with an account, and with its data; `None` if it is not known.
fn powers(id: &str) -> Option<(Power, Power)> {
    use Power::{Nothing, Read, Write};
    let table = [
        (OWNER, (Write, Nothing)),
        (role::id(Role::Contributor), (Write, Nothing)),
        (role::id(Role::Reader), (Read, Nothing)),
        (STORAGE_BLOB_DATA_OWNER, (Nothing, Write)),
        (role::id(Role::StorageBlobDataContributor), (Nothing, Write)),
        (role::id(Role::StorageBlobDataReader), (Nothing, Read)),
    ];
    let mut table = table.into_iter();
    let found = table.find(|(known, _)| known.eq_ignore_ascii_case(id));
    found.map(|(_, powers)| powers)
}

/// Whether what holds at `outer` holds at `inner`. Of a management group, which is told only for what is in it, the id
/// does not say what is.
fn is_within(inner: &str, outer: &str) -> bool {
    let (inner, outer) = (plain(inner), plain(outer));
    outer.starts_with("/providers/microsoft.management/")
        || inner
            .strip_prefix(&outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn plain(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

impl Want {
    /// Whose roles to ask for, and where: only where the identity of the run is known.
    pub fn questions(&self, seen: &Seen) -> Vec<Question> {
        let Some(holder) = self.holder(seen) else {
            return Vec::new();
        };
        let accounts = self.stakes.accounts.iter();
        accounts.map(|stake| question(stake, &holder)).collect()
    }

    /// What to ask of the identity of the run and its pool, if both are known and no attachment grants a role there.
    pub fn pool_question(&self, seen: &Seen) -> Option<PoolQuestion> {
        self.pool_question_of(&self.holder(seen)?, seen)
    }

    fn pool_question_of(&self, holder: &Holder, seen: &Seen) -> Option<PoolQuestion> {
        let pool = match &self.definition.as_ref().ok()?.compute {
            ComputeChoice::Serverless { .. } => None,
            ComputeChoice::Attached(_) => self.stakes.pool.clone(),
            ComputeChoice::Named(_) => {
                let pool = seen.compute.present()?.pool.as_deref()?;
                SparkPoolId::parse(pool.trim_end_matches('/'))
            }
        };
        Some(PoolQuestion {
            scope: pool?.synapse_scope(),
            principal_id: holder.principal_id.clone(),
        })
    }

    /// The role on the pool, if Synapse says that the identity may not use it.
    fn on_pool(&self, holder: &Holder, seen: &Seen, before: &[MissingRole]) -> Option<MissingRole> {
        let question = self.pool_question_of(holder, seen)?;
        let missing = MissingRole {
            field: match &self.definition.as_ref().ok()?.compute {
                ComputeChoice::Named(_) => "spec.compute.name",
                _ => "spec.compute.attachmentRef",
            }
            .to_owned(),
            role: Role::SynapseAdministrator,
            scope: question.scope,
            identity: holder.identity.clone(),
            principal_id: question.principal_id,
        };
        let told = match seen.may_use_pool {
            Sight::Present(may) => !may,
            Sight::Unknown | Sight::Absent => before.contains(&missing),
        };
        told.then_some(missing)
    }

    /// The roles that seem to be missing, after those that were told before. Where this look tells nothing, what was told
    /// of the same stands.
    pub(super) fn missing_roles(
        &self,
        seen: Option<&Seen>,
        before: &[MissingRole],
    ) -> Vec<MissingRole> {
        let looked = seen.and_then(|seen| Some((seen, seen.roles.present()?)));
        let Some((seen, roles)) = looked else {
            return before.to_vec();
        };
        let Some(holder) = self.holder(seen) else {
            return Vec::new();
        };
        let accounts = self.stakes.accounts.iter();
        let on_accounts = accounts.flat_map(|stake| at(stake, &holder, roles, before));
        self.on_pool(&holder, seen, before)
            .into_iter()
            .chain(on_accounts)
            .collect()
    }

    /// The managed identity that the run runs as, if there is one and its object id is known.
    fn holder(&self, seen: &Seen) -> Option<Holder> {
        let definition = self.definition.as_ref().ok()?;
        let serverless = matches!(definition.compute, ComputeChoice::Serverless { .. });
        let (choice, home) = match (&definition.compute, seen.compute.present()) {
            (ComputeChoice::Named(_), None) => return None,
            (ComputeChoice::Named(_), Some(compute)) => (
                identity::on_named(&definition.identity, compute).ok()?,
                compute.identity.as_ref(),
            ),
            _ => (definition.identity.clone(), self.stakes.identities.as_ref()),
        };
        let home = home?;
        let user_assigned = |found: &UserAssignedIdentity| {
            Some(Holder {
                identity: found.resource_id.clone(),
                principal_id: found.principal_id.clone()?,
            })
        };
        match (choice, home.user_assigned.as_slice()) {
            (IdentityChoice::User, _) => None,
            (
                IdentityChoice::Managed {
                    client_id: None,
                    resource_id: None,
                },
                all,
            ) if serverless => match all {
                [only] => user_assigned(only),
                // Which of them is Azure's choice.
                _ => None,
            },
            (
                IdentityChoice::Managed {
                    client_id: None,
                    resource_id: None,
                },
                _,
            ) => Some(Holder {
                identity: "SystemAssigned".to_owned(),
                principal_id: home.principal_id.clone()?,
            }),
            (
                IdentityChoice::Managed {
                    client_id,
                    resource_id,
                },
                all,
            ) => {
                let is_it = |known: &&UserAssignedIdentity| match (&resource_id, &client_id) {
                    (Some(id), _) => azure_id::same(id, &known.resource_id),
                    (None, id) => known
                        .client_id
                        .as_ref()
                        .zip(id.as_ref())
                        .is_some_and(|(known, id)| known.eq_ignore_ascii_case(id)),
                };
                user_assigned(all.iter().find(is_it)?)
            }
        }
    }
}

fn question(stake: &Stake, holder: &Holder) -> Question {
    Question {
        account: stake.account.clone(),
        principal_id: holder.principal_id.clone(),
        writes: stake.writes,
    }
}

fn at(
    stake: &Stake,
    holder: &Holder,
    roles: &BTreeMap<String, Vec<Assigned>>,
    before: &[MissingRole],
) -> Vec<MissingRole> {
    let field = stake.field();
    let Some(assigned) = roles.get(&stake.account) else {
        let same = |old: &&MissingRole| {
            old.scope == stake.account
                && old.field == field
                && old.principal_id == holder.principal_id
        };
        return before.iter().filter(same).cloned().collect();
    };
    let lacks = question(stake, holder).lacks(assigned).into_iter();
    let missing = lacks.map(|role| MissingRole {
        field: field.clone(),
        role: role.into(),
        scope: stake.account.clone(),
        identity: holder.identity.clone(),
        principal_id: holder.principal_id.clone(),
    });
    missing.collect()
}
