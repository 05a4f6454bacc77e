//! A kind with one remote thing per object: it is made, it runs, it ends or is unmade.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use azureml_spark_api::Reason;
use azureml_spark_api::condition::{ConditionType, Fact, merge};
use azureml_spark_core::{
    Act, Class, Fault, Invalid, Machine, Move, Pass, Sight, WAITING_FOR_BUDGET, Wake, summary,
};
use azureml_spark_engine::{Error, Kind, Queued, Seat, Wakes, finalizer};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client, CustomResource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// A toy.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "test.azureml.dev",
    version = "v1",
    kind = "Toy",
    namespaced,
    status = "ToyStatus"
)]
pub struct ToySpec {
    /// How large; below zero makes no sense, nothing is told of one of size 7, one of size 3 is painted, or one tries to, one of size 4 is ready while it runs, one of size 5 has something to do every second, and one of size 9 is over for good when it has ended. The schema lets text through, which the type does not.
    #[schemars(schema_with = "number_or_text")]
    pub size: i64,
}

fn number_or_text(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"x-kubernetes-int-or-string": true})
}

/// What is published of a toy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ToyStatus {
    pub observed_generation: Option<i64>,
    pub asked: bool,
    pub ended: bool,
    pub painted: bool,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memo {
    asked: bool,
    ended: bool,
    painted: bool,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "one toy has what others have one of each"
)]
pub struct Want {
    uid: String,
    namespace: String,
    name: String,
    gone: bool,
    mute: bool,
    painted: bool,
    /// Ready while it runs.
    lasting: bool,
    /// How often something is due.
    every: Option<SignedDuration>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    Running,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Make,
    Paint,
    Unmake,
}

/// When one of size 9 that is over is due.
pub const DUE: &str = "spark.azureml.dev/due";

/// What painting is called in a fault.
pub const PAINT: &str = "paint the thing";

pub struct Toys;

impl Machine for Toys {
    type Given = Toy;
    type Want = Want;
    type Seen = Sight<State>;
    type Memo = Memo;
    type Step = Step;
    type Status = ToyStatus;

    fn want(toy: &Toy) -> Result<Want, Invalid> {
        let gone = toy.metadata.deletion_timestamp.is_some();
        if toy.spec.size < 0 && !gone {
            return Err(Invalid {
                field: "spec.size".to_owned(),
                reason: Reason::InvalidSpec,
                message: "give 0 or more".to_owned(),
            });
        }
        Ok(Want {
            uid: toy.uid().unwrap(),
            namespace: toy.namespace().unwrap(),
            name: toy.name_any(),
            gone,
            mute: toy.spec.size == 7,
            painted: toy.spec.size == 3,
            lasting: toy.spec.size == 4,
            every: (toy.spec.size == 5).then(|| SignedDuration::from_secs(1)),
        })
    }

    fn recall(status: &ToyStatus) -> Memo {
        Memo {
            asked: status.asked,
            ended: status.ended,
            painted: status.painted,
        }
    }

    fn next(want: &Want, seen: &Sight<State>, memo: &Memo, _: Timestamp) -> Move<Self> {
        let asked = Memo {
            asked: true,
            ..*memo
        };
        let ended = Memo {
            ended: true,
            ..asked
        };
        match (want.gone, seen) {
            (_, Sight::Unknown) => Move::rest(*memo, Wake::OnChange),
            (true, Sight::Present(State::Running)) => Move::step(asked, Step::Unmake),
            (true, Sight::Absent | Sight::Present(State::Ended)) => Move {
                memo: *memo,
                act: Act::Release,
            },
            (false, _) if memo.ended => Move::rest(*memo, Wake::OnChange),
            (false, Sight::Absent) => Move::step(asked, Step::Make),
            (false, Sight::Present(State::Running)) if want.painted && !memo.painted => {
                let painted = Memo {
                    painted: true,
                    ..asked
                };
                Move::step(painted, Step::Paint)
            }
            (false, Sight::Present(State::Running)) => Move::rest(asked, Wake::OnChange),
            (false, Sight::Present(State::Ended)) => Move::rest(ended, Wake::OnChange),
        }
    }

    fn faulted(memo: &Memo, fault: &Fault, _: Timestamp) -> Memo {
        let asked = memo.asked && fault.class != Class::Absent;
        Memo { asked, ..*memo }
    }

    /// Without its paint it runs all the same.
    fn goes_on(fault: &Fault) -> bool {
        fault.op == PAINT
    }

    /// One of size 5 has its time.
    fn due(want: &Want, _: &Sight<State>, memo: &Memo, now: Timestamp) -> Option<Timestamp> {
        let next = now.checked_add(want.every?).ok();
        next.filter(|_| !memo.ended)
    }

    fn holds(memo: &Memo) -> bool {
        memo.asked && !memo.ended
    }

    fn report(pass: &Pass<'_, Self>, old: &ToyStatus, now: Timestamp) -> ToyStatus {
        use ConditionType as C;
        let mut facts = Vec::new();
        let running = pass.seen == Some(&Sight::Present(State::Running));
        if let Err(invalid) = pass.want {
            facts.push(Fact::yes(C::Stalled, invalid.reason, invalid.to_string()));
        } else if let Some(trouble) = pass.trouble {
            let text = trouble.fault.text.clone();
            let reason = match trouble.fault.class {
                Class::Throttled { .. } => Reason::WaitingForBudget,
                _ => Reason::AzureUnavailable,
            };
            facts.push(Fact::yes(C::Reconciling, reason, text));
        } else if pass.memo.ended {
            facts.push(Fact::yes(C::Ready, Reason::Completed, "ended"));
        } else if running && pass.want.is_ok_and(|want| want.lasting) {
            facts.push(Fact::yes(C::Ready, Reason::Running, "runs"));
        } else if running {
            facts.push(Fact::yes(C::Reconciling, Reason::Running, "runs"));
        } else {
            facts.push(Fact::yes(C::Reconciling, Reason::Submitting, "is made"));
        }
        facts.extend(summary::paused(pass.paused));
        if pass.want.is_ok_and(|want| want.mute) {
            facts.clear();
        }
        ToyStatus {
            observed_generation: Some(pass.generation),
            asked: pass.memo.asked,
            ended: pass.memo.ended,
            painted: pass.memo.painted,
            conditions: merge(&old.conditions, &facts, pass.generation, now),
        }
    }
}

/// One effect, with the object as the apiserver had it at that moment.
#[derive(Clone, Debug)]
pub struct Effect {
    pub name: String,
    pub step: Step,
    pub at: Instant,
    pub looks_before: usize,
    pub object: Option<Toy>,
}

#[derive(Default)]
pub struct World {
    pub things: HashMap<String, State>,
    pub effects: Vec<Effect>,
    /// Looks, by object.
    pub looks: HashMap<String, usize>,
    /// What goes wrong next, before the effect.
    pub faults: VecDeque<Fault>,
    /// No look succeeds.
    pub blind: Option<Fault>,
    /// Nothing can be unmade.
    pub stuck: Option<Fault>,
    /// Nothing can be made before this time.
    pub turn: Option<Timestamp>,
    /// How often somebody has asked for his turn.
    pub asks: usize,
    /// Who has given up his turn.
    pub left: Vec<String>,
    /// Nothing can be painted.
    pub unpaintable: Option<Fault>,
    /// What the object needs is going away.
    pub support_goes: bool,
    /// Somebody writes to the object between the look and what follows it, this often.
    pub meddle: usize,
    /// So many looks at ended things wake their object again at once.
    pub restless: usize,
    pub wakes: Option<Wakes<ObjectRef<Toy>>>,
    pub released: Vec<String>,
    pub held: Vec<String>,
    pub holders: bool,
}

/// Where a toy waits to be made.
struct Chair(Nursery, String);

impl Seat for Chair {
    fn ask(&self) -> Result<(), Timestamp> {
        self.0.turn()
    }

    fn leave(&self) {
        self.0.world().left.push(self.1.clone());
    }
}

/// The remote side, and the toy kind. Clones share the world.
#[derive(Clone)]
pub struct Nursery {
    pub client: Client,
    world: Arc<Mutex<World>>,
    /// One permit per effect, if effects are to wait.
    pub gate: Option<Arc<Semaphore>>,
    /// One permit per question whether a step may be done, if these are to wait.
    pub door: Option<Arc<Semaphore>>,
}

impl Nursery {
    pub fn new(client: Client) -> Self {
        Self {
            client,
            world: Arc::default(),
            gate: None,
            door: None,
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn turn(&self) -> Result<(), Timestamp> {
        let mut world = self.world();
        world.asks += 1;
        world.turn.map_or(Ok(()), Err)
    }

    fn api(&self, namespace: &str) -> Api<Toy> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

impl Kind for Nursery {
    type Object = Toy;
    type Machine = Toys;
    const NAME: &'static str = "Toy";

    fn status(toy: &Toy) -> Option<&ToyStatus> {
        toy.status.as_ref()
    }

    fn conditions(status: &ToyStatus) -> &[Condition] {
        &status.conditions
    }

    async fn gather(&self, toy: &Toy) -> Result<Toy, Error> {
        Ok(toy.clone())
    }

    async fn observe(&self, want: &Want, _: &Memo) -> Result<Sight<State>, Fault> {
        let (seen, meddle) = {
            let mut world = self.world();
            *world.looks.entry(want.name.clone()).or_default() += 1;
            if let Some(fault) = world.blind.clone() {
                return Err(fault);
            }
            let seen = world.things.get(&want.uid).copied();
            if seen == Some(State::Ended) && world.restless > 0 {
                world.restless -= 1;
                if let Some(wakes) = &world.wakes {
                    wakes.wake(ObjectRef::new(&want.name).within(&want.namespace));
                }
            }
            let meddle = world.meddle > 0;
            world.meddle = world.meddle.saturating_sub(1);
            (seen, meddle)
        };
        if meddle {
            let body = serde_json::json!({"metadata": {"labels": {"touched": "yes"}}});
            let patch = kube::api::Patch::Merge(&body);
            let api = self.api(&want.namespace);
            api.patch(&want.name, &kube::api::PatchParams::default(), &patch)
                .await
                .unwrap();
        }
        Ok(seen.map_or(Sight::Absent, Sight::Present))
    }

    async fn admit(
        &self,
        want: &Want,
        _: &Memo,
        step: &Step,
    ) -> Result<Option<Arc<dyn Seat>>, Box<Queued>> {
        if *step != Step::Make {
            return Ok(None);
        }
        if let Some(door) = &self.door {
            door.acquire().await.unwrap().forget();
        }
        let seat: Arc<dyn Seat> = Arc::new(Chair(self.clone(), want.name.clone()));
        match self.turn() {
            Ok(()) => Ok(Some(seat)),
            Err(until) => Err(Box::new(Queued {
                fault: Fault {
                    code: WAITING_FOR_BUDGET.to_owned(),
                    ..crate::house::fault(Class::Throttled { until })
                },
                seat,
            })),
        }
    }

    async fn execute(&self, want: &Want, _: &Memo, step: Step) -> Result<(), Fault> {
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        let object = self.api(&want.namespace).get_opt(&want.name).await.unwrap();
        let mut world = self.world();
        let looks_before = world.looks[&want.name];
        world.effects.push(Effect {
            name: want.name.clone(),
            step,
            at: Instant::now(),
            looks_before,
            object,
        });
        if let Some(fault) = world.faults.pop_front() {
            return Err(fault);
        }
        let prevents = match step {
            Step::Make => None,
            Step::Paint => world.unpaintable.clone(),
            Step::Unmake => world.stuck.clone(),
        };
        if let Some(fault) = prevents {
            return Err(fault);
        }
        match step {
            Step::Make => world.things.insert(want.uid.clone(), State::Running),
            Step::Paint => None,
            Step::Unmake => world.things.remove(&want.uid),
        };
        Ok(())
    }

    async fn hold(&self, toy: &Toy) -> Result<bool, Error> {
        // Our own comes first: whoever looks for holders finds this object.
        let api = self.api(&toy.namespace().unwrap());
        let mine = api.get_metadata(&toy.name_any()).await?;
        assert!(finalizer::is_on(&mine.metadata));
        let mut world = self.world();
        world.held.push(toy.name_any());
        Ok(!world.support_goes)
    }

    async fn may_release(&self, _: &Toy) -> Result<bool, Error> {
        Ok(!self.world().holders)
    }

    async fn released(&self, toy: &Toy) -> Result<(), Error> {
        assert!(finalizer::is_on(&toy.metadata), "it goes last");
        self.world().released.push(toy.name_any());
        Ok(())
    }

    fn settled(toy: &Toy) -> Option<Wake> {
        let status = toy.status.as_ref()?;
        let same = status.observed_generation == toy.metadata.generation;
        let over = toy.spec.size == 9 && status.ended && same && !finalizer::is_on(&toy.metadata);
        let due = toy.annotations().get(DUE).map(|due| due.parse().unwrap());
        over.then_some(due.map_or(Wake::OnChange, Wake::At))
    }

    fn slim(mut toy: Toy) -> Toy {
        if Self::settled(&toy).is_some()
            && let Some(status) = &mut toy.status
        {
            // As of jobs: how it stands, for the counts.
            for one in &mut status.conditions {
                one.message.clear();
            }
        }
        toy
    }

    fn is_slim(toy: &Toy) -> bool {
        let wordless = |status: &ToyStatus| status.conditions.iter().all(|c| c.message.is_empty());
        let status = toy.status.as_ref();
        status.is_some_and(|status| status.ended && wordless(status))
    }

    fn remains(toy: &Toy) -> String {
        format!("the thing of {} stays", toy.name_any())
    }
}
