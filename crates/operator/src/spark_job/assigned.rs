//! The roles of the identities that runs run as, asked for before the first submission: one list for all jobs that run as
//! one identity on data in one storage account, one check for all that do on one pool.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azureml_spark_azure::ArmId;
use azureml_spark_azure::arm::role_assignment;
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::{Assigned, PoolQuestion, Question, Seen, Want};
use azureml_spark_core::{Fault, Sight};
use futures::future::join_all;
use tokio::time::Instant;

use crate::access::Site;
use crate::translate;

/// How long roles that suffice are believed in, and how long nobody is asked again where nobody answers.
const BELIEVED: Duration = Duration::from_mins(5);

/// The same for roles that do not: somebody may just have granted what is missing, and the next job is to say so.
const DOUBTED: Duration = Duration::from_secs(30);

/// A submission waits no longer than this for an answer that it does not need.
const WORTH_WAITING: Duration = Duration::from_secs(10);

/// Most pages of a list.
const PAGES: usize = 20;

/// Most answers that are kept; after that all are asked for again.
const KEPT: usize = 10_000;

/// The same question of one workspace, account or pool, and principal: as whom Azure is asked is the workspace's to say.
type Key = (Place, String, String);

/// What Azure told last, and when; nothing if it told nothing. Who asks while somebody does waits for that answer.
type Answer<T> = Arc<tokio::sync::Mutex<Option<(Instant, Option<T>)>>>;

/// Answers of Azure, shared by all jobs.
#[derive(Debug, Default)]
pub(crate) struct Assignments {
    on_accounts: Answers<Vec<Assigned>>,
    on_pools: Answers<Sight<bool>>,
}

/// Answers of one sort.
#[derive(Debug, Default)]
struct Answers<T>(Mutex<HashMap<Key, Answer<T>>>);

impl Assignments {
    /// What can be known of the roles that count for a run, by account.
    pub(super) async fn look(
        &self,
        site: &Site,
        place: &Place,
        want: &Want,
        seen: &Seen,
    ) -> BTreeMap<String, Vec<Assigned>> {
        let questions = want.questions(seen).into_iter().map(async |question| {
            let answer = self
                .answer(place, &question, || list(site, &question))
                .await;
            Some((question.account, answer?))
        });
        join_all(questions).await.into_iter().flatten().collect()
    }

    /// What can be known of whether the identity of a run may use its pool.
    pub(super) async fn look_at_pool(
        &self,
        site: &Site,
        place: &Place,
        want: &Want,
        seen: &Seen,
    ) -> Sight<bool> {
        let Some(question) = want.pool_question(seen) else {
            return Sight::Unknown;
        };
        let (scope, principal) = (&question.scope, &question.principal_id);
        self.pool_answer(place, &question, || {
            crate::roles::may_use(site, scope, principal)
        })
        .await
    }

    async fn answer(
        &self,
        place: &Place,
        question: &Question,
        ask: impl AsyncFnOnce() -> Result<Vec<Assigned>, Fault>,
    ) -> Option<Vec<Assigned>> {
        let key = key(place, &question.account, &question.principal_id);
        let lacks = |told: &Vec<Assigned>| !question.lacks(told).is_empty();
        self.on_accounts.answer(key, lacks, ask).await
    }

    async fn pool_answer(
        &self,
        place: &Place,
        question: &PoolQuestion,
        ask: impl AsyncFnOnce() -> Result<Sight<bool>, Fault>,
    ) -> Sight<bool> {
        let key = key(place, &question.scope, &question.principal_id);
        let lacks = |told: &Sight<bool>| *told == Sight::Present(false);
        let told = self.on_pools.answer(key, lacks, ask).await;
        told.unwrap_or(Sight::Unknown)
    }
}

fn key(place: &Place, scope: &str, principal_id: &str) -> Key {
    (
        place.clone(),
        scope.to_ascii_lowercase(),
        principal_id.to_ascii_lowercase(),
    )
}

impl<T: Clone> Answers<T> {
    /// The last answer while it is good, else a new one.
    async fn answer(
        &self,
        key: Key,
        lacks: impl Fn(&T) -> bool,
        ask: impl AsyncFnOnce() -> Result<T, Fault>,
    ) -> Option<T> {
        let answer = self.kept(key);
        let mut answer = answer.lock().await;
        if let Some((at, told)) = &*answer
            && at.elapsed() < good_for(told.as_ref().is_some_and(&lacks))
        {
            return told.clone();
        }
        let told = tokio::time::timeout(WORTH_WAITING, ask()).await;
        let told = match told {
            Ok(Ok(told)) => Some(told),
            Ok(Err(fault)) => {
                tracing::debug!(code = fault.code, "the roles of an identity are not told");
                None
            }
            Err(_) => None,
        };
        *answer = Some((Instant::now(), told.clone()));
        told
    }

    fn kept(&self, key: Key) -> Answer<T> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= KEPT {
            answers.clear();
        }
        Arc::clone(answers.entry(key).or_default())
    }
}

fn good_for(lacks: bool) -> Duration {
    if lacks { DOUBTED } else { BELIEVED }
}

/// All of them, those of groups with them. Of a list without an end nobody knows the whole.
async fn list(site: &Site, question: &Question) -> Result<Vec<Assigned>, Fault> {
    let scope = ArmId::new(&question.account);
    let mut call = role_assignment::list_held(&scope, &question.principal_id);
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = site.client.send(call).await;
        let page = page.map_err(|error| translate::fault(&error))?;
        found.extend(page.items.iter().map(|one| Assigned {
            role: one.properties.role_definition_id.name().to_owned(),
            scope: one.properties.scope.as_str().to_owned(),
        }));
        match page.next {
            Some(next) => call = role_assignment::next_page(next),
            None => return Ok(found),
        }
    }
    Err(crate::roles::too_many(&question.account))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use azureml_spark_core::Class;

    use super::*;

    const ACCOUNT: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";

    fn place(name: &str) -> Place {
        Place {
            namespace: "team".to_owned(),
            name: name.to_owned(),
        }
    }

    fn question() -> Question {
        Question {
            account: ACCOUNT.to_owned(),
            principal_id: "p".to_owned(),
            writes: true,
        }
    }

    fn holds(roles: &[&str]) -> Vec<Assigned> {
        let one = |role: &&str| Assigned {
            role: (*role).to_owned(),
            scope: ACCOUNT.to_owned(),
        };
        roles.iter().map(one).collect()
    }

    fn both() -> Vec<Assigned> {
        holds(&[
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        ])
    }

    fn refused() -> Fault {
        Fault {
            class: Class::Forbidden,
            code: "AuthorizationFailed".to_owned(),
            op: "ask Azure",
            text: "no".to_owned(),
            request_id: None,
            retry_after: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn how_long_an_answer_is_good_for_depends_on_it() {
        let question = question();
        for (told, good_for) in [
            (Ok(both()), BELIEVED),
            (Ok(holds(&[])), DOUBTED),
            (Err(refused()), BELIEVED),
        ] {
            let assignments = Assignments::default();
            let asked = Cell::new(0);
            let look = async |name: &str| {
                let ask = async || {
                    asked.set(asked.get() + 1);
                    told.clone()
                };
                let answer = assignments.answer(&place(name), &question, ask).await;
                assert_eq!(answer, told.clone().ok());
                asked.get()
            };
            assert_eq!(look("ml").await, 1);
            tokio::time::advance(good_for.saturating_sub(Duration::from_secs(1))).await;
            assert_eq!(look("ml").await, 1, "{told:?}");
            assert_eq!(
                look("other").await,
                2,
                "another may be asked as somebody else"
            );
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(look("ml").await, 3, "{told:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_holds_of_a_pool() {
        let question = PoolQuestion {
            scope: "workspaces/w/bigDataPools/p".to_owned(),
            principal_id: "p".to_owned(),
        };
        for (told, good_for) in [
            (Ok(Sight::Present(true)), BELIEVED),
            (Ok(Sight::Present(false)), DOUBTED),
            (Ok(Sight::Unknown), BELIEVED),
            (Err(refused()), BELIEVED),
        ] {
            let assignments = Assignments::default();
            let asked = Cell::new(0);
            let look = async |scope: &str| {
                let ask = async || {
                    asked.set(asked.get() + 1);
                    told.clone()
                };
                let question = PoolQuestion {
                    scope: scope.to_owned(),
                    ..question.clone()
                };
                let answer = assignments.pool_answer(&place("ml"), &question, ask).await;
                assert_eq!(answer, told.clone().unwrap_or(Sight::Unknown));
                asked.get()
            };
            assert_eq!(look(&question.scope).await, 1);
            tokio::time::advance(good_for.saturating_sub(Duration::from_secs(1))).await;
            let loud = question.scope.to_ascii_uppercase();
            assert_eq!(look(&loud).await, 1, "{told:?}");
            assert_eq!(look("workspaces/w/bigDataPools/q").await, 2);
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(look(&question.scope).await, 3, "{told:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_that_come_at_once_share_one_request_and_none_waits_long() {
        let (question, ml, assignments) = (question(), place("ml"), Assignments::default());
        let asked = Cell::new(0);
        let began = Instant::now();
        let twenty = (0..20).map(|_| {
            assignments.answer(&ml, &question, async || {
                asked.set(asked.get() + 1);
                std::future::pending().await
            })
        });
        let answers = join_all(twenty).await;
        assert!(answers.iter().all(Option::is_none));
        assert_eq!(asked.get(), 1);
        assert_eq!(began.elapsed(), WORTH_WAITING);
    }
}
