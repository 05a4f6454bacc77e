//! From the manifest to a complete wish.

use azureml_spark_api::Reason;
use azureml_spark_api::azure_id::SynapseWorkspaceId;
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_api::role::SynapseRole;

use super::{Given, LinkWish, Policies, Want};
use crate::grants::{self, Origin};
use crate::machine::Invalid;

pub(super) fn want(given: &Given) -> Result<Want, Invalid> {
    let spec = &given.spec;
    let synapse = synapse(given)?;
    let named = spec
        .grants
        .as_ref()
        .and_then(|grants| grants.synapse_roles.clone());
    let origin = if named.is_some() {
        Origin::Spec
    } else {
        Origin::Default
    };
    let roles = named.unwrap_or_else(|| vec![SynapseRole::SynapseApacheSparkAdministrator]);
    let policies = Policies {
        management: spec.management_policy.unwrap_or_default(),
        adoption: spec.adoption_policy.unwrap_or_default(),
        drift: spec.drift_policy.unwrap_or_default(),
        deletion: spec.deletion_policy.unwrap_or_default(),
    };
    // Whoever goes or only looks grants nothing.
    if !given.deleting && policies.management == ManagementPolicy::Full {
        let field = "spec.grants.synapseRoles";
        grants::allowed(roles.iter().copied(), &given.grantable, field, origin)?;
    }
    Ok(Want {
        workspace: given.workspace.ready().cloned(),
        link: LinkWish {
            name: spec
                .azure_name
                .clone()
                .unwrap_or_else(|| given.name.clone()),
            synapse,
        },
        roles,
        policies,
        deleting: given.deleting,
        shared: given.shared.clone(),
        blocked: given.workspace.usable(&spec.workspace_ref.name).err(),
        users: given.users.clone(),
        twins: given.twins.clone(),
        held: given.held,
        sync_period: given.sync_period,
        warnings: given.warnings.clone(),
    })
}

fn synapse(given: &Given) -> Result<SynapseWorkspaceId, Invalid> {
    let id = &given.spec.synapse_workspace_id;
    match SynapseWorkspaceId::parse(id) {
        Some(synapse) => Ok(synapse),
        // Whatever is wrong with the spec, the object can be deleted: nothing was ever linked to such an id.
        None if given.deleting => Ok(SynapseWorkspaceId {
            subscription: String::new(),
            resource_group: String::new(),
            workspace: String::new(),
        }),
        None => Err(Invalid {
            field: "spec.synapseWorkspaceId".to_owned(),
            reason: Reason::InvalidSpec,
            message: format!(
                "'{id}' is not the resource id of a Synapse workspace: /subscriptions/{{}}/resourceGroups/{{}}/providers/Microsoft.Synapse/workspaces/{{}}"
            ),
        }),
    }
}
