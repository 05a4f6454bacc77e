//! Requests of one kind, counted as they come: each is read from the emulator's ledger once.

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::{Emulator, Entry};
use jiff::Timestamp;

/// Those since its beginning.
pub(super) struct Arrivals<'a> {
    emulator: &'a Emulator,
    holds: fn(&Entry) -> bool,
    start: u64,
    last: u64,
    seen: Vec<Entry>,
}

impl<'a> Arrivals<'a> {
    /// Of the requests from now on for which `holds`.
    pub(super) async fn from_now(
        emulator: &'a Emulator,
        holds: fn(&Entry) -> bool,
    ) -> Result<Self> {
        let start = emulator.now().await?;
        Ok(Self {
            emulator,
            holds,
            start,
            last: start,
            seen: Vec::new(),
        })
    }

    /// The number of the last request before it began.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// How many there have been. Each looks as it did when it arrived: without the status of its answer.
    pub(super) async fn count(&mut self) -> Result<usize> {
        self.look().await?;
        Ok(self.seen.len())
    }

    /// Those that have been seen by now, in order.
    pub(super) fn seen(&self) -> &[Entry] {
        &self.seen
    }

    /// From a moment to the arrival of the latest.
    pub(super) fn seconds_from(&self, begun: Timestamp) -> Result<f64> {
        let last = self.seen.last().context("there was none")?;
        seconds(begun, last)
    }

    async fn look(&mut self) -> Result<()> {
        let new = self.emulator.requests_since(self.last).await?;
        if let Some(entry) = new.0.last() {
            self.last = entry.number;
        }
        let holds = self.holds;
        self.seen
            .extend(new.0.into_iter().filter(holds).map(|mut entry| {
                // Thousands of them are kept.
                entry.body = None;
                entry
            }));
        Ok(())
    }
}

/// From a moment to the arrival of a request.
pub(super) fn seconds(begun: Timestamp, entry: &Entry) -> Result<f64> {
    let arrived: Timestamp = entry.time.parse()?;
    Ok(arrived.duration_since(begun).as_secs_f64())
}
