//! The fixed words that tie objects to this operator.

/// Held on an object while something in Azure needs it.
pub const FINALIZER: &str = "spark.azureml.dev/azure";

/// The one owner of what the operator writes.
pub const FIELD_MANAGER: &str = "azureml-spark-operator";

/// Drops the finalizer although Azure was not cleaned up.
pub const FORCE_RELEASE: &str = "spark.azureml.dev/force-release";
