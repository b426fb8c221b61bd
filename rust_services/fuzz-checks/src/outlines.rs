//! Outlines: refused, or carried to a grid with shares that add up to their area.

use std::sync::LazyLock;

use furrow_raster::coverage::Coverage;
use furrow_raster::crs::Crs;
use furrow_raster::grid::{GeoTransform, Grid};
use furrow_raster::outline::{GridOutline, Outline, OutlineLimits};

const LIMITS: OutlineLimits = OutlineLimits {
    max_bytes: 16 << 10,
    max_vertices: 256,
};

/// How far the shares of a pixel may be off where an outline folds over itself without being
/// refused, as `furrow_raster::coverage` states it.
const FOLD: f64 = 0.02;

/// A grid, and degrees in its middle.
struct Place {
    epsg: u32,
    origin: (f64, f64),
    pixel: f64,
    middle: (f64, f64),
    /// Degrees of a unit of drawn coordinates.
    step: f64,
}

const PLACES: [Place; 5] = [
    // A Sentinel-2 tile of Flanders, cut.
    Place {
        epsg: 32631,
        origin: (499_980.0, 5_600_040.0),
        pixel: 10.0,
        middle: (3.009, 50.549),
        step: 1e-5,
    },
    // Degrees, 0.0005 wide.
    Place {
        epsg: 4326,
        origin: (10.0, 48.0),
        pixel: 0.0005,
        middle: (10.032, 47.968),
        step: 1e-5,
    },
    // Web Mercator at the antimeridian, coarse.
    Place {
        epsg: 3857,
        origin: (-20_037_508.342_789_244, 20_037_508.342_789_244),
        pixel: 313_086.067_856_081_94,
        middle: (0.0, 0.0),
        step: 5e-3,
    },
    // Around the pole.
    Place {
        epsg: 3413,
        origin: (-64_000.0, 64_000.0),
        pixel: 1000.0,
        middle: (-45.0, 89.5),
        step: 1e-4,
    },
    // The south of zone 60, where longitude wraps.
    Place {
        epsg: 32760,
        origin: (790_000.0, 8_000_000.0),
        pixel: 20.0,
        middle: (179.755, -18.075),
        step: 1e-5,
    },
];

static SYSTEMS: LazyLock<[Crs; 5]> = LazyLock::new(|| {
    PLACES.map(|place| Crs::from_epsg(place.epsg).expect("a system that is supported"))
});

/// Columns and rows of every grid.
const SIZE: u32 = 128;

/// Reads an outline, as WKB or drawn around the middle of a grid, and covers the grid with it.
///
/// The first byte chooses grid and form; drawn outlines have 16-bit coordinates behind it, a ring
/// ending where a pair of them is 0.
///
/// # Panics
/// Where a promise of `furrow_raster::outline` or `::coverage` is broken.
pub fn outlines(bytes: &[u8]) {
    let Some((&choice, rest)) = bytes.split_first() else {
        return;
    };
    let chosen = usize::from(choice >> 2) % PLACES.len();
    let place = &PLACES[chosen];
    let wkb = match choice & 3 {
        0 => rest.to_vec(),
        kind => drawn(rest, place, kind == 1),
    };
    let Ok(outline) = Outline::from_wkb(&wkb, &LIMITS) else {
        return;
    };
    let [west, south, east, north] = outline.bounds();
    assert!(west <= east && south <= north && west >= -180.0 && east <= 180.0);
    assert!(outline.vertex_count() >= 4 && outline.vertex_count() <= LIMITS.max_vertices);

    let grid = Grid {
        width: SIZE,
        height: SIZE,
        transform: GeoTransform {
            origin_x: place.origin.0,
            origin_y: place.origin.1,
            pixel_width: place.pixel,
            pixel_height: place.pixel,
        },
        epsg: place.epsg,
    };
    let Ok(on_grid) = outline.on_grid(&SYSTEMS[chosen], &grid) else {
        return;
    };
    assert!(on_grid.area_m2().is_finite());
    if let Ok(coverage) = Coverage::of(&on_grid) {
        check(&on_grid, &coverage);
    }
}

/// Little-endian WKB of a polygon, or of polygons with one ring each.
fn drawn(bytes: &[u8], place: &Place, is_one: bool) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks::<4>();
    let pairs: Vec<(i16, i16)> = pairs
        .iter()
        .map(|&[a, b, c, d]| (i16::from_le_bytes([a, b]), i16::from_le_bytes([c, d])))
        .collect();
    let rings: Vec<Vec<(f64, f64)>> = pairs
        .split(|pair| *pair == (0, 0))
        .filter(|ring| ring.len() >= 3)
        .map(|ring| {
            let degrees = |&(x, y): &(i16, i16)| {
                let lon = place.middle.0 + f64::from(x) * place.step;
                let lat = place.middle.1 + f64::from(y) * place.step;
                (lon.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0))
            };
            ring.iter().chain(ring.first()).map(degrees).collect()
        })
        .collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut wkb = vec![1];
    if is_one {
        wkb.extend(3_u32.to_le_bytes());
        wkb.extend(count(rings.len()));
    } else {
        wkb.extend(6_u32.to_le_bytes());
        wkb.extend(count(rings.len()));
    }
    for ring in rings {
        if !is_one {
            wkb.push(1);
            wkb.extend(3_u32.to_le_bytes());
            wkb.extend(1_u32.to_le_bytes());
        }
        wkb.extend(count(ring.len()));
        for (lon, lat) in ring {
            wkb.extend(lon.to_le_bytes());
            wkb.extend(lat.to_le_bytes());
        }
    }
    wkb
}

fn check(outline: &GridOutline, coverage: &Coverage) {
    let (mut covered, mut cut, mut touched, mut whole) = (0.0, 0.0, 0_u64, 0_u64);
    let mut area = 0.0;
    for row in coverage.rows() {
        assert!(row < SIZE || coverage.row(row).is_empty());
        let mut free = 0;
        for span in coverage.row(row) {
            assert!(
                span.col >= free && span.len > 0,
                "spans overlap in row {row}"
            );
            free = span.col_end();
            assert!(free <= SIZE, "a span leaves the grid in row {row}");
            assert!(
                span.share > 0.0 && span.share <= 1.0,
                "share {}",
                span.share
            );
            let pixels = f64::from(span.len);
            covered += span.share * pixels;
            touched += u64::from(span.len);
            area += span.share * pixels * outline.areas().of_row(row);
            if span.is_whole() {
                whole += u64::from(span.len);
            } else {
                cut += span.share * pixels;
            }
        }
    }
    assert_eq!(coverage.touched_pixels(), touched);
    assert_eq!(coverage.whole_pixels(), whole);
    assert_eq!(coverage.is_empty(), touched == 0);
    near(coverage.covered_pixels(), covered, "covered pixels");
    near(coverage.cut_pixels(), cut, "cut pixels");
    near(coverage.covered_area_m2(), area, "covered area");

    let full = outline.grid().full_window();
    let shares = coverage.shares(full);
    assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
    near(shares.iter().sum(), covered, "shares of the whole grid");
    let Some(window) = outline.window() else {
        return assert_eq!(touched, 0);
    };
    let is_inside =
        window.col > 0 && window.row > 0 && window.col_end() < SIZE && window.row_end() < SIZE;
    if is_inside {
        // Nothing lies outside the grid, so that the shares hold all of the area, but for folds: a
        // fold takes from pixels whose share is then below 0 and left out.
        let pixels = window.pixel_count() as f64;
        let widest = outline.areas().of_row(window.row);
        let widest = widest.max(outline.areas().of_row(window.row_end() - 1));
        // An edge of a grid in degrees is straight in degrees, while a row has one width.
        let allowed = FOLD * pixels * widest + 1e-4 * outline.area_m2().abs() + 1e-6;
        assert!(
            (area - outline.area_m2()).abs() <= allowed,
            "shares of {area} m² make an outline of {} m²",
            outline.area_m2()
        );
    }
}

fn near(found: f64, wanted: f64, what: &str) {
    let allowed = 1e-9 * wanted.abs().max(1.0);
    assert!(
        (found - wanted).abs() <= allowed,
        "{what}: {found}, not {wanted}"
    );
}
