//! What Synapse lets anybody grant, and where: read at run time, since documentation and service have answered it
//! differently (contract §7).

use azureml_spark_api::Reason;
use azureml_spark_api::role::RoleAssignment;

use super::{Offer, is_synapse};
use crate::machine::Sight;
use crate::place::Blocked;
use crate::role;

/// Whether a role can be granted.
pub(super) enum Verdict {
    /// Nobody has looked.
    Unknown,
    /// As far as can be told.
    Possible,
    /// Not, however often it is tried.
    Refused(Blocked),
}

pub(super) fn verdict(grant: &RoleAssignment, offers: &Sight<Vec<Offer>>) -> Verdict {
    if !is_synapse(grant) {
        return Verdict::Possible;
    }
    let offers: &[Offer] = match offers {
        Sight::Unknown => return Verdict::Unknown,
        Sight::Absent => &[],
        Sight::Present(offers) => offers,
    };
    let (name, id) = (grant.role.as_str(), role::id(grant.role));
    let same: Vec<&Offer> = offers
        .iter()
        .filter(|offer| offer.role_id.eq_ignore_ascii_case(id))
        .collect();
    if same.is_empty() {
        return Verdict::Refused(Blocked::new(
            Reason::RoleNotFound,
            format!(
                "spec.grants.synapseRoles: Synapse does not know the role {name} ({id}): name another"
            ),
        ));
    }
    // A role that says of no place where it can be given says nothing.
    let fits = |offer: &&Offer| {
        offer.scopes.is_empty() || offer.scopes.iter().any(|p| is_shaped(&grant.scope, p))
    };
    if same.iter().any(fits) {
        return Verdict::Possible;
    }
    let scopes: Vec<&str> = same
        .iter()
        .flat_map(|offer| offer.scopes.iter().map(String::as_str))
        .collect();
    Verdict::Refused(Blocked::new(
        Reason::RoleNotAssignable,
        format!(
            "spec.grants.synapseRoles: Synapse gives the role {name} not at {}, only at {}: name another",
            grant.scope,
            scopes.join(", ")
        ),
    ))
}

/// Whether a scope is of a pattern's shape: `workspaces/w` of `workspaces/{workspaceName}`.
fn is_shaped(scope: &str, pattern: &str) -> bool {
    let parts = |text: &'_ str| -> Vec<String> {
        text.trim_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect()
    };
    let (scope, pattern) = (parts(scope), parts(pattern));
    scope.len() == pattern.len()
        && scope.iter().zip(&pattern).all(|(part, shape)| {
            let any = shape.starts_with('{') && shape.ends_with('}');
            any || shape.eq_ignore_ascii_case(part)
        })
}
