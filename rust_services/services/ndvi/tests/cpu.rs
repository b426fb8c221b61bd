//! What requests are charged with is what the process takes. In a process of its own, which does
//! nothing else.

#[path = "service/support.rs"]
#[allow(dead_code, reason = "this test takes a part of what others take")]
mod support;

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use furrow_raster::mercator::Tile;
use furrow_rpc::common::v1::ColourStop;
use furrow_rpc::ndvi::v1 as proto;

use crate::support::{
    Running, band, box_wkb, degrees, field, index, key, plane, scenes, start_with, summarize,
};

/// Pixels of a side of the scene: work of a second or two in a build for tests.
const SIDE: u32 = 3072;

/// What may be charged to nobody: connections, the writing of files, threads that look for work.
const UNATTRIBUTED_SHARE: f64 = 0.06;

/// What readings of clocks at different moments may differ by, s.
const MARGIN_S: f64 = 0.005;

/// CPU seconds of the process, and the sum of those of its requests.
#[derive(Debug, Clone, Copy)]
struct Taken {
    process: f64,
    requests: f64,
}

async fn taken(running: &Running) -> Taken {
    let text = running.metrics().await;
    let sum = |name: &str| -> f64 {
        let lines = text.lines().filter(|line| line.starts_with(name));
        let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        values.sum()
    };
    Taken {
        process: sum("process_cpu_seconds_total "),
        requests: sum("http_request_cpu_seconds_sum{"),
    }
}

/// What a call takes, once all that worked for it has let go of it.
async fn taken_by<T>(running: &Running, call: impl Future<Output = T>) -> Taken {
    let before = taken(running).await;
    call.await;
    let mut after = taken(running).await;
    for _ in 0..200 {
        if after.requests - before.requests > 0.05 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        after = taken(running).await;
    }
    Taken {
        process: after.process - before.process,
        requests: after.requests - before.requests,
    }
}

fn scene() -> Vec<proto::Scene> {
    let red = proto::Band {
        offset: -0.25,
        ..band("red", key("red.tif"))
    };
    scenes(vec![band("nir", key("nir.tif")), red], vec![])
}

fn ndvi() -> proto::IndexFormula {
    index("ndvi", "(nir - red) / (nir + red)")
}

fn fields() -> Vec<proto::FieldOutline> {
    let cell = f64::from(SIDE) / 8.0;
    let cells = (0..64).map(|number| (f64::from(number % 8), f64::from(number / 8)));
    cells
        .map(|(col, row)| {
            let across = |place: f64| (place * cell + 0.3, (place + 1.0) * cell - 0.7);
            field(&format!("{col}-{row}"), box_wkb(across(col), across(row)))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_charged_with_what_the_process_takes() {
    let running = start_with(&[("FURROW_NDVI_THREADS", "2")]).await;
    let noise = |col: u32, row: u32| ((col * 7919 + row * 104_729) % 4093) as f32;
    let pixels = plane(degrees(SIDE, SIDE), |col, row| {
        0.3 + noise(col, row) / 8192.0
    });
    running.put("nir.tif", &pixels);
    running.put("red.tif", &pixels);

    let summarizing = async {
        let request = proto::SummarizeFieldsRequest {
            scenes: scene(),
            indices: vec![ndvi(), index("ratio", "nir / red")],
            fields: fields(),
            quantiles: vec![0.5],
            histogram_bins: 16,
        };
        let found = summarize(&running, request).await.expect("summarized");
        assert_eq!(found.len(), 128);
    };
    let writing = async {
        let request = proto::WriteIndexRequest {
            scenes: scene(),
            index: Some(ndvi()),
            outline_wkb: None,
            key: "derived/ndvi.tif".to_owned(),
            encoding: proto::Encoding::Float32.into(),
            compression: proto::Compression::Deflate.into(),
            tags: HashMap::new(),
        };
        let written = running.client.clone().write_index(request).await;
        written.expect("written");
    };
    let drawing = async {
        let (zoom, column, row) = Tile::holding(6.5, 50.5, 7).numbers();
        let request = proto::RenderTileRequest {
            layer: Some(proto::TileLayer {
                scenes: scene(),
                index: Some(ndvi()),
                outline_wkb: None,
                stops: vec![
                    ColourStop { value: 0.0, rgb: 0 },
                    ColourStop {
                        value: 1.0,
                        rgb: 0x00ff_00ff,
                    },
                ],
                resampling: proto::Resampling::Bilinear.into(),
            }),
            zoom,
            column,
            row,
            size: 512,
        };
        let drawn = running.client.clone().render_tile(request).await;
        drawn.expect("drawn");
    };

    for (name, taken) in [
        ("SummarizeFields", taken_by(&running, summarizing).await),
        ("WriteIndex", taken_by(&running, writing).await),
        ("RenderTile", taken_by(&running, drawing).await),
    ] {
        let Taken { process, requests } = taken;
        eprintln!("{name}: {process:.3} s of the process, {requests:.3} s of its requests");
        assert!(
            requests > 0.1,
            "{name} is to be heavy, and took {requests} s"
        );
        assert!(
            requests <= process + MARGIN_S,
            "{name} is charged with {requests} s of {process}: something counts twice"
        );
        assert!(
            requests >= (1.0 - UNATTRIBUTED_SHARE) * process - MARGIN_S,
            "{name} is charged with {requests} s of {process}: something is left out"
        );
    }
}
