//! `docs/fidelity.md` names every setting, with the default that it has.

use std::collections::BTreeMap;

use azureml_emulator::Settings;
use serde_json::Value;

/// Names and printed defaults of the tables of settings.
fn documented() -> BTreeMap<String, String> {
    let text = include_str!("../../../../docs/fidelity.md");
    let (_, settings) = text.split_once("\n## Settings\n").unwrap();
    settings
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let name = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
            Some((name.to_owned(), (*cells.get(2)?).to_owned()))
        })
        .collect()
}

#[test]
fn every_setting_has_a_row_with_its_default() {
    let documented = documented();
    let Value::Object(settings) = serde_json::to_value(Settings::default()).unwrap() else {
        panic!("settings are no object");
    };
    let names: Vec<&String> = settings.keys().collect();
    let mut expected: Vec<&String> = documented.keys().collect();
    let mut found = names.clone();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    for (name, default) in &settings {
        let printed = &documented[name];
        if default.is_object() {
            assert_eq!(
                (printed.as_str(), &default["enabled"]),
                ("off", &Value::Bool(false))
            );
        } else {
            assert_eq!(printed, &format!("`{default}`"), "{name}");
        }
    }
}
