use proptest::prelude::*;

use super::*;
use crate::{
    area::PixelAreas,
    grid::{GeoTransform, Grid},
    outline::GridOutline,
};
use PixelState::{Masked, NoData, Saturated, Undefined, Valid};

fn grid(width: u32, height: u32) -> Grid {
    Grid {
        width,
        height,
        transform: GeoTransform {
            origin_x: 0.0,
            origin_y: 0.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
        },
        epsg: 32632,
    }
}

fn coverage(ring: &[(f64, f64)], grid: &Grid) -> Coverage {
    let areas = PixelAreas::Planar { area_m2: 100.0 };
    Coverage::of(&GridOutline::from_pixels(&[vec![ring.to_vec()]], grid, areas).unwrap()).unwrap()
}

fn rectangle(left: f64, top: f64, right: f64, bottom: f64) -> Vec<(f64, f64)> {
    vec![
        (left, top),
        (right, top),
        (right, bottom),
        (left, bottom),
        (left, top),
    ]
}

/// Covers 0.5, 0, 1 and 0.25 of the pixels of a 2 × 2 raster: the example that exactextract's
/// documentation works through.
fn documented_outline() -> Vec<(f64, f64)> {
    vec![
        (0.0, 0.5),
        (1.0, 0.5),
        (1.0, 1.0),
        (1.25, 1.0),
        (1.25, 2.0),
        (0.0, 2.0),
        (0.0, 0.5),
    ]
}

#[test]
fn what_is_kept_for_quantiles_is_foreseen() {
    let grid = grid(10, 10);
    let coverage = coverage(&rectangle(0.5, 0.5, 9.5, 9.5), &grid);
    let mut accumulator = Accumulator::new(&SummarySpec::default());
    accumulator.add(
        &coverage,
        &Block {
            window: grid.full_window(),
            values: &[1.0; 100],
            states: &[Valid; 100],
        },
    );

    // 8 × 8 pixels lie inside, 36 are cut.
    assert_eq!(coverage.whole_pixels(), 64);
    assert_eq!(most_bytes_kept(&coverage), 64 * 4 + 36 * 16);
    assert_eq!(accumulator.byte_len() as u64, most_bytes_kept(&coverage));
}

fn summarize(coverage: &Coverage, grid: &Grid, values: &[f32], states: &[PixelState]) -> Summary {
    let spec = SummarySpec {
        quantiles: vec![0.25, 0.75],
        histogram: Some(HistogramSpec {
            min: 0.0,
            max: 4.0,
            bins: 2,
        }),
    };
    let mut accumulator = Accumulator::new(&spec);
    let window = grid.full_window();
    accumulator.add(
        coverage,
        &Block {
            window,
            values,
            states,
        },
    );
    accumulator.finish(coverage)
}

fn close(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0)
}

#[test]
fn the_documented_example_gives_count_mean_and_sum() {
    let grid = grid(2, 2);
    let coverage = coverage(&documented_outline(), &grid);

    let summary = summarize(&coverage, &grid, &[1.0, 2.0, 3.0, 4.0], &[Valid; 4]);
    let values = summary.values.as_ref().unwrap();

    assert!(close(summary.effective_pixels, 1.75));
    assert!(close(values.mean, 4.5 / 1.75));
    assert!(close(values.mean * summary.effective_pixels, 4.5));
    // Sum of c x² is 0.5 + 9 + 4 = 13.5.
    assert!(close(
        values.standard_deviation,
        (13.5 / 1.75 - (4.5_f64 / 1.75).powi(2)).sqrt()
    ));
    assert!(close(values.min, 1.0) && close(values.max, 4.0));
    // Worked by hand in quantile.rs with the same weights.
    assert!(close(values.median, 1.0 + 2.0 * 1.75 / 2.0));
    assert!(close(summary.covered_area_m2, 175.0) && close(summary.outline_area_m2, 175.0));
    assert!(close(summary.edge_share, 0.75 / 1.75));
    assert_eq!(summary.histogram, [0.5, 1.25]);
}

#[test]
fn what_has_no_value_leaves_the_statistics_and_is_counted() {
    let grid = grid(5, 1);
    let coverage = coverage(&rectangle(0.0, 0.0, 5.0, 1.0), &grid);
    let nan = f32::NAN;

    let states = [Valid, NoData, Masked, Saturated, Undefined];
    let summary = summarize(&coverage, &grid, &[2.0, nan, nan, nan, nan], &states);

    assert!(close(summary.covered_pixels, 5.0));
    assert!(close(summary.valid_share, 0.2));
    // An undefined index was seen; a blinded sensor, a cloud and a gap saw nothing.
    assert!(close(summary.clear_share, 0.4));
    assert!(close(summary.values.unwrap().mean, 2.0));
}

#[test]
fn nothing_has_no_statistics_and_no_share() {
    let grid = grid(2, 2);
    let inside = coverage(&documented_outline(), &grid);
    let outside = coverage(&rectangle(7.0, 7.0, 9.0, 9.0), &grid);

    let hidden = summarize(&inside, &grid, &[f32::NAN; 4], &[Masked; 4]);
    let away = summarize(&outside, &grid, &[1.0; 4], &[Valid; 4]);

    assert_eq!(hidden.values, None);
    assert!(close(hidden.clear_share, 0.0) && close(hidden.covered_pixels, 1.75));
    assert_eq!(away.values, None);
    assert!(close(away.valid_share, 0.0) && close(away.edge_share, 0.0));
}

#[test]
fn a_valid_pixel_that_is_not_finite_counts_as_undefined() {
    let grid = grid(3, 1);
    let coverage = coverage(&rectangle(0.0, 0.0, 2.5, 1.0), &grid);

    let values = [1.0, f32::INFINITY, f32::NAN];
    let summary = summarize(&coverage, &grid, &values, &[Valid; 3]);

    assert!(close(summary.effective_pixels, 1.0));
    assert!(close(summary.clear_share, 1.0));
    assert!(close(summary.values.unwrap().max, 1.0));
}

#[test]
fn a_field_that_is_seen_as_a_whole_has_shares_of_exactly_1() {
    let grid = grid(40, 40);
    let slanted = vec![(0.3, 1.7), (38.9, 3.1), (21.3, 39.2), (0.3, 1.7)];
    let coverage = coverage(&slanted, &grid);

    let summary = summarize(&coverage, &grid, &[0.5; 1600], &[Valid; 1600]);

    let found = [
        summary.valid_share,
        summary.clear_share,
        summary.effective_pixels / summary.covered_pixels,
    ];
    assert_eq!(found.map(f64::to_bits), [1.0_f64.to_bits(); 3]);
}

#[test]
fn a_value_that_was_rounded_beyond_the_end_of_its_range_is_in_the_last_bin() {
    let bins = HistogramSpec {
        min: -0.1,
        max: 0.1,
        bins: 4,
    };

    // As doubles both are beyond the ends, by 1.5e-9.
    assert_eq!((bins.bin_of(0.1), bins.bin_of(-0.1)), (Some(3), Some(0)));
    assert_eq!(bins.bin_of(0.100_000_02), None);
}

#[test]
fn equal_values_do_not_spread() {
    let grid = grid(2, 2);
    let coverage = coverage(&documented_outline(), &grid);

    let summary = summarize(&coverage, &grid, &[0.1; 4], &[Valid; 4]);
    let values = summary.values.unwrap();

    assert_eq!(values.standard_deviation.to_bits(), 0.0_f64.to_bits());
    assert_eq!(values.mean.to_bits(), f64::from(0.1_f32).to_bits());
}

#[test]
fn the_largest_value_falls_into_the_last_bin_and_outsiders_into_none() {
    let grid = grid(4, 1);
    let coverage = coverage(&rectangle(0.0, 0.0, 4.0, 1.0), &grid);

    let summary = summarize(&coverage, &grid, &[4.0, 2.0, -0.1, 4.1], &[Valid; 4]);

    assert_eq!(summary.histogram, [0.0, 2.0]);
}

#[test]
fn a_large_offset_does_not_drown_the_spread() {
    let grid = grid(64, 64);
    let coverage = coverage(&rectangle(0.0, 0.0, 64.0, 64.0), &grid);
    let values: Vec<f32> = (0..4096_u16)
        .map(|n| 100_000.0 + f32::from(n % 2))
        .collect();

    let summary = summarize(&coverage, &grid, &values, &[Valid; 4096]);

    assert!(close(summary.values.unwrap().standard_deviation, 0.5));
}

/// Blocks of a side, each with its own values and states.
fn blocks(grid: &Grid, values: &[f32], states: &[PixelState], side: u32) -> Vec<OwnedBlock> {
    let mut blocks = Vec::new();
    for row in (0..grid.height).step_by(side as usize) {
        for col in (0..grid.width).step_by(side as usize) {
            let window = Window {
                col,
                row,
                width: side.min(grid.width - col),
                height: side.min(grid.height - row),
            };
            let indices = (window.row..window.row_end()).flat_map(|row| {
                (window.col..window.col_end()).map(move |col| (row * grid.width + col) as usize)
            });
            blocks.push(OwnedBlock {
                window,
                values: indices.clone().map(|index| values[index]).collect(),
                states: indices.map(|index| states[index]).collect(),
            });
        }
    }
    blocks
}

struct OwnedBlock {
    window: Window,
    values: Vec<f32>,
    states: Vec<PixelState>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn blocks_in_any_order_and_merged_give_one_summary(
        values in prop::collection::vec(-1.0_f32..1.0, 12 * 9),
        picks in prop::collection::vec(0_usize..8, 12 * 9),
        side in 1_u32..8,
        turn in 0_usize..50,
        (left, top, right, bottom) in (-1.0..5.0_f64, -1.0..4.0_f64, 6.0..13.0_f64, 5.0..10.0_f64),
    ) {
        let all = [Valid, Valid, Valid, Valid, NoData, Masked, Saturated, Undefined];
        let states: Vec<PixelState> = picks.into_iter().map(|pick| all[pick]).collect();
        let grid = grid(12, 9);
        let slanted = vec![(left, top), (right, top + 0.7), (right - 1.1, bottom), (left, top)];
        let coverage = coverage(&slanted, &grid);
        let whole = summarize(&coverage, &grid, &values, &states);

        let mut blocks = blocks(&grid, &values, &states, side);
        let len = blocks.len();
        blocks.rotate_left(turn % len);
        let spec = SummarySpec {
            quantiles: vec![0.25, 0.75],
            histogram: Some(HistogramSpec { min: 0.0, max: 4.0, bins: 2 }),
        };
        let mut halves = [Accumulator::new(&spec), Accumulator::new(&spec)];
        for (index, block) in blocks.iter().enumerate() {
            halves[index % 2].add(&coverage, &Block {
                window: block.window,
                values: &block.values,
                states: &block.states,
            });
        }
        let [mut merged, other] = halves;
        merged.merge(&other);
        let merged = merged.finish(&coverage);

        prop_assert_eq!(merged.effective_pixels.to_bits(), whole.effective_pixels.to_bits());
        prop_assert_eq!(merged.valid_share.to_bits(), whole.valid_share.to_bits());
        prop_assert_eq!(merged.clear_share.to_bits(), whole.clear_share.to_bits());
        prop_assert!(merged.valid_share <= merged.clear_share);
        prop_assert_eq!(merged.values.is_some(), whole.values.is_some());
        if let (Some(merged), Some(whole)) = (merged.values, whole.values) {
            prop_assert!(close(merged.mean, whole.mean));
            prop_assert!((merged.standard_deviation - whole.standard_deviation).abs() < 1e-9);
            prop_assert_eq!(merged.min.to_bits(), whole.min.to_bits());
            prop_assert_eq!(merged.max.to_bits(), whole.max.to_bits());
            prop_assert_eq!(merged.median.to_bits(), whole.median.to_bits());
            prop_assert!(whole.min <= whole.median && whole.median <= whole.max);
        }
    }
}
