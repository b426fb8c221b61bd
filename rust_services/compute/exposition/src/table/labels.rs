//! Labels as they stand between braces: what identifies a series within its metric.

use std::borrow::Cow;

use crate::file_name::FileKind;
use crate::key::Key;
use crate::limits::Refusal;

/// Names as text 0.0.4 can hold them: what is no letter, digit, `_` (or `:` in names of metrics)
/// becomes `_`, as the client's default escaping has it.
pub(super) fn plain_name(name: &str, is_metric: bool) -> Cow<'_, str> {
    let fits = |index: usize, found: char| {
        found.is_ascii_alphabetic()
            || found == '_'
            || (index > 0 && found.is_ascii_digit())
            || (is_metric && found == ':')
    };
    if name
        .chars()
        .enumerate()
        .all(|(index, found)| fits(index, found))
    {
        return Cow::Borrowed(name);
    }
    let plain = |(index, found)| if fits(index, found) { found } else { '_' };
    Cow::Owned(name.chars().enumerate().map(plain).collect())
}

/// Appends text with backslash, newline and quote escaped.
pub(super) fn escape(text: &str, quotes: bool, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '\\' | '\n') || (quotes && c == '"')) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\n' => "\\n",
            b'"' => "\\\"",
            _ => "\\\\",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Labels of a key as text, a bucket's bound apart.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// `name="value"` with commas between, sorted by the names in the key.
    pub text: String,
    /// Where in the text `le` belongs.
    pub le_at: usize,
    /// The bound, if this is a bucket.
    pub bound: Option<f64>,
}

impl Rendered {
    /// Labels of an entry of a file of this kind, written by `ident`.
    pub fn of(kind: FileKind, ident: &str, key: &Key<'_>) -> Result<Self, Refusal> {
        let mut rendered = Self::default();
        let mut labels: Vec<(&str, &str)> = Vec::with_capacity(key.labels.len() + 1);
        for (name, value) in &key.labels {
            match (kind, name.as_ref()) {
                // The client's merging takes the label `pid` of a gauge for its own.
                (FileKind::Gauge(_), "pid") => {}
                (FileKind::Histogram, "le") if rendered.bound.is_some() => {
                    return Err(Refusal::Label);
                }
                (FileKind::Histogram, "le") => rendered.bound = Some(bound(value)?),
                (_, "") => return Err(Refusal::Label),
                (_, name) => labels.push((name, value.as_ref())),
            }
        }
        if let FileKind::Gauge(mode) = kind
            && mode.is_per_process()
        {
            labels.push(("pid", ident));
        }
        if !labels.is_sorted() {
            labels.sort_unstable();
        }
        let mut has_plain_names = true;
        for &(name, value) in &labels {
            let plain = plain_name(name, false);
            has_plain_names &= matches!(plain, Cow::Borrowed(_));
            if !rendered.text.is_empty() {
                rendered.text.push(',');
            }
            rendered.text.push_str(&plain);
            rendered.text.push_str("=\"");
            escape(value, true, &mut rendered.text);
            rendered.text.push('"');
            if name < "le" {
                rendered.le_at = rendered.text.len();
            }
        }
        let is_twice = if has_plain_names {
            labels.windows(2).any(|pair| pair[0].0 == pair[1].0)
        } else {
            has_twice(&rendered)
        };
        if is_twice {
            return Err(Refusal::Label);
        }
        Ok(rendered)
    }
}

/// Whether two names are the same once they are plain.
fn has_twice(rendered: &Rendered) -> bool {
    let mut names: Vec<&str> = LabelText(&rendered.text)
        .iter()
        .map(|(name, _)| name)
        .collect();
    names.extend(rendered.bound.map(|_| "le"));
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Upper bound of a bucket; -0 is 0.
fn bound(text: &str) -> Result<f64, Refusal> {
    let bound: f64 = text.trim().parse().map_err(|_| Refusal::Bound)?;
    if bound.is_nan() {
        return Err(Refusal::Bound);
    }
    Ok(bound + 0.0)
}

/// Labels as they stand between braces, without `le`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelText<'a>(pub(super) &'a str);

impl<'a> LabelText<'a> {
    /// `name="value"` with commas between.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Names and values, without escapes.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, behind) = rest.split_once("=\"")?;
            let mut is_escaped = false;
            let end = behind.bytes().position(|byte| {
                let is_end = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                is_end
            })?;
            rest = behind[end + 1..].trim_start_matches(',');
            Some((name, unescape(&behind[..end])))
        })
    }

    /// The value of a label.
    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        let found = self.iter().find(|&(found, _)| found == name);
        found.map(|(_, value)| value)
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(found) = chars.next() {
        out.push(match found {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_name::GaugeMode;
    use proptest::prelude::*;

    fn rendered(kind: FileKind, labels: &[(&str, &str)]) -> Result<Rendered, Refusal> {
        Rendered::of(kind, "7", &Key::new("a", "a", labels, ""))
    }

    #[test]
    fn labels_are_sorted_and_escaped() {
        let found = rendered(
            FileKind::Counter,
            &[("z", "a\"b"), ("b", "c\\d\ne"), ("le", "x")],
        );

        let text = r#"b="c\\d\ne",le="x",z="a\"b""#;
        assert_eq!(found.expect("labels").text, text);
    }

    #[test]
    fn names_that_text_cannot_hold_get_underscores() {
        let found = rendered(FileKind::Counter, &[("0a.b", "x"), ("é", "y")]).expect("labels");

        assert_eq!(found.text, r#"_a_b="x",_="y""#);
        assert_eq!(plain_name("9a:b-c", true), "_a:b_c");
    }

    #[test]
    fn a_gauge_a_process_has_its_own_pid_and_others_none() {
        let labels = [("a", "x"), ("pid", "mine"), ("z", "y")];
        let all = rendered(FileKind::Gauge(GaugeMode::All), &labels).expect("labels");
        let sum = rendered(FileKind::Gauge(GaugeMode::Sum), &labels).expect("labels");
        let counter = rendered(FileKind::Counter, &labels).expect("labels");

        assert_eq!(all.text, r#"a="x",pid="7",z="y""#);
        assert_eq!(sum.text, r#"a="x",z="y""#);
        assert_eq!(counter.text, r#"a="x",pid="mine",z="y""#);
    }

    #[test]
    fn a_bucket_has_its_bound_apart() {
        let found = rendered(
            FileKind::Histogram,
            &[("a", "x"), ("le", "1e+06"), ("z", "y")],
        );

        let found = found.expect("labels");
        assert_eq!(
            (found.bound, found.text.as_str(), found.le_at),
            (Some(1e6), r#"a="x",z="y""#, 5)
        );
    }

    #[test]
    fn labels_that_stand_there_twice_are_refused() {
        for labels in [
            [("a", "x"), ("a", "y")],
            [("a.b", "x"), ("a_b", "y")],
            [("", "x"), ("b", "")],
        ] {
            assert_eq!(
                rendered(FileKind::Counter, &labels).err(),
                Some(Refusal::Label)
            );
        }
        let twice = [("le", "1"), ("le", "2")];
        assert_eq!(
            rendered(FileKind::Histogram, &twice).err(),
            Some(Refusal::Label)
        );
        for bound in ["", "one", "NaN"] {
            assert_eq!(
                rendered(FileKind::Histogram, &[("le", bound)]).err(),
                Some(Refusal::Bound)
            );
        }
    }

    proptest! {
        #[test]
        fn labels_are_read_back_from_their_text(
            labels in proptest::collection::btree_map("[a-k]{1,3}", "[\\\\\"\n,=a-c🌾]{0,6}", 0..5),
        ) {
            let pairs: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (&**k, &**v)).collect();
            let found = rendered(FileKind::Counter, &pairs).expect("labels");
            let back: Vec<(String, String)> = LabelText(&found.text)
                .iter()
                .map(|(name, value)| (name.to_owned(), value.into_owned()))
                .collect();
            prop_assert_eq!(back, labels.into_iter().collect::<Vec<_>>());
        }
    }
}
