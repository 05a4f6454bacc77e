//! A link as a `LinkedService`.

use azureml_spark_api::azure_id::SynapseWorkspaceId;
use azureml_spark_api::linked_service::LinkGrants;
use azureml_spark_api::{LinkedService, LinkedServiceSpec, LocalRef};
use azureml_spark_azure::arm::linked_service::LinkedService as Found;

use super::args::Args;
use crate::yaml::{Document, Unwritable};

/// Whether a link can have this name in a manifest (`spec.azureName`).
fn is_link_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric();
    (3..=33).contains(&name.len())
        && name.starts_with(word)
        && name.chars().all(|c| word(c) || "_-".contains(c))
}

/// The spec of a link, or why there can be none. The name in Azure depends on the object's, see [`document`].
pub(super) fn spec(link: &Found, args: &Args) -> Result<LinkedServiceSpec, String> {
    if !is_link_name(&link.name) {
        return Err(
            "spec.azureName takes 3 to 33 letters, digits, hyphens and underscores".to_owned(),
        );
    }
    let target = link.properties.linked_service_resource_id.as_str();
    let Some(synapse) = SynapseWorkspaceId::parse(target) else {
        return Err(format!(
            "it leads to '{target}', which is no Synapse workspace"
        ));
    };
    Ok(LinkedServiceSpec {
        workspace_ref: LocalRef {
            name: args.name.clone(),
        },
        azure_name: None,
        synapse_workspace_id: synapse.to_string(),
        grants: Some(LinkGrants {
            synapse_roles: Some(Vec::new()),
        }),
        management_policy: Some(args.management_policy.into()),
        adoption_policy: args.management_policy.adoption(),
        drift_policy: None,
        deletion_policy: None,
    })
}

/// The link as an object of that name.
pub(super) fn document(
    mut spec: LinkedServiceSpec,
    link: &Found,
    name: &str,
    args: &Args,
) -> Result<Document, Unwritable> {
    spec.azure_name = (name != link.name).then(|| link.name.clone());
    let mut object = LinkedService::new(name, spec);
    object.metadata.namespace.clone_from(&args.namespace);
    let note = "Nothing is granted that is not there. What the link's identity holds in Synapse stays, unrecorded; \
                without this field it is granted SynapseApacheSparkAdministrator.";
    Ok(Document::of(&object)?.noting("spec.grants", note))
}
