use super::*;
use crate::grid::GeoTransform;

fn utm(width: u32, height: u32, pixel: f64) -> Grid {
    Grid {
        width,
        height,
        transform: GeoTransform {
            origin_x: 501_360.0,
            origin_y: 5_629_680.0,
            pixel_width: pixel,
            pixel_height: pixel,
        },
        epsg: 32631,
    }
}

fn crs(epsg: u32) -> Crs {
    Crs::from_epsg(epsg).expect("a known system")
}

/// The tile that holds the middle of a grid.
fn tile_over(grid: &Grid, zoom: u32) -> Tile {
    let middle = (f64::from(grid.width) / 2.0, f64::from(grid.height) / 2.0);
    let mut point = [grid.transform.to_world(middle.0, middle.1)];
    crs(grid.epsg).unproject(&mut point).expect("inside");
    Tile::holding(point[0].0, point[0].1, zoom)
}

fn filled(lookup: &Lookup, value: impl Fn(u32, u32) -> f32) -> Squares {
    let window = lookup.window();
    let values: Vec<f32> = (window.row..window.row_end())
        .flat_map(|row| (window.col..window.col_end()).map(move |col| (col, row)))
        .map(|(col, row)| value(col, row))
        .collect();
    let mut squares = lookup.squares();
    squares.add(window, &values);
    squares
}

#[test]
fn places_lie_within_an_eighth_of_a_pixel_of_the_exact_ones() {
    let degrees = Grid {
        width: 4000,
        height: 3000,
        transform: GeoTransform {
            origin_x: 2.0,
            origin_y: 53.0,
            pixel_width: 0.001,
            pixel_height: 0.001,
        },
        epsg: 4326,
    };
    let conic = Grid {
        width: 10_000,
        height: 8000,
        transform: GeoTransform {
            origin_x: 3_800_000.0,
            origin_y: 3_200_000.0,
            pixel_width: 100.0,
            pixel_height: 100.0,
        },
        epsg: 3035,
    };
    for grid in [utm(10_980, 10_980, 10.0), degrees, conic] {
        let crs = crs(grid.epsg);
        for (zoom, size) in [(4, 256), (7, 256), (9, 512), (12, 256), (17, 256)] {
            let tile = tile_over(&grid, zoom);
            let within = grid.full_window();
            let lookup = Lookup::new(tile, size, &grid, &crs, within).expect("they meet");
            let (cols, rows) = lookup.factors;
            let (mut worst, mut seen) = (0.0_f64, 0);

            lookup.mesh.each(|col, row, x, y| {
                let (col, row) = (f64::from(col) + 0.5, f64::from(row) + 0.5);
                let exact = exact_place(tile, size, &grid, &crs, col, row).expect("a place");
                let off =
                    |found: f64, exact: f64, factor: u32| (found - exact).abs() / f64::from(factor);
                worst = worst.max(off(x, exact.0, cols)).max(off(y, exact.1, rows));
                seen += 1;
            });

            assert!(seen > 0);
            // A square is at most twice as small as a pixel of the tile.
            assert!(worst <= 0.25, "{} at zoom {zoom}: {worst}", grid.epsg);
            if (cols, rows) == (1, 1) {
                assert!(worst <= 0.125, "{} at zoom {zoom}: {worst}", grid.epsg);
            }
        }
    }
}

#[test]
fn a_lookup_needs_the_pixels_around_its_tile_only() {
    let grid = utm(10_980, 10_980, 10.0);
    let lookup = Lookup::new(
        tile_over(&grid, 14),
        256,
        &grid,
        &crs(32631),
        grid.full_window(),
    );

    let lookup = lookup.expect("they meet");

    // 256 pixels of 9.55 m in Mercator are about 1,560 m of ground at 50.8° north.
    let window = lookup.window();
    assert!((150..=170).contains(&window.width), "{window:?}");
    assert!((150..=170).contains(&window.height), "{window:?}");
}

#[test]
fn a_tile_elsewhere_shows_nothing() {
    let grid = utm(64, 64, 10.0);
    let (zoom, column, row) = tile_over(&grid, 14).numbers();
    for (column, row) in [(column + 2, row), (column, row - 2), (0, 0)] {
        let tile = Tile::new(zoom, column, row).expect("a tile");
        assert!(Lookup::new(tile, 256, &grid, &crs(32631), grid.full_window()).is_none());
    }
}

#[test]
fn nearest_shows_values_of_pixels_and_of_no_neighbour() {
    let grid = utm(64, 64, 10.0);
    let crs = crs(32631);
    let tile = tile_over(&grid, 17);
    let lookup = Lookup::new(tile, 256, &grid, &crs, grid.full_window()).expect("they meet");
    let squares = filled(&lookup, |col, row| (col + 100 * row) as f32);

    let values = lookup.sample(&squares, Resampling::Nearest);

    for (place, value) in values.iter().enumerate() {
        let (col, row) = ((place % 256) as f64 + 0.5, (place / 256) as f64 + 0.5);
        let (x, y) = exact_place(tile, 256, &grid, &crs, col, row).expect("a place");
        let off_edge = |at: f64| (at - at.round()).abs() > 0.125;
        if off_edge(x) && off_edge(y) {
            let expected = x.floor() + 100.0 * y.floor();
            assert!(
                (f64::from(*value) - expected).abs() < 1e-9,
                "at {col}, {row}"
            );
        }
    }
}

#[test]
fn bilinear_meets_a_plane_everywhere() {
    let grid = utm(64, 64, 10.0);
    let crs = crs(32631);
    let tile = tile_over(&grid, 17);
    let lookup = Lookup::new(tile, 256, &grid, &crs, grid.full_window()).expect("they meet");
    // The value of the plane 2 x - y in the middles of pixels.
    let plane = |col: f64, row: f64| 2.0 * col - row;
    let squares = filled(&lookup, |col, row| 2.0 * col as f32 - row as f32 + 0.5);

    let values = lookup.sample(&squares, Resampling::Bilinear);

    for (place, value) in values.iter().enumerate() {
        let (col, row) = ((place % 256) as f64 + 0.5, (place / 256) as f64 + 0.5);
        let (x, y) = exact_place(tile, 256, &grid, &crs, col, row).expect("a place");
        // An eighth of a pixel each way on a slope of 2 and 1.
        assert!((f64::from(*value) - plane(x, y)).abs() < 0.375);
    }
}

#[test]
fn bilinear_invents_nothing_where_there_is_no_value() {
    let grid = utm(64, 64, 10.0);
    let tile = tile_over(&grid, 18);
    let lookup = Lookup::new(tile, 256, &grid, &crs(32631), grid.full_window());
    let lookup = lookup.expect("they meet");
    // Every other column holds nothing; a neighbour without a value must not pull others down.
    let squares = filled(&lookup, |col, _| if col % 2 == 0 { 7.0 } else { f32::NAN });

    let nearest = lookup.sample(&squares, Resampling::Nearest);
    let bilinear = lookup.sample(&squares, Resampling::Bilinear);

    assert!(nearest.iter().any(|value| value.is_nan()) && nearest.iter().any(|value| *value > 0.0));
    for (nearest, bilinear) in nearest.iter().zip(&bilinear) {
        assert_eq!(nearest.is_nan(), bilinear.is_nan());
        assert!(bilinear.is_nan() || (bilinear - 7.0).abs() < 1e-6);
    }
}

#[test]
fn a_coarse_tile_averages_every_pixel_and_picks_none() {
    // A checkerboard of 0 and 1: picking gives noise, averaging a half.
    let grid = utm(1024, 1024, 10.0);
    let lookup = Lookup::new(
        tile_over(&grid, 10),
        256,
        &grid,
        &crs(32631),
        grid.full_window(),
    );
    let lookup = lookup.expect("they meet");
    let (cols, rows) = lookup.factors();
    assert!((8..=10).contains(&cols) && cols == rows, "{cols} × {rows}");
    let squares = filled(&lookup, |col, row| ((col + row) % 2) as f32);

    for resampling in [Resampling::Nearest, Resampling::Bilinear] {
        let values = lookup.sample(&squares, resampling);
        let shown: Vec<f32> = values.into_iter().filter(|value| !value.is_nan()).collect();
        assert!(shown.len() > 1000);
        assert!(shown.iter().all(|value| (value - 0.5).abs() < 0.01));
    }
}

#[test]
fn neighbouring_tiles_share_their_squares() {
    let grid = utm(4096, 4096, 10.0);
    let crs = crs(32631);
    let west = tile_over(&grid, 10);
    let (zoom, column, row) = west.numbers();
    let east = Tile::new(zoom, column + 1, row).expect("a tile");
    let value = |col: u32, row: u32| ((col * 7 + row * 13) % 101) as f32;
    let means = |tile| {
        let lookup = Lookup::new(tile, 256, &grid, &crs, grid.full_window()).expect("they meet");
        (
            lookup.factors(),
            lookup.window(),
            filled(&lookup, value).means(),
        )
    };

    let (factors, of_west, west) = means(west);
    let (same, of_east, east) = means(east);

    assert_eq!(factors, same);
    let shared = of_west
        .intersection(&of_east)
        .expect("bilinear looks across the border");
    let (col, row) = (
        i64::from(shared.col.div_ceil(factors.0)),
        i64::from(shared.row.div_ceil(factors.1)) + 1,
    );
    assert_eq!(west.at(col, row).to_bits(), east.at(col, row).to_bits());
}

#[test]
fn squares_are_the_same_however_their_values_arrive() {
    let window = Window {
        col: 5,
        row: 3,
        width: 11,
        height: 9,
    };
    let value = |col: u32, row: u32| {
        if (col * row).is_multiple_of(4) {
            f32::NAN
        } else {
            (col + row) as f32
        }
    };
    let values_of = |part: Window| -> Vec<f32> {
        (part.row..part.row_end())
            .flat_map(|row| (part.col..part.col_end()).map(move |col| value(col, row)))
            .collect()
    };
    let mut at_once = Squares::new(window, (4, 3));
    at_once.add(window, &values_of(window));

    let mut in_parts = Squares::new(window, (4, 3));
    for (col, width) in [(9, 7), (5, 4)] {
        for (row, height) in [(3, 2), (5, 7)] {
            let part = Window {
                col,
                row,
                width,
                height,
            };
            in_parts.add(part, &values_of(part));
        }
    }

    let bits = |squares: &Squares| -> Vec<u32> {
        squares
            .means()
            .values
            .iter()
            .map(|value| value.to_bits())
            .collect()
    };
    assert_eq!(bits(&at_once), bits(&in_parts));
    // Column 2 of squares and row 1: columns 8 to 11, rows 3 to 5.
    let inside = (8..12).flat_map(|col| (3..6).map(move |row| value(col, row)));
    let inside: Vec<f32> = inside.filter(|value| !value.is_nan()).collect();
    let mean = inside.iter().sum::<f32>() / inside.len() as f32;
    assert!((at_once.means().at(2, 1) - mean).abs() < 1e-5);
}
