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
