//! Tiles over gRPC, and over HTTP for signed addresses.

use std::time::{SystemTime, UNIX_EPOCH};

use furrow_ndvi::tile_address::TileKey;
use furrow_raster::mercator::Tile;
use furrow_rpc::common::v1::ColourStop;
use furrow_rpc::ndvi::v1 as proto;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;

use super::support::{
    Running, band, box_wkb, degrees, ended, index, key, plane, refusal, scenes, start, start_with,
};

const KEY: &str = "4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a";

/// Zoom at which a pixel of 0.001° is about three of a tile's.
const ZOOM: u32 = 12;

/// A scene of 40 × 30 pixels of 0.001° from 5° E 52° N; NIR says its column, red its row.
fn put_scene(running: &Running) {
    running.put("nir.tif", &plane(degrees(40, 30), |col, _| col as f32));
    running.put("red.tif", &plane(degrees(40, 30), |_, row| row as f32));
}

/// The layer of `nir + 100 red` with a grey for each whole value from 1 on.
fn layer(outline_wkb: Option<Vec<u8>>) -> proto::TileLayer {
    let stop = |value, rgb| ColourStop { value, rgb };
    proto::TileLayer {
        scenes: scenes(
            vec![band("nir", key("nir.tif")), band("red", key("red.tif"))],
            Vec::new(),
        ),
        index: Some(index("place", "nir")),
        outline_wkb,
        stops: vec![stop(0.0, 0), stop(254.0, 0x00fe_fefe)],
        resampling: proto::Resampling::Nearest.into(),
    }
}

fn request(layer: proto::TileLayer, tile: Tile) -> proto::RenderTileRequest {
    let (zoom, column, row) = tile.numbers();
    proto::RenderTileRequest {
        layer: Some(layer),
        zoom,
        column,
        row,
        size: 256,
    }
}

/// The tile that holds the middle of the scene.
fn middle() -> Tile {
    Tile::holding(5.02, 51.985, ZOOM)
}

/// Palette indices of a picture, row by row: 0 is transparent, others are the value and one.
fn indices_of(png: &[u8]) -> Vec<u8> {
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let mut reader = decoder.read_info().expect("a PNG");
    assert_eq!(reader.info().trns.as_deref(), Some(&[0_u8][..]));
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    reader.next_frame(&mut pixels).expect("whole");
    pixels
}

#[tokio::test]
async fn a_pixel_of_a_tile_is_the_value_where_it_lies() {
    let running = start().await;
    put_scene(&running);
    let tile = middle();

    let answer = running
        .client
        .clone()
        .render_tile(request(layer(None), tile))
        .await;

    let pixels = indices_of(&answer.expect("drawn").into_inner().png);
    let bounds = tile.bounds_wgs84();
    let width = (bounds.east - bounds.west) / 256.0;
    let mut shown = 0;
    for (place, found) in pixels.iter().enumerate() {
        // The scene is in degrees, so that a tile's columns run along its own.
        let lon =
            bounds.west + (f64::from(u32::try_from(place % 256).expect("small")) + 0.5) * width;
        let col = (lon - 5.0) / 0.001;
        let is_beside_an_edge = (col - col.round()).abs() < 0.13;
        if *found > 0 && !is_beside_an_edge {
            assert!((0.0..40.0).contains(&col));
            let off = f64::from(*found - 1) - col.floor();
            assert!(off.abs() < 1e-9, "{found} at column {col}");
            shown += 1;
        }
    }
    assert!(shown > 5000, "{shown} pixels");
}

#[tokio::test]
async fn an_outline_is_all_that_shows_and_beyond_it_is_nothing() {
    let running = start().await;
    put_scene(&running);
    let clipped = layer(Some(box_wkb((10.2, 19.8), (5.0, 25.0))));
    let mut client = running.client.clone();

    let answer = client.render_tile(request(clipped.clone(), middle())).await;
    let elsewhere = Tile::holding(5.5, 51.985, ZOOM);
    let empty = client.render_tile(request(clipped, elsewhere)).await;

    // Every pixel that the outline touches: columns 10 to 19.
    let pixels = indices_of(&answer.expect("drawn").into_inner().png);
    let shown: std::collections::BTreeSet<u8> = pixels.into_iter().filter(|at| *at > 0).collect();
    assert_eq!(shown, (11..=20).collect());
    assert!(empty.expect("answered").into_inner().png.is_empty());
}

#[tokio::test]
async fn a_tile_that_cannot_be_is_refused() {
    let running = start().await;
    put_scene(&running);
    let good = request(layer(None), middle());
    let unspecified = proto::TileLayer {
        resampling: 0,
        ..layer(None)
    };
    for bad in [
        proto::RenderTileRequest {
            zoom: 25,
            ..good.clone()
        },
        proto::RenderTileRequest {
            column: 1 << ZOOM,
            ..good.clone()
        },
        proto::RenderTileRequest {
            size: 300,
            ..good.clone()
        },
        proto::RenderTileRequest {
            layer: None,
            ..good.clone()
        },
        proto::RenderTileRequest {
            layer: Some(unspecified),
            ..good.clone()
        },
    ] {
        let refused = running.client.clone().render_tile(bad).await;
        let expected = (Code::InvalidArgument, "REQUEST_INVALID".to_owned());
        assert_eq!(refusal(&refused.expect_err("refused")), expected);
    }
}

/// SHA-256, hexadecimal.
fn digest_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut digest = String::new();
    for byte in Sha256::digest(bytes) {
        write!(digest, "{byte:02x}").expect("a string grows");
    }
    digest
}

/// Puts a layer where Django puts it; gives its digest.
fn put_layer(running: &Running, farm: &str, layer: &proto::TileLayer) -> String {
    let bytes = layer.encode_to_vec();
    let digest = digest_of(&bytes);
    running.put(&format!("derived/{farm}/layers/{digest}.binpb"), &bytes);
    digest
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_secs()
}

fn path(farm: &str, layer: &str, expires: u64, file: &str) -> String {
    let signature = TileKey::new(&[0x4a; 32]).sign(farm, layer, expires);
    format!("/tiles/{farm}/{layer}/{expires}/{signature}/{file}")
}

fn file(tile: Tile) -> String {
    let (zoom, column, row) = tile.numbers();
    format!("{zoom}/{column}/{row}.png")
}

/// Status, head and body of a GET with a header.
async fn get(running: &Running, path: &str, header: &str) -> (u16, String, Vec<u8>) {
    let host = running.addresses.admin.to_string();
    let mut stream = tokio::net::TcpStream::connect(&host)
        .await
        .expect("it listens");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
    let end = answer
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8(answer[..end].to_vec())
        .expect("ASCII")
        .to_lowercase();
    (
        head[9..12].parse().expect("a status"),
        head,
        answer[end + 4..].to_vec(),
    )
}

#[tokio::test]
async fn a_signed_address_shows_what_the_call_draws() {
    let running = start_with(&[("FURROW_TILE_KEY", KEY)]).await;
    put_scene(&running);
    let layer = layer(None);
    let digest = put_layer(&running, "7", &layer);
    let expires = now() + 600;
    let drawn = running
        .client
        .clone()
        .render_tile(request(layer, middle()))
        .await;
    let drawn = drawn.expect("drawn").into_inner().png;

    let usual = path("7", &digest, expires, &file(middle()));
    let (code, head, body) = get(&running, &usual, "").await;
    let fine = file(middle()).replace(".png", "@2x.png");
    let (_, _, fine) = get(&running, &path("7", &digest, expires, &fine), "").await;
    let (again, _, same) = get(&running, &usual, "").await;

    assert_eq!((code, again), (200, 200), "{head}");
    assert!(body == drawn && same == drawn);
    assert!(head.contains("content-type: image/png"));
    assert!(head.contains("cache-control: private, max-age="), "{head}");
    assert_eq!(indices_of(&fine).len(), 512 * 512);
    let tag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .expect("a tag");
    let (code, head, body) = get(&running, &usual, &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((code, body.len()), (304, 0));
    assert!(head.contains(tag) && head.contains("max-age="));
    let elsewhere = file(Tile::holding(-120.0, -30.0, ZOOM));
    let (code, _, body) = get(&running, &path("7", &digest, expires, &elsewhere), "").await;
    assert_eq!((code, body.len()), (204, 0));
    running.metric(&ended("/tiles", "GET", "204", 1)).await;
    let metrics = running.metrics().await;
    for (cache, result, count) in [
        ("tiles", "hit", 1),
        ("tiles", "miss", 3),
        ("layers", "miss", 1),
    ] {
        let line =
            format!(r#"furrow_cache_requests_total{{cache="{cache}",result="{result}"}} {count}"#);
        assert!(metrics.contains(&line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn whoever_signed_nothing_sees_nothing() {
    let running = start_with(&[("FURROW_TILE_KEY", KEY)]).await;
    put_scene(&running);
    let digest = put_layer(&running, "7", &layer(None));
    let other = put_layer(&running, "8", &layer(Some(box_wkb((1.0, 9.0), (1.0, 9.0)))));
    let (tile, expires) = (file(middle()), now() + 600);
    let good = path("7", &digest, expires, &tile);

    for (path, code, word) in [
        (good.replace("/7/", "/8/"), 403, "tile_signature_invalid"),
        (good.replace(&digest, &other), 403, "tile_signature_invalid"),
        (
            path("7", &digest, now() - 1, &tile),
            403,
            "tile_address_expired",
        ),
        // Signed for a farm that has no such layer.
        (path("7", &other, expires, &tile), 404, "object_not_found"),
        (
            path("7", &digest, expires, "3/8/0.png"),
            404,
            "tile_not_found",
        ),
        ("/tiles/".to_owned(), 404, "tile_not_found"),
    ] {
        let (found, head, body) = get(&running, &path, "").await;
        let body = String::from_utf8(body).expect("JSON");
        assert_eq!(found, code, "{path}: {body}");
        assert!(head.contains("application/problem+json") && head.contains("no-store"));
        assert!(body.contains(&format!("\"code\":\"{word}\"")), "{body}");
    }
    let (code, ..) = get(&running, &good, "").await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn a_layer_that_is_too_large_or_no_layer_is_refused() {
    let running = start_with(&[("FURROW_TILE_KEY", KEY)]).await;
    let expires = now() + 600;
    for (bytes, word) in [
        (vec![0; (2 << 20) + 1], "raster_too_large"),
        (b"not a message".to_vec(), "request_invalid"),
    ] {
        let digest = digest_of(&bytes);
        running.put(&format!("derived/7/layers/{digest}.binpb"), &bytes);
        let (code, _, body) = get(&running, &path("7", &digest, expires, "0/0/0.png"), "").await;
        assert_eq!(code, 422);
        assert!(String::from_utf8_lossy(&body).contains(word));
    }
}

#[tokio::test]
async fn without_a_key_there_are_no_tiles() {
    let running = start().await;
    put_scene(&running);
    let digest = put_layer(&running, "7", &layer(None));

    let (code, ..) = get(
        &running,
        &path("7", &digest, now() + 600, &file(middle())),
        "",
    )
    .await;

    assert_eq!(code, 404);
}

#[tokio::test]
async fn a_crowd_is_told_at_once_to_come_back_and_the_rest_is_drawn() {
    let running = start_with(&[("FURROW_TILE_KEY", KEY)]).await;
    put_scene(&running);
    let digest = put_layer(&running, "7", &layer(None));
    let expires = now() + 600;
    let (_, column, row) = middle().numbers();
    // Tiles of a finer zoom around the middle, each another one.
    let asked = (0..400).map(|number| {
        let (column, row) = (column * 32 + number % 20, row * 32 + number / 20);
        let path = path("7", &digest, expires, &format!("17/{column}/{row}@2x.png"));
        let running = &running;
        async move { get(running, &path, "").await }
    });

    let answers = futures::future::join_all(asked).await;

    let count = |wanted: &[u16]| {
        let told = answers.iter().filter(|(code, ..)| wanted.contains(code));
        told.count()
    };
    assert_eq!(count(&[200, 204, 503]), 400);
    // More than there are slots wait for their turn and get it; how many depends on the machine.
    assert!(count(&[200, 204]) >= 8, "{} drawn", count(&[200, 204]));
    let busy = answers.iter().find(|(code, ..)| *code == 503);
    let (_, head, body) = busy.expect("more came than can wait");
    assert!(head.contains("retry-after: 1"), "{head}");
    assert!(String::from_utf8_lossy(body).contains("service_busy"));
    running.metric("furrow_compute_slots_taken 0").await;
}
