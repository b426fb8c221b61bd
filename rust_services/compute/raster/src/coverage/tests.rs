use proptest::prelude::*;

use super::*;
use crate::{
    area::{PixelAreas, signed_area},
    grid::{GeoTransform, Grid},
};

type Points = Vec<(f64, f64)>;

fn grid(width: u32, height: u32) -> Grid {
    Grid {
        width,
        height,
        transform: GeoTransform {
            origin_x: 0.0,
            origin_y: 0.0,
            pixel_width: 1.0,
            pixel_height: 1.0,
        },
        epsg: 32632,
    }
}

fn closed(points: &[(f64, f64)]) -> Points {
    points.iter().chain(points.first()).copied().collect()
}

fn rectangle(left: f64, top: f64, right: f64, bottom: f64) -> Points {
    closed(&[(left, top), (right, top), (right, bottom), (left, bottom)])
}

fn covered(polygons: &[Vec<Points>], grid: &Grid) -> Result<Coverage, OutlineError> {
    let areas = PixelAreas::Planar { area_m2: 100.0 };
    Coverage::of(&GridOutline::from_pixels(polygons, grid, areas)?)
}

/// Shares of all pixels of a small grid.
fn shares(polygons: &[Vec<Points>], width: u32, height: u32) -> Vec<f64> {
    let grid = grid(width, height);
    covered(polygons, &grid).unwrap().shares(grid.full_window())
}

fn assert_close(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!((a - b).abs() < 1e-12, "{found:?} is not {wanted:?}");
    }
}

#[test]
fn a_diamond_covers_half_of_each_of_four_pixels() {
    let diamond = closed(&[(1.0, 0.0), (2.0, 1.0), (1.0, 2.0), (0.0, 1.0)]);

    assert_close(&shares(&[vec![diamond]], 2, 2), &[0.5; 4]);
}

#[test]
fn a_triangle_covers_what_geometry_says() {
    // Right of x = y/2: 1/4 of the first pixel is left out, 3/4 of the second row's.
    let triangle = closed(&[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 2.0)]);

    assert_close(&shares(&[vec![triangle]], 2, 2), &[0.75, 1.0, 0.25, 1.0]);
}

#[test]
fn edges_on_pixel_borders_cut_no_pixel() {
    let grid = grid(4, 4);
    let coverage = covered(&[vec![rectangle(1.0, 1.0, 3.0, 3.0)]], &grid).unwrap();

    assert_eq!(coverage.row(0), []);
    let span = Span {
        col: 1,
        len: 2,
        share: 1.0,
    };
    assert_eq!(coverage.row(1), [span]);
    assert_eq!(coverage.cut_pixels().to_bits(), 0.0_f64.to_bits());
    assert_close(
        &[coverage.covered_pixels(), coverage.covered_area_m2()],
        &[4.0, 400.0],
    );
}

#[test]
fn a_hole_is_left_out_whichever_way_rings_run() {
    let (outer, hole) = (rectangle(0.0, 0.0, 3.0, 3.0), rectangle(0.5, 1.0, 2.0, 2.0));
    let wanted = [1.0, 1.0, 1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 1.0];

    for (turn_outer, turn_hole) in [(false, false), (false, true), (true, false), (true, true)] {
        let (mut outer, mut hole) = (outer.clone(), hole.clone());
        if turn_outer {
            outer.reverse();
        }
        if turn_hole {
            hole.reverse();
        }
        assert_close(&shares(&[vec![outer, hole]], 3, 3), &wanted);
    }
}

#[test]
fn an_outline_within_one_pixel_covers_its_own_area() {
    let tiny = rectangle(1.25, 1.5, 1.5, 1.625);

    assert_close(&shares(&[vec![tiny]], 3, 3)[4..5], &[0.25 * 0.125]);
}

#[test]
fn parts_beyond_every_side_are_left_out_and_the_rest_is_not_changed() {
    let wanted = [1.0; 4];

    assert_close(
        &shares(&[vec![rectangle(-7.5, -3.0, 9.0, 44.0)]], 2, 2),
        &wanted,
    );
    // A corner outside on the left: the edges there still open and close the rows.
    let arrow = closed(&[(-4.0, 1.0), (2.0, -2.0), (2.0, 4.0)]);
    let inside = shares(&[vec![arrow.clone()]], 2, 2);
    let shifted: Points = arrow.iter().map(|(x, y)| (x + 10.0, y + 10.0)).collect();
    let wide = shares(&[vec![shifted]], 20, 20);
    assert_close(&inside, &[wide[210], wide[211], wide[230], wide[231]]);
}

#[test]
fn an_outline_elsewhere_covers_nothing() {
    for away in [
        rectangle(-5.0, 0.0, -1.0, 2.0),
        rectangle(7.0, 0.0, 9.0, 2.0),
        rectangle(0.0, -9.0, 2.0, -1.0),
        rectangle(0.0, 2.0, 2.0, 3.0),
    ] {
        let grid = grid(2, 2);
        let coverage = covered(&[vec![away]], &grid).unwrap();

        assert!(coverage.is_empty());
        assert_eq!(coverage.window(), None);
        assert!(coverage.outline_area_m2() > 0.0);
    }
}

#[test]
fn neighbours_share_the_pixels_between_them() {
    let fence = [(3.3, -1.0), (2.1, 1.7), (4.9, 2.2), (3.7, 6.0)];
    let left: Points = closed(&[&fence[..], &[(-1.0, 6.0), (-1.0, -1.0)]].concat());
    let right: Points = closed(&[&fence[..], &[(9.0, 6.0), (9.0, -1.0)]].concat());

    let sums: Vec<f64> = shares(&[vec![left]], 7, 5)
        .iter()
        .zip(shares(&[vec![right]], 7, 5))
        .map(|(left, right)| left + right)
        .collect();

    assert_close(&sums, &[1.0; 35]);
}

#[test]
fn parts_of_a_multipolygon_in_one_pixel_add_up() {
    let (a, b) = (
        rectangle(0.0, 0.0, 0.25, 1.0),
        rectangle(0.5, 0.0, 1.0, 0.5),
    );

    assert_close(&shares(&[vec![a], vec![b]], 1, 1), &[0.5]);
}

#[test]
fn a_bow_tie_and_overlapping_parts_are_refused() {
    let grid = grid(10, 10);
    let bow_tie = closed(&[(1.0, 1.0), (9.0, 9.0), (9.0, 1.0), (1.0, 9.0)]);
    let twice = vec![
        vec![rectangle(0.0, 0.0, 6.0, 6.0)],
        vec![rectangle(3.0, 3.0, 9.0, 9.0)],
    ];

    let crosses = |polygons: &[Vec<Points>]| {
        matches!(
            covered(polygons, &grid),
            Err(OutlineError::CrossesItself { .. })
        )
    };

    assert!(crosses(&[vec![bow_tie]]));
    assert!(crosses(&twice));
}

#[test]
fn specks_far_apart_are_refused_before_the_rows_between_cost_memory() {
    let speck = |row: f64| closed(&[(0.0, row), (1.0, row), (1.0, row + 1.0), (0.0, row + 1.0)]);
    let apart = [vec![speck(0.0)], vec![speck(99_999_999.0)]];

    let refused = covered(&apart, &grid(1, 100_000_000)).unwrap_err();

    assert!(matches!(
        refused,
        OutlineError::TooHigh {
            found: 100_000_000,
            ..
        }
    ));
}

#[test]
fn an_outline_that_cuts_everything_is_refused_before_it_costs_memory() {
    let teeth = 50_000_u32;
    let comb: Points = (0..teeth)
        .map(|tooth| {
            let x = if tooth % 2 == 0 { 1.0 } else { 10_000.0 };
            (x, f64::from(tooth) / f64::from(teeth) * 10_000.0)
        })
        .chain([(0.5, 10_000.0), (0.5, 0.0)])
        .collect();

    let refused = covered(&[vec![closed(&comb)]], &grid(10_980, 10_980)).unwrap_err();

    assert!(matches!(refused, OutlineError::TooIntricate { .. }));
}

#[test]
fn what_is_outside_is_clipped_to_nothing() {
    let grid = grid(3, 2);
    let coverage = covered(&[vec![rectangle(1.5, 0.0, 3.0, 1.0)]], &grid).unwrap();
    let mut values = [1.0; 6];

    coverage.clip(grid.full_window(), &mut values);

    let kept: Vec<bool> = values.iter().map(|value: &f32| !value.is_nan()).collect();
    assert_eq!(kept, [false, true, true, false, false, false]);
}

#[test]
fn a_window_sees_its_part_of_a_span() {
    let grid = grid(8, 3);
    let coverage = covered(&[vec![rectangle(1.0, 0.0, 7.0, 3.0)]], &grid).unwrap();
    let window = Window {
        col: 4,
        row: 1,
        width: 2,
        height: 9,
    };

    let spans: Vec<(u32, u32, u32)> = coverage
        .spans_within(window)
        .map(|(row, span)| (row, span.col, span.len))
        .collect();

    assert_eq!(spans, [(1, 4, 2), (2, 4, 2)]);
}

/// A simple polygon: corners around a centre in the order of their angles.
fn star() -> impl Strategy<Value = Points> {
    let corner = (0.0..1.0_f64, 0.15..1.0_f64);
    let corners = prop::collection::vec(corner, 3..30);
    (corners, 6.0..14.0_f64, 6.0..14.0_f64, 0.3..5.5_f64).prop_filter_map(
        "corners on all sides",
        |(mut corners, x, y, radius)| {
            corners.sort_by(|a, b| a.0.total_cmp(&b.0));
            // The centre must see every edge, or edges could cross.
            let gaps = corners.windows(2).map(|pair| pair[1].0 - pair[0].0);
            let around = 1.0 - corners[corners.len() - 1].0 + corners[0].0;
            if gaps.chain([around]).any(|gap| !(1e-6..0.49).contains(&gap)) {
                return None;
            }
            let points: Points = corners
                .iter()
                .map(|(turn, share)| {
                    let (sine, cosine) = (turn * std::f64::consts::TAU).sin_cos();
                    (x + radius * share * cosine, y + radius * share * sine)
                })
                .collect();
            Some(closed(&points))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn shares_sum_to_the_area(outline in star()) {
        let sum: f64 = shares(&[vec![outline.clone()]], 20, 20).iter().sum();

        prop_assert!((sum - signed_area(&outline).abs()).abs() < 1e-9);
    }

    #[test]
    fn an_outline_and_the_rest_of_the_raster_make_whole_pixels(outline in star()) {
        let raster = rectangle(0.0, 0.0, 20.0, 20.0);
        let inside = shares(&[vec![outline.clone()]], 20, 20);
        let outside = shares(&[vec![raster, outline]], 20, 20);

        for (inside, outside) in inside.iter().zip(&outside) {
            prop_assert!((inside + outside - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn a_raster_that_cuts_the_outline_sees_the_same_shares(
        outline in star(),
        col in 0_u32..10,
        row in 0_u32..10,
    ) {
        let window = Window { col, row, width: 10, height: 10 };
        let whole = covered(&[vec![outline.clone()]], &grid(20, 20)).unwrap().shares(window);
        let moved: Points = outline
            .iter()
            .map(|(x, y)| (x - f64::from(col), y - f64::from(row)))
            .collect();

        let part = shares(&[vec![moved]], 10, 10);

        for (whole, part) in whole.iter().zip(&part) {
            prop_assert!((whole - part).abs() < 1e-10);
        }
    }

    #[test]
    fn every_share_is_above_0_and_at_most_1(outline in star()) {
        let coverage = covered(&[vec![outline]], &grid(20, 20)).unwrap();

        for row in coverage.rows() {
            for span in coverage.row(row) {
                prop_assert!(span.share > 0.0 && span.share <= 1.0 && span.len > 0);
            }
            for pair in coverage.row(row).windows(2) {
                prop_assert!(pair[0].col_end() <= pair[1].col);
            }
        }
    }
}
