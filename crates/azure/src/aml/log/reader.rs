//! Reads the output of a run while it grows, to its end.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
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

/// What is looked through for secrets before others have their turn: this takes a processor, and the lines are whoever's.
const PIECE: usize = 64 * 1024;

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
    /// Where to begin; inside of a line, behind it.
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
    /// What was come upon and not told yet, and what stood in the way of more.
    ready: VecDeque<Event>,
    late: Option<Error>,
    /// Nothing is asked before that.
    rests_until: Option<Instant>,
    /// Since when everything fails, and how often it did.
    trouble: Option<(Instant, u32)>,
    /// Whether an address was refused, and nothing went well since.
    refused: bool,
}

#[derive(Debug)]
struct File {
    channel: Channel,
    url: SasUrl,
    /// Bytes that were read: those that were shown, and those that are held.
    read: u64,
    lines: Lines,
}

impl File {
    /// Makes lines of what was read. Each piece is finished before the next: whoever drops this finds the others unread.
    async fn take(&mut self, content: &[u8], position: &mut Position, ready: &mut VecDeque<Event>) {
        for piece in content.chunks(PIECE) {
            self.read += piece.len() as u64;
            let text = self.lines.take(piece);
            if !text.is_empty() {
                position.set(self.channel, self.read - self.lines.held());
                let position = *position;
                ready.push_back(Event::Lines { text, position });
            }
            yield_now().await;
        }
    }
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
            ready: VecDeque::new(),
            late: None,
            rests_until: None,
            trouble: None,
            refused: false,
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
            if let Some(event) = self.ready.pop_front() {
                if let Event::Lines { position, .. } = &event {
                    self.position = *position;
                }
                return Ok(event);
            }
            if let Some(error) = self.late.take() {
                self.bear(error)?;
            }
            if let Some(until) = self.rests_until {
                sleep_until(until).await;
                self.rests_until = None;
            }
            match self.round().await {
                Ok(()) => {
                    self.trouble = None;
                    self.refused = false;
                }
                Err(error) => self.late = Some(error),
            }
        }
    }

    /// Reads a piece of each file.
    async fn round(&mut self) -> Result<(), Error> {
        let pace = self.wish.pace;
        if self.looked.is_none_or(|at| at.elapsed() >= pace.details) {
            self.look().await?;
        }
        let mut position = self.position;
        let mut full = false;
        for file in &mut self.files {
            let content = part::read(&self.client, &file.url, file.read).await?;
            full |= content.len() as u64 >= part::CHUNK;
            let before = self.ready.len();
            file.take(&content, &mut position, &mut self.ready).await;
            if self.ready.len() > before {
                self.idle = 0;
            }
        }
        if full {
            return Ok(());
        }
        let ended = self.status.is_terminal();
        if ended && self.saw_it_live && !self.settled {
            // What the run wrote last may reach its file a moment after the run has ended.
            self.settled = true;
            self.looked = None;
            self.rest(pace.read);
        } else if ended || !self.wish.follow {
            self.end(position);
        } else {
            self.idle = (self.idle + 1).min(LAZIEST);
            self.rest(pace.read.saturating_mul(self.idle).min(pace.details));
        }
        Ok(())
    }

    /// Nothing is asked for so long.
    fn rest(&mut self, wait: Duration) {
        self.rests_until = Some(Instant::now() + wait);
    }

    /// Half lines at the end of files that are read to their end, then the end.
    fn end(&mut self, mut position: Position) {
        for file in &mut self.files {
            let text = file.lines.rest();
            if !text.is_empty() {
                position.set(file.channel, file.read);
                self.ready.push_back(Event::Lines { text, position });
            }
        }
        self.ready.push_back(Event::End(self.status.clone()));
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
            let begin = match (self.position.of(channel), self.wish.tail) {
                (0, Some(lines)) => part::tail(&self.client, url, lines).await?,
                (bytes, _) => bytes,
            };
            self.position.set(channel, begin);
            // Wherever a caller begins, a secret that has begun before is not shown.
            let (read, lines) = match begin.checked_sub(1) {
                Some(before) => (before, Lines::behind_a_line_end()),
                None => (0, Lines::default()),
            };
            self.files.push(File {
                channel,
                url: url.clone(),
                read,
                lines,
            });
        }
        self.saw_it_live |= !ended;
        self.status = details.status;
        self.looked = Some(Instant::now());
        Ok(())
    }

    /// Rests if the error may pass, and gives it back otherwise.
    fn bear(&mut self, error: Error) -> Result<(), Error> {
        let (since, tries) = *self.trouble.get_or_insert((Instant::now(), 0));
        let wait = match error.class {
            Class::Throttled { until } => rest_until(until, tries),
            Class::Retryable | Class::Unsure | Class::Spreading => {
                // Storage says `AuthenticationFailed` to an address that has ended: a look gives another one.
                self.looked = None;
                growing(tries)
            }
            // The run is submitted and its history does not know it yet.
            Class::Absent if self.wish.follow && self.looked.is_none() => self.wish.pace.details,
            // So may others. The address of another look that is refused, too, stays so.
            Class::Forbidden | Class::Credential if error.op == part::READ && !self.refused => {
                self.refused = true;
                self.looked = None;
                return Ok(());
            }
            Class::Terminal | Class::Absent | Class::Credential | Class::Forbidden => {
                return Err(error);
            }
        };
        let follow = self.wish.follow;
        if !is_borne(error.class, follow, since.elapsed().saturating_add(wait)) {
            return Err(error);
        }
        self.trouble = match error.class {
            // What comes behind a rest that was asked for is trouble of its own, and waited for no less.
            Class::Throttled { .. } if follow => Some((Instant::now() + wait, tries + 1)),
            _ => Some((since, tries + 1)),
        };
        self.rest(wait);
        Ok(())
    }
}

/// The rest that Azure asks for. It may ask for none at all, again and again.
fn rest_until(until: Timestamp, tries: u32) -> Duration {
    let asked = Duration::try_from(until.duration_since(Timestamp::now()));
    asked.unwrap_or_default().max(growing(tries))
}

/// Before another try: twice as long each time, up to a bound.
fn growing(tries: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries.min(5)))
}

/// Whether trouble that lasts so long, with the rest that it asks for, is waited out. Who follows sits throttling out:
/// whoever asked anew would only be refused anew.
fn is_borne(class: Class, follow: bool, lasts: Duration) -> bool {
    match class {
        Class::Throttled { .. } if follow => true,
        _ if follow => lasts <= PATIENCE,
        _ => lasts <= SHORT_PATIENCE,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    #[test]
    fn who_follows_sits_throttling_out() {
        let until = Timestamp::UNIX_EPOCH;
        let (throttled, hour) = (Class::Throttled { until }, Duration::from_hours(1));
        for (class, follow, lasts, borne) in [
            (throttled, true, hour, true),
            (throttled, false, SHORT_PATIENCE, true),
            (throttled, false, hour, false),
            (Class::Retryable, true, PATIENCE, true),
            (Class::Retryable, true, hour, false),
            (Class::Retryable, false, PATIENCE, false),
        ] {
            assert_eq!(is_borne(class, follow, lasts), borne, "{class:?} {follow}");
        }
    }

    #[test]
    fn who_is_to_rest_for_no_time_does_not_ask_without_end() {
        let past = Timestamp::now() - Duration::from_mins(1);
        let rests: Vec<_> = (0..8).map(|tries| rest_until(past, tries)).collect();
        assert_eq!(rests[0], FIRST_WAIT);
        assert_eq!(rests[3], FIRST_WAIT * 8);
        assert_eq!(rests[7], rests[6]);
        let later = Timestamp::now() + Duration::from_hours(1);
        assert!(rest_until(later, 0) > Duration::from_mins(59));
    }

    #[tokio::test]
    async fn others_have_their_turn_between_two_pieces_and_none_is_lost() {
        let mut file = File {
            channel: Channel::Stdout,
            url: SasUrl::new("https://a/b"),
            read: 0,
            lines: Lines::default(),
        };
        let content = b"a line\n".repeat(PIECE / 5);
        let (mut position, mut ready) = (Position::default(), VecDeque::new());
        {
            let taking = pin!(file.take(&content, &mut position, &mut ready));
            assert!(poll!(taking).is_pending());
        }
        assert_eq!((file.read, ready.len()), (PIECE as u64, 1));
        let rest = content.get(PIECE..).unwrap();
        file.take(rest, &mut position, &mut ready).await;
        let told = ready.iter().map(|event| match event {
            Event::Lines { text, .. } => text.as_str(),
            Event::End(_) => panic!("it goes on"),
        });
        assert_eq!(told.collect::<String>().as_bytes(), content);
        assert_eq!(position.stdout, content.len() as u64);
    }
}
