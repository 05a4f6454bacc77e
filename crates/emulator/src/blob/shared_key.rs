//! `Authorization: SharedKey`, as "Authorize with Shared Key" in the Azure Storage REST reference
//! describes the string to sign (versions from 2015-02-21 on).

use std::collections::BTreeMap;

use http::request::Parts;

use super::sas::Key;

/// The headers whose values stand in the string to sign, one per line, in this order.
const HEADERS: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// Whether the value of `Authorization` is this request, signed with the key.
pub(crate) fn check(key: &Key, account: &str, parts: &Parts, authorization: &str) -> bool {
    let Some((name, signature)) = authorization
        .strip_prefix("SharedKey ")
        .and_then(|rest| rest.split_once(':'))
    else {
        return false;
    };
    // Python's client sorts header names as the service does, with hyphens of no weight; older
    // clients sort by bytes. Where the two differ the service takes the first; both are taken here.
    name == account
        && [Order::HyphensWeightless, Order::Bytes]
            .into_iter()
            .any(|order| key.verify(&text(account, parts, order), signature))
}

#[derive(Clone, Copy)]
enum Order {
    HyphensWeightless,
    Bytes,
}

fn text(account: &str, parts: &Parts, order: Order) -> String {
    let header = |name: &str| {
        let value = parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().trim().to_owned()
    };
    let mut lines = vec![parts.method.as_str().to_owned()];
    lines.extend(HEADERS.into_iter().map(|name| match (name, header(name)) {
        ("content-length", length) if length == "0" => String::new(),
        (_, value) => value,
    }));
    lines.extend(own_headers(parts, order));
    lines.push(format!("/{account}{}", parts.uri.path()));
    lines.extend(query_lines(parts.uri.query().unwrap_or_default()));
    lines.join("\n")
}

fn own_headers(parts: &Parts, order: Order) -> Vec<String> {
    let mut names: Vec<&str> = parts
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|n| n.starts_with("x-ms-"))
        .collect();
    names.sort_unstable();
    names.dedup();
    if matches!(order, Order::HyphensWeightless) {
        names.sort_by_key(|name| weights(name));
    }
    names
        .into_iter()
        .map(|name| {
            let values: Vec<&str> = parts
                .headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .map(str::trim)
                .collect();
            format!("{name}:{}", values.join(","))
        })
        .collect()
}

/// Sort key of a header name in which hyphens do not count and `_` comes before everything.
fn weights(name: &str) -> Vec<u8> {
    name.bytes()
        .filter(|b| *b != b'-')
        .map(|b| if b == b'_' { 1 } else { b })
        .collect()
}

/// `name:value` per query parameter, decoded, in the order of the names; values of a repeated
/// parameter are joined by commas.
fn query_lines(query: &str) -> Vec<String> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A plus sign is itself in a string to sign, so this is not form decoding.
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        values
            .entry(decode(name).to_lowercase())
            .or_default()
            .push(decode(value));
    }
    values
        .into_iter()
        .map(|(name, mut values)| {
            values.sort();
            format!("{name}:{}", values.join(","))
        })
        .collect()
}

#[cfg(test)]
mod tests;
