//! The job's Spark configuration, bounded to this machine.

use std::collections::BTreeMap;

/// Cores of the local master. More would starve whoever else uses the machine.
const MOST_CORES: u64 = 2;

/// Driver memory in bytes: in local mode the driver is the whole cluster.
const MOST_MEMORY: u64 = 1 << 30;

/// Settings that belong to the emulator. The job's own values are dropped: each would lead the
/// script off this machine, or open ports on it.
const OWN: [&str; 12] = [
    "spark.master",
    "spark.submit.deployMode",
    "spark.driver.memory",
    "spark.driver.host",
    "spark.driver.bindAddress",
    "spark.driver.port",
    "spark.blockManager.port",
    "spark.driver.blockManager.port",
    "spark.ui.enabled",
    "spark.ui.port",
    "spark.local.dir",
    "spark.dynamicAllocation.enabled",
];

/// What `spark-submit` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounded {
    /// `local[N]`.
    pub(crate) master: String,
    /// Such as `1024m`.
    pub(crate) driver_memory: String,
    /// All other settings, in the order of their names.
    pub(crate) conf: BTreeMap<String, String>,
}

/// Bounds what a job asks for. Sizes of executors are passed on: a local master ignores them, and
/// a script may read them.
pub(crate) fn bound(asked: &BTreeMap<String, String>) -> Bounded {
    let cores = asked
        .get("spark.executor.cores")
        .and_then(|cores| cores.trim().parse::<u64>().ok())
        .unwrap_or(MOST_CORES)
        .clamp(1, MOST_CORES);
    let memory = asked
        .get("spark.driver.memory")
        .and_then(|memory| bytes(memory))
        .unwrap_or(MOST_MEMORY)
        // Below this Spark refuses to start ("System memory must be at least 471859200").
        .clamp(512 << 20, MOST_MEMORY);
    let mut conf: BTreeMap<String, String> = asked
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let Some(per_task) = conf.get_mut("spark.task.cpus")
        && per_task
            .trim()
            .parse::<u64>()
            .is_ok_and(|wanted| wanted > cores)
    {
        *per_task = cores.to_string();
    }
    for (name, value) in [
        ("spark.driver.bindAddress", "127.0.0.1"),
        ("spark.driver.host", "127.0.0.1"),
        ("spark.ui.enabled", "false"),
        // A local master has no executors to add; Spark would warn in every log.
        ("spark.dynamicAllocation.enabled", "false"),
        // Plain files without checksum files beside them: blob storage has none either.
        (
            "spark.hadoop.fs.file.impl",
            "org.apache.hadoop.fs.RawLocalFileSystem",
        ),
        (
            "spark.hadoop.fs.AbstractFileSystem.file.impl",
            "org.apache.hadoop.fs.local.RawLocalFs",
        ),
    ] {
        conf.insert(name.to_owned(), value.to_owned());
    }
    Bounded {
        master: format!("local[{cores}]"),
        driver_memory: format!("{}m", memory >> 20),
        conf,
    }
}

/// Bytes in a size as Spark writes it (`2g`, `512m`, `1024k`); a bare number is MiB there.
fn bytes(size: &str) -> Option<u64> {
    let size = size.trim().to_ascii_lowercase();
    let size = size.strip_suffix('b').unwrap_or(&size);
    let (number, shift) = match size.chars().last()? {
        'k' => (size.trim_end_matches('k'), 10),
        'm' => (size.trim_end_matches('m'), 20),
        'g' => (size.trim_end_matches('g'), 30),
        't' => (size.trim_end_matches('t'), 40),
        'p' => (size.trim_end_matches('p'), 50),
        _ => (size, 20),
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn sizes_are_bounded_to_the_machine() {
        let rows = [
            ("28g", "4", "1024m", "local[2]"),
            ("600m", "1", "600m", "local[1]"),
            ("1k", "0", "512m", "local[1]"),
            ("1000000000p", "x", "1024m", "local[2]"),
            ("2048", "2", "1024m", "local[2]"),
        ];
        for (memory, cores, expected_memory, expected_master) in rows {
            let bounded = bound(&asked(&[
                ("spark.driver.memory", memory),
                ("spark.executor.cores", cores),
                ("spark.executor.instances", "40"),
            ]));
            assert_eq!(bounded.driver_memory, expected_memory, "{memory}");
            assert_eq!(bounded.master, expected_master, "{cores}");
            assert_eq!(bounded.conf.get("spark.executor.instances").unwrap(), "40");
        }
    }

    #[test]
    fn a_job_cannot_leave_the_machine_or_open_ports() {
        let bounded = bound(&asked(&[
            ("spark.master", "spark://elsewhere:7077"),
            ("spark.submit.deployMode", "cluster"),
            ("spark.driver.bindAddress", "0.0.0.0"),
            ("spark.ui.enabled", "true"),
            ("spark.task.cpus", "8"),
            ("spark.sql.shuffle.partitions", "8"),
        ]));
        assert!(!bounded.conf.contains_key("spark.master"));
        assert!(!bounded.conf.contains_key("spark.submit.deployMode"));
        assert_eq!(
            bounded.conf.get("spark.driver.bindAddress").unwrap(),
            "127.0.0.1"
        );
        assert_eq!(bounded.conf.get("spark.ui.enabled").unwrap(), "false");
        assert_eq!(bounded.conf.get("spark.task.cpus").unwrap(), "2");
        assert_eq!(
            bounded.conf.get("spark.sql.shuffle.partitions").unwrap(),
            "8"
        );
    }
}
