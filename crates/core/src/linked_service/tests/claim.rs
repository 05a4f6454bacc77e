//! What others that leave a role go by.

use azureml_spark_api::LinkedServiceStatus;
use azureml_spark_api::linked_service::LinkIdentity;

use super::object::{given, grant, roleless};
use crate::linked_service::claims;

#[test]
fn a_role_is_claimed_that_the_spec_asks_for_and_the_links_identity_holds() {
    let status = LinkedServiceStatus {
        identity: Some(LinkIdentity {
            principal_id: Some("Principal".to_owned()),
            tenant_id: None,
        }),
        ..LinkedServiceStatus::default()
    };
    let mut given = given();
    assert!(claims(&given.spec, &status, &grant("principal")));
    let old = grant("old");
    assert!(
        !claims(&given.spec, &status, &old),
        "of a link that is gone"
    );
    let unknown = LinkedServiceStatus::default();
    assert!(!claims(&given.spec, &unknown, &grant("principal")));
    roleless(&mut given);
    assert!(
        !claims(&given.spec, &status, &grant("principal")),
        "no role is asked for any more"
    );
}
