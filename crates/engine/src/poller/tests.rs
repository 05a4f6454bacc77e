use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::controller::Options;

/// Shards by name; each look answers what the test put in line, or that nothing changed.
struct Sky {
    live: Mutex<HashSet<&'static str>>,
    answers: Mutex<VecDeque<Result<Vec<u32>, Fault>>>,
    looks: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    period: Duration,
}

impl Sky {
    fn new(period: Duration) -> Arc<Self> {
        Arc::new(Self {
            live: Mutex::default(),
            answers: Mutex::default(),
            looks: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            period,
        })
    }

    async fn looked(&self, times: usize) {
        let enough = async {
            while self.looks.load(Ordering::SeqCst) < times {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), enough)
            .await
            .expect("the shard is looked at");
    }
}

impl BatchSource for Sky {
    type Shard = &'static str;
    type Key = u32;

    fn due(&self, shard: &&'static str) -> Option<Duration> {
        self.live
            .lock()
            .unwrap()
            .contains(shard)
            .then_some(self.period)
    }

    async fn look(&self, shard: &&'static str, news: &Wakes<u32>) -> Result<(), Fault> {
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        self.looks.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.lock().unwrap().pop_front();
        assert!(*shard != "broken", "a bug in the source");
        for key in answer.unwrap_or_else(|| Ok(Vec::new()))? {
            news.wake(key);
        }
        Ok(())
    }
}

fn base() -> Base {
    let nowhere = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    Base::new(kube::Client::try_from(nowhere).unwrap(), Options::default())
}

fn fault(class: Class) -> Fault {
    Fault {
        class,
        code: "x".to_owned(),
        op: "look",
        text: String::new(),
        request_id: None,
    }
}

struct Running {
    sky: Arc<Sky>,
    poller: Poller<Sky>,
    wakes: Wakes<u32>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(period: Duration) -> Running {
    let sky = Sky::new(period);
    let wakes = Wakes::new();
    let poller = Poller::new(Arc::clone(&sky), wakes.clone(), &base());
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(poller.clone().run(shutdown.clone()));
    Running {
        sky,
        poller,
        wakes,
        shutdown,
        task,
    }
}

impl Running {
    fn follow(&self, shard: &'static str) {
        self.sky.live.lock().unwrap().insert(shard);
        self.poller.interest().wake(shard);
    }

    async fn followed(&self, shard: &'static str, wished: bool) {
        let reached = async {
            while self.poller.times().get(shard).is_some_and(|t| t.followed) != wished {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached)
            .await
            .expect("following begins and ends");
    }
}

#[tokio::test]
async fn changes_wake_and_looks_go_on_one_at_a_time() {
    let running = start(Duration::from_millis(5));
    running
        .sky
        .answers
        .lock()
        .unwrap()
        .extend([Ok(vec![1, 2]), Ok(vec![]), Ok(vec![2])]);
    for _ in 0..10 {
        running.follow("a");
    }
    running.sky.looked(5).await;
    let mut woken = HashSet::new();
    while !running.wakes.is_empty() {
        woken.insert(running.wakes.next().await);
    }
    assert_eq!(woken, HashSet::from([1, 2]));
    assert_eq!(running.sky.most_at_once.load(Ordering::SeqCst), 1);
    running.shutdown.cancel();
    running.task.await.unwrap();
}

#[tokio::test]
async fn no_interest_no_look_and_interest_that_comes_back_is_served() {
    let running = start(Duration::from_millis(5));
    running.poller.interest().wake("a");
    running.follow("b");
    running.sky.looked(2).await;
    assert!(running.poller.times().get("a").is_none(), "nobody wants a");
    running.sky.live.lock().unwrap().clear();
    running.followed("b", false).await;
    let looks = running.sky.looks.load(Ordering::SeqCst);
    running.follow("b");
    running.followed("b", true).await;
    running.sky.looked(looks + 2).await;
}

#[tokio::test]
async fn interest_that_flickers_does_not_look_more_often() {
    let running = start(Duration::from_mins(10));
    running.follow("a");
    running.sky.looked(1).await;
    // As if its task had ended for lack of interest, and interest came back at once.
    running.poller.times().get_mut("a").unwrap().followed = false;
    running.follow("a");
    running.followed("a", true).await;
    running.follow("b");
    running.sky.looked(2).await;
    assert_eq!(
        running.sky.looks.load(Ordering::SeqCst),
        2,
        "one of a, one of b"
    );
}

#[tokio::test]
async fn a_fault_slows_down_and_is_survived() {
    let running = start(Duration::from_millis(1));
    running
        .sky
        .answers
        .lock()
        .unwrap()
        .extend([Err(fault(Class::Retryable)), Ok(vec![7])]);
    let begun = std::time::Instant::now();
    running.follow("a");
    assert_eq!(running.wakes.next().await, 7);
    assert!(
        begun.elapsed() >= Duration::from_millis(450),
        "the class's wait, not the period"
    );
    running.sky.looked(4).await;
}

#[tokio::test]
async fn a_shard_that_breaks_does_not_take_the_others_along() {
    let running = start(Duration::from_millis(1));
    running.follow("broken");
    running.sky.looked(1).await;
    running.follow("a");
    running.sky.looked(5).await;
    assert!(!running.task.is_finished());
    // Only "a" was looked at since: the broken one rests for minutes.
    let times = running.poller.times();
    assert!(times["a"].seen.is_some());
    assert!(times["broken"].seen.is_none());
}
