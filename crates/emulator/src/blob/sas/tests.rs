use std::time::Duration;

use super::*;

fn container() -> Container {
    Container::new("yogistorage", "code-1").unwrap()
}

fn key() -> Key {
    Key::of("c2VjcmV0IG9mIHRoZSBhY2NvdW50")
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn decoded(query: &str) -> Query {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn minted(key: &Key, permissions: &str) -> Query {
    let expires = now() + Duration::from_mins(1);
    decoded(&for_container(
        key,
        &container(),
        Grant {
            permissions,
            expires,
        },
    ))
}

fn need<'a>(container: &'a Container, blob: &'a str, permissions: &'a str) -> Need<'a> {
    Need {
        account: "yogistorage",
        container: Some(container),
        blob: Some(blob),
        permissions,
    }
}

#[test]
fn a_container_signature_opens_its_container_only() {
    let key = key();
    let query = minted(&key, "rwl");
    let here = container();
    let elsewhere = Container::new("yogistorage", "code-2").unwrap();
    assert_eq!(
        check(&key, &query, need(&here, "src/a.py", "r"), now()),
        Ok(())
    );
    assert_eq!(
        check(&key, &query, need(&elsewhere, "src/a.py", "r"), now()),
        Err(Refusal::Signature)
    );
    assert_eq!(
        check(
            &Key::of("b3RoZXI="),
            &query,
            need(&here, "src/a.py", "r"),
            now()
        ),
        Err(Refusal::Signature)
    );
    assert_eq!(
        check(&key, &query, need(&here, "src/a.py", "d"), now()),
        Err(Refusal::Permission)
    );
}

#[test]
fn a_signature_ends_with_its_time_and_cannot_be_stretched() {
    let key = key();
    let mut query = minted(&key, "rwl");
    let here = container();
    let later = now() + Duration::from_secs(61);
    assert_eq!(
        check(&key, &query, need(&here, "a", "r"), later),
        Err(Refusal::Time)
    );
    query.insert("se".to_owned(), "2027-01-01T00:00:00Z".to_owned());
    assert_eq!(
        check(&key, &query, need(&here, "a", "r"), later),
        Err(Refusal::Signature)
    );
}

#[test]
fn a_blob_signature_opens_one_blob() {
    let key = key();
    let here = container();
    let blob = here.blob("logs/a b.txt").unwrap();
    let grant = Grant {
        permissions: "r",
        expires: now() + Duration::from_mins(1),
    };
    let query = decoded(&for_blob(&key, &blob, grant));
    assert_eq!(
        check(&key, &query, need(&here, "logs/a b.txt", "r"), now()),
        Ok(())
    );
    assert_eq!(
        check(&key, &query, need(&here, "logs/b.txt", "r"), now()),
        Err(Refusal::Signature)
    );
}

/// Signature computed with azure-storage-blob 12.31.1 (`generate_blob_sas`), version 2026-10-06.
#[test]
fn a_signature_of_the_python_client_is_true() {
    let key = Key::of("a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5");
    let query = decoded(PYTHON_BLOB_SAS);
    let here = container();
    let need = need(&here, "x/user_logs/std_log.txt", "r");
    assert_eq!(check(&key, &query, need, now()), Ok(()));
}

/// Signature computed with azure-storage-blob 12.31.1 (`generate_account_sas`).
#[test]
fn an_account_signature_of_the_python_client_is_true() {
    let key = Key::of("a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5");
    let query = decoded(PYTHON_ACCOUNT_SAS);
    let here = container();
    assert_eq!(check(&key, &query, need(&here, "any", "r"), now()), Ok(()));
    let whole = Need {
        account: "yogistorage",
        container: None,
        blob: None,
        permissions: "l",
    };
    assert_eq!(check(&key, &query, whole, now()), Err(Refusal::Permission));
}

#[test]
fn times_of_three_precisions_are_read() {
    for text in ["2026-01-02", "2026-01-02T00:00Z", "2026-01-02T00:00:00Z"] {
        assert_eq!(
            time(text),
            Some("2026-01-02T00:00:00Z".parse().unwrap()),
            "{text}"
        );
    }
    assert_eq!(time("yesterday"), None);
}

const PYTHON_BLOB_SAS: &str = "se=2026-01-02T04%3A00%3A00Z&sp=r&sv=2026-10-06&sr=b&sig=kcG7K1Q%2BiYFT6NFjlVQWHNezMHPOTB4txZrL4ImfaaU%3D";
const PYTHON_ACCOUNT_SAS: &str = "se=2026-01-02T04%3A00%3A00Z&sp=rl&sv=2026-10-06&ss=b&srt=o&sig=clKkYO0%2B%2BpF2a9AI4Wo2zpoa7TPQZtJNTJmH3duv/Hw%3D";
