use std::convert::Infallible;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::runtime::controller::{self, Action, applier};
use kube::runtime::{reflector, watcher};
use tokio_util::sync::CancellationToken;

use super::*;

fn key(namespace: &str, name: &str) -> ObjectRef<ConfigMap> {
    ObjectRef::new(name).within(namespace)
}

fn woken(names: &[(&str, &str)]) -> Wakes<ObjectRef<ConfigMap>> {
    let wakes = Wakes::new();
    for (namespace, name) in names {
        wakes.wake(key(namespace, name));
    }
    wakes
}

/// The names of all that can be had now.
fn had(stream: &mut (impl Stream<Item = ObjectRef<ConfigMap>> + Unpin)) -> Vec<String> {
    std::iter::from_fn(|| stream.next().now_or_never().flatten())
        .map(|key| key.name)
        .collect()
}

/// So many keys of a namespace.
fn many(namespace: &str, numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    let name = |number| format!("{namespace}{number}");
    numbers.into_iter().map(name).collect()
}

fn wake_all(wakes: &Wakes<ObjectRef<ConfigMap>>, names: &[String]) {
    for name in names {
        wakes.wake(key(&name[..1], name));
    }
}

fn begin_all(dealer: &Dealer<ConfigMap>, names: &[String]) -> Vec<Place<ConfigMap>> {
    let begin = |name: &String| dealer.begin(key(&name[..1], name));
    names.iter().map(begin).collect()
}

#[test]
fn namespaces_take_turns_and_no_more_is_dealt_till_all_have_begun() {
    let dealer = Dealer::new();
    let wakes = woken(&[]);
    let mut stream = Box::pin(dealer.stream(wakes.clone()));
    wake_all(&wakes, &many("a", 0..ROUND + 3));
    let first = many("a", 0..ROUND);
    assert_eq!(had(&mut stream), first);
    wake_all(&wakes, &many("b", 0..2));
    // It is to be looked at as it is, whatever it was woken for: once.
    wake_all(&wakes, &many("a", [5]));
    assert!(had(&mut stream).is_empty());
    let _places = begin_all(&dealer, &first[1..]);
    assert!(had(&mut stream).is_empty());
    let _last = begin_all(&dealer, &first[..1]);
    assert_eq!(had(&mut stream), ["a8", "b0", "a9", "b1", "a10"]);
}

#[test]
fn a_key_that_waits_is_not_doubled_and_one_under_way_stands_in_line_again_afterwards() {
    let dealer = Dealer::new();
    let wakes = woken(&[("a", "a1")]);
    let mut stream = Box::pin(dealer.stream(wakes.clone()));
    assert_eq!(had(&mut stream), ["a1"]);
    let mut places = begin_all(&dealer, &many("a", 1..2));
    wake_all(&wakes, &many("a", [1, 2, 3, 3, 1]));
    assert_eq!(had(&mut stream), ["a2", "a3"]);
    places.extend(begin_all(&dealer, &many("a", [2])));
    // The object was gone before its pass began.
    dealer.pass_over(&key("a", "a3"));
    assert!(had(&mut stream).is_empty());
    drop(places.remove(0));
    assert_eq!(had(&mut stream), ["a1"]);
}

/// How many passes begin between a newcomer's wake and his own, behind kube's own queue.
async fn behind(newcomer: &str) -> usize {
    let (store, mut writer) = reflector::store::<ConfigMap>();
    let crowd = many("a", 0..80);
    writer.apply_watcher_event(&watcher::Event::Init);
    for (namespace, name) in crowd
        .iter()
        .map(|name| ("a", name.as_str()))
        .chain([("b", newcomer)])
    {
        let mut object = ConfigMap::default();
        object.metadata.name = Some(name.to_owned());
        object.metadata.namespace = Some(namespace.to_owned());
        writer.apply_watcher_event(&watcher::Event::InitApply(object));
    }
    writer.apply_watcher_event(&watcher::Event::InitDone);
    let (dealer, wakes, ended) = (Dealer::new(), woken(&[]), CancellationToken::new());
    wake_all(&wakes, &crowd);
    let queue = dealer
        .stream(wakes.clone())
        .map(Ok::<_, Infallible>)
        .take_until(ended.clone().cancelled_owned());
    let mut begun = Vec::new();
    let pass = |object: Arc<ConfigMap>, _| {
        let place = dealer.begin(ObjectRef::from_obj(&*object));
        begun.push(object.name_any());
        if begun.len() == 10 {
            wakes.wake(key("b", newcomer));
        }
        if begun.len() > crowd.len() {
            ended.cancel();
        }
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(7)).await;
            drop(place);
            Ok::<_, Infallible>(Action::await_change())
        })
    };
    let config = controller::Config::default().concurrency(2);
    let never = |_, _: &Infallible, _| Action::await_change();
    applier(pass, never, Arc::new(()), store, queue, config)
        .for_each(|_| std::future::ready(()))
        .await;
    begun.iter().position(|name| name == newcomer).unwrap() - 10
}

#[tokio::test(start_paused = true)]
async fn somebody_new_is_behind_two_rounds_at_most_whatever_kubes_queue_does() {
    for number in 0..50 {
        let passes = behind(&format!("b{number}")).await;
        assert!(passes <= 2 * ROUND, "b{number} was behind {passes}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_looked_at_again_has_no_turn_before_the_others() {
    let dealer = Dealer::new();
    let wakes = woken(&[]);
    let mut stream = Box::pin(dealer.stream(wakes.clone()));
    let second = Duration::from_secs(1);
    for name in many("a", 0..ROUND + 3) {
        dealer.again(key("a", &name), second);
    }
    dealer.again(key("a", "busy"), second);
    let busy = dealer.begin(key("a", "busy"));
    assert!(had(&mut stream).is_empty());
    tokio::time::advance(second * 2).await;
    let first = had(&mut stream);
    assert_eq!(first.len(), ROUND);
    wakes.wake(key("b", "b1"));
    let _places = begin_all(&dealer, &first);
    let next = had(&mut stream);
    assert_eq!(next.len(), 4, "{next:?}");
    assert!(next[..2].contains(&"b1".to_owned()), "{next:?}");
    // The time that it had went when its pass began.
    assert!(!next.contains(&"busy".to_owned()), "{next:?}");
    drop(busy);
    assert!(had(&mut stream).is_empty());
}

#[tokio::test]
async fn whoever_waits_for_a_pass_to_begin_or_to_end_hears_of_it() {
    let dealer = Dealer::new();
    let wakes = woken(&[]);
    let all = many("a", 0..=ROUND);
    wake_all(&wakes, &all);
    let mut stream = Box::pin(dealer.stream(wakes.clone()));
    assert_eq!(had(&mut stream), all[..ROUND]);
    let names = Arc::new(Mutex::new(Vec::new()));
    let taking = tokio::spawn({
        let names = Arc::clone(&names);
        async move {
            while let Some(key) = stream.next().await {
                names.lock().unwrap().push(key.name);
            }
        }
    });
    tokio::task::yield_now().await;
    let mut places = begin_all(&dealer, &all[..ROUND]);
    tokio::task::yield_now().await;
    assert_eq!(*names.lock().unwrap(), ["a8"]);
    places.extend(begin_all(&dealer, &all[ROUND..]));
    wakes.wake(key("a", "a0"));
    tokio::task::yield_now().await;
    drop(places.remove(0));
    tokio::task::yield_now().await;
    assert_eq!(*names.lock().unwrap(), ["a8", "a0"]);
    taking.abort();
}
