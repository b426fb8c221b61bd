//! Bringing bands of one scene onto one grid, without inventing detail.
//!
//! An index is computed on the coarsest grid among its bands; finer bands are averaged over whole
//! pixels of it. Only grids whose pixel borders coincide are brought together.

use thiserror::Error;

use crate::grid::{Grid, Window};

/// How far borders that should coincide may lie apart, in pixels of the finer grid.
const MISALIGNMENT: f64 = 1e-3;

/// Two bands lie on grids that do not fit together.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum GridsDisagree {
    /// Another reference system.
    #[error("one band is in EPSG:{fine}, another in EPSG:{coarse}")]
    ReferenceSystem {
        /// EPSG code of the one.
        fine: u32,
        /// EPSG code of the other.
        coarse: u32,
    },
    /// A pixel does not hold a whole number of the finer ones.
    #[error("a pixel of {coarse} cannot be divided into whole pixels of {fine}")]
    PixelSize {
        /// Smaller pixel size, units of the reference system.
        fine: f64,
        /// Larger pixel size.
        coarse: f64,
    },
    /// Pixel borders do not coincide.
    #[error("the pixels of two bands are shifted against each other by {shift:.3} of a pixel")]
    Misaligned {
        /// Largest shift, in pixels of the finer grid.
        shift: f64,
    },
}

/// How the pixels of a fine grid lie in those of a coarse one; both may be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alignment {
    /// Fine pixels along each side of a coarse one.
    factor: u32,
    /// Fine column at the left border of the coarse grid; negative where the fine grid starts
    /// further right.
    col: i64,
    /// Fine row at its upper border.
    row: i64,
    fine: Window,
}

impl Alignment {
    /// How `fine` lies in `coarse`.
    ///
    /// # Errors
    /// [`GridsDisagree`].
    pub fn between(fine: &Grid, coarse: &Grid) -> Result<Self, GridsDisagree> {
        if fine.epsg != coarse.epsg {
            return Err(GridsDisagree::ReferenceSystem {
                fine: fine.epsg,
                coarse: coarse.epsg,
            });
        }
        let (small, large) = (&fine.transform, &coarse.transform);
        let factor = whole_factor(small.pixel_width, large.pixel_width, coarse.width)?;
        if factor != whole_factor(small.pixel_height, large.pixel_height, coarse.height)? {
            return Err(GridsDisagree::PixelSize {
                fine: small.pixel_height,
                coarse: large.pixel_height,
            });
        }
        let (col, row) = small.to_pixel(large.origin_x, large.origin_y);
        let shift = (col - col.round()).abs().max((row - row.round()).abs());
        if shift.is_nan() || shift > MISALIGNMENT {
            return Err(GridsDisagree::Misaligned { shift });
        }
        #[allow(clippy::cast_possible_truncation)] // saturates far outside any raster
        Ok(Self {
            factor,
            col: col.round() as i64,
            row: row.round() as i64,
            fine: fine.full_window(),
        })
    }

    /// Fine pixels along each side of a coarse one; 1 where the pixels are of one size.
    pub fn factor(&self) -> u32 {
        self.factor
    }

    /// The fine pixels within a window of the coarse grid; None where the fine grid has none there.
    pub fn fine_window(&self, coarse: Window) -> Option<Window> {
        let cols = self.fine_range(self.col, coarse.col, coarse.col_end(), self.fine.width);
        let rows = self.fine_range(self.row, coarse.row, coarse.row_end(), self.fine.height);
        (!cols.is_empty() && !rows.is_empty()).then(|| Window {
            col: cols.start,
            row: rows.start,
            width: cols.end - cols.start,
            height: rows.end - rows.start,
        })
    }

    /// Fine columns (or rows) of coarse ones, as far as the fine grid has them.
    fn fine_range(&self, offset: i64, start: u32, end: u32, size: u32) -> std::ops::Range<u32> {
        let at = |coarse: u32| {
            let fine = offset.saturating_add(i64::from(coarse) * i64::from(self.factor));
            u32::try_from(fine.clamp(0, i64::from(size))).expect("clamped to a u32")
        };
        at(start)..at(end)
    }

    /// Averages over whole coarse pixels: the mean of the fine ones that have a value, NaN where
    /// none has.
    ///
    /// `values` are those of [`Alignment::fine_window`] of the same window, row by row, NaN where
    /// there is none.
    pub fn average(&self, coarse: Window, values: &[f32]) -> Vec<f32> {
        if self.factor == 1
            && self
                .fine_window(coarse)
                .is_some_and(|fine| fine.pixel_count() == coarse.pixel_count())
        {
            return values.to_vec();
        }
        let mut sums = vec![(0.0_f64, 0_u32); coarse.width as usize * coarse.height as usize];
        self.each(coarse, values, |index, &value| {
            if !value.is_nan() {
                sums[index].0 += f64::from(value);
                sums[index].1 += 1;
            }
        });
        #[allow(clippy::cast_possible_truncation)] // the mean of f32 is within f32
        sums.into_iter()
            .map(|(sum, count)| (sum / f64::from(count)) as f32)
            .collect()
    }

    /// Whether any fine pixel of each coarse one is flagged; `flags` as the values of
    /// [`Alignment::average`].
    pub fn any(&self, coarse: Window, flags: &[bool]) -> Vec<bool> {
        let mut any = vec![false; coarse.width as usize * coarse.height as usize];
        self.each(coarse, flags, |index, &flag| any[index] |= flag);
        any
    }

    /// Calls with the coarse pixel's index in its window and the value, for each fine pixel.
    fn each<T>(&self, coarse: Window, values: &[T], mut call: impl FnMut(usize, &T)) {
        let Some(fine) = self.fine_window(coarse) else {
            return;
        };
        assert_eq!(
            values.len() as u64,
            fine.pixel_count(),
            "one value a fine pixel"
        );
        let coarse_of = |fine: u32, offset: i64, start: u32| {
            let coarse = (i64::from(fine) - offset) / i64::from(self.factor);
            usize::try_from(coarse - i64::from(start)).expect("inside the coarse window")
        };
        let cols: Vec<usize> = (fine.col..fine.col_end())
            .map(|col| coarse_of(col, self.col, coarse.col))
            .collect();
        let lines = values.chunks_exact(fine.width as usize);
        for (row, line) in (fine.row..fine.row_end()).zip(lines) {
            let start = coarse_of(row, self.row, coarse.row) * coarse.width as usize;
            for (value, col) in line.iter().zip(&cols) {
                call(start + col, value);
            }
        }
    }
}

/// How many fine pixels make a coarse one along an axis, with an error that stays below
/// [`MISALIGNMENT`] over `count` coarse pixels.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and 10,000
fn whole_factor(fine: f64, coarse: f64, count: u32) -> Result<u32, GridsDisagree> {
    let ratio = coarse / fine;
    let factor = ratio.round();
    let drift = (ratio - factor).abs() * f64::from(count);
    if (1.0..=10_000.0).contains(&factor) && drift <= MISALIGNMENT {
        Ok(factor as u32)
    } else {
        Err(GridsDisagree::PixelSize { fine, coarse })
    }
}

/// The pixels of one grid that lie nearest to those of another: for classes, which have no mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// For each column asked for, the column that holds its centre.
    pub cols: Vec<Option<u32>>,
    /// For each row asked for, the row that holds its centre.
    pub rows: Vec<Option<u32>>,
}

impl Nearest {
    /// Columns and rows of `from` that hold the centres of the pixels in a window of `onto`; None
    /// outside of `from`. Both grids are in one reference system; nothing else need fit.
    pub fn between(from: &Grid, onto: &Grid, window: Window) -> Self {
        let centre = |col: u32, row: u32| {
            let (x, y) = onto
                .transform
                .to_world(f64::from(col) + 0.5, f64::from(row) + 0.5);
            from.transform.to_pixel(x, y)
        };
        Self {
            cols: (window.col..window.col_end())
                .map(|col| holder(centre(col, 0).0, from.width))
                .collect(),
            rows: (window.row..window.row_end())
                .map(|row| holder(centre(0, row).1, from.height))
                .collect(),
        }
    }

    /// The smallest window that holds every pixel found; None where there is none.
    pub fn window(&self) -> Option<Window> {
        let ends = |found: &[Option<u32>]| {
            let first = found.iter().flatten().min()?;
            let last = found.iter().flatten().max()?;
            Some((*first, last - first + 1))
        };
        let ((col, width), (row, height)) = (ends(&self.cols)?, ends(&self.rows)?);
        Some(Window {
            col,
            row,
            width,
            height,
        })
    }
}

/// The pixel that holds a place on an axis. A centre that falls on a border, up to rounding,
/// belongs to the pixel after it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // inside the grid
fn holder(place: f64, size: u32) -> Option<u32> {
    let pixel = (place + 1e-6).floor();
    (pixel >= 0.0 && pixel < f64::from(size)).then_some(pixel as u32)
}

/// The grid an index is computed on: of those given, the one with the largest pixels, and the first
/// of these. None of none.
pub fn coarsest<'a>(grids: impl IntoIterator<Item = &'a Grid>) -> Option<&'a Grid> {
    let area = |grid: &Grid| grid.transform.pixel_width * grid.transform.pixel_height;
    grids.into_iter().reduce(|coarsest, grid| {
        // Sizes that differ by rounding alone are the same size.
        if area(grid) > area(coarsest) * (1.0 + 1e-9) {
            grid
        } else {
            coarsest
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::GeoTransform;

    fn grid(width: u32, height: u32, origin: (f64, f64), pixel: f64) -> Grid {
        Grid {
            width,
            height,
            transform: GeoTransform {
                origin_x: origin.0,
                origin_y: origin.1,
                pixel_width: pixel,
                pixel_height: pixel,
            },
            epsg: 32632,
        }
    }

    #[test]
    fn a_coarse_pixel_is_the_mean_of_the_fine_ones_that_have_a_value() {
        let fine = grid(4, 2, (600_000.0, 5_000_000.0), 10.0);
        let coarse = grid(2, 1, (600_000.0, 5_000_000.0), 20.0);
        let nan = f32::NAN;

        let alignment = Alignment::between(&fine, &coarse).unwrap();
        let values = [1.0, 2.0, nan, nan, 3.0, nan, nan, nan];
        let means = alignment.average(coarse.full_window(), &values);

        assert_eq!(means[0].to_bits(), 2.0_f32.to_bits());
        assert!(means[1].is_nan());
    }

    #[test]
    fn a_fine_grid_that_starts_elsewhere_is_read_where_both_have_pixels() {
        // The fine grid starts one coarse pixel further right and ends half a coarse pixel early.
        let fine = grid(3, 4, (600_020.0, 5_000_000.0), 10.0);
        let coarse = grid(3, 2, (600_000.0, 5_000_000.0), 20.0);

        let alignment = Alignment::between(&fine, &coarse).unwrap();
        let window = coarse.full_window();
        let read = alignment.fine_window(window).unwrap();
        let values: Vec<f32> = (0..12_u8).map(f32::from).collect();
        let means = alignment.average(window, &values);

        assert_eq!((read.col, read.width, read.height), (0, 3, 4));
        assert!(means[0].is_nan());
        assert_eq!(&means[1..3], &[2.0, 3.5]);
        assert_eq!(&means[4..6], &[8.0, 9.5]);
    }

    #[test]
    fn a_flag_on_one_fine_pixel_flags_the_coarse_one() {
        let fine = grid(4, 2, (0.0, 0.0), 10.0);
        let coarse = grid(2, 1, (0.0, 0.0), 20.0);

        let alignment = Alignment::between(&fine, &coarse).unwrap();
        let mut flags = [false; 8];
        flags[6] = true;

        assert_eq!(alignment.any(coarse.full_window(), &flags), [false, true]);
    }

    #[test]
    fn grids_that_do_not_fit_are_refused_with_the_reason() {
        let coarse = grid(10, 10, (0.0, 0.0), 20.0);
        let other_zone = Grid {
            epsg: 32633,
            ..grid(20, 20, (0.0, 0.0), 10.0)
        };

        let refused = |fine: &Grid| Alignment::between(fine, &coarse).unwrap_err().to_string();

        assert!(refused(&other_zone).contains("EPSG:32633"));
        assert!(refused(&grid(13, 13, (0.0, 0.0), 15.0)).contains("whole pixels"));
        assert!(refused(&grid(20, 20, (4.0, 0.0), 10.0)).contains("0.400"));
        assert!(Alignment::between(&grid(20, 20, (0.005, 0.0), 10.0), &coarse).is_ok());
    }

    #[test]
    fn the_nearest_pixel_is_found_by_coordinates_where_origins_differ() {
        // A classification of 20 m whose first row starts 10 m further north.
        let classes = grid(3, 3, (0.0, 10.0), 20.0);
        let index = grid(5, 6, (0.0, 0.0), 10.0);

        let nearest = Nearest::between(&classes, &index, index.full_window());

        let found: Vec<u32> = nearest.rows.iter().flatten().copied().collect();
        assert_eq!(found, [0, 1, 1, 2, 2]);
        assert_eq!(nearest.rows[5], None);
        assert_eq!(nearest.cols[4], Some(2));
    }
}
