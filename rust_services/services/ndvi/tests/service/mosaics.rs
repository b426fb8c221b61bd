//! Several scenes of one day as one: each pixel once, from the first scene that shows it.

use std::ops::Range;

use furrow_raster::crs::Crs;
use furrow_raster::grid::Grid;
use furrow_rpc::ndvi::v1 as proto;
use tonic::Code;

use crate::support::{
    Running, assert_close, band, classes, field, grid, index, key, plane, refusal, start,
    summarize, wkb,
};

/// A grid of 10 m in UTM zone 31 whose first pixel is so many columns and rows from a fixed one.
pub fn utm(col: i32, row: i32, width: u32, height: u32) -> Grid {
    let origin = (
        600_000.0 + 10.0 * f64::from(col),
        5_600_000.0 - 10.0 * f64::from(row),
    );
    grid(width, height, origin, 10.0, 32631)
}

/// A value that tells every place of the ground, counted from the fixed pixel, from its neighbours.
pub fn ground(of: &Grid, col: u32, row: u32) -> f32 {
    let (x, y) = of
        .transform
        .to_world(f64::from(col) + 0.5, f64::from(row) + 0.5);
    let (col, row) = ((x - 600_000.0) / 10.0, (5_600_000.0 - y) / 10.0);
    let value = (col.floor() * 0.37).sin() + (row.floor() * 0.73).cos();
    #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
    let rounded = value as f32;
    rounded
}

/// Points of each side of an outline.
const STEPS: u32 = 64;

/// A box of columns and rows of a grid, as an outline.
pub fn outline(of: &Grid, cols: Range<f64>, rows: Range<f64>) -> Vec<u8> {
    // A side of the box is a curve in degrees; it is followed in steps.
    let along = |range: &Range<f64>, share: f64| range.start + share * (range.end - range.start);
    let shares = || (0..STEPS).map(|step| f64::from(step) / f64::from(STEPS));
    let top = shares().map(|share| (along(&cols, share), rows.start));
    let right = shares().map(|share| (cols.end, along(&rows, share)));
    let bottom = shares().map(|share| (along(&cols, 1.0 - share), rows.end));
    let left = shares().map(|share| (cols.start, along(&rows, 1.0 - share)));
    let ring = top.chain(right).chain(bottom).chain(left);
    let ring = ring.chain([(cols.start, rows.start)]);
    let mut points: Vec<(f64, f64)> = ring
        .map(|(col, row)| of.transform.to_world(col, row))
        .collect();
    let crs = Crs::from_epsg(of.epsg).expect("a listed system");
    crs.unproject(&mut points).expect("within its area");
    wkb(&[vec![points]])
}

/// A scene whose `level` is in a file of this name, hidden where a mask file of it, if it has one,
/// is 9.
pub fn level(name: &str, is_masked: bool) -> proto::Scene {
    let mask = classes(key(&format!("{name}_mask.tif")), &[9], 0.0);
    proto::Scene {
        scene_id: name.to_owned(),
        bands: vec![band("level", key(&format!("{name}.tif")))],
        masks: is_masked.then_some(mask).into_iter().collect(),
    }
}

fn request(scenes: Vec<proto::Scene>, outline: Vec<u8>) -> proto::SummarizeFieldsRequest {
    proto::SummarizeFieldsRequest {
        scenes,
        indices: vec![index("level", "level")],
        fields: vec![field("a", outline)],
        quantiles: vec![0.1, 0.9],
        histogram_bins: 0,
    }
}

async fn summary(running: &Running, request: proto::SummarizeFieldsRequest) -> proto::FieldSummary {
    let found = summarize(running, request).await.expect("an answer");
    found.into_values().next().expect("one")
}

/// The summary without what says where its pixels came from.
fn numbers(summary: &proto::FieldSummary) -> proto::FieldSummary {
    proto::FieldSummary {
        scene_pixels: vec![],
        ..summary.clone()
    }
}

fn put(running: &Running, name: &str, of: Grid, value: impl Fn(u32, u32) -> f32) {
    running.put(&format!("{name}.tif"), &plane(of, value));
}

#[tokio::test]
async fn a_field_on_the_edge_of_two_tiles_has_the_numbers_of_one_raster() {
    let running = start().await;
    let (whole, west, east) = (utm(0, 0, 80, 50), utm(0, 0, 37, 50), utm(37, 0, 43, 50));
    for (name, of) in [("whole", whole), ("west", west), ("east", east)] {
        put(&running, name, of, |col, row| ground(&of, col, row));
    }
    let field = outline(&whole, 20.3..61.7, 5.2..40.9);

    let one = summary(
        &running,
        request(vec![level("whole", false)], field.clone()),
    )
    .await;
    let two = vec![level("west", false), level("east", false)];
    let forth = summary(&running, request(two.clone(), field.clone())).await;
    let two = two.into_iter().rev().collect();
    let back = summary(&running, request(two, field)).await;

    assert!(one.effective_pixels > 1400.0);
    assert_eq!(numbers(&forth), numbers(&one), "to the last bit");
    // The grid starts elsewhere, so the outline's corners are rounded elsewhere.
    assert_close(back.mean.expect("a mean"), one.mean.expect("a mean"));
    assert_close(back.covered_pixels, one.covered_pixels);
    assert_close(back.effective_pixels, one.effective_pixels);
    assert_eq!(one.scene_pixels, [one.effective_pixels]);
    let [of_west, of_east] = forth.scene_pixels[..] else {
        panic!("a number a scene");
    };
    assert!(of_west > 500.0 && of_east > 500.0);
    assert_close(of_west + of_east, one.effective_pixels);
    assert_close(back.scene_pixels[0], of_east);
}

#[tokio::test]
async fn what_two_scenes_show_counts_once_and_is_that_of_the_first() {
    let running = start().await;
    let (west, east) = (utm(0, 0, 40, 20), utm(25, 0, 40, 20));
    put(&running, "west", west, |_, _| 1.0);
    put(&running, "east", east, |_, _| 3.0);
    // Columns 20 to 50 by 10 rows: 20 of the west, 10 of the east alone.
    let field = outline(&west, 20.0..50.0, 5.0..15.0);

    let scenes = vec![level("west", false), level("east", false)];
    let forth = summary(&running, request(scenes.clone(), field.clone())).await;
    let back = summary(&running, request(scenes.into_iter().rev().collect(), field)).await;

    assert_close(forth.covered_pixels, 300.0);
    assert_close(forth.effective_pixels, 300.0);
    assert_close(forth.mean.expect("a mean"), (20.0 + 30.0) / 30.0);
    assert_close(forth.scene_pixels[0], 200.0);
    assert_close(back.effective_pixels, 300.0);
    assert_close(back.mean.expect("a mean"), (5.0 + 75.0) / 30.0);
    assert_close(back.scene_pixels[0], 250.0);
}

#[tokio::test]
async fn clouds_are_filled_from_the_next_scene_that_shows_the_ground() {
    let running = start().await;
    let of = utm(0, 0, 20, 20);
    // Column by column: clear, clouded once, clouded twice, clouded in all.
    let clouds = |from: u32| move |col: u32, _: u32| if col >= from { 9.0 } else { 4.0 };
    for (name, value, from) in [("a", 1.0, 5), ("b", 2.0, 10), ("c", 3.0, 15)] {
        put(&running, name, of, move |_, _| value);
        put(&running, &format!("{name}_mask"), of, clouds(from));
    }
    let scenes = vec![level("a", true), level("b", true), level("c", true)];

    let found = summary(
        &running,
        request(scenes, outline(&of, 0.0..20.0, 0.0..20.0)),
    )
    .await;

    assert_close(found.covered_pixels, 400.0);
    assert_close(found.effective_pixels, 300.0);
    assert_close(found.clear_share, 0.75);
    assert_close(found.valid_share, 0.75);
    assert_close(found.mean.expect("a mean"), 2.0);
    for pixels in found.scene_pixels {
        assert_close(pixels, 100.0);
    }
}

#[tokio::test]
async fn a_pixel_that_shows_the_ground_without_a_value_is_not_replaced() {
    let running = start().await;
    let of = utm(0, 0, 10, 10);
    // The root of a negative number is no number, yet the ground is seen there.
    put(&running, "a", of, |col, _| if col < 4 { -1.0 } else { 4.0 });
    put(&running, "b", of, |_, _| 16.0);
    let mut asked = request(
        vec![level("a", false), level("b", false)],
        outline(&of, 0.0..10.0, 0.0..10.0),
    );
    asked.indices = vec![index("root", "sqrt(level)")];

    let found = summary(&running, asked).await;

    assert_close(found.effective_pixels, 60.0);
    assert_close(found.clear_share, 1.0);
    assert_close(found.valid_share, 0.6);
    assert_close(found.mean.expect("a mean"), 2.0);
    assert_eq!(found.scene_pixels.len(), 2);
    assert_close(found.scene_pixels[1], 0.0);
}

#[tokio::test]
async fn each_index_is_taken_from_the_first_scene_that_shows_it() {
    let running = start().await;
    let of = utm(0, 0, 10, 10);
    put(&running, "level", of, |_, _| 1.0);
    put(
        &running,
        "other",
        of,
        |col, _| if col < 3 { f32::NAN } else { 1.0 },
    );
    put(&running, "fill", of, |_, _| 2.0);
    let bands = |level: &str, other: &str| {
        vec![
            band("level", key(&format!("{level}.tif"))),
            band("other", key(&format!("{other}.tif"))),
        ]
    };
    let scene = |bands: Vec<proto::Band>| proto::Scene {
        bands,
        ..level("any", false)
    };
    // The second scene lists its bands the other way round.
    let second = bands("fill", "fill").into_iter().rev().collect();
    let mut asked = request(
        vec![scene(bands("level", "other")), scene(second)],
        outline(&of, 0.0..10.0, 0.0..10.0),
    );
    asked.indices = vec![index("level", "level"), index("sum", "level + other")];

    let found = summarize(&running, asked).await.expect("an answer");

    let of_index = |name: &str| &found[&("a".to_owned(), name.to_owned())];
    assert_close(of_index("level").mean.expect("a mean"), 1.0);
    assert_close(of_index("level").scene_pixels[0], 100.0);
    assert_close(of_index("sum").mean.expect("a mean"), 0.3 * 4.0 + 0.7 * 2.0);
    assert_close(of_index("sum").scene_pixels[1], 30.0);
}

#[tokio::test]
async fn only_pixels_that_some_scene_covers_are_covered() {
    let running = start().await;
    // Two squares that meet at a corner: half of their common box is nobody's.
    let (north, south) = (utm(0, 0, 10, 10), utm(10, 10, 10, 10));
    put(&running, "north", north, |_, _| 1.0);
    put(&running, "south", south, |_, _| 2.0);
    let field = outline(&north, 0.0..20.0, 0.0..20.0);
    let scenes = vec![level("north", false), level("south", false)];

    let found = summary(&running, request(scenes, field)).await;

    assert_close(found.covered_pixels, 200.0);
    assert_close(found.covered_area_m2, 20_000.0);
    assert_close(found.outline_area_m2, 40_000.0);
    assert_close(found.valid_share, 1.0);
    assert_close(found.mean.expect("a mean"), 1.5);
}

#[tokio::test]
async fn scenes_far_apart_take_no_more_than_their_fields() {
    let running = start().await;
    let (here, there) = (utm(0, 0, 10, 10), utm(60_000, 400_000, 10, 10));
    put(&running, "here", here, |_, _| 1.0);
    put(&running, "there", there, |_, _| 2.0);
    let mut asked = request(
        vec![level("here", false), level("there", false)],
        outline(&here, 0.0..10.0, 0.0..10.0),
    );
    let far = outline(&there, 0.0..10.0, 0.0..10.0);
    asked.fields.push(field("far", far));

    let found = summarize(&running, asked).await.expect("an answer");

    let mean = |id: &str| found[&(id.to_owned(), "level".to_owned())].mean;
    assert_close(mean("a").expect("a mean"), 1.0);
    assert_close(mean("far").expect("a mean"), 2.0);
}

#[tokio::test]
async fn a_scene_without_a_band_of_the_formula_is_refused_by_name() {
    let running = start().await;
    let of = utm(0, 0, 10, 10);
    put(&running, "a", of, |_, _| 1.0);
    let lacking = proto::Scene {
        scene_id: "S2B_31UGR".to_owned(),
        bands: vec![band("red", key("a.tif"))],
        masks: vec![],
    };

    let refused = summarize(
        &running,
        request(
            vec![level("a", false), lacking],
            outline(&of, 0.0..10.0, 0.0..10.0),
        ),
    )
    .await
    .expect_err("refused");

    assert_eq!(
        refusal(&refused),
        (Code::InvalidArgument, "REQUEST_INVALID".to_owned())
    );
    for word in ["Scenes[1].bands", "\"level\"", "\"S2B_31UGR\""] {
        assert!(refused.message().contains(word), "{}", refused.message());
    }
}

#[tokio::test]
async fn one_to_eight_scenes_are_taken() {
    let running = start().await;
    let of = utm(0, 0, 10, 10);
    put(&running, "a", of, |_, _| 1.0);
    let many = |count: usize| {
        request(
            vec![level("a", false); count],
            outline(&of, 0.0..10.0, 0.0..10.0),
        )
    };

    let eight = summary(&running, many(8)).await;
    let too_few = summarize(&running, many(0)).await.expect_err("refused");
    let too_many = summarize(&running, many(9)).await.expect_err("refused");

    assert_close(eight.effective_pixels, 100.0);
    assert_eq!(eight.scene_pixels.len(), 8);
    assert!(eight.scene_pixels[1..].iter().all(|pixels| *pixels <= 0.0));
    for refused in [too_few, too_many] {
        assert_eq!(refusal(&refused).1, "REQUEST_INVALID");
    }
}

/// Bytes that the service has read from its store so far.
async fn bytes_read(running: &Running) -> u64 {
    let metrics = running.metrics().await;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("furrow_store_read_bytes_total "));
    line.expect("it is counted").parse().expect("a number")
}

#[tokio::test]
async fn a_scene_is_read_only_where_those_before_it_leave_pixels_missing() {
    let running = start().await;
    // Noise does not pack: 1024 × 1024 pixels are 4 MiB in 16 tiles.
    let of = utm(0, 0, 1024, 1024);
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    let noise = |col: u32, row: u32| {
        let mixed = (col ^ row.rotate_left(16)).wrapping_mul(2_654_435_761);
        (mixed.wrapping_mul(mixed >> 9 | 1) >> 8) as f32
    };
    put(&running, "a", of, noise);
    put(&running, "b", of, noise);
    put(&running, "a_mask", of, |col, row| {
        if col < 200 && row < 200 { 9.0 } else { 4.0 }
    });
    let asked = |scenes: Vec<proto::Scene>| request(scenes, outline(&of, 0.0..1024.0, 0.0..1024.0));
    let spent = async |scenes: Vec<proto::Scene>| {
        let before = bytes_read(&running).await;
        let found = summary(&running, asked(scenes)).await;
        (bytes_read(&running).await - before, found)
    };

    let (alone, _) = spent(vec![level("a", false)]).await;
    let (shown, _) = spent(vec![level("a", false), level("b", false)]).await;
    let (clouded, filled) = spent(vec![level("a", true), level("b", false)]).await;

    assert!(alone > 3 << 20, "{alone} bytes");
    // Of a scene that is not needed only the header is read.
    assert!(shown - alone < 200_000, "{} bytes more", shown - alone);
    // One tile of sixteen, and the mask, which packs well.
    let more = clouded - alone;
    assert!((200_000..700_000).contains(&more), "{more} bytes more");
    assert_close(filled.scene_pixels[1], 40_000.0);
}
