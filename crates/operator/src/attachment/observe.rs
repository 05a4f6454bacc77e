//! One look at an attached pool.

use azureml_spark_api::attachment::{AutoPause, AutoScale, DeletionPolicy};
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_azure::arm::provisioning::ProvisioningState;
use azureml_spark_azure::arm::{compute, pool};
use azureml_spark_core::attachment::{Compute, Memo, Pool, Provisioning, Seen, Want};
use azureml_spark_core::{Class, Fault, Sight, grants};

use super::{pool_id, surroundings};
use crate::access::Site;
use crate::roles::{self, Home, Question};
use crate::translate;

/// Whether Azure is asked at all: who leaves all as it is must not hang on a right to read.
pub(super) fn looks(want: &Want) -> bool {
    !want.deleting || want.policies.management == ManagementPolicy::Full
}

pub(super) async fn observe(site: &Site, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
    let found = site
        .client
        .find(compute::get(&site.id, &want.compute.name))
        .await
        .map_err(|error| translate::fault(&error))?;
    let compute = found.as_ref().map(seen);
    let (mut pool, mut synapse) = (Sight::Unknown, Sight::Unknown);
    if let (false, Some(id)) = (want.deleting, want.pool(memo)) {
        let id = pool_id(&id)?;
        pool = look_at_pool(site, &id, compute.is_some()).await?;
        if pool.present().is_some() {
            synapse = surroundings::look(site, id.workspace()).await?;
        }
    }
    Ok(Seen {
        pool,
        synapse,
        grants: roles(site, want, memo, compute.as_ref()).await?,
        compute: compute.map_or(Sight::Absent, Sight::Present),
    })
}

/// Attaching to a pool that is not there is refused in words that do not say so; its own route does.
async fn look_at_pool(
    site: &Site,
    id: &azureml_spark_azure::SparkPoolId,
    attached: bool,
) -> Result<Sight<Pool>, Fault> {
    let found = site.client.find(pool::get(id)).await;
    match found.map_err(|error| translate::fault(&error)) {
        Ok(Some(found)) => Ok(Sight::Present(Pool {
            location: found.location,
        })),
        Ok(None) => Ok(Sight::Absent),
        // What is attached does its work without our sight of the pool.
        Err(fault) if attached && fault.class == Class::Forbidden => Ok(Sight::Unknown),
        Err(fault) => Err(fault),
    }
}

/// Roles count once the compute has its identity, and as long as any is on record.
async fn roles(
    site: &Site,
    want: &Want,
    memo: &Memo,
    compute: Option<&Compute>,
) -> Result<grants::Seen, Fault> {
    let stay = want.deleting && want.policies.deletion == DeletionPolicy::Retain;
    let settled = |compute: &Compute| compute.state == Provisioning::Succeeded || want.deleting;
    if stay || !compute.map_or(!memo.record.grants.is_empty(), settled) {
        return Ok(grants::Seen::default());
    }
    let wanted = compute.and_then(|compute| want.wanted(compute, memo));
    let home = want.pool(memo).as_ref().map_or(Home::Unknown, Home::pool);
    let question = Question {
        wanted: &wanted.unwrap_or_default(),
        recorded: &memo.record.grants,
        home: &home,
        deleting: want.deleting,
    };
    roles::look_as_far_as_let(site, &question, want.policies.management).await
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
