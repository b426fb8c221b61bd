//! Servers that lie, break off, change their mind or lead elsewhere.

#![expect(clippy::single_range_in_vec_init, reason = "lists of ranges")]

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use furrow_ndvi::config::NdviConfig;
use furrow_ndvi::status::NdviError;
use furrow_ndvi::store::hosts::{Lookup, SystemLookup};
use furrow_ndvi::store::http::Patience;
use furrow_ndvi::store::{Location, Object, Stores};
use furrow_service_kit::metrics::Metrics;
use futures::future::BoxFuture;
use tonic::{Code, Status};

use crate::http_server::{Asked, Reply, Server, answer, part};
use crate::support::refusal;

const FIRST_READ: u64 = 64 * 1024;
const TAG: &str = "ETag: \"1\"";
const DENIED: &str = "RASTER_STORE_DENIED";
const UNAVAILABLE: &str = "STORE_UNAVAILABLE";

/// A file of three first reads.
fn file() -> Vec<u8> {
    (0..3 * FIRST_READ)
        .map(|place| (place % 251) as u8)
        .collect()
}

/// Stores that may ask these hosts, with little patience.
fn stores_with(hosts: &str, lookup: &Arc<dyn Lookup>, metrics: &Metrics) -> Stores {
    let environment = HashMap::from([
        ("FURROW_STORE_URL", "file:///tmp"),
        ("FURROW_NDVI_ALLOWED_HOSTS", hosts),
    ]);
    let mut config = NdviConfig::from_environment(&environment).expect("valid settings");
    config.http.patience = Patience {
        connect: Duration::from_secs(5),
        idle: Duration::from_millis(400),
        answer: Duration::from_millis(1500),
        retries: 2,
    };
    Stores::with_lookup(&config, lookup, metrics.clone()).expect("it opens")
}

/// Names as the system finds them.
fn system() -> Arc<dyn Lookup> {
    Arc::new(SystemLookup)
}

fn stores(hosts: &str) -> Stores {
    stores_with(hosts, &system(), &Metrics::new("test", "0"))
}

async fn open(stores: &Stores, url: &str) -> Result<(Object, Vec<u8>), NdviError> {
    let location = Location::url(url).expect("an address");
    let (object, start) = stores.open_object(&location).await?;
    Ok((object, start.to_vec()))
}

/// Code, reason and sentence.
fn told(error: NdviError) -> (Code, String, String) {
    let status = Status::from(error);
    let (code, reason) = refusal(&status);
    (code, reason, status.message().to_owned())
}

async fn refused(server: &Server, target: &str) -> (Code, String, String) {
    let opened = open(&stores(&server.host), &server.url(target)).await;
    told(opened.map(|(object, _)| object).expect_err("refused"))
}

#[tokio::test]
async fn an_honest_server_is_read_exactly() {
    let server = Server::start(|asked| Reply::Bytes(part(&file(), asked, TAG))).await;

    let (object, start) = open(&stores(&server.host), &server.url("/a"))
        .await
        .expect("read");
    let last = object.size - 10..object.size;
    let parts = object
        .read(&[last, 70_000..70_005, 5..5])
        .await
        .expect("read");

    let file = file();
    assert_eq!(object.size, file.len() as u64);
    assert_eq!(object.version.as_deref(), Some("\"1\""));
    assert_eq!(start, file[..65_536]);
    assert_eq!(parts[0], file[file.len() - 10..]);
    assert_eq!(parts[1], file[70_000..70_005]);
    assert!(parts[2].is_empty());
    // Every later request asks for the same object, and none for packed bytes.
    let asked = server.asked();
    assert!(
        asked
            .iter()
            .all(|one| one.head.contains("accept-encoding: identity"))
    );
    assert!(
        asked[1..]
            .iter()
            .all(|one| one.head.contains("if-match: \"1\""))
    );
}

/// What a lying server says; each of them answers the first request for 64 KiB.
fn lie(asked: &Asked) -> Reply {
    let all = "Content-Range: bytes 0-65535/196608";
    match asked.target.as_str() {
        "/whole" => Reply::Endless(answer(200, &["Content-Length: 196608"])),
        "/elsewhere" => Reply::Endless(answer(206, &["Content-Range: bytes 9-65544/196608"])),
        "/more" => Reply::Endless(answer(206, &["Content-Range: bytes 0-65536/196608"])),
        "/less" => Reply::Endless(answer(206, &["Content-Range: bytes 0-99/196608"])),
        "/unsaid" => Reply::Endless(answer(206, &["Content-Type: multipart/byteranges"])),
        "/unsized" => Reply::Endless(answer(206, &["Content-Range: bytes 0-65535/*"])),
        "/nonsense" => Reply::Endless(answer(206, &["Content-Range: bytes 7-3/196608"])),
        "/lengths" => Reply::Endless(answer(206, &[all, "Content-Length: 65537"])),
        "/packed" => Reply::Endless(answer(206, &[all, "Content-Encoding: gzip"])),
        "/endless" => Reply::Endless(answer(206, &[all])),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_server_that_lies_is_refused_at_once_with_what_it_does() {
    let server = Server::start(lie).await;
    for (target, words) in [
        ("/whole", "does not answer range requests"),
        ("/elsewhere", "other bytes"),
        ("/more", "other bytes"),
        ("/less", "other bytes"),
        ("/unsaid", "does not say which bytes"),
        ("/unsized", "does not say which bytes"),
        ("/nonsense", "does not say which bytes"),
        ("/lengths", "two lengths"),
        ("/packed", "packs"),
        ("/endless", "more bytes"),
    ] {
        let (code, reason, sentence) = refused(&server, target).await;

        assert_eq!(
            (code, reason.as_str()),
            (Code::FailedPrecondition, DENIED),
            "{target}"
        );
        assert!(sentence.contains(words), "{target}: {sentence}");
    }
    assert_eq!(server.asked().len(), 10, "none is asked twice");
}

#[tokio::test]
async fn what_is_refused_by_its_head_is_not_read() {
    let server = Server::start(lie).await;
    let metrics = Metrics::new("test", "0");
    let stores = stores_with(&server.host, &system(), &metrics);

    open(&stores, &server.url("/whole"))
        .await
        .expect_err("refused");

    assert_eq!(metrics.reading.store_bytes.get(), 0);
}

#[tokio::test]
async fn each_status_is_told_apart() {
    let server = Server::start(|asked| {
        let status = asked.target[1..].parse().expect("a status");
        Reply::Bytes(answer(status, &["Content-Length: 0"]))
    })
    .await;
    for (statuses, code, reason, times) in [
        (&[404, 410][..], Code::NotFound, "OBJECT_NOT_FOUND", 1),
        (
            &[401, 403, 407, 405, 418, 304, 204, 416],
            Code::FailedPrecondition,
            DENIED,
            1,
        ),
        (
            &[408, 425, 429, 500, 502, 503, 504],
            Code::Unavailable,
            UNAVAILABLE,
            3,
        ),
    ] {
        for status in statuses {
            let target = format!("/{status}");

            let (found, said, _) = refused(&server, &target).await;

            assert_eq!((found, said.as_str()), (code, reason), "{status}");
            let asked = server
                .asked()
                .iter()
                .filter(|one| one.target == target)
                .count();
            assert_eq!(asked, times, "{status}");
        }
    }
}

#[tokio::test]
async fn an_empty_object_is_one() {
    let server = Server::start(|asked| {
        Reply::Bytes(match asked.target.as_str() {
            "/whole" => answer(200, &["Content-Length: 0"]),
            _ => answer(416, &["Content-Range: bytes */0", "Content-Length: 0"]),
        })
    })
    .await;
    for target in ["/whole", "/none"] {
        let (object, start) = open(&stores(&server.host), &server.url(target))
            .await
            .expect("read");
        assert_eq!((object.size, start.len()), (0, 0));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_costs_only_what_was_missing() {
    let server = Server::start(|asked| {
        let mut bytes = part(&file(), asked, TAG);
        if asked.before == 0 {
            bytes.truncate(bytes.len() - 1000);
        }
        Reply::Bytes(bytes)
    })
    .await;

    let (_, start) = open(&stores(&server.host), &server.url("/a"))
        .await
        .expect("read");

    assert_eq!(start, file()[..65_536]);
    let ranges: Vec<_> = server
        .asked()
        .into_iter()
        .filter_map(|one| one.range)
        .collect();
    assert_eq!(ranges, [0..FIRST_READ, FIRST_READ - 1000..FIRST_READ]);
}

#[tokio::test]
async fn bytes_of_no_version_are_not_joined() {
    let server = Server::start(|asked| {
        let mut bytes = part(&file(), asked, "X-Nothing: 0");
        if asked.before == 0 {
            bytes.truncate(bytes.len() - 1000);
        }
        Reply::Bytes(bytes)
    })
    .await;

    let (object, start) = open(&stores(&server.host), &server.url("/a"))
        .await
        .expect("read");

    assert_eq!(start, file()[..65_536]);
    assert_eq!(object.version, None);
    let ranges: Vec<_> = server
        .asked()
        .into_iter()
        .filter_map(|one| one.range)
        .collect();
    assert_eq!(ranges, [0..FIRST_READ, 0..FIRST_READ]);
}

#[tokio::test]
async fn a_server_that_always_breaks_off_is_away() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/cut" => {
            let mut bytes = part(&file(), asked, TAG);
            bytes.truncate(bytes.len() - 1);
            Reply::Bytes(bytes)
        }
        "/hangs-up" => Reply::Bytes(vec![]),
        _ => Reply::Bytes(b"What?\r\n\r\n".to_vec()),
    })
    .await;
    for target in ["/cut", "/hangs-up", "/gibberish"] {
        let (code, reason, _) = refused(&server, target).await;

        assert_eq!(
            (code, reason.as_str()),
            (Code::Unavailable, UNAVAILABLE),
            "{target}"
        );
        let asked = server
            .asked()
            .iter()
            .filter(|one| one.target == target)
            .count();
        assert_eq!(asked, 3, "{target}");
    }
}

#[tokio::test]
async fn nobody_is_waited_for_without_end() {
    let server = Server::start(|asked| {
        let head = answer(206, &["Content-Range: bytes 0-65535/196608", TAG]);
        match asked.target.as_str() {
            "/silence" => Reply::Silence,
            "/trickle" => Reply::Trickle(head),
            _ => Reply::Trickle(b"HTTP/1.1 206 Partial Content\r\nX-Head: ".to_vec()),
        }
    })
    .await;
    for target in ["/silence", "/trickle", "/head"] {
        let (code, reason, _) = refused(&server, target).await;
        assert_eq!(
            (code, reason.as_str()),
            (Code::Unavailable, UNAVAILABLE),
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_short_pause_is_kept_and_a_long_one_is_an_answer() {
    let server = Server::start(|asked| {
        Reply::Bytes(match (asked.target.as_str(), asked.before) {
            ("/soon", 0) => answer(503, &["Retry-After: 0", "Content-Length: 0"]),
            ("/soon", _) => part(&file(), asked, TAG),
            _ => answer(429, &["Retry-After: 3600", "Content-Length: 0"]),
        })
    })
    .await;

    open(&stores(&server.host), &server.url("/soon"))
        .await
        .expect("read");
    let (code, reason, _) = refused(&server, "/late").await;

    assert_eq!((code, reason.as_str()), (Code::Unavailable, UNAVAILABLE));
    let late = server
        .asked()
        .iter()
        .filter(|one| one.target == "/late")
        .count();
    assert_eq!(late, 1);
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_read_is_said_to() {
    let server = Server::start(|asked| {
        let file = file();
        let is_first = asked.before == 0;
        Reply::Bytes(match asked.target.as_str() {
            "/tag" if !is_first => part(&file, asked, "ETag: \"2\""),
            "/weak" if is_first => part(&file, asked, "ETag: W/\"1\""),
            "/weak" => part(&file, asked, "ETag: W/\"2\""),
            "/date" if is_first => {
                part(&file, asked, "Last-Modified: Tue, 01 Jul 2025 10:00:00 GMT")
            }
            "/date" => part(&file, asked, "Last-Modified: Tue, 01 Jul 2025 10:00:01 GMT"),
            "/size" if !is_first => part(&file[..150_000], asked, TAG),
            "/precondition" if !is_first => answer(412, &["Content-Length: 0"]),
            "/shorter" if !is_first => answer(416, &["Content-Length: 0"]),
            _ => part(&file, asked, TAG),
        })
    })
    .await;
    let stores = stores(&server.host);
    for target in [
        "/tag",
        "/weak",
        "/date",
        "/size",
        "/precondition",
        "/shorter",
    ] {
        let (object, _) = open(&stores, &server.url(target)).await.expect("found");

        let error = object.read(&[100_000..100_010]).await.expect_err("changed");

        let (code, reason, sentence) = told(error);
        assert_eq!(
            (code, reason.as_str()),
            (Code::FailedPrecondition, "RASTER_CHANGED")
        );
        assert!(
            sentence.ends_with("was changed while it was read."),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn redirects_are_followed_within_the_allowed_hosts_and_remembered() {
    let other = Server::start(|asked| Reply::Bytes(part(&file(), asked, TAG))).await;
    let there = format!("Location: {}", other.url("/there?sig=2"));
    let server = Server::start(move |asked| {
        let location = match asked.target.as_str() {
            "/a?sig=secret" => "Location: /b",
            _ => there.as_str(),
        };
        Reply::Bytes(answer(302, &[location, "Content-Length: 0"]))
    })
    .await;
    let both = format!("{},{}", server.host, other.host);

    let (object, _) = open(&stores(&both), &server.url("/a?sig=secret"))
        .await
        .expect("read");
    object.read(&[100_000..100_010]).await.expect("read");

    assert_eq!(object.name, server.url("/a"));
    assert_eq!(
        server.asked().len(),
        2,
        "it is asked once where the object is"
    );
    let asked = other.asked();
    assert_eq!(asked.len(), 2);
    for word in ["secret", "referer", "cookie", "authorization"] {
        assert!(!asked[0].head.contains(word), "{word} in {}", asked[0].head);
    }
}

#[tokio::test]
async fn a_redirect_elsewhere_is_refused_and_not_followed() {
    let other = Server::start(|asked| Reply::Bytes(part(&file(), asked, TAG))).await;
    let away = other.url("/a");
    let server = Server::start(move |asked| {
        let location = match asked.target.as_str() {
            "/away" => away.as_str(),
            "/secrets" => "http://169.254.169.254/latest/meta-data/",
            "/file" => "file:///etc/passwd",
            "/user" => "http://user:password@127.0.0.1/",
            "/nowhere" => "",
            _ => "/round",
        };
        let location = format!("Location: {location}");
        let headers = match asked.target.as_str() {
            "/unsaid" => &["Content-Length: 0"][..],
            _ => &["Content-Length: 0", location.as_str()],
        };
        Reply::Bytes(answer(307, headers))
    })
    .await;
    for target in ["/away", "/secrets", "/file", "/user", "/unsaid", "/round"] {
        let (code, reason, _) = refused(&server, target).await;
        assert_eq!(
            (code, reason.as_str()),
            (Code::FailedPrecondition, DENIED),
            "{target}"
        );
    }
    assert!(other.asked().is_empty());
    let rounds = server
        .asked()
        .iter()
        .filter(|one| one.target == "/round")
        .count();
    assert_eq!(rounds, 4);
}

/// Answers each look-up of a name with the next address.
#[derive(Debug)]
struct Table {
    addresses: Mutex<Vec<&'static str>>,
    looked_up: AtomicUsize,
}

impl Table {
    fn of(addresses: &[&'static str]) -> Arc<Self> {
        Arc::new(Self {
            addresses: Mutex::new(addresses.to_vec()),
            looked_up: AtomicUsize::new(0),
        })
    }
}

impl Lookup for Table {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.looked_up.fetch_add(1, Ordering::SeqCst);
        let mut addresses = self.addresses.lock().expect("no panic");
        let next = addresses.remove(0).parse().expect("an address");
        Box::pin(async move { Ok(vec![next]) })
    }
}

#[tokio::test]
async fn a_name_that_leads_into_the_own_network_is_refused_unless_it_is_marked() {
    let server = Server::start(|asked| Reply::Bytes(part(&file(), asked, TAG))).await;
    let (_, port) = server.host.split_once(':').expect("a port");
    let metrics = Metrics::new("test", "0");
    let url = format!("http://imagery.example.org:{port}/a");
    let plain = format!("imagery.example.org:{port}");
    let marked = format!("private:{plain}");

    let names = Table::of(&["127.0.0.1"]);
    let unmarked = stores_with(&plain, &(names as _), &metrics);
    let (code, reason, sentence) = told(open(&unmarked, &url).await.expect_err("refused"));
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, DENIED));
    assert!(
        sentence.contains("no address that may be asked"),
        "{sentence}"
    );
    assert!(server.asked().is_empty());

    let names = Table::of(&["127.0.0.1"]);
    let marked = stores_with(&marked, &(Arc::clone(&names) as _), &metrics);
    open(&marked, &url).await.expect("read");
    assert_eq!(server.asked().len(), 1);
    assert_eq!(
        names.looked_up.load(Ordering::SeqCst),
        1,
        "what was checked is what is asked"
    );
}

#[tokio::test]
async fn a_name_that_is_given_another_address_later_is_checked_again() {
    let server = Server::start(|asked| Reply::Bytes(part(&file(), asked, TAG))).await;
    let (_, port) = server.host.split_once(':').expect("a port");
    let names = Table::of(&["127.0.0.1", "169.254.169.254"]);
    let hosts = format!("private:imagery.example.org:{port}");
    let stores = stores_with(&hosts, &(names as _), &Metrics::new("test", "0"));

    let url = format!("http://imagery.example.org:{port}/a");
    let (object, _) = open(&stores, &url).await.expect("read");
    let error = object.read(&[100_000..100_010]).await.expect_err("refused");

    assert_eq!(told(error).1, DENIED);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn far_ranges_are_asked_for_together_but_not_all_at_once() {
    let large = Arc::new(vec![7; 24 << 20]);
    let delay = Duration::from_millis(20);
    let server =
        Server::with_delay(delay, move |asked| Reply::Bytes(part(&large, asked, TAG))).await;
    let (object, _) = open(&stores(&server.host), &server.url("/a"))
        .await
        .expect("read");

    let far: Vec<_> = (0..40)
        .map(|number| number * 500_000..number * 500_000 + 10)
        .collect();
    let parts = object.read(&far).await.expect("read");

    assert!(parts.iter().all(|part| part[..] == [7; 10]));
    assert_eq!(server.asked().len(), 41);
    assert!(
        (2..=8).contains(&server.most_at_once()),
        "{}",
        server.most_at_once()
    );
}
