//! Tests of the parent module.

use super::*;

const EMULATOR: &str = "
resourceManager: https://localhost:8443
resourceManagerAudience: https://localhost:8443/
activeDirectory: https://localhost:8443
machineLearningAudience: https://localhost:8443/aml
synapseAudience: https://dev.azuresynapse.localhost:8443
synapseSuffix: dev.azuresynapse.localhost:8443
studio: https://ml.azure.com
hosts: [localhost:8443, .localhost:8443]
";

fn load(text: &str) -> Result<Clouds, CloudsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clouds.yaml");
    std::fs::write(&path, text).unwrap();
    Clouds::load(Some(&path))
}

fn named(name: &str, endpoints: &str) -> String {
    format!("{name}:{}", endpoints.replace('\n', "\n  "))
}

#[test]
fn without_a_file_there_are_the_built_in_ones() {
    let clouds = Clouds::load(None).unwrap();
    for name in [Clouds::DEFAULT, "AzureUSGovernment", "AzureChina"] {
        assert_eq!(clouds.get(name).unwrap().cloud().name, name);
    }
    assert!(clouds.get("emulator").is_none());
}

#[test]
fn a_file_adds_clouds_and_takes_none_away() {
    let clouds = load(&named("emulator", EMULATOR)).unwrap();
    assert_eq!(clouds.get("emulator").unwrap().cloud().name, "emulator");
    assert!(clouds.get(Clouds::DEFAULT).is_some());
}

#[test]
fn faults_name_the_flag_and_the_cloud() {
    let missing = Clouds::load(Some(Path::new("/nowhere/clouds.yaml"))).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "--clouds: cannot read /nowhere/clouds.yaml"
    );
    let no_map = load("- AzurePublic\n").unwrap_err().to_string();
    assert!(
        no_map.ends_with("clouds.yaml is not name → endpoints"),
        "{no_map}"
    );
    let taken = load(&named("AzureChina", EMULATOR)).unwrap_err();
    assert_eq!(taken.to_string(), "--clouds: AzureChina is built in");
    let plain = EMULATOR.replacen("https://localhost", "http://localhost", 1);
    let fault = load(&named("mine", &plain)).unwrap_err().to_string();
    assert!(
        fault.starts_with("--clouds: mine: resourceManager must be an https address"),
        "{fault}"
    );
    let no_ca = format!("{EMULATOR}caFile: /nowhere/ca.pem\n");
    let fault = load(&named("mine", &no_ca)).unwrap_err().to_string();
    assert!(
        fault.contains("caFile /nowhere/ca.pem cannot be read"),
        "{fault}"
    );
}

#[test]
fn limits_are_the_published_ones_unless_a_cloud_says_otherwise() {
    let limits = "limits: {writes: {size: 20, perSecond: 0.5}}\n";
    let clouds = load(&named("mine", &format!("{EMULATOR}{limits}"))).unwrap();
    let limits = clouds.get("mine").unwrap().cloud().limits;
    let published = clouds.get(Clouds::DEFAULT).unwrap().cloud().limits;
    assert_eq!((limits.writes.size, limits.writes.per_second), (20.0, 0.5));
    assert_eq!(limits.reads, published.reads);
    assert_eq!(
        (published.writes.size, published.writes.per_second),
        (200.0, 10.0)
    );
    for nothing in [
        "{size: 0, perSecond: 1}",
        "{size: 1, perSecond: 0}",
        "{size: .nan, perSecond: 1}",
    ] {
        let wrong = format!("{EMULATOR}limits: {{deletes: {nothing}}}\n");
        let fault = load(&named("mine", &wrong)).unwrap_err().to_string();
        assert!(
            fault.starts_with("--clouds: mine: limits.deletes"),
            "{fault}"
        );
    }
}
