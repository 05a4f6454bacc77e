//! Programs that tests need, built ahead.

use anyhow::Result;
use azureml_spark_testkit::tools;

/// Builds whatever is not in the cache yet and says where everything is.
pub(crate) fn build_all() -> Result<()> {
    for (name, tool) in [
        ("control plane", tools::control_plane as fn() -> Result<_>),
        ("helm", tools::helm),
        ("Python for Spark", tools::spark_python),
        ("Python for azure-ai-ml", tools::sdk_python),
        ("cargo-deny", tools::cargo_deny),
    ] {
        println!("{name}: {}", tool()?.display());
    }
    Ok(())
}
