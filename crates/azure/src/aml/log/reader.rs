//! Reads the output of a run while it grows, to its end.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::aml::job::JobStatus;
use crate::aml::log::channel::{Channel, Wanted, choose};
use crate::aml::log::lines::Lines;
use crate::aml::log::part;
use crate::aml::log::position::Position;
use crate::aml::run;
use crate::client::Client;
use crate::error::{Class, Error};
use crate::redact::SasUrl;
use crate::resource_id::WorkspaceId;

/// How long trouble that may pass is waited out before it is told.
const PATIENCE: Duration = Duration::from_mins(3);

/// The same for who wants what is there now.
const SHORT_PATIENCE: Duration = Duration::from_secs(20);

/// The first wait after trouble that names none.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// How much slower a file is read that does not grow.
const LAZIEST: u32 = 5;

/// What is read of a run's output.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Which streams.
    pub wanted: Wanted,
    /// Whether to wait for more until the run has ended.
    pub follow: bool,
    /// Only so many of the lines that are there, the last ones. Not together with `from`.
    pub tail: Option<u64>,
    /// Where to begin.
    pub from: Position,
    /// How often.
    pub pace: Pace,
}

/// How often a run that writes is asked for more.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two reads of a file that grows; up to five times that while it does not.
    pub read: Duration,
    /// Between two looks at the run's details: its state, and its files with fresh addresses.
    pub details: Duration,
}

impl Default for Pace {
    /// As the SDK begins (contract §5); it goes down to a look a minute, which would lose addresses that end sooner.
    fn default() -> Self {
        Self {
            read: Duration::from_secs(2),
            details: Duration::from_secs(10),
        }
    }
}

/// What a reader comes upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Whole lines of one stream, without secrets.
    Lines {
        /// The text, with its line ends.
        text: String,
        /// Where to go on behind it.
        position: Position,
    },
    /// Everything was read: of an ended run, or of one that is not followed.
    End(JobStatus),
}

/// Reads the output of one run. Dropping it, or the future of [`Reader::next`], loses nothing.
#[derive(Debug)]
pub struct Reader {
    client: Client,
    workspace: WorkspaceId,
    api: Url,
    run: String,
    wish: Wish,
    position: Position,
    files: Vec<File>,
    status: JobStatus,
    /// When the details were last looked at.
    looked: Option<Instant>,
    saw_it_live: bool,
    /// Whether it was looked at once more after its end.
    settled: bool,
    idle: u32,
    /// Since when everything fails, and how often it did.
    trouble: Option<(Instant, u32)>,
}

#[derive(Debug)]
struct File {
    channel: Channel,
    url: SasUrl,
    /// Bytes that were read: those that were shown, and those that are held.
    read: u64,
    lines: Lines,
}

impl Reader {
    /// A reader of a run of this workspace. `api` is where the run history of its region is ([`run::discover`]).
    pub fn new(client: Client, workspace: WorkspaceId, api: Url, run: String, wish: Wish) -> Self {
        Self {
            client,
            workspace,
            api,
            run,
            position: wish.from,
            wish,
            files: Vec::new(),
            status: JobStatus::Unknown,
            looked: None,
            saw_it_live: false,
            settled: false,
            idle: 0,
            trouble: None,
        }
    }

    /// How far it is.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What comes next. Waits for it while the run is live and followed. Trouble that may pass is waited out for some
    /// minutes, and throttling until its end.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            match self.step().await {
                Ok(found) => {
                    self.trouble = None;
                    if let Some(event) = found {
                        return Ok(event);
                    }
                }
                Err(error) => self.bear(error).await?,
            }
        }
    }

    async fn step(&mut self) -> Result<Option<Event>, Error> {
        let pace = self.wish.pace;
        if self.looked.is_none_or(|at| at.elapsed() >= pace.details) {
            self.look().await?;
        }
        let mut full = false;
        for file in &mut self.files {
            let content = part::read(&self.client, &file.url, file.read).await?;
            file.read += content.len() as u64;
            full |= content.len() as u64 >= part::CHUNK;
            let text = file.lines.take(&content);
            if !text.is_empty() {
                self.idle = 0;
                let shown = file.read - file.lines.held();
                self.position.set(file.channel, shown);
                let position = self.position;
                return Ok(Some(Event::Lines { text, position }));
            }
        }
        if full {
            return Ok(None);
        }
        let ended = self.status.is_terminal();
        if ended && self.saw_it_live && !self.settled {
            // What the run wrote last may reach its file a moment after the run has ended.
            self.settled = true;
            self.looked = None;
            sleep(pace.read).await;
            return Ok(None);
        }
        if ended || !self.wish.follow {
            return Ok(Some(self.rest()));
        }
        self.idle = (self.idle + 1).min(LAZIEST);
        sleep(pace.read.saturating_mul(self.idle).min(pace.details)).await;
        Ok(None)
    }

    /// Half lines at the end of files that are read to their end, then the end.
    fn rest(&mut self) -> Event {
        for file in &mut self.files {
            let text = file.lines.rest();
            if !text.is_empty() {
                self.position.set(file.channel, file.read);
                let position = self.position;
                return Event::Lines { text, position };
            }
        }
        Event::End(self.status.clone())
    }

    /// The state of the run, and addresses of its files that can be read for a while.
    async fn look(&mut self) -> Result<(), Error> {
        let call = run::details(&self.api, &self.workspace, &self.run);
        let details = self.client.send(call).await?;
        let ended = details.status.is_terminal();
        let chosen = choose(&details.log_files, self.wish.wanted, self.position, ended);
        // A better file came before the first line of another was shown: not both of them.
        let both = chosen.iter().any(|(channel, _)| *channel == Channel::Both);
        if !chosen.is_empty() {
            self.files
                .retain(|file| (file.channel == Channel::Both) == both);
        }
        for (channel, url) in chosen {
            if let Some(known) = self.files.iter_mut().find(|file| file.channel == channel) {
                known.url = url.clone();
                continue;
            }
            let read = match (self.position.of(channel), self.wish.tail) {
                (0, Some(lines)) => part::tail(&self.client, url, lines).await?,
                (bytes, _) => bytes,
            };
            self.position.set(channel, read);
            self.files.push(File {
                channel,
                url: url.clone(),
                read,
                lines: Lines::default(),
            });
        }
        self.saw_it_live |= !ended;
        self.status = details.status;
        self.looked = Some(Instant::now());
        Ok(())
    }

    /// Waits if the error may pass, and gives it back otherwise.
    async fn bear(&mut self, error: Error) -> Result<(), Error> {
        let (since, tries) = *self.trouble.get_or_insert((Instant::now(), 0));
        let wait = match error.class {
            Class::Throttled { until } => {
                Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default()
            }
            Class::Retryable | Class::Unsure | Class::Spreading => {
                // Storage says `AuthenticationFailed` to an address that has ended: a look gives another one.
                self.looked = None;
                FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries.min(5)))
            }
            // The run is submitted and its history does not know it yet.
            Class::Absent if self.wish.follow && self.looked.is_none() => self.wish.pace.details,
            // So may others. A fresh address that is refused stays so.
            Class::Forbidden | Class::Credential
                if error.op == part::READ
                    && self.looked.is_some_and(|at| at.elapsed() >= FIRST_WAIT) =>
            {
                self.looked = None;
                return Ok(());
            }
            Class::Terminal | Class::Absent | Class::Credential | Class::Forbidden => {
                return Err(error);
            }
        };
        let patience = if self.wish.follow {
            PATIENCE
        } else {
            SHORT_PATIENCE
        };
        if since.elapsed().saturating_add(wait) > patience {
            return Err(error);
        }
        self.trouble = Some((since, tries + 1));
        sleep(wait).await;
        Ok(())
    }
}
