//! What there is in a world, and which deeds are done in it: drawn from the seed.

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::role::{RoleAssignment, SynapseRole};
use azureml_spark_api::{LinkedServiceSpec, SynapseSparkAttachmentSpec};
use serde_json::json;

use crate::azure::{ComputeBody, ComputeRecord, Drift, RoleRecord, RunRecord};
use crate::deed::Deed;
use crate::history::History;
use crate::steering;
use crate::world::{Key, Workspace, World};

/// People and accidents end here, in milliseconds.
pub(crate) const TROUBLE_ENDS: i64 = 900_000;

/// What others have made is older than any read.
pub(crate) const BEFORE: i64 = -3_600_000;

/// What the attachments have to do with each other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cast {
    /// They attach one pool with one identity.
    shares: bool,
    /// They claim one compute.
    claims: bool,
    /// Statuses get lost. What one had held of an identity, or a mark, that is not there any more cannot be found again:
    /// those and lost statuses exclude each other.
    pub(crate) forgetful: bool,
}

/// Draws one world.
pub(crate) fn populate(world: &mut World) {
    let jobs = ["a", "b", "c"];
    let pools = ["p", "q"];
    let with_pools = usize::try_from(world.chance.below(3)).unwrap();
    world.azure.pool_exists = !world.chance.one_in(8);
    let forgetful = world.chance.one_in(2);
    world.cast = Cast {
        shares: world.chance.one_in(3),
        claims: !forgetful && world.chance.one_in(5),
        forgetful,
    };
    let mut deeds = vec![
        (TROUBLE_ENDS, Deed::SetWorkspace(Workspace::Ready)),
        (TROUBLE_ENDS, Deed::SetPool(true)),
        (TROUBLE_ENDS, Deed::FreezeLinks(false)),
        (TROUBLE_ENDS, Deed::EndStandby),
    ];
    deeds.extend(world.draw_material());
    if world.chance.one_in(3) {
        let how = world
            .chance
            .pick(&[Workspace::NotReady, Workspace::Unknown]);
        let begins = draw(world);
        let ends = begins + world.chance.millis(1_000, 200_000);
        deeds.push((begins, Deed::SetWorkspace(how)));
        deeds.push((ends, Deed::SetWorkspace(Workspace::Ready)));
    }
    if world.weather.crash > 0 {
        deeds.push((draw(world), Deed::KillOperator));
    }
    if world.chance.one_in(3) {
        deeds.push((draw(world), Deed::StartStandby));
    }
    for name in &pools[..with_pools] {
        strangers_at(world, name);
        deeds.push((
            world.chance.millis(0, 60_000),
            Deed::CreateAttachment((*name).to_owned()),
        ));
        fate(
            world,
            &mut deeds,
            &Key::Attachment((*name).to_owned()),
            forgetful,
        );
        if world.chance.one_in(3) {
            let kinds = if forgetful { 2 } else { 6 };
            let kind = world.chance.below(kinds);
            deeds.push((draw(world), Deed::EditAttachment((*name).to_owned(), kind)));
        }
        if !forgetful && world.chance.one_in(5) {
            deeds.push((draw(world), Deed::RemoveCompute((*name).to_owned())));
        }
        drifts(world, &mut deeds, name);
    }
    if world.cast.shares && !forgetful && world.chance.one_in(2) {
        // One `kubectl apply` of several files.
        let (at, kind) = (draw(world), world.chance.below(6));
        for name in &pools[..with_pools] {
            deeds.push((at, Deed::EditAttachment((*name).to_owned(), kind)));
        }
    }
    links(world, &mut deeds);
    let count = 1 + usize::try_from(world.chance.below(3)).unwrap();
    for name in &jobs[..count] {
        deeds.push((
            world.chance.millis(0, 200_000),
            Deed::CreateJob((*name).to_owned()),
        ));
        fate(world, &mut deeds, &Key::Job((*name).to_owned()), forgetful);
        let edits = steering::edits(world, name);
        deeds.extend(edits);
    }
    if world.chance.one_in(4) {
        let name = format!("chosen-{}", world.chance.pick(&jobs));
        world
            .azure
            .runs
            .insert(name, History::new(BEFORE, RunRecord::foreign()));
    }
    deeds.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    world.deeds = deeds;
}

/// Links, of which there are two at most, and what becomes of them.
fn links(world: &mut World, deeds: &mut Vec<(i64, Deed)>) {
    world.azure.links_frozen = world.chance.one_in(6);
    let names = ["l", "m"];
    let count = usize::try_from(world.chance.below(3)).unwrap();
    for name in &names[..count] {
        let leads = match world.chance.below(6) {
            0 => Some(SYNAPSE),
            1 => Some("/their/workspace"),
            _ => None,
        };
        if let Some(leads) = leads {
            let name = (*name).to_owned();
            world.azure.add_link(BEFORE, name, leads, None);
        }
        let born = world.chance.millis(0, 60_000);
        deeds.push((born, Deed::CreateLink((*name).to_owned())));
        let forgetful = world.cast.forgetful;
        fate(world, deeds, &Key::Link((*name).to_owned()), forgetful);
        if !forgetful && world.chance.one_in(4) {
            deeds.push((draw(world), Deed::RemoveLink((*name).to_owned())));
        }
        if world.chance.one_in(10) {
            deeds.push((draw(world), Deed::FreezeLinks(true)));
        }
    }
}

/// What somebody changes in Azure.
fn drifts(world: &mut World, deeds: &mut Vec<(i64, Deed)>, name: &str) {
    let all = [
        Drift::PolicyTag,
        Drift::Tag,
        Drift::NoTags,
        Drift::Identity,
        Drift::Elsewhere,
    ];
    let most = if world.cast.forgetful { 2 } else { all.len() };
    if world.chance.one_in(2) {
        let drift = world.chance.pick(&all[..most]);
        deeds.push((draw(world), Deed::Drift(name.to_owned(), drift)));
    }
    if world.chance.one_in(4) {
        deeds.push((draw(world), Deed::LoseRole));
    }
    if world.chance.one_in(8) {
        deeds.push((draw(world), Deed::SetPool(false)));
    }
}

fn draw(world: &mut World) -> i64 {
    world.chance.millis(1_000, TROUBLE_ENDS)
}

fn fate(world: &mut World, deeds: &mut Vec<(i64, Deed)>, key: &Key, forgetful: bool) {
    if world.chance.one_in(2) {
        deeds.push((draw(world), Deed::Delete(key.clone())));
    }
    // A new link has another identity: see `Cast::forgetful`.
    let lasts = forgetful && matches!(key, Key::Link(_));
    if world.chance.one_in(3) && !lasts {
        deeds.push((draw(world), Deed::Recreate(key.clone())));
    }
    if forgetful {
        for _ in 0..world.chance.below(3) {
            deeds.push((draw(world), Deed::EraseStatus(key.clone())));
        }
    }
}

/// Computes and role assignments that others have made before.
fn strangers_at(world: &mut World, name: &str) {
    let mut body = ComputeBody {
        pool_id: pool_id(name),
        description: None,
        tags: [("azureml-spark-operator".to_owned(), "somebody".to_owned())].into(),
        identity: AttachmentIdentityType::SystemAssigned,
        user_assigned: Vec::new(),
    };
    match world.chance.below(12) {
        0 => {
            let record = ComputeRecord::at_rest(body, "theirs", true);
            world
                .azure
                .set_compute(BEFORE, name.to_owned(), Some(record));
        }
        1 => {
            body.pool_id = pool_id("elsewhere");
            body.tags.clear();
            let record = ComputeRecord::at_rest(body, "theirs", true);
            world
                .azure
                .set_compute(BEFORE, name.to_owned(), Some(record));
        }
        2 => {
            // Just as wished, so that it is taken over.
            body.tags.clear();
            let record = ComputeRecord::at_rest(body, "adopted", false);
            world
                .azure
                .set_compute(BEFORE, name.to_owned(), Some(record));
        }
        _ => {}
    }
    if world.chance.one_in(4) {
        let mut all = world.azure.roles.last().clone();
        all.push(RoleRecord {
            grant: RoleAssignment {
                role: SynapseRole::SynapseAdministrator.into(),
                scope: format!("workspaces/syn/bigDataPools/{name}"),
                principal_id: format!("principal-of-{}", identity_id(1)),
                id: format!("granted-by-hand-{name}"),
            },
            by: None,
            works: BEFORE,
        });
        world.azure.roles.set(BEFORE, all);
    }
}

fn pool_id(name: &str) -> String {
    format!(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn/bigDataPools/{name}"
    )
}

const SYNAPSE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn";

pub(crate) fn link_spec(world: &mut World) -> LinkedServiceSpec {
    let mut spec = json!({"workspaceRef": {"name": "ml"}, "synapseWorkspaceId": SYNAPSE});
    match world.chance.below(5) {
        0 => spec["grants"] = json!({"synapseRoles": []}),
        1 => {
            let roles = ["SynapseApacheSparkAdministrator", "SynapseComputeOperator"];
            spec["grants"] = json!({"synapseRoles": roles});
        }
        _ => {}
    }
    if world.chance.one_in(10) {
        spec["managementPolicy"] = json!("ObserveOnly");
    }
    if !world.cast.forgetful && world.chance.one_in(4) {
        spec["adoptionPolicy"] = json!("Never");
    }
    if world.chance.one_in(6) {
        spec["driftPolicy"] = json!("Report");
    }
    if world.chance.one_in(5) {
        spec["deletionPolicy"] = json!("Retain");
    }
    serde_json::from_value(spec).unwrap()
}

pub(crate) fn identity_id(number: u64) -> String {
    format!("/identities/{number}")
}

pub(crate) fn attachment_spec(world: &mut World, name: &str) -> SynapseSparkAttachmentSpec {
    let cast = world.cast;
    let pool = if cast.shares || cast.claims {
        "p"
    } else {
        name
    };
    let mut spec = json!({"workspaceRef": {"name": "ml"}, "pool": {"resourceId": pool_id(pool)}});
    if cast.shares {
        let one = json!({"resourceId": identity_id(1)});
        spec["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": [one]});
    }
    if cast.claims {
        spec["azureName"] = json!("p");
    }
    match world.chance.below(5) {
        0 => {
            let roles = ["SynapseAdministrator", "SynapseComputeOperator"];
            spec["grants"] = json!({"synapseRoles": roles});
        }
        1 => {
            let account = json!({"accountId": "/accounts/a/", "roles": ["StorageBlobDataReader"]});
            spec["grants"] = json!({"storage": [account]});
        }
        _ => {}
    }
    if world.chance.one_in(10) {
        spec["managementPolicy"] = json!("ObserveOnly");
    }
    if !cast.forgetful && world.chance.one_in(4) {
        spec["adoptionPolicy"] = json!("Always");
    }
    if world.chance.one_in(6) {
        spec["driftPolicy"] = json!("Report");
    }
    if world.chance.one_in(5) {
        spec["deletionPolicy"] = json!("Retain");
    }
    serde_json::from_value(spec).unwrap()
}
