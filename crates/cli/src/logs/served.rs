//! The log as the operator serves it, through the apiserver: with the right of Kubernetes to read it, and none on Azure.

use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use azureml_spark_api::logs::{BEAT, FRAMES, Frame, path};
use futures::AsyncBufReadExt as _;
use http::Request;
use http::header::ACCEPT;
use kube::Client;
use tokio::time::{Instant, timeout};
use url::form_urlencoded::Serializer;

use super::{Args, print};

/// How long a break is borne: an operator that starts anew is there within a minute or two, and the apiserver looks for
/// it each half minute.
const PATIENCE: Duration = Duration::from_mins(5);

/// The same for who wants what is there now: longer than the apiserver takes to find an operator that is there again.
const SHORT_PATIENCE: Duration = Duration::from_mins(1);

/// After so long without a word nobody is there any more, whatever the connection says.
const SILENCE: Duration = BEAT.saturating_mul(3);

/// How often it is asked again for what was there and is not any more: the API itself goes for a moment, as when a release
/// is installed anew.
const MORE_TRIES: u32 = 4;

/// Between two tries, from the first on.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// Prints the log, over breaks of the connection and restarts of the operator.
pub(super) async fn tell(
    client: &Client,
    namespace: &str,
    args: &Args,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<()> {
    let mut way = Way {
        path: path(namespace, &args.job),
        attempt: args.attempt,
        position: None,
        waited: false,
        found: false,
        reached: false,
        missed: 0,
    };
    let patience = if args.follow {
        PATIENCE
    } else {
        SHORT_PATIENCE
    };
    let mut heard_last = Instant::now();
    let mut wait = FIRST_WAIT;
    let mut told = false;
    loop {
        let why = match way.go(client, args, out, notes).await {
            Ok(()) => return Ok(()),
            Err(Stop::Final(error)) => return Err(error),
            Err(Stop::Broken { why, heard }) => {
                if heard {
                    heard_last = Instant::now();
                    wait = FIRST_WAIT;
                    told = false;
                }
                why
            }
        };
        if heard_last.elapsed() > patience {
            bail!("the operator does not answer: {why:#}");
        }
        if !told {
            writeln!(notes, "the log broke off ({why:#}); asking again")?;
            told = true;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// How far it is.
struct Way {
    path: String,
    /// Pinned once it is known: what is resumed is the same run.
    attempt: Option<i32>,
    position: Option<String>,
    waited: bool,
    /// Whether it was there: what never was does not come back.
    found: bool,
    /// Whether the apiserver ever answered: one that never did is a wrong address.
    reached: bool,
    /// How often in a row it was not there any more.
    missed: u32,
}

/// Why an answer ended early.
enum Stop {
    /// Asking again may help. Whether it went on before: there were lines, or at least somebody who lived for a while.
    /// Who is only greeted must not ask again at once.
    Broken {
        why: anyhow::Error,
        heard: bool,
    },
    Final(anyhow::Error),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Final(error.into())
    }
}

fn silent(heard: bool) -> Stop {
    let why = anyhow!("nothing was heard for {} s", SILENCE.as_secs());
    Stop::Broken { why, heard }
}

impl Way {
    /// Asks once, and prints what comes.
    async fn go(
        &mut self,
        client: &Client,
        args: &Args,
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> Result<(), Stop> {
        let request = self.request(args).map_err(Stop::Final)?;
        let answer = timeout(SILENCE, client.request_stream(request)).await;
        let answer = answer.map_err(|_| silent(false))?;
        let answer = answer.map_err(|error| self.refused(error, &args.job))?;
        self.reached = true;
        let begun = Instant::now();
        let answer = pin!(answer);
        let mut lines = answer.lines();
        let mut heard = false;
        loop {
            let line = timeout(SILENCE, futures::StreamExt::next(&mut lines)).await;
            let Some(line) = line.map_err(|_| silent(heard))? else {
                break;
            };
            let line = line.map_err(|error| Stop::Broken {
                why: error.into(),
                heard,
            })?;
            let frame = serde_json::from_str(&line)
                .context("the answer is not of this API")
                .map_err(Stop::Final)?;
            self.found = true;
            self.missed = 0;
            heard |= matches!(frame, Frame::Lines { .. }) || begun.elapsed() >= BEAT;
            match frame {
                Frame::Waiting { message } => {
                    self.waited = true;
                    writeln!(notes, "waiting: {message}")?;
                }
                Frame::Begin { attempt, run } => {
                    self.attempt = Some(attempt);
                    if std::mem::take(&mut self.waited) {
                        writeln!(notes, "attempt {attempt} runs as '{run}'")?;
                    }
                }
                Frame::Lines { position, text } => {
                    print(out, &text)?;
                    self.position = Some(position);
                }
                Frame::Alive => {}
                Frame::End { state } => {
                    if args.follow {
                        writeln!(notes, "the run has ended: {state}")?;
                    }
                    return Ok(());
                }
                Frame::Error { message, retry } => {
                    let why = anyhow!(message);
                    return Err(if retry {
                        Stop::Broken { why, heard }
                    } else {
                        Stop::Final(why)
                    });
                }
            }
        }
        Err(Stop::Broken {
            why: anyhow!("the answer has no end"),
            heard,
        })
    }

    fn request(&self, args: &Args) -> Result<Request<Vec<u8>>> {
        let mut query = Serializer::new(String::new());
        if args.follow {
            query.append_pair("follow", "true");
        }
        if let Some(attempt) = self.attempt {
            query.append_pair("attempt", &attempt.to_string());
        }
        if args.stdout || args.stderr {
            let stream = if args.stdout { "Stdout" } else { "Stderr" };
            query.append_pair("stream", stream);
        }
        match (&self.position, args.tail) {
            (Some(position), _) => {
                query.append_pair("offset", position);
            }
            (None, Some(lines)) => {
                query.append_pair("tailLines", &lines.to_string());
            }
            (None, None) => {}
        }
        let request = Request::get(format!("{}?{}", self.path, query.finish()));
        Ok(request.header(ACCEPT, FRAMES).body(Vec::new())?)
    }

    /// What a refusal means.
    fn refused(&mut self, error: kube::Error, job: &str) -> Stop {
        let kube::Error::Api(status) = &error else {
            let comes_back = self.reached && !matches!(error, kube::Error::Auth(_));
            let why = anyhow::Error::from(error);
            return if comes_back {
                Stop::Broken { why, heard: false }
            } else {
                Stop::Final(why)
            };
        };
        self.reached = true;
        let message = &status.message;
        match status.code {
            404 if self.found && self.missed < MORE_TRIES => {
                self.missed += 1;
                Stop::Broken {
                    why: anyhow!(message.clone()),
                    heard: false,
                }
            }
            // Not the words of an API server: there is nobody behind this path.
            404 if status.reason != "NotFound" => Stop::Final(anyhow!(
                "this cluster serves no logs of jobs: the operator is not installed, or its chart has \
                 logs.enabled=false; --direct reads them from Azure with your own login"
            )),
            403 => Stop::Final(anyhow!(
                "{message}; the right is 'get' on sparkjobs/log of logs.spark.azureml.dev, which the ClusterRole \
                 azureml-spark-operator-logs holds; if there is none of that name, the chart has logs.enabled=false, \
                 and no logs are served"
            )),
            429 | 500 | 503 | 504 => Stop::Broken {
                why: anyhow!(message.clone()),
                heard: false,
            },
            _ => Stop::Final(anyhow!("{job}: {message}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::body::Body;
    use bytes::Bytes;
    use clap::Parser;
    use futures::{StreamExt as _, stream};
    use http::StatusCode;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        logs: Args,
    }

    fn frames(frames: &[Frame]) -> Bytes {
        let line = |frame| serde_json::to_string(frame).unwrap() + "\n";
        frames.iter().map(line).collect::<String>().into()
    }

    /// Says something, then that it lives, twice, and then nothing for ever.
    fn dying() -> Body {
        let run = "titanic-1".to_owned();
        let begin = Frame::Begin { attempt: 1, run };
        let lines = Frame::Lines {
            position: "both:4".to_owned(),
            text: "one\n".to_owned(),
        };
        let beats = stream::repeat(()).take(2).then(async |()| {
            tokio::time::sleep(SILENCE * 9 / 10).await;
            Ok::<_, std::io::Error>(frames(&[Frame::Alive]))
        });
        let said = stream::iter([Ok(frames(&[begin, lines]))]).chain(beats);
        Body::from_stream(said.chain(stream::pending()).boxed())
    }

    /// What becomes of it when the n-th request is answered so; how often it was asked, and what was noted.
    async fn told_by(
        answer: impl Fn(usize) -> (StatusCode, Body) + Clone + Send + Sync + 'static,
    ) -> (Result<()>, usize, String) {
        told_to(&["logs", "titanic", "-f"], answer).await
    }

    async fn told_to(
        args: &[&str],
        answer: impl Fn(usize) -> (StatusCode, Body) + Clone + Send + Sync + 'static,
    ) -> (Result<()>, usize, String) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let routes =
            Router::new().fallback(async move || answer(count.fetch_add(1, Ordering::Relaxed)));
        let client = Client::new(routes, "team");
        let args = Cli::parse_from(args).logs;
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let telling = tell(&client, "team", &args, &mut out, &mut notes);
        let told = timeout(Duration::from_hours(1), telling).await;
        let told = told.expect("it goes on for ever");
        let notes = String::from_utf8(notes).unwrap();
        (told, asked.load(Ordering::Relaxed), notes)
    }

    fn begin() -> Frame {
        let run = "titanic-1".to_owned();
        Frame::Begin { attempt: 1, run }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_only_greeted_asks_less_and_less_and_gives_up() {
        let (told, asked, _) = told_by(|_| {
            let (message, retry) = ("run history rests".to_owned(), true);
            let said = frames(&[begin(), Frame::Error { message, retry }]);
            (StatusCode::OK, said.into())
        })
        .await;
        let error = told.unwrap_err().to_string();
        assert!(error.contains("run history rests"), "{error}");
        let most = PATIENCE.as_secs() / LONGEST_WAIT.as_secs() + 8;
        assert!((10..=most).contains(&(asked as u64)), "{asked}");
    }

    fn missing() -> (StatusCode, Body) {
        let status = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404,
            "reason": "NotFound", "message": "not found"}"#;
        (StatusCode::NOT_FOUND, Body::from(status))
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_was_there_is_asked_for_once() {
        let args = ["logs", "titanic", "-f", "--attempt", "7"];
        let (told, asked, notes) = told_to(&args, |_| missing()).await;
        let error = told.unwrap_err().to_string();
        assert!(error.contains("not found"), "{error}");
        assert_eq!((asked, notes.as_str()), (1, ""));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_there_is_asked_for_some_more_times() {
        let greeted = || (StatusCode::OK, Body::from(frames(&[begin()])));
        let (told, asked, notes) = told_by(move |index| match index {
            0 => greeted(),
            1 | 2 => missing(),
            _ => {
                let state = "Completed".to_owned();
                (StatusCode::OK, frames(&[Frame::End { state }]).into())
            }
        })
        .await;
        assert!(told.is_ok(), "{notes}");
        assert_eq!(asked, 4);
        let (told, asked, _) = told_by(move |index| match index {
            0 => greeted(),
            _ => missing(),
        })
        .await;
        assert_eq!(told.unwrap_err().to_string(), "titanic: not found");
        assert_eq!(asked, 2 + MORE_TRIES as usize);
        let (told, asked, _) = told_by(move |_| missing()).await;
        assert!(told.is_err());
        assert_eq!(asked, 1, "it never was there");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_died_silently_is_left() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let routes = Router::new().fallback(async move || {
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => dying(),
                // Not even a beginning.
                1 => std::future::pending().await,
                _ => {
                    let state = "Completed".to_owned();
                    Body::from(frames(&[Frame::End { state }]))
                }
            }
        });
        let client = Client::new(routes, "team");
        let args = Cli::parse_from(["logs", "titanic", "-f"]).logs;
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let begun = Instant::now();
        tell(&client, "team", &args, &mut out, &mut notes)
            .await
            .unwrap();
        assert_eq!(out, b"one\n");
        let notes = String::from_utf8(notes).unwrap();
        assert!(notes.contains("nothing was heard for 90 s"), "{notes}");
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        // Twice nearly the whole time until it says something, and twice all of it.
        let took = begun.elapsed();
        assert!(took > SILENCE * 7 / 2 && took < SILENCE * 4, "{took:?}");
    }

    /// An apiserver that finds the operator again after a while, or never.
    fn finds_after(while_: Duration) -> Client {
        let begun = Instant::now();
        let routes = Router::new().fallback(async move || {
            if begun.elapsed() < while_ {
                return Err(StatusCode::SERVICE_UNAVAILABLE);
            }
            let state = "Completed".to_owned();
            Ok(Body::from(frames(&[Frame::End { state }])))
        });
        Client::new(routes, "team")
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_that_is_found_again_within_the_apiservers_half_minute_is_waited_for() {
        let asked = async |client: Client, args: &[&str]| {
            let args = Cli::parse_from(args).logs;
            let (mut out, mut notes) = (Vec::new(), Vec::new());
            tell(&client, "team", &args, &mut out, &mut notes).await
        };
        let (once, follow) = (["logs", "titanic"], ["logs", "titanic", "-f"]);
        let restart = Duration::from_secs(40);
        asked(finds_after(restart), &once).await.unwrap();
        let error = asked(finds_after(Duration::MAX), &once).await.unwrap_err();
        assert!(
            error.to_string().contains("the operator does not answer"),
            "{error}"
        );
        let longer = Duration::from_mins(4);
        asked(finds_after(longer), &follow).await.unwrap();
    }
}
