//! Everything there is: the objects, Azure, one operator process and its standby, and the time.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::{
    LinkedServiceSpec, LinkedServiceStatus, SparkJobSpec, SparkJobStatus,
    SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus,
};
use azureml_spark_core::spark_job::Source;
use azureml_spark_core::{Class, Fault};
use jiff::Timestamp;

use crate::apiserver::{Object, Store};
use crate::azure::{Azure, Effect, fault};
use crate::chance::Chance;
use crate::deed::Deed;
use crate::history::History;
use crate::process::Process;
use crate::quirk::Quirk;
use crate::scenario::Cast;
use crate::script::Script;
use crate::weather::{LATE, Read, SLOW, Weather, Write};

pub(crate) type Job = Object<SparkJobSpec, SparkJobStatus>;
pub(crate) type Attachment = Object<SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus>;
pub(crate) type Link = Object<LinkedServiceSpec, LinkedServiceStatus>;

/// Who is looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Attachment(String),
    Job(String),
    Link(String),
}

/// Why a step or look did not succeed.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The process ended.
    Crash,
    Fault(Fault),
}

#[derive(Debug)]
pub(crate) struct World {
    /// Milliseconds.
    pub(crate) now: i64,
    pub(crate) chance: Chance,
    pub(crate) weather: Weather,
    /// Whether requests were ever lost.
    pub(crate) was_rough: bool,
    pub(crate) script: Script,
    pub(crate) quirk: Quirk,
    pub(crate) azure: Azure,
    pub(crate) jobs: Store<SparkJobSpec, SparkJobStatus>,
    pub(crate) attachments: Store<SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus>,
    pub(crate) links: Store<LinkedServiceSpec, LinkedServiceStatus>,
    /// Uid of the link that is driven: its wish does not say whose it is.
    pub(crate) driven_link: Option<String>,
    /// What the code in the `ConfigMap` is; `None`: it is not there.
    pub(crate) config_map: History<Option<String>>,
    /// What the Flux source gives.
    pub(crate) source: History<Source>,
    pub(crate) workspace: Workspace,
    pub(crate) cast: Cast,
    pub(crate) process: Process,
    /// A second process that believes to lead, for a moment.
    pub(crate) standby: Option<Process>,
    /// When each object is looked at without a cause.
    pub(crate) due: BTreeMap<Key, i64>,
    /// Wakes with a cause.
    pub(crate) bells: BTreeSet<(i64, Key)>,
    pub(crate) poll: Option<i64>,
    /// What people will do, last first.
    pub(crate) deeds: Vec<(i64, Deed)>,
    /// Effects whose sender has ended or given up.
    pub(crate) landing: Vec<(i64, Effect)>,
    /// When Azure was asked, and whether to change something.
    pub(crate) requests: Vec<(i64, bool)>,
    pub(crate) status_writes: Vec<i64>,
    pub(crate) broken: Option<String>,
    /// What happened, if somebody wants to read it.
    pub(crate) tale: Option<Vec<String>>,
    pub(crate) nested: bool,
}

/// How the workspace is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workspace {
    Ready,
    /// Not for those who begin.
    NotReady,
    /// For nobody.
    Unknown,
}

impl World {
    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now).unwrap()
    }

    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(tale) = &mut self.tale {
            tale.push(format!("{:>9.3}s {}", self.now as f64 / 1_000.0, what()));
        }
    }

    pub(crate) fn break_rule(&mut self, what: String) {
        self.tell(|| format!("BROKEN: {what}"));
        self.broken.get_or_insert(what);
    }

    /// Lets time pass, and with it whatever happens by itself.
    pub(crate) fn pass_time(&mut self, until: i64) {
        self.now = self.now.max(until);
        self.landing
            .sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        while let Some((time, effect)) = self.landing.pop_if(|(time, _)| *time <= self.now) {
            self.azure.advance(time);
            self.tell(|| format!("arrives late: {effect:?}"));
            let _ = self.apply(effect);
            self.look_for_leaks();
        }
        self.azure.advance(self.now);
    }

    /// A request is long on its way, now and then; not while two processes believe to lead.
    pub(crate) fn dawdles(&mut self) {
        let alone = !self.nested && self.standby.is_none();
        if alone && self.weather.trouble > 0 && self.chance.one_in(8) {
            let until = self.now + self.chance.millis(0, SLOW);
            self.pass_time(until);
        }
    }

    /// Something takes its time; meanwhile people and another leader act.
    pub(crate) fn meanwhile(&mut self) {
        let most = if self.nested { 20 } else { 700 };
        let until = self.now + self.chance.millis(1, most);
        self.pass_time(until);
        while self.deeds.last().is_some_and(|(time, _)| *time <= self.now) {
            let (_, deed) = self.deeds.pop().unwrap();
            self.act(deed);
        }
        if !self.nested && self.standby.is_some() && self.chance.one_in(15) {
            self.other_leader();
        }
    }

    /// Sends one write, and tells who sent it.
    pub(crate) fn write(&mut self, effect: Effect) -> Result<(), Stop> {
        self.meanwhile();
        self.requests.push((self.now, true));
        let op = effect.op();
        let weather = match self.scripted_write(op) {
            Some(scripted) => scripted,
            None => self.weather.write(op, self.now, &mut self.chance),
        };
        self.tell(|| format!("{effect:?}: {weather:?}"));
        match weather {
            Write::Done => self.apply(effect).map_err(Stop::Fault),
            Write::Refused(fault) => Err(Stop::Fault(fault)),
            Write::Lost(arrives) => {
                self.arrive(effect, arrives);
                Err(Stop::Fault(fault(Class::Unsure, "ConnectionLost", op)))
            }
            Write::Crash(arrives) => {
                self.arrive(effect, arrives);
                Err(Stop::Crash)
            }
        }
    }

    fn apply(&mut self, effect: Effect) -> Result<(), Fault> {
        if let Effect::DeleteJob(uid, name) = &effect {
            self.expire(uid, name);
        }
        self.azure.apply(self.now, effect, &mut self.chance)
    }

    fn arrive(&mut self, effect: Effect, after: Option<i64>) {
        match after {
            Some(0) => {
                let _ = self.apply(effect);
            }
            Some(wait) => self.landing.push((self.now + wait.min(LATE), effect)),
            None => {}
        }
    }

    /// Sends one read; the answer is as old as is said.
    pub(crate) fn read(&mut self, op: &'static str) -> Result<i64, Stop> {
        self.meanwhile();
        self.requests.push((self.now, false));
        let weather = match self.scripted_read(op) {
            Some(scripted) => scripted,
            None => self.weather.read(op, self.now, &mut self.chance),
        };
        match weather {
            Read::Answer(age) => Ok(self.now - age),
            Read::Failed(fault) => {
                self.tell(|| format!("{op}: {:?}", fault.class));
                Err(Stop::Fault(fault))
            }
            Read::Crash => Err(Stop::Crash),
        }
    }

    /// Whether the process ends beside a write to the apiserver.
    pub(crate) fn crashes(&mut self) -> bool {
        self.scripted_crash() || self.weather.crashes(&mut self.chance)
    }

    /// A change that a watch shows: soon to a good cache, and to every cache in the end.
    pub(crate) fn wake(&mut self, key: Key) {
        let soon = self.now + self.chance.millis(0, 1_500);
        self.bells.insert((soon, key.clone()));
        self.bells.insert((self.now + crate::drive::LAG + 1, key));
    }

    pub(crate) fn wake_all(&mut self) {
        for key in self.keys() {
            self.wake(key);
        }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        let attachments = self
            .attachments
            .all()
            .map(|o| Key::Attachment(o.name.clone()));
        let jobs = self.jobs.all().map(|o| Key::Job(o.name.clone()));
        let links = self.links.all().map(|o| Key::Link(o.name.clone()));
        attachments.chain(jobs).chain(links).collect()
    }

    /// The process ends, and another one begins.
    pub(crate) fn restart(&mut self) {
        self.tell(|| "the process ends".to_owned());
        self.process = Process::default();
        let back = self.now + self.chance.millis(500, 10_000);
        self.poll = None;
        self.due.clear();
        self.bells = self.keys().into_iter().map(|key| (back, key)).collect();
    }
}
