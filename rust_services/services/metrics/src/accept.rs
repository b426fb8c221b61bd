//! Which format a scraper wants, from its `Accept` and `Accept-Encoding`.

use furrow_exposition::Format;

/// The best of what `Accept` lists: the highest quality, among equals the first. Whatever is not
/// known is passed over; text is given where nothing else is wanted.
pub fn negotiate(accept: Option<&str>) -> Format {
    let clauses = accept.unwrap_or_default().split(',').take(MOST_CLAUSES);
    let known = clauses.filter_map(|clause| Some((quality(clause), named_by(clause)?)));
    // `max_by` keeps the last of equals, so the list is walked from its end.
    let known: Vec<(f32, Format)> = known.filter(|(quality, _)| *quality > 0.0).collect();
    let best = known
        .into_iter()
        .rev()
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map_or(Format::Text, |(_, format)| format)
}

fn named_by(clause: &str) -> Option<Format> {
    let mut parts = clause.split(';');
    let kind = parts.next()?.trim().to_ascii_lowercase();
    let (mut version, mut proto, mut encoding) = (String::new(), String::new(), String::new());
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"').to_owned();
        match name.trim().to_ascii_lowercase().as_str() {
            "version" => version = value,
            "proto" => proto = value,
            "encoding" => encoding = value,
            _ => {}
        }
    }
    match (kind.as_str(), version.as_str()) {
        ("text/plain", "" | "0.0.4") | ("text/*" | "*/*", _) => Some(Format::Text),
        ("application/openmetrics-text", "" | "0.0.1" | "1.0.0") => Some(Format::OpenMetrics),
        ("application/vnd.google.protobuf", _)
            if proto == "io.prometheus.client.MetricFamily" && encoding == "delimited" =>
        {
            Some(Format::Protobuf)
        }
        _ => None,
    }
}

/// Clauses of a header that are read; more are of no use to anybody.
const MOST_CLAUSES: usize = 32;

fn quality(clause: &str) -> f32 {
    let quality = clause.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(quality) = quality else { return 1.0 };
    let quality: f32 = quality.parse().unwrap_or(0.0);
    if quality.is_finite() {
        quality.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Whether `Accept-Encoding` asks for gzip: by its name; a wildcard alone does not.
pub fn wants_gzip(accept_encoding: Option<&str>) -> bool {
    let clauses = accept_encoding
        .unwrap_or_default()
        .split(',')
        .take(MOST_CLAUSES);
    clauses.into_iter().any(|clause| {
        let coding = clause.split(';').next().unwrap_or_default().trim();
        coding.eq_ignore_ascii_case("gzip") && quality(clause) > 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_prometheus_asks_for_is_what_it_gets() {
        let classic = "application/openmetrics-text;version=1.0.0,\
                       application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                      encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,\
                      application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let newer = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                     application/openmetrics-text;version=0.0.1;q=0.5,\
                     text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(negotiate(Some(classic)), Format::OpenMetrics);
        assert_eq!(negotiate(Some(native)), Format::Protobuf);
        assert_eq!(negotiate(Some(newer)), Format::OpenMetrics);
    }

    #[test]
    fn text_is_given_where_nothing_else_is_wanted() {
        for accept in [
            None,
            Some(""),
            Some("*/*"),
            Some("text/html,application/xhtml+xml;q=0.9"),
            Some("text/plain;version=9"),
            Some("application/openmetrics-text;version=1.0.0;q=0"),
            Some("application/openmetrics-text;version=2.0.0"),
            Some("application/openmetrics-text;q=nan"),
            Some(
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            ),
        ] {
            assert_eq!(negotiate(accept), Format::Text, "{accept:?}");
        }
    }

    #[test]
    fn quality_decides_and_among_equals_the_first() {
        let both = "text/plain;version=0.0.4;q=0.4, application/openmetrics-text;q=0.5";
        assert_eq!(negotiate(Some(both)), Format::OpenMetrics);
        let equal = "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0";
        assert_eq!(negotiate(Some(equal)), Format::Text);
    }

    #[test]
    fn gzip_is_sent_only_to_who_names_it() {
        assert!(wants_gzip(Some("gzip")));
        assert!(wants_gzip(Some("br, GZIP;q=0.5")));
        for encoding in [
            None,
            Some(""),
            Some("identity"),
            Some("zstd"),
            Some("gzip;q=0"),
            Some("*"),
        ] {
            assert!(!wants_gzip(encoding), "{encoding:?}");
        }
    }
}
