//! What a process has used, as Linux tells it (proc(5)).

use std::fs::read_to_string;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::process::Identity;

/// `/proc/PID/stat` counts in these (`USER_HZ`): a part of the kernel's interface, the same on every machine of today.
const TICKS_PER_SECOND: f64 = 100.0;

/// So much until now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// Of all threads, user and system.
    pub(super) cpu_seconds: f64,
    /// Resident now.
    pub(super) rss_mb: f64,
    /// Resident at most, since its start.
    pub(super) peak_mb: f64,
}

impl Usage {
    /// Of a process that runs.
    pub(super) fn of(process: &Identity) -> Result<Self> {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", process.pid);
            read_to_string(&path).with_context(|| path)
        };
        parse(&read("stat")?, &read("status")?).context("what it used is not told")
    }
}

fn parse(stat: &str, status: &str) -> Option<Usage> {
    // The name in parentheses may hold spaces, so count behind it: utime is field 14, stime 15, and 3 is the first.
    let mut behind = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || behind.next()?.parse::<f64>().ok();
    let cpu_seconds = (ticks()? + ticks()?) / TICKS_PER_SECOND;
    let mb = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kib * 1024.0 / 1e6)
    };
    Some(Usage {
        cpu_seconds,
        rss_mb: mb("VmRSS:")?,
        peak_mb: mb("VmHWM:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Usage, parse};

    #[test]
    fn time_and_memory_are_read_where_they_stand() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 2000 0 3 0 150 25 9 9 20 0 5 0 100 1000 500";
        let status = "Name:\ta\nVmHWM:\t  250000 kB\nVmRSS:\t  125000 kB\n";
        let used = Usage {
            cpu_seconds: 1.75,
            rss_mb: 128.0,
            peak_mb: 256.0,
        };
        assert_eq!(parse(stat, status), Some(used));
        assert_eq!(parse(stat, "Name:\ta\n"), None);
    }
}
