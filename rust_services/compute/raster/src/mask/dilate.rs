//! Growing flags by a distance.

/// Size of a pixel in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelSize {
    /// West to east, metres, positive.
    pub width_m: f64,
    /// North to south, metres, positive.
    pub height_m: f64,
}

/// How many pixels, along columns and along rows, a growth by `radius_m` metres reaches.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates at 2^32
pub fn reach(pixel: PixelSize, radius_m: f64) -> (u32, u32) {
    let pixels = |size: f64| (radius_m / size + ROUNDING).floor().max(0.0) as u32;
    (pixels(pixel.width_m), pixels(pixel.height_m))
}

/// What a distance of whole pixels may miss the radius by through rounding, pixels.
const ROUNDING: f64 = 1e-9;

/// Flags every pixel whose centre is at most `radius_m` metres from the centre of a flagged one.
///
/// Two passes, so the time does not depend on the radius: down and up the columns for the distance
/// to the nearest flag in each column, then along each row, where a flag that is `d` rows away
/// covers `√(r² − d²)` to both sides. The nearest flag of a column covers what farther ones would.
///
/// # Panics
/// When the flags are not whole rows of `width`.
pub fn dilate(flags: &[bool], width: usize, pixel: PixelSize, radius_m: f64) -> Vec<bool> {
    let (_, rows) = reach(pixel, radius_m);
    let height = flags.len().checked_div(width).unwrap_or(0);
    assert_eq!(height * width, flags.len(), "whole rows of flags");
    // Farther than the image is high is as far as not at all.
    let reach_rows = (rows as usize).min(height);
    let half_widths: Vec<usize> = (0..=reach_rows)
        .map(|row| half_width(row, pixel, radius_m))
        .collect();

    let distances = column_distances(flags, width, reach_rows);
    let mut grown = vec![false; flags.len()];
    // How many more discs cover a pixel than the one before it.
    let mut changes = vec![0_i32; width + 1];
    for (line, distances) in grown
        .chunks_exact_mut(width.max(1))
        .zip(distances.chunks_exact(width.max(1)))
    {
        changes.fill(0);
        for (col, &distance) in distances.iter().enumerate() {
            if let Some(&half) = half_widths.get(distance as usize) {
                changes[col.saturating_sub(half)] += 1;
                changes[(col + half + 1).min(width)] -= 1;
            }
        }
        let mut discs = 0;
        for (flag, change) in line.iter_mut().zip(&changes) {
            discs += change;
            *flag = discs > 0;
        }
    }
    grown
}

/// Columns that a disc covers to each side, `row` rows from its centre.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // positive; saturates
fn half_width(row: usize, pixel: PixelSize, radius_m: f64) -> usize {
    let away = row as f64 * pixel.height_m;
    let half = (radius_m * radius_m - away * away).max(0.0).sqrt();
    (half / pixel.width_m + ROUNDING).floor() as usize
}

/// Rows to the nearest flag in the same column; `reach + 1` where there is none within reach.
fn column_distances(flags: &[bool], width: usize, reach: usize) -> Vec<u32> {
    let none = u32::try_from(reach).map_or(u32::MAX, |reach| reach.saturating_add(1));
    let mut distances = vec![none; flags.len()];
    let mut last = vec![none; width];
    let mut pass = |rows: &mut dyn Iterator<Item = usize>| {
        last.fill(none);
        for row in rows {
            let range = row * width..(row + 1) * width;
            let line = flags[range.clone()].iter().zip(&mut distances[range]);
            for ((&flag, distance), last) in line.zip(&mut last) {
                *last = if flag {
                    0
                } else {
                    last.saturating_add(1).min(none)
                };
                *distance = (*distance).min(*last);
            }
        }
    };
    let height = flags.len().checked_div(width).unwrap_or(0);
    pass(&mut (0..height));
    pass(&mut (0..height).rev());
    distances
}
