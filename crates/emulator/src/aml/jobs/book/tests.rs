use serde_json::{Map, json};

use super::*;
use crate::aml::jobs::life::{Life, Moment};
use crate::aml::jobs::status::Status;

fn job(name: &str, second: i64) -> Job {
    Job {
        name: name.to_owned(),
        sent: Arc::new(json!({"jobType": "Spark"}).as_object().unwrap().clone()),
        tags: Map::new(),
        notes: Map::new(),
        display_name: json!(null),
        description: json!(null),
        archived: false,
        created: Timestamp::from_second(second).unwrap(),
        created_by: "me".to_owned(),
        life: Life::Fixed(Moment::waiting(Status::Running)),
        unlisted: false,
        registered: BTreeMap::new(),
    }
}

fn names(page: &Page) -> Vec<&str> {
    page.jobs.iter().map(|job| job.name.as_str()).collect()
}

fn walk(jobs: &Jobs, order: ListOrder, size: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = jobs.page(Cut { order, after, size }, true, |_| true);
        assert!(page.jobs.len() <= size);
        seen.extend(names(&page).into_iter().map(str::to_owned));
        match page.next {
            Some(next) => after = Some(next),
            None => return seen,
        }
    }
}

#[test]
fn every_order_shows_every_job_once() {
    let jobs = Jobs::default();
    assert_eq!(
        jobs.add_all((0..25).map(|n| job(&format!("j{n:02}"), n))),
        25
    );
    let sorted: Vec<String> = (0..25).map(|n| format!("j{n:02}")).collect();
    let newest: Vec<String> = sorted.iter().rev().cloned().collect();
    assert_eq!(walk(&jobs, ListOrder::OldestFirst, 7), sorted);
    assert_eq!(walk(&jobs, ListOrder::NewestFirst, 5), newest);
    let mut shuffled = walk(&jobs, ListOrder::Shuffled, 4);
    assert_ne!(shuffled, sorted);
    assert_ne!(shuffled, newest);
    shuffled.sort();
    assert_eq!(shuffled, sorted);
}

#[test]
fn a_new_job_shifts_no_later_page() {
    let jobs = Jobs::default();
    jobs.add_all([job("a", 1), job("b", 2)].into_iter());
    let cut = Cut {
        order: ListOrder::NewestFirst,
        after: None,
        size: 1,
    };
    let first = jobs.page(cut, true, |_| true);
    assert_eq!(names(&first), ["b"]);
    assert!(jobs.add(job("c", 3)));
    let second = jobs.page(
        Cut {
            after: first.next,
            ..cut
        },
        true,
        |_| true,
    );
    assert_eq!((names(&second), second.next), (vec!["a"], None));
}

#[test]
fn a_filter_after_the_cut_leaves_empty_pages() {
    let jobs = Jobs::default();
    jobs.add_all([job("a", 1), job("b", 2), job("c", 3)].into_iter());
    let cut = Cut {
        order: ListOrder::OldestFirst,
        after: None,
        size: 2,
    };
    let first = jobs.page(cut, false, |job| job.name == "c");
    assert!(first.jobs.is_empty() && first.next.is_some());
    let second = jobs.page(
        Cut {
            after: first.next,
            ..cut
        },
        false,
        |job| job.name == "c",
    );
    assert_eq!(names(&second), ["c"]);
    assert_eq!(names(&jobs.page(cut, true, |job| job.name == "c")), ["c"]);
}

#[test]
fn a_name_is_taken_once_whatever_its_case() {
    let jobs = Jobs::default();
    assert!(jobs.add(job("Run", 1)));
    assert!(!jobs.add(job("rUN", 2)));
    assert_eq!(jobs.get("RUN").unwrap().created.as_second(), 1);
    assert!(jobs.remove("run", |_| Ok::<(), ()>(())).unwrap().is_ok());
    assert!(jobs.get("run").is_none());
    assert!(jobs.remove("run", |_| Ok::<(), ()>(())).is_none());
    assert!(jobs.add(job("run", 3)));
    assert_eq!(walk(&jobs, ListOrder::OldestFirst, 5), ["run"]);
    assert_eq!(walk(&jobs, ListOrder::Shuffled, 5), ["run"]);
}

#[test]
fn a_stale_read_sees_the_job_before_the_latest_write() {
    let jobs = Jobs::default();
    jobs.add(job("a", 1));
    STALE.sync_scope(true, || assert!(jobs.get("a").is_none()));
    jobs.write("a", |job| {
        job.archived = true;
        Ok::<(), ()>(())
    });
    STALE.sync_scope(true, || assert!(!jobs.get("a").unwrap().archived));
    assert!(jobs.get("a").unwrap().archived);
    let refused = jobs.write("a", |job| {
        job.archived = false;
        Err::<(), ()>(())
    });
    assert_eq!(refused, Some(Err(())));
    assert!(jobs.get("a").unwrap().archived);
}

#[test]
fn the_tagged_are_found_among_many_others() {
    let jobs = Jobs::default();
    let tagged = |number: i64| {
        let mut job = job(&format!("t{number}"), 1_000 + number);
        job.tags.insert("ours".to_owned(), json!("1"));
        job
    };
    jobs.add_all((0..50).map(|n| job(&format!("o{n}"), n)));
    jobs.add_all((0..5).map(tagged));
    let cut = |after, order| Cut {
        order,
        after,
        size: 3,
    };
    for order in [
        ListOrder::NewestFirst,
        ListOrder::OldestFirst,
        ListOrder::Shuffled,
    ] {
        let first = jobs.tagged_page("ours", cut(None, order), |_| true);
        let second = jobs.tagged_page("ours", cut(first.next, order), |_| true);
        let mut seen: Vec<&str> = names(&first).into_iter().chain(names(&second)).collect();
        seen.sort_unstable();
        assert_eq!(seen, ["t0", "t1", "t2", "t3", "t4"], "{order:?}");
        assert_eq!((names(&first).len(), second.next), (3, None), "{order:?}");
    }

    // One that gets the tag later is found, one that goes and comes back without it is not.
    let add = |job: &mut Job| {
        job.tags.insert("ours".to_owned(), json!("1"));
        Ok::<_, ()>(())
    };
    assert!(jobs.write("o7", add).is_some_and(|written| written.is_ok()));
    assert!(jobs.forget("t4"));
    assert!(jobs.add(job("t4", 2_000)));
    let all = |order| {
        let cut = Cut {
            order,
            after: None,
            size: 9,
        };
        let page = jobs.tagged_page("ours", cut, |_| true);
        names(&page)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(all(ListOrder::NewestFirst), ["t3", "t2", "t1", "t0", "o7"]);
    assert_eq!(all(ListOrder::Shuffled).len(), 5);
    let none = jobs.tagged_page("nobody's", cut(None, ListOrder::NewestFirst), |_| true);
    assert!(none.jobs.is_empty() && none.next.is_none());
    let of_time = |order| walk(&jobs, order, 100).len();
    assert_eq!(of_time(ListOrder::NewestFirst), 55);
    assert_eq!(of_time(ListOrder::Shuffled), 55);
}
