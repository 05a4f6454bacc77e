//! A compute as a `SynapseSparkAttachment`.

use azureml_spark_api::attachment::{
    AttachmentIdentity, AttachmentIdentityType, Grants, IdentityRef, Pool,
};
use azureml_spark_api::azure_id::SparkPoolId;
use azureml_spark_api::{LocalRef, SynapseSparkAttachment, SynapseSparkAttachmentSpec};
use azureml_spark_azure::arm::compute::Compute;
use azureml_spark_azure::arm::identity::{IdentityType, ManagedIdentity};
use azureml_spark_azure::arm::provisioning::ProvisioningState;

use super::args::Args;
use crate::yaml::{Document, Unwritable};

/// The mark of an owner, which is the operator's and in no manifest.
const OWNER_TAG: &str = "azureml-spark-operator";

/// What the schema allows (`kubectl explain synapsesparkattachment.spec`).
const MOST_TAGS: usize = 40;
const LONGEST_TAG: usize = 256;
const LONGEST_DESCRIPTION: usize = 1_000;
const MOST_IDENTITIES: usize = 10;
const LONGEST_ID: usize = 512;

fn is_compute_name(name: &str) -> bool {
    (2..=16).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The spec of a compute, or why there can be none. The name in Azure depends on the object's, see [`document`].
pub(super) fn spec(compute: &Compute, args: &Args) -> Result<SynapseSparkAttachmentSpec, String> {
    if compute.properties.provisioning_state == ProvisioningState::Deleting {
        return Err("it is being detached".to_owned());
    }
    if !is_compute_name(&compute.name) {
        return Err(
            "spec.azureName takes 2 to 16 letters, digits and hyphens, a letter first".to_owned(),
        );
    }
    let mut tags = compute.tags.clone();
    tags.remove(OWNER_TAG);
    if tags.len() > MOST_TAGS {
        return Err(format!(
            "it has {} tags, and spec.tags takes {MOST_TAGS}",
            tags.len()
        ));
    }
    if let Some((key, _)) = tags.iter().find(|(_, v)| v.chars().count() > LONGEST_TAG) {
        return Err(format!(
            "the value of its tag '{key}' is longer than the {LONGEST_TAG} characters that spec.tags takes"
        ));
    }
    let description = compute.properties.description.clone();
    let description = description.filter(|text| !text.is_empty());
    if description
        .as_ref()
        .is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION)
    {
        return Err(format!(
            "its description is longer than the {LONGEST_DESCRIPTION} characters that spec.description takes"
        ));
    }
    Ok(SynapseSparkAttachmentSpec {
        workspace_ref: LocalRef {
            name: args.name.clone(),
        },
        azure_name: None,
        pool: pool(compute)?,
        description,
        tags: (!tags.is_empty()).then_some(tags),
        identity: Some(identity(&compute.identity)?),
        grants: Some(Grants {
            synapse_roles: Some(Vec::new()),
            storage: None,
        }),
        management_policy: Some(args.management_policy.into()),
        adoption_policy: args.management_policy.adoption(),
        drift_policy: None,
        deletion_policy: None,
    })
}

fn pool(compute: &Compute) -> Result<Pool, String> {
    let id = compute.properties.resource_id.as_ref();
    let id = id.map_or("", |id| id.as_str());
    let pool = SparkPoolId::parse(id.trim_end_matches('/')).map(|pool| pool.to_string());
    match pool.filter(|pool| pool.len() <= LONGEST_ID) {
        Some(pool) => Ok(Pool {
            resource_id: Some(pool),
            linked_service_ref: None,
            pool_name: None,
        }),
        None => Err(format!(
            "it leads to '{id}', which is no Synapse Spark pool"
        )),
    }
}

fn identity(found: &ManagedIdentity) -> Result<AttachmentIdentity, String> {
    let ids: Vec<IdentityRef> = found
        .user_assigned_identities
        .keys()
        .map(|id| IdentityRef {
            resource_id: id.as_str().to_owned(),
        })
        .collect();
    match found.kind {
        IdentityType::SystemAssigned => Ok(AttachmentIdentity {
            type_: AttachmentIdentityType::SystemAssigned,
            user_assigned_identities: None,
        }),
        IdentityType::UserAssigned => {
            if !(1..=MOST_IDENTITIES).contains(&ids.len()) {
                return Err(format!(
                    "it has {} user-assigned identities, and spec.identity takes 1 to {MOST_IDENTITIES}",
                    ids.len()
                ));
            }
            if ids
                .iter()
                .any(|id| id.resource_id.chars().count() > LONGEST_ID)
            {
                return Err(format!(
                    "the id of one of its identities is longer than {LONGEST_ID} characters"
                ));
            }
            Ok(AttachmentIdentity {
                type_: AttachmentIdentityType::UserAssigned,
                user_assigned_identities: Some(ids),
            })
        }
        kind @ (IdentityType::None | IdentityType::SystemAndUserAssigned) => Err(format!(
            "its identity is of type {}, and spec.identity takes SystemAssigned or UserAssigned",
            kind.as_str()
        )),
    }
}

/// What a person should know before the compute is taken over, each in a sentence.
pub(super) fn remarks(compute: &Compute) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(owner) = compute.tags.get(OWNER_TAG) {
        remarks.push(format!(
            "its tag '{OWNER_TAG}' names an owner, '{owner}': another object can take it over only with adoptionPolicy Always"
        ));
    }
    match &compute.properties.provisioning_state {
        ProvisioningState::Succeeded => {}
        ProvisioningState::Failed => {
            let codes: Vec<&str> = compute
                .properties
                .provisioning_errors
                .iter()
                .map(|error| error.code.as_str())
                .collect();
            let codes = if codes.is_empty() {
                String::new()
            } else {
                format!(" ({})", codes.join(", "))
            };
            remarks.push(format!(
                "Azure says that it Failed{codes}: with managementPolicy Full it is asked for anew"
            ));
        }
        state => remarks.push(format!(
            "Azure says {}: import it again when that has ended",
            state.as_str()
        )),
    }
    remarks
}

/// The compute as an object of that name.
pub(super) fn document(
    mut spec: SynapseSparkAttachmentSpec,
    compute: &Compute,
    name: &str,
    args: &Args,
) -> Result<Document, Unwritable> {
    spec.azure_name = (name != compute.name).then(|| compute.name.clone());
    let identities = spec.identity.as_ref();
    let identities = identities.and_then(|identity| identity.user_assigned_identities.as_ref());
    let several = identities.is_some_and(|ids| ids.len() > 1);
    let mut object = SynapseSparkAttachment::new(name, spec);
    object.metadata.namespace.clone_from(&args.namespace);
    let mut document = Document::of(&object)?.noting(
        "spec.grants",
        "Nothing is granted that is not there. What the compute's identity holds stays, unrecorded; without this field \
         it is granted SynapseAdministrator at the pool.",
    );
    if several {
        document = document.noting(
            "spec.identity.userAssignedIdentities",
            "Azure keeps them in no order. Jobs that name none run as the first: put that one first.",
        );
    }
    for remark in remarks(compute) {
        document = document.remarking(&format!("Look: {remark}."));
    }
    Ok(document)
}
