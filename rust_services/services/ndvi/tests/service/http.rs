//! Reading over HTTP: ranges from allowed hosts, nothing from others.

use std::sync::{Arc, Mutex};

use furrow_rpc::ndvi::v1 as proto;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;

use crate::support::{
    Running, assert_close, band, box_wkb, degrees, field, index, plane, refusal, scenes,
    start_with, summarize, url,
};

/// A small HTTP server over one file. `/stall` never answers, `/away` leads to another host.
pub struct FileServer {
    pub host: String,
    /// Ranges that were asked for.
    pub ranges: Arc<Mutex<Vec<String>>>,
}

pub async fn serve_file(file: Vec<u8>) -> FileServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("bound").to_string();
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let (file, asked) = (Arc::new(file), Arc::clone(&ranges));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&file), Arc::clone(&asked)));
        }
    });
    FileServer { host, ranges }
}

async fn answer(mut stream: TcpStream, file: Arc<Vec<u8>>, asked: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        request.push(byte);
    }
    let request = String::from_utf8_lossy(&request).to_lowercase();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    if path == "/stall" {
        std::future::pending::<()>().await;
    }
    let range = request
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes="));
    let answer = match (path.as_str(), range) {
        ("/away", _) => b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/level.tif\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        ("/level.tif" | "/level.tif?sig=secret", Some(range)) => {
            asked.lock().expect("no panic").push(range.to_owned());
            let (start, end) = range.split_once('-').expect("a range");
            let start: usize = start.parse().expect("a number");
            let end = (end.parse::<usize>().expect("a number") + 1).min(file.len());
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{}\r\nContent-Length: {}\r\nETag: \"1\"\r\nLast-Modified: Tue, 01 Jul 2025 10:00:00 GMT\r\nConnection: close\r\n\r\n",
                end - 1, file.len(), end - start
            );
            [head.as_bytes(), &file[start..end]].concat()
        }
        ("/endless.tif", Some(range)) => {
            let head = format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {range}/1000000\r\nLast-Modified: Tue, 01 Jul 2025 10:00:00 GMT\r\nConnection: close\r\n\r\n");
            let mut more = head.into_bytes();
            while stream.write_all(&more).await.is_ok() {
                more = vec![0; 1 << 16];
            }
            return;
        }
        ("/whole.tif", _) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nLast-Modified: Tue, 01 Jul 2025 10:00:00 GMT\r\nConnection: close\r\n\r\n", file.len());
            [head.as_bytes(), &file].concat()
        }
        _ => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
    };
    let _ = stream.write_all(&answer).await;
}

async fn start_beside(server: &FileServer) -> Running {
    start_with(&[("FURROW_NDVI_ALLOWED_HOSTS", server.host.as_str())]).await
}

fn request(object: &str) -> proto::SummarizeFieldsRequest {
    proto::SummarizeFieldsRequest {
        scenes: scenes(vec![band("level", url(object))], vec![]),
        indices: vec![index("level", "level")],
        fields: vec![field("a", box_wkb((10.0, 20.0), (10.0, 20.0)))],
        quantiles: vec![],
        histogram_bins: 0,
    }
}

/// A file far larger than one read, with values that do not pack.
fn large() -> Vec<u8> {
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    let noise = |col: u32, row: u32| {
        let mixed = (col.wrapping_mul(2_654_435_761) ^ row.wrapping_mul(40_503))
            .wrapping_mul(2_246_822_519);
        (mixed >> 8) as f32
    };
    plane(degrees(1024, 1024), noise)
}

#[tokio::test]
async fn only_the_ranges_that_a_field_needs_are_read() {
    let file = large();
    let size = file.len();
    let server = serve_file(file).await;
    let running = start_beside(&server).await;

    let object = format!("http://{}/level.tif?sig=secret", server.host);
    let found = summarize(&running, request(&object))
        .await
        .expect("answers");

    assert_close(found.values().next().expect("one").covered_pixels, 100.0);
    let ranges = server.ranges.lock().expect("no panic").clone();
    let bytes: usize = ranges
        .iter()
        .map(|range| {
            let (start, end) = range.split_once('-').expect("a range");
            end.parse::<usize>().expect("a number") - start.parse::<usize>().expect("a number")
        })
        .sum();
    assert!(bytes < size / 4, "{bytes} of {size} bytes in {ranges:?}");
}

#[tokio::test]
async fn a_host_that_nobody_allowed_is_never_asked() {
    let server = serve_file(large()).await;
    let running = start_with(&[("FURROW_NDVI_ALLOWED_HOSTS", "data.example.org")]).await;

    let object = format!("http://{}/level.tif", server.host);
    let status = summarize(&running, request(&object))
        .await
        .expect_err("refused");

    let denied = (Code::FailedPrecondition, "RASTER_STORE_DENIED".to_owned());
    assert_eq!(refusal(&status), denied);
    assert!(server.ranges.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn what_http_servers_do_wrong_is_told_apart() {
    let server = serve_file(large()).await;
    let running = start_beside(&server).await;
    let refused = async |path: &str| {
        let object = format!("http://{}{path}", server.host);
        let status = summarize(&running, request(&object))
            .await
            .expect_err("refused");
        assert!(!status.message().contains("secret"));
        refusal(&status)
    };

    assert_eq!(
        refused("/none.tif?secret").await,
        (Code::NotFound, "OBJECT_NOT_FOUND".to_owned())
    );
    let denied = (Code::FailedPrecondition, "RASTER_STORE_DENIED".to_owned());
    assert_eq!(refused("/whole.tif").await, denied);
    assert_eq!(
        refused("/endless.tif").await,
        (Code::Unavailable, "STORE_UNAVAILABLE".to_owned())
    );
    assert_eq!(
        refused("/away").await,
        (Code::Unavailable, "STORE_UNAVAILABLE".to_owned())
    );
}
