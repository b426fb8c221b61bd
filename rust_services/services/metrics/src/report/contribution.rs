//! What programs reported, beside the series of files.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use furrow_exposition::{CellId, FileKind, GaugeMode, Key, Table};
use furrow_rpc::metrics::v1 as proto;

use super::state::{Family, Labels, Value};
use super::{Reports, now_ms};
use crate::collect::Contribution;

type SeriesKey = Arc<(String, Labels)>;

/// The cells of a family's series, in the order of its values.
#[derive(Debug)]
struct Held {
    family: Arc<Family>,
    cells: HashMap<SeriesKey, Vec<CellId>>,
}

/// Adds them to scrapes; only families that changed since the last one are gone through.
#[derive(Debug)]
pub struct Pushed {
    reports: Arc<Reports>,
    held: BTreeMap<String, Held>,
    version: Option<u64>,
}

impl Pushed {
    /// Of these reports.
    pub fn new(reports: Arc<Reports>) -> Self {
        Self {
            reports,
            held: BTreeMap::new(),
            version: None,
        }
    }
}

impl Contribution for Pushed {
    fn contribute(&mut self, table: &mut Table) {
        let (state, version) = self.reports.shown();
        if self.version != Some(version) {
            self.version = Some(version);
            self.held.retain(|name, held| {
                let stays = state.families.contains_key(name);
                if !stays {
                    release(table, held.cells.drain());
                }
                stays
            });
            for (name, family) in &state.families {
                let held = self.held.entry(name.clone()).or_insert_with(|| Held {
                    family: Arc::clone(family),
                    cells: HashMap::new(),
                });
                hold(table, name, family, held);
            }
        }
        let now_ms = now_ms();
        for held in self.held.values() {
            for (key, value) in &held.family.series {
                let Some(cells) = held.cells.get(key) else {
                    continue;
                };
                match value {
                    Value::Counter(value) => add(table, cells, [*value]),
                    Value::Gauge { value, producer } => {
                        if let Some(cell) = cells.first()
                            && state.is_alive(*producer, now_ms)
                        {
                            // Any time above 0: what was never stamped is not shown.
                            table.add_stamped(*cell, *value, 1.0);
                        }
                    }
                    Value::Histogram { counts, sum } => {
                        let counts = counts.iter().map(|count| *count as f64);
                        add(table, cells, counts.chain([*sum]));
                    }
                }
            }
        }
    }
}

fn add(table: &mut Table, cells: &[CellId], values: impl IntoIterator<Item = f64>) {
    for (cell, value) in cells.iter().zip(values) {
        table.add(*cell, value);
    }
}

fn release(table: &mut Table, cells: impl Iterator<Item = (SeriesKey, Vec<CellId>)>) {
    for cell in cells.flat_map(|(_, cells)| cells) {
        table.release(cell);
    }
}

/// Takes up what became of a family.
fn hold(table: &mut Table, name: &str, family: &Arc<Family>, held: &mut Held) {
    if Arc::ptr_eq(&held.family, family) && held.cells.len() == family.series.len() {
        return;
    }
    let is_other = held.family.kind != family.kind || held.family.bounds != family.bounds;
    let gone = held
        .cells
        .extract_if(|key, _| is_other || !family.series.contains_key(key));
    release(table, gone);
    held.family = Arc::clone(family);
    for key in family.series.keys() {
        if held.cells.contains_key(key) {
            continue;
        }
        // One that the table has no room for, or that contradicts files, is counted there, and tried
        // again when the family has changed.
        if let Some(cells) = intern(table, name, family, key) {
            held.cells.insert(Arc::clone(key), cells);
        }
    }
}

/// All cells of a series, or none.
fn intern(table: &mut Table, name: &str, family: &Family, key: &SeriesKey) -> Option<Vec<CellId>> {
    let (program, labels) = &**key;
    let labels = labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let mut labels: Vec<_> = labels.chain([("program", program.as_str())]).collect();
    labels.sort_unstable();
    let mut cells = Vec::new();
    let mut is_whole = true;
    let mut take = |kind, sample: &str, labels: &[(&str, &str)]| {
        let key = Key::new(name, sample, labels, &family.help);
        match table.intern(kind, "", &key) {
            Ok(cell) => cells.push(cell),
            Err(_) => is_whole = false,
        }
    };
    match family.kind {
        proto::Kind::Histogram => {
            let bounds = family.bounds.iter().map(|bound| format!("{bound:?}"));
            for bound in bounds.chain(["+Inf".to_owned()]) {
                let mut labels = labels.clone();
                labels.push(("le", &bound));
                take(FileKind::Histogram, &format!("{name}_bucket"), &labels);
            }
            take(FileKind::Histogram, &format!("{name}_sum"), &labels);
        }
        proto::Kind::Gauge => take(FileKind::Gauge(GaugeMode::MostRecent), name, &labels),
        _ => take(FileKind::Counter, &format!("{name}_total"), &labels),
    }
    if is_whole {
        return Some(cells);
    }
    for cell in cells {
        table.release(cell);
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use furrow_exposition::{Format, Limits};

    use super::*;
    use crate::report;

    fn shown(table: &mut Table, pushed: &mut Pushed) -> String {
        table.reset();
        pushed.contribute(table);
        let mut out = Vec::new();
        table.encode(Format::Text, &mut out);
        let text = String::from_utf8(out).expect("text");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn series(value: f64) -> Vec<proto::Series> {
        vec![proto::Series {
            value,
            ..proto::Series::default()
        }]
    }

    fn family(name: &str, kind: proto::Kind, series: Vec<proto::Series>) -> proto::Family {
        proto::Family {
            name: name.to_owned(),
            help: "Help.".to_owned(),
            kind: kind.into(),
            series,
            ..proto::Family::default()
        }
    }

    async fn send(
        reports: &Reports,
        sequence: u64,
        ttl_seconds: u32,
        families: Vec<proto::Family>,
    ) {
        let report = report::Report {
            producer: 1,
            request: proto::ReportRequest {
                producer_id: "00000000-0000-0000-0000-000000000001".to_owned(),
                sequence,
                program: "ingest".to_owned(),
                ttl_seconds,
                families,
            },
        };
        reports.take(report).await.expect("taken");
    }

    #[tokio::test]
    async fn reports_are_shown_among_the_series_of_files_until_gauges_vanish() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = report::Limits::default();
        let reports = Arc::new(Reports::open(folder.path().to_owned(), limits));
        let mut pushed = Pushed::new(Arc::clone(&reports));
        let mut table = Table::new(Limits::default());
        let key = Key::new("jobs", "jobs_total", &[("slot", "0")], "Help.");
        let cell = table.intern(FileKind::Counter, "", &key).expect("room");
        assert_eq!(shown(&mut table, &mut pushed), "jobs_total{slot=\"0\"} 0.0");

        let mut histogram = family("took", proto::Kind::Histogram, series(0.0));
        histogram.bounds = vec![0.5];
        histogram.series[0].bucket_counts = vec![2, 1];
        histogram.series[0].sum = 1.5;
        let families = vec![
            family("jobs", proto::Kind::Counter, series(3.0)),
            family("left", proto::Kind::Gauge, series(7.0)),
            histogram,
        ];
        send(&reports, 1, 1, families).await;

        let histogram = [
            "took_bucket{le=\"0.5\",program=\"ingest\"} 2.0",
            "took_bucket{le=\"+Inf\",program=\"ingest\"} 3.0",
            "took_count{program=\"ingest\"} 3.0",
            "took_sum{program=\"ingest\"} 1.5",
        ];
        let text = shown(&mut table, &mut pushed);
        let lines: Vec<_> = text.lines().collect();
        assert!(
            lines.contains(&"jobs_total{program=\"ingest\"} 3.0"),
            "{text}"
        );
        assert!(lines.contains(&"left{program=\"ingest\"} 7.0"), "{text}");
        assert!(histogram.iter().all(|line| lines.contains(line)), "{text}");

        let (state, _) = reports.shown();
        while state.is_alive(1, now_ms()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let text = shown(&mut table, &mut pushed);
        assert!(!text.contains("left"), "{text}");

        send(
            &reports,
            2,
            60,
            vec![family("jobs", proto::Kind::Counter, series(0.5))],
        )
        .await;
        let text = shown(&mut table, &mut pushed);
        assert!(
            text.contains("jobs_total{program=\"ingest\"} 3.5"),
            "{text}"
        );
        assert!(
            text.contains("left{program=\"ingest\"} 7.0"),
            "its producer lives again: {text}"
        );
        table.release(cell);
    }
}
