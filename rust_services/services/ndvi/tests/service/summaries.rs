//! Numbers over fields against numbers worked by hand.

use furrow_rpc::ndvi::v1 as proto;

use crate::support::{
    Running, assert_close, band, box_wkb, classes, degrees, field, grid, index, key, plane, scene,
    scenes, start, summarize, wkb,
};

/// A scene of ten columns and rows whose `level` is the column's number.
async fn columns() -> Running {
    let running = start().await;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let file = plane(degrees(10, 10), |col, _| col as f32);
    running.put("level.tif", &file);
    running
}

fn request(fields: Vec<proto::FieldOutline>) -> proto::SummarizeFieldsRequest {
    proto::SummarizeFieldsRequest {
        scenes: scenes(vec![band("level", key("level.tif"))], vec![]),
        indices: vec![index("level", "level")],
        fields,
        quantiles: vec![],
        histogram_bins: 0,
    }
}

fn only(summaries: crate::support::Summaries) -> proto::FieldSummary {
    assert_eq!(summaries.len(), 1);
    summaries.into_values().next().expect("one")
}

#[tokio::test]
async fn pixels_weigh_by_the_share_of_them_inside() {
    let running = columns().await;
    // Columns 2 to 5, the outer ones half, over two rows.
    let outline = box_wkb((2.5, 5.5), (1.0, 3.0));

    let found = summarize(&running, request(vec![field("a", outline)])).await;

    let summary = only(found.expect("an answer"));
    // (2 × ½ + 3 + 4 + 5 × ½) / 3 = 3.5; squares 13 / 3.
    assert_close(summary.mean.expect("a mean"), 3.5);
    let variance = (0.5 * 2.25 + 0.25 + 0.25 + 0.5 * 2.25) / 3.0_f64;
    assert_close(summary.standard_deviation.expect("one"), variance.sqrt());
    assert_close(summary.covered_pixels, 6.0);
    assert_close(summary.effective_pixels, 6.0);
    assert_close(summary.edge_share, 1.0 / 3.0);
    assert_close(summary.min.expect("one"), 2.0);
    assert_close(summary.max.expect("one"), 5.0);
    assert_close(summary.valid_share, 1.0);
}

#[tokio::test]
async fn a_field_outside_the_raster_has_no_numbers_and_is_no_error() {
    let running = columns().await;
    let fields = vec![
        field("out", box_wkb((100.0, 110.0), (0.0, 5.0))),
        field("half", box_wkb((8.0, 12.0), (0.0, 5.0))),
    ];

    let found = summarize(&running, request(fields)).await.expect("answers");

    let out = &found[&("out".to_owned(), "level".to_owned())];
    assert_close(out.covered_pixels, 0.0);
    assert_eq!((out.mean, out.median, out.min), (None, None, None));
    assert!(out.outline_area_m2 > 1.0);
    let half = &found[&("half".to_owned(), "level".to_owned())];
    assert_close(half.covered_pixels, 10.0);
    assert_close(half.mean.expect("a mean"), 8.5);
    assert!(half.outline_area_m2 > 1.9 * half.covered_area_m2);
}

#[tokio::test]
async fn a_field_that_the_reference_system_does_not_reach_is_outside_like_any_other() {
    let running = start().await;
    let utm = grid(10, 10, (500_000.0, 5_600_000.0), 10.0, 32631);
    running.put("level.tif", &plane(utm, |_, _| 0.5));
    let around = |lon: f64, lat: f64| {
        let corners = [
            (-0.1, -0.1),
            (0.1, -0.1),
            (0.1, 0.1),
            (-0.1, 0.1),
            (-0.1, -0.1),
        ];
        let ring = corners.map(|(x, y)| (lon + x, lat + y));
        wkb(&[vec![ring.to_vec()]])
    };
    let fields = vec![
        field("here", around(3.0, 50.55)),
        field("far", around(93.0, 0.0)),
    ];

    let found = summarize(&running, request(fields)).await.expect("answers");

    let of = |field: &str| &found[&(field.to_owned(), "level".to_owned())];
    assert_close(of("here").covered_pixels, 100.0);
    assert_close(of("far").covered_pixels, 0.0);
    assert_eq!((of("far").mean, of("far").median), (None, None));
}

#[tokio::test]
async fn many_fields_over_many_blocks_are_each_answered_once_and_right() {
    let running = start().await;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let file = plane(degrees(1500, 1300), |col, row| (col + 2 * row) as f32);
    running.put("level.tif", &file);
    let boxes: Vec<(f64, f64)> = (0..12_u32)
        .flat_map(|row| {
            (0..12_u32).map(move |col| (f64::from(col) * 118.5, f64::from(row) * 101.25))
        })
        .collect();
    let fields = boxes
        .iter()
        .enumerate()
        .map(|(place, (col, row))| {
            field(
                &place.to_string(),
                box_wkb((*col, col + 90.0), (*row, row + 80.0)),
            )
        })
        .collect();

    let found = summarize(&running, request(fields)).await.expect("answers");

    assert_eq!(found.len(), boxes.len());
    for (place, (col, row)) in boxes.iter().enumerate() {
        let summary = &found[&(place.to_string(), "level".to_owned())];
        // The mean of a plane over a box is its value at the middle; the value at a pixel's centre
        // is that of its column and row, half a pixel up and left.
        let middle = (col + 45.0 - 0.5) + 2.0 * (row + 40.0 - 0.5);
        let mean = summary.mean.expect("a mean");
        // Cut pixels count with their centre's value, which shifts the mean by less than a tenth.
        assert!(
            (mean - middle).abs() < 0.1,
            "{mean} at {col}, {row}, not {middle}"
        );
        assert_close(summary.covered_pixels, 7200.0);
    }
}

#[tokio::test]
async fn masked_missing_saturated_and_undefined_pixels_count_apart() {
    let running = start().await;
    // Columns: 0 data, 1 no data, 2 saturated, 3 masked, 4 without a value, 5 to 9 data.
    let red = plane(degrees(10, 10), |col, _| match col {
        1 => f32::NAN,
        2 => 70_000.0,
        4 => -3_000.0,
        _ => 1_000.0,
    });
    running.put("red.tif", &red);
    running.put("nir.tif", &plane(degrees(10, 10), |_, _| 3_000.0));
    let mask = plane(degrees(10, 10), |col, _| if col == 3 { 9.0 } else { 4.0 });
    running.put("mask.tif", &mask);
    let reflectance = |name: &str| proto::Band {
        scale: 0.0001,
        max_digital_number: Some(65_000.0),
        ..band(name, key(&format!("{name}.tif")))
    };
    let mut request = request(vec![field("a", box_wkb((0.0, 10.0), (0.0, 10.0)))]);
    request.scenes = scenes(
        vec![reflectance("red"), reflectance("nir")],
        vec![classes(key("mask.tif"), &[9], 0.0)],
    );
    request.indices = vec![index("ndvi", "(nir - red) / (nir + red)")];

    let summary = only(summarize(&running, request).await.expect("an answer"));

    assert_close(summary.covered_pixels, 100.0);
    assert_close(summary.effective_pixels, 60.0);
    assert_close(summary.valid_share, 0.6);
    // Seen but without a value: clear.
    assert_close(summary.clear_share, 0.7);
    assert_close(summary.mean.expect("a mean"), 0.5);
}

#[tokio::test]
async fn a_mask_grows_by_metres_beyond_the_block_that_holds_it() {
    let running = start().await;
    let metres = grid(40, 40, (501_360.0, 5_629_680.0), 10.0, 32631);
    running.put("level.tif", &plane(metres, |_, _| 1.0));
    // Classes at 20 m, as Sentinel-2 has them; one cloudy pixel at the upper left.
    let coarse = grid(20, 20, (501_360.0, 5_629_680.0), 20.0, 32631);
    let cloud = |col, row| if (col, row) == (0, 0) { 9.0 } else { 4.0 };
    running.put("mask.tif", &plane(coarse, cloud));
    let write = proto::WriteIndexRequest {
        scenes: scenes(
            vec![band("level", key("level.tif"))],
            vec![classes(key("mask.tif"), &[9], 40.0)],
        ),
        index: Some(index("level", "level")),
        outline_wkb: None,
        key: "derived/1/level.tif".to_owned(),
        encoding: proto::Encoding::Float32.into(),
        compression: proto::Compression::Deflate.into(),
        tags: std::collections::HashMap::new(),
    };

    running
        .client
        .clone()
        .write_index(write)
        .await
        .expect("written");

    // Within 40 m of the cloudy centre lie the classes (0..=2, 0), (0..=1, 1) and (0, 2): 6 of 20 m,
    // which hide 24 pixels of 10 m.
    let measured = running
        .client
        .clone()
        .measure_digital_numbers(proto::MeasureDigitalNumbersRequest {
            scene: scene(vec![band("level", key("derived/1/level.tif"))], vec![]),
            kept_classes: vec![],
        })
        .await
        .expect("measured")
        .into_inner();
    assert_eq!(measured.bands[0].nodata_pixels, 24);
    assert_eq!(measured.bands[0].measured_pixels, 1600 - 24);
}

#[tokio::test]
async fn an_index_is_computed_at_the_coarsest_band_it_names_and_no_coarser() {
    let running = start().await;
    let origin = (501_360.0, 5_629_680.0);
    let fine = grid(8, 8, origin, 10.0, 32631);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    running.put(
        "fine.tif",
        &plane(fine, |col, row| (col % 2 + 2 * (row % 2)) as f32),
    );
    running.put(
        "coarse.tif",
        &plane(grid(4, 4, origin, 20.0, 32631), |_, _| 10.0),
    );
    let mut corners = vec![
        (501_360.0, 5_629_680.0),
        (501_440.0, 5_629_680.0),
        (501_440.0, 5_629_600.0),
        (501_360.0, 5_629_600.0),
        (501_360.0, 5_629_680.0),
    ];
    let utm = furrow_raster::crs::Crs::from_epsg(32631).expect("known");
    utm.unproject(&mut corners).expect("inside the zone");
    let mut request = request(vec![field("a", crate::support::wkb(&[vec![corners]]))]);
    request.scenes = scenes(
        vec![
            band("fine", key("fine.tif")),
            band("coarse", key("coarse.tif")),
        ],
        vec![],
    );
    request.indices = vec![index("both", "coarse + fine"), index("alone", "fine")];

    let found = summarize(&running, request).await.expect("answers");

    let both = &found[&("a".to_owned(), "both".to_owned())];
    let alone = &found[&("a".to_owned(), "alone".to_owned())];
    // Each coarse pixel averages 0, 1, 2 and 3.
    assert_close(both.mean.expect("a mean"), 11.5);
    assert!(both.standard_deviation.expect("one") < 1e-6);
    assert!((both.covered_pixels - 16.0).abs() < 1e-3);
    assert!((alone.covered_pixels - 64.0).abs() < 1e-3);
    assert!((alone.standard_deviation.expect("one") - 1.25_f64.sqrt()).abs() < 1e-3);
}

#[tokio::test]
async fn quantiles_and_histogram_come_as_they_were_asked_for() {
    let running = columns().await;
    let mut request = request(vec![field("a", box_wkb((0.0, 10.0), (0.0, 10.0)))]);
    request.indices = vec![
        proto::IndexFormula {
            valid_min: Some(0.0),
            valid_max: Some(10.0),
            ..index("level", "level")
        },
        index("unbounded", "level"),
    ];
    request.quantiles = vec![0.1, 0.9];
    request.histogram_bins = 5;

    let found = summarize(&running, request).await.expect("answers");

    let level = &found[&("a".to_owned(), "level".to_owned())];
    assert_eq!(level.quantiles.len(), 2);
    assert!(level.quantiles[0] < level.median.expect("one"));
    assert_eq!(level.histogram, vec![20.0; 5]);
    let unbounded = &found[&("a".to_owned(), "unbounded".to_owned())];
    assert_eq!(unbounded.histogram, Vec::<f64>::new());
}

#[tokio::test]
async fn every_answer_names_the_version_and_echoes_the_request_id() {
    let running = columns().await;
    let mut request = tonic::Request::new(proto::DescribeRasterRequest {
        object: key("level.tif"),
    });
    request
        .metadata_mut()
        .insert("x-request-id", "trace-7".parse().expect("plain"));

    let answer = running
        .client
        .clone()
        .describe_raster(request)
        .await
        .expect("described");

    let metadata = answer.metadata();
    assert_eq!(
        metadata.get("x-furrow-version").expect("one"),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(metadata.get("x-request-id").expect("one"), "trace-7");
}
