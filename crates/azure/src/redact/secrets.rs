//! Finds secrets in a line by what stands before them.

/// What a signature begins with, with and without an address in front of it, also when it stands in an address itself, or
/// in JSON as some write it.
const SIGNATURES: [&str; 8] = [
    "?sv",
    "sv=",
    "sv%3d",
    "sv\\u003d",
    "sig=",
    "sig%3d",
    "sig%253d",
    "sig\\u003d",
];

/// The same, of which one must be there.
const SIGNED: [&str; 4] = ["sig=", "sig%3d", "sig%253d", "sig\\u003d"];

/// Keys whose values are secret, in lower case. What stands before them is let be: `db.password` is one.
const KEYS: [&str; 23] = [
    "account_key",
    "account-key",
    "accountkey",
    "access_key",
    "access-key",
    "accesskey",
    "access_token",
    "accesstoken",
    "refresh_token",
    "refreshtoken",
    "api_key",
    "api-key",
    "apikey",
    "authorization",
    "client_secret",
    "client-secret",
    "clientsecret",
    "passwd",
    "password",
    "sharedaccesssignature",
    ";pwd",
    "sig\"",
    "sig'",
];

/// Keys of Spark's settings, which the name of a storage account may follow.
const SETTINGS: [&str; 2] = ["account.key", "client.secret"];

/// The least value that follows a setting without a sign between them: keys are longer, and words of a sentence shorter.
const LEAST: usize = 16;

/// The longest name of an account in a setting, with its host.
const LONGEST_ACCOUNT: usize = 256;

/// What a credential begins with; it is the next word.
const SCHEMES: [&str; 4] = ["basic", "bearer", "sharedkey", "sharedkeylite"];

/// The least word that is a token (JWT); base64url of `{"` is `eyJ`.
const LEAST_TOKEN: usize = 60;

/// What is between a key and its value, besides spaces.
const SIGNS: [&str; 8] = ["=", ":", ">", "%3d", "%3a", "%253d", "%253a", "\\u003d"];

/// A part that is not shown, and what is shown in its place.
#[derive(Debug)]
struct Hidden {
    start: usize,
    end: usize,
    label: &'static str,
}

/// A line without its secrets. Each is cut to the end of its word: what follows there may belong to it.
pub(super) fn hide(raw: &str) -> String {
    let line = Line(raw.to_ascii_lowercase());
    let mut hidden = Vec::new();
    line.signatures(&mut hidden);
    for key in KEYS {
        line.values(key, false, &mut hidden);
    }
    for key in SETTINGS {
        line.values(key, true, &mut hidden);
    }
    line.bearers(&mut hidden);
    line.logins(&mut hidden);
    tokens(raw, &mut hidden);
    hidden.sort_by_key(|one| one.start);

    let mut shown = String::with_capacity(raw.len());
    let mut done = 0;
    for one in hidden {
        if one.start >= done {
            shown.push_str(raw.get(done..one.start).unwrap_or_default());
            shown.push_str(one.label);
        }
        done = done.max(one.end);
    }
    shown.push_str(raw.get(done..).unwrap_or_default());
    shown
}

fn tokens(raw: &str, hidden: &mut Vec<Hidden>) {
    let mut from = 0;
    while let Some(start) = find(raw, "eyJ", from) {
        let end = word_end(raw, start);
        if end - word_start(raw, start) > LEAST_TOKEN {
            let label = "[token]";
            hidden.push(Hidden { start, end, label });
        }
        from = end;
    }
}

/// In lower case.
struct Line(String);

impl Line {
    fn signatures(&self, hidden: &mut Vec<Hidden>) {
        let mut from = 0;
        let mut marks = SIGNED.map(|mark| Mark::new(&self.0, mark));
        while let Some(at) = marks.iter_mut().filter_map(|mark| mark.behind(from)).min() {
            let (first, end) = (word_start(&self.0, at), word_end(&self.0, at));
            let word = self.0.get(first..end).unwrap_or_default();
            let mark = SIGNATURES.iter().filter_map(|mark| word.find(mark)).min();
            hidden.push(Hidden {
                start: first + mark.unwrap_or(0),
                end,
                label: "?[signature]",
            });
            from = end;
        }
    }

    fn values(&self, key: &str, is_setting: bool, hidden: &mut Vec<Hidden>) {
        let mut from = 0;
        while let Some(at) = find(&self.0, key, from) {
            from = at + key.len();
            if let Some((start, end)) = self.value(at, from, is_setting) {
                let label = "[secret]";
                hidden.push(Hidden { start, end, label });
                from = end.max(from);
            }
        }
    }

    /// Where the value of a key begins and ends.
    fn value(&self, key: usize, behind: usize, is_setting: bool) -> Option<(usize, usize)> {
        let mut at = behind;
        if is_setting {
            let account = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            let most = self.0.as_bytes().get(at..).unwrap_or_default().iter();
            at += most
                .take(LONGEST_ACCOUNT)
                .take_while(|byte| account(**byte))
                .count();
        }
        let unquoted = at;
        if !self.begins(at, "\\u003d") {
            at = self.over(at, |byte| b"\"'\\])".contains(&byte));
        }
        let is_quoted = at > unquoted || self.0.get(..behind)?.ends_with(['"', '\'']);
        let spaced = self.over_spaces(at);
        let mut signed = spaced;
        while let Some(sign) = SIGNS.iter().find(|sign| self.begins(signed, sign)) {
            signed += sign.len();
        }
        if signed == spaced && is_quoted && self.begins(spaced, ",") {
            signed += 1;
        }
        let has_sign = signed > spaced;
        let begin = self.over_spaces(signed);
        if !has_sign && begin == at {
            return None;
        }
        let (start, end) = self.extent(begin)?;
        let is_value = has_sign || self.is_option(key) || is_setting && end - start >= LEAST;
        is_value.then_some((start, end))
    }

    /// The value at a place: what is in its quotes, or a word, or the name of a scheme and a word.
    fn extent(&self, begin: usize) -> Option<(usize, usize)> {
        let is_quote = |byte: u8| byte == b'"' || byte == b'\'';
        let prefix = self.over(begin, |byte| b"bru".contains(&byte));
        let opened = self.over(prefix, |byte| byte == b'\\');
        if let Some(quote) = self.byte(opened).filter(|byte| is_quote(*byte)) {
            let start = opened + 1;
            let is_escaped = opened > prefix;
            let mut end = start;
            while let Some(byte) = self.byte(end) {
                if byte == quote && (is_escaped || self.byte(end - 1) != Some(b'\\')) {
                    break;
                }
                end += 1;
            }
            looked(end - start);
            return Some((start, word_end(&self.0, end)));
        }
        let end = word_end(&self.0, begin);
        let word = self.0.get(begin..end).filter(|word| !word.is_empty())?;
        if SCHEMES.contains(&word) {
            return Some((begin, word_end(&self.0, self.over_spaces(end))));
        }
        Some((begin, end))
    }

    /// Whether a key is the end of an option of a command line, as `--password`.
    fn is_option(&self, key: usize) -> bool {
        let word = self.0.get(word_start(&self.0, key)..key);
        word.is_some_and(|word| word.starts_with('-'))
    }

    fn bearers(&self, hidden: &mut Vec<Hidden>) {
        let mut from = 0;
        while let Some(at) = find(&self.0, "bearer", from) {
            from = at + "bearer".len();
            let is_word = at == 0
                || self
                    .byte(at - 1)
                    .is_some_and(|byte| !byte.is_ascii_alphanumeric());
            let mut start = self.over_spaces(from);
            if self.begins(from, "%20") {
                start = from + 3;
            } else if self.begins(from, "+") {
                start = from + 1;
            }
            if !is_word || start == from {
                continue;
            }
            let end = word_end(&self.0, start);
            if end > start {
                let label = "[token]";
                hidden.push(Hidden { start, end, label });
                from = end;
            }
        }
    }

    /// Name and password in front of a host.
    fn logins(&self, hidden: &mut Vec<Hidden>) {
        let mut from = 0;
        while let Some(at) = find(&self.0, "://", from) {
            let start = at + 3;
            from = self.over(start, |byte| {
                !byte.is_ascii_whitespace() && !b"/?#\"'".contains(&byte)
            });
            let host = self.0.get(start..from).unwrap_or_default();
            if let Some((login, _)) = host.rsplit_once('@')
                && login.contains(':')
            {
                hidden.push(Hidden {
                    start,
                    end: start + login.len(),
                    label: "[secret]",
                });
            }
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.0.as_bytes().get(at).copied()
    }

    fn begins(&self, at: usize, with: &str) -> bool {
        self.0.get(at..).is_some_and(|rest| rest.starts_with(with))
    }

    /// Behind the bytes that are so.
    fn over(&self, from: usize, is_so: impl Fn(u8) -> bool) -> usize {
        let rest = self.0.as_bytes().get(from..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_so(*byte));
        let length = length.unwrap_or(rest.len());
        looked(length);
        from + length
    }

    fn over_spaces(&self, from: usize) -> usize {
        self.over(from, |byte| byte.is_ascii_whitespace())
    }
}

/// A mark, and where it is next: no part of a text is searched twice for it.
struct Mark<'t> {
    text: &'t str,
    word: &'static str,
    next: Option<usize>,
}

impl<'t> Mark<'t> {
    fn new(text: &'t str, word: &'static str) -> Self {
        let next = find(text, word, 0);
        Self { text, word, next }
    }

    fn behind(&mut self, from: usize) -> Option<usize> {
        if self.next? < from {
            self.next = find(self.text, self.word, from);
        }
        self.next
    }
}

fn find(text: &str, mark: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let found = rest.find(mark);
    looked(found.unwrap_or(rest.len()));
    Some(from + found?)
}

fn word_start(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let space = before.iter().rposition(u8::is_ascii_whitespace);
    let start = space.map_or(0, |space| space + 1);
    looked(at.saturating_sub(start));
    start
}

fn word_end(text: &str, at: usize) -> usize {
    let behind = text.as_bytes().get(at..).unwrap_or_default();
    let space = behind.iter().position(u8::is_ascii_whitespace);
    looked(space.unwrap_or(behind.len()));
    space.map_or(text.len(), |space| at + space)
}

/// So many bytes were looked at; counted in tests alone.
#[cfg(not(test))]
fn looked(_: usize) {}

#[cfg(test)]
use work::looked;

#[cfg(test)]
pub(super) mod work {
    //! How many bytes are looked at.

    use std::cell::Cell;

    thread_local! {
        static LOOKED: Cell<usize> = const { Cell::new(0) };
    }

    pub(in super::super) fn looked(bytes: usize) {
        LOOKED.set(LOOKED.get() + bytes);
    }

    /// What hiding the secrets of a line takes.
    pub(in super::super) fn of(line: &str) -> usize {
        let before = LOOKED.get();
        super::hide(line);
        LOOKED.get() - before
    }
}
