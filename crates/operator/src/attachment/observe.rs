//! One look at an attached pool.

use azureml_spark_api::attachment::{AutoPause, AutoScale, DeletionPolicy};
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_azure::arm::compute;
use azureml_spark_azure::arm::provisioning::ProvisioningState;
use azureml_spark_core::attachment::{Compute, Memo, Pool, Provisioning, Seen, Want};
use azureml_spark_core::place::Place;
use azureml_spark_core::{Class, Fault, Sight, grants};

use super::around::Around;
use super::pool_id;
use crate::access::Site;
use crate::roles::{self, Home, Question};
use crate::translate;

/// Whether Azure is asked at all: who leaves all as it is must not hang on a right to read.
pub(super) fn looks(want: &Want) -> bool {
    !want.deleting || want.policies.management == ManagementPolicy::Full
}

pub(super) async fn observe(
    around: &Around,
    site: &Site,
    place: &Place,
    want: &Want,
    memo: &Memo,
) -> Result<Seen, Fault> {
    let uid = &want.compute.owner;
    let compute = look_at_compute(around, site, want).await?;
    let (mut pool, mut synapse) = (Sight::Unknown, Sight::Unknown);
    if let (false, Some(id)) = (want.deleting, want.pool(memo)) {
        let id = pool_id(&id)?;
        let found = around.pool(site, place, uid, &id).await;
        pool = seen_of_pool(found, compute.present().is_some())?;
        if pool.present().is_some() {
            synapse = around.synapse(site, place, uid, &id).await?;
        }
    }
    Ok(Seen {
        pool,
        synapse,
        grants: roles(site, want, memo, compute.present()).await?,
        compute,
    })
}

/// Once for all roles that a pass grants or takes back. Whoever is about to detach it looks each time whose it is.
async fn look_at_compute(
    around: &Around,
    site: &Site,
    want: &Want,
) -> Result<Sight<Compute>, Fault> {
    let uid = &want.compute.owner;
    let known = around.compute(uid);
    if known != Sight::Unknown && !want.deleting {
        return Ok(known);
    }
    let call = compute::get(&site.id, &want.compute.name);
    let found = site.client.find(call).await;
    let found = found.map_err(|error| translate::fault(&error))?;
    let compute = found.map_or(Sight::Absent, |found| Sight::Present(seen(&found)));
    around.saw(uid, compute.clone());
    Ok(compute)
}

/// Attaching to a pool that is not there is refused in words that do not say so; its own route does.
fn seen_of_pool(found: Result<Option<Pool>, Fault>, attached: bool) -> Result<Sight<Pool>, Fault> {
    match found {
        Ok(found) => Ok(found.map_or(Sight::Absent, Sight::Present)),
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
