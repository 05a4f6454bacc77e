//! The size of a Spark application as Spark's configuration.

use std::collections::BTreeMap;

/// The driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// vCores.
    pub cores: u32,
    /// For example `2g`.
    pub memory: String,
}

/// Each executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executor {
    /// vCores.
    pub cores: u32,
    /// For example `2g`.
    pub memory: String,
    /// How many; with dynamic allocation, how many at the start.
    pub instances: Option<u32>,
}

/// Executors that come and go with the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DynamicAllocation {
    /// The fewest.
    pub min_executors: u32,
    /// The most.
    pub max_executors: u32,
}

/// The size that a job asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// The driver.
    pub driver: Driver,
    /// The executors.
    pub executor: Executor,
    /// Whether their number moves.
    pub dynamic_allocation: Option<DynamicAllocation>,
}

impl Size {
    /// `conf` of a job: the size over the other settings. Every value is a string, true is `True`,
    /// and dynamic allocation without a number of executors starts with its minimum: all as the SDK
    /// sends it (contract §3.1).
    pub fn conf(&self, others: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut conf = others.clone();
        let mut set = |key: &str, value: String| {
            conf.insert(format!("spark.{key}"), value);
        };
        set("driver.cores", self.driver.cores.to_string());
        set("driver.memory", self.driver.memory.clone());
        set("executor.cores", self.executor.cores.to_string());
        set("executor.memory", self.executor.memory.clone());
        if let Some(dynamic) = self.dynamic_allocation {
            set("dynamicAllocation.enabled", "True".to_owned());
            set(
                "dynamicAllocation.minExecutors",
                dynamic.min_executors.to_string(),
            );
            set(
                "dynamicAllocation.maxExecutors",
                dynamic.max_executors.to_string(),
            );
        }
        let minimum = self.dynamic_allocation.map(|dynamic| dynamic.min_executors);
        if let Some(instances) = self.executor.instances.or(minimum) {
            set("executor.instances", instances.to_string());
        }
        conf
    }
}
