//! From what there is to what is printed: no I/O, the same text for the same workspace.

use azureml_spark_api::workspace::Credentials;
use azureml_spark_api::{AzureMLWorkspace, AzureMLWorkspaceSpec, LocalRef};
use azureml_spark_azure::Clouds;

use super::args::{Args, Policy};
use super::found::Found;
use super::{attachment, link, name};
use crate::yaml::{Document, Unwritable, comment};

#[cfg(test)]
mod tests;

/// What is printed where.
#[derive(Debug)]
pub(super) struct Printed {
    /// The manifests, for stdout.
    pub(super) text: String,
    /// What could not be imported or needs a look, each in a sentence.
    pub(super) warnings: Vec<String>,
    /// One line on what was found.
    pub(super) summary: String,
}

/// The manifests of a workspace.
pub(super) fn manifests(found: &Found, args: &Args) -> Result<Printed, Unwritable> {
    let mut left_out = Vec::new();
    let mut leave_out = |what: &str, name: &str, why: String| {
        left_out.push(format!("{what} '{name}': {why}"));
    };
    let mut links = Vec::new();
    for one in in_order(&found.links, |link| &link.name) {
        match link::spec(one, args) {
            Ok(spec) => links.push((one, spec)),
            Err(why) => leave_out("link", &one.name, why),
        }
    }
    let mut computes = Vec::new();
    for one in in_order(&found.computes, |compute| &compute.name) {
        match attachment::spec(one, args) {
            Ok(spec) => computes.push((one, spec)),
            Err(why) => leave_out("compute", &one.name, why),
        }
    }
    let summary = format!(
        "{} and {} of workspace {}",
        counted(links.len(), "link"),
        counted(computes.len(), "attached Spark pool"),
        args.workspace_name
    );
    let mut warnings = found.unseen.clone();
    warnings.extend(left_out.iter().map(|what| format!("left out: {what}")));
    for (compute, _) in &computes {
        let remarks = attachment::remarks(compute).into_iter();
        warnings.extend(remarks.map(|remark| format!("compute '{}': {remark}", compute.name)));
    }

    let mut text = head(&summary, args);
    for what in &left_out {
        text.push_str(&comment(&format!("Left out: {what}."), 0));
    }
    for what in &found.unseen {
        text.push_str(&comment(&format!("Not seen: {what}."), 0));
    }
    text.push_str(&workspace(args)?.print());
    let names = name::object_names(links.iter().map(|(link, _)| link.name.as_str()));
    for ((link, spec), name) in links.into_iter().zip(names) {
        text.push_str(&link::document(spec, link, &name, args)?.print());
    }
    let names = name::object_names(computes.iter().map(|(compute, _)| compute.name.as_str()));
    for ((compute, spec), name) in computes.into_iter().zip(names) {
        text.push_str(&attachment::document(spec, compute, &name, args)?.print());
    }
    Ok(Printed {
        text,
        warnings,
        summary,
    })
}

/// By name, ignoring case as Azure does.
fn in_order<T>(found: &[T], name: impl Fn(&T) -> &String) -> Vec<&T> {
    let mut ordered: Vec<&T> = found.iter().collect();
    ordered.sort_by_cached_key(|one| (name(one).to_ascii_lowercase(), name(one).clone()));
    ordered
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn head(summary: &str, args: &Args) -> String {
    let effect = match args.management_policy {
        Policy::ObserveOnly => {
            "Observed only: the operator reports on them and changes nothing, not even when an object is deleted. To take \
             one over, set its spec.managementPolicy to Full: it is taken if it still is as printed here, else the \
             object says what differs."
        }
        Policy::Full => {
            "Each is taken over if it still is as printed here, else the object says what differs. From then on, \
             deleting an object removes the link or detaches the pool, unless its deletionPolicy is Retain."
        }
    };
    let what = format!("{summary}, resource group {}.", args.resource_group);
    comment(&what, 0) + &comment(effect, 0)
}

fn workspace(args: &Args) -> Result<Document, Unwritable> {
    let secret = || LocalRef {
        name: args.secret.clone(),
    };
    let spec = AzureMLWorkspaceSpec {
        subscription_id: args.subscription.clone(),
        resource_group: args.resource_group.clone(),
        workspace_name: args.workspace_name.clone(),
        cloud: (args.cloud != Clouds::DEFAULT).then(|| args.cloud.clone()),
        credentials: (!args.operators_identity).then(|| Credentials {
            service_principal_secret_ref: secret(),
        }),
        attach_user_assigned_identities: None,
    };
    let mut object = AzureMLWorkspace::new(&args.name, spec);
    object.metadata.namespace.clone_from(&args.namespace);
    let document = Document::of(&object)?;
    Ok(if args.operators_identity {
        document.remarking(
            "Used as the operator's own identity, which the installation must have opened to the namespace \
             (operatorIdentity.namespaces).",
        )
    } else {
        document.noting(
            "spec.credentials",
            "A Secret with the keys AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
        )
    })
}
