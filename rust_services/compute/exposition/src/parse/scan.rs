//! Pieces of a line: names, labels, numbers.

use super::{ParseLimits, Syntax};

/// What is wrong with a line.
pub(super) type Reason = &'static str;

/// Names and values of labels.
pub(super) type Labels = Vec<(String, String)>;

/// Whether a text is a name of a metric: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub(super) fn is_metric_name(name: &str) -> bool {
    is_name(name, |b| b == b'_' || b == b':')
}

/// The same of a label: no colons.
fn is_label_name(name: &str) -> bool {
    is_name(name, |b| b == b'_')
}

fn is_name(name: &str, is_mark: impl Fn(u8) -> bool) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|b| b.is_ascii_alphabetic() || is_mark(b))
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || is_mark(b))
}

/// A number in decimal digits, or `Inf` or `NaN` with or without a sign. Hexadecimal digits and
/// underscores, which some languages read, are none.
pub(super) fn number(text: &str) -> Option<f64> {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = ["inf", "infinity", "nan"]
        .iter()
        .any(|word| bare.eq_ignore_ascii_case(word));
    let is_decimal = bare
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    (is_word || is_decimal).then(|| text.parse().ok()).flatten()
}

/// Splits a line where its metric's name ends.
pub(super) fn split_name(line: &str) -> Result<(&str, &str), Reason> {
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if is_metric_name(name) {
        Ok((name, rest))
    } else {
        Err("no metric's name stands where one should")
    }
}

/// Labels from their opening brace on, if there is one, and what follows the closing one.
pub(super) fn split_labels<'a>(
    text: &'a str,
    syntax: Syntax,
    limits: &ParseLimits,
) -> Result<(Labels, &'a str), Reason> {
    let is_free = syntax == Syntax::Text;
    let skip = |text: &'a str| if is_free { trim_blanks(text) } else { text };
    let mut labels = Labels::new();
    let Some(rest) = text.strip_prefix('{') else {
        return Ok((labels, text));
    };
    let mut rest = skip(rest);
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            // A comma before the brace is free in text alone.
            return Ok((labels, after));
        }
        let end = rest.find(['=', ' ', '\t', '"', ',', '}']);
        let (name, after) = rest.split_at(end.ok_or("a label has no '='")?);
        if !is_label_name(name) {
            return Err("a label has a name that is none");
        }
        if labels.iter().any(|(known, _)| known == name) {
            return Err("a label is there twice");
        }
        if labels.len() >= limits.labels {
            return Err("a sample has too many labels");
        }
        let after = skip(after).strip_prefix('=').ok_or("a label has no '='")?;
        let after = skip(after).strip_prefix('"');
        let (value, after) = quoted(after.ok_or("a label's value has no quotes")?, is_free)?;
        labels.push((name.to_owned(), value));
        rest = skip(after);
        if let Some(after) = rest.strip_prefix(',') {
            rest = skip(after);
            if !is_free && rest.starts_with('}') {
                return Err("a comma stands before the closing brace");
            }
        } else if !rest.starts_with('}') {
            return Err("labels have no comma between them");
        }
    }
}

/// A label's value after its opening quote, and what follows the closing one. Of escapes that mean
/// nothing text is refused, and `OpenMetrics` keeps them as they are.
fn quoted(text: &str, refuses_unknown: bool) -> Result<(String, &str), Reason> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let stop = rest.find(['"', '\\']).ok_or("a label's value has no end")?;
        value.push_str(&rest[..stop]);
        let after = &rest[stop + 1..];
        if rest.as_bytes()[stop] == b'"' {
            return Ok((value, after));
        }
        let escaped = after.chars().next().ok_or("a label's value has no end")?;
        match escaped {
            'n' => value.push('\n'),
            '\\' | '"' => value.push(escaped),
            _ if refuses_unknown => return Err("a label's value has an unknown escape"),
            other => value.extend(['\\', other]),
        }
        rest = &after[escaped.len_utf8()..];
    }
}

/// A help text with its escapes undone.
pub(super) fn help(text: &str, escapes_quotes: bool) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('\\') | None => plain.push('\\'),
            Some('"') if escapes_quotes => plain.push('"'),
            Some(other) => plain.extend(['\\', other]),
        }
    }
    plain
}

/// Text without the spaces and tabs that it begins with.
pub(super) fn trim_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}
