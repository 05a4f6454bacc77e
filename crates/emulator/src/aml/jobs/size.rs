//! The sizes in a job's `conf` (contract §10): the SDK checks them before it sends anything;
//! whether the service does is a setting.

use serde_json::Value;

use super::refusal::invalid;
use super::validate::{Fields, given};
use crate::error::Refusal;
use crate::settings::Refusing;
use crate::state::App;

const ALWAYS: [&str; 4] = [
    "spark.driver.cores",
    "spark.driver.memory",
    "spark.executor.cores",
    "spark.executor.memory",
];
const MIN: &str = "spark.dynamicAllocation.minExecutors";
const MAX: &str = "spark.dynamicAllocation.maxExecutors";
const INSTANCES: &str = "spark.executor.instances";

/// Every value a text, and sizes that belong together.
pub(crate) fn check(app: &App, fields: &Fields) -> Result<(), Refusal> {
    let refuse = |message: String| Err(invalid(app, &message));
    let conf = given(fields, "conf");
    let map = match conf {
        None => None,
        Some(Value::Object(map)) => Some(map),
        Some(_) => return refuse("conf must be a map of texts.".to_owned()),
    };
    // The model is map<string,string>: a number is a fault of deserialisation (contract §3.1).
    if let Some((name, _)) = map
        .into_iter()
        .flatten()
        .find(|(_, value)| !value.is_string())
    {
        return refuse(format!("conf.{name} must be a text."));
    }
    if app.settings().incomplete_conf == Refusing::Accept {
        return Ok(());
    }
    let get = |name: &str| map.and_then(|map| map.get(name)).and_then(Value::as_str);
    let dynamic =
        get("spark.dynamicAllocation.enabled").is_some_and(|on| on.eq_ignore_ascii_case("true"));
    let counts: &[&str] = if dynamic { &[MIN, MAX] } else { &[INSTANCES] };
    if let Some(missing) = ALWAYS
        .iter()
        .chain(counts)
        .find(|name| get(name).is_none_or(str::is_empty))
    {
        return refuse(format!("conf.{missing} is required."));
    }
    if !dynamic && let Some(extra) = [MIN, MAX].into_iter().find(|name| get(name).is_some()) {
        return refuse(format!(
            "conf.{extra} needs spark.dynamicAllocation.enabled."
        ));
    }
    if dynamic {
        let number = |name: &str| get(name).and_then(|text| text.parse::<u64>().ok());
        match (number(MIN), number(MAX), number(INSTANCES)) {
            (Some(min), Some(max), instances)
                if min > 0
                    && min <= max
                    && instances.is_none_or(|count| (min..=max).contains(&count)) => {}
            _ => return refuse("The numbers of executors do not fit together.".to_owned()),
        }
    }
    Ok(())
}
