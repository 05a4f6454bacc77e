//! One look at a link.

use azureml_spark_api::linked_service::LinkDeletionPolicy;
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_azure::arm::linked_service;
use azureml_spark_core::linked_service::{Link, Memo, Seen, Want};
use azureml_spark_core::{Fault, Sight, grants};

use crate::access::Site;
use crate::roles::{self, Home, Question};
use crate::translate;

/// Whether Azure is asked at all: who leaves all as it is must not hang on a right to read.
pub(super) fn looks(want: &Want) -> bool {
    let (management, deletion) = (want.policies.management, want.policies.deletion);
    !want.deleting
        || (management == ManagementPolicy::Full && deletion == LinkDeletionPolicy::Unlink)
}

pub(super) async fn observe(site: &Site, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
    let get = linked_service::get(&site.id, &want.link.name);
    let (link, not_served) = match site.client.find(get).await {
        Ok(found) => (found.as_ref().map(seen), None),
        Err(error) if error.is_link_frozen() => (None, Some(translate::fault(&error).text)),
        Err(error) => return Err(translate::fault(&error)),
    };
    Ok(Seen {
        grants: roles(site, want, memo, link.as_ref()).await?,
        link: match link {
            Some(link) => Sight::Present(link),
            // Where links are not served, nobody knows what is there.
            None if not_served.is_some() => Sight::Unknown,
            None => Sight::Absent,
        },
        not_served,
    })
}

/// Roles count once the link has its identity, and as long as any is on record.
async fn roles(
    site: &Site,
    want: &Want,
    memo: &Memo,
    link: Option<&Link>,
) -> Result<grants::Seen, Fault> {
    // Whose link leads elsewhere, his are the roles.
    let link = link.filter(|link| want.leads_there(link));
    let principal = link.and_then(|link| link.principal_id.as_deref());
    if principal.is_none() && memo.record.grants.is_empty() {
        return Ok(grants::Seen::default());
    }
    let question = Question {
        wanted: &want.wanted(principal),
        recorded: &memo.record.grants,
        home: &Home::workspace(&want.link.synapse),
        deleting: want.deleting,
    };
    roles::look_as_far_as_let(site, &question, want.policies.management).await
}

fn seen(found: &linked_service::LinkedService) -> Link {
    let properties = &found.properties;
    let time = |time: &Option<jiff::Timestamp>| time.map(|time| time.to_string());
    Link {
        azure_id: found.id.as_str().to_owned(),
        synapse_workspace_id: properties.linked_service_resource_id.as_str().to_owned(),
        principal_id: found.identity.principal_id.clone(),
        tenant_id: found.identity.tenant_id.clone(),
        created_time: time(&properties.created_time),
        modified_time: time(&properties.modified_time),
    }
}
