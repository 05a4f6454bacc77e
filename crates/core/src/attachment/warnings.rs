//! What will make jobs fail on a pool that is attached as it should be.

use azureml_spark_api::Reason;
use azureml_spark_api::azure_id;

use super::{Pool, Seen, Synapse, Want};
use crate::summary::Warning;

pub(super) fn warnings(want: &Want, seen: &Seen) -> Vec<Warning> {
    let mut all = want.warnings.clone();
    all.extend(unlinked(want));
    if let Some(synapse) = seen.synapse.present() {
        all.extend(closed(want, synapse));
        all.extend(unreachable(want, synapse));
    }
    if let Some(pool) = seen.pool.present() {
        all.extend(far(want, pool));
    }
    all
}

/// What is attached works without its link; what is attached next would not.
fn unlinked(want: &Want) -> Option<Warning> {
    let why = want.unlinked.as_ref()?;
    want.compute.pool.as_ref()?;
    Some(Warning::new(
        why.reason,
        format!("{}; the pool stays as it is without it", why.message),
    ))
}

/// Contract §2.7: jobs on an attached pool need public network access.
fn closed(want: &Want, synapse: &Synapse) -> Option<Warning> {
    let pool = want.compute.pool.as_ref()?;
    synapse.public_network_access_disabled.then(|| {
        Warning::new(
            Reason::PublicAccessDisabled,
            format!(
                "the Synapse workspace {} lets nobody in from the public network, which jobs on an attached pool need: enable its public network access",
                pool.workspace
            ),
        )
    })
}

/// Contract §8.2: in a managed virtual network, every account is reached by a managed private endpoint of Synapse.
fn unreachable(want: &Want, synapse: &Synapse) -> Option<Warning> {
    if !synapse.managed_network {
        return None;
    }
    let pool = want.compute.pool.as_ref()?;
    let approved = |account: &String| {
        synapse
            .approved_endpoints
            .iter()
            .any(|id| azure_id::same(id, account))
    };
    let missing: Vec<String> = want
        .storage_accounts()
        .into_iter()
        .filter(|account| !approved(account))
        .collect();
    (!missing.is_empty()).then(|| {
        Warning::new(
            Reason::PrivateEndpointMissing,
            format!(
                "the Synapse workspace {} has a managed virtual network without an approved managed private endpoint to {}: create it in Synapse and approve it at the account",
                pool.workspace,
                missing.join(", ")
            ),
        )
    })
}

fn far(want: &Want, pool: &Pool) -> Option<Warning> {
    let (there, here) = (pool.location.as_ref()?, &want.workspace.as_ref()?.location);
    let plain = |name: &str| name.replace(' ', "").to_ascii_lowercase();
    (plain(there) != plain(here)).then(|| {
        Warning::new(
            Reason::OtherRegion,
            format!(
                "the pool is in {there}, and the workspace in {here}: use a pool in the region of the workspace"
            ),
        )
    })
}
