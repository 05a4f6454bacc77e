//! What a person sees while a scenario goes on.

use std::time::Instant;

/// Lines on standard error, so that standard output is the tables alone.
pub(super) struct Progress {
    scenario: String,
    begun: Instant,
}

impl Progress {
    pub(super) fn begin(scenario: &str) -> Self {
        Self {
            scenario: scenario.to_owned(),
            begun: Instant::now(),
        }
    }

    pub(super) fn say(&self, text: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        eprintln!("{:>10} {seconds:>7.1} s  {text}", self.scenario);
    }
}
