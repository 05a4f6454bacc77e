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
    /// How long a look takes.
    takes: Duration,
    /// Of these shards a look never ends.
    stalls: HashSet<&'static str>,
    /// When each look began.
    begun: Mutex<Vec<(&'static str, Instant)>>,
}

impl Sky {
    fn new(period: Duration) -> Self {
        Self {
            live: Mutex::default(),
            answers: Mutex::default(),
            looks: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            period,
            takes: Duration::ZERO,
            stalls: HashSet::new(),
            begun: Mutex::default(),
        }
    }

    async fn looked(&self, times: usize) {
        let enough = async {
            while self.looks.load(Ordering::SeqCst) < times {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_hours(1), enough)
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

    fn age(&self, shard: &&'static str) -> Option<Duration> {
        let begun = self.begun.lock().unwrap();
        let latest = begun.iter().rev().find(|(other, _)| other == shard);
        latest.map(|(_, at)| at.elapsed())
    }

    async fn look(&self, shard: &&'static str, news: &Wakes<u32>) -> Result<(), Fault> {
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        self.begun.lock().unwrap().push((*shard, Instant::now()));
        if self.stalls.contains(shard) {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.takes).await;
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
    let mut base = Base::new(kube::Client::try_from(nowhere).unwrap(), Options::default());
    // The tests' time is tokio's, which stands still while anything is to be done.
    let (zero, start) = (Timestamp::UNIX_EPOCH, Instant::now());
    base.clock = Clock::from_fn(move || zero + start.elapsed());
    base
}

fn names(count: usize) -> Vec<&'static str> {
    let name = |number| &*Box::leak(format!("shard-{number}").into_boxed_str());
    (0..count).map(name).collect()
}

fn fault(class: Class) -> Fault {
    Fault {
        class,
        code: "x".to_owned(),
        op: "look",
        text: String::new(),
        request_id: None,
        retry_after: None,
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
    start_with(Sky::new(period))
}

fn start_with(sky: Sky) -> Running {
    let sky = Arc::new(sky);
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
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_hours(1), reached)
            .await
            .expect("following begins and ends");
    }
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn a_fault_slows_down_and_is_survived() {
    let running = start(Duration::from_millis(1));
    running
        .sky
        .answers
        .lock()
        .unwrap()
        .extend([Err(fault(Class::Retryable)), Ok(vec![7])]);
    let begun = Instant::now();
    running.follow("a");
    assert_eq!(running.wakes.next().await, 7);
    assert!(
        begun.elapsed() >= Duration::from_millis(450),
        "the class's wait, not the period"
    );
    running.sky.looked(4).await;
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_breaks_does_not_take_the_others_along() {
    let running = start(Duration::from_millis(1));
    running.follow("broken");
    running.sky.looked(1).await;
    running.follow("a");
    running.sky.looked(5).await;
    assert!(!running.task.is_finished());
    // Only "a" was looked at since: the broken one rests for minutes.
    let times = running.poller.times();
    assert!(times["a"].tried.is_some());
    assert!(times["broken"].tried.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_tick_is_never_longer_than_the_period_however_long_the_looks_take() {
    let period = Duration::from_secs(10);
    let running = start_with(Sky {
        takes: Duration::from_secs(3),
        ..Sky::new(period)
    });
    running.follow("a");
    running.sky.looked(20).await;
    let begun = running.sky.begun.lock().unwrap().clone();
    for pair in begun.windows(2) {
        let tick = pair[1].1 - pair[0].1;
        // A millisecond is the timer's.
        assert!(tick <= period + Duration::from_millis(2), "{tick:?}");
        assert!(tick >= period * 9 / 10, "{tick:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_takes_longer_than_its_period_is_followed_by_a_rest() {
    let (period, takes) = (Duration::from_secs(10), Duration::from_secs(30));
    let running = start_with(Sky {
        takes,
        ..Sky::new(period)
    });
    running.follow("a");
    running.sky.looked(5).await;
    let begun = running.sky.begun.lock().unwrap().clone();
    for pair in begun.windows(2) {
        assert!(pair[1].1 - pair[0].1 >= takes + period / LEAST_REST);
    }
}

#[tokio::test(start_paused = true)]
async fn many_shards_are_looked_at_apart_and_some_at_a_time() {
    let names = names(100);
    let (period, tenth) = (Duration::from_secs(10), Duration::from_secs(1));
    // All are told of at once, as after a restart; a look takes an instant.
    let running = start(period);
    let begun = Instant::now();
    for name in &names {
        running.follow(name);
    }
    running.sky.looked(names.len()).await;
    let first = running.sky.begun.lock().unwrap().clone();
    assert!(begun.elapsed() <= period + tenth);
    for slice in 0..10 {
        let from = begun + tenth * slice;
        let here = first
            .iter()
            .filter(|(_, at)| *at >= from && *at < from + tenth);
        assert!(
            here.count() <= 20,
            "more than a fifth in a tenth of the time"
        );
    }
    drop(running);

    // Where looks take long, they wait for each other.
    let running = start_with(Sky {
        takes: Duration::from_secs(4),
        ..Sky::new(period)
    });
    for name in &names {
        running.follow(name);
    }
    running.sky.looked(3 * AT_ONCE).await;
    assert_eq!(running.sky.most_at_once.load(Ordering::SeqCst), AT_ONCE);
}

#[tokio::test(start_paused = true)]
async fn shards_that_stall_keep_nobody_from_being_looked_at() {
    let period = Duration::from_secs(10);
    let stalled = names(4 * AT_ONCE);
    let running = start_with(Sky {
        stalls: stalled.iter().copied().collect(),
        ..Sky::new(period)
    });
    for name in &stalled {
        running.follow(name);
    }
    running.follow("sound");
    let begun = Instant::now();
    running.sky.looked(20).await;
    // Of each that stalls the first look is over after five seconds, as far as others are concerned.
    let most = period * 20 + COUNTS_FOR * 4;
    assert!(begun.elapsed() <= most, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_age_is_that_of_what_was_not_seen_for_longest_and_of_nothing_else() {
    let running = start(Duration::from_secs(10));
    assert_eq!(running.poller.oldest(), 0, "nothing is followed");
    running.follow("a");
    running.sky.looked(1).await;
    running.follow("b");
    running
        .sky
        .begun
        .lock()
        .unwrap()
        .insert(0, ("b", Instant::now()));
    tokio::time::advance(Duration::from_secs(7)).await;
    running.followed("b", true).await;
    assert!(running.poller.oldest() >= 7);
    running.sky.live.lock().unwrap().clear();
    running.followed("a", false).await;
    running.followed("b", false).await;
    assert_eq!(running.poller.oldest(), 0, "nobody asks any more");
}
