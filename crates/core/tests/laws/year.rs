//! A year at rest: what is as it shall be is looked at every hour, and nothing is done or written.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::azure_id::SynapseWorkspaceId;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::role::Role;
use azureml_spark_core::attachment::{self, Attachment, Synapse};
use azureml_spark_core::linked_service::{self, LinkedService};
use azureml_spark_core::place::{Link, Place, Reference, Workspace as Found};
use azureml_spark_core::spark_job::{self, RunState, SparkJob};
use azureml_spark_core::workspace::{self, CredentialsFound, Facts, Workspace};
use azureml_spark_core::{Act, Machine, Pass, Sight, Wake, grants};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::attachment_inputs::{POOL, offers, sees_all};
use crate::times::at;
use crate::walk::SYNC;

/// Looks of a year, one an hour.
const LOOKS: usize = 8_760;

/// Looks within which an obedient world is at rest.
const SETTLES: usize = 20;

/// One object under a virtual clock, driven as the engine does it.
struct Driven<'w, M: Machine> {
    want: &'w M::Want,
    seen: M::Seen,
    status: M::Status,
    now: Timestamp,
    steps: usize,
    writes: usize,
}

impl<M: Machine<Status: Default>> Driven<'_, M> {
    fn look(&mut self, obey: impl Fn(&mut M::Seen, &M::Step)) -> Wake {
        loop {
            let memo = M::recall(&self.status);
            let moved = M::next(self.want, &self.seen, &memo, self.now);
            self.report(&moved.memo);
            match moved.act {
                Act::Do(step) => {
                    self.steps += 1;
                    assert!(self.steps < 100, "never at rest: {step:?}");
                    obey(&mut self.seen, &step);
                }
                Act::Rest(wake) => return wake,
                Act::Release => panic!("nobody has deleted it"),
            }
        }
    }

    fn report(&mut self, memo: &M::Memo) {
        let pass = Pass {
            generation: 1,
            want: Ok(self.want),
            seen: Some(&self.seen),
            memo,
            trouble: None,
            paused: false,
        };
        let status = M::report(&pass, &self.status, self.now);
        if status != self.status {
            self.status = status;
            self.writes += 1;
        }
    }

    fn pass_time(&mut self, wake: Wake) {
        self.now = match wake {
            Wake::At(time) => time,
            Wake::OnChange => self.now.checked_add(SYNC).unwrap(),
        };
    }
}

/// What a year comes to that begins once all is as the spec says.
#[derive(Debug, PartialEq)]
struct Year {
    steps: usize,
    writes: usize,
    /// Looks that asked for another one before the hour was over.
    impatient: usize,
    /// The reason of `Ready`, where that is true.
    ready: Option<String>,
}

/// Nothing done, nothing said, nothing asked for, and all is well.
fn quiet(ready: &str) -> Year {
    Year {
        steps: 0,
        writes: 0,
        impatient: 0,
        ready: Some(ready.to_owned()),
    }
}

fn year<M: Machine<Status: Default>>(
    want: &M::Want,
    seen: M::Seen,
    obey: impl Fn(&mut M::Seen, &M::Step),
    conditions: impl Fn(&M::Status) -> &[Condition],
) -> Year {
    let mut driven = Driven::<M> {
        want,
        seen,
        status: M::Status::default(),
        now: at(0),
        steps: 0,
        writes: 0,
    };
    for _ in 0..SETTLES {
        let wake = driven.look(&obey);
        driven.pass_time(wake);
    }
    assert!(driven.writes > 0, "it said nothing at all");
    (driven.steps, driven.writes) = (0, 0);
    let mut impatient = 0;
    for _ in 0..LOOKS {
        let wake = driven.look(&obey);
        let next = driven
            .now
            .checked_add(SignedDuration::from_hours(1))
            .unwrap();
        if matches!(wake, Wake::At(time) if time < next) {
            impatient += 1;
        }
        driven.now = next;
    }
    let mut all = conditions(&driven.status).iter();
    let ready = all.find(|one| one.type_ == "Ready" && one.status == "True");
    Year {
        steps: driven.steps,
        writes: driven.writes,
        impatient,
        ready: ready.map(|one| one.reason.clone()),
    }
}

fn ml() -> Reference<Found> {
    Reference::Ready(Found {
        place: Place {
            namespace: "team".to_owned(),
            name: "ml".to_owned(),
        },
        azure_id: "/workspaces/ml".to_owned(),
        location: "eastus".to_owned(),
        storage_account_id: Some("/accounts/own".to_owned()),
        operators_identity: false,
    })
}

fn attachment(spec: Value) -> attachment::Want {
    let given = attachment::Given {
        namespace: "team".to_owned(),
        name: "pool".to_owned(),
        uid: "the-uid".to_owned(),
        spec: serde_json::from_value(spec).unwrap(),
        workspace: ml(),
        link: Some(Reference::Ready(Link {
            synapse: SynapseWorkspaceId::parse(POOL.split("/bigDataPools").next().unwrap())
                .unwrap(),
        })),
        users: Vec::new(),
        shared: BTreeSet::new(),
        grantable: Role::ALL.into(),
        held: false,
        deleting: false,
        sync_period: SYNC,
        warnings: Vec::new(),
    };
    Attachment::want(&given).unwrap()
}

/// A world without a compute, whose answers a person might find worrying.
fn without_a_compute() -> attachment::Seen {
    sees_all(attachment::Seen {
        synapse: Sight::Present(Synapse {
            managed_network: true,
            ..Synapse::default()
        }),
        compute: Sight::Absent,
        ..attachment::Seen::default()
    })
}

/// Specs that come to rest each in a way of its own.
fn attachments() -> Vec<(Value, Option<&'static str>, &'static str)> {
    let by_id = json!({"resourceId": POOL});
    let by_link = json!({"linkedServiceRef": {"name": "link"}, "poolName": "p"});
    let ids = json!([{"resourceId": "/identities/two"}, {"resourceId": "/identities/One"}]);
    let accounts = json!([{"accountId": "/accounts/a/", "roles": ["Reader"]}]);
    let workspace = json!({"name": "ml"});
    vec![
        (
            json!({"workspaceRef": workspace, "pool": by_id}),
            Some("Ready"),
            "the least that can be said",
        ),
        (
            json!({
                "workspaceRef": workspace, "pool": by_link, "description": "d", "tags": {"team": "a"},
                "identity": {"type": "UserAssigned", "userAssignedIdentities": ids},
                "grants": {"storage": accounts}, "driftPolicy": "Report",
            }),
            Some("Ready"),
            "much of what can be said",
        ),
        (
            json!({"workspaceRef": workspace, "pool": by_id, "managementPolicy": "ObserveOnly"}),
            None,
            "one that only looks, at nothing",
        ),
    ]
}

#[test]
fn a_year_of_hourly_looks_writes_nothing() {
    for (spec, expected, why) in attachments() {
        let want = attachment(spec);
        let seen = without_a_compute();
        let done = year::<Attachment>(&want, seen, crate::attachment::obey, |s| &s.conditions);
        let ready = expected.map(str::to_owned);
        assert_eq!(done, Year { ready, ..quiet("") }, "an attachment: {why}");
    }

    let given = linked_service::Given {
        name: "link".to_owned(),
        spec: serde_json::from_value(json!({
            "workspaceRef": {"name": "ml"},
            "synapseWorkspaceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn",
        }))
        .unwrap(),
        workspace: ml(),
        users: vec!["SynapseSparkAttachment pool".to_owned()],
        twins: Vec::new(),
        shared: BTreeSet::new(),
        grantable: Role::ALL.into(),
        held: false,
        deleting: false,
        sync_period: SYNC,
        warnings: Vec::new(),
    };
    let want = LinkedService::want(&given).unwrap();
    let seen = linked_service::Seen {
        link: Sight::Absent,
        not_served: None,
        grants: grants::Seen {
            found: Sight::Present(Vec::new()),
            offers: Sight::Present(offers()),
            powerless: Sight::Present(Vec::new()),
        },
    };
    let obey = |seen: &mut _, step: &_| crate::link::obey(seen, &want, step);
    let done = year::<LinkedService>(&want, seen, obey, |s| &s.conditions);
    assert_eq!(done, quiet("Ready"), "a link");

    let given = workspace::Given {
        place: Place {
            namespace: "team".to_owned(),
            name: "ml".to_owned(),
        },
        azure_id: "/workspaces/ml".to_owned(),
        azure_name: "ml".to_owned(),
        cloud: ("AzurePublic".to_owned(), true),
        credentials: CredentialsFound::Complete,
        holders: vec!["SynapseSparkAttachment pool".to_owned()],
        identities: Vec::new(),
        deleting: false,
        sync_period: SYNC,
        warnings: Vec::new(),
    };
    let want = Workspace::want(&given).unwrap();
    let seen = workspace::Seen {
        workspace: Sight::Present(Facts {
            azure_id: "/workspaces/ML".to_owned(),
            location: "eastus".to_owned(),
            v1_legacy_mode: Some(true),
            ..Facts::default()
        }),
        ..workspace::Seen::default()
    };
    let obey = |_: &mut _, step: &_| panic!("{step:?}");
    let done = year::<Workspace>(&want, seen, obey, |s| &s.conditions);
    assert_eq!(done, quiet("Ready"), "a workspace");
}

fn job(steering: &Value) -> spark_job::Want {
    let mut spec = json!({
        "workspaceRef": {"name": "ml"}, "code": {"uri": "https://a.blob.core.windows.net/c/src"}, "entry": {"file": "main.py"},
        "driver": {"cores": 1, "memory": "2g"}, "executor": {"cores": 2, "memory": "2g", "instances": 2},
        "compute": {"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}},
        "identity": {"type": "Managed"},
    });
    for (field, value) in steering.as_object().unwrap() {
        spec[field] = value.clone();
    }
    let given = spark_job::Given {
        namespace: "team".to_owned(),
        name: "titanic".to_owned(),
        uid: "the-uid".to_owned(),
        spec: serde_json::from_value(spec).unwrap(),
        workspace: ml(),
        attachment: None,
        workspace_identity: None,
        config_maps: BTreeMap::new(),
        source: None,
        produced: BTreeMap::new(),
        retired: BTreeSet::new(),
        patience: spark_job::Patience::default(),
        pinned: None,
        begun: false,
        held: false,
        deleting: false,
    };
    SparkJob::want(&given).unwrap()
}

#[test]
fn a_year_of_a_job_writes_nothing() {
    let rows = [
        (json!({}), RunState::Running, None, "it runs for ever"),
        (
            json!({}),
            RunState::Completed,
            Some("Completed"),
            "it has ended",
        ),
        (json!({"suspend": true}), RunState::Running, None, "held"),
        (
            json!({"cancel": true}),
            RunState::Running,
            None,
            "it never begins",
        ),
        (
            json!({"startDeadlineSeconds": 5, "retry": {"maxAttempts": 3}}),
            RunState::Completed,
            Some("Completed"),
            "it is steered",
        ),
    ];
    for (steering, state, ready, why) in rows {
        let want = job(&steering);
        let obey = |seen: &mut spark_job::Seen, step: &spark_job::Step| {
            crate::job::obey(seen, &want, &spark_job::Memo::default(), step);
            if let Sight::Present(run) = &mut seen.run {
                run.state = state.clone();
            }
        };
        let empty = spark_job::Seen {
            code: Sight::Absent,
            ..spark_job::Seen::default()
        };
        let done = year::<SparkJob>(&want, empty, obey, |s| &s.conditions);
        let ready = ready.map(str::to_owned);
        assert_eq!(done, Year { ready, ..quiet("") }, "a job: {why}");
    }
    let want = job(&json!({"code": {"asset": "azureml:src:1"}}));
    let missing = spark_job::Seen {
        code: Sight::Absent,
        ..spark_job::Seen::default()
    };
    let done = year::<SparkJob>(
        &want,
        missing,
        |_, step| panic!("{step:?}"),
        |s| &s.conditions,
    );
    assert_eq!((done.steps, done.writes), (0, 0), "its code is not there");
}
