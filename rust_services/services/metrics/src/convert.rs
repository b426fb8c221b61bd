//! From messages to the service's own words. Every limit that the contract states of a message is
//! checked here; those that depend on what was taken before are the state's.

use std::collections::HashSet;

use furrow_rpc::metrics::v1 as proto;

use crate::report::Report;
use crate::slo::{Objective, Question};
use crate::status::MetricsError;

/// Largest report, bytes.
pub(crate) const MAX_REPORT_BYTES: usize = 1 << 20;

/// Limits of the contract.
const MAX_NAME_BYTES: usize = 128;
const MAX_PROGRAM_BYTES: usize = 64;
const MAX_HELP_BYTES: usize = 1024;
const MAX_LABEL_BYTES: usize = 256;
const MAX_TTL_S: u32 = 86_400;
const WINDOW_S: std::ops::RangeInclusive<u32> = 10..=2_592_000;

/// Labels that the service writes itself.
const OWN_LABELS: [&str; 2] = ["program", "le"];

type Converted<T> = Result<T, MetricsError>;

fn refuse<T>(field: impl Into<String>, reason: impl Into<String>) -> Converted<T> {
    Err(MetricsError::request(field, reason))
}

fn counted(field: &str, found: usize, least: usize, most: usize) -> Converted<()> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let reason = format!("has {found} entries; {least} to {most} are allowed");
    refuse(field, reason)
}

/// Refuses names that are too long or have characters that their kind does not have.
fn named(
    field: &str,
    name: &str,
    most: usize,
    first: fn(u8) -> bool,
    more: fn(u8) -> bool,
) -> Converted<()> {
    let mut bytes = name.bytes();
    if name.len() > most {
        return refuse(
            field,
            format!("has {} bytes; at most {most} are allowed", name.len()),
        );
    }
    if bytes.next().is_some_and(first) && bytes.all(more) {
        Ok(())
    } else {
        refuse(field, format!("is {name:?}, which is no such name"))
    }
}

/// The 128 bits of a UUID in its 36-character form.
fn uuid(field: &str, text: &str) -> Converted<u128> {
    let shaped = text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let digits = text.replace('-', "");
    match u128::from_str_radix(&digits, 16) {
        Ok(bits) if shaped => Ok(bits),
        _ => refuse(field, "is no UUID in its 36-character form"),
    }
}

/// A report within the contract.
pub(crate) fn report(mut request: proto::ReportRequest) -> Converted<Report> {
    let producer = uuid("producer_id", &request.producer_id)?;
    if request.sequence == 0 {
        return refuse("sequence", "is 0; reports are numbered from 1");
    }
    let lower = |b: u8| b.is_ascii_lowercase();
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    named("program", &request.program, MAX_PROGRAM_BYTES, lower, word)?;
    let ttl = request.ttl_seconds;
    if !(1..=MAX_TTL_S).contains(&ttl) {
        return refuse(
            "ttl_seconds",
            format!("is {ttl}; 1 to {MAX_TTL_S} are allowed"),
        );
    }
    counted("families", request.families.len(), 1, 64)?;
    let mut names = HashSet::new();
    for (place, family) in request.families.iter_mut().enumerate() {
        check_family(&format!("families[{place}]"), family)?;
        if !names.insert(family.name.clone()) {
            return refuse("families", format!("has {:?} twice", family.name));
        }
    }
    Ok(Report { producer, request })
}

/// Checks a family and sorts the labels of its series.
fn check_family(at: &str, family: &mut proto::Family) -> Converted<()> {
    let field = |name: &str| format!("{at}.{name}");
    let first = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b == b':';
    let more = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b':';
    named(&field("name"), &family.name, MAX_NAME_BYTES, first, more)?;
    if family.help.len() > MAX_HELP_BYTES {
        let found = family.help.len();
        let reason = format!("has {found} bytes; at most {MAX_HELP_BYTES} are allowed");
        return refuse(field("help"), reason);
    }
    let kind = family.kind();
    match kind {
        proto::Kind::Unspecified => return refuse(field("kind"), "is missing"),
        proto::Kind::Counter if family.name.ends_with("_total") => {
            return refuse(
                field("name"),
                "ends with _total, which is added by the service",
            );
        }
        proto::Kind::Histogram => {
            counted(&field("bounds"), family.bounds.len(), 1, 64)?;
            let ascend = family.bounds.windows(2).all(|pair| pair[0] < pair[1]);
            if !ascend || !family.bounds.iter().all(|bound| bound.is_finite()) {
                return refuse(field("bounds"), "must be finite and ascend strictly");
            }
        }
        _ if !family.bounds.is_empty() => {
            return refuse(field("bounds"), "belong to histograms alone");
        }
        _ => {}
    }
    counted(&field("series"), family.series.len(), 1, 1000)?;
    let buckets = family.bounds.len() + 1;
    let mut seen = HashSet::new();
    for (place, series) in family.series.iter_mut().enumerate() {
        let at = format!("{at}.series[{place}]");
        check_labels(&format!("{at}.labels"), &mut series.labels)?;
        check_values(&at, kind, buckets, series)?;
        let labels = series.labels.iter();
        let labels: Vec<_> = labels.map(|l| (l.name.clone(), l.value.clone())).collect();
        if !seen.insert(labels) {
            return refuse(format!("{at}.labels"), "are those of an earlier series");
        }
    }
    Ok(())
}

fn check_labels(at: &str, labels: &mut [proto::Label]) -> Converted<()> {
    counted(at, labels.len(), 0, 16)?;
    let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    let more = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    for (place, label) in labels.iter().enumerate() {
        let name = format!("{at}[{place}].name");
        named(&name, &label.name, MAX_NAME_BYTES, first, more)?;
        if label.name.starts_with("__") {
            return refuse(name, "begins with two underscores");
        }
        if OWN_LABELS.contains(&label.name.as_str()) {
            return refuse(
                name,
                format!("is {}, which the service writes itself", label.name),
            );
        }
        let found = label.value.len();
        if found > MAX_LABEL_BYTES {
            let reason = format!("has {found} bytes; at most {MAX_LABEL_BYTES} are allowed");
            return refuse(format!("{at}[{place}].value"), reason);
        }
    }
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = labels.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return refuse(at, format!("have {} twice", pair[0].name));
    }
    Ok(())
}

fn check_values(
    at: &str,
    kind: proto::Kind,
    buckets: usize,
    series: &proto::Series,
) -> Converted<()> {
    if kind == proto::Kind::Counter && !(series.value.is_finite() && series.value >= 0.0) {
        return refuse(
            format!("{at}.value"),
            "of a counter must be finite and not negative",
        );
    }
    if kind != proto::Kind::Histogram {
        if series.bucket_counts.is_empty() {
            return Ok(());
        }
        return refuse(format!("{at}.bucket_counts"), "belong to histograms alone");
    }
    let found = series.bucket_counts.len();
    if found != buckets {
        let reason = format!("has {found} entries; one more than bounds are {buckets}");
        return refuse(format!("{at}.bucket_counts"), reason);
    }
    if !series.sum.is_finite() {
        return refuse(format!("{at}.sum"), "must be finite");
    }
    Ok(())
}

/// What is asked over which time.
pub(crate) fn question(request: &proto::QuerySloRequest) -> Converted<Question> {
    let window_s = request.window_seconds;
    if !WINDOW_S.contains(&window_s) {
        let (least, most) = (WINDOW_S.start(), WINDOW_S.end());
        let reason = format!("is {window_s}; {least} to {most} are allowed");
        return refuse("window_seconds", reason);
    }
    let objective = request.objective.as_ref().map(|objective| {
        let availability = objective.availability;
        if !(availability > 0.0 && availability < 1.0) {
            return refuse("objective.availability", "must be above 0 and below 1");
        }
        let latency_s = objective.latency_seconds;
        if !(latency_s.is_finite() && latency_s > 0.0) {
            return refuse("objective.latency_seconds", "must be finite and above 0");
        }
        Ok(Objective {
            availability,
            latency_s,
        })
    });
    Ok(Question {
        window_s,
        objective: objective.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, value: &str) -> proto::Label {
        proto::Label {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    fn whole() -> proto::ReportRequest {
        let family = |name: &str, kind: proto::Kind| proto::Family {
            name: name.to_owned(),
            help: "What it is.".to_owned(),
            kind: kind.into(),
            bounds: vec![],
            series: vec![proto::Series {
                labels: vec![label("b", "2"), label("a", "1")],
                value: 1.0,
                ..proto::Series::default()
            }],
        };
        let mut histogram = family("h", proto::Kind::Histogram);
        histogram.bounds = vec![0.5, 1.0];
        histogram.series[0].bucket_counts = vec![1, 0, 2];
        proto::ReportRequest {
            producer_id: "0e37df36-f698-11e6-8dd4-cb9ced3df976".to_owned(),
            sequence: 1,
            program: "ingest_folder".to_owned(),
            ttl_seconds: 60,
            families: vec![
                family("c", proto::Kind::Counter),
                family("g", proto::Kind::Gauge),
                histogram,
            ],
        }
    }

    #[test]
    fn a_report_within_the_contract_is_taken_with_its_labels_sorted() {
        let report = report(whole()).expect("valid");
        assert_eq!(report.producer, 0x0e37_df36_f698_11e6_8dd4_cb9c_ed3d_f976);
        let names: Vec<_> = report.request.families[0].series[0].labels.iter().collect();
        assert_eq!((names[0].name.as_str(), names[1].name.as_str()), ("a", "b"));
    }

    #[test]
    fn what_the_contract_rules_out_is_refused_by_the_name_of_its_field() {
        type Change = fn(&mut proto::ReportRequest);
        let cases: [(&str, Change); 27] = [
            ("producer_id", |r| r.producer_id = "x".repeat(36)),
            ("producer_id", |r| {
                r.producer_id = r.producer_id.replace('-', "");
            }),
            ("sequence", |r| r.sequence = 0),
            ("program", |r| r.program = "Ingest".to_owned()),
            ("program", |r| r.program = "a".repeat(65)),
            ("program", |r| r.program.clear()),
            ("ttl_seconds", |r| r.ttl_seconds = 0),
            ("ttl_seconds", |r| r.ttl_seconds = 86_401),
            ("families", |r| r.families.clear()),
            ("families", |r| r.families[1].name = "c".to_owned()),
            ("families[0].name", |r| r.families[0].name = "1c".to_owned()),
            ("families[0].name", |r| {
                r.families[0].name = "c_total".to_owned();
            }),
            ("families[0].name", |r| r.families[0].name = "c".repeat(129)),
            ("families[0].help", |r| {
                r.families[0].help = "h".repeat(1025);
            }),
            ("families[0].kind", |r| r.families[0].kind = 0),
            ("families[0].kind", |r| r.families[0].kind = 9),
            ("families[0].bounds", |r| r.families[0].bounds = vec![1.0]),
            ("families[2].bounds", |r| {
                r.families[2].bounds = vec![1.0, 1.0];
            }),
            ("families[2].bounds", |r| {
                r.families[2].bounds = vec![1.0, f64::INFINITY];
            }),
            ("families[0].series", |r| r.families[0].series.clear()),
            ("families[0].series[0].value", |r| {
                r.families[0].series[0].value = -1.0;
            }),
            ("families[0].series[0].value", |r| {
                r.families[0].series[0].value = f64::NAN;
            }),
            ("families[2].series[0].bucket_counts", |r| {
                r.families[2].series[0].bucket_counts.clear();
            }),
            ("families[2].series[0].sum", |r| {
                r.families[2].series[0].sum = f64::NAN;
            }),
            ("families[0].series[0].labels[0].name", |r| {
                r.families[0].series[0].labels[0].name = "program".to_owned();
            }),
            ("families[0].series[0].labels[1].name", |r| {
                r.families[0].series[0].labels[1].name = "__a".to_owned();
            }),
            ("families[0].series[0].labels[0].value", |r| {
                r.families[0].series[0].labels[0].value = "v".repeat(257);
            }),
        ];
        for (field, change) in cases {
            let mut request = whole();
            change(&mut request);
            match report(request) {
                Err(MetricsError::Request { field: found, .. }) => assert_eq!(found, field),
                other => panic!("{field}: {other:?}"),
            }
        }
    }

    #[test]
    fn labels_and_series_stand_once() {
        let mut twice = whole();
        twice.families[0].series[0].labels.push(label("a", "3"));
        assert!(report(twice).is_err());
        let mut same = whole();
        let again = same.families[1].series[0].clone();
        same.families[1].series.push(again);
        assert!(report(same).is_err());
    }

    #[test]
    fn a_gauge_may_have_any_value() {
        let mut request = whole();
        request.families[1].series[0].value = f64::NEG_INFINITY;
        assert!(report(request).is_ok());
    }

    #[test]
    fn windows_and_objectives_have_their_limits() {
        let asked = |window_seconds, objective| {
            question(&proto::QuerySloRequest {
                window_seconds,
                objective,
            })
        };
        let objective = |availability, latency_seconds| {
            Some(proto::Objective {
                availability,
                latency_seconds,
            })
        };
        for window in [9, 2_592_001] {
            assert!(asked(window, None).is_err(), "{window}");
        }
        for window in [10, 2_592_000] {
            assert!(asked(window, None).is_ok(), "{window}");
        }
        for (availability, latency) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (f64::NAN, 1.0),
            (0.9, 0.0),
            (0.9, f64::NAN),
        ] {
            assert!(asked(60, objective(availability, latency)).is_err());
        }
        assert!(asked(60, objective(0.999, 0.3)).is_ok());
    }
}
