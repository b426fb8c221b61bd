//! Keys of entries: `[metric, sample, {labels}, help]` as JSON, what identifies a series.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Names and values of labels.
pub type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// What an entry counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key<'a> {
    /// Name of the metric; of a counter without `_total`.
    pub family: Cow<'a, str>,
    /// Name of the sample: of a counter with `_total`, of a histogram with `_bucket` or `_sum`.
    pub sample: Cow<'a, str>,
    /// Names and values of labels, as they stand in the key (the client sorts them by name).
    pub labels: Labels<'a>,
    /// Help text.
    pub help: Cow<'a, str>,
}

impl<'a> Key<'a> {
    /// A key of plain parts.
    pub fn new(
        family: &'a str,
        sample: &'a str,
        labels: &[(&'a str, &'a str)],
        help: &'a str,
    ) -> Self {
        Self {
            family: family.into(),
            sample: sample.into(),
            labels: labels.iter().map(|&(k, v)| (k.into(), v.into())).collect(),
            help: help.into(),
        }
    }

    /// The same, holding its text itself.
    pub fn into_owned(self) -> Key<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Key {
            family: own(self.family),
            sample: own(self.sample),
            labels: self
                .labels
                .into_iter()
                .map(|(k, v)| (own(k), own(v)))
                .collect(),
            help: own(self.help),
        }
    }

    /// Reads the JSON of a key, and counts the code units of surrogate pairs that stood alone: each
    /// becomes U+FFFD, where the client's scrape would fail.
    ///
    /// # Errors
    /// [`KeyError`] for anything that the client does not write.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, u32), KeyError> {
        let text = std::str::from_utf8(bytes).map_err(|error| KeyError::NotUtf8 {
            position: error.valid_up_to(),
        })?;
        let mut parser = Parser {
            text,
            position: 0,
            lone_surrogates: 0,
        };
        let key = parser.key()?;
        Ok((key, parser.lone_surrogates))
    }
}

/// Most labels that a key may have.
pub const MAX_LABELS: usize = 64;

/// Why bytes are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Bytes that are no text.
    #[error("the key is not UTF-8 from byte {position} on")]
    NotUtf8 {
        /// Byte in the key.
        position: usize,
    },
    /// Other JSON than the client writes, or none.
    #[error("the key has no {wanted} at byte {position}")]
    Expected {
        /// What should stand there.
        wanted: &'static str,
        /// Byte in the key.
        position: usize,
    },
    /// More labels than anybody can mean.
    #[error("the key has more than {MAX_LABELS} labels")]
    TooManyLabels,
}

/// A place in the text of a key.
struct Parser<'a> {
    text: &'a str,
    position: usize,
    lone_surrogates: u32,
}

impl<'a> Parser<'a> {
    fn key(&mut self) -> Result<Key<'a>, KeyError> {
        self.expect(b'[', "`[`")?;
        let family = self.string()?;
        self.expect(b',', "`,`")?;
        let sample = self.string()?;
        self.expect(b',', "`,`")?;
        let labels = self.labels()?;
        self.expect(b',', "`,`")?;
        let help = self.string()?;
        self.expect(b']', "`]`")?;
        self.skip_space();
        if self.position < self.text.len() {
            return Err(self.expected("end"));
        }
        Ok(Key {
            family,
            sample,
            labels,
            help,
        })
    }

    fn labels(&mut self) -> Result<Labels<'a>, KeyError> {
        self.expect(b'{', "`{`")?;
        let mut labels = Vec::new();
        if self.take(b'}') {
            return Ok(labels);
        }
        loop {
            if labels.len() == MAX_LABELS {
                return Err(KeyError::TooManyLabels);
            }
            let name = self.string()?;
            self.expect(b':', "`:`")?;
            labels.push((name, self.string()?));
            if !self.take(b',') {
                self.expect(b'}', "`}`")?;
                return Ok(labels);
            }
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Result<Cow<'a, str>, KeyError> {
        self.expect(b'"', "string")?;
        let start = self.position;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.position) {
                Some(b'"') => {
                    let text = &self.text[start..self.position];
                    self.position += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => return self.escaped(start).map(Cow::Owned),
                Some(0..0x20) | None => return Err(self.expected("end of a string")),
                Some(_) => self.position += 1,
            }
        }
    }

    /// The rest of a string that began at `start` and has its first backslash here.
    fn escaped(&mut self, start: usize) -> Result<String, KeyError> {
        let bytes = self.text.as_bytes();
        let mut out = String::from(&self.text[start..self.position]);
        loop {
            let plain = self.position;
            while bytes
                .get(self.position)
                .is_some_and(|&b| b >= 0x20 && b != b'"' && b != b'\\')
            {
                self.position += 1;
            }
            out.push_str(&self.text[plain..self.position]);
            match bytes.get(self.position) {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.position += 1;
                    let found = self.escape()?;
                    out.push(found);
                }
                _ => return Err(self.expected("end of a string")),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, KeyError> {
        let Some(&byte) = self.text.as_bytes().get(self.position) else {
            return Err(self.expected("escape"));
        };
        let found = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.position += 1;
                return self.code_unit();
            }
            _ => return Err(self.expected("escape")),
        };
        self.position += 1;
        Ok(found)
    }

    /// The four digits behind `\u`, and those of the other half of a pair.
    fn code_unit(&mut self) -> Result<char, KeyError> {
        let unit = self.hex()?;
        if let Some(found) = char::from_u32(unit) {
            return Ok(found);
        }
        if (0xD800..0xDC00).contains(&unit) && self.text[self.position..].starts_with("\\u") {
            let before = self.position;
            self.position += 2;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(code).ok_or_else(|| self.expected("character"));
            }
            self.position = before;
        }
        self.lone_surrogates += 1;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32, KeyError> {
        let digits = self.text.as_bytes().get(self.position..self.position + 4);
        let digits = digits.ok_or_else(|| self.expected("four digits"))?;
        let mut unit = 0;
        for &digit in digits {
            let digit = char::from(digit).to_digit(16);
            unit = unit * 16 + digit.ok_or_else(|| self.expected("four digits"))?;
        }
        self.position += 4;
        Ok(unit)
    }

    fn skip_space(&mut self) {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.position), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    /// Goes past a byte and the space around it, if it is there.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_there = self.text.as_bytes().get(self.position) == Some(&byte);
        self.position += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, byte: u8, wanted: &'static str) -> Result<(), KeyError> {
        if self.take(byte) {
            return Ok(());
        }
        Err(self.expected(wanted))
    }

    fn expected(&self, wanted: &'static str) -> KeyError {
        KeyError::Expected {
            wanted,
            position: self.position,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Key<'_> {
        Key::parse(text.as_bytes()).expect("a key").0
    }

    #[test]
    fn a_key_is_read_into_its_parts() {
        let key =
            parse(r#"["jobs", "jobs_total", {"kind": "a\"b\\c\nd", "state": "ok"}, "Jobs."]"#);

        let labels = [("kind", "a\"b\\c\nd"), ("state", "ok")];
        assert_eq!(key, Key::new("jobs", "jobs_total", &labels, "Jobs."));
    }

    #[test]
    fn characters_beyond_ascii_are_read_from_their_escapes_and_as_they_are() {
        let key = parse(r#"["a", "a", {"b": "é\ud83c\udf3e"}, "Größe"]"#);

        assert_eq!(key.labels[0].1, "é🌾");
        assert_eq!(key.help, "Größe");
    }

    #[test]
    fn half_a_surrogate_pair_becomes_a_replacement_and_is_counted() {
        for (text, wanted, count) in [
            (r#"["a", "a", {"b": "\ud800"}, ""]"#, "\u{fffd}", 1),
            (
                r#"["a", "a", {"b": "\ud800\ud800x"}, ""]"#,
                "\u{fffd}\u{fffd}x",
                2,
            ),
            (
                r#"["a", "a", {"b": "\udc00\ud83c\udf3e"}, ""]"#,
                "\u{fffd}🌾",
                1,
            ),
            (r#"["a", "a", {"b": "\ud83c\u0041"}, ""]"#, "\u{fffd}A", 1),
        ] {
            let (key, lone) = Key::parse(text.as_bytes()).expect("a key");
            assert_eq!((key.labels[0].1.as_ref(), lone), (wanted, count), "{text}");
        }
    }

    #[test]
    fn what_the_client_does_not_write_is_refused_at_a_place() {
        for text in [
            "",
            "[",
            "{}",
            "[]",
            r#"["a"]"#,
            r#"["a", "a", {}, ""] x"#,
            r#"["a", "a", {"b": 1}, ""]"#,
            r#"["a", "a", {"b": null}, ""]"#,
            r#"["a", "a", {"b": "c",}, ""]"#,
            r#"["a", "a", {}, "]"#,
            r#"["a", "a", {}, "\x"]"#,
            r#"["a", "a", {}, "\u00"]"#,
            r#"["a", "a", {}, "\u00g0"]"#,
            "[\"a\", \"a\", {}, \"\n\"]",
            r#"["a", "a", [], ""]"#,
            r#"["a", "a", {}, "\ud83c\u00"]"#,
        ] {
            let error = Key::parse(text.as_bytes()).expect_err(text);
            let KeyError::Expected { position, .. } = error else {
                panic!("{error:?}");
            };
            assert!(position <= text.len());
        }
        let bytes = b"[\"a\", \"\xff\"]";
        assert_eq!(Key::parse(bytes), Err(KeyError::NotUtf8 { position: 7 }));
    }

    #[test]
    fn labels_are_bounded() {
        let labels = |count: usize| {
            let all: Vec<String> = (0..count).map(|n| format!("\"l{n}\": \"\"")).collect();
            format!(r#"["a", "a", {{{}}}, ""]"#, all.join(", "))
        };

        assert_eq!(parse(&labels(MAX_LABELS)).labels.len(), MAX_LABELS);
        let error = Key::parse(labels(MAX_LABELS + 1).as_bytes()).err();
        assert_eq!(error, Some(KeyError::TooManyLabels));
    }

    proptest! {
        #[test]
        fn what_another_json_library_writes_is_read_back(
            family in ".*", sample in ".*", help in ".*",
            labels in proptest::collection::btree_map(".*", ".*", 0..5),
        ) {
            let json = serde_json::to_string(&(&family, &sample, &labels, &help)).expect("json");
            let (key, lone) = Key::parse(json.as_bytes()).expect("a key");
            let labels: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (&**k, &**v)).collect();
            prop_assert_eq!(key, Key::new(&family, &sample, &labels, &help));
            prop_assert_eq!(lone, 0);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _either = Key::parse(&bytes);
        }
    }
}
