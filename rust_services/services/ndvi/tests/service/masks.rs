//! What hides the ground and what holds no data, against pixels counted by hand.

use furrow_rpc::ndvi::v1 as proto;
use tonic::Code;

use crate::layouts::{Layout, tiff, tiff_with_gaps};
use crate::support::{
    Running, assert_close, band, box_wkb, classes, degrees, field, grid, index, key, plane,
    refusal, scene, scenes, start, summarize,
};

const TILES: Layout = Layout::Tiles(16, 16);

/// Sums up a whole scene of so many columns and rows.
fn request(
    band: proto::Band,
    masks: Vec<proto::MaskLayer>,
    size: f64,
) -> proto::SummarizeFieldsRequest {
    proto::SummarizeFieldsRequest {
        indices: vec![index("level", &format!("{} * 1", band.name))],
        scenes: scenes(vec![band], masks),
        fields: vec![field("all", box_wkb((0.0, size), (0.0, size)))],
        quantiles: vec![],
        histogram_bins: 0,
    }
}

async fn summary(running: &Running, request: proto::SummarizeFieldsRequest) -> proto::FieldSummary {
    let found = summarize(running, request).await.expect("an answer");
    found.into_values().next().expect("one")
}

#[tokio::test]
async fn bits_of_landsat_hide_and_only_clouds_grow() {
    let running = start().await;
    running.put("level.tif", &plane(degrees(21, 21), |_, _| 0.5));
    // Values of QA_PIXEL: fill, cloud, cloud shadow, water and clear land.
    let quality = tiff(&degrees(21, 21), TILES, |col, row| match (col, row) {
        (18, 2) => 1,
        (10, 10) => 22_280,
        (3, 3) => 23_888,
        (5, 16) => 21_952,
        _ => 21_824,
    });
    running.put("qa_pixel.tif", &quality);
    let mask = |dilation_m| proto::MaskLayer {
        object: key("qa_pixel.tif"),
        band_number: 1,
        rule: Some(proto::mask_layer::Rule::Bits(proto::BitRule {
            masked: 1 << 0 | 1 << 3 | 1 << 4,
            dilated: 1 << 3,
        })),
        dilation_m,
    };
    let clear = async |dilation_m| {
        let of_level = band("level", key("level.tif"));
        let asked = request(of_level, vec![mask(dilation_m)], 21.0);
        summary(&running, asked).await.effective_pixels
    };

    assert_close(clear(0.0).await, 441.0 - 3.0);
    // A pixel is 111 m high and 69 m wide: the cloud takes its four neighbours, none diagonally.
    assert_close(clear(115.0).await, 441.0 - 7.0);
}

#[tokio::test]
async fn a_mask_file_that_holds_nothing_does_not_say_that_the_ground_is_clear() {
    let running = start().await;
    running.put("level.tif", &plane(degrees(32, 32), |_, _| 0.5));
    // The first tile is left out; of the others the last row says "no data".
    let layer = tiff_with_gaps(
        &degrees(32, 32),
        TILES,
        Some(7),
        |col, row| (col, row) == (0, 0),
        |_, row| if row == 31 { 7 } else { 4 },
    );
    running.put("scl.tif", &layer);
    let masks = vec![classes(key("scl.tif"), &[9], 0.0)];

    let found = summary(
        &running,
        request(band("level", key("level.tif")), masks, 32.0),
    )
    .await;

    assert_close(found.effective_pixels, 1024.0 - 256.0 - 32.0);
}

/// A file made by [`tiff`] with a mask of its own behind it, 8 bits a pixel, 0 where it says so.
fn with_own_mask(mut file: Vec<u8>, size: u32, is_hidden: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let place = |file: &[u8]| u32::try_from(file.len()).expect("small files");
    let pixels = place(&file);
    let link = file.len() - 4;
    for row in 0..size {
        file.extend((0..size).map(|col| if is_hidden(col, row) { 0 } else { 255 }));
    }
    let directory = place(&file);
    file[link..link + 4].copy_from_slice(&directory.to_le_bytes());
    let entries: [(u16, u32); 8] = [
        (254, 4), // a mask of another image
        (256, size),
        (257, size),
        (258, 8),
        (262, 4),
        (273, pixels),
        (278, size),
        (279, size * size),
    ];
    file.extend([8, 0]);
    for (tag, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend([4, 0, 1, 0, 0, 0]);
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}

#[tokio::test]
async fn what_the_own_mask_of_a_file_hides_is_no_value_in_bands_and_mask_layers() {
    let running = start().await;
    let file = |value: u16| tiff(&degrees(16, 16), Layout::Strips(16), move |_, _| value);
    running.put("level.tif", &with_own_mask(file(5), 16, |_, row| row == 0));
    running.put("scl.tif", &with_own_mask(file(4), 16, |col, _| col < 2));
    let level = || band("level", key("level.tif"));
    let masks = vec![classes(key("scl.tif"), &[9], 0.0)];

    let alone = summary(&running, request(level(), vec![], 16.0)).await;
    let masked = summary(&running, request(level(), masks, 16.0)).await;

    assert_close(alone.effective_pixels, 256.0 - 16.0);
    // Nothing says of the first two columns that the ground is clear there.
    assert_close(masked.effective_pixels, 256.0 - 16.0 - 2.0 * 15.0);
}

#[tokio::test]
async fn what_a_file_leaves_out_is_no_data_whatever_nodata_the_request_says() {
    let running = start().await;
    let gapped = tiff_with_gaps(
        &degrees(32, 32),
        TILES,
        Some(0),
        |col, row| (col, row) == (16, 0),
        |_, _| 5,
    );
    running.put("level.tif", &gapped);
    let level = proto::Band {
        nodata: Some(65_535.0),
        ..band("level", key("level.tif"))
    };

    let found = summary(&running, request(level.clone(), vec![], 32.0)).await;
    let measured = running
        .client
        .clone()
        .measure_digital_numbers(proto::MeasureDigitalNumbersRequest {
            scene: scene(vec![level], vec![]),
            kept_classes: vec![],
        })
        .await
        .expect("measured")
        .into_inner();

    assert_close(found.effective_pixels, 768.0);
    assert_close(found.mean.expect("a mean"), 5.0);
    let numbers = &measured.bands[0];
    assert_eq!((numbers.measured_pixels, numbers.nodata_pixels), (768, 256));
}

#[tokio::test]
async fn a_requests_nodata_is_what_the_file_can_hold_of_it() {
    let running = start().await;
    let halves = plane(degrees(10, 10), |col, _| if col < 5 { 0.1 } else { 0.5 });
    running.put("level.tif", &halves);
    let level = proto::Band {
        nodata: Some(0.1),
        ..band("level", key("level.tif"))
    };

    let found = summary(&running, request(level, vec![], 10.0)).await;

    assert_close(found.effective_pixels, 50.0);
    assert_close(found.mean.expect("a mean"), 0.5);
}

#[tokio::test]
async fn a_mask_of_which_a_block_needs_too_much_is_refused() {
    let running = start().await;
    running.put("level.tif", &plane(degrees(6, 6), |_, _| 0.5));
    let fine = grid(6000, 6000, (5.0, 52.0), 1e-6, 4326);
    let layer = tiff_with_gaps(&fine, Layout::Tiles(512, 512), None, |_, _| true, |_, _| 0);
    running.put("fine.tif", &layer);
    let masks = vec![classes(key("fine.tif"), &[9], 1000.0)];

    let asked = request(band("level", key("level.tif")), masks, 6.0);
    let status = summarize(&running, asked).await.expect_err("refused");

    assert_eq!(
        refusal(&status),
        (Code::FailedPrecondition, "RASTER_TOO_LARGE".to_owned())
    );
}
