//! Role assignments, in Synapse and in Azure: looked at, made and taken back, the same for attachments and links.

mod home;
mod storage;
mod synapse;

use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_api::role::{Role, RoleAssignment, Service};
use azureml_spark_core::grants::{self, Offer, Seen};
use azureml_spark_core::{Class, Fault, Sight, role};
use uuid::Uuid;

use crate::access::Site;

pub(crate) use home::Home;

/// Most pages of role assignments that one list is read for.
const PAGES: usize = 20;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The assignments that shall be.
    pub(crate) wanted: &'a [RoleAssignment],
    /// Those on record.
    pub(crate) recorded: &'a [RoleAssignment],
    /// What the object is about in Synapse: where it is gone, there are no roles to take back.
    pub(crate) home: &'a Home,
    /// Whether the object is on its way out.
    pub(crate) deleting: bool,
}

/// One look at the roles that count.
pub(crate) async fn look(site: &Site, question: &Question<'_>) -> Result<Seen, Fault> {
    let mut found = Vec::new();
    for scope in question.synapse_scopes() {
        found.extend(in_synapse(site, question, &scope).await?);
    }
    for (account, principal) in question.storage_holders() {
        found.extend(on_storage(site, question, &account, &principal).await?);
    }
    let offers = match question.asks_for_offers(&found) {
        Some(workspace) => Sight::Present(synapse::offers(site, &workspace).await?),
        None => Sight::Unknown,
    };
    let powerless = if question.deleting {
        Sight::Unknown
    } else {
        synapse::powerless(site, &grants::to_check(question.wanted, &found)).await?
    };
    Ok(Seen {
        found: Sight::Present(found),
        offers,
        powerless,
    })
}

/// The same for an object that may only look: what it must not see, or what nobody answers, keeps nothing from being
/// shown.
pub(crate) async fn look_as_far_as_let(
    site: &Site,
    question: &Question<'_>,
    management: ManagementPolicy,
) -> Result<Seen, Fault> {
    match look(site, question).await {
        Err(fault)
            if management == ManagementPolicy::ObserveOnly
                && matches!(
                    fault.class,
                    Class::Forbidden | Class::Absent | Class::Terminal
                ) =>
        {
            Ok(Seen::default())
        }
        outcome => outcome,
    }
}

/// Whether a principal may use a pool, by the pool's scope in Synapse. Unknown where Synapse refuses to say.
pub(crate) async fn may_use(
    site: &Site,
    scope: &str,
    principal_id: &str,
) -> Result<Sight<bool>, Fault> {
    let check = grants::Check {
        principal_id,
        scope,
    };
    Ok(match synapse::powerless(site, &[check]).await? {
        Sight::Present(powerless) => Sight::Present(powerless.is_empty()),
        Sight::Unknown | Sight::Absent => Sight::Unknown,
    })
}

/// Makes a role assignment. One that is there already, under this id or another, is as wished.
pub(crate) async fn grant(site: &Site, grant: &RoleAssignment) -> Result<(), Fault> {
    let id = Uuid::parse_str(&grant.id).map_err(|error| local("InvalidAssignmentId", &error))?;
    let exists = match grant.role.service() {
        Service::Synapse(_) => synapse::grant(site, id, grant).await?,
        Service::Storage(_) => storage::grant(site, id, grant).await?,
    };
    match exists {
        Outcome::Done => Ok(()),
        // Azure says that the triple is there, and does not show it: nobody may rely on it yet.
        Outcome::ExistsUnseen(text) => Err(Fault {
            class: Class::Retryable,
            code: "AssignmentNotSeen".to_owned(),
            op: "grant a role",
            text,
            request_id: None,
            retry_after: None,
        }),
    }
}

/// Takes a role assignment back. One that is not there is as wished.
pub(crate) async fn revoke(site: &Site, grant: &RoleAssignment) -> Result<(), Fault> {
    match grant.role.service() {
        Service::Synapse(_) => synapse::revoke(site, grant).await,
        Service::Storage(_) => storage::revoke(site, grant).await,
    }
}

/// How a grant went.
enum Outcome {
    /// It is there.
    Done,
    /// It was refused because it is there, in Azure's words, and is not to be seen.
    ExistsUnseen(String),
}

impl Question<'_> {
    fn counting(&self) -> impl Iterator<Item = &RoleAssignment> {
        self.wanted.iter().chain(self.recorded)
    }

    /// Scopes in Synapse where a role is wanted or on record, each once.
    fn synapse_scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = Vec::new();
        for one in self.counting().filter(|one| is_synapse(one)) {
            if !scopes
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&one.scope))
            {
                scopes.push(one.scope.clone());
            }
        }
        scopes
    }

    /// Storage accounts with a principal who has a role there or shall have one, each once.
    fn storage_holders(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for one in self.counting().filter(|one| !is_synapse(one)) {
            let known = |(account, principal): &(String, String)| {
                account.eq_ignore_ascii_case(&one.scope)
                    && principal.eq_ignore_ascii_case(&one.principal_id)
            };
            if !pairs.iter().any(known) {
                pairs.push((one.scope.clone(), one.principal_id.clone()));
            }
        }
        pairs
    }

    /// The Synapse workspace whose offers count: one of its roles is missing.
    fn asks_for_offers(&self, found: &[RoleAssignment]) -> Option<String> {
        if self.deleting || !grants::wants_offers(self.wanted, found) {
            return None;
        }
        let mut missing = grants::missing(self.wanted, found).into_iter();
        let scope = &missing.find(|grant| is_synapse(grant))?.scope;
        synapse::workspace_of(scope).map(str::to_owned)
    }

    fn wants_at(&self, scope: &str) -> bool {
        let mut wanted = self.wanted.iter();
        wanted.any(|one| one.scope.eq_ignore_ascii_case(scope))
    }
}

/// Roles at a scope of Synapse. To leave, a pool that is gone has none: its Synapse workspace may be gone with it, and
/// nobody would answer there.
async fn in_synapse(
    site: &Site,
    question: &Question<'_>,
    scope: &str,
) -> Result<Vec<RoleAssignment>, Fault> {
    let trouble = match synapse::at(site, scope).await {
        Ok(found) => return Ok(found),
        Err(trouble) => trouble,
    };
    let asks = !matches!(trouble.class, Class::Throttled { .. } | Class::Credential);
    if question.deleting && asks && question.home.is_gone(site).await {
        return Ok(Vec::new());
    }
    Err(trouble)
}

/// Roles of a principal on a storage account. An account that is gone has none; where one is wanted, that is trouble.
async fn on_storage(
    site: &Site,
    question: &Question<'_>,
    account: &str,
    principal: &str,
) -> Result<Vec<RoleAssignment>, Fault> {
    match storage::at(site, account, principal).await {
        Err(trouble)
            if trouble.class == Class::Absent
                && (question.deleting || !question.wants_at(account)) =>
        {
            Ok(Vec::new())
        }
        outcome => outcome,
    }
}

fn is_synapse(grant: &RoleAssignment) -> bool {
    matches!(grant.role.service(), Service::Synapse(_))
}

fn is_there(grant: &RoleAssignment, found: &[RoleAssignment]) -> bool {
    found.iter().any(|one| role::same_grant(one, grant))
}

/// The role of an id that Azure or Synapse tells, if it is one that the operator grants.
fn known_role(id: &str) -> Option<Role> {
    Role::ALL
        .into_iter()
        .find(|role| role::id(*role).eq_ignore_ascii_case(id))
}

/// What cannot be asked at all.
fn local(code: &str, why: &dyn std::fmt::Display) -> Fault {
    Fault {
        class: Class::Terminal,
        code: code.to_owned(),
        op: "address a role assignment",
        text: why.to_string(),
        request_id: None,
        retry_after: None,
    }
}

pub(crate) fn too_many(scope: &str) -> Fault {
    Fault {
        class: Class::Retryable,
        code: "TooManyPages".to_owned(),
        op: "read the roles",
        text: format!("more than {PAGES} pages of role assignments at {scope}"),
        request_id: None,
        retry_after: None,
    }
}

#[cfg(test)]
mod tests;
