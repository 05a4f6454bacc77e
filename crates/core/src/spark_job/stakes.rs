//! The storage accounts that a run reads and writes, as far as their resource ids are known here: the workspace's own, and
//! those on which an attachment grants roles. Of any other account an address tells no more than the name.

use azureml_spark_api::azure_id::{self, SparkPoolId};
use azureml_spark_api::workspace::ResourceIdentity;

use super::inputs::InputChoice;
use super::{Definition, Given};
use crate::place::{Reference, Workspace};

/// Datastores that Azure makes with a workspace, in its own storage account. Where others lie is not known.
const OWN: [&str; 4] = [
    "workspaceblobstore",
    "workspacefilestore",
    "workspaceartifactstore",
    "workspaceworkingdirectory",
];

/// What a run has to do with storage, and with which identities that may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stakes {
    /// One for each account that it reads or writes.
    pub(super) accounts: Vec<Stake>,
    /// The identities of the pool or workspace that it runs on; those of a compute by its name are seen later.
    pub(super) identities: Option<ResourceIdentity>,
    /// The attachment that it runs on, if that can grant a role.
    pub(super) attachment: Option<String>,
    /// The pool of that attachment, if it grants no role there.
    pub(super) pool: Option<SparkPoolId>,
}

/// A storage account that a run reads or writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stake {
    /// Its resource id.
    pub(super) account: String,
    /// The fields of the spec that say so.
    pub(super) fields: Vec<String>,
    /// Whether it is written.
    pub(super) writes: bool,
}

impl Stake {
    /// The fields in few words.
    pub(super) fn field(&self) -> String {
        let first = self.fields.first().map_or("spec", String::as_str);
        match self.fields.len() {
            0 | 1 => first.to_owned(),
            all => format!("{first} and {} more", all.saturating_sub(1)),
        }
    }
}

impl Stakes {
    pub(super) fn of(given: &Given, definition: Option<&Definition>) -> Self {
        let pool = given.attachment.as_ref().and_then(Reference::ready);
        let identities = match pool {
            Some(pool) => pool.identity.clone(),
            None if given.spec.compute.serverless.is_some() => given.workspace_identity.clone(),
            None => None,
        };
        let attachment = given.spec.compute.attachment_ref.as_ref();
        let attachment = attachment.filter(|_| !pool.is_some_and(|pool| pool.observed));
        let ungranted = pool.and_then(|pool| pool.ungranted_pool.as_deref());
        let mut stakes = Self {
            accounts: Vec::new(),
            identities,
            attachment: attachment.map(|attachment| attachment.name.clone()),
            pool: ungranted.and_then(SparkPoolId::parse),
        };
        let (Some(definition), Some(workspace)) = (definition, given.workspace.ready()) else {
            return stakes;
        };
        let granted = pool.map_or(&[][..], |pool| &pool.storage);
        let known: Vec<&String> = workspace.storage_account_id.iter().chain(granted).collect();
        for (name, input) in &definition.inputs {
            // Where a data asset lies only Azure could tell.
            if let InputChoice::Path(_, address) = input
                && let Some(account) = account(address, workspace, &known)
            {
                stakes.add(account, format!("spec.inputs.{name}"), false);
            }
        }
        for (name, output) in &definition.outputs {
            if let Some(account) = account(&output.path, workspace, &known) {
                stakes.add(account, format!("spec.outputs.{name}"), true);
            }
        }
        stakes
    }

    fn add(&mut self, account: &str, field: String, writes: bool) {
        let mut accounts = self.accounts.iter_mut();
        match accounts.find(|stake| azure_id::same(&stake.account, account)) {
            Some(stake) => {
                stake.fields.push(field);
                stake.writes |= writes;
            }
            None => self.accounts.push(Stake {
                account: account.to_owned(),
                fields: vec![field],
                writes,
            }),
        }
    }
}

/// The account of an address, if its resource id is known.
fn account<'k>(address: &str, workspace: &Workspace, known: &[&'k String]) -> Option<&'k str> {
    let (scheme, rest) = address.split_once("://")?;
    let name = match scheme {
        "azureml" => {
            let own = workspace.storage_account_id.as_deref()?;
            own_datastore(rest, workspace).then(|| name_of(own))?
        }
        "abfss" | "wasbs" => {
            let authority = rest.split('/').next()?;
            authority.split_once('@')?.1.split('.').next()?
        }
        _ => return None,
    };
    // Names of storage accounts are unique in all of Azure.
    let mut known = known.iter();
    known
        .find(|id| name_of(id).eq_ignore_ascii_case(name))
        .map(|id| id.as_str())
}

/// Whether `[subscriptions/…/workspaces/{}/]datastores/{}/paths/…` is in the workspace's own account (contract §3.1).
fn own_datastore(path: &str, workspace: &Workspace) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    let after = |word: &str| {
        let at = segments.iter().position(|s| s.eq_ignore_ascii_case(word))?;
        segments.get(at.saturating_add(1)).copied()
    };
    let here = after("workspaces")
        .is_none_or(|named| named.eq_ignore_ascii_case(name_of(&workspace.azure_id)));
    let own = after("datastores")
        .is_some_and(|named| OWN.iter().any(|own| named.eq_ignore_ascii_case(own)));
    here && own
}

fn name_of(id: &str) -> &str {
    id.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}
