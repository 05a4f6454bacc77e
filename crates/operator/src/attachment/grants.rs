//! Role assignments in Synapse.

use azureml_spark_api::azure_id::SparkPoolId;
use azureml_spark_api::role::{Role, RoleAssignment};
use azureml_spark_azure::synapse::rbac;
use azureml_spark_core::role;
use azureml_spark_core::{Class, Fault};
use uuid::Uuid;

use crate::access::Site;
use crate::translate;

/// Most pages of role assignments that one look reads.
const PAGES: usize = 20;

/// The assignments at a pool, of the roles that this operator grants.
pub(super) async fn at_pool(site: &Site, pool: &SparkPoolId) -> Result<Vec<RoleAssignment>, Fault> {
    let scope = pool.synapse_scope();
    let filter = rbac::Filter {
        scope: Some(&scope),
        ..rbac::Filter::default()
    };
    let mut found = Vec::new();
    let mut continuation: Option<String> = None;
    for _ in 0..PAGES {
        let page = site
            .client
            .send(rbac::list(
                &pool.workspace,
                &filter,
                continuation.as_deref(),
            ))
            .await
            .map_err(|error| translate::fault(&error))?;
        found.extend(page.value.iter().filter_map(assignment));
        continuation = page.continuation;
        if continuation.is_none() {
            return Ok(found);
        }
    }
    Err(Fault {
        class: Class::Retryable,
        code: "TooManyPages".to_owned(),
        op: "read the roles in Synapse",
        text: format!("more than {PAGES} pages of role assignments at {scope}"),
        request_id: None,
    })
}

fn assignment(found: &rbac::Assignment) -> Option<RoleAssignment> {
    let role = Role::ALL
        .into_iter()
        .find(|role| role::id(*role).eq_ignore_ascii_case(&found.role_definition_id))?;
    Some(RoleAssignment {
        role,
        scope: found.scope.trim_matches('/').to_owned(),
        principal_id: found.principal_id.clone(),
        id: found.id.to_ascii_lowercase(),
    })
}

pub(super) async fn grant(site: &Site, synapse: &str, grant: &RoleAssignment) -> Result<(), Fault> {
    let id = Uuid::parse_str(&grant.id).map_err(|error| Fault {
        class: Class::Terminal,
        code: "InvalidAssignmentId".to_owned(),
        op: "grant a role in Synapse",
        text: error.to_string(),
        request_id: None,
    })?;
    let wish = rbac::NewAssignment::to_service_principal(
        role::id(grant.role),
        &*grant.principal_id,
        &*grant.scope,
    );
    match site.client.send(rbac::put(synapse, id, &wish)).await {
        Ok(_) => Ok(()),
        // The same grant under another id: the next look finds it.
        Err(error) if error.is_role_assignment_exists() => Ok(()),
        Err(error) => Err(translate::fault(&error)),
    }
}

pub(super) async fn revoke(
    site: &Site,
    synapse: &str,
    grant: &RoleAssignment,
) -> Result<(), Fault> {
    site.client
        .send(rbac::delete(synapse, &grant.id, &grant.scope))
        .await
        .map(drop)
        .map_err(|error| translate::fault(&error))
}
