//! Scrapes of folders whose files are written byte by byte.

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use furrow_exposition::Format;
use furrow_exposition::entries::file_bytes;
use furrow_metrics::collect::{Collector, Contribution};
use furrow_metrics::config::MetricsConfig;
use furrow_metrics::own::Own;
use furrow_metrics::scraper::Scraper;

fn counter(values: &[(&str, f64)]) -> Vec<u8> {
    let keys: Vec<String> = values
        .iter()
        .map(|(at, _)| format!(r#"["hits", "hits_total", {{"at": "{at}"}}, "Hits"]"#))
        .collect();
    let entries = keys.iter().zip(values);
    let mut bytes = file_bytes(entries.map(|(key, (_, value))| (key.as_bytes(), *value, 0.0)));
    bytes.resize(1 << 16, 0);
    bytes
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let new = folder.join(format!(".{name}"));
    fs::write(&new, bytes).expect("written");
    fs::rename(new, folder.join(name)).expect("renamed");
}

fn collector(folder: &Path, state: &Path) -> Collector {
    let (folder, state) = (
        folder.to_str().expect("text"),
        state.to_str().expect("text"),
    );
    let settings = std::collections::HashMap::from([
        ("PROMETHEUS_MULTIPROC_DIR", folder),
        ("FURROW_METRICS_STATE_DIR", state),
    ]);
    let config = MetricsConfig::from_environment(&settings).expect("valid");
    Collector::new(&config, Own::default())
}

fn scraped(collector: &mut Collector) -> Vec<String> {
    collector.collect(Instant::now());
    let mut out = Vec::new();
    collector.encode(Format::Text, &mut out);
    let text = String::from_utf8(out).expect("text");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_file_may_vanish_be_replaced_or_be_cut_and_the_sum_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    write(path, "counter_0.db", &counter(&[("a", 1.0), ("b", 10.0)]));
    write(path, "counter_1.db", &counter(&[("a", 2.0)]));
    let mut collector = collector(path, state.path());
    let whole = ["hits_total{at=\"a\"} 3.0", "hits_total{at=\"b\"} 10.0"];
    assert_eq!(scraped(&mut collector), whole);

    fs::remove_file(path.join("counter_1.db")).expect("removed");
    assert_eq!(scraped(&mut collector), whole);

    write(path, "counter_0.db", &counter(&[("a", 0.5)]));
    assert_eq!(scraped(&mut collector), whole);
    let more = ["hits_total{at=\"a\"} 3.5", "hits_total{at=\"b\"} 10.0"];
    assert_eq!(
        scraped(&mut collector),
        more,
        "the new one is taken up with the next"
    );

    File::options()
        .write(true)
        .open(path.join("counter_0.db"))
        .and_then(|file| file.set_len(0))
        .expect("cut");
    assert_eq!(scraped(&mut collector), more);
}

/// The service dies between the two writings that a fold needs, in every order.
#[test]
fn a_file_is_added_once_wherever_the_service_dies() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    // Written before and after the file vanished: which of both a crash leaves behind is chance.
    let states: Vec<_> = (0..2)
        .map(|_| tempfile::tempdir().expect("a folder"))
        .collect();
    write(path, "counter_0.db", &counter(&[("a", 1.0)]));
    write(path, "counter_1.db", &counter(&[("a", 2.0)]));
    let mut first = collector(path, states[0].path());
    scraped(&mut first);
    first.stop();
    let old_files = fs::read(states[0].path().join("files")).expect("kept");

    fs::remove_file(path.join("counter_1.db")).expect("removed");
    assert_eq!(scraped(&mut first), ["hits_total{at=\"a\"} 3.0"]);
    let retired = fs::read(states[0].path().join("retired")).expect("kept");
    first.stop();
    let new_files = fs::read(states[0].path().join("files")).expect("kept");
    drop(first);

    for (files, retired) in [
        (&old_files, None),
        (&old_files, Some(&retired)),
        (&new_files, Some(&retired)),
    ] {
        let state = &states[1];
        fs::write(state.path().join("files"), files).expect("written");
        match retired {
            Some(retired) => fs::write(state.path().join("retired"), retired).expect("written"),
            None => drop(fs::remove_file(state.path().join("retired"))),
        }
        for _ in 0..3 {
            let mut again = collector(path, state.path());
            assert_eq!(scraped(&mut again), ["hits_total{at=\"a\"} 3.0"]);
        }
    }
}

/// Whoever empties the folder takes away its name before it gives the next.
#[test]
fn a_new_name_is_a_reset_also_to_who_saw_the_folder_without_one() {
    for restarts in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let state = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        write(path, "generation", b"one\n");
        write(path, "counter_0.db", &counter(&[("a", 3.0)]));
        let mut first = collector(path, state.path());
        let three = ["hits_total{at=\"a\"} 3.0"];
        assert_eq!(scraped(&mut first), three);

        fs::remove_file(path.join("generation")).expect("removed");
        fs::remove_file(path.join("counter_0.db")).expect("removed");
        assert_eq!(scraped(&mut first), three, "it may be the same life still");
        if restarts {
            first.stop();
            first = collector(path, state.path());
            assert_eq!(scraped(&mut first), three);
        }

        write(path, "generation", b"two\n");
        write(path, "counter_0.db", &counter(&[("a", 1.0)]));
        assert_eq!(scraped(&mut first), ["hits_total{at=\"a\"} 1.0"]);
    }
}

/// Longer than what is mapped, so that the system is not even asked.
const TOO_LONG: u64 = 300 << 20;

#[test]
fn a_file_that_cannot_be_read_after_a_restart_counts_as_it_did_and_once_when_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    write(path, "counter_0.db", &counter(&[("a", 3.0)]));
    let mut first = collector(path, state.path());
    let three = ["hits_total{at=\"a\"} 3.0"];
    assert_eq!(scraped(&mut first), three);
    first.stop();
    let cut_to = |bytes| {
        let file = File::options().write(true).open(path.join("counter_0.db"));
        file.and_then(|file| file.set_len(bytes)).expect("cut");
    };

    cut_to(TOO_LONG);
    let mut second = collector(path, state.path());
    for _ in 0..3 {
        assert_eq!(scraped(&mut second), three);
        second.stop();
        second = collector(path, state.path());
    }
    assert_eq!(scraped(&mut second), three);
    cut_to(1 << 16);
    for _ in 0..3 {
        assert_eq!(scraped(&mut second), three);
    }
    second.stop();
    assert_eq!(scraped(&mut collector(path, state.path())), three);
}

#[derive(Debug)]
struct Constant(Option<furrow_exposition::CellId>);

impl Contribution for Constant {
    fn contribute(&mut self, table: &mut furrow_exposition::Table) {
        let key = furrow_exposition::Key::new("made", "made_total", &[], "Made");
        let cell = *self.0.get_or_insert_with(|| {
            let kind = furrow_exposition::FileKind::Counter;
            table.intern(kind, "", &key).expect("there is room")
        });
        table.add(cell, 4.0);
    }
}

#[tokio::test]
async fn the_thread_serves_every_format_and_shows_what_comes_from_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = tempfile::tempdir().expect("a folder");
    write(folder.path(), "counter_0.db", &counter(&[("a", 1.0)]));
    let mut collector = collector(folder.path(), state.path());
    collector.contribute(Box::new(Constant(None)));
    let scraper = Scraper::start(collector, Own::default()).expect("a thread");

    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        let plain = scraper.scrape(format, false).await.expect("not busy");
        let packed = scraper.scrape(format, true).await.expect("not busy");
        assert!(packed.is_gzip && !plain.is_gzip);
        assert!(plain.body.windows(4).any(|part| part == b"made"));
        let mut unpacked = vec![0; plain.body.len()];
        let length = libdeflater::Decompressor::new()
            .gzip_decompress(&packed.body, &mut unpacked)
            .expect("gzip");
        assert_eq!(&unpacked[..length], &plain.body[..]);
    }
    let mut sum = 0.0;
    let seen = scraper.sample(move |table| {
        table.visit_all(|sample| sum += sample.value);
        sum
    });
    assert_eq!(seen.await, Ok(5.0));

    scraper.stop().await;
    assert!(state.path().join("files").exists());
    assert!(scraper.scrape(Format::Text, false).await.is_err());
}
