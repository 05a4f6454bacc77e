//! The roles that one object grants: which are missing, which are taken back, and whether they have an effect yet. The
//! same for an attachment and for a link.

use azureml_spark_api::role::RoleAssignment;

use crate::machine::Sight;

/// One look at the roles that count for an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Assignments at every scope where one is wanted or on record, of the roles that the operator grants.
    pub found: Sight<Vec<RoleAssignment>>,
    /// What Synapse lets anybody grant; looked at only while a role that is wanted there is missing.
    pub offers: Sight<Vec<Offer>>,
    /// Object ids that Synapse says cannot use the pool yet; unknown where nobody could tell.
    pub powerless: Sight<Vec<String>>,
}

/// A role as Synapse offers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub role_id: String,
    /// Where it can be given, as patterns in Synapse's words: `workspaces/{workspaceName}`.
    pub scopes: Vec<String>,
}
