//! What writes specs: mostly right, now and then wrong.

use serde_json::{Map, Value, json};

/// One place in so many is wrong.
const SLIP: u64 = 160;

/// A field, and what writes it.
pub(super) type Field<'a> = (&'a str, &'a dyn Fn(&mut Pen) -> Value);

/// A stream of numbers (splitmix64, by Sebastiano Vigna, public domain), and what they write.
pub(super) struct Pen(u64);

impl Pen {
    pub(super) fn new(number: u64) -> Self {
        Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }

    fn slips(&mut self) -> bool {
        self.one_in(SLIP)
    }

    pub(super) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = self.below(of.len());
        of.get(at).copied().unwrap_or_default()
    }

    /// One of these words, or another.
    pub(super) fn word(&mut self, of: &[&str]) -> Value {
        if self.slips() {
            return json!(self.pick(&["", "Other", "cancel", "uri_Folder"]));
        }
        json!(self.pick(of))
    }

    pub(super) fn truth(&mut self) -> Value {
        json!(self.one_in(2))
    }

    /// A number within bounds, often at one of them, or just outside.
    pub(super) fn number(&mut self, least: i64, most: i64) -> Value {
        if self.slips() {
            return [json!(least - 1), json!(most + 1), json!("1"), json!(1.5)]
                .into_iter()
                .nth(self.below(4))
                .unwrap_or_default();
        }
        match self.below(4) {
            0 => json!(least),
            1 => json!(most),
            _ => json!(least + (most - least).min(7)),
        }
    }

    /// A text of so many characters, often at one of the bounds, or just outside.
    pub(super) fn text(&mut self, least: usize, most: usize) -> Value {
        let length = if self.slips() {
            if self.one_in(2) {
                most + 1
            } else {
                least.saturating_sub(1)
            }
        } else {
            match self.below(6) {
                0 => least,
                1 => most,
                _ => most.min(least + 5),
            }
        };
        // Characters count, not bytes.
        json!(self.pick(&["a", "é", "€"]).repeat(length))
    }

    /// A name of a Kubernetes object.
    pub(super) fn name(&mut self, most: usize) -> Value {
        if self.slips() {
            return json!(match self.below(4) {
                0 => String::new(),
                1 => "n".repeat(most + 1),
                _ => self
                    .pick(&["Src", "a_b", "-a", "a-", "a..b", "../a", "a/b"])
                    .to_owned(),
            });
        }
        json!(self.pick(&["ml", "src", "pool", "v1.2-x"]))
    }

    /// Something that looks like `right`, is it, or is `wrong`, or is too long.
    pub(super) fn pattern(&mut self, most: usize, right: &str, wrong: &str) -> Value {
        if !self.slips() {
            return match self.below(4) {
                0 => json!(self.scribbled(right)),
                _ => json!(right),
            };
        }
        match self.below(4) {
            0 => json!(""),
            1 => json!(format!("{right}{}", "a".repeat(most))),
            _ => json!(wrong),
        }
    }

    /// Mostly `right`; else with another character somewhere, which may make it wrong.
    pub(super) fn scribbled(&mut self, right: &str) -> String {
        if !self.one_in(8) {
            return right.to_owned();
        }
        let characters: Vec<char> = right.chars().collect();
        let at = self.below(characters.len() + 1);
        let odd = self.pick(&[
            ".", "..", "/", "//", "/../", "_", "-", ":", "@", "@latest", "$", "?", "#", " ", "é",
            "\n", "0", "a", "Z", "sig=", "{", "}}", "",
        ]);
        let skipped = self.below(2);
        let before = characters.iter().take(at);
        let after = characters.iter().skip(at + skipped);
        before
            .chain(&odd.chars().collect::<Vec<char>>())
            .chain(after)
            .collect()
    }

    /// A map of texts.
    pub(super) fn map(&mut self, entries: usize, length: usize) -> Value {
        let count = match self.below(60) {
            0 => entries,
            1 => entries + 1,
            _ => self.below(3),
        };
        (0..count)
            .map(|at| (format!("key-{at}"), self.text(0, length)))
            .collect::<Map<String, Value>>()
            .into()
    }

    /// A list of what `write` writes, with `least` to `most` entries, or one more or less.
    pub(super) fn list(
        &mut self,
        least: usize,
        most: usize,
        write: impl Fn(&mut Self, usize) -> Value,
    ) -> Value {
        let count = match self.below(60) {
            0 => least.saturating_sub(1),
            1 => most,
            2 => most + 1,
            _ => (least + self.below(2)).min(most),
        };
        let mut items: Vec<Value> = (0..count).map(|at| write(self, at)).collect();
        if self.slips()
            && let Some(first) = items.first().cloned()
        {
            items.push(first);
        }
        Value::Array(items)
    }

    /// An object with exactly one of some fields, or two, or none.
    pub(super) fn one_of(&mut self, fields: &[Field<'_>]) -> Value {
        let mut object = Map::new();
        let times = if self.slips() { self.below(2) * 2 } else { 1 };
        for _ in 0..times {
            let at = self.below(fields.len());
            if let Some((name, write)) = fields.get(at) {
                object.insert((*name).to_owned(), write(self));
            }
        }
        Value::Object(object)
    }

    /// Takes something out, or puts something of another type in its place.
    pub(super) fn spoil(&mut self, value: &mut Value) {
        let fields = match value {
            Value::Object(fields) if !fields.is_empty() => fields,
            _ => {
                *value = json!(["odd"]);
                return;
            }
        };
        let at = self.below(fields.len());
        let Some(name) = fields.keys().nth(at).cloned() else {
            return;
        };
        if self.one_in(2) {
            fields.remove(&name);
        } else if let Some(inside) = fields.get_mut(&name) {
            self.spoil(inside);
        }
    }
}
