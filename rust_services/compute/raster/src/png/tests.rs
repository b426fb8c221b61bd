use super::*;

const NAN: f32 = f32::NAN;

fn ramp() -> ColourRamp {
    let stop = |value, rgb| ColourStop { value, rgb };
    ColourRamp::new(vec![
        stop(-1.0, [10, 20, 30]),
        stop(0.0, [110, 120, 130]),
        stop(1.0, [0, 255, 0]),
    ])
    .unwrap()
}

fn grid(width: u32, height: u32) -> Grid {
    Grid {
        width,
        height,
        transform: GeoTransform {
            origin_x: 600_000.0,
            origin_y: 5_000_000.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
        },
        epsg: 32632,
    }
}

/// Width, height and RGBA of a picture.
fn decode(png: &[u8]) -> (u32, u32, Vec<[u8; 4]>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let (rgba, _) = pixels[..frame.buffer_size()].as_chunks::<4>();
    (frame.width, frame.height, rgba.to_vec())
}

#[test]
fn colours_are_interpolated_between_stops_and_kept_beyond_the_ends() {
    let ramp = ramp();

    assert_eq!(ramp.colour_at(-0.5), [60, 70, 80]);
    assert_eq!(ramp.colour_at(0.0), [110, 120, 130]);
    assert_eq!(ramp.colour_at(1.0), [0, 255, 0]);
    assert_eq!(ramp.colour_at(-7.0), [10, 20, 30]);
    assert_eq!(ramp.colour_at(7.0), [0, 255, 0]);
}

#[test]
fn stops_that_do_not_ascend_are_no_ramp() {
    let stops = |values: &[f64]| {
        let stops = values
            .iter()
            .map(|&value| ColourStop { value, rgb: [0; 3] });
        ColourRamp::new(stops.collect())
    };

    assert_eq!(stops(&[0.5]), Err(PngError::TooFewStops { found: 1 }));
    assert!(matches!(
        stops(&[0.0, 0.0]),
        Err(PngError::NotAscending { .. })
    ));
    assert!(matches!(
        stops(&[0.0, f64::NAN]),
        Err(PngError::NotAscending { .. })
    ));
}

#[test]
fn the_ends_of_the_range_have_the_colours_of_their_stops_and_no_value_is_transparent() {
    let picture = render(&grid(3, 1), &[-1.0, NAN, 1.0], 16, &ramp()).unwrap();
    let (width, height, rgba) = decode(&picture.png);

    assert_eq!((width, height, picture.enlargement), (15, 5, 5));
    assert_eq!(rgba[0], [10, 20, 30, 255]);
    assert_eq!(rgba[7][3], 0);
    assert_eq!(rgba[74], [0, 255, 0, 255]);
}

#[test]
fn a_picture_is_within_half_a_palette_step_of_the_legend() {
    let ramp = ramp();
    let values: Vec<f32> = (0..=1000_u16).map(|n| f32::from(n) / 500.0 - 1.0).collect();
    let picture = render(&grid(1001, 1), &values, 2048, &ramp).unwrap();
    let (.., rgba) = decode(&picture.png);

    for (value, found) in values.iter().zip(rgba.iter().step_by(2)) {
        let wanted = ramp.colour_at(f64::from(*value));
        for channel in 0..3 {
            // A channel changes by at most 135 a unit; half a step is 1/254 of two units, and each
            // side is rounded.
            let off = f64::from(wanted[channel]) - f64::from(found[channel]);
            assert!(
                off.abs() <= 135.0 / 254.0 + 1.0,
                "{value}: {wanted:?} {found:?}"
            );
        }
    }
}

#[test]
fn a_large_raster_is_reduced_by_averaging_values_that_exist() {
    // Squares of two: values 1 and NaN; all NaN; the odd last column alone.
    let values = [
        1.0, NAN, NAN, NAN, -1.0, //
        1.0, 1.0, NAN, NAN, -1.0,
    ];
    let picture = render(&grid(5, 2), &values, 4, &ramp()).unwrap();
    let (width, height, rgba) = decode(&picture.png);

    assert_eq!((width, height, picture.enlargement), (3, 1, 1));
    assert_eq!(rgba[0], [0, 255, 0, 255]);
    assert_eq!(rgba[1][3], 0);
    assert_eq!(rgba[2], [10, 20, 30, 255]);
    assert!((picture.grid.transform.pixel_width - 20.0).abs() < 1e-12);
}

#[test]
fn values_average_before_they_become_colours() {
    // The mean of -1 and 1 is 0, whose colour is no mean of the two others.
    let picture = render(&grid(2, 1), &[-1.0, 1.0], 1, &ramp()).unwrap();
    let (.., rgba) = decode(&picture.png);

    assert_eq!(rgba, [[110, 120, 130, 255]]);
}

#[test]
fn the_same_values_give_the_same_bytes() {
    let values: Vec<f32> = (0..64_u8).map(|n| f32::from(n) / 64.0).collect();

    let draw = || render(&grid(8, 8), &values, 64, &ramp()).unwrap().png;

    assert_eq!(draw(), draw());
}

#[test]
fn a_picture_above_a_mebibyte_is_refused() {
    // Noise that no compression can shrink.
    let mut state = 1_u32;
    let values: Vec<f32> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap()) / 32_768.0 - 1.0
    })
    .take(1100 * 1100)
    .collect();

    let refused = render(&grid(1100, 1100), &values, 2048, &ramp()).unwrap_err();

    assert!(matches!(refused, PngError::TooLarge { found } if found > MAX_PNG_BYTES));
}
