//! One seed, from the first object to the last.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_core::spark_job::Source;

use crate::apiserver::Store;
use crate::attachment::Attachments;
use crate::azure::Azure;
use crate::chance::Chance;
use crate::deed::Deed;
use crate::drive::{Next, pass};
use crate::history::History;
use crate::job::{Jobs, poll};
use crate::link::Links;
use crate::process::Process;
use crate::quirk::Quirk;
use crate::scenario::{BEFORE, Cast, TROUBLE_ENDS, populate};
use crate::script::Script;
use crate::weather::Weather;
use crate::world::{Key, Stop, Workspace, World};

const HOUR: i64 = 3_600_000;

/// Everything has settled so long after the last trouble: a refused request is repeated after 30 minutes, and a run, or
/// a cancel that Azure takes its time with, may come on top; what somebody changed in Azure is seen by the regular look.
const SETTLES_WITHIN: i64 = 5 * HOUR;

/// Most requests in any minute, for up to seven objects, two leaders and every second answer wrong.
const MOST_IN_A_MINUTE: usize = 170;

/// A rule that did not hold.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) seed: u64,
    pub(crate) what: String,
    pub(crate) tale: Vec<String>,
}

/// Plays one seed to its end.
pub(crate) fn simulate(seed: u64, quirk: Quirk, told: bool) -> Result<(), Broken> {
    let mut chance = Chance::new(seed);
    let weather = Weather::draw(&mut chance);
    let mut world = begin(chance, quirk, told);
    world.weather = weather;
    world.was_rough = weather.trouble > 0 || weather.crash > 0;
    world.azure.repeat_is_refused = world.chance.one_in(2);
    populate(&mut world);
    let end = play(&mut world);
    end.map_err(|what| broken(seed, &what, world))
}

/// Plays one object under a script. `false`: the script asks for what cannot be.
pub(crate) fn play_script(
    first: &Deed,
    script: &Script,
    quirk: Quirk,
    told: bool,
) -> Result<bool, Broken> {
    let mut world = begin(Chance::new(7), quirk, told);
    world.script = script.clone();
    world.was_rough = true;
    world.furnish();
    world.deeds = vec![(0, first.clone())];
    let end = play(&mut world);
    if world.script.void {
        return Ok(false);
    }
    let what = |what| format!("{what} under {script:?}");
    end.map(|()| true)
        .map_err(|end| broken(7, &what(end), world))
}

/// Plays what people do at these times, in a world that does what it is asked.
pub(crate) fn play_deeds(
    seed: u64,
    deeds: &[(i64, Deed)],
    quirk: Quirk,
    told: bool,
) -> Result<(), Broken> {
    play_deeds_in(seed, Weather::default(), deeds, quirk, told)
}

/// The same in a worse one.
pub(crate) fn play_deeds_in(
    seed: u64,
    weather: Weather,
    deeds: &[(i64, Deed)],
    quirk: Quirk,
    told: bool,
) -> Result<(), Broken> {
    let mut world = begin(Chance::new(seed), quirk, told);
    world.furnish();
    world.weather = weather;
    world.was_rough = weather.trouble > 0 || weather.crash > 0;
    world.azure.repeat_is_refused = world.chance.one_in(2);
    world.cast.forgetful = true;
    world.deeds = deeds.to_vec();
    world
        .deeds
        .sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    let end = play(&mut world);
    end.map_err(|what| broken(seed, &what, world))
}

fn broken(seed: u64, what: &str, world: World) -> Broken {
    Broken {
        seed,
        what: format!("{what}, {} s in", world.now / 1_000),
        tale: world.tale.unwrap_or_default(),
    }
}

fn begin(chance: Chance, quirk: Quirk, told: bool) -> World {
    World {
        now: 0,
        chance,
        weather: Weather::default(),
        was_rough: false,
        script: Script::default(),
        quirk,
        azure: Azure::new(true),
        jobs: Store::new(),
        attachments: Store::new(),
        links: Store::new(),
        driven_link: None,
        config_map: History::new(BEFORE, None),
        source: History::new(BEFORE, Source::Missing),
        workspace: Workspace::Ready,
        cast: Cast::default(),
        process: Process::default(),
        standby: None,
        due: BTreeMap::new(),
        bells: BTreeSet::new(),
        poll: None,
        deeds: Vec::new(),
        landing: Vec::new(),
        requests: Vec::new(),
        status_writes: Vec::new(),
        broken: None,
        tale: told.then(Vec::new),
        nested: false,
    }
}

fn play(world: &mut World) -> Result<(), String> {
    run_until(world, TROUBLE_ENDS)?;
    world.weather = Weather::default();
    world.tell(|| "no more trouble".to_owned());
    run_until(world, TROUBLE_ENDS + SETTLES_WITHIN)?;
    if let Some(who) = world.unsettled() {
        return Err(format!("not settled: {who}"));
    }
    rests(world)?;
    if let Some(who) = world.mistaken() {
        return Err(format!("mistaken: {who}"));
    }
    for key in world.keys() {
        world.delete(&key);
    }
    run_until(world, world.now + HOUR)?;
    match world.keys().first() {
        Some(left) => Err(format!("{left:?} does not go")),
        None => Ok(()),
    }
}

/// An hour in which nothing happens costs next to nothing.
fn rests(world: &mut World) -> Result<(), String> {
    let mut times = world
        .requests
        .iter()
        .map(|(time, _)| *time)
        .collect::<Vec<_>>();
    times.sort_unstable();
    if let Some(hot) = times
        .windows(MOST_IN_A_MINUTE)
        .find(|w| w[MOST_IN_A_MINUTE - 1] - w[0] < 60_000)
    {
        return Err(format!(
            "{MOST_IN_A_MINUTE} requests in the minute from {} s on",
            hot[0] / 1_000
        ));
    }
    world.requests.clear();
    world.status_writes.clear();
    run_until(world, world.now + HOUR)?;
    let allowed = world.allowance();
    if world.requests.len() > allowed {
        return Err(format!(
            "{} requests in an hour at rest, {allowed} are allowed",
            world.requests.len()
        ));
    }
    let writes = world.requests.iter().any(|(_, write)| *write) || !world.status_writes.is_empty();
    if writes && !world.somebody_asks_in_vain() {
        return Err("something is written at rest".to_owned());
    }
    Ok(())
}

fn run_until(world: &mut World, end: i64) -> Result<(), String> {
    loop {
        let due = world.due.values().min().copied();
        let bell = world.bells.first().map(|(time, _)| *time);
        let deed = world.deeds.last().map(|(time, _)| *time);
        let landing = world.landing.iter().map(|(time, _)| *time).min();
        let soonest = [due, bell, world.poll, deed, landing]
            .into_iter()
            .flatten()
            .min();
        let time = soonest.unwrap_or(end).max(world.now).min(end);
        world.pass_time(time);
        world.look_for_leaks();
        if let Some(what) = world.broken.take() {
            return Err(what);
        }
        if world.script.void || soonest.is_none_or(|soonest| soonest >= end) {
            return Ok(());
        }
        if deed.is_some_and(|at| at <= time) {
            let (_, deed) = world.deeds.pop().unwrap();
            world.act(deed);
        } else if bell.is_some_and(|at| at <= time) {
            let (_, key) = world.bells.pop_first().unwrap();
            look_at(world, &key);
        } else if world.poll.is_some_and(|at| at <= time) {
            match poll(world) {
                Ok(()) => {}
                Err(Stop::Crash) => world.restart(),
                Err(Stop::Fault(_)) => world.poll = Some(world.now + 10_000),
            }
        } else if let Some(key) = world
            .due
            .iter()
            .find(|(_, at)| **at <= time)
            .map(|(k, _)| k.clone())
        {
            look_at(world, &key);
        }
    }
}

fn look_at(world: &mut World, key: &Key) {
    match look(world, key) {
        Next::At(time) => {
            world.due.insert(key.clone(), time);
        }
        Next::Never => {
            world.due.remove(key);
        }
        Next::Crashed => world.restart(),
    }
}

fn look(world: &mut World, key: &Key) -> Next {
    match key {
        Key::Job(name) => pass::<Jobs>(world, name),
        Key::Attachment(name) => pass::<Attachments>(world, name),
        Key::Link(name) => pass::<Links>(world, name),
    }
}

impl World {
    /// A second leader makes one whole pass in the middle of somebody else's.
    pub(crate) fn other_leader(&mut self) {
        let keys = self.keys();
        let Some(standby) = self.standby.as_mut().filter(|_| !keys.is_empty()) else {
            return;
        };
        let standby = std::mem::take(standby);
        let key = self.chance.pick(&keys);
        self.tell(|| format!("> the other leader looks at {key:?}"));
        let (due, poll, driven) = (self.due.clone(), self.poll, self.driven_link.clone());
        let first = std::mem::replace(&mut self.process, standby);
        self.nested = true;
        let next = look(self, &key);
        self.nested = false;
        let second = std::mem::replace(&mut self.process, first);
        (self.due, self.poll, self.driven_link) = (due, poll, driven);
        // Unless it has ended meanwhile.
        if let Some(standby) = &mut self.standby {
            *standby = match next {
                Next::Crashed => Process::default(),
                Next::At(_) | Next::Never => second,
            };
        }
        self.tell(|| "< back".to_owned());
    }
}
