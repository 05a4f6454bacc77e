//! The roles that one object grants: which are missing, which are taken back, and whether they have an effect yet. The
//! same for an attachment and for a link.
//!
//! A machine has a [`Record`] in its memo and asks
//!
//! - in `want`, unless the object is being deleted or only observed: [`allowed()`];
//! - in `next`, once what holds the identity is as it should be and every principal is known:
//!
//!   ```text
//!   match grants::settle(&wanted, &seen.grants, record, &terms) {
//!       (record, Next::Grant(grant))  => Move::step(memo with record, Step::Grant(grant)),
//!       (record, Next::Revoke(grant)) => Move::step(memo with record, Step::Revoke(grant)),
//!       (record, Next::Wait(time))    => Move::rest(memo with record, Wake::At(time)),
//!       (record, Next::Settled)       => Move::rest(memo with record, after the sync period),
//!   }
//!   ```
//!
//! - in `next` on the way out, before the identity goes: [`give_back`], which leaves the record as it is, and goes on
//!   with `Next::Settled`. A role that the record lost is put there first with [`Record::with`];
//! - in `report`: [`fact`] for `AccessGranted`, [`differences`] for `status.drift`, [`unmet`] for what that fact means for
//!   the object, [`faulted`] in the place of `Standing::of`. `wanted` is `None` while a principal is unknown.
//!
//! The time of the request is in the record that [`settle`] answers with; `status.requestedTime`,
//! `status.requestedSince` and `status.roleAssignments` hold the record.
//!
//! Who looks at Azure asks [`wants_offers`] whether to look up what Synapse offers, and [`to_check`] whose access to
//! check.

mod allowed;
mod next;
mod offer;
mod report;

use std::collections::BTreeSet;

use azureml_spark_api::policy::{DriftPolicy, ManagementPolicy};
use azureml_spark_api::role::{RoleAssignment, Service};
use jiff::Timestamp;

use crate::machine::Sight;
use crate::role;

pub use crate::record::Record;
pub use allowed::{Origin, allowed};
pub use next::{Next, give_back, settle};
pub use report::{GRANT_IN_SYNAPSE, GRANT_ON_STORAGE, differences, fact, faulted, unmet};

/// One look at the roles that count for an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Assignments at every scope where one is wanted or on record, of the roles that the operator grants.
    pub found: Sight<Vec<RoleAssignment>>,
    /// What Synapse lets anybody grant; looked at only while a role that is wanted there is missing.
    pub offers: Sight<Vec<Offer>>,
    /// Object ids that Synapse says cannot use the pool yet; unknown where nobody could tell.
    pub powerless: Sight<Vec<String>>,
}

/// A role as Synapse offers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub role_id: String,
    /// Where it can be given, as patterns in Synapse's words: `workspaces/{workspaceName}`.
    pub scopes: Vec<String>,
}

/// What else a decision about roles depends on.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Ids of the role assignments that other objects of the cluster, which stay, have on record and ask for.
    pub shared: &'a BTreeSet<String>,
    /// Whether the operator changes Azure; said in a report, and never asked by a decision.
    pub management: ManagementPolicy,
    /// What to do with a role that was taken away outside.
    pub drift: DriftPolicy,
    /// The time.
    pub now: Timestamp,
}

/// Somebody whose access Synapse is to be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check<'a> {
    /// Object id.
    pub principal_id: &'a str,
    /// Where.
    pub scope: &'a str,
}

/// Those of `wanted` that nobody has given, under whatever id.
pub fn missing<'w>(
    wanted: &'w [RoleAssignment],
    found: &[RoleAssignment],
) -> Vec<&'w RoleAssignment> {
    wanted
        .iter()
        .filter(|grant| !found.iter().any(|f| role::same_grant(f, grant)))
        .collect()
}

/// Whether to look up what Synapse offers: a role of its own is missing.
pub fn wants_offers(wanted: &[RoleAssignment], found: &[RoleAssignment]) -> bool {
    missing(wanted, found).into_iter().any(is_synapse)
}

/// Whose access to check, and where: every holder of a role of Synapse, each of which lets its holder use a pool.
/// Nobody while a role of Synapse is missing.
pub fn to_check<'w>(wanted: &'w [RoleAssignment], found: &[RoleAssignment]) -> Vec<Check<'w>> {
    if wants_offers(wanted, found) {
        return Vec::new();
    }
    holders(wanted)
}

fn holders(wanted: &[RoleAssignment]) -> Vec<Check<'_>> {
    let mut checks = Vec::new();
    for grant in wanted.iter().filter(|grant| is_synapse(grant)) {
        let check = Check {
            principal_id: &grant.principal_id,
            scope: &grant.scope,
        };
        if !checks.contains(&check) {
            checks.push(check);
        }
    }
    checks
}

/// Those of the holders that Synapse does not let in yet.
fn powerless<'w>(wanted: &'w [RoleAssignment], seen: &Seen) -> Vec<&'w str> {
    let Sight::Present(refused) = &seen.powerless else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for check in holders(wanted) {
        let out = refused
            .iter()
            .any(|id| id.eq_ignore_ascii_case(check.principal_id));
        if out && !names.contains(&check.principal_id) {
            names.push(check.principal_id);
        }
    }
    names
}

/// Whether a role that is missing was taken away outside, and is to be left so. One that the object never had on
/// record is a new wish.
fn is_left(grant: &RoleAssignment, record: &Record, drift: DriftPolicy) -> bool {
    drift == DriftPolicy::Report
        && record.was_settled()
        && record.grants.iter().any(|known| known.id == grant.id)
}

fn is_synapse(grant: &RoleAssignment) -> bool {
    matches!(grant.role.service(), Service::Synapse(_))
}

#[cfg(test)]
mod tests;
