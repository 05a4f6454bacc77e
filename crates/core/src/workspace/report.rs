//! What is said of a workspace.

use azureml_spark_api::condition::{ConditionType, Fact, Time, merge};
use azureml_spark_api::{AzureMLWorkspaceStatus, Reason};
use jiff::Timestamp;

use super::{ATTACH_IDENTITIES, Facts, Want, Workspace, identities};
use crate::fault::Class;
use crate::machine::{Pass, Sight};
use crate::summary::{self, Standing, Warning, still_ready};

pub(super) fn report(
    pass: &Pass<'_, Workspace>,
    old: &AzureMLWorkspaceStatus,
    now: Timestamp,
) -> AzureMLWorkspaceStatus {
    let mut status = old.clone();
    status.observed_generation = Some(pass.generation);
    status.requested_time = pass.memo.requested.map(Time);
    let Ok(want) = pass.want else { return status };
    status.azure_name = Some(want.azure_name.clone());
    status.azure_id.get_or_insert_with(|| want.azure_id.clone());
    let seen = pass.seen.and_then(|seen| seen.workspace.present());
    if let Some(facts) = seen {
        publish(&mut status, facts);
    }
    if goes_ahead(pass, old) {
        return status;
    }
    let mut facts = vec![accepted(want), reachable(pass, want, old)];
    facts.extend(standing(pass, want, old).held_up(pass.paused).facts());
    facts.extend(warned(pass, want, old));
    facts.extend(summary::paused(pass.paused));
    status.conditions = merge(&old.conditions, &facts, pass.generation, now);
    status
}

/// Whether this only puts a request on record: what is said stays until its outcome is known, or a request that is
/// refused each time would be news each time.
fn goes_ahead(pass: &Pass<'_, Workspace>, old: &AzureMLWorkspaceStatus) -> bool {
    let before = old.requested_time.as_ref().map(|time| time.0);
    pass.memo.requested.is_some()
        && pass.memo.requested != before
        && pass.trouble.is_none()
        && old.observed_generation == Some(pass.generation)
        && !old.conditions.is_empty()
}

/// `Warning`, while there is something to warn of. A look that failed takes nothing back.
fn warned(pass: &Pass<'_, Workspace>, want: &Want, old: &AzureMLWorkspaceStatus) -> Option<Fact> {
    if want.deleting {
        return None;
    }
    let seen = pass.seen.filter(|seen| seen.workspace != Sight::Unknown);
    let before = || summary::restated(&old.conditions, ConditionType::Warning);
    match seen {
        None => before().or_else(|| summary::warning(&want.warnings)),
        Some(seen) => {
            let facts = seen.workspace.present();
            let missing = identities::nonexistent(seen).map(|id| {
                Warning::new(
                    Reason::IdentityNotFound,
                    format!(
                        "spec.attachUserAssignedIdentities: no user-assigned identity {id}: create it, or take it off the list"
                    ),
                )
            });
            let all: Vec<Warning> = want
                .warnings
                .iter()
                .cloned()
                .chain(missing)
                .chain(facts.into_iter().flat_map(of_workspace))
                .collect();
            summary::warning(&all)
        }
    }
}

/// What the workspace itself gives cause to warn of.
fn of_workspace(facts: &Facts) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if facts.managed_network && facts.spark_ready != Some(true) {
        warnings.push(Warning::new(
            Reason::SparkNotReady,
            "the workspace's managed network does not let Spark run: provision it: POST provisionManagedNetwork with includeSpark, or `az ml workspace provision-network --include-spark`",
        ));
    }
    if facts.v1_legacy_mode == Some(true) {
        warnings.push(Warning::new(
            Reason::V1LegacyMode,
            "v1LegacyMode of the workspace is true, which may block the API for jobs: set it to false, once nobody relies on it",
        ));
    }
    warnings
}

fn accepted(want: &Want) -> Fact {
    match &want.blocked {
        Some(why) if why.reason == Reason::CloudNotFound => {
            Fact::no(ConditionType::SpecAccepted, why.reason, why.message.clone())
        }
        _ => summary::accepted(),
    }
}

/// Whether the workspace can be read. Its own wishes, such as identities that cannot be attached, keep nothing that lives
/// in it from going on.
fn reachable(pass: &Pass<'_, Workspace>, want: &Want, old: &AzureMLWorkspaceStatus) -> Fact {
    const KIND: ConditionType = ConditionType::Reachable;
    let as_before = || {
        let same = old.observed_generation == Some(pass.generation) || want.deleting;
        let before = summary::restated(&old.conditions, KIND).filter(|_| same);
        before.unwrap_or_else(|| Fact::unknown(KIND, Reason::Pending, "not read yet"))
    };
    // What went wrong with the identities says nothing about this.
    let trouble = pass
        .trouble
        .filter(|trouble| trouble.fault.op != ATTACH_IDENTITIES);
    match (trouble, pass.seen.map(|seen| &seen.workspace)) {
        _ if want.deleting => as_before(),
        (None, Some(Sight::Present(_))) => {
            Fact::yes(KIND, Reason::Ready, "the workspace can be read")
        }
        (Some(trouble), _)
            if let Some(still) = summary::still_true(&old.conditions, KIND, trouble) =>
        {
            still
        }
        _ => match standing(pass, want, old) {
            Standing::Ready(..) => as_before(),
            Standing::Reconciling(reason, message) | Standing::Stalled(reason, message) => {
                Fact::no(KIND, reason, message)
            }
        },
    }
}

fn standing(pass: &Pass<'_, Workspace>, want: &Want, old: &AzureMLWorkspaceStatus) -> Standing {
    if want.deleting {
        let waits = "waits until nothing in Azure needs it any more";
        // The apiserver may know of somebody whom the watches have not shown yet.
        let message = if want.holders.is_empty() {
            waits.to_owned()
        } else {
            format!("{waits}: {}", want.holders.join(", "))
        };
        return Standing::Reconciling(Reason::InUse, message);
    }
    if let Some(why) = &want.blocked {
        return Standing::Stalled(why.reason, why.message.clone());
    }
    match (pass.trouble, pass.seen.map(|seen| &seen.workspace)) {
        (Some(trouble), _)
            if trouble.fault.class == Class::Absent && trouble.fault.op != ATTACH_IDENTITIES =>
        {
            Standing::Stalled(
                Reason::AzureWorkspaceNotFound,
                format!(
                    "no such workspace in Azure: {} ({}): check subscriptionId, resourceGroup and workspaceName",
                    want.azure_id, trouble.fault.code
                ),
            )
        }
        (Some(trouble), _) => still_ready(&old.conditions, trouble)
            .filter(|_| old.observed_generation == Some(pass.generation))
            .unwrap_or_else(|| Standing::of(trouble)),
        (None, Some(Sight::Present(_))) => present(pass, want),
        (None, Some(Sight::Absent)) => Standing::Stalled(
            Reason::AzureWorkspaceNotFound,
            format!(
                "no such workspace in Azure: {}: check subscriptionId, resourceGroup and workspaceName",
                want.azure_id
            ),
        ),
        (None, Some(Sight::Unknown) | None) => {
            Standing::Reconciling(Reason::Pending, "the workspace is being read".to_owned())
        }
    }
}

fn present(pass: &Pass<'_, Workspace>, want: &Want) -> Standing {
    let missing = pass.seen.map(|seen| identities::attachable(want, seen));
    let missing = missing.unwrap_or_default();
    if missing.is_empty() {
        return Standing::Ready(Reason::Ready, "the workspace can be read".to_owned());
    }
    let message = format!(
        "user-assigned identities are being attached to the workspace: {}",
        missing.join(", ")
    );
    Standing::Reconciling(Reason::Attaching, message)
}

fn publish(status: &mut AzureMLWorkspaceStatus, facts: &Facts) {
    status.azure_id = Some(facts.azure_id.clone());
    status.location = Some(facts.location.clone());
    status.tenant_id.clone_from(&facts.tenant_id);
    status
        .storage_account_id
        .clone_from(&facts.storage_account_id);
    status.identity.clone_from(&facts.identity);
    status.discovery_url.clone_from(&facts.discovery_url);
    status.spark_ready = facts.spark_ready;
    status
        .public_network_access
        .clone_from(&facts.public_network_access);
    status.v1_legacy_mode = facts.v1_legacy_mode;
}

#[cfg(test)]
mod tests;
