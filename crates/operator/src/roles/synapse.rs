//! Synapse's own roles (contract §7).

use azureml_spark_api::role::RoleAssignment;
use azureml_spark_azure::synapse::rbac;
use azureml_spark_core::grants::Check;
use azureml_spark_core::{Class, Fault, Sight, role};
use uuid::Uuid;

use super::{Offer, Outcome, PAGES, is_there, known_role, local, too_many};
use crate::access::Site;
use crate::translate;

/// What a job does with the pool, so what a role must let its holder do.
const USE_POOL: &str = "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action";

/// The assignments at a scope, of the roles that this operator grants.
pub(super) async fn at(site: &Site, scope: &str) -> Result<Vec<RoleAssignment>, Fault> {
    let filter = rbac::Filter {
        scope: Some(scope),
        ..rbac::Filter::default()
    };
    list(site, scope, &filter).await
}

async fn list(
    site: &Site,
    scope: &str,
    filter: &rbac::Filter<'_>,
) -> Result<Vec<RoleAssignment>, Fault> {
    let workspace = named(scope)?;
    let mut found = Vec::new();
    let mut continuation: Option<String> = None;
    for _ in 0..PAGES {
        let call = rbac::list(workspace, filter, continuation.as_deref());
        let page = site.client.send(call).await;
        let page = page.map_err(|error| translate::fault(&error))?;
        found.extend(page.value.iter().filter_map(assignment));
        continuation = page.continuation;
        if continuation.is_none() {
            return Ok(found);
        }
    }
    Err(too_many(scope))
}

fn assignment(found: &rbac::Assignment) -> Option<RoleAssignment> {
    Some(RoleAssignment {
        role: known_role(&found.role_definition_id)?,
        scope: found.scope.trim_matches('/').to_owned(),
        principal_id: found.principal_id.clone(),
        id: found.id.to_ascii_lowercase(),
    })
}

/// The roles that a Synapse workspace knows, and where each can be given.
pub(super) async fn offers(site: &Site, workspace: &str) -> Result<Vec<Offer>, Fault> {
    let found = site.client.send(rbac::role_definitions(workspace)).await;
    let found = found.map_err(|error| translate::fault(&error))?;
    let offers = found.into_iter().map(|definition| Offer {
        role_id: definition.id,
        scopes: definition.scopes,
    });
    Ok(offers.collect())
}

/// Those who cannot use the pool yet. Unknown where Synapse refuses to say.
pub(super) async fn powerless(
    site: &Site,
    checks: &[Check<'_>],
) -> Result<Sight<Vec<String>>, Fault> {
    let mut powerless = Vec::new();
    for check in checks {
        let workspace = named(check.scope)?;
        let call = rbac::check_access(workspace, check.principal_id, check.scope, &[USE_POOL]);
        match site.client.send(call).await {
            Ok(decisions) if decisions.is_empty() => return Ok(Sight::Unknown),
            Ok(decisions) if decisions.iter().all(rbac::Decision::is_allowed) => {}
            Ok(_) => powerless.push(check.principal_id.to_owned()),
            Err(error) => {
                let fault = translate::fault(&error);
                return if is_no_answer(fault.class) {
                    Ok(Sight::Unknown)
                } else {
                    Err(fault)
                };
            }
        }
    }
    Ok(Sight::Present(powerless))
}

/// A right that we lack, or a call that is not served: asking again says the same.
fn is_no_answer(class: Class) -> bool {
    matches!(class, Class::Forbidden | Class::Absent | Class::Terminal)
}

pub(super) async fn grant(site: &Site, id: Uuid, grant: &RoleAssignment) -> Result<Outcome, Fault> {
    let wish = rbac::NewAssignment::to_service_principal(
        role::id(grant.role),
        &*grant.principal_id,
        &*grant.scope,
    );
    let call = rbac::put(named(&grant.scope)?, id, &wish);
    match site.client.send(call).await {
        Ok(_) => Ok(Outcome::Done),
        Err(error) if error.is_role_assignment_exists() => {
            let triple = rbac::Filter {
                role_id: Some(role::id(grant.role)),
                principal_id: Some(&grant.principal_id),
                scope: Some(&grant.scope),
            };
            let found = list(site, &grant.scope, &triple).await?;
            Ok(if is_there(grant, &found) {
                Outcome::Done
            } else {
                Outcome::ExistsUnseen(translate::fault(&error).text)
            })
        }
        Err(error) => Err(translate::fault(&error)),
    }
}

pub(super) async fn revoke(site: &Site, grant: &RoleAssignment) -> Result<(), Fault> {
    let call = rbac::delete(named(&grant.scope)?, &grant.id, &grant.scope);
    let done = site.client.send(call).await;
    done.map(drop).map_err(|error| translate::fault(&error))
}

/// The Synapse workspace that a scope is in: `workspaces/{}` or `workspaces/{}/bigDataPools/{}`.
pub(super) fn workspace_of(scope: &str) -> Option<&str> {
    let mut segments = scope.trim_matches('/').split('/');
    let word = segments.next()?;
    let workspace = segments.next()?;
    (word.eq_ignore_ascii_case("workspaces") && !workspace.is_empty()).then_some(workspace)
}

fn named(scope: &str) -> Result<&str, Fault> {
    workspace_of(scope)
        .ok_or_else(|| local("InvalidScope", &format!("'{scope}' is no scope of Synapse")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_its_workspace() {
        assert_eq!(workspace_of("workspaces/w"), Some("w"));
        assert_eq!(workspace_of("/Workspaces/w/bigDataPools/p"), Some("w"));
        assert_eq!(workspace_of("workspaces/"), None);
        assert_eq!(workspace_of("/subscriptions/s"), None);
    }

    #[test]
    fn only_a_refusal_says_that_nobody_can_tell() {
        for class in [Class::Forbidden, Class::Absent, Class::Terminal] {
            assert!(is_no_answer(class), "{class:?}");
        }
        for class in [
            Class::Retryable,
            Class::Unsure,
            Class::Spreading,
            Class::Credential,
        ] {
            assert!(!is_no_answer(class), "{class:?}");
        }
    }
}
