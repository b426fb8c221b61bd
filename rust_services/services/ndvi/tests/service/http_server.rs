//! A small HTTP server over a closure: it says whatever a test wants it to say, true or not.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query.
    pub target: String,
    /// The range, its end not included.
    pub range: Option<Range<u64>>,
    /// All lines, in lower case.
    pub head: String,
    /// Requests of this target before.
    pub before: usize,
}

/// What is answered; the connection is closed afterwards.
pub enum Reply {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These, and then zeros until the other side hangs up.
    Endless(Vec<u8>),
    /// These, and then a byte now and then.
    Trickle(Vec<u8>),
    /// Nothing at all.
    Silence,
}

pub struct Server {
    pub host: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    most_at_once: Arc<AtomicUsize>,
}

impl Server {
    pub async fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::with_delay(Duration::ZERO, reply).await
    }

    /// Waits before each answer, so that requests meet.
    pub async fn with_delay(
        delay: Duration,
        reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("bound").to_string();
        let asked = Arc::new(Mutex::new(Vec::<Asked>::new()));
        let (now, most_at_once) = (Arc::new(AtomicUsize::new(0)), Arc::<AtomicUsize>::default());
        let (reply, all, most) = (
            Arc::new(reply),
            Arc::clone(&asked),
            Arc::clone(&most_at_once),
        );
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (reply, all) = (Arc::clone(&reply), Arc::clone(&all));
                let (now, most) = (Arc::clone(&now), Arc::clone(&most));
                tokio::spawn(async move {
                    let Some(head) = head(&mut stream).await else {
                        return;
                    };
                    let request = {
                        let mut all = all.lock().expect("no panic");
                        let request = parsed(head, &all);
                        all.push(request.clone());
                        request
                    };
                    let at_once = now.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(at_once, Ordering::SeqCst);
                    tokio::time::sleep(delay).await;
                    let reply = reply(&request);
                    now.fetch_sub(1, Ordering::SeqCst);
                    send(stream, reply).await;
                });
            }
        });
        Self {
            host,
            asked,
            most_at_once,
        }
    }

    /// Everything that was asked for so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.host)
    }
}

async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).to_lowercase())
}

fn parsed(head: String, earlier: &[Asked]) -> Asked {
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let range = head
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes="))
        .map(|range| {
            let (start, last) = range.split_once('-').expect("a range");
            let number = |digits: &str| digits.parse::<u64>().expect("a number");
            number(start)..number(last) + 1
        });
    Asked {
        before: earlier.iter().filter(|one| one.target == target).count(),
        target,
        range,
        head,
    }
}

async fn send(mut stream: TcpStream, reply: Reply) {
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            // Closed in order, or the other side may lose what it has not read yet.
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0; 1]).await;
        }
        Reply::Endless(mut bytes) => {
            while stream.write_all(&bytes).await.is_ok() {
                bytes = vec![0; 1 << 16];
            }
        }
        Reply::Trickle(mut bytes) => {
            while stream.write_all(&bytes).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
                bytes = vec![0];
            }
        }
        Reply::Silence => {
            let _ = stream.read(&mut [0; 1]).await;
        }
    }
}

/// An answer of a status and headers, without a body.
pub fn answer(status: u16, headers: &[&str]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\n");
    for header in headers {
        text += header;
        text += "\r\n";
    }
    (text + "\r\n").into_bytes()
}

/// The honest answer to a request for a range of a file, with the version that is given.
pub fn part(file: &[u8], asked: &Asked, version: &str) -> Vec<u8> {
    let range = asked.range.clone().expect("a range is asked for");
    let size = file.len() as u64;
    let end = range.end.min(size);
    let said = format!("Content-Range: bytes {}-{}/{size}", range.start, end - 1);
    let length = format!("Content-Length: {}", end - range.start);
    let mut bytes = answer(206, &[&said, &length, version]);
    let place = |at| usize::try_from(at).expect("small");
    bytes.extend_from_slice(&file[place(range.start)..place(end)]);
    bytes
}
