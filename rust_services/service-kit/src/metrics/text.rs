//! Formats of a scrape.

/// A text format that Prometheus reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' own text format, version 0.0.4: what is sent to whoever asks for nothing else.
    Plain,
    /// `OpenMetrics`, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The format that an `Accept` header prefers; RFC 9110, 12.5.1.
    pub fn accepted(accept: Option<&str>) -> Self {
        let quality = |of: &str| {
            let ranges = accept.unwrap_or_default().split(',');
            let named = ranges.filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                if !parts.next()?.eq_ignore_ascii_case(of) {
                    return None;
                }
                let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
                Some(quality.unwrap_or(1.0_f64))
            });
            named.fold(0.0, f64::max)
        };
        if quality("application/openmetrics-text") > quality("text/plain") {
            Self::OpenMetrics
        } else {
            Self::Plain
        }
    }

    /// What `Content-Type` says of it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The same metrics in this format.
    pub(super) fn of_openmetrics(self, text: String) -> String {
        match self {
            Self::OpenMetrics => text,
            Self::Plain => plain(&text),
        }
    }
}

/// `OpenMetrics` as version 0.0.4: families are called as their samples are, units are part of names
/// alone, and nothing says where the end is.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(comment) = line.strip_prefix("# ") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (Some(what), Some(name), Some(rest)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let kind = match what {
            "TYPE" => rest,
            // The encoder puts the type on the line after.
            "HELP" => lines
                .peek()
                .and_then(|next| next.strip_prefix("# TYPE ")?.split(' ').nth(1))
                .unwrap_or_default(),
            _ => continue,
        };
        let (suffix, plain_kind) = match kind {
            "counter" => ("_total", "counter"),
            "info" => ("_info", "gauge"),
            "unknown" => ("", "untyped"),
            other => ("", other),
        };
        let rest = if what == "TYPE" { plain_kind } else { rest };
        for part in ["# ", what, " ", name, suffix, " ", rest, "\n"] {
            out.push_str(part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn prometheus_gets_openmetrics_and_who_asks_for_nothing_gets_plain_text() {
        let prometheus = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,\
            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Format::accepted(Some(prometheus)), Format::OpenMetrics);
        for accept in [
            None,
            Some("*/*"),
            Some("text/plain"),
            Some("application/openmetrics-text;q=0.1, text/plain;q=0.5"),
            Some("application/openmetrics-text;q=0"),
            Some(";;,q=,"),
        ] {
            assert_eq!(Format::accepted(accept), Format::Plain, "{accept:?}");
        }
    }

    #[test]
    fn plain_text_calls_families_as_their_samples() {
        let metrics = Metrics::new("furrow-test", "0");
        let text = metrics.text_in(Format::Plain);
        for line in [
            "# TYPE furrow_build_info gauge",
            "# HELP furrow_store_read_bytes_total Bytes read from object stores.",
            "# TYPE furrow_store_read_bytes_total counter",
            "# TYPE furrow_compute_wait_seconds histogram",
            "furrow_store_read_bytes_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(!text.contains("# UNIT") && !text.contains("# EOF"));
        assert!(metrics.text_in(Format::OpenMetrics).ends_with("# EOF\n"));
    }
}
