//! The shapes of words, numbers and lists.

use std::collections::BTreeSet;

use super::invalid;
use crate::machine::Invalid;

/// Longest name of a Kubernetes object, in characters.
pub(super) const OBJECT_NAME: usize = 253;

/// The name of a Kubernetes object, which is one part of a path.
pub(super) fn object_name(field: &str, name: &str) -> Result<(), Invalid> {
    length(field, name, 1, OBJECT_NAME)?;
    if name.split('.').all(is_label) {
        return Ok(());
    }
    Err(invalid(
        field,
        "must be small letters, digits, '-' and '.', with a letter or digit at each end: no object has another name",
    ))
}

/// As RFC 1123 has it.
fn is_label(label: &str) -> bool {
    let ends = label.starts_with('-') || label.ends_with('-');
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && !ends && label.bytes().all(plain)
}

/// What nobody may be able to read in Studio.
const SAS: &str = "sig=";

pub(super) fn length(field: &str, text: &str, least: usize, most: usize) -> Result<(), Invalid> {
    let length = text.chars().count();
    if length < least {
        return Err(invalid(field, "must not be empty"));
    }
    if length > most {
        return Err(invalid(
            field,
            format!("has {length} characters, more than {most}: shorten it"),
        ));
    }
    Ok(())
}

pub(super) fn length_of(
    field: &str,
    text: Option<&str>,
    least: usize,
    most: usize,
) -> Result<(), Invalid> {
    text.map_or(Ok(()), |text| length(field, text, least, most))
}

pub(super) fn entries(field: &str, count: usize, least: usize, most: usize) -> Result<(), Invalid> {
    if (least..=most).contains(&count) {
        return Ok(());
    }
    Err(invalid(
        field,
        format!("has {count} entries: it must have {least} to {most}"),
    ))
}

pub(super) fn range<N: Into<i64>>(
    field: &str,
    number: N,
    least: i64,
    most: i64,
) -> Result<(), Invalid> {
    let number = number.into();
    if (least..=most).contains(&number) {
        return Ok(());
    }
    Err(invalid(
        field,
        format!("is {number}: it must be {least} to {most}"),
    ))
}

/// The entry that is there twice.
pub(super) fn twice<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut known = BTreeSet::new();
    words.into_iter().find(|word| !known.insert(*word))
}

pub(super) fn no_sas(field: &str, text: &str) -> Result<(), Invalid> {
    if text.contains(SAS) {
        return Err(invalid(
            field,
            "must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account",
        ));
    }
    Ok(())
}

/// Relative, without `.`, `..` and empty parts.
pub(super) fn is_relative(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// `^[a-zA-Z0-9][a-zA-Z0-9_-]*$`
pub(super) fn is_azure_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// `^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`
pub(super) fn is_version(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// `^[a-zA-Z_][a-zA-Z0-9_]*$`
pub(super) fn is_variable(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The full name of a class.
pub(super) fn is_class(word: &str) -> bool {
    word.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
    })
}

/// `azureml:name:version` or `azureml:name@latest`.
pub(super) fn is_asset_name(word: &str) -> bool {
    let Some(rest) = word.strip_prefix("azureml:") else {
        return false;
    };
    match rest.strip_suffix("@latest") {
        Some(name) => is_version(name),
        None => rest
            .split_once(':')
            .is_some_and(|(name, version)| is_version(name) && is_version(version)),
    }
}

/// The resource id of a version of something in a workspace, as the schema takes it: capitals stand for both cases.
pub(super) fn is_asset_id(id: &str, collections: &[&str]) -> bool {
    let parts: Vec<&str> = id.split('/').collect();
    let &[
        "",
        subscriptions,
        subscription,
        groups,
        group,
        providers,
        provider,
        "workspaces",
        workspace,
        collection,
        name,
        "versions",
        version,
    ] = parts.as_slice()
    else {
        return false;
    };
    fits(subscriptions, "Subscriptions")
        && fits(groups, "ResourceGroups")
        && fits(providers, "Providers")
        && fits(provider, "Microsoft.MachineLearningServices")
        && collections.contains(&collection)
        && ![subscription, group, workspace, name, version].contains(&"")
}

fn fits(word: &str, pattern: &str) -> bool {
    word.len() == pattern.len()
        && word.bytes().zip(pattern.bytes()).all(|(found, wanted)| {
            found == wanted || (wanted.is_ascii_uppercase() && found == wanted.to_ascii_lowercase())
        })
}
