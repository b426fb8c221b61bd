//! Averages over squares of pixels, filled in any order, and values taken between them.

use crate::grid::Window;

/// Sums of the pixels of a window by squares that are counted from the grid's corner.
#[derive(Debug, Clone)]
pub struct Squares {
    factors: (u32, u32),
    /// The squares, in squares from the grid's corner.
    window: Window,
    sums: Vec<f64>,
    counts: Vec<u32>,
}

/// The squares that a window touches, counted from the grid's corner.
pub(super) fn touched(window: Window, factors: (u32, u32)) -> Window {
    let (col, row) = (window.col / factors.0, window.row / factors.1);
    Window {
        col,
        row,
        width: window.col_end().div_ceil(factors.0) - col,
        height: window.row_end().div_ceil(factors.1) - row,
    }
}

/// Means of squares, NaN where no pixel has a value.
pub(super) struct Means {
    window: Window,
    pub(super) values: Vec<f32>,
}

impl Squares {
    /// The squares, of so many columns and rows, that a window touches.
    pub(super) fn new(window: Window, factors: (u32, u32)) -> Self {
        let window = touched(window, factors);
        let count = usize::try_from(window.pixel_count()).unwrap_or(usize::MAX);
        Self {
            factors,
            window,
            sums: vec![0.0; count],
            counts: vec![0; count],
        }
    }

    /// Adds the values of a window that lies within the squares, row by row; NaN adds nothing.
    ///
    /// # Panics
    /// Where the values are not those of the window, or the window lies elsewhere.
    pub fn add(&mut self, window: Window, values: &[f32]) {
        assert_eq!(values.len() as u64, window.pixel_count(), "a value a pixel");
        let first = (window.col / self.factors.0 - self.window.col) as usize;
        let width = self.window.width as usize;
        for (row, line) in (window.row..).zip(values.chunks_exact(window.width as usize)) {
            let start = (row / self.factors.1 - self.window.row) as usize * width;
            let (mut place, mut left) =
                (start + first, self.factors.0 - window.col % self.factors.0);
            for &value in line {
                if left == 0 {
                    place += 1;
                    left = self.factors.0;
                }
                left -= 1;
                if !value.is_nan() {
                    self.sums[place] += f64::from(value);
                    self.counts[place] += 1;
                }
            }
        }
    }

    /// Whether no pixel had a value.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    pub(super) fn means(&self) -> Means {
        #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let mean = |(sum, count): (&f64, &u32)| (sum / f64::from(*count)) as f32;
        Means {
            window: self.window,
            values: self.sums.iter().zip(&self.counts).map(mean).collect(),
        }
    }
}

impl Means {
    pub(super) fn at(&self, col: i64, row: i64) -> f32 {
        let col = col - i64::from(self.window.col);
        let row = row - i64::from(self.window.row);
        let inside = (0..i64::from(self.window.width)).contains(&col)
            && (0..i64::from(self.window.height)).contains(&row);
        let place = row * i64::from(self.window.width) + col;
        match usize::try_from(place) {
            Ok(place) if inside => self.values[place],
            _ => f32::NAN,
        }
    }

    /// The square that holds a point, in squares from the grid's corner.
    #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
    pub(super) fn nearest(&self, col: f64, row: f64) -> f32 {
        self.at(col.floor() as i64, row.floor() as i64)
    }

    /// See [`super::Resampling::Bilinear`].
    #[expect(
        clippy::cast_possible_truncation,
        reason = "casts of floats saturate, and a mean of f32 is within f32"
    )]
    pub(super) fn bilinear(&self, col: f64, row: f64) -> f32 {
        if self.nearest(col, row).is_nan() {
            return f32::NAN;
        }
        let (left, upper) = ((col - 0.5).floor(), (row - 0.5).floor());
        let (right_share, lower_share) = (col - 0.5 - left, row - 0.5 - upper);
        let (left, upper) = (left as i64, upper as i64);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (at_row, down) in [(upper, 1.0 - lower_share), (upper + 1, lower_share)] {
            for (at_col, across) in [(left, 1.0 - right_share), (left + 1, right_share)] {
                let value = self.at(at_col, at_row);
                if !value.is_nan() {
                    sum += across * down * f64::from(value);
                    weights += across * down;
                }
            }
        }
        // Its own square is among the four and weighs at least a quarter.
        (sum / weights) as f32
    }
}
