//! Reading over HTTP: ranges from allowed hosts, nothing from others.

use furrow_rpc::ndvi::v1 as proto;
use tonic::Code;

use crate::http_server::{Reply, Server, answer, part};
use crate::support::{
    Running, assert_close, band, box_wkb, degrees, field, index, plane, refusal, scenes,
    start_with, summarize, url,
};

async fn serve_file(file: Vec<u8>) -> Server {
    Server::start(move |asked| {
        Reply::Bytes(match asked.target.as_str() {
            "/level.tif" | "/level.tif?sig=secret" => part(&file, asked, "ETag: \"1\""),
            "/whole.tif" => answer(200, &["Content-Length: 1000000"]),
            "/away" => answer(
                302,
                &["Location: http://192.0.2.1/level.tif", "Content-Length: 0"],
            ),
            "/down.tif" => answer(500, &["Content-Length: 0"]),
            _ => answer(404, &["Content-Length: 0"]),
        })
    })
    .await
}

async fn start_beside(server: &Server) -> Running {
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
    let ranges: Vec<_> = server
        .asked()
        .into_iter()
        .filter_map(|one| one.range)
        .collect();
    let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    assert!(
        bytes < size as u64 / 4,
        "{bytes} of {size} bytes in {ranges:?}"
    );
    running
        .metric(&format!(
            "furrow_store_requests_total{{store=\"http\"}} {}",
            ranges.len()
        ))
        .await;
    running
        .metric(&format!("furrow_store_read_bytes_total {bytes}"))
        .await;
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
    assert!(server.asked().is_empty());
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
    assert_eq!(refused("/away").await, denied);
    assert_eq!(
        refused("/down.tif").await,
        (Code::Unavailable, "STORE_UNAVAILABLE".to_owned())
    );
}
