//! Azure's roles on storage accounts (contract §8.1).

use azureml_spark_api::role::RoleAssignment;
use azureml_spark_azure::ArmId;
use azureml_spark_azure::arm::role_assignment::{self, NewRoleAssignment};
use azureml_spark_core::{Fault, role};
use uuid::Uuid;

use super::{Outcome, PAGES, is_there, known_role, local, too_many};
use crate::access::Site;
use crate::translate;

/// The assignments of a principal on an account, of the roles that this operator grants. Those of a group or
/// subscription above it hold there, too, and are left out: they are other people's to change.
pub(super) async fn at(
    site: &Site,
    account: &str,
    principal: &str,
) -> Result<Vec<RoleAssignment>, Fault> {
    let scope = ArmId::new(account);
    let mut found = Vec::new();
    let mut call = role_assignment::list(&scope, principal);
    for _ in 0..PAGES {
        let page = site.client.send(call).await;
        let page = page.map_err(|error| translate::fault(&error))?;
        found.extend(page.items.iter().filter_map(|one| assignment(one, &scope)));
        match page.next {
            Some(next) => call = role_assignment::next_page(next),
            None => return Ok(found),
        }
    }
    Err(too_many(account))
}

fn assignment(found: &role_assignment::RoleAssignment, scope: &ArmId) -> Option<RoleAssignment> {
    let properties = &found.properties;
    let role = known_role(properties.role_definition_id.name())?;
    (properties.scope == *scope).then(|| RoleAssignment {
        role,
        scope: scope.as_str().to_owned(),
        principal_id: properties.principal_id.clone(),
        id: found.name.to_ascii_lowercase(),
    })
}

pub(super) async fn grant(site: &Site, id: Uuid, grant: &RoleAssignment) -> Result<Outcome, Fault> {
    let scope = ArmId::new(&grant.scope);
    let subscription = subscription_of(&grant.scope).ok_or_else(|| {
        local(
            "InvalidScope",
            &format!("{} is no resource id", grant.scope),
        )
    })?;
    let definition = role_assignment::definition(subscription, role::id(grant.role));
    let wish = NewRoleAssignment::to_service_principal(definition, &*grant.principal_id);
    match site
        .client
        .send(role_assignment::put(&scope, id, &wish))
        .await
    {
        Ok(_) => Ok(Outcome::Done),
        Err(error) if error.is_role_assignment_exists() => {
            let found = at(site, &grant.scope, &grant.principal_id).await?;
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
    let scope = ArmId::new(&grant.scope);
    let call = role_assignment::delete(&scope, &grant.id);
    let done = site.client.send(call).await;
    done.map(drop).map_err(|error| translate::fault(&error))
}

fn subscription_of(id: &str) -> Option<&str> {
    let mut segments = id.trim_start_matches('/').split('/');
    let word = segments.next()?;
    let subscription = segments.next()?;
    (word.eq_ignore_ascii_case("subscriptions") && !subscription.is_empty()).then_some(subscription)
}

#[cfg(test)]
mod tests {
    use azureml_spark_api::role::Role;

    use super::*;

    const ACCOUNT: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";

    fn found(scope: &str) -> role_assignment::RoleAssignment {
        role_assignment::RoleAssignment {
            id: ArmId::new("/…/roleAssignments/ABC"),
            name: "ABC".to_owned(),
            properties: role_assignment::Properties {
                role_definition_id: ArmId::new(format!(
                    "/providers/Microsoft.Authorization/roleDefinitions/{}",
                    role::id(Role::Reader).to_ascii_uppercase()
                )),
                principal_id: "p".to_owned(),
                scope: ArmId::new(scope),
            },
        }
    }

    #[test]
    fn an_assignment_counts_at_its_own_scope_whatever_the_casing() {
        let scope = ArmId::new(ACCOUNT);
        let seen = assignment(&found(&ACCOUNT.to_ascii_uppercase()), &scope).unwrap();
        assert_eq!(
            (seen.role, seen.scope.as_str(), seen.id.as_str()),
            (Role::Reader, ACCOUNT, "abc")
        );
        assert_eq!(
            assignment(&found("/subscriptions/s/resourceGroups/g"), &scope),
            None
        );
    }

    #[test]
    fn the_subscription_is_the_accounts() {
        assert_eq!(subscription_of(ACCOUNT), Some("s"));
        assert_eq!(subscription_of("workspaces/w"), None);
        assert_eq!(subscription_of("/subscriptions//x"), None);
    }
}
