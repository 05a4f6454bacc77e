//! Which roles an installation lets anybody grant.

use std::collections::BTreeSet;

use azureml_spark_api::Reason;
use azureml_spark_api::role::Role;

use crate::machine::Invalid;

/// Where a list of roles comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The spec names them.
    Spec,
    /// The spec says nothing, and this is what that means.
    Default,
}

/// Refuses the first role that the installation does not let anybody grant. `field` is the one that names them, such as
/// `spec.grants.synapseRoles`. Not to be asked of an object that is being deleted or only observed: it grants nothing.
///
/// # Errors
/// The role, where it is named, and what mends it.
pub fn allowed(
    roles: impl IntoIterator<Item = impl Into<Role>>,
    grantable: &BTreeSet<Role>,
    field: &str,
    origin: Origin,
) -> Result<(), Invalid> {
    let Some(refused) = roles
        .into_iter()
        .map(Into::into)
        .find(|role| !grantable.contains(role))
    else {
        return Ok(());
    };
    let role = refused.as_str();
    let mend = match origin {
        Origin::Spec => {
            "name others, or have it added to the installation's value 'grants.allowedRoles'"
                .to_owned()
        }
        Origin::Default => format!(
            "it is granted where the spec names none: set {field} to [], or have it added to the installation's value 'grants.allowedRoles'"
        ),
    };
    Err(Invalid {
        field: field.to_owned(),
        reason: Reason::RoleNotAllowed,
        message: format!("this installation does not let the role {role} be granted: {mend}"),
    })
}
