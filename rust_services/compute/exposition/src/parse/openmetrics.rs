//! `OpenMetrics` 1.0, strictly.
//!
//! Source: <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>.

use std::collections::{HashMap, HashSet};

use super::metrics_group::Group;
use super::scan::{Reason, help, is_metric_name, number, split_labels, split_name};
use super::{ParseError, ParseLimits, ParsedFamily, ParsedKind, ParsedSample, Syntax};

/// Most characters of the labels of an exemplar, as the standard says.
const EXEMPLAR_CHARACTERS: usize = 128;

pub(super) fn parse(text: &str, limits: &ParseLimits) -> Result<Vec<ParsedFamily>, ParseError> {
    let mut reader = Reader {
        limits,
        families: Vec::new(),
        taken: HashMap::new(),
        open: None,
        samples: 0,
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut lines = text.split('\n');
    let mut number = 0;
    for line in lines.by_ref() {
        number += 1;
        let at_line = |reason| ParseError::Line {
            line: number,
            reason,
        };
        if line == "# EOF" {
            reader.close().map_err(at_line)?;
            return match lines.next() {
                None => Ok(reader.families),
                Some(_) => Err(ParseError::Line {
                    line: number + 1,
                    reason: "something stands behind the end",
                }),
            };
        }
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
    Err(ParseError::Line {
        line: number + 1,
        reason: "'# EOF' is missing: the answer was cut",
    })
}

/// The family whose lines are read; it is the last of the list.
struct Open {
    has_type: bool,
    group: Option<Group>,
    past_groups: HashSet<Vec<(String, String)>>,
}

struct Reader<'a> {
    limits: &'a ParseLimits,
    families: Vec<ParsedFamily>,
    /// Names of samples that families may have, and the family's place.
    taken: HashMap<String, usize>,
    open: Option<Open>,
    samples: usize,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) -> Result<(), Reason> {
        if line.is_empty() {
            return Err("a line is empty");
        }
        if line.starts_with('#') {
            self.metadata(line)
        } else {
            self.sample(line)
        }
    }

    fn metadata(&mut self, line: &str) -> Result<(), Reason> {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let &["#", word, name, text] = words.as_slice() else {
            return Err("a line of metadata is cut short");
        };
        if !is_metric_name(name) {
            return Err("a metric has a name that is none");
        }
        let is_open = self.open.is_some() && self.families.last().is_some_and(|f| f.name == name);
        if !is_open {
            self.begin(name)?;
        }
        let (Some(family), Some(open)) = (self.families.last_mut(), self.open.as_mut()) else {
            return Err("a metric is not open");
        };
        if !family.samples.is_empty() {
            return Err("metadata stands behind samples");
        }
        match word {
            "TYPE" if open.has_type => Err("a metric has two TYPE lines"),
            "TYPE" => {
                family.kind = kind(text).ok_or("a TYPE line has an unknown type")?;
                open.has_type = true;
                Ok(())
            }
            "HELP" if family.help.is_some() => Err("a metric has two HELP lines"),
            "HELP" => {
                family.help = Some(help(text, true));
                Ok(())
            }
            "UNIT" if family.unit.is_some() => Err("a metric has two UNIT lines"),
            "UNIT" => {
                let named = name
                    .strip_suffix(text)
                    .is_some_and(|base| base.ends_with('_'));
                if !text.is_empty() && !named {
                    return Err("a metric's name does not end with its unit");
                }
                family.unit = Some(text.to_owned());
                Ok(())
            }
            _ => Err("a line of metadata has an unknown word"),
        }
    }

    fn begin(&mut self, name: &str) -> Result<(), Reason> {
        self.close()?;
        if self
            .families
            .iter()
            .rev()
            .take(1)
            .any(|last| last.name == name)
            || self.taken.contains_key(name)
        {
            return Err("a metric is torn apart, or its name is taken");
        }
        self.families.push(ParsedFamily {
            name: name.to_owned(),
            kind: ParsedKind::Unknown,
            help: None,
            unit: None,
            samples: Vec::new(),
        });
        self.open = Some(Open {
            has_type: false,
            group: None,
            past_groups: HashSet::new(),
        });
        Ok(())
    }

    /// Ends the open family: its last group must be whole, its names must be free.
    fn close(&mut self) -> Result<(), Reason> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        if let Some(group) = open.group {
            group.check_whole()?;
        }
        let place = self.families.len() - 1;
        let family = &self.families[place];
        let is_named = matches!(family.kind, ParsedKind::Info | ParsedKind::StateSet);
        if is_named && family.unit.as_deref().is_some_and(|unit| !unit.is_empty()) {
            return Err("a metric of this type has no unit");
        }
        let bare = suffixes(family.kind).iter().chain(&[""]);
        let names: HashSet<String> = bare
            .map(|suffix| format!("{}{suffix}", family.name))
            .collect();
        for name in names {
            if self.taken.insert(name, place).is_some() {
                return Err("two metrics clash in the names of their samples");
            }
        }
        Ok(())
    }

    fn sample(&mut self, line: &str) -> Result<(), Reason> {
        let (name, rest) = split_name(line)?;
        let (labels, rest) = split_labels(rest, Syntax::OpenMetrics, self.limits)?;
        let rest = rest
            .strip_prefix(' ')
            .ok_or("no space stands before the value")?;
        let (numbers, exemplar) = match rest.split_once(" # ") {
            Some((numbers, exemplar)) => (numbers, Some(exemplar)),
            None => (rest, None),
        };
        let (value, timestamp) = value_and_time(numbers)?;

        let belongs = |family: &ParsedFamily| {
            let suffix = name.strip_prefix(family.name.as_str());
            suffix
                .filter(|suffix| suffixes(family.kind).contains(suffix))
                .map(str::to_owned)
        };
        let last = self.families.last().filter(|_| self.open.is_some());
        let suffix = if let Some(suffix) = last.and_then(belongs) {
            suffix
        } else {
            self.begin(name)?;
            String::new()
        };
        let (Some(family), Some(open)) = (self.families.last_mut(), self.open.as_mut()) else {
            return Err("a metric is not open");
        };
        if let Some(exemplar) = exemplar {
            let is_total = family.kind == ParsedKind::Counter && suffix == "_total";
            if suffix != "_bucket" && !is_total {
                return Err("a sample of this kind has no exemplar");
            }
            check_exemplar(exemplar, self.limits)?;
        }

        let key = Group::key(family, &suffix, &labels)?;
        if open.group.as_ref().is_none_or(|group| group.labels != key) {
            let past = open.group.replace(Group::new(family.kind, key.clone()));
            if let Some(past) = past {
                past.check_whole()?;
                open.past_groups.insert(past.labels);
            }
            if open.past_groups.contains(&key) {
                return Err("the samples of one set of labels are torn apart");
            }
        }
        if let Some(group) = &mut open.group {
            group.take(&suffix, &labels, value, timestamp)?;
        }
        family.samples.push(ParsedSample {
            name: name.to_owned(),
            labels,
            value,
            timestamp,
        });
        self.samples += 1;
        Ok(())
    }
}

fn value_and_time(numbers: &str) -> Result<(f64, Option<f64>), Reason> {
    let (value, time) = match numbers.split_once(' ') {
        Some((value, time)) => (value, Some(time)),
        None => (numbers, None),
    };
    let value = number(value).ok_or("a sample has a value that is no number")?;
    let time = time.map(|time| {
        let time = number(time).filter(|time| time.is_finite());
        time.ok_or("a timestamp is no finite number")
    });
    Ok((value, time.transpose()?))
}

fn check_exemplar(text: &str, limits: &ParseLimits) -> Result<(), Reason> {
    if !text.starts_with('{') {
        return Err("an exemplar has no labels");
    }
    let (labels, rest) = split_labels(text, Syntax::OpenMetrics, limits)?;
    let characters = labels.iter().flat_map(|(name, value)| [name, value]);
    if characters.map(|text| text.chars().count()).sum::<usize>() > EXEMPLAR_CHARACTERS {
        return Err("the labels of an exemplar are too long");
    }
    let rest = rest.strip_prefix(' ').ok_or("an exemplar has no value")?;
    value_and_time(rest).map(|_| ())
}

fn kind(text: &str) -> Option<ParsedKind> {
    Some(match text {
        "counter" => ParsedKind::Counter,
        "gauge" => ParsedKind::Gauge,
        "histogram" => ParsedKind::Histogram,
        "gaugehistogram" => ParsedKind::GaugeHistogram,
        "summary" => ParsedKind::Summary,
        "info" => ParsedKind::Info,
        "stateset" => ParsedKind::StateSet,
        "unknown" => ParsedKind::Unknown,
        _ => return None,
    })
}

/// What the names of a family's samples end with.
fn suffixes(kind: ParsedKind) -> &'static [&'static str] {
    match kind {
        ParsedKind::Counter => &["_total", "_created"],
        ParsedKind::Histogram => &["_bucket", "_count", "_sum", "_created"],
        ParsedKind::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
        ParsedKind::Summary => &["", "_count", "_sum", "_created"],
        ParsedKind::Info => &["_info"],
        ParsedKind::Gauge | ParsedKind::StateSet | ParsedKind::Unknown => &[""],
    }
}
