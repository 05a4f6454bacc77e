//! Looks at runs: on the board, by one request, and by a listing for all.

use std::collections::BTreeMap;

use azureml_spark_api::spark_job::Failure;
use azureml_spark_core::Sight;
use azureml_spark_core::spark_job::{Memo, Run, Want, Written};

use crate::process::Entry;
use crate::quirk::Quirk;
use crate::world::{Key, Stop, World};

/// The name under which the operator looks for the current attempt.
pub(super) fn name_of(world: &World, want: &Want, memo: &Memo) -> String {
    let asked = want.run_name(memo.attempt());
    let chosen = world.process.server_names.get(&asked);
    chosen.cloned().unwrap_or(asked)
}

/// What may pass leaves it unknown, or without its log.
pub(super) fn why_it_failed(world: &mut World, name: &str) -> Result<(Sight<Failure>, bool), Stop> {
    match world.read("read why the run failed") {
        Ok(_) => {}
        Err(Stop::Fault(_)) => return Ok((Sight::Unknown, false)),
        Err(Stop::Crash) => return Err(Stop::Crash),
    }
    let log_pending = match world.read("read the log of the run") {
        Ok(_) => false,
        Err(Stop::Fault(_)) => true,
        Err(Stop::Crash) => return Err(Stop::Crash),
    };
    let run = world.azure.runs.get(name);
    let failure = run.map_or(Sight::Absent, |run| {
        Sight::Present(run.last().failure.clone())
    });
    Ok((failure, log_pending))
}

/// What may pass leaves it unknown.
pub(super) fn what_it_wrote(
    world: &mut World,
    want: &Want,
    name: &str,
) -> Result<Sight<BTreeMap<String, Written>>, Stop> {
    if !want.registers() {
        return Ok(Sight::Unknown);
    }
    if world.quirk == Quirk::NobodyReadsWhatWasWritten {
        return Ok(Sight::Absent);
    }
    match world.read("read what the run wrote") {
        Ok(_) => {}
        Err(Stop::Fault(_)) => return Ok(Sight::Unknown),
        Err(Stop::Crash) => return Err(Stop::Crash),
    }
    let run = world.azure.runs.get(name);
    let written = run.and_then(|run| run.last().wrote(name));
    Ok(written.map_or(Sight::Absent, |written| {
        Sight::Present([("clean".to_owned(), written)].into())
    }))
}

/// The board first, then one request, where one is needed at all.
pub(super) fn look(world: &mut World, want: &Want, memo: &Memo) -> Result<Sight<Run>, Stop> {
    let name = name_of(world, want, memo);
    if let Some(run) = world.process.seen_run(&name, world.now) {
        return Ok(Sight::Present(run.clone()));
    }
    if !want.may_have_run(memo) {
        return Ok(Sight::Unknown);
    }
    let time = world.read("read the run")?;
    let found = world
        .azure
        .runs
        .get(&name)
        .and_then(|run| run.at(time))
        .cloned();
    world.tell(|| format!("run {name}: {:?}", found.as_ref().map(|run| &run.state)));
    Ok(match found {
        Some(found) => {
            let run = found.shown(&name);
            if want.owns(&run, memo) {
                follow(world, want, &name, run.clone());
            }
            Sight::Present(run)
        }
        None => Sight::Absent,
    })
}

pub(super) fn follow(world: &mut World, want: &Want, name: &str, run: Run) {
    if !run.state.is_end() {
        world.poll.get_or_insert(world.now + 10_000);
    }
    let before = world.process.board.get(name);
    let since = before.and_then(|entry| {
        let same = entry.run.state == run.state;
        if same { entry.since } else { Some(world.now) }
    });
    let entry = Entry {
        run,
        job: want.object_name.clone(),
        uid: want.owner.clone(),
        at: world.now,
        since,
    };
    world.process.board.insert(name.to_owned(), entry);
}

/// One listing for all runs; those that it does not show are asked for.
pub(crate) fn poll(world: &mut World) -> Result<(), Stop> {
    // A run that is left is followed by nobody from the next listing on.
    let jobs = &world.jobs;
    let board = &mut world.process.board;
    board.retain(|_, entry| jobs.by_uid(&entry.uid).is_some());
    let live: Vec<(String, Entry)> = world
        .process
        .board
        .iter()
        .filter(|(_, entry)| !entry.run.state.is_end())
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect();
    if live.is_empty() {
        world.poll = None;
        return Ok(());
    }
    world.poll = Some(world.now + 10_000);
    let time = world.read("list the runs")?;
    for (name, known) in live {
        let shown = |world: &World, time| Some(world.azure.runs.get(&name)?.at(time)?.shown(&name));
        let mut found = shown(world, time);
        if found.is_none() {
            let time = world.read("read the run")?;
            found = shown(world, time);
        }
        let (at, news) = (world.now, found.as_ref() != Some(&known.run));
        match (found, world.process.board.get_mut(&name)) {
            (Some(run), Some(entry)) if !entry.run.state.is_end() => {
                if run.state != entry.run.state {
                    entry.since = Some(at);
                }
                (entry.run, entry.at) = (run, at);
            }
            (None, Some(_)) => {
                world.process.board.remove(&name);
            }
            (Some(_), Some(_)) | (_, None) => {}
        }
        if news {
            world.bells.insert((at, Key::Job(known.job)));
        }
    }
    Ok(())
}
