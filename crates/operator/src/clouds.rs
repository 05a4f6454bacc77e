//! The clouds that `spec.cloud` may name.

pub(crate) use azureml_spark_azure::Clouds;

/// The cloud of an `AzureMLWorkspace` that names none.
pub(crate) const DEFAULT: &str = Clouds::DEFAULT;
