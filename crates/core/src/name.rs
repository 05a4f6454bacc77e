//! Names in Azure that follow from the object alone, so that an effect which is carried out twice meets itself.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Longest name of a run that Azure ML takes (contract §10: 255 characters).
const RUN_NAME_LIMIT: usize = 255;

/// Space of the UUIDs that this product makes by version 5, itself a random UUID that was drawn once.
const SPACE: Uuid = Uuid::from_u128(0x5f0c_2b7e_9f43_4a1b_8d58_6c1e_37aa_d201);

/// Name of a run without an `azureName`: `{name, shortened}-{hash of uid}-{attempt}`.
///
/// The uid makes a re-created object a new run; dots of the object's name become hyphens, since Azure takes none.
pub fn run(object: &str, uid: &str, attempt: i32) -> String {
    let tail = format!("-{}-{attempt}", short_hash(uid));
    let head: String = object
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        })
        .take(40_usize.min(RUN_NAME_LIMIT - tail.len()))
        .collect();
    format!("{}{tail}", head.trim_end_matches('-'))
}

/// Name of a run with an `azureName`: that name, then `-{attempt}` from the second on. If that is too long, the name is
/// shortened and has its hash behind it.
pub fn explicit_run(azure_name: &str, attempt: i32) -> String {
    if attempt <= 1 {
        return azure_name.to_owned();
    }
    let name = format!("{azure_name}-{attempt}");
    if name.chars().count() <= RUN_NAME_LIMIT {
        return name;
    }
    let tail = format!("-{}-{attempt}", short_hash(azure_name));
    let head = RUN_NAME_LIMIT.saturating_sub(tail.len());
    let head: String = azure_name.chars().take(head).collect();
    format!("{head}{tail}")
}

fn short_hash(text: &str) -> String {
    let hash = hex(&Sha256::digest(text.as_bytes()));
    hash.chars().take(10).collect()
}

/// Name of a role assignment: what is granted to whom and where, so that the same grant is the same resource, while a
/// re-created identity (a new principal) gets a new one (contract §8.1).
pub fn role_assignment(scope: &str, role_id: &str, principal_id: &str) -> String {
    let seed = format!("{scope}|{role_id}|{principal_id}").to_ascii_lowercase();
    Uuid::new_v5(&SPACE, seed.as_bytes()).to_string()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_run_name_is_one_that_azure_takes(object in "[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", uid in ".{1,40}", attempt in 1..1000) {
            let name = run(&object, &uid, attempt);
            prop_assert!(name.len() <= 255);
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
            prop_assert!(name.starts_with(|c: char| c.is_ascii_alphanumeric()), "{name}");
        }

        #[test]
        fn another_uid_or_attempt_is_another_name(uid in "[a-f0-9]{8}", other in "[a-f0-9]{8}", attempt in 1..100) {
            prop_assume!(uid != other);
            prop_assert_ne!(run("titanic", &uid, attempt), run("titanic", &other, attempt));
            prop_assert_ne!(run("titanic", &uid, attempt), run("titanic", &uid, attempt + 1));
        }
    }

    #[test]
    fn the_names_do_not_change_between_releases() {
        assert_eq!(run("titanic", "a-uid", 1), "titanic-811b16702e-1");
        assert_eq!(explicit_run("nightly", 1), "nightly");
        assert_eq!(explicit_run("nightly", 2), "nightly-2");
    }

    #[test]
    fn a_further_attempt_under_a_long_name_has_one_that_azure_takes() {
        let long = "n".repeat(255);
        let other = format!("{}x", "n".repeat(254));
        let names = [
            explicit_run(&long, 1),
            explicit_run(&long, 2),
            explicit_run(&long, 10),
            explicit_run(&other, 2),
            explicit_run(&"n".repeat(254), 2),
            explicit_run(&"n".repeat(253), 2),
        ];
        assert!(names.iter().all(|name| name.len() <= 255), "{names:?}");
        let all: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(all.len(), names.len(), "each its own");
        assert_eq!(names[5], format!("{}-2", "n".repeat(253)), "not shortened");
    }

    #[test]
    fn a_role_assignment_ignores_casing() {
        assert_eq!(
            role_assignment("workspaces/A/bigDataPools/p", "R", "P"),
            role_assignment("workspaces/a/bigdatapools/P", "r", "p")
        );
    }
}
