//! What the runs of jobs are made of: code, packages and data, where they lie, and how they change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_core::spark_job::{
    Artifact, CodeChoice, Folder, Memo, Pinned, Produced, Source, Want, jobs,
};
use serde_json::{Value, json};

use crate::azure::{ComputeBody, ComputeRecord};
use crate::chance::Chance;
use crate::deed::Deed;
use crate::history::History;
use crate::job::code_id;
use crate::ownership::KNOWN;
use crate::quirk::Quirk;
use crate::scenario::{BEFORE, TROUBLE_ENDS};
use crate::world::{Job, Key, World};

/// Assets that somebody registers: code, packages and data.
const ASSETS: [&str; 3] = ["app", "packages", "rows"];

/// The compute that no object manages.
const COMPUTE: &str = "n";

/// The file that is run.
const ENTRY: &str = "main.py";

/// The key with the packages.
const PACKAGES: &str = "conda.yaml";

/// A pass decides by what it has read at its beginning, and a read is a minute old at most.
const DECIDED: i64 = 2 * KNOWN;

/// What a Flux source gives when its content is this.
pub(crate) fn artifact(content: &str) -> Source {
    let file = (ENTRY.to_owned(), Arc::from(content.as_bytes()));
    Source::Ready(Artifact {
        revision: format!("main@{content}"),
        digest: format!("sha256:{content}"),
        folder: [file].into_iter().collect(),
    })
}

/// The keys of the `ConfigMap` when its content is this.
fn keys(content: &str) -> BTreeMap<String, Vec<u8>> {
    let packages = format!("dependencies: [\"{content}\"]");
    [(ENTRY, content.to_owned()), (PACKAGES, packages)]
        .map(|(key, text)| (key.to_owned(), text.into_bytes()))
        .into()
}

/// What a spec says of it all.
pub(crate) fn specify(spec: &mut Value, name: &str, chance: &mut Chance) {
    spec["code"] = match chance.below(7) {
        0..3 => json!({"configMaps": [{"name": "src"}]}),
        3 | 4 => json!({"sourceRef": {"kind": "GitRepository", "name": "app"}}),
        5 => json!({"asset": chance.pick(&["azureml:app@latest", "azureml:app:2"])}),
        _ => json!({"uri": "https://account.blob.core.windows.net/container/app"}),
    };
    if chance.one_in(3) {
        spec["environment"] = match chance.below(4) {
            0 | 1 => json!({"conda": "dependencies: []"}),
            2 => json!({"condaConfigMapKeyRef": {"name": "src", "key": PACKAGES}}),
            _ => json!({"asset": "azureml:packages@latest"}),
        };
    }
    if chance.one_in(8) {
        spec["compute"] = json!({"name": COMPUTE});
    }
    let mut inputs = json!({"limit": {"value": "5"}});
    if chance.one_in(4) {
        inputs["rows"] = json!({"type": "uri_file", "path": "azureml:rows@latest"});
    }
    let earlier = ["a", "b"].into_iter().rfind(|other| *other < name);
    if let Some(earlier) = earlier.filter(|_| chance.one_in(4)) {
        inputs["clean"] = json!({"fromJob": {"name": earlier, "output": "clean"}});
    }
    spec["inputs"] = inputs;
    spec["outputs"] =
        json!({"clean": {"type": "uri_folder", "path": "azureml://datastores/d/paths/clean"}});
    if chance.one_in(2) {
        spec["outputs"]["clean"]["registerAs"] = json!({"name": "clean"});
    }
}

impl World {
    /// Everything that a spec may name is there.
    pub(crate) fn furnish(&mut self) {
        self.config_map = History::new(BEFORE, Some("print(1)".to_owned()));
        self.source = History::new(BEFORE, artifact("print(1)"));
        for name in ASSETS {
            self.azure.add_version(BEFORE, name);
            self.azure.add_version(BEFORE, name);
        }
        self.set_named_compute(BEFORE, true);
    }

    /// Not everything is there from the beginning, all is in the end, and meanwhile it changes.
    pub(crate) fn draw_material(&mut self) -> Vec<(i64, Deed)> {
        let content = (!self.chance.one_in(6)).then(|| "print(1)".to_owned());
        self.config_map = History::new(BEFORE, content);
        let source = self.any_source();
        self.source = History::new(BEFORE, source);
        let there = self.chance.one_in(2);
        self.set_named_compute(BEFORE, there);
        let ended = Some("print(3)".to_owned());
        let mut deeds = vec![
            (TROUBLE_ENDS, Deed::EditConfigMap(ended)),
            (TROUBLE_ENDS, Deed::EditSource(artifact("print(3)"))),
            (TROUBLE_ENDS, Deed::SetNamedCompute(true)),
        ];
        for name in ASSETS {
            for _ in 0..self.chance.below(3) {
                self.azure.add_version(BEFORE, name);
            }
            deeds.push((self.moment(), Deed::AddVersion(name)));
            deeds.push((TROUBLE_ENDS, Deed::AddVersion(name)));
        }
        let edited = Some("print(2)".to_owned());
        deeds.push((self.moment(), Deed::EditConfigMap(edited)));
        if self.chance.one_in(4) {
            deeds.push((self.moment(), Deed::EditConfigMap(None)));
        }
        let source = self.any_source();
        deeds.push((self.moment(), Deed::EditSource(source)));
        deeds.push((self.moment(), Deed::EditSource(artifact("print(2)"))));
        if self.chance.one_in(8) {
            deeds.push((self.moment(), Deed::Unregister));
        }
        deeds
    }

    fn any_source(&mut self) -> Source {
        match self.chance.below(5) {
            0 => Source::Missing,
            1 => Source::NotReady("it is being fetched".to_owned()),
            2 => Source::Unusable("it is too large".to_owned()),
            _ => artifact("print(1)"),
        }
    }

    fn moment(&mut self) -> i64 {
        self.chance.millis(1_000, TROUBLE_ENDS)
    }

    pub(crate) fn set_named_compute(&mut self, now: i64, there: bool) {
        let body = ComputeBody {
            pool_id: format!("/pools/{COMPUTE}"),
            description: None,
            tags: BTreeMap::new(),
            identity: AttachmentIdentityType::SystemAssigned,
            user_assigned: Vec::new(),
        };
        let record = ComputeRecord::at_rest(body, "theirs", true);
        let record = there.then_some(record);
        self.azure.set_compute(now, COMPUTE.to_owned(), record);
    }

    /// The `ConfigMap`s of a namespace, as the apiserver has them.
    pub(crate) fn config_maps(&self) -> BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>> {
        let content = self.config_map.last().as_deref();
        [("src".to_owned(), content.map(keys))].into()
    }

    /// The Flux source that a job names; nothing is fetched for one that is held.
    pub(crate) fn source_of(&self, job: &Job) -> Option<Source> {
        job.spec.code.source_ref.as_ref()?;
        let held = Source::of_a_held(&job.spec, job.status.as_ref());
        Some(held.unwrap_or_else(|| self.source.last().clone()))
    }

    /// What the jobs that this one names have written, by a cache that stands at `time`.
    pub(crate) fn produced(&self, job: &Job, time: i64) -> BTreeMap<String, Produced> {
        let hasty = self.quirk == Quirk::ProducersAreNotAwaited;
        jobs(&job.spec)
            .into_iter()
            .map(|name| {
                let other = self.jobs.cached(name, time);
                let told = other.map_or(Produced::Missing, |other| told(other, hasty));
                (name.to_owned(), told)
            })
            .collect()
    }

    /// Whoever waits for what this job writes.
    pub(crate) fn wake_readers(&mut self, name: &str) {
        let named = |job: &&Job| jobs(&job.spec).contains(name);
        let readers: Vec<_> = self.jobs.all().filter(named).map(|job| &job.name).collect();
        let readers: Vec<_> = readers.into_iter().cloned().map(Key::Job).collect();
        for reader in readers {
            self.wake(reader);
        }
    }

    /// Whether a job rightly says that the one it names keeps it from going on.
    pub(crate) fn waits_rightly(&self, job: &Job, reason: &str) -> bool {
        jobs(&job.spec).into_iter().any(|name| {
            let told = self.jobs.get(name).map(|other| told(other, false));
            match told {
                None => reason == "JobNotFound",
                Some(Produced::Waiting { .. }) => reason == "JobNotReady",
                Some(Produced::Failed(_)) => reason == "JobFailed",
                Some(_) => false,
            }
        })
    }

    /// Nothing is laid out for a job that is not to run.
    pub(crate) fn may_prepare(&mut self, want: &Want) {
        if let Some(how) = self.is_kept_back(&want.owner) {
            self.break_rule(format!("{} is prepared though it is {how}", want.owner));
        }
    }

    /// A first attempt runs with what its names mean then, and every other with what that one had.
    pub(crate) fn may_run_with(&mut self, want: &Want, memo: &Memo, name: &str) {
        let uid = &want.owner;
        let Some(with) = &memo.pinned else {
            self.break_rule(format!(
                "{uid} is submitted, and nobody remembers with what"
            ));
            return;
        };
        if self.azure.runs.contains_key(name) {
            // It meets the run that is there, and makes none.
            return;
        }
        let runs = self.azure.runs.iter();
        let mut others = runs
            .filter(|(other, _)| *other != name)
            .map(|(_, run)| run.last())
            .filter(|run| run.owner.as_ref() == Some(uid))
            .filter_map(|run| run.with.as_ref());
        // Of a status that was lost only the hash is found again.
        let forgotten = self.cast.forgetful || self.script.is_long();
        let differs = |other: &Pinned| {
            other.definition_hash != with.definition_hash || (!forgotten && other != with)
        };
        if let Some(other) = others.find(|other| differs(other)) {
            let what = format!("{uid} runs with something else than before: {with:?}, {other:?}");
            self.break_rule(what);
            return;
        }
        let repeated = memo.submission.as_ref().is_some_and(|s| s.mark.is_some());
        if repeated || !memo.past.is_empty() {
            return;
        }
        let Some(job) = self.jobs.by_uid(uid) else {
            return;
        };
        let codes = self.lately(job);
        if !codes.is_empty() && !codes.contains(&with.code_id) {
            let what = format!("{uid} runs with code that it does not name: {with:?}, {codes:?}");
            self.break_rule(what);
        } else if let Some((_, address)) = with.inputs.get("clean")
            && !self.is_written(job, address)
        {
            self.break_rule(format!("{uid} reads {address}, which is not written"));
        }
    }

    /// What the code of a job has been a moment ago, where that is in the cluster.
    fn lately(&self, job: &Job) -> BTreeSet<String> {
        let since = self.now - DECIDED;
        let folders: Vec<Folder> = if job.spec.code.config_maps.is_some() {
            let all = self.config_map.since(since).flatten();
            all.map(|content| {
                keys(content)
                    .into_iter()
                    .map(|(key, bytes)| (key, Arc::from(bytes)))
                    .collect()
            })
            .collect()
        } else if job.spec.code.source_ref.is_some() {
            let all = self.source.since(since);
            all.filter_map(|source| match source {
                Source::Ready(artifact) => Some(artifact.folder.clone()),
                Source::Missing | Source::NotReady(_) | Source::Unusable(_) => None,
            })
            .collect()
        } else {
            return BTreeSet::new();
        };
        let ids = folders.into_iter().map(CodeChoice::Folder);
        ids.filter_map(|code| code_id(&code)).collect()
    }

    /// Whether a job that this one names has ended well and said that it wrote this.
    fn is_written(&self, job: &Job, address: &str) -> bool {
        let named = jobs(&job.spec);
        self.jobs.anybody_ever(|other| {
            named.contains(other.name.as_str())
                && other.status.as_ref().is_some_and(|status| {
                    status.end_reason.as_deref() == Some("Completed")
                        && status.outputs.iter().any(|output| output.path == address)
                })
        })
    }
}

/// As that object's status tells it.
fn told(job: &Job, hasty: bool) -> Produced {
    let asked = job.spec.outputs.iter().flatten();
    let status = job.status.as_ref();
    let ended = status.filter(|status| status.completion_time.is_some());
    match ended {
        None if !hasty => Produced::Waiting {
            why: "it has not ended".to_owned(),
            outputs: asked.map(|(name, _)| name.clone()).collect(),
        },
        Some(status) if status.end_reason.as_deref() != Some("Completed") => {
            Produced::Failed("it ended otherwise".to_owned())
        }
        _ => {
            let written = asked.map(|(name, output)| {
                let told = status.into_iter().flat_map(|status| &status.outputs);
                let told = told.into_iter().find(|told| told.name == *name);
                let path = told.map_or(&output.path, |told| &told.path);
                (name.clone(), (output.type_, path.clone()))
            });
            Produced::Done(written.collect())
        }
    }
}
