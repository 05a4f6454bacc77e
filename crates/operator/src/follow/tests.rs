//! Looks, against a server that answers as Azure and keeps what it was asked.

mod azure;

use azureml_spark_azure::{Budget, Clouds};
use azureml_spark_core::spark_job::RunState;
use clap::Parser as _;
use kube::runtime::reflector;
use serde_json::json;

use super::*;
use crate::board::tests::{place, run};
use azure::Azure;

const PERIOD: Duration = Duration::from_secs(10);

/// A workspace with live runs, which is looked at.
struct Sight {
    azure: Azure,
    board: Board,
    budget: Budget,
    follow: Follow,
    news: Wakes<ObjectRef<SparkJob>>,
}

impl Sight {
    fn of(azure: Azure, by: &str) -> Self {
        let kube = kube::Client::new(azure::secret(), "team");
        let clouds = Clouds::load(Some(&azure.clouds())).unwrap();
        let (store, mut writer) = reflector::store();
        let workspace = json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "AzureMLWorkspace",
            "metadata": {"namespace": "team", "name": "ml"},
            "spec": {
                "subscriptionId": "s", "resourceGroup": "g", "workspaceName": "w", "cloud": "test",
                "credentials": {"servicePrincipalSecretRef": {"name": "sp"}},
            },
            "status": {"location": "East US"},
        });
        let workspace = serde_json::from_value(workspace).unwrap();
        writer.apply_watcher_event(&kube::runtime::watcher::Event::Apply(workspace));
        let budget = Budget::default();
        let access = Access::new(kube, clouds, store, Wakes::new(), [], budget.clone());
        let (board, follow) = (Board::new(PERIOD), format!("--follow={by}"));
        let args = ["operator", &follow, "--poll-seconds=3600"];
        let args = Args::try_parse_from(args).unwrap();
        Self {
            follow: Follow::new(&Arc::new(access), &board, &args, &Metrics::new()),
            azure,
            board,
            budget,
            news: Wakes::new(),
        }
    }

    fn put(&self, name: &str, state: RunState) {
        self.board
            .put(&place(), name, run(state), ObjectRef::new(name));
    }

    fn state(&self, name: &str) -> Option<RunState> {
        self.board.get(&place(), name).map(|run| run.state)
    }

    /// Looks once; what Azure was asked meanwhile, by the alphabet.
    async fn look(&self) -> Vec<String> {
        self.follow.look(&place(), &self.news).await.unwrap();
        let mut asked = self.azure.asked();
        asked.sort_unstable();
        asked
    }

    /// Who was woken since.
    async fn woken(&self) -> Vec<String> {
        let mut names = Vec::new();
        while !self.news.is_empty() {
            names.push(self.news.next().await.name);
        }
        names.sort_unstable();
        names
    }
}

fn later(by: Duration) -> impl Future<Output = ()> {
    tokio::time::pause();
    async move {
        tokio::time::advance(by).await;
        tokio::time::resume();
    }
}

#[tokio::test]
async fn where_a_page_waits_for_the_budget_runs_are_asked_for_and_their_jobs_hear_of_it() {
    let azure = Azure::start(json!({"reads": {"size": 20, "perSecond": 0.01}})).await;
    let names: Vec<String> = (0..10).map(|number| format!("run-{number}")).collect();
    azure.lists(1, names.iter().map(|name| (&**name, "Running")));
    let sight = Sight::of(azure, "list");
    for name in &names {
        sight.put(name, RunState::Running);
    }
    // A token comes every hundred seconds: once they are used up, all wait.
    let mut looks = 0;
    while !sight.look().await.is_empty() {
        looks += 1;
        assert!(looks <= 20, "there are tokens without end");
    }
    // Who was asked for by his name shows more than was put.
    sight.woken().await;
    let waited = |op: &str| {
        let counts = sight.budget.counts();
        let waiting = counts
            .iter()
            .filter(|count| count.op == op && count.outcome == "waiting");
        waiting.map(|count| count.times).sum::<u64>()
    };
    let before = (waited("job.list"), waited("job.get"));
    later(Duration::from_secs(61)).await;
    assert!(sight.look().await.is_empty());
    assert_eq!(waited("job.list"), before.0 + 1);
    assert!(
        waited("job.get") > before.1,
        "nobody was asked for by his name"
    );
    assert_eq!(sight.woken().await, names);
}

#[tokio::test]
async fn what_the_index_says_of_a_time_before_is_asked_of_the_run_itself() {
    let azure = Azure::start(json!({})).await;
    azure.lists(100, [("late", "Running"), ("back", "Running")]);
    azure.indexes([("late", "Queued"), ("back", "Running")]);
    let sight = Sight::of(azure, "index");
    sight.put("late", RunState::Running);
    sight.put("back", RunState::NotResponding);
    assert_eq!(sight.look().await, ["get back", "get late", "index"]);
    assert_eq!(sight.state("late"), Some(RunState::Running));
    assert_eq!(
        sight.state("back"),
        Some(RunState::Running),
        "it is heard of again"
    );
    sight.woken().await;
    // Less and less: in looks 1, 2, 4, 8.
    assert_eq!(sight.look().await, ["get late", "index"]);
    assert_eq!(sight.look().await, ["index"]);
    assert!(sight.woken().await.is_empty(), "nothing is new");
}

#[tokio::test]
async fn runs_that_are_on_record_after_a_restart_are_read_from_the_list_or_by_their_names() {
    for by in ["list", "index"] {
        let azure = Azure::start(json!({})).await;
        azure.lists(100, [("queued", "Queued"), ("over", "Completed")]);
        azure.indexes([("queued", "Running")]);
        let sight = Sight::of(azure, by);
        for name in ["queued", "over", "gone"] {
            let job = ObjectRef::new(name);
            assert!(sight.board.awaits(&place(), name, &job));
        }
        assert_eq!(sight.look().await, ["get gone", "list"], "{by}");
        assert_eq!(sight.woken().await, ["gone", "over", "queued"]);
        assert_eq!(sight.state("queued"), Some(RunState::Queued));
        assert_eq!(sight.state("over"), Some(RunState::Completed));
        let gone = ObjectRef::new("gone");
        assert!(!sight.board.awaits(&place(), "gone", &gone));
        assert_eq!(sight.look().await, [by], "{by}");
    }
}

#[tokio::test]
async fn many_ends_at_once_are_looked_for_in_the_list_and_a_few_by_their_names() {
    let names: Vec<String> = (0..9).map(|number| format!("run-{number}")).collect();
    for (many, asked) in [(8, 8), (9, 0)] {
        let ended = names.iter().take(many).map(|name| (&**name, "Completed"));
        let azure = Azure::start(json!({})).await;
        azure.lists(100, ended.chain([("live", "Running")]));
        azure.indexes([("live", "Running")]);
        let sight = Sight::of(azure, "index");
        for name in names.iter().take(many).map(String::as_str).chain(["live"]) {
            sight.put(name, RunState::Running);
        }
        let seen = sight.look().await;
        let count = |what: &str| seen.iter().filter(|one| one.starts_with(what)).count();
        assert_eq!(
            (count("index"), count("list"), count("get")),
            (1, usize::from(asked == 0), asked),
            "{seen:?}"
        );
        assert_eq!(sight.woken().await, names[..many]);
        assert_eq!(sight.state("run-0"), Some(RunState::Completed));
        assert_eq!(sight.look().await, ["index"], "the one that goes on");
    }
}
