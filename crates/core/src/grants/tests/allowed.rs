//! What an installation lets anybody grant.

use azureml_spark_api::Reason;
use azureml_spark_api::role::{Role, StorageRole, SynapseRole};

use crate::grants::{Origin, allowed};

const FIELD: &str = "spec.grants.synapseRoles";

#[test]
fn a_role_outside_is_refused_by_name_and_with_the_mend() {
    let grantable = [Role::SynapseComputeOperator, Role::Reader].into();
    let synapse = [SynapseRole::SynapseComputeOperator];
    assert_eq!(allowed(synapse, &grantable, FIELD, Origin::Spec), Ok(()));
    assert_eq!(
        allowed([StorageRole::Reader], &grantable, "f", Origin::Spec),
        Ok(())
    );
    assert_eq!(
        allowed([Role::Contributor; 0], &grantable, "f", Origin::Spec),
        Ok(())
    );
    let both = [
        SynapseRole::SynapseComputeOperator,
        SynapseRole::SynapseAdministrator,
    ];
    let refused = allowed(both, &grantable, FIELD, Origin::Spec).unwrap_err();
    assert_eq!(
        (refused.field.as_str(), refused.reason),
        (FIELD, Reason::RoleNotAllowed)
    );
    for word in ["SynapseAdministrator", "grants.allowedRoles"] {
        assert!(refused.message.contains(word), "{}", refused.message);
    }
    assert!(!refused.message.contains("[]"), "{}", refused.message);
    let default = allowed(both, &grantable, FIELD, Origin::Default).unwrap_err();
    let mend = "set spec.grants.synapseRoles to []";
    assert!(default.message.contains(mend), "{}", default.message);
}
