use std::sync::Arc;

use url::Url;

use super::*;

/// Of this size, or the least that there is.
fn folder(bytes: usize) -> Folder {
    let beside = "main.py".len() + "__init__.py".len() + 2 * Folder::PER_FILE;
    let content = vec![b'#'; bytes.saturating_sub(beside)];
    [
        ("main.py".to_owned(), Arc::from(content)),
        ("__init__.py".to_owned(), Arc::from([])),
    ]
    .into_iter()
    .collect()
}

fn on(host: &str, file: &str) -> Announced {
    Announced {
        url: Url::parse(&format!("http://{host}/{file}")).unwrap(),
        sha256: "ab".repeat(32),
        revision: "main@sha1:abc".to_owned(),
    }
}

fn one(file: &str) -> Announced {
    on("flux", file)
}

fn job(name: &str) -> Job {
    ObjectRef::new(name).within("jobs")
}

fn fetched() -> Refusal {
    Refusal::passing("its artifact is being fetched")
}

/// Looks, and fetches if that has to be; whether it had to.
fn get(kept: &Kept, file: &str, bytes: usize) -> bool {
    match kept.look(&one(file), &job("a")) {
        Look::Begins(_) => {
            let _promise = kept.promise(bytes).unwrap();
            kept.finish(&one(file), Ok(folder(bytes)));
            true
        }
        Look::Known(known) => {
            assert_eq!(known, Ok(folder(bytes)));
            false
        }
    }
}

#[test]
fn many_fetch_once_and_all_are_woken() {
    let kept = Kept::default();
    assert_eq!(kept.look(&one("x"), &job("first")), Look::Begins(fetched()));
    for name in ["second", "third", "second"] {
        let known = kept.look(&one("x"), &job(name));
        assert_eq!(known, Look::Known(Err(fetched())));
    }
    assert!(matches!(
        kept.look(&one("y"), &job("other")),
        Look::Begins(_)
    ));
    let woken = kept.finish(&one("x"), Ok(folder(10)));
    assert_eq!(
        woken,
        HashSet::from([job("first"), job("second"), job("third")])
    );
    let known = kept.look(&one("x"), &job("first"));
    assert_eq!(known, Look::Known(Ok(folder(10))));
}

#[tokio::test(start_paused = true)]
async fn a_failure_answers_for_a_while_and_not_for_others() {
    let kept = Kept::default();
    let why = Refusal::lasting("another digest");
    kept.look(&one("x"), &job("a"));
    let woken = kept.finish(&one("x"), Err(Failure::Artifact(why.clone())));
    assert_eq!(woken.len(), 1);
    for _ in 0..3 {
        let known = kept.look(&one("x"), &job("a"));
        assert_eq!(known, Look::Known(Err(why.clone())));
    }
    assert!(get(&kept, "y", 1));
    tokio::time::advance(FAILED_FOR).await;
    // It is tried again, and its words stand until that ends.
    assert_eq!(kept.look(&one("x"), &job("a")), Look::Begins(why.clone()));
    assert_eq!(kept.look(&one("x"), &job("b")), Look::Known(Err(why)));
    kept.finish(&one("x"), Ok(folder(1)));
    assert!(!get(&kept, "x", 1));
}

#[tokio::test(start_paused = true)]
async fn words_are_not_kept_without_end() {
    let kept = Kept::default();
    kept.look(&one("x"), &job("a"));
    kept.finish(&one("x"), Err(Refusal::passing("gone").into()));
    tokio::time::advance(TOLD_FOR).await;
    assert_eq!(kept.look(&one("x"), &job("a")), Look::Begins(fetched()));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_fails_answers_for_all_that_it_serves() {
    let kept = Kept::default();
    let why = Refusal::passing("it does not answer");
    kept.look(&one("x"), &job("a"));
    kept.finish(&one("x"), Err(Failure::Host(why.clone())));
    let known = kept.look(&one("y"), &job("b"));
    assert_eq!(known, Look::Known(Err(why.clone())));
    assert_eq!(kept.failure_of("http://flux"), Some(why));
    let elsewhere = kept.look(&on("flux:8080", "y"), &job("b"));
    assert_eq!(elsewhere, Look::Begins(fetched()), "another host");
    let mut secure = one("z");
    secure.url = Url::parse("https://flux/z").unwrap();
    let known = kept.look(&secure, &job("b"));
    assert_eq!(known, Look::Begins(fetched()), "another port");
    tokio::time::advance(FAILED_FOR).await;
    assert_eq!(kept.failure_of("http://flux"), None);
    assert_eq!(kept.look(&one("y"), &job("b")), Look::Begins(fetched()));
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let kept = Kept::new(Room {
        bytes: 1000,
        ..ROOM
    });
    for (file, fetches) in [
        ("a", true),
        ("b", true),
        ("c", true),
        ("a", false),
        ("d", true),
        ("a", false),
        ("c", false),
        ("d", false),
        ("b", true),
    ] {
        assert_eq!(get(&kept, file, 333), fetches, "{file}");
    }
}

#[test]
fn what_a_job_holds_counts_until_it_lets_go() {
    let kept = Kept::new(Room {
        bytes: 1000,
        ..ROOM
    });
    get(&kept, "a", 600);
    let Look::Known(Ok(held)) = kept.look(&one("a"), &job("a")) else {
        panic!("it was fetched");
    };
    let part = held.below("");
    drop(held);
    assert!(kept.promise(600).is_none(), "there is no room beside it");
    let promise = kept.promise(400).unwrap();
    assert!(kept.promise(1).is_none(), "what is promised counts");
    drop(promise);
    drop(part);
    assert!(kept.promise(600).is_some(), "it had to go");
    assert!(get(&kept, "a", 600));
}

#[test]
fn small_ones_are_not_kept_without_end() {
    let kept = Kept::default();
    for index in 0..ROOM.folders * 3 {
        assert!(get(&kept, &index.to_string(), 1));
    }
    assert_eq!(kept.lock().places.len(), ROOM.folders);
}

#[test]
fn no_namespace_fills_the_queue() {
    let kept = Kept::default();
    let of = |namespace: &str| ObjectRef::new("a").within(namespace);
    for index in 0..ROOM.fetches_of_one {
        let look = kept.look(&one(&index.to_string()), &of("greedy"));
        assert_eq!(look, Look::Begins(fetched()));
    }
    match kept.look(&one("x"), &of("greedy")) {
        Look::Known(Err(Refusal::Passing(why))) => {
            assert!(why.contains("this namespace"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    let other = kept.look(&one("x"), &of("modest"));
    assert_eq!(other, Look::Begins(fetched()));
    kept.finish(&one("0"), Ok(folder(1)));
    let next = kept.look(&one("y"), &of("greedy"));
    assert_eq!(next, Look::Begins(fetched()));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_uses_goes_in_time() {
    let kept = Kept::default();
    for file in ["held", "used", "unused"] {
        get(&kept, file, 400);
    }
    let Look::Known(Ok(held)) = kept.look(&one("held"), &job("a")) else {
        panic!("it was fetched");
    };
    tokio::time::advance(UNUSED_FOR / 2).await;
    assert!(!get(&kept, "used", 400));
    tokio::time::advance(UNUSED_FOR / 2).await;
    let keeps = |file| kept.keeps(&one(file));
    assert_eq!(["held", "used", "unused"].map(keeps), [true, true, false]);
    drop(held);
    assert!(!keeps("held"));
    assert_eq!(kept.lock().bytes(), folder(400).size());
}

#[test]
fn not_all_wait_at_the_same_time() {
    let kept = Kept::default();
    for index in 0..ROOM.fetches {
        let of = |index: usize| ObjectRef::new("a").within(&(index / 10).to_string());
        let look = kept.look(&one(&index.to_string()), &of(index));
        assert_eq!(look, Look::Begins(fetched()));
    }
    match kept.look(&one("x"), &job("a")) {
        Look::Known(Err(Refusal::Passing(why))) => assert!(why.contains("others"), "{why}"),
        other => panic!("{other:?}"),
    }
    kept.finish(&one("0"), Ok(folder(1)));
    assert!(matches!(kept.look(&one("x"), &job("a")), Look::Begins(_)));
}
