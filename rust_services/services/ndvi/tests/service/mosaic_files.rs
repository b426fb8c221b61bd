//! Files and pictures of several scenes, and scenes whose pixels lie elsewhere.

use std::collections::HashMap;

use furrow_raster::crs::Crs;
use furrow_raster::grid::{GeoTransform, Grid};
use furrow_rpc::common::v1::{self as common, ColourStop};
use furrow_rpc::ndvi::v1 as proto;

use crate::mosaics::{ground, level, outline, utm};
use crate::support::{
    Running, assert_close, field, grid, index, key, plane, refusal, start, summarize, values_of,
};

fn write_request(scenes: Vec<proto::Scene>, key: &str) -> proto::WriteIndexRequest {
    proto::WriteIndexRequest {
        scenes,
        index: Some(index("level", "level")),
        outline_wkb: None,
        key: key.to_owned(),
        encoding: proto::Encoding::Float32.into(),
        compression: proto::Compression::Deflate.into(),
        tags: HashMap::new(),
    }
}

/// Writes a mosaic; gives its grid and its values, row by row.
async fn written(running: &Running, request: proto::WriteIndexRequest) -> (Grid, Vec<f64>) {
    let key = request.key.clone();
    let answer = running.client.clone().write_index(request).await;
    let found = answer.expect("written").into_inner().grid.expect("a grid");
    let (_, values) = values_of(&std::fs::read(running.store_path(&key)).expect("it is there"));
    (grid_of(&found), values)
}

fn grid_of(found: &common::Grid) -> Grid {
    Grid {
        width: found.width,
        height: found.height,
        transform: GeoTransform {
            origin_x: found.geotransform[0],
            origin_y: found.geotransform[3],
            pixel_width: found.geotransform[1],
            pixel_height: -found.geotransform[5],
        },
        epsg: found.epsg,
    }
}

/// The pixel of a grid that holds the centre of another one's, worked out one by one.
fn holder(of: &Grid, onto: &Grid, col: u32, row: u32) -> Option<(u32, u32)> {
    let centre = of
        .transform
        .to_world(f64::from(col) + 0.5, f64::from(row) + 0.5);
    let mut point = [centre];
    if of.epsg != onto.epsg {
        let crs = |epsg| Crs::from_epsg(epsg).expect("a listed system");
        crs(of.epsg).unproject(&mut point).expect("within its area");
        crs(onto.epsg).project(&mut point).expect("within its area");
    }
    let (col, row) = onto.transform.to_pixel(point[0].0, point[0].1);
    let held = |place: f64, size: u32| {
        let place = (place + 1e-6).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "inside the grid"
        )]
        let pixel = (place >= 0.0 && place < f64::from(size)).then_some(place as u32);
        pixel
    };
    Some((held(col, onto.width)?, held(row, onto.height)?))
}

/// A value for every pixel that no other has.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn number(of: &Grid, col: u32, row: u32) -> f32 {
    (row * of.width + col) as f32
}

/// Writes the mosaic of two scenes, of which the first is clouded in its last ten columns, and
/// compares every pixel with the one that is looked up by itself.
async fn looked_up_nearest(first: Grid, second: Grid) -> (Grid, usize) {
    let running = start().await;
    let is_cloud = |col: u32| col >= first.width - 10;
    running.put("a.tif", &plane(first, |col, row| number(&first, col, row)));
    let mask = plane(first, |col, _| if is_cloud(col) { 9.0 } else { 4.0 });
    running.put("a_mask.tif", &mask);
    let of_second = plane(second, |col, row| 1e6 + number(&second, col, row));
    running.put("b.tif", &of_second);
    let scenes = vec![level("a", true), level("b", false)];

    let (all, values) = written(&running, write_request(scenes, "derived/m.tif")).await;

    let mut of_second = 0;
    for (place, value) in (0..).zip(&values) {
        let (col, row) = (place % all.width, place / all.width);
        let of_first = holder(&all, &first, col, row).filter(|(col, _)| !is_cloud(*col));
        let found = of_first
            .map(|(col, row)| number(&first, col, row))
            .or_else(|| {
                let (col, row) = holder(&all, &second, col, row)?;
                of_second += 1;
                Some(1e6 + number(&second, col, row))
            });
        match found {
            Some(worked) => assert_eq!(value.to_bits(), f64::from(worked).to_bits()),
            None => assert!(value.is_nan(), "{value} at {col}, {row}"),
        }
    }
    (all, of_second)
}

#[tokio::test]
async fn a_shifted_lattice_is_looked_up_nearest() {
    let first = utm(0, 0, 60, 40);
    let second = grid(50, 45, (600_403.7, 5_600_036.2), 10.0, 32631);

    let (all, of_second) = looked_up_nearest(first, second).await;

    assert_eq!((all.width, all.height), (90, 45));
    assert_eq!(all.transform.to_world(0.0, 4.0), (600_000.0, 5_600_000.0));
    assert!(of_second > 1000);
}

#[tokio::test]
async fn other_pixel_sizes_are_looked_up_nearest() {
    let first = utm(0, 0, 60, 40);
    for pixel in [20.0, 2.5] {
        let side = if pixel > 10.0 { 30 } else { 240 };
        let second = grid(side, side, (600_300.0, 5_600_100.0), pixel, 32631);

        let (_, of_second) = looked_up_nearest(first, second).await;

        assert!(of_second > 1000);
    }
}

#[tokio::test]
async fn a_scene_of_the_next_zone_is_looked_up_nearest() {
    // At 6° E, where UTM's zones 31 and 32 meet, their rows are turned by almost five degrees.
    let first = grid(70, 60, (714_000.0, 5_600_000.0), 10.0, 32631);
    let mut corner = [first.transform.to_world(40.0, 10.0)];
    let crs = |epsg| Crs::from_epsg(epsg).expect("a listed system");
    crs(32631).unproject(&mut corner).expect("within its area");
    assert!((corner[0].0 - 6.0).abs() < 0.1, "{corner:?}");
    crs(32632).project(&mut corner).expect("within its area");
    let snapped = |place: f64| (place / 10.0).round() * 10.0;
    let origin = (snapped(corner[0].0), snapped(corner[0].1));
    let second = grid(80, 70, origin, 10.0, 32632);

    let (all, of_second) = looked_up_nearest(first, second).await;

    assert!(all.width > 110 && all.height > 75, "{all:?}");
    // Every pixel of the second scene but for those that the first shows, each about once.
    assert!((4000..5600).contains(&of_second), "{of_second}");
}

#[tokio::test]
async fn a_field_across_zones_counts_the_pixels_that_are_there() {
    let running = start().await;
    let first = grid(70, 60, (714_000.0, 5_600_000.0), 10.0, 32631);
    let mut corner = [first.transform.to_world(70.0, 0.0)];
    let crs = |epsg| Crs::from_epsg(epsg).expect("a listed system");
    crs(32631).unproject(&mut corner).expect("within its area");
    crs(32632).project(&mut corner).expect("within its area");
    let second = grid(
        50,
        60,
        (corner[0].0.round() + 0.25, corner[0].1.round()),
        10.0,
        32632,
    );
    running.put("a.tif", &plane(first, |_, _| 1.0));
    running.put("b.tif", &plane(second, |_, _| 2.0));
    let everywhere = outline(&first, -20.0..150.0, -20.0..90.0);

    let found = summarize(
        &running,
        proto::SummarizeFieldsRequest {
            scenes: vec![level("a", false), level("b", false)],
            indices: vec![index("level", "level")],
            fields: vec![field("all", everywhere)],
            quantiles: vec![],
            histogram_bins: 0,
        },
    )
    .await;

    let summary = found.expect("an answer").into_values().next().expect("one");
    // All of both, but for the sliver of the second that the first shows already.
    assert_close(summary.scene_pixels[0], 4200.0);
    let of_second = summary.scene_pixels[1];
    assert!((2700.0..3000.0).contains(&of_second), "{of_second}");
    assert_close(summary.covered_pixels, summary.effective_pixels);
    assert_close(summary.valid_share, 1.0);
    assert_close(summary.effective_pixels, 4200.0 + of_second);
    assert_close(summary.covered_area_m2, 100.0 * summary.covered_pixels);
}

/// Two tiles of the same ground that overlap, and the raster of both.
async fn two_tiles() -> (Running, Grid) {
    let running = start().await;
    let (whole, west, east) = (
        utm(-30, -20, 400, 300),
        utm(0, 0, 370, 280),
        utm(-30, -20, 200, 300),
    );
    for (name, of) in [("whole", whole), ("west", west), ("east", east)] {
        let file = plane(of, |col, row| ground(&of, col, row));
        running.put(&format!("{name}.tif"), &file);
    }
    (running, whole)
}

fn both() -> Vec<proto::Scene> {
    vec![level("west", false), level("east", false)]
}

#[tokio::test]
async fn a_file_of_two_tiles_holds_both_and_gives_the_same_statistic() {
    let (running, whole) = two_tiles().await;

    let (all, values) = written(&running, write_request(both(), "derived/both.tif")).await;

    assert_eq!(all, whole);
    for (place, value) in (0..).zip(&values) {
        let (col, row) = (place % all.width, place / all.width);
        // The part north of the one tile and east of the other is nobody's.
        if row < 20 && col >= 200 {
            assert!(value.is_nan(), "{value} at {col}, {row}");
        } else {
            let worked = f64::from(ground(&whole, col, row));
            assert_eq!(value.to_bits(), worked.to_bits(), "at {col}, {row}");
        }
    }
    let asked = |scenes| proto::SummarizeFieldsRequest {
        scenes,
        indices: vec![index("level", "level")],
        fields: vec![field("a", outline(&whole, 5.5..380.2, 30.1..290.0))],
        quantiles: vec![],
        histogram_bins: 0,
    };
    running.put(
        "file.tif",
        &std::fs::read(running.store_path("derived/both.tif")).expect("it is there"),
    );
    let of_file = summarize(&running, asked(vec![level("file", false)])).await;
    let of_scenes = summarize(&running, asked(both())).await;
    let mean = |found: &crate::support::Summaries| found.values().next().and_then(|one| one.mean);
    let (of_file, of_scenes) = (of_file.expect("an answer"), of_scenes.expect("an answer"));
    let (of_file, of_scenes) = (mean(&of_file).expect("one"), mean(&of_scenes).expect("one"));
    assert!((of_file - of_scenes).abs() < 1e-12, "{of_file} {of_scenes}");
}

#[tokio::test]
async fn a_picture_of_two_tiles_is_that_of_one_raster() {
    let (running, whole) = two_tiles().await;
    let asked = |scenes| proto::RenderIndexRequest {
        scenes,
        index: Some(index("level", "level")),
        outline_wkb: Some(outline(&whole, 20.0..380.0, 40.0..290.0)),
        max_size: 128,
        stops: vec![
            ColourStop {
                value: -2.0,
                rgb: 0,
            },
            ColourStop {
                value: 2.0,
                rgb: 0x00ff_ffff,
            },
        ],
    };
    let mut client = running.client.clone();

    let of_one = client
        .render_index(asked(vec![level("whole", false)]))
        .await;
    let of_both = client.render_index(asked(both())).await;

    let (of_one, of_both) = (of_one.expect("drawn"), of_both.expect("drawn"));
    assert_eq!(of_one.into_inner(), of_both.into_inner());
}

#[tokio::test]
async fn tags_are_written_beside_the_formula() {
    let (running, _) = two_tiles().await;
    let mut request = write_request(both(), "derived/tagged.tif");
    let scenes = "S2B <west> & \"east\", 3 Ω".to_owned();
    request.tags = HashMap::from([
        ("SCENES".to_owned(), scenes.clone()),
        ("ACQUIRED_1".to_owned(), String::new()),
    ]);

    running
        .client
        .clone()
        .write_index(request)
        .await
        .expect("written");

    let described = proto::DescribeRasterRequest {
        object: key("derived/tagged.tif"),
    };
    let found = running.client.clone().describe_raster(described).await;
    let tags = found.expect("described").into_inner().tags;
    assert_eq!(tags["SCENES"], scenes);
    assert_eq!(tags["FORMULA"], "level");
    assert!(tags.get("ACQUIRED_1").is_none_or(String::is_empty));
}

#[tokio::test]
async fn tags_that_a_file_cannot_hold_are_refused() {
    let (running, _) = two_tiles().await;
    let many = (0..33).map(|place| (format!("T{place}"), String::new()));
    let refused = [
        HashMap::from([("FORMULA".to_owned(), "1".to_owned())]),
        HashMap::from([("lower".to_owned(), "1".to_owned())]),
        HashMap::from([(String::new(), "1".to_owned())]),
        HashMap::from([("A".repeat(65), "1".to_owned())]),
        HashMap::from([("A".to_owned(), "a\u{7}b".to_owned())]),
        HashMap::from([("A".to_owned(), "a\u{ffff}b".to_owned())]),
        HashMap::from([("A".to_owned(), "x".repeat(1025))]),
        many.collect(),
    ];

    for tags in refused {
        let mut request = write_request(both(), "derived/tagged.tif");
        request.tags = tags;
        let status = running.client.clone().write_index(request).await;
        let status = status.expect_err("refused");
        assert_eq!(refusal(&status).1, "REQUEST_INVALID");
        assert!(status.message().contains("ags"), "{}", status.message());
    }
    assert!(!running.store_path("derived/tagged.tif").exists());
}

#[tokio::test]
async fn a_file_of_scenes_too_far_apart_is_refused() {
    let running = start().await;
    let (here, there) = (utm(0, 0, 10, 10), utm(60_000, 400_000, 10, 10));
    running.put("here.tif", &plane(here, |_, _| 1.0));
    running.put("there.tif", &plane(there, |_, _| 1.0));
    let scenes = vec![level("here", false), level("there", false)];

    let status = running
        .client
        .clone()
        .write_index(write_request(scenes, "derived/far.tif"))
        .await
        .expect_err("refused");

    assert_eq!(refusal(&status).1, "RASTER_TOO_LARGE");
}
