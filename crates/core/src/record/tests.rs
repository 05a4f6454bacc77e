use azureml_spark_api::role::Role;

use super::*;
use crate::role::assignment;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn the_last_request_counts_for_doubts_and_the_first_for_patience() {
    let record = Record::default().asked(at(100)).asked(at(160));
    assert_eq!(
        (record.requested, record.since),
        (Some(at(160)), Some(at(100)))
    );
    assert_eq!(record.doubted(at(200)), Some(at(235)));
    assert_eq!(record.doubted(at(235)), None, "believed from then on");
    assert_eq!(Record::default().doubted(at(0)), None);
}

#[test]
fn what_was_settled_once_was_changed_outside() {
    let asked = Record::default().asked(at(100));
    assert!(!asked.was_settled(), "still asked for");
    let settled = Record {
        since: None,
        ..asked
    };
    assert!(settled.was_settled());
    assert!(!Record::default().was_settled(), "never asked for");
    assert!(Record::default().taken_over(at(1)).was_settled());
    assert!(
        !Record::default().in_doubt(at(1)).was_settled(),
        "nobody can tell"
    );
    assert_eq!(
        settled.clone().in_doubt(at(900)),
        settled,
        "what is on record is no doubt"
    );
    assert_eq!(settled.clone().taken_over(at(900)), settled);
}

#[test]
fn a_role_is_on_record_once_and_holds_the_object() {
    let grant = assignment(Role::SynapseAdministrator, "workspaces/w", "p");
    let odd = RoleAssignment {
        scope: "WORKSPACES/W".to_owned(),
        ..grant.clone()
    };
    let record = Record::default().with(&grant).with(&odd);
    assert_eq!(record.grants, [grant], "the same id is the same assignment");
    assert!(record.holds());
    assert!(Record::default().taken_over(at(1)).holds());
    assert!(!Record::default().holds());
}

#[test]
fn a_lost_answer_renews_the_doubt() {
    let fault = |class| Fault {
        class,
        code: "C".into(),
        op: "make the link",
        text: "t".into(),
        request_id: None,
        retry_after: None,
    };
    let asked = Record::default().asked(at(100));
    let unsure = asked.clone().after(&fault(Class::Unsure), at(150));
    assert_eq!(unsure.requested, Some(at(150)), "it may arrive until now");
    assert_eq!(unsure.since, Some(at(100)));
    let refused = asked.clone().after(&fault(Class::Terminal), at(150));
    assert_eq!(refused, asked);
    let none = Record::default().after(&fault(Class::Unsure), at(150));
    assert_eq!(none, Record::default(), "a look asks for nothing");
}
