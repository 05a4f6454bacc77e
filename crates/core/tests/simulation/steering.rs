//! What people write into the spec of a job, at first and later.

use azureml_spark_api::SparkJobSpec;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::deed::Deed;
use crate::quirk::Quirk;
use crate::scenario::TROUBLE_ENDS;
use crate::world::{Key, World};

/// What somebody changes in a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Suspend,
    Resume,
    Cancel,
    Labels,
    Deadline,
    NoDeadline,
    Retry,
    Ttl,
    /// Serverless, and gone as soon as it is over.
    Short,
}

impl Edit {
    const ALL: [Self; 9] = [
        Self::Suspend,
        Self::Resume,
        Self::Suspend,
        Self::Cancel,
        Self::Labels,
        Self::Deadline,
        Self::NoDeadline,
        Self::Retry,
        Self::Ttl,
    ];

    fn fields(self, chance: &mut Chance) -> Value {
        match self {
            Self::Suspend => json!({"suspend": true}),
            Self::Resume => json!({"suspend": false}),
            Self::Cancel => json!({"cancel": true}),
            Self::Labels => json!({"tags": {"edited": chance.below(3).to_string()}}),
            Self::Deadline => json!({"activeDeadlineSeconds": 1 + chance.below(600)}),
            Self::NoDeadline => {
                json!({"activeDeadlineSeconds": null, "startDeadlineSeconds": null})
            }
            Self::Retry => json!({"retry": retry(chance)}),
            Self::Short => json!({
                "ttlSecondsAfterFinished": 1, "activeDeadlineSeconds": 30, "startDeadlineSeconds": 60, "suspend": null,
            }),
            Self::Ttl => json!({"ttlSecondsAfterFinished": chance.below(2_000)}),
        }
    }
}

fn retry(chance: &mut Chance) -> Value {
    let causes = chance.pick(&[
        json!(["Platform"]),
        json!(["Platform", "StartDeadline"]),
        json!(["Platform", "Script", "StartDeadline"]),
        json!(["StartDeadline"]),
    ]);
    json!({"maxAttempts": 1 + chance.below(3), "backoffSeconds": 1 + chance.below(60), "causes": causes})
}

/// The spec with these fields instead of its own.
pub(crate) fn with(spec: &SparkJobSpec, fields: &Value) -> SparkJobSpec {
    let mut all = serde_json::to_value(spec).unwrap();
    for (field, value) in fields.as_object().unwrap() {
        all[field] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

/// A job, steered or not.
pub(crate) fn job_spec(world: &mut World, name: &str) -> SparkJobSpec {
    let chance = &mut world.chance;
    let pool = chance.pick(&["p", "q"]);
    let compute = if chance.one_in(2) {
        json!({"attachmentRef": {"name": pool}})
    } else {
        json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}})
    };
    let mut spec = json!({
        "workspaceRef": {"name": "ml"}, "entry": {"file": "main.py"},
        "driver": {"cores": 1, "memory": "2g"}, "executor": {"cores": 2, "memory": "2g", "instances": 2},
        "compute": compute, "identity": {"type": "Managed"},
    });
    if chance.one_in(4) {
        spec["azureName"] = json!(format!("chosen-{name}"));
        let policy = chance.pick(&["IfIdentical", "Never", "Always"]);
        spec["adoptionPolicy"] = json!(policy);
    }
    crate::material::specify(&mut spec, name, chance);
    if chance.one_in(2) {
        spec["retry"] = retry(chance);
    }
    if chance.one_in(3) {
        spec["activeDeadlineSeconds"] = json!(1 + chance.below(900));
    }
    if chance.one_in(3) {
        spec["startDeadlineSeconds"] = json!(1 + chance.below(300));
    }
    if chance.one_in(8) {
        spec["ttlSecondsAfterFinished"] = json!(chance.below(3_000));
    }
    if chance.one_in(8) {
        spec["deletionPolicy"] = json!("Leave");
    }
    if chance.one_in(6) {
        spec["suspend"] = json!(true);
    }
    if chance.one_in(20) {
        spec["cancel"] = json!(true);
    }
    serde_json::from_value(spec).unwrap()
}

/// What is edited while there is trouble; some jobs are left suspended.
pub(crate) fn edits(world: &mut World, name: &str) -> Vec<(i64, Deed)> {
    let mut deeds = Vec::new();
    for _ in 0..world.chance.below(5) {
        let edit = world.chance.pick(&Edit::ALL);
        let at = world.chance.millis(1_000, TROUBLE_ENDS);
        deeds.push((at, Deed::EditJob(name.to_owned(), edit)));
    }
    if !world.chance.one_in(4) {
        deeds.push((TROUBLE_ENDS, Deed::EditJob(name.to_owned(), Edit::Resume)));
    }
    deeds
}

impl World {
    pub(crate) fn edit_job(&mut self, name: String, edit: Edit) {
        let now = self.now;
        let fields = edit.fields(&mut self.chance);
        let Some(object) = self.jobs.get(&name) else {
            return;
        };
        let spec = with(&object.spec, &fields);
        if spec == object.spec {
            return;
        }
        let edited = self.jobs.change(now, &name, |object| {
            object.spec = spec;
            object.generation += 1;
        });
        if edited.is_some() {
            self.wake(Key::Job(name));
        }
    }

    /// The object deletes itself, if it still is the one that has the name.
    pub(crate) fn expire(&mut self, uid: &str, name: &str) {
        let found = self.jobs.get(name).map(|job| job.uid.clone());
        let Some(found) = found else {
            return;
        };
        if found == uid {
            self.delete(&Key::Job(name.to_owned()));
        } else if self.quirk == Quirk::ObjectsGoByTheirNames {
            self.break_rule(format!("{uid} deletes {found}"));
        }
    }
}
