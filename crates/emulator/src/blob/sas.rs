//! Shared access signatures: the emulator mints them, and checks its own and its clients'.
//!
//! Service SAS for a container (`sr=c`) or a blob (`sr=b`) and account SAS, signed with the
//! account key, as "Create a service SAS" and "Create an account SAS" in the Azure Storage REST
//! reference describe the string to sign. User delegation SAS is not known to the emulator.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use super::name::{BlobName, Container};

/// The version in signatures that the emulator mints.
const VERSION: &str = "2021-08-06";

/// The secret key of the accounts. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key(..)")
    }
}

impl Key {
    /// The key that clients write as base64. Text that is not base64 is taken as it is, so that
    /// a key can never be empty by mistake.
    pub(crate) fn of(text: &str) -> Self {
        Self(
            STANDARD
                .decode(text)
                .unwrap_or_else(|_| text.as_bytes().to_vec()),
        )
    }

    /// Base64 of the HMAC-SHA256 of a text.
    pub(crate) fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.mac(text).finalize().into_bytes())
    }

    /// Whether the signature is this text's; compares in constant time.
    pub(crate) fn verify(&self, text: &str, signature: &str) -> bool {
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| self.mac(text).verify_slice(&signature).is_ok())
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        // HMAC takes keys of any length, so this cannot fail; an empty MAC would verify nothing.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        mac.update(text.as_bytes());
        mac
    }
}

/// What a signature is good for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant<'a> {
    /// Letters such as `rwl`, in Azure's order.
    pub(crate) permissions: &'a str,
    pub(crate) expires: Timestamp,
}

/// The query (without `?`) of a container SAS.
pub(crate) fn for_container(key: &Key, container: &Container, grant: Grant<'_>) -> String {
    mint(
        key,
        &format!("/blob/{}/{}", container.account, container.name),
        "c",
        grant,
    )
}

/// The query (without `?`) of a blob SAS.
pub(crate) fn for_blob(key: &Key, blob: &BlobName, grant: Grant<'_>) -> String {
    let container = &blob.container;
    let resource = format!(
        "/blob/{}/{}/{}",
        container.account, container.name, blob.path
    );
    mint(key, &resource, "b", grant)
}

fn mint(key: &Key, resource: &str, kind: &str, grant: Grant<'_>) -> String {
    let expires = grant.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut query: Query = [
        ("sp", grant.permissions),
        ("se", expires.as_str()),
        ("spr", "https"),
        ("sv", VERSION),
        ("sr", kind),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    query.insert("sig".to_owned(), key.sign(&service_text(&query, resource)));
    let encode = |value: &str| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let parts: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    parts.join("&")
}

/// Decoded query parameters.
pub(crate) type Query = BTreeMap<String, String>;

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not a signature of this resource by this key.
    Signature,
    /// Its time is over or has not come.
    Time,
    /// It is true and does not allow the operation.
    Permission,
}

/// What an operation touches, and the permissions of which one suffices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need<'a> {
    pub(crate) account: &'a str,
    /// `None` for operations on the account.
    pub(crate) container: Option<&'a Container>,
    /// The blob's name as the client wrote it, decoded.
    pub(crate) blob: Option<&'a str>,
    pub(crate) permissions: &'a str,
}

/// Checks a signature in a query.
pub(crate) fn check(
    key: &Key,
    query: &Query,
    need: Need<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let signed = if query.contains_key("ss") {
        let kind = match (need.container, need.blob) {
            (_, Some(_)) => 'o',
            (Some(_), None) => 'c',
            (None, None) => 's',
        };
        if !get("ss").contains('b') || !get("srt").contains(kind) {
            return Err(Refusal::Permission);
        }
        key.verify(&account_text(query, need.account), get("sig"))
    } else {
        resource(query, need)
            .is_some_and(|resource| key.verify(&service_text(query, &resource), get("sig")))
    };
    if !signed {
        return Err(Refusal::Signature);
    }
    let ends = time(get("se")).ok_or(Refusal::Time)?;
    let starts = if get("st").is_empty() {
        None
    } else {
        Some(time(get("st")).ok_or(Refusal::Time)?)
    };
    if ends <= now || starts.is_some_and(|starts| starts > now) {
        return Err(Refusal::Time);
    }
    if need
        .permissions
        .chars()
        .any(|needed| get("sp").contains(needed))
    {
        Ok(())
    } else {
        Err(Refusal::Permission)
    }
}

/// The resource that a service SAS for this request would have to be signed for.
fn resource(query: &Query, need: Need<'_>) -> Option<String> {
    let container = need.container?;
    match (query.get("sr").map(String::as_str), need.blob) {
        (Some("c"), _) => Some(format!("/blob/{}/{}", container.account, container.name)),
        (Some("b"), Some(blob)) => Some(format!(
            "/blob/{}/{}/{blob}",
            container.account, container.name
        )),
        _ => None,
    }
}

/// The string to sign of a service SAS. The encryption scope came with version 2020-12-06.
fn service_text(query: &Query, resource: &str) -> String {
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let mut lines = vec![
        get("sp"),
        get("st"),
        get("se"),
        resource,
        get("si"),
        get("sip"),
    ];
    lines.extend([get("spr"), get("sv"), get("sr"), get("snapshot")]);
    if get("sv") >= "2020-12-06" {
        lines.push(get("ses"));
    }
    lines.extend([
        get("rscc"),
        get("rscd"),
        get("rsce"),
        get("rscl"),
        get("rsct"),
    ]);
    lines.join("\n")
}

/// The string to sign of an account SAS; every line ends with a line feed.
fn account_text(query: &Query, account: &str) -> String {
    let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let mut lines = vec![
        account,
        get("sp"),
        get("ss"),
        get("srt"),
        get("st"),
        get("se"),
    ];
    lines.extend([get("sip"), get("spr"), get("sv")]);
    if get("sv") >= "2020-12-06" {
        lines.push(get("ses"));
    }
    lines.join("\n") + "\n"
}

/// A time as signatures write it: to the second, to the minute, or a whole day.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let padded = match text.len() {
            10 => format!("{text}T00:00:00Z"),
            17 => text.replace('Z', ":00Z"),
            _ => return None,
        };
        padded.parse().ok()
    })
}

#[cfg(test)]
mod tests;
