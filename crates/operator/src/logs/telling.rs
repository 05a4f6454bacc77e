//! One answer, while it is told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use azureml_spark_api::SparkJob;
use azureml_spark_api::logs::{BEAT, Frame};
use azureml_spark_azure::aml::log::{Event, Reader};
use azureml_spark_core::Fault;
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use kube::runtime::reflector::ObjectRef;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::Logs;
use super::answer::Refusal;
use super::asked::{Asked, Form};
use super::job::{Found, Run, find};
use super::slots::Slot;
use crate::translate;

/// The longest answer. Who follows longer asks again, and is reviewed again.
pub(super) const LONGEST: Duration = Duration::from_hours(1);

/// How often a job that does not run yet is looked at, in the cache.
const LOOK: Duration = Duration::from_secs(1);

/// An answer that was not told to its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BrokenOff(String);

/// An answer and how far it is.
pub(super) struct Telling {
    logs: Arc<Logs>,
    key: ObjectRef<SparkJob>,
    asked: Asked,
    form: Form,
    state: State,
    /// What is said before anything else is waited for.
    ready: VecDeque<Frame>,
    until: Instant,
    _slot: Slot,
}

enum State {
    /// For a run; what was said about that.
    Waiting(Option<String>),
    Reading(Box<Reader>, Run),
    Over,
}

impl Logs {
    /// The run that is meant.
    pub(super) async fn find(
        &self,
        key: &ObjectRef<SparkJob>,
        asked: &Asked,
    ) -> Result<Found, Refusal> {
        let job = self.jobs.get(key).await?;
        Ok(find(&job, asked.attempt))
    }

    async fn reader(&self, run: &Run, asked: &Asked) -> Result<Reader, Refusal> {
        let reached = async {
            let site = self.access.site(&run.place).await?;
            let api = self.access.regional(&run.place, &site).await?;
            Ok((site, api))
        };
        let (site, api) = reached.await.map_err(|fault: Fault| {
            self.access.doubt(&run.place, &fault);
            Refusal::unavailable(format!("the workspace cannot be asked: {}", fault.text))
        })?;
        let (name, wish) = (run.name.clone(), asked.wish(self.pace));
        Ok(Reader::new(site.client, site.id, api, name, wish))
    }
}

impl Telling {
    pub(super) fn new(
        logs: Arc<Logs>,
        key: ObjectRef<SparkJob>,
        asked: Asked,
        form: Form,
        slot: Slot,
    ) -> Self {
        Self {
            logs,
            key,
            asked,
            form,
            state: State::Waiting(None),
            ready: VecDeque::new(),
            until: Instant::now() + LONGEST,
            _slot: slot,
        }
    }

    /// Begins with a run. Who does not follow waits for its first lines, and so is told by the answer's code if Azure
    /// refuses.
    pub(super) async fn begin(&mut self, run: Run) -> Result<(), Refusal> {
        let reader = self.logs.reader(&run, &self.asked).await?;
        self.ready.push_back(Frame::Begin {
            attempt: run.attempt,
            run: run.name.clone(),
        });
        self.state = State::Reading(Box::new(reader), run);
        if !self.asked.follow {
            self.read().await?;
        }
        Ok(())
    }

    /// The next piece of the answer.
    async fn next(&mut self) -> Option<Result<Bytes, BrokenOff>> {
        loop {
            // Also when there is always something to be told.
            if Instant::now() >= self.until && !matches!(self.state, State::Over) {
                self.state = State::Over;
                self.ready.clear();
                return Some(Err(BrokenOff("it takes too long".to_owned())));
            }
            if let Some(frame) = self.ready.pop_front() {
                match self.form.write(&frame) {
                    Some(piece) => return Some(piece),
                    None => continue,
                }
            }
            let until = self.until;
            let more = async {
                match &self.state {
                    State::Over => Ok(false),
                    State::Waiting(_) => self.wait().await.map(|()| true),
                    State::Reading(..) => self.read().await.map(|()| true),
                }
            };
            match timeout_at(until, more).await {
                Ok(Ok(false)) => return None,
                Ok(Err(refusal)) => {
                    self.state = State::Over;
                    self.ready.push_back(Frame::Error {
                        retry: refusal.may_pass(),
                        message: refusal.message,
                    });
                }
                // Too long: told above.
                Ok(Ok(true)) | Err(_) => {}
            }
        }
    }

    /// Looks for the run, or rests.
    async fn wait(&mut self) -> Result<(), Refusal> {
        match self.logs.find(&self.key, &self.asked).await? {
            Found::Run(run) => self.begin(run).await,
            Found::Never(why) => Err(Refusal::not_found(why)),
            Found::NotYet(why) => {
                if let State::Waiting(said) = &mut self.state
                    && said.as_ref() != Some(&why)
                {
                    *said = Some(why.clone());
                    self.ready.push_back(Frame::Waiting { message: why });
                    return Ok(());
                }
                sleep(LOOK).await;
                Ok(())
            }
        }
    }

    /// Reads on.
    async fn read(&mut self) -> Result<(), Refusal> {
        let State::Reading(reader, run) = &mut self.state else {
            return Ok(());
        };
        let frame = match reader.next().await {
            Ok(Event::Lines { text, position }) => Frame::Lines {
                position: position.to_string(),
                text,
            },
            Ok(Event::End(status)) => {
                self.state = State::Over;
                Frame::End {
                    state: status.to_string(),
                }
            }
            Err(error) => {
                let fault = translate::fault(&error);
                self.logs.access.doubt(&run.place, &fault);
                return Err(Refusal::of_azure(&fault));
            }
        };
        self.ready.push_back(frame);
        Ok(())
    }
}

impl Form {
    /// A frame as this form has it; `None` if it says nothing.
    fn write(self, frame: &Frame) -> Option<Result<Bytes, BrokenOff>> {
        match (self, frame) {
            (Self::Frames, frame) => Some(match serde_json::to_string(frame) {
                Ok(line) => Ok(Bytes::from(line + "\n")),
                Err(error) => Err(BrokenOff(error.to_string())),
            }),
            (Self::Text, Frame::Lines { text, .. }) => Some(Ok(Bytes::from(text.clone()))),
            (Self::Text, Frame::Error { message, .. }) => Some(Err(BrokenOff(message.clone()))),
            (
                Self::Text,
                Frame::Waiting { .. } | Frame::Begin { .. } | Frame::Alive | Frame::End { .. },
            ) => None,
        }
    }
}

impl IntoResponse for Telling {
    fn into_response(self) -> Response {
        let form = self.form;
        let pieces = futures::stream::unfold(self, async |mut telling| {
            let piece = telling.next().await?;
            Some((piece, telling))
        });
        let body = Body::from_stream(form.beating(pieces));
        ([(CONTENT_TYPE, form.media_type())], body).into_response()
    }
}

impl Form {
    /// Says that we live while there is nothing else to say.
    fn beating(
        self,
        pieces: impl Stream<Item = Result<Bytes, BrokenOff>> + Send + 'static,
    ) -> impl Stream<Item = Result<Bytes, BrokenOff>> + Send {
        futures::stream::unfold((self, Box::pin(pieces)), async |(form, mut pieces)| {
            loop {
                match timeout(BEAT, pieces.next()).await {
                    Ok(piece) => return Some((piece?, (form, pieces))),
                    Err(_) => {
                        if let Some(beat) = form.write(&Frame::Alive) {
                            return Some((beat, (form, pieces)));
                        }
                    }
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn slow() -> impl Stream<Item = Result<Bytes, BrokenOff>> {
        let one = stream::once(async {
            sleep(BEAT * 2 + BEAT / 2).await;
            Ok(Bytes::from_static(b"one\n"))
        });
        one.chain(stream::iter([Ok(Bytes::from_static(b"two\n"))]))
    }

    async fn told(form: Form) -> String {
        let pieces: Vec<_> = form.beating(slow()).collect().await;
        pieces
            .into_iter()
            .map(|piece| String::from_utf8(piece.unwrap().to_vec()).unwrap())
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_frames_hears_that_we_live() {
        let beat = "{\"type\":\"alive\"}\n";
        assert_eq!(told(Form::Frames).await, format!("{beat}{beat}one\ntwo\n"));
        assert_eq!(told(Form::Text).await, "one\ntwo\n");
    }
}
