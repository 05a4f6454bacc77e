//! Files of the code that a spec names: one that is not there is told before anything is submitted.

use azureml_spark_api::{Reason, SparkJobSpec};

use super::code::Folder;
use crate::place::Blocked;

/// How many files of the code a message lists.
const SHOWN: usize = 12;

/// What the address of something that is not in the code begins with.
const ELSEWHERE: [&str; 4] = ["azureml:", "abfss:", "wasbs:", "https:"];

/// Checks what the spec names against the files that we hold.
pub(super) fn check(spec: &SparkJobSpec, code: &Folder) -> Result<(), Blocked> {
    if let Some(entry) = spec.entry.file.as_ref().filter(|file| !code.holds(file)) {
        return Err(missing(
            Reason::EntryNotFound,
            "spec.entry.file",
            entry,
            code,
        ));
    }
    let lists = [
        ("spec.pyFiles", &spec.py_files),
        ("spec.jars", &spec.jars),
        ("spec.files", &spec.files),
        ("spec.archives", &spec.archives),
    ];
    for (field, files) in lists {
        let gone = files
            .iter()
            .flatten()
            .find(|file| is_of_the_code(file) && !code.holds(path(file)));
        if let Some(file) = gone {
            return Err(missing(Reason::FileNotFound, field, path(file), code));
        }
    }
    Ok(())
}

/// A path, and not the address of something elsewhere.
pub(super) fn is_of_the_code(file: &str) -> bool {
    !ELSEWHERE.iter().any(|scheme| file.starts_with(scheme))
}

/// Spark takes `name.zip#alias`: unpacked or copied under that other name.
fn path(file: &str) -> &str {
    file.split_once('#').map_or(file, |(path, _)| path)
}

fn missing(reason: Reason, field: &str, file: &str, code: &Folder) -> Blocked {
    let all: Vec<&str> = code.files().map(|(path, _)| path).collect();
    let mut shown: Vec<&str> = all.iter().take(SHOWN).copied().collect();
    let more = format!("and {} more", all.len().saturating_sub(SHOWN));
    if all.len() > SHOWN {
        shown.push(&more);
    }
    Blocked::new(
        reason,
        format!(
            "{field}: '{file}' is not among the files of spec.code: {}",
            shown.join(", ")
        ),
    )
}
