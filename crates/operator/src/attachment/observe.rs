//! One look at an attached pool.

use azureml_spark_api::attachment::{AutoPause, AutoScale};
use azureml_spark_api::role::RoleAssignment;
use azureml_spark_azure::arm::provisioning::ProvisioningState;
use azureml_spark_azure::arm::{compute, pool};
use azureml_spark_core::attachment::{Compute, Memo, Provisioning, Seen, Want};
use azureml_spark_core::{Class, Fault, Sight};

use super::{grants, pool_id};
use crate::access::Site;
use crate::translate;

pub(super) async fn observe(site: &Site, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
    let wish = &want.compute;
    let fault = |error| translate::fault(&error);
    let Some(found) = site
        .client
        .find(compute::get(&site.id, &wish.name))
        .await
        .map_err(fault)?
    else {
        // Attaching to a pool that is not there is refused in words that do not say so; its own route does.
        let pool = if want.deleting {
            Sight::Unknown
        } else {
            match site
                .client
                .find(pool::get(&pool_id(wish)?))
                .await
                .map_err(fault)?
            {
                Some(_) => Sight::Present(()),
                None => Sight::Absent,
            }
        };
        let grants = if memo.grants.is_empty() {
            Sight::Unknown
        } else {
            Sight::Present(roles(site, want).await?)
        };
        return Ok(Seen {
            pool,
            compute: Sight::Absent,
            grants,
        });
    };
    let compute = seen(&found);
    let settled = compute.state == Provisioning::Succeeded || want.deleting;
    let grants = if settled {
        Sight::Present(roles(site, want).await?)
    } else {
        Sight::Unknown
    };
    Ok(Seen {
        pool: Sight::Unknown,
        compute: Sight::Present(compute),
        grants,
    })
}

/// Role assignments at the pool. To leave, a pool that is gone has none: its Synapse workspace may be gone with it, and
/// nobody would answer there.
async fn roles(site: &Site, want: &Want) -> Result<Vec<RoleAssignment>, Fault> {
    let trouble = match grants::at_pool(site, &want.compute.pool).await {
        Ok(found) => return Ok(found),
        Err(trouble) => trouble,
    };
    if !want.deleting || matches!(trouble.class, Class::Throttled { .. } | Class::Credential) {
        return Err(trouble);
    }
    match site.client.find(pool::get(&pool_id(&want.compute)?)).await {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(_)) | Err(_) => Err(trouble),
    }
}

fn seen(found: &compute::Compute) -> Compute {
    let properties = &found.properties;
    let pool = &properties.properties;
    let (scale, pause) = (&pool.auto_scale_properties, &pool.auto_pause_properties);
    Compute {
        azure_id: found.id.as_str().to_owned(),
        pool_id: properties
            .resource_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .unwrap_or_default(),
        state: state(properties),
        provisioning_state: properties.provisioning_state.as_str().to_owned(),
        location: found.location.clone(),
        description: properties.description.clone(),
        tags: found.tags.clone(),
        identity: translate::identity(&found.identity),
        created_on: properties.created_on.map(|time| time.to_string()),
        spark_version: pool.spark_version.clone(),
        node_count: pool.node_count.and_then(number),
        node_size: pool.node_size.clone(),
        node_size_family: pool.node_size_family.clone(),
        auto_scale: scale.enabled.map(|enabled| AutoScale {
            enabled,
            min_node_count: scale.min_node_count.and_then(number),
            max_node_count: scale.max_node_count.and_then(number),
        }),
        auto_pause: pause.enabled.map(|enabled| AutoPause {
            enabled,
            delay_in_minutes: pause.delay_in_minutes.and_then(number),
        }),
    }
}

fn number(count: u32) -> Option<i32> {
    i32::try_from(count).ok()
}

fn state(properties: &compute::Properties) -> Provisioning {
    match &properties.provisioning_state {
        ProvisioningState::Succeeded => Provisioning::Succeeded,
        ProvisioningState::Failed | ProvisioningState::Canceled => {
            let errors: Vec<String> = properties
                .provisioning_errors
                .iter()
                .map(|error| format!("{}: {}", error.code, error.message))
                .collect();
            Provisioning::Failed(if errors.is_empty() {
                "no reason was given".to_owned()
            } else {
                errors.join("; ")
            })
        }
        ProvisioningState::Deleting => Provisioning::Deleting,
        ProvisioningState::Unknown
        | ProvisioningState::Updating
        | ProvisioningState::Creating
        | ProvisioningState::Other(_) => Provisioning::Working,
    }
}
