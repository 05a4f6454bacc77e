//! Where the outputs of a run are, and as which data assets.

use std::collections::BTreeMap;

use azureml_spark_azure::aml::output;
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::Written;
use azureml_spark_core::{Fault, Sight};

use super::failure::may_pass;
use crate::access::{Access, Site};
use crate::translate;

/// Two reads. What cannot be read for good is no reason to hold the end back.
pub(super) async fn read(
    access: &Access,
    site: &Site,
    place: &Place,
    name: &str,
) -> Sight<BTreeMap<String, Written>> {
    let found = async {
        let api = access.regional(place, site).await?;
        let found = output::find(&site.client, &api, &site.id, name).await;
        found.map_err(|error| translate::fault(&error))
    };
    let found: Result<_, Fault> = found.await;
    match access.heed(place, found) {
        Ok(outputs) => Sight::Present(
            outputs
                .into_iter()
                .map(|(name, output)| {
                    let asset = output.asset.name_and_version();
                    let written = Written {
                        asset: asset.map(|(name, version)| (name.to_owned(), version.to_owned())),
                        path: output.uri,
                    };
                    (name, written)
                })
                .collect(),
        ),
        Err(fault) if may_pass(fault.class) => Sight::Unknown,
        Err(_) => Sight::Absent,
    }
}
