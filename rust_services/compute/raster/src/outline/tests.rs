use super::*;
use crate::{coverage::Coverage, grid::GeoTransform};

/// Little-endian WKB of a polygon with one ring.
fn polygon(points: &[(f64, f64)]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(u32::try_from(points.len()).unwrap().to_le_bytes());
    for (x, y) in points {
        bytes.extend(x.to_le_bytes());
        bytes.extend(y.to_le_bytes());
    }
    bytes
}

fn parse(bytes: &[u8]) -> Result<Outline, OutlineError> {
    Outline::from_wkb(bytes, &OutlineLimits::default())
}

const SQUARE: [(f64, f64); 5] = [
    (3.0, 50.0),
    (3.1, 50.0),
    (3.1, 50.1),
    (3.0, 50.1),
    (3.0, 50.0),
];

#[test]
fn both_byte_orders_and_all_dimensions_give_one_outline() {
    let wanted = parse(&polygon(&SQUARE)).unwrap();

    // ISO Z, M, ZM; EWKB Z, M, ZM, and with WGS 84 written into it; big-endian each.
    let flavours: [(u32, usize, bool); 8] = [
        (3, 0, false),
        (1003, 1, false),
        (2003, 1, false),
        (3003, 2, false),
        (0x8000_0003, 1, false),
        (0x4000_0003, 1, false),
        (0xC000_0003, 2, false),
        (0x2000_0003, 0, true),
    ];
    for (code, more, has_srid) in flavours {
        let mut bytes = vec![0];
        bytes.extend(code.to_be_bytes());
        if has_srid {
            bytes.extend(4326_u32.to_be_bytes());
        }
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 5]);
        for (x, y) in SQUARE {
            bytes.extend(x.to_be_bytes());
            bytes.extend(y.to_be_bytes());
            for _ in 0..more {
                bytes.extend(f64::NAN.to_be_bytes());
            }
        }
        assert_eq!(parse(&bytes).as_ref(), Ok(&wanted), "{code:x}");
    }
}

#[test]
fn a_multipolygon_may_mix_byte_orders() {
    let mut bytes = vec![0];
    bytes.extend(6_u32.to_be_bytes());
    bytes.extend(2_u32.to_be_bytes());
    bytes.extend(polygon(&SQUARE));
    let apart: Vec<_> = SQUARE.iter().map(|(x, y)| (x + 1.0, *y)).collect();
    bytes.extend(polygon(&apart));

    let outline = parse(&bytes).unwrap();

    assert_eq!(outline.vertex_count(), 10);
    for (found, wanted) in outline.bounds().iter().zip([3.0, 50.0, 4.1, 50.1]) {
        assert!((found - wanted).abs() < 1e-12);
    }
}

#[test]
fn every_cut_of_a_good_outline_is_refused() {
    let whole = polygon(&SQUARE);

    for len in 0..whole.len() {
        assert_eq!(parse(&whole[..len]), Err(OutlineError::Truncated));
    }
    assert_eq!(
        parse(&[&whole[..], &[0]].concat()),
        Err(OutlineError::TrailingBytes { found: 1 })
    );
}

#[test]
fn a_count_that_the_bytes_cannot_hold_takes_no_memory() {
    let mut bytes = polygon(&SQUARE);
    bytes[9..13].copy_from_slice(&u32::MAX.to_le_bytes());

    assert_eq!(parse(&bytes), Err(OutlineError::Truncated));
}

#[test]
fn outlines_that_are_none_are_refused_in_words() {
    let refused = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
    let ring = |points: &[(f64, f64)]| refused(&polygon(points));
    let mut point = vec![1, 1, 0, 0, 0];
    point.extend([0; 16]);

    assert!(refused(b"<gml/>").contains("byte order"));
    assert!(refused(&point).contains("no Polygon"));
    assert!(refused(&[1, 3, 0, 0, 0, 0, 0, 0, 0]).contains("empty"));
    assert!(ring(&SQUARE[..3]).contains("at least 4"));
    assert!(ring(&SQUARE[..4]).contains("not closed"));
    assert!(ring(&[(3.0, 50.0), (f64::NAN, 50.0), (3.1, 50.1), (3.0, 50.0)]).contains("finite"));
    assert!(ring(&[(3.0, 50.0), (3.1, 50.0), (3.2, 50.0), (3.0, 50.0)]).contains("no area"));
    let swapped: Vec<_> = SQUARE.iter().map(|(x, y)| (*y, x + 90.0)).collect();
    assert!(ring(&swapped).contains("longitude first"));
    let across = [
        (179.0, 0.0),
        (-179.0, 0.0),
        (-179.0, 1.0),
        (179.0, 1.0),
        (179.0, 0.0),
    ];
    assert!(ring(&across).contains("antimeridian"));
}

#[test]
fn an_outline_of_another_reference_system_is_refused() {
    let mut bytes = vec![1];
    bytes.extend(0x2000_0003_u32.to_le_bytes());
    bytes.extend(32631_u32.to_le_bytes());
    bytes.extend(&polygon(&SQUARE)[5..]);

    assert_eq!(
        parse(&bytes),
        Err(OutlineError::ForeignSrid { srid: 32631 })
    );
}

#[test]
fn limits_count_bytes_and_vertices_of_all_rings() {
    let bytes = polygon(&SQUARE);
    let limits = |max_bytes, max_vertices| OutlineLimits {
        max_bytes,
        max_vertices,
    };

    assert!(Outline::from_wkb(&bytes, &limits(93, 5)).is_ok());
    assert!(matches!(
        Outline::from_wkb(&bytes, &limits(92, 5)),
        Err(OutlineError::TooManyBytes {
            found: 93,
            allowed: 92
        })
    ));
    assert_eq!(
        Outline::from_wkb(&bytes, &limits(93, 4)),
        Err(OutlineError::TooManyVertices { allowed: 4 })
    );
}

/// A scene of 110 km in zone 31.
fn scene(pixel: f64, side: u32) -> (Crs, Grid) {
    let grid = Grid {
        width: side,
        height: side,
        transform: GeoTransform {
            origin_x: 399_960.0,
            origin_y: 5_700_000.0,
            pixel_width: pixel,
            pixel_height: pixel,
        },
        epsg: 32631,
    };
    (Crs::from_epsg(32631).unwrap(), grid)
}

#[test]
fn an_edge_never_leaves_the_true_curve_by_a_hundredth_of_a_pixel() {
    // 1.2 degrees along a parallel bend by 350 m in the projected plane.
    let (crs, grid) = scene(10.0, 10_980);
    let long = [
        (1.9, 50.6),
        (3.1, 50.6),
        (3.1, 50.9),
        (1.9, 50.9),
        (1.9, 50.6),
    ];
    let on_grid = parse(&polygon(&long))
        .unwrap()
        .on_grid(&crs, &grid)
        .unwrap();
    let points = &on_grid.rings()[0].points;

    assert!(points.len() > 100);
    for step in 0..=2000_u32 {
        let lon = 1.9 + 1.2 * f64::from(step) / 2000.0;
        let mut truth = [(lon, 50.6)];
        crs.project(&mut truth).unwrap();
        let (x, y) = grid.transform.to_pixel(truth[0].0, truth[0].1);
        let nearest = points
            .windows(2)
            .map(|edge| distance_to_edge((x, y), edge[0], edge[1]))
            .fold(f64::INFINITY, f64::min);
        assert!(nearest < 0.01, "{nearest} at {lon}");
    }
}

fn distance_to_edge(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let along = (to.0 - from.0, to.1 - from.1);
    let length2 = along.0 * along.0 + along.1 * along.1;
    let share = ((point.0 - from.0) * along.0 + (point.1 - from.1) * along.1) / length2;
    let share = share.clamp(0.0, 1.0);
    (point.0 - from.0 - share * along.0).hypot(point.1 - from.1 - share * along.1)
}

#[test]
fn a_field_takes_no_more_vertices_than_it_was_drawn_with() {
    let (crs, grid) = scene(10.0, 10_980);
    let field = [
        (2.5, 50.9),
        (2.502, 50.9),
        (2.502, 50.901),
        (2.5, 50.901),
        (2.5, 50.9),
    ];

    let on_grid = parse(&polygon(&field))
        .unwrap()
        .on_grid(&crs, &grid)
        .unwrap();

    assert_eq!(on_grid.rings()[0].points.len(), 5);
    // 140.5 m from west to east.
    assert!((15..=16).contains(&on_grid.window().unwrap().width));
}

#[test]
fn covered_and_outline_area_agree_on_planes_and_on_the_ellipsoid() {
    let (utm, metres) = scene(10.0, 10_980);
    let degrees = Grid {
        width: 4000,
        height: 3000,
        transform: GeoTransform {
            origin_x: 2.9,
            origin_y: 50.2,
            pixel_width: 0.0001,
            pixel_height: 0.0001,
        },
        epsg: 4326,
    };
    let outline = parse(&polygon(&SQUARE)).unwrap();
    let areas = |crs: &Crs, grid: &Grid| {
        let coverage = Coverage::of(&outline.on_grid(crs, grid).unwrap()).unwrap();
        (coverage.covered_area_m2(), coverage.outline_area_m2())
    };

    let far_south = Grid {
        transform: GeoTransform {
            origin_y: 5_600_000.0,
            ..metres.transform
        },
        ..metres
    };
    let (covered, whole) = areas(&utm, &far_south);
    let (covered_geo, whole_geo) = areas(&Crs::from_epsg(4326).unwrap(), &degrees);

    assert!((covered / whole - 1.0).abs() < 1e-9);
    assert!((covered_geo / whole_geo - 1.0).abs() < 1e-9);
    // UTM shrinks areas by up to 0.08 % near its central meridian, which is 3 degrees.
    assert!(
        (whole / whole_geo - 0.9992).abs() < 1e-4,
        "{}",
        whole / whole_geo
    );
}

#[test]
fn an_outline_partly_outside_keeps_its_whole_area() {
    let (crs, grid) = scene(10.0, 100);
    let field = [
        (1.5, 51.40),
        (1.6, 51.40),
        (1.6, 51.46),
        (1.5, 51.46),
        (1.5, 51.40),
    ];

    let on_grid = parse(&polygon(&field))
        .unwrap()
        .on_grid(&crs, &grid)
        .unwrap();
    let coverage = Coverage::of(&on_grid).unwrap();

    assert!(coverage.covered_area_m2() < 0.5 * coverage.outline_area_m2());
    assert!((coverage.outline_area_m2() / 46.4e6 - 1.0).abs() < 0.01);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(
        at in 0_usize..93,
        byte: u8,
        len in 0_usize..94,
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        let mut bytes = polygon(&SQUARE);
        bytes[at] = byte;
        bytes.truncate(len);

        let (crs, grid) = scene(10.0, 100);
        for bytes in [bytes, noise] {
            if let Ok(outline) = parse(&bytes) {
                let coverage = outline.on_grid(&crs, &grid).and_then(|on_grid| Coverage::of(&on_grid));
                proptest::prop_assert!(coverage.is_err() || coverage.is_ok_and(|c| c.covered_pixels() >= 0.0));
            }
        }
    }
}

#[test]
fn parts_that_the_reference_system_does_not_reach_are_left_out_and_halves_refused() {
    let (crs, grid) = scene(10.0, 10_980);
    let at = |lon: f64, lat: f64| {
        [(0.0, 0.0), (0.0, 0.01), (0.01, 0.0)].map(|(x, y)| (lon + x, lat + y))
    };
    let ring = |[a, b, c]: [(f64, f64); 3], is_hole| Ring {
        points: vec![a, b, c, a],
        is_hole,
    };
    let outline = |rings: Vec<Ring>| Outline { rings }.on_grid(&crs, &grid);
    let (here, far) = (at(3.2, 50.4), at(93.0, 0.1));

    let alone = outline(vec![ring(here, false)]).unwrap();
    let with_far = outline(vec![ring(far, false), ring(far, true), ring(here, false)]);
    let all_far = outline(vec![ring(far, false)]).unwrap();
    let half = outline(vec![ring([here[0], here[1], far[0]], false)]);

    assert_eq!(with_far, Ok(alone));
    assert_eq!(all_far.window(), None);
    assert_eq!(all_far.area_m2().to_bits(), 0.0_f64.to_bits());
    assert!(matches!(half, Err(OutlineError::Unprojectable(_))));
}

/// Degrees in quarters, from a western edge eastwards around the Earth.
fn around_the_earth(west: f64) -> (Crs, Grid) {
    let grid = Grid {
        width: 1440,
        height: 720,
        transform: GeoTransform {
            origin_x: west,
            origin_y: 90.0,
            pixel_width: 0.25,
            pixel_height: 0.25,
        },
        epsg: 4326,
    };
    (Crs::from_epsg(4326).unwrap(), grid)
}

fn covered_columns(ring: &[(f64, f64)], (crs, grid): (Crs, Grid)) -> (u32, u32, f64) {
    let on_grid = parse(&polygon(ring)).unwrap().on_grid(&crs, &grid).unwrap();
    let coverage = Coverage::of(&on_grid).unwrap();
    let window = coverage.window().unwrap();
    let share = coverage.covered_area_m2() / coverage.outline_area_m2();
    (window.col, window.col_end(), share)
}

#[test]
fn a_raster_of_0_to_360_degrees_has_the_west_on_its_right() {
    let brazil = [
        (-50.0, -10.0),
        (-49.0, -10.0),
        (-49.0, -9.0),
        (-50.0, -9.0),
        (-50.0, -10.0),
    ];
    let kenya = brazil.map(|(lon, lat)| (lon + 87.0, lat));

    let (west, west_end, west_share) = covered_columns(&brazil, around_the_earth(0.0));
    let (east, east_end, east_share) = covered_columns(&kenya, around_the_earth(0.0));
    let (usual, usual_end, _) = covered_columns(&brazil, around_the_earth(-180.0));

    assert_eq!((west, west_end), (1240, 1244));
    assert_eq!((east, east_end), (148, 152));
    assert_eq!((usual, usual_end), (520, 524));
    assert!((west_share - 1.0).abs() < 1e-9 && (east_share - 1.0).abs() < 1e-9);
}

#[test]
fn a_field_on_both_sides_of_the_antimeridian_is_covered_on_both() {
    let east = [
        (179.5, -17.0),
        (180.0, -17.0),
        (180.0, -16.0),
        (179.5, -16.0),
        (179.5, -17.0),
    ];
    let west = east.map(|(lon, lat)| (if lon > 179.9 { -180.0 } else { -179.5 }, lat));
    let mut bytes = vec![1];
    bytes.extend(6_u32.to_le_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend(polygon(&east));
    bytes.extend(polygon(&west));

    let (crs, grid) = around_the_earth(0.0);
    let outline = parse(&bytes).unwrap();
    let degrees = Coverage::of(&outline.on_grid(&crs, &grid).unwrap()).unwrap();
    let (crs, grid) = around_the_earth(-180.0);
    let apart = Coverage::of(&outline.on_grid(&crs, &grid).unwrap()).unwrap();
    // Fiji's own grid has both sides on one plane.
    let fiji = Crs::from_epsg(3460).unwrap();
    let mut corners = [(179.5, -16.0), (-179.5, -17.0)];
    fiji.project(&mut corners).unwrap();
    let [(left, top), (right, bottom)] = corners;

    assert_eq!(
        degrees.window().map(|w| (w.col, w.col_end())),
        Some((718, 722))
    );
    assert_eq!(
        apart.window().map(|w| (w.col, w.col_end())),
        Some((0, 1440))
    );
    assert_eq!((degrees.touched_pixels(), apart.touched_pixels()), (16, 16));
    for coverage in [degrees, apart] {
        let share = coverage.covered_area_m2() / coverage.outline_area_m2();
        assert!((share - 1.0).abs() < 1e-9, "{share}");
    }
    assert!(
        (100_000.0..112_000.0).contains(&(right - left)),
        "{right} - {left}"
    );
    assert!(
        (105_000.0..115_000.0).contains(&(top - bottom)),
        "{top} - {bottom}"
    );
}
