//! What a person sees while something takes minutes: what it is, and how long it has taken so far.

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How much of a failed command's output is shown.
const SHOWN_LINES: usize = 40;

/// A line on standard error that is kept up to date: each second on a terminal, every 15 s in a log.
pub struct Progress {
    what: String,
    begun: Instant,
    ticker: Option<(Sender<Tick>, JoinHandle<()>)>,
}

enum Tick {
    Say(String),
    Done,
}

impl Progress {
    /// Begins to show `what`.
    pub fn begin(what: &str) -> Self {
        let (sender, ticks) = channel();
        let begun = Instant::now();
        let shown = what.to_owned();
        let terminal = std::io::stderr().is_terminal();
        let pace = Duration::from_secs(if terminal { 1 } else { 15 });
        let write = move |text: &str| {
            let seconds = begun.elapsed().as_secs();
            let (open, close) = if terminal {
                ("\r\x1b[2K", "")
            } else {
                ("", "\n")
            };
            // Progress that nobody can read is no reason to stop.
            let _ = write!(std::io::stderr(), "{open}{shown}: {text}{seconds} s{close}");
            let _ = std::io::stderr().flush();
        };
        let handle = std::thread::spawn(move || {
            loop {
                match ticks.recv_timeout(pace) {
                    Err(RecvTimeoutError::Timeout) => write(""),
                    Ok(Tick::Say(text)) => write(&format!("{text}, ")),
                    Ok(Tick::Done) => {
                        write("done, ");
                        if terminal {
                            let _ = writeln!(std::io::stderr());
                        }
                        return;
                    }
                    Err(RecvTimeoutError::Disconnected) => {
                        if terminal {
                            let _ = writeln!(std::io::stderr());
                        }
                        return;
                    }
                }
            }
        });
        let progress = Self {
            what: what.to_owned(),
            begun,
            ticker: Some((sender, handle)),
        };
        progress.say("begun");
        progress
    }

    /// What is shown.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// How long it has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Shows one remark.
    pub fn say(&self, remark: &str) {
        if let Some((sender, _)) = &self.ticker {
            let _ = sender.send(Tick::Say(remark.to_owned()));
        }
    }

    /// Shows that it is done.
    pub fn end(mut self) {
        if let Some((sender, handle)) = self.ticker.take() {
            let _ = sender.send(Tick::Done);
            let _ = handle.join();
        }
    }

    /// Runs a command to its end; its output is shown only if it fails.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("`{program}` does not start"))?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let shown = lines
            .get(lines.len().saturating_sub(SHOWN_LINES)..)
            .unwrap_or_default();
        bail!(
            "`{program}` failed ({}):\n{}",
            output.status,
            shown.join("\n")
        )
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, handle)) = self.ticker.take() {
            drop(sender);
            let _ = handle.join();
        }
    }
}
