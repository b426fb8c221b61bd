//! Where pixels lie: grids, and rectangular windows of them.

/// Affine transform of a north-up grid: no rotation, rows run south.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoTransform {
    /// X of the outer left edge of the first column, units of the reference system.
    pub origin_x: f64,
    /// Y of the outer upper edge of the first row, units of the reference system.
    pub origin_y: f64,
    /// Width of a pixel, positive, units of the reference system.
    pub pixel_width: f64,
    /// Height of a pixel, positive, units of the reference system.
    pub pixel_height: f64,
}

impl GeoTransform {
    /// Column and row, as fractions, of a point of the reference system.
    pub fn to_pixel(&self, x: f64, y: f64) -> (f64, f64) {
        (
            (x - self.origin_x) / self.pixel_width,
            (self.origin_y - y) / self.pixel_height,
        )
    }

    /// Point of the reference system at a fractional column and row.
    pub fn to_world(&self, col: f64, row: f64) -> (f64, f64) {
        (
            self.origin_x + col * self.pixel_width,
            self.origin_y - row * self.pixel_height,
        )
    }

    /// GDAL's six coefficients.
    pub fn to_gdal(&self) -> [f64; 6] {
        [
            self.origin_x,
            self.pixel_width,
            0.0,
            self.origin_y,
            0.0,
            -self.pixel_height,
        ]
    }
}

/// A raster's extent: its size, where it lies and in which reference system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Where the pixels lie.
    pub transform: GeoTransform,
    /// EPSG code of the reference system.
    pub epsg: u32,
}

impl Grid {
    /// The window that is the whole grid.
    pub fn full_window(&self) -> Window {
        Window {
            col: 0,
            row: 0,
            width: self.width,
            height: self.height,
        }
    }

    /// The grid of a window of this one.
    #[must_use]
    pub fn crop(&self, window: Window) -> Self {
        let (origin_x, origin_y) = self
            .transform
            .to_world(f64::from(window.col), f64::from(window.row));
        Self {
            width: window.width,
            height: window.height,
            transform: GeoTransform {
                origin_x,
                origin_y,
                ..self.transform
            },
            epsg: self.epsg,
        }
    }
}

/// A rectangle of whole pixels of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// First column.
    pub col: u32,
    /// First row.
    pub row: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Window {
    /// Column past the last one.
    pub fn col_end(&self) -> u32 {
        self.col + self.width
    }

    /// Row past the last one.
    pub fn row_end(&self) -> u32 {
        self.row + self.height
    }

    /// Number of pixels.
    pub fn pixel_count(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// What both windows hold; None where they are apart.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let col = self.col.max(other.col);
        let row = self.row.max(other.row);
        let col_end = self.col_end().min(other.col_end());
        let row_end = self.row_end().min(other.row_end());
        (col < col_end && row < row_end).then(|| Self {
            col,
            row,
            width: col_end - col,
            height: row_end - row,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_only_touch_do_not_intersect() {
        let left = Window {
            col: 0,
            row: 0,
            width: 4,
            height: 4,
        };
        let right = Window {
            col: 4,
            row: 0,
            width: 4,
            height: 4,
        };
        assert_eq!(left.intersection(&right), None);
        let over = Window {
            col: 3,
            row: 2,
            width: 4,
            height: 9,
        };
        let both = Window {
            col: 3,
            row: 2,
            width: 1,
            height: 2,
        };
        assert_eq!(left.intersection(&over), Some(both));
    }

    #[test]
    fn a_crop_lies_where_its_pixels_lay() {
        let grid = Grid {
            width: 64,
            height: 64,
            transform: GeoTransform {
                origin_x: 501_360.0,
                origin_y: 5_629_680.0,
                pixel_width: 10.0,
                pixel_height: 10.0,
            },
            epsg: 32631,
        };
        let part = grid.crop(Window {
            col: 3,
            row: 5,
            width: 2,
            height: 2,
        });
        assert_eq!(
            part.transform.to_world(0.0, 0.0),
            grid.transform.to_world(3.0, 5.0)
        );
        assert_eq!(part.transform.to_pixel(501_400.0, 5_629_620.0), (1.0, 1.0));
    }
}
