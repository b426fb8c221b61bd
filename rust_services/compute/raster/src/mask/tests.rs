use proptest::prelude::*;

use super::*;
use crate::grid::GeoTransform;

const TWENTY: PixelSize = PixelSize {
    width_m: 20.0,
    height_m: 20.0,
};

fn classes(classes: &[u32]) -> ClassSet {
    ClassSet::new(classes.iter().copied()).unwrap()
}

fn grid(width: u32, height: u32, origin_y: f64, pixel: f64) -> Grid {
    Grid {
        width,
        height,
        transform: GeoTransform {
            origin_x: 0.0,
            origin_y,
            pixel_width: pixel,
            pixel_height: pixel,
        },
        epsg: 32632,
    }
}

#[test]
fn a_class_above_255_is_refused() {
    assert_eq!(ClassSet::new([3, 256]), None);
}

#[test]
fn only_dilated_classes_grow() {
    let rule = Rule::Classes {
        masked: classes(&[1, 9]),
        dilated: classes(&[9]),
    };
    let row = Samples::U8(vec![9, 4, 4, 4, 1, 4]);

    let hidden = rule.hidden(&row, 6, TWENTY, 20.0);

    assert_eq!(hidden, [true, true, false, false, true, false]);
}

#[test]
fn where_only_some_classes_are_kept_what_is_no_class_is_hidden() {
    let rule = Rule::AllBut {
        kept: classes(&[4, 255]),
    };
    let pixel = PixelSize {
        width_m: 20.0,
        height_m: 20.0,
    };

    let samples = Samples::F32(vec![4.0, 5.0, 255.0, 300.0, 4.5, f32::NAN]);
    let hidden = rule.hidden(&samples, 6, pixel, 0.0);

    assert_eq!(hidden, [false, true, false, true, true, true]);
}

#[test]
fn a_landsat_pixel_is_hidden_by_any_of_the_bits() {
    // QA_PIXEL: 21824 clear, 22280 cloud, 1 fill (USGS LSDS-1619, table 6-3).
    let rule = Rule::Bits {
        masked: 0b1_1111,
        dilated: 0,
    };
    let row = Samples::U16(vec![21824, 22280, 1]);

    assert_eq!(rule.hidden(&row, 3, TWENTY, 0.0), [false, true, true]);
}

#[test]
fn values_judge_alike_in_whatever_type_they_are_stored() {
    let rule = Rule::Classes {
        masked: classes(&[3]),
        dilated: classes(&[]),
    };

    assert_eq!(
        rule.hidden(
            &Samples::F32(vec![3.0, 3.5, f32::NAN, -3.0]),
            4,
            TWENTY,
            0.0
        ),
        [true, false, false, false]
    );
    assert_eq!(
        rule.hidden(&Samples::I16(vec![3, 4, -3, 256 + 3]), 4, TWENTY, 0.0),
        [true, false, false, false]
    );
}

#[test]
fn the_mask_is_looked_up_by_coordinates_where_it_starts_further_north() {
    let hidden = HiddenPixels {
        grid: grid(2, 2, 10.0, 20.0),
        window: grid(2, 2, 10.0, 20.0).full_window(),
        hidden: vec![true, false, false, false],
    };
    let index = grid(4, 2, 0.0, 10.0);
    let mut flags = vec![false; 8];

    hidden.hide(&index, index.full_window(), &mut flags);

    // Only the first index row lies in the mask's first row.
    assert_eq!(
        flags,
        [true, true, false, false, false, false, false, false]
    );
}

#[test]
fn what_no_mask_pixel_speaks_for_is_not_clear() {
    let mask = grid(1, 1, 0.0, 20.0);
    let hidden = HiddenPixels {
        grid: mask,
        window: mask.full_window(),
        hidden: vec![false],
    };
    let index = grid(3, 3, 0.0, 10.0);
    let mut flags = vec![false; 9];

    hidden.hide(&index, index.full_window(), &mut flags);

    assert_eq!(
        flags,
        [false, false, true, false, false, true, true, true, true]
    );
}

#[test]
fn growth_crosses_windows_when_they_are_read_with_the_reach() {
    let (width, height) = (40_usize, 30_usize);
    let mut flags = vec![false; width * height];
    for index in [5, 17 * width + 20, 18 * width + 20, 29 * width + 39] {
        flags[index] = true;
    }
    let radius_m = 95.0;
    let (_, rows) = reach(TWENTY, radius_m);
    let whole = dilate(&flags, width, TWENTY, radius_m);

    let (start, end, rows) = (10_usize, 20_usize, rows as usize);
    let part = dilate(
        &flags[(start - rows) * width..(end + rows) * width],
        width,
        TWENTY,
        radius_m,
    );

    assert_eq!(
        part[rows * width..][..10 * width],
        whole[start * width..end * width]
    );
}

fn by_definition(flags: &[bool], width: usize, pixel: PixelSize, radius_m: f64) -> Vec<bool> {
    let place = |index: usize| {
        (
            (index % width) as f64 * pixel.width_m,
            (index / width) as f64 * pixel.height_m,
        )
    };
    (0..flags.len())
        .map(|index| {
            let (x, y) = place(index);
            (0..flags.len()).any(|other| {
                let (other_x, other_y) = place(other);
                flags[other] && (x - other_x).hypot(y - other_y) <= radius_m + 1e-9
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn dilation_is_a_disc_on_pixel_centres(
        width in 1_usize..14,
        height in 1_usize..14,
        seeds in prop::collection::vec(0_usize..200, 0..5),
        width_m in prop::sample::select(vec![10.0, 20.0, 7.5]),
        height_m in prop::sample::select(vec![10.0, 20.0, 3.0]),
        radius_m in prop::sample::select(vec![0.0, 9.0, 10.0, 20.0, 50.0, 100.0, 1000.0]),
    ) {
        let pixel = PixelSize { width_m, height_m };
        let mut flags = vec![false; width * height];
        for seed in seeds {
            let index = seed % flags.len();
            flags[index] = true;
        }

        let grown = dilate(&flags, width, pixel, radius_m);

        prop_assert_eq!(grown, by_definition(&flags, width, pixel, radius_m));
    }
}
