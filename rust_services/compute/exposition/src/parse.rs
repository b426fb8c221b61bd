//! Exposition that others wrote, read into families and samples: Prometheus text 0.0.4 and
//! `OpenMetrics` 1.0.
//!
//! Text is read as Prometheus' own reader does: spaces are free, families may be torn apart.
//! `OpenMetrics` is read as strictly as its standard says: order, suffixes, buckets and the end are
//! checked, so that a cut answer is never taken for a whole one.

mod metrics_group;
mod openmetrics;
mod scan;
#[cfg(test)]
mod tests;
mod text;

/// What one answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of all of it.
    pub bytes: usize,
    /// Samples, and families too.
    pub samples: usize,
    /// Labels of a sample.
    pub labels: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            bytes: 8 << 20,
            samples: 200_000,
            labels: 64,
        }
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `text/plain; version=0.0.4`, and whatever says nothing of itself.
    Text,
    /// `application/openmetrics-text`.
    OpenMetrics,
}

impl Syntax {
    /// What a `Content-Type` says.
    pub fn of_content_type(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }
}

/// What a family measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParsedKind {
    /// Goes up alone.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bound, cumulative.
    Histogram,
    /// The same of what is there now.
    GaugeHistogram,
    /// Quantiles.
    Summary,
    /// Labels alone; the value is 1.
    Info,
    /// One of several states, each 0 or 1.
    StateSet,
    /// Nobody says.
    Unknown,
}

/// A metric with its samples, in the order of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedFamily {
    /// As the metadata says: of a counter without `_total` in `OpenMetrics`, with it in text.
    pub name: String,
    /// What it measures.
    pub kind: ParsedKind,
    /// What it means, if that is said.
    pub help: Option<String>,
    /// Its unit, if that is said.
    pub unit: Option<String>,
    /// Its samples.
    pub samples: Vec<ParsedSample>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedSample {
    /// With its suffix.
    pub name: String,
    /// Names and values, in the order of the answer.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// Seconds since 1970, if they are said.
    pub timestamp: Option<f64>,
}

/// Why an answer is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// It is not UTF-8.
    #[error("it is not UTF-8 from byte {valid_up_to} on")]
    NotUtf8 {
        /// Bytes before the first wrong one.
        valid_up_to: usize,
    },
    /// It holds more than may be.
    #[error("it has more than {allowed} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much may be.
        allowed: usize,
    },
    /// A line is wrong.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1; one past the last where something is missing.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Reads an answer.
///
/// # Errors
/// [`ParseError`] for the first thing that is wrong; nothing of the answer is given then.
pub fn parse(
    body: &[u8],
    syntax: Syntax,
    limits: &ParseLimits,
) -> Result<Vec<ParsedFamily>, ParseError> {
    if body.len() > limits.bytes {
        return Err(ParseError::TooLarge {
            what: "bytes",
            allowed: limits.bytes,
        });
    }
    let text = std::str::from_utf8(body).map_err(|error| ParseError::NotUtf8 {
        valid_up_to: error.valid_up_to(),
    })?;
    match syntax {
        Syntax::Text => text::parse(text, limits),
        Syntax::OpenMetrics => openmetrics::parse(text, limits),
    }
}
