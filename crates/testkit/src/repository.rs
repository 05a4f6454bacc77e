//! Where things are in the checkout. Tests and `xtask` run from a checkout only, so the path of the build is the path.

use std::path::{Path, PathBuf};

/// The root folder of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The Helm chart of the operator.
pub fn chart() -> PathBuf {
    root().join("charts/azureml-spark-operator")
}

/// Where runs keep their data and logs: a folder that `cargo clean` removes.
pub fn runs() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join("testkit")
}
