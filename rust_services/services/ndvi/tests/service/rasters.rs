//! Pictures, files, headers and distributions.

use std::collections::BTreeMap;

use furrow_raster::cog::{self, CogSpec, Compression, Encoding, TileSize};
use furrow_rpc::common::v1::ColourStop;
use furrow_rpc::ndvi::v1 as proto;
use sha2::{Digest as _, Sha256};

use crate::support::{
    Running, assert_close, band, box_wkb, classes, degrees, index, key, plane, scene, scenes,
    start, values_of,
};

/// 700 × 500 pixels whose value is the column's share of the width.
async fn ramp() -> Running {
    let running = start().await;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let file = plane(degrees(700, 500), |col, _| col as f32 / 700.0);
    running.put("level.tif", &file);
    running
}

fn level_scenes() -> Vec<proto::Scene> {
    scenes(vec![band("level", key("level.tif"))], vec![])
}

fn write_request(key: &str) -> proto::WriteIndexRequest {
    proto::WriteIndexRequest {
        scenes: level_scenes(),
        index: Some(index("level", "level * 1")),
        outline_wkb: None,
        key: key.to_owned(),
        encoding: proto::Encoding::Float32.into(),
        compression: proto::Compression::Deflate.into(),
        tags: std::collections::HashMap::new(),
    }
}

#[tokio::test]
async fn a_written_file_holds_what_was_computed_and_is_the_same_twice() {
    let running = ramp().await;
    let mut client = running.client.clone();

    let first = client
        .write_index(write_request("derived/7/a.tif"))
        .await
        .expect("written")
        .into_inner();
    let second = client
        .write_index(write_request("derived/7/b.tif"))
        .await
        .expect("written")
        .into_inner();

    assert_eq!(first, second);
    let bytes = std::fs::read(running.store_path("derived/7/a.tif")).expect("it is there");
    assert_eq!(bytes.len() as u64, first.size_bytes);
    let grid = first.grid.expect("a grid");
    assert_eq!((grid.width, grid.height, grid.epsg), (700, 500, 4326));
    let (width, values) = values_of(&bytes);
    assert_eq!(values.len(), 700 * 500);
    for (place, value) in values.iter().enumerate().step_by(997) {
        assert_close(*value, (place % width as usize) as f64 / 700.0);
    }
    let left = std::fs::read_dir(running.store_path("derived/7"))
        .expect("a folder")
        .count();
    assert_eq!(left, 2, "no part of a file is left behind");
}

#[tokio::test]
async fn a_clipped_file_keeps_every_pixel_that_the_outline_touches() {
    let running = ramp().await;
    let mut request = write_request("derived/7/clip.tif");
    request.outline_wkb = Some(box_wkb((100.5, 103.5), (200.25, 201.0)));

    let written = running
        .client
        .clone()
        .write_index(request)
        .await
        .expect("written")
        .into_inner();

    let grid = written.grid.expect("a grid");
    assert_eq!((grid.width, grid.height), (4, 1));
    assert!((grid.geotransform[0] - 5.1).abs() < 1e-9);
    let (_, values) =
        values_of(&std::fs::read(running.store_path("derived/7/clip.tif")).expect("it is there"));
    assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
}

#[tokio::test]
async fn a_value_beyond_16_bit_integers_is_refused_with_the_way_out() {
    let running = start().await;
    running.put("level.tif", &plane(degrees(10, 10), |_, _| 9.5));
    let mut request = write_request("derived/7/big.tif");
    request.encoding = proto::Encoding::Int16.into();
    let status = running
        .client
        .clone()
        .write_index(request)
        .await
        .expect_err("refused");
    assert!(
        status.message().contains("32-bit floats"),
        "{}",
        status.message()
    );
    let left: Vec<_> = std::fs::read_dir(running.store_path(""))
        .expect("a folder")
        .map(|entry| entry.expect("readable").file_name())
        .collect();
    assert_eq!(left, ["level.tif"], "nothing is half-stored");
}

#[tokio::test]
async fn a_file_of_many_parts_has_the_bytes_of_one_that_is_written_at_once() {
    let running = start().await;
    let grid = degrees(1300, 1100);
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    let noise = |col: u32, row: u32| {
        let mixed = (col ^ row.rotate_left(16)).wrapping_mul(2_654_435_761);
        (mixed.wrapping_mul(mixed >> 9 | 1) >> 8) as f32
    };
    running.put("level.tif", &plane(grid, noise));

    let written = running
        .client
        .clone()
        .write_index(write_request("derived/7/noise.tif"))
        .await
        .expect("written")
        .into_inner();

    let values: Vec<f32> = (0..grid.height)
        .flat_map(|row| (0..grid.width).map(move |col| noise(col, row)))
        .collect();
    let spec = CogSpec {
        grid,
        is_geographic: true,
        tile_size: TileSize::default(),
        encoding: Encoding::Float32,
        compression: Compression::Deflate,
        description: "level".to_owned(),
        tags: BTreeMap::from([("FORMULA".to_owned(), "level * 1".to_owned())]),
    };
    let at_once = cog::write(&spec, &values).expect("a file");
    assert!(at_once.len() > 5 << 20, "more than one part");
    let found = std::fs::read(running.store_path("derived/7/noise.tif")).expect("it is there");
    assert!(found == at_once);
    assert_eq!(written.sha256, format!("{:x}", Sha256::digest(&at_once)));
}

#[tokio::test]
async fn a_picture_is_reduced_to_its_size_and_says_where_it_lies() {
    let running = ramp().await;
    let request = proto::RenderIndexRequest {
        scenes: level_scenes(),
        index: Some(index("level", "level")),
        outline_wkb: None,
        max_size: 100,
        stops: vec![
            ColourStop { value: 0.0, rgb: 0 },
            ColourStop {
                value: 1.0,
                rgb: 0x00ff_ffff,
            },
        ],
    };

    let picture = running
        .client
        .clone()
        .render_index(request)
        .await
        .expect("drawn")
        .into_inner();

    assert!(picture.png.starts_with(b"\x89PNG"));
    let side = |at: usize| u32::from_be_bytes(picture.png[at..at + 4].try_into().expect("four"));
    assert_eq!((side(16), side(20)), (100, 72));
    let grid = picture.grid.expect("a grid");
    assert_eq!((grid.width, grid.height), (100, 72));
    let bounds = &picture.bounds_wgs84;
    for (found, worked) in bounds.iter().zip([5.0, 51.496, 5.7, 52.0]) {
        assert_close(*found, worked);
    }
}

#[tokio::test]
async fn a_small_raster_is_enlarged_by_a_whole_factor() {
    let running = start().await;
    running.put("level.tif", &plane(degrees(10, 7), |_, _| 0.5));
    let request = proto::RenderIndexRequest {
        scenes: level_scenes(),
        index: Some(index("level", "level")),
        outline_wkb: Some(box_wkb((2.0, 5.0), (1.0, 4.0))),
        max_size: 64,
        stops: vec![
            ColourStop { value: 0.0, rgb: 0 },
            ColourStop {
                value: 1.0,
                rgb: 0x00ff_ffff,
            },
        ],
    };

    let picture = running
        .client
        .clone()
        .render_index(request)
        .await
        .expect("drawn")
        .into_inner();

    let side = |at: usize| u32::from_be_bytes(picture.png[at..at + 4].try_into().expect("four"));
    assert_eq!((side(16), side(20)), (63, 63));
    let grid = picture.grid.expect("a grid");
    assert_eq!((grid.width, grid.height), (3, 3));
}

#[tokio::test]
async fn a_header_is_described_without_decoding_a_pixel() {
    let running = ramp().await;
    let request = proto::DescribeRasterRequest {
        object: key("level.tif"),
    };

    let found = running
        .client
        .clone()
        .describe_raster(request)
        .await
        .expect("described")
        .into_inner();

    assert_eq!(found.compression, "zstd");
    assert!(found.tiled);
    assert_eq!(found.overview_count, 2);
    assert_eq!(found.bands.len(), 1);
    assert_eq!(found.bands[0].data_type, "float32");
    assert_eq!(found.bands[0].description, "plane");
    assert!(found.bands[0].nodata.is_some_and(f64::is_nan));
    for (found, worked) in found.bounds_wgs84.iter().zip([5.0, 51.5, 5.7, 52.0]) {
        assert_close(*found, worked);
    }
    assert!(
        running
            .metrics()
            .await
            .contains("furrow_decoded_pixels_total 0")
    );
}

#[tokio::test]
async fn digital_numbers_are_measured_where_a_class_is_kept() {
    let running = start().await;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let numbers = plane(degrees(10, 10), |col, row| (row * 10 + col + 1) as f32);
    running.put("level.tif", &numbers);
    running.put(
        "mask.tif",
        &plane(degrees(10, 10), |_, row| if row < 5 { 4.0 } else { 9.0 }),
    );
    let request = proto::MeasureDigitalNumbersRequest {
        scene: scene(
            vec![proto::Band {
                nodata: Some(1.0),
                ..band("level", key("level.tif"))
            }],
            vec![classes(key("mask.tif"), &[9], 0.0)],
        ),
        kept_classes: vec![4, 5],
    };

    let found = running
        .client
        .clone()
        .measure_digital_numbers(request)
        .await
        .expect("measured");

    let numbers = &found.into_inner().bands[0];
    assert_eq!((numbers.measured_pixels, numbers.nodata_pixels), (49, 1));
    // 2 to 50: the 25th of 49 is 26.
    let all = [
        numbers.min,
        numbers.quantile_01,
        numbers.median,
        numbers.quantile_99,
        numbers.max,
    ];
    for (found, worked) in all.into_iter().zip([2.0, 2.0, 26.0, 50.0, 50.0]) {
        assert_close(found.expect("measured"), worked);
    }
}
