//! Prometheus text 0.0.4, as Prometheus' own reader takes it.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>, text-based format.

use std::collections::HashMap;

use super::scan::{Reason, help, number, split_labels, split_name, trim_blanks};
use super::{ParseError, ParseLimits, ParsedFamily, ParsedKind, ParsedSample, Syntax};

pub(super) fn parse(text: &str, limits: &ParseLimits) -> Result<Vec<ParsedFamily>, ParseError> {
    let mut reader = Reader {
        limits,
        families: Vec::new(),
        by_name: HashMap::new(),
        samples: 0,
    };
    let mut line_number = 0;
    let mut rest = text;
    while !rest.is_empty() {
        line_number += 1;
        let at_line = |reason| ParseError::Line {
            line: line_number,
            reason,
        };
        let (line, after) = rest.split_once('\n').ok_or_else(|| {
            // An answer that was cut looks like this.
            at_line("the last line has no end")
        })?;
        rest = after;
        reader.line(line).map_err(at_line)?;
        for (what, found) in [
            ("samples", reader.samples),
            ("families", reader.families.len()),
        ] {
            if found > limits.samples {
                let allowed = limits.samples;
                return Err(ParseError::TooLarge { what, allowed });
            }
        }
    }
    Ok(reader.families)
}

struct Reader<'a> {
    limits: &'a ParseLimits,
    families: Vec<ParsedFamily>,
    by_name: HashMap<String, usize>,
    samples: usize,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) -> Result<(), Reason> {
        let line = trim_blanks(line);
        match line.strip_prefix('#') {
            Some(comment) => self.comment(trim_blanks(comment)),
            None if line.is_empty() => Ok(()),
            None => self.sample(line),
        }
    }

    /// HELP or TYPE; whatever else stands behind the sign means nothing.
    fn comment(&mut self, comment: &str) -> Result<(), Reason> {
        let (word, rest) = comment.split_once([' ', '\t']).unwrap_or((comment, ""));
        let rest = trim_blanks(rest);
        if !matches!(word, "HELP" | "TYPE") || rest.is_empty() {
            return Ok(());
        }
        let (name, rest) = split_name(rest)?;
        if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
            return Err("a metric has a name that is none");
        }
        let rest = trim_blanks(rest);
        let place = self.family(name);
        let family = &mut self.families[place];
        if rest.is_empty() {
            return Ok(());
        }
        if word == "HELP" {
            if family.help.is_some() {
                return Err("a metric has two HELP lines");
            }
            family.help = Some(help(rest, false));
            return Ok(());
        }
        if family.kind != ParsedKind::Unknown || !family.samples.is_empty() {
            return Err("a metric has a second TYPE line, or one after its samples");
        }
        family.kind = match rest
            .trim_end_matches([' ', '\t'])
            .to_ascii_lowercase()
            .as_str()
        {
            "counter" => ParsedKind::Counter,
            "gauge" => ParsedKind::Gauge,
            "histogram" => ParsedKind::Histogram,
            "summary" => ParsedKind::Summary,
            "untyped" | "unknown" => ParsedKind::Unknown,
            _ => return Err("a TYPE line has an unknown type"),
        };
        Ok(())
    }

    fn sample(&mut self, line: &str) -> Result<(), Reason> {
        let (name, rest) = split_name(line)?;
        let (labels, rest) = split_labels(trim_blanks(rest), Syntax::Text, self.limits)?;
        if labels.iter().any(|(name, _)| name == "__name__") {
            return Err("a label is called __name__");
        }
        let mut words = rest.split([' ', '\t']).filter(|word| !word.is_empty());
        let value = words.next().ok_or("a sample has no value")?;
        let value = number(value).ok_or("a sample has a value that is no number")?;
        let millis = words.next().map(str::parse::<i64>).transpose();
        let millis = millis.map_err(|_| "a timestamp is not whole milliseconds")?;
        if words.next().is_some() {
            return Err("something stands behind the timestamp");
        }
        let place = self.family_of(name);
        let family = &mut self.families[place];
        let bound = match family.kind {
            ParsedKind::Summary if name == family.name => Some("quantile"),
            ParsedKind::Histogram if name.ends_with("_bucket") => Some("le"),
            _ => None,
        };
        let bound = bound.and_then(|bound| labels.iter().find(|(name, _)| name == bound));
        if bound.is_some_and(|(_, bound)| number(bound).is_none()) {
            return Err("a bound is no number");
        }
        family.samples.push(ParsedSample {
            name: name.to_owned(),
            labels,
            value,
            timestamp: millis.map(|millis| millis as f64 / 1000.0),
        });
        self.samples += 1;
        Ok(())
    }

    /// The family of a sample: that of its name without the suffix if it is one that has suffixes.
    fn family_of(&mut self, name: &str) -> usize {
        for (suffix, in_summary) in [("_bucket", false), ("_sum", true), ("_count", true)] {
            let found = name
                .strip_suffix(suffix)
                .and_then(|base| self.by_name.get(base));
            let Some(&place) = found else { continue };
            match self.families[place].kind {
                ParsedKind::Histogram => return place,
                ParsedKind::Summary if in_summary => return place,
                _ => {}
            }
        }
        self.family(name)
    }

    fn family(&mut self, name: &str) -> usize {
        if let Some(&place) = self.by_name.get(name) {
            return place;
        }
        let place = self.families.len();
        self.by_name.insert(name.to_owned(), place);
        self.families.push(ParsedFamily {
            name: name.to_owned(),
            kind: ParsedKind::Unknown,
            help: None,
            unit: None,
            samples: Vec::new(),
        });
        place
    }
}
