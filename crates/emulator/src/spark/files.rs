//! Whether a job's code holds the files that the job names.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Failure, Places};
use crate::aml::codes;
use crate::state::App;

/// Lists of files that the job ships.
const LISTS: [&str; 4] = ["pyFiles", "jars", "files", "archives"];

/// The first file that is not there, in words. Locations outside of emulated storage cannot be looked at.
pub(crate) fn missing(app: &App, fields: &Map<String, Value>) -> Option<Failure> {
    look(app, fields).err()
}

fn look(app: &App, fields: &Map<String, Value>) -> Result<(), Failure> {
    let id = fields.get("codeId").and_then(Value::as_str);
    let id = id.unwrap_or_default();
    let asset = codes::find(app, id)
        .ok_or_else(|| Failure::new(format!("Code asset {id} was not found.")))?;
    let uri = asset
        .pointer("/properties/codeUri")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let place = Places::new(app).find(uri)?;
    let folder = place
        .container
        .folder(&app.data_dir)
        .join(place.path.trim_matches('/'));
    let entry = |field: &str| fields.get("entry")?.get(field)?.as_str();
    if let Some(file) = entry("file")
        && !is_there(app, &folder, file)
    {
        return Err(Failure::new(format!(
            "The entry file '{file}' is not in the job's code."
        )));
    }
    let listed = |field: &str| {
        fields
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
    };
    if entry("className").is_some() && listed("jars").is_empty() {
        return Err(Failure::new(
            "The entry names a class, and no jar holds it.",
        ));
    }
    for field in LISTS {
        if let Some(file) = listed(field)
            .into_iter()
            .find(|file| !is_there(app, &folder, file))
        {
            return Err(Failure::new(format!(
                "The file '{file}' of {field} is not in the job's code."
            )));
        }
    }
    Ok(())
}

/// What follows `#` names the folder that an archive is unpacked to.
fn is_there(app: &App, folder: &Path, file: &str) -> bool {
    let path = file.split_once('#').map_or(file, |(path, _)| path);
    if path.contains("://") {
        return match Places::new(app).local(path) {
            Ok(local) => Path::new(&local).exists(),
            Err(_) => true,
        };
    }
    let stays = !path.starts_with('/') && path.split('/').all(|segment| segment != "..");
    stays && folder.join(path).is_file()
}
