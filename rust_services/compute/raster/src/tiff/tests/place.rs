//! Where the pixels lie, and what bands are called.

use super::builder::{Form, Page, Value};
use super::open;
use crate::grid::GeoTransform;
use crate::tiff::{Tiff, TiffError, tags};

const UTM: u16 = 32631;

/// A page with the keys of a reference system and of how pixels are meant.
fn page(raster_type: u16, epsg: u16) -> Page {
    let keys = vec![
        1,
        1,
        0,
        4, //
        1024,
        0,
        1,
        1, //
        1025,
        0,
        1,
        raster_type, //
        1026,
        34737,
        9,
        0, //
        3072,
        0,
        1,
        epsg,
    ];
    Page::grey(2, 2, 8, vec![0; 4])
        .with(tags::GEO_KEY_DIRECTORY, Value::Short(keys))
        .with(tags::GEO_ASCII_PARAMS, Value::Ascii("The moon|".to_owned()))
}

fn scaled(page: Page) -> Page {
    page.with(
        tags::MODEL_PIXEL_SCALE,
        Value::Double(vec![10.0, 20.0, 0.0]),
    )
    .with(
        tags::MODEL_TIEPOINT,
        Value::Double(vec![1.0, 1.0, 0.0, 500_000.0, 5_700_000.0, 0.0]),
    )
}

fn tiff(page: Page) -> Tiff {
    open(&Form::default().file(&[page])).expect("sound")
}

#[test]
fn the_tiepoint_may_be_any_pixel() {
    let grid = tiff(scaled(page(1, UTM))).grid().expect("north up");

    assert_eq!((grid.epsg, grid.width, grid.height), (32631, 2, 2));
    assert_eq!(
        grid.transform,
        GeoTransform {
            origin_x: 499_990.0,
            origin_y: 5_700_020.0,
            pixel_width: 10.0,
            pixel_height: 20.0,
        }
    );
}

#[test]
fn a_plane_in_another_unit_than_its_systems_is_refused() {
    const STATE_PLANE: u16 = 2263; // US feet
    // Metres, feet, US feet, and a unit that is not known.
    for (epsg, unit, is_fine) in [
        (UTM, 9001, true),
        (UTM, 9002, false),
        (UTM, 9003, false),
        (UTM, 9999, true),
        (STATE_PLANE, 9001, false),
        (STATE_PLANE, 9002, true),
        (STATE_PLANE, 9003, true),
    ] {
        let keys = vec![
            1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, epsg, 3076, 0, 1, unit,
        ];
        let page = scaled(page(1, epsg)).with(tags::GEO_KEY_DIRECTORY, Value::Short(keys));

        let grid = tiff(page).grid();

        let refused = grid.map_err(|error| (error.reason(), error.to_string()));
        match refused {
            Ok(_) => assert!(is_fine, "EPSG:{epsg} in {unit}"),
            Err((reason, words)) => {
                assert!(!is_fine && reason == "RASTER_UNSUPPORTED", "{words}");
                assert!(words.contains("a unit of"), "{words}");
            }
        }
    }
}

#[test]
fn a_pixel_that_is_a_point_lies_half_a_pixel_up_and_left() {
    let area = tiff(scaled(page(1, UTM))).grid().expect("north up");

    let point = tiff(scaled(page(2, UTM))).grid().expect("north up");

    assert_eq!(
        point.transform.to_world(0.5, 0.5),
        area.transform.to_world(0.0, 0.0)
    );
}

#[test]
fn a_matrix_says_the_same_as_scale_and_tiepoint() {
    let matrix = vec![
        10.0,
        0.0,
        0.0,
        499_990.0, //
        0.0,
        -20.0,
        0.0,
        5_700_020.0, //
        0.0,
        0.0,
        0.0,
        0.0, //
        0.0,
        0.0,
        0.0,
        1.0,
    ];
    let by_matrix = tiff(page(1, UTM).with(tags::MODEL_TRANSFORMATION, Value::Double(matrix)));

    assert_eq!(
        by_matrix.grid().expect("north up"),
        tiff(scaled(page(1, UTM))).grid().expect("north up")
    );
}

#[test]
fn grids_that_are_not_north_up_are_refused() {
    let matrix = |numbers: [f64; 4]| {
        let [width, turn, other_turn, height] = numbers;
        let rows = [width, turn, 0.0, 1.0, other_turn, height, 0.0, 1.0];
        let full = [rows.as_slice(), &[0.0; 8]].concat();
        tiff(page(1, UTM).with(tags::MODEL_TRANSFORMATION, Value::Double(full))).grid()
    };

    for numbers in [
        [7.0, 7.0, 7.0, -7.0],
        [10.0, 0.0, 0.0, 10.0],
        [-10.0, 0.0, 0.0, -10.0],
    ] {
        let error = matrix(numbers).expect_err("not north up");
        assert_eq!(error.reason(), "RASTER_UNSUPPORTED", "{error}");
    }
    let nan = matrix([f64::NAN, 0.0, 0.0, -10.0]).expect_err("not a number");
    assert_eq!(nan.reason(), "RASTER_UNREADABLE");
}

#[test]
fn control_points_alone_are_refused_by_number() {
    let points = vec![0.0; 24];
    let tiff = tiff(page(1, UTM).with(tags::MODEL_TIEPOINT, Value::Double(points)));

    let error = tiff.grid().expect_err("no transform");

    assert!(
        error.to_string().contains("4 ground control points"),
        "{error}"
    );
}

#[test]
fn a_raster_without_place_says_what_is_missing() {
    let nowhere = tiff(Page::grey(2, 2, 8, vec![0; 4])).grid();
    let unnamed = tiff(scaled(Page::grey(2, 2, 8, vec![0; 4]))).grid();
    let described = tiff(scaled(page(1, 32767))).grid();

    assert_eq!(
        nowhere,
        Err(TiffError::NotGeoreferenced {
            missing: "transform"
        })
    );
    assert_eq!(
        unnamed,
        Err(TiffError::NotGeoreferenced {
            missing: "reference system"
        })
    );
    let citation = "The moon".to_owned();
    assert_eq!(described, Err(TiffError::CrsUnsupported { citation }));
}

#[test]
fn bands_carry_what_the_file_says_of_them() {
    let xml = r#"<GDALMetadata>
        <Item name="PROCESSING_BASELINE">05.09</Item>
        <Item name="OFFSET" sample="0" role="offset">-1000</Item>
        <Item name="DESCRIPTION" sample="0" role="description">B04</Item></GDALMetadata>"#;
    let page = Page::grey(2, 2, 16, vec![0; 8])
        .with(tags::GDAL_METADATA, Value::Ascii(xml.to_owned()))
        .with(tags::GDAL_NODATA, Value::Ascii("0".to_owned()));

    let tiff = tiff(page);

    assert_eq!(tiff.tags["PROCESSING_BASELINE"], "05.09");
    assert_eq!(tiff.bands[0].description.as_deref(), Some("B04"));
    assert_eq!(tiff.bands[0].offset, Some(-1000.0));
    assert_eq!(tiff.bands[0].scale, None);
    assert_eq!(tiff.bands[0].nodata, Some(0.0));
}
